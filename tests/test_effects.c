/* What single draws do to means over rows, and calibrated spreads: against sums written out here, SciPy, and a model whose draws are
 * moved by hand. */
#include "predicting.h"
#include "base/rng.h"

#include <gsl/gsl_randist.h>

enum { S = 5 };

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

/* S linear draws of two targets over n rows with case weights 0, 1, 2, 0, ...; y scaled by the training rows. */
typedef struct numbers_case { bnn_dataset *rows; bnn_model *model; real theta[S][4]; double x[700], y[1400], weight[700]; } numbers_case;

static void numbers_make(numbers_case *t, size_t n, bool has_weights) {
    real e[2100], draws[S * 4];
    bnn_rng_normals(bnn_key_make(11, BNN_PURPOSE_TEST, 0, 0, 0), 0, 3 * n, e);
    bnn_rng_normals(bnn_key_make(12, BNN_PURPOSE_TEST, 0, 0, 0), 0, S * 4, draws);
    for (size_t i = 0; i < n; i++) {
        t->x[i] = (double)e[i];
        t->y[2 * i] = 3 + 2 * (double)e[n + i];
        t->y[2 * i + 1] = (double)e[2 * n + i];
        t->weight[i] = (double)(i % 3);
    }
    memcpy(t->theta, draws, sizeof draws);
    t->rows = make_rows(n, 1, t->x, 2, t->y, 0);
    if (has_weights) {
        t->rows->weights = malloc(n * sizeof(double));
        memcpy(t->rows->weights, t->weight, n * sizeof(double));
    }
    t->model = MAKE_MODEL(t->rows, "standardize", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.5");
    store_draws(t->model, S, draws);
}

static void numbers_free(numbers_case *t) {
    bnn_model_free(t->model);
    bnn_dataset_free(t->rows);
}

/* weights [2 x 1], biases [2]: the mean of target j in its own units */
static double mean_of(const numbers_case *t, size_t s, size_t i, size_t j) {
    double f = (double)t->theta[s][j] * (double)(real)t->x[i] + (double)t->theta[s][2 + j];
    return t->model->scaling.y_shift[j] + t->model->scaling.y_scale[j] * f;
}

static double density_of(const numbers_case *t, size_t s, size_t i) {
    double density = 1;
    for (size_t j = 0; j < 2; j++)
        density *= gsl_ran_gaussian_pdf(t->y[2 * i + j] - mean_of(t, s, i, j), 0.5 * t->model->scaling.y_scale[j]);
    return density;
}

static void add_row_effects(const numbers_case *t, size_t i, double weight, double *likelihood, double *square) {
    double density = 0, mean[2] = { 0, 0 };
    for (size_t s = 0; s < S; s++) {
        density += density_of(t, s, i) / S;
        for (size_t j = 0; j < 2; j++) mean[j] += mean_of(t, s, i, j) / S;
    }
    for (size_t s = 0; s < S; s++) {
        likelihood[s] += weight * density_of(t, s, i) / density;
        for (size_t j = 0; j < 2; j++)
            square[s] += weight * 2 * (mean[j] - t->y[2 * i + j]) * (mean_of(t, s, i, j) - mean[j]);
    }
}

/* The 700 rows are several tiles. */
static void effects_of_draws_on_numbers_are_their_sums(void **state) {
    (void)state;
    const double tolerance = sizeof(real) == sizeof(double) ? 1e-11 : 1e-4;     /* outputs are rounded to real */
    for (int has_weights = 0; has_weights < 2; has_weights++) {
        numbers_case t;
        double likelihood[S] = {0}, square[S] = {0}, total = 0;
        numbers_make(&t, 700, has_weights);
        bnn_prediction *p = predict_rows(t.model, t.rows, NULL);
        for (size_t i = 0; i < 700; i++) {
            double weight = has_weights ? t.weight[i] : 1;
            add_row_effects(&t, i, weight, likelihood, square);
            total += weight;
        }
        for (size_t s = 0; s < S; s++) {
            assert_close(p->draw_likelihood[s], likelihood[s] / total, tolerance);
            assert_close(p->draw_square[s], square[s] / total, tolerance);
            assert_true(fabs(square[s] / total) > 0.01);
        }
        assert_null(p->draw_brier);
        if (has_weights) assert_all_close(700, p->weight, t.weight, 0);
        else assert_null(p->weight);
        bnn_prediction_free(p);
        numbers_free(&t);
    }
}

static void effects_have_the_same_bits_for_any_threads(void **state) {
    (void)state;
    numbers_case t;
    numbers_make(&t, 700, true);
    bnn_predict_options options = { .samples = S, .seed = -1, .threads = 1 };
    bnn_prediction *one = predict_rows(t.model, t.rows, &options);
    for (options.threads = 2; options.threads <= 5; options.threads++) {
        bnn_prediction *many = predict_rows(t.model, t.rows, &options);
        assert_memory_equal(one->draw_likelihood, many->draw_likelihood, S * sizeof(double));
        assert_memory_equal(one->draw_square, many->draw_square, S * sizeof(double));
        bnn_prediction_free(many);
    }
    bnn_prediction_free(one);
    numbers_free(&t);
}

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

/* Logits (1, 0, -.5) and (-1, .5, 2) for a row of class 1 and one of class 2, weights 1 and 3. Expected: NumPy. */
static void effects_of_draws_on_classes_match_numpy(void **state) {
    (void)state;
    const double x[] = { 1, 1 }, y[] = { 1, 2 };
    const real theta[2][6] = { { 0, 0, 0, 1, 0, -0.5f }, { 0, 0, 0, -1, 0.5f, 2 } };
    const double likelihood[] = { 0.5116148791834179, 1.4883851208165821 }, brier[] = { 0.37941405428515335, -0.37941405428515346 };
    bnn_dataset *rows = make_rows(2, 1, x, 1, y, 3);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=categorical");
    rows->weights = malloc(sizeof(double[2]));
    memcpy(rows->weights, (double[]){ 1, 3 }, sizeof(double[2]));
    store_draws(model, 2, theta[0]);
    bnn_prediction *p = predict_rows(model, rows, NULL);
    assert_all_close(2, p->draw_likelihood, likelihood, 1e-12);
    assert_all_close(2, p->draw_brier, brier, 1e-12);
    assert_null(p->draw_square);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void effects_need_targets_and_several_draws(void **state) {
    (void)state;
    const double x = 1, y = 2;
    const real theta[] = { 1, 2, 3, 4 };
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 0), *bare = make_rows(1, 1, &x, 1, NULL, 0);
    for (size_t n = 1; n <= 2; n++) {
        bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=1");
        store_draws(model, n, theta);
        bnn_prediction *scored = predict_rows(model, row, NULL), *unscored = predict_rows(model, bare, NULL);
        assert_true((scored->draw_likelihood != NULL) == (n == 2) && (scored->draw_square != NULL) == (n == 2));
        assert_true(unscored->draw_likelihood == NULL && unscored->draw_square == NULL);
        bnn_prediction_free(scored);
        bnn_prediction_free(unscored);
        bnn_model_free(model);
    }
    bnn_dataset_free(row);
    bnn_dataset_free(bare);
}

/* ---- calibrated spread ------------------------------------------------------------------------------------------------- */

/* A model of one output, given draws (weight 0, bias) and noise, in targets of shift 3 and scale 2; row target y. */
static bnn_prediction *predict_biases(const char *noise, size_t n, const real *bias, double y, double sd_scale) {
    const double x[] = { 1, 1 }, train_y[] = { 1, 5 };
    real theta[8] = {0};
    bnn_dataset *train = make_rows(2, 1, x, 1, train_y, 0), *row = make_rows(1, 1, x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(train, "standardize", LINEAR, "likelihood.name=gaussian", noise);
    bnn_predict_options options = { .samples = 1, .seed = -1, .sd_scale = sd_scale, .quantiles = { 3, (double[]){ 0.05, 0.5, 0.95 } } };
    for (size_t s = 0; s < n; s++) theta[2 * s + 1] = bias[s];
    store_draws(model, n, theta);
    bnn_prediction *p = predict_rows(model, row, &options);
    bnn_model_free(model);
    bnn_dataset_free(row);
    bnn_dataset_free(train);
    return p;
}

/* Draws .5, -1.25, 2.25 (mean .5) with noise .25, spread twice: .5, -3, 4 with noise .5. All numbers are exact in float. */
static void calibrated_mixture_is_that_of_moved_draws(void **state) {
    (void)state;
    const real draws[] = { 0.5f, -1.25f, 2.25f }, moved[] = { 0.5f, -3, 4 };
    const double ys[] = { 4.5, -20, 11 };
    for (size_t i = 0; i < 3; i++) {
        bnn_prediction *got = predict_biases("likelihood.noise_sd=0.25", 3, draws, ys[i], 2);
        bnn_prediction *want = predict_biases("likelihood.noise_sd=0.5", 3, moved, ys[i], 0);
        assert_close(got->mean[0], want->mean[0], 1e-12);
        assert_close(got->sd[0], want->sd[0], 1e-12);
        assert_close(got->sd_aleatoric[0], want->sd_aleatoric[0], 1e-12);
        assert_close(got->sd_epistemic[0], want->sd_epistemic[0], 1e-12);
        assert_all_close(3, got->quantiles, want->quantiles, 1e-11);
        assert_close(got->pit[0], want->pit[0], 1e-12);
        assert_close(got->crps[0], want->crps[0], 1e-11);
        assert_close(got->log_lik[0], want->log_lik[0], 1e-12);
        assert_close(got->log_lik_moment[0], want->log_lik_moment[0], 1e-12);
        assert_false(is_close(got->sd[0], got->sd_aleatoric[0], 0.1));
        bnn_prediction_free(got);
        bnn_prediction_free(want);
    }
}

/* The ELBO and the error of the mean are those of the model itself. */
static void calibration_leaves_mean_and_expected_nll_alone(void **state) {
    (void)state;
    const real draws[] = { 0.5f, -1.25f, 2.25f };
    bnn_prediction *own = predict_biases("likelihood.noise_sd=0.25", 3, draws, 7, 0);
    bnn_prediction *scaled = predict_biases("likelihood.noise_sd=0.25", 3, draws, 7, 3);
    assert_close(scaled->mean[0], own->mean[0], 0);
    assert_close(scaled->expected_nll[0], own->expected_nll[0], 0);
    assert_all_close(3, scaled->draw_square, own->draw_square, 0);
    assert_close(scaled->sd[0], 3 * own->sd[0], 1e-12);
    bnn_prediction_free(own);
    bnn_prediction_free(scaled);
}

static void assert_scaling_refused(const char *likelihood, size_t n_classes, double sd_scale, const char *sentence) {
    const double x[] = { 1, 1 }, y[] = { 0, 1 };
    bnn_dataset *rows = make_rows(2, 1, x, 1, y, n_classes);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, likelihood);
    bnn_predict_options options = { .samples = 1, .seed = -1, .sd_scale = sd_scale };
    bnn_prediction *p = NULL;
    store_draws(model, 1, NULL);
    assert_int_equal(bnn_predict(&p, model, rows, &options), BNN_ERR_USAGE);
    assert_null(p);
    if (strstr(bnn_error_text(), sentence) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), sentence);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void spreads_of_counts_and_classes_are_not_scaled(void **state) {
    (void)state;
    assert_scaling_refused("likelihood.name=categorical", 2, 2, "the spread of classes cannot be scaled");
    assert_scaling_refused("likelihood.name=poisson", 0, 2, "the spread of counts cannot be scaled");
    assert_scaling_refused("likelihood.name=gaussian", 0, -1, "sd_scale = -1");
    assert_scaling_refused("likelihood.name=gaussian", 0, (double)NAN, "sd_scale = ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_of_draws_on_numbers_are_their_sums),
        cmocka_unit_test(effects_have_the_same_bits_for_any_threads),
        cmocka_unit_test(effects_of_draws_on_classes_match_numpy),
        cmocka_unit_test(effects_need_targets_and_several_draws),
        cmocka_unit_test(calibrated_mixture_is_that_of_moved_draws),
        cmocka_unit_test(calibration_leaves_mean_and_expected_nll_alone),
        cmocka_unit_test(spreads_of_counts_and_classes_are_not_scaled),
    };
    return RUN(tests);
}
