/* The predictor: models whose posterior is set by hand, against SciPy, closed forms and itself, row by row. */
#include "predicting.h"
#include "base/rng.h"
#include "predict/outputs.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>

static const double levels[] = { 0.05, 0.5, 0.95 };

static bnn_predict_options options_of(long long samples, size_t n_levels, int threads) {
    return (bnn_predict_options){ .samples = samples, .quantiles = { n_levels, levels }, .seed = -1, .threads = threads };
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

/* Targets 1, 5 and -5, 3 have means 3 and -1, population sds 2 and 4. Expected: SciPy, after y_shift + y_scale f. */
static void several_targets_come_back_in_their_own_units(void **state) {
    (void)state;
    const double x[] = { 1, 1 }, y[] = { 1, -5, 5, 3 }, target[] = { 5, 1 };
    const real theta[2][6] = { { 0, 0, 0.5f, -1, -0.5f, 0.25f }, { 0, 0, 1.5f, 0.25f, 0, -0.25f } };
    const double mean[] = { 5, -2.5 }, aleatoric[] = { 1.6540129631725637, 4.247589368489154 };
    const double epistemic[] = { 1.4142135623730951, 3.5355339059327378 }, sd[] = { 2.176179882809067, 5.526483098979142 };
    const double pit[] = { 0.5518351006380757, 0.7522671993966554 }, level = 0.9, q90[] = { 7.6916175792496455, 3.2764284007209454 };
    bnn_dataset *train = make_rows(2, 1, x, 2, y, 0), *row = make_rows(1, 1, x, 2, target, 0);
    bnn_model *model = MAKE_MODEL(train, "standardize", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=learn");
    bnn_predict_options options = { .samples = 100, .quantiles = { 1, &level } };
    store_draws(model, 2, theta[0]);
    bnn_prediction *p = predict_rows(model, row, &options);
    assert_all_close(2, p->mean, mean, 1e-10);
    assert_all_close(2, p->sd_aleatoric, aleatoric, 1e-10);
    assert_all_close(2, p->sd_epistemic, epistemic, 1e-10);
    assert_all_close(2, p->sd, sd, 1e-10);
    assert_all_close(2, p->quantiles, q90, 1e-10);
    assert_all_close(2, p->pit, pit, 1e-10);
    assert_close(p->crps[0], 1.1567986395390157, 1e-10);
    assert_close(p->log_lik[0], -4.179806631298984, 1e-10);
    assert_close(p->log_lik_moment[0], -4.525543116751328, 1e-10);
    assert_close(p->expected_nll[0], 2.1872044466310814, 1e-10);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
    bnn_dataset_free(train);
}

/* ---- Monte Carlo -------------------------------------------------------------------------------------------------------- */

/* 5 standard errors of a mean and of a variance (var sqrt(2 / n) for normals) over n draws: one false alarm in 2e6. */
static bool has_moments(double mean, double sd, size_t n, double want_mean, double want_var) {
    double se_mean = sqrt(want_var / (double)n), se_var = want_var * sqrt(2 / (double)(n - 1));
    return fabs(mean - want_mean) < 5 * se_mean && fabs(sd * sd - want_var) < 5 * se_var;
}

/* f = x'w + b with independent normal w, b has mean x'm + m_b and variance sum x_j^2 s_j^2 + s_b^2; noise sd 0.2 on top. */
static void linear_model_matches_its_closed_form(void **state) {
    (void)state;
    enum { S = 20000 };
    const double x[3][2] = { { 1, 0 }, { -2, 0.5 }, { 3, 4 } }, y[] = { 0, 1, 2 };
    const real mean[] = { 0.5f, -1.5f, 2 }, log_sd[] = { -1, 0.5f, -2 };
    bnn_dataset *rows = make_rows(3, 2, x[0], 1, y, 0), *bare = make_rows(3, 2, x[0], 1, NULL, 0);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.2");
    bnn_predict_options options = options_of(S, 0, 1);
    store_normals(model, mean, log_sd);
    bnn_prediction *p = predict_rows(model, bare, &options);
    for (size_t i = 0; i < 3; i++) {
        double m = 0.5 * x[i][0] - 1.5 * x[i][1] + 2, var = exp(-2) * x[i][0] * x[i][0] + exp(1) * x[i][1] * x[i][1] + exp(-4);
        assert_true(has_moments(p->mean[i], p->sd_epistemic[i], S, m, var));
        assert_false(has_moments(p->mean[i], p->sd_epistemic[i], S, m, 2 * var));           /* the check can fail */
        assert_false(has_moments(p->mean[i] + 0.1 * sqrt(var), p->sd_epistemic[i], S, m, var));
        assert_close(p->sd_aleatoric[i], 0.2, 1e-12);
        assert_close(p->sd[i] * p->sd[i], 0.04 + p->sd_epistemic[i] * p->sd_epistemic[i], 1e-12);
    }
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(bare);
    bnn_dataset_free(rows);
}

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

/* Logits (1, 0, -0.5) and (-1, 0.5, 2). Expected: NumPy and scipy.special (softmax, logsumexp). */
static void uncertainty_of_classes_splits_in_two(void **state) {
    (void)state;
    const double x = 1, y = 1;
    const real theta[2][6] = { { 0, 0, 0, 1, 0, -0.5f }, { 0, 0, 0, -1, 0.5f, 2 } };
    const double probabilities[] = { 0.33382214624122497, 0.20325714488109287, 0.46292070887768216 };
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 3);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=categorical");
    store_draws(model, 2, theta[0]);
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_all_close(3, p->p, probabilities, 1e-12);
    assert_int_equal(p->label[0], 2);
    assert_close(p->entropy[0], 1.0466394674072321, 1e-12);
    assert_close(p->entropy_aleatoric[0], 0.7637719305792505, 1e-12);
    assert_close(p->mutual_information[0], 0.2828675368279816, 1e-12);
    assert_close(p->log_lik[0], -1.5932833780055666, 1e-12);
    assert_close(p->expected_nll[0], 1.6028400403825511, 1e-12);
    assert_null(p->mean);
    assert_null(p->crps);
    assert_ptr_equal(bnn_prediction_probabilities(p), p->p);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* Logits log 3 and -log 3: p(class 1) = 3/4 and 1/4, so one half; both entropies are H(1/4); equal probabilities: the first class. */
static void two_opposite_draws_of_two_classes_tie(void **state) {
    (void)state;
    const double x = 1, y = 1, h = -0.25 * log(0.25) - 0.75 * log(0.75);
    const real theta[] = { 0, (real)1.0986122886681098, 0, (real)-1.0986122886681098 };
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 2);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=bernoulli");
    store_draws(model, 2, theta);
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_close(p->p[0], 0.5, 1e-15);
    assert_close(p->p[1], 0.5, 1e-15);
    assert_int_equal(p->label[0], 0);
    assert_close(p->entropy[0], log(2), 1e-12);
    assert_close(p->entropy_aleatoric[0], h, 1e-7);             /* log 3 is rounded to float */
    assert_close(p->mutual_information[0], log(2) - h, 1e-7);
    assert_close(p->log_lik[0], log(0.5), 1e-7);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* The squared error of softmax_gaussian is what the ELBO sums; as a forecast it says p, so log_lik is that of categorical above. */
static void surrogate_losses_are_scored_by_probabilities(void **state) {
    (void)state;
    const double x = 1, y = 1;
    const real theta[2][6] = { { 0, 0, 0, 1, 0, -0.5f }, { 0, 0, 0, -1, 0.5f, 2 } };
    double want = 0;
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 3);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=softmax_gaussian", "likelihood.noise_sd=0.5");
    store_draws(model, 2, theta[0]);
    for (size_t s = 0; s < 2; s++) {
        double p[3], sum = 0;
        for (size_t k = 0; k < 3; k++) sum += p[k] = exp((double)theta[s][3 + k]);
        for (size_t k = 0; k < 3; k++) want += pow(p[k] / sum - (k == 1), 2) / (2 * 0.25) / 2;
    }
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_close(p->log_lik[0], -1.5932833780055666, 1e-12);
    assert_close(p->expected_nll[0], want + 3 * log(0.5 * sqrt(2 * M_PI)), 1e-12);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* ---- many rows --------------------------------------------------------------------------------------------------------- */

enum { WIDTH = 6 };

static bnn_dataset *random_rows(size_t n, bool has_targets) {
    real *e = malloc(n * (WIDTH + 1) * sizeof *e);
    double *x = malloc(n * WIDTH * sizeof *x), *y = malloc(n * sizeof *y);
    bnn_rng_normals(bnn_key_make(2, BNN_PURPOSE_TEST, 0, 0, 0), 0, n * (WIDTH + 1), e);
    for (size_t i = 0; i < n * WIDTH; i++) x[i] = (double)e[i];
    for (size_t i = 0; i < n; i++) y[i] = 10 + 3 * (double)e[n * WIDTH + i];
    bnn_dataset *rows = make_rows(n, WIDTH, x, 1, has_targets ? y : NULL, 0);
    free(e);
    free(x);
    free(y);
    return rows;
}

/* A net with random means, sds of 0.1 and scaled targets. */
static bnn_model *random_model(const bnn_dataset *train, const char *hidden) {
    bnn_model *model = MAKE_MODEL(train, "standardize", hidden, "likelihood.name=gaussian", "likelihood.noise_sd=learn");
    size_t n = model->net.n_weights + 1;
    real *mean = malloc(n * sizeof *mean), *log_sd = malloc(n * sizeof *log_sd);
    bnn_rng_normals(bnn_key_make(3, BNN_PURPOSE_TEST, 0, 0, 0), 0, n, mean);
    for (size_t i = 0; i < n; i++) {
        mean[i] *= (real)0.3;
        log_sd[i] = (real)-2.3;
    }
    store_normals(model, mean, log_sd);
    free(mean);
    free(log_sd);
    return model;
}

static void assert_same_numbers(const bnn_prediction *a, const bnn_prediction *b) {
    size_t bytes = a->n_rows * sizeof(double);
    assert_memory_equal(a->mean, b->mean, bytes);
    assert_memory_equal(a->sd, b->sd, bytes);
    assert_memory_equal(a->sd_epistemic, b->sd_epistemic, bytes);
    assert_memory_equal(a->quantiles, b->quantiles, bytes * a->n_quantiles);
    assert_memory_equal(a->pit, b->pit, bytes);
    assert_memory_equal(a->crps, b->crps, bytes);
    assert_memory_equal(a->log_lik, b->log_lik, bytes);
    assert_memory_equal(a->log_lik_moment, b->log_lik_moment, bytes);
    assert_memory_equal(a->expected_nll, b->expected_nll, bytes);
}

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    const int threads[] = { 2, 7 };
    bnn_dataset *rows = random_rows(2500, true);
    bnn_model *model = random_model(rows, "net.hidden=120, 60");      /* wide enough to be shared out in draws and products */
    bnn_predict_options options = options_of(6, 3, 1);
    bnn_prediction *one = predict_rows(model, rows, &options);
    for (size_t i = 0; i < 2; i++) {
        options.threads = threads[i];
        bnn_prediction *many = predict_rows(model, rows, &options);
        assert_same_numbers(one, many);
        bnn_prediction_free(many);
    }
    bnn_prediction_free(one);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* More weights than are drawn at a time: y = 3 x_4500 + 1. */
static void every_weight_is_drawn(void **state) {
    (void)state;
    enum { N = 5000, AT = 4500 };
    double *x = calloc(N, sizeof *x), y = 0;
    x[AT] = 2;
    bnn_dataset *row = make_rows(1, N, x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=1");
    store_draws(model, 1, NULL);
    model->posterior.arrays[0].at[AT] = 3;
    model->posterior.arrays[0].at[N] = 1;
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_close(p->mean[0], 7, 1e-12);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
    free(x);
}

static void seed_is_the_models_own_unless_given(void **state) {
    (void)state;
    bnn_dataset *rows = random_rows(20, true);
    bnn_model *model = random_model(rows, "net.hidden=5");
    bnn_predict_options options = options_of(6, 3, 1);
    bnn_prediction *own = predict_rows(model, rows, &options);
    options.seed = 8;
    bnn_prediction *given = predict_rows(model, rows, &options);
    model->seed = 8;
    options.seed = -1;
    bnn_prediction *changed = predict_rows(model, rows, &options);
    assert_memory_not_equal(own->mean, given->mean, 20 * sizeof(double));
    assert_same_numbers(changed, given);
    bnn_prediction_free(changed);
    bnn_prediction_free(given);
    bnn_prediction_free(own);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* Products over other numbers of rows may round differently: that is all the tolerance allows. */
static void assert_same_row(const bnn_prediction *all, const bnn_model *model, const bnn_dataset *rows, size_t i,
                            const bnn_predict_options *options) {
    double tolerance = sizeof(real) == sizeof(double) ? 1e-11 : 1e-4;
    bnn_dataset *row = NULL;
    assert_ok(bnn_dataset_select(&row, rows, 1, &i));
    bnn_prediction *p = predict_rows(model, row, options);
    assert_close(all->mean[i], p->mean[0], tolerance);
    assert_close(all->sd[i], p->sd[0], tolerance);
    if (p->n_quantiles > 0) assert_close(all->quantiles[i * p->n_quantiles], p->quantiles[0], tolerance);
    if (p->target != NULL) {
        assert_close(all->target[i], p->target[0], 0);
        assert_close(all->log_lik[i], p->log_lik[0], tolerance);
        assert_close(all->crps[i], p->crps[0], tolerance);
    }
    bnn_prediction_free(p);
    bnn_dataset_free(row);
}

static void rows_of_several_passes_equal_rows_alone(void **state) {
    (void)state;
    bnn_dataset *rows = random_rows(2500, true);
    bnn_model *model = random_model(rows, "net.hidden=20");
    bnn_predict_options options = options_of(10, 1, 2);
    bnn_prediction *all = predict_rows(model, rows, &options);
    for (size_t i = 0; i < 2500; i += 83) assert_same_row(all, model, rows, i, &options);
    assert_same_row(all, model, rows, 1023, &options);
    assert_same_row(all, model, rows, 1024, &options);
    assert_same_row(all, model, rows, 2499, &options);
    bnn_prediction_free(all);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void rows_of_several_chunks_equal_rows_alone(void **state) {
    (void)state;
    enum { S = 40000, N = 500 };
    bnn_dataset *train = random_rows(50, true), *rows = random_rows(N, false);
    bnn_model *model = random_model(train, LINEAR);
    bnn_predict_options options = options_of(S, 0, 2);
    size_t chunk = bnn_outputs_chunk(N, S, WIDTH, 1);
    assert_in_range(chunk, 2, N - 1);
    assert_true(chunk * S * sizeof(real) <= (size_t)64 << 20);
    bnn_prediction *all = predict_rows(model, rows, &options);
    assert_same_row(all, model, rows, 0, &options);
    assert_same_row(all, model, rows, chunk - 1, &options);
    assert_same_row(all, model, rows, chunk, &options);
    assert_same_row(all, model, rows, N - 1, &options);
    bnn_prediction_free(all);
    bnn_model_free(model);
    bnn_dataset_free(train);
    bnn_dataset_free(rows);
}

/* ---- what is refused --------------------------------------------------------------------------------------------------- */

static void assert_refused(const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options, bnn_status want,
                           const char *sentence) {
    bnn_prediction *p = NULL;
    assert_int_equal(bnn_predict(&p, model, rows, options), want);
    assert_null(p);
    if (strstr(bnn_error_text(), sentence) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), sentence);
}

static void rows_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3, 4, 5, 6, 7 }, y[] = { 1, 0 };
    const double level = 1;
    bnn_dataset *train = random_rows(5, true), *wide = make_rows(1, WIDTH + 1, x, 1, y, 0), *classes = make_rows(1, WIDTH, x, 1, y, 2);
    bnn_dataset *pair = make_rows(1, WIDTH, x, 2, y, 0);
    bnn_model *model = random_model(train, LINEAR);
    bnn_predict_options options = options_of(0, 3, 1);
    assert_refused(model, wide, NULL, BNN_ERR_DATA, "7 features, the model was trained on 6");
    assert_refused(model, classes, NULL, BNN_ERR_DATA, "2 classes, the model has 0");
    assert_refused(model, pair, NULL, BNN_ERR_DATA, "2 target columns, the model has 1");
    assert_refused(model, train, &options, BNN_ERR_USAGE, "samples = 0");
    options = (bnn_predict_options){ .samples = 5, .quantiles = { 1, &level } };
    assert_refused(model, train, &options, BNN_ERR_USAGE, "quantile level 1");
    bnn_model_free(model);
    bnn_dataset_free(pair);
    bnn_dataset_free(classes);
    bnn_dataset_free(wide);
    bnn_dataset_free(train);
}

/* Draw 1 has the weight 2, the others 0: only 2 x 3e38 leaves the range of float, and 2 x 1e308 that of double. The rows are a file's
 * in reverse. */
static void assert_bad_row_is_named(size_t n, size_t n_draws, size_t bad) {
    const double huge = sizeof(real) == sizeof(double) ? 1e308 : 3e38;
    double *x = calloc(n, sizeof *x);
    size_t *reversed = malloc(n * sizeof *reversed);
    for (size_t i = 0; i < n; i++) reversed[i] = n - 1 - i;
    x[bad] = huge;
    bnn_dataset *file = make_rows(n, 1, x, 1, NULL, 0), *rows = NULL;
    bnn_model *model = MAKE_MODEL(file, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=1");
    bnn_predict_options options = options_of(1, 0, 1);
    char sentence[128];
    assert_ok(bnn_dataset_select(&rows, file, n, reversed));
    store_draws(model, n_draws, NULL);
    model->posterior.arrays[0].at[2] = 2;
    snprintf(sentence, sizeof sentence, "memory: row %zu (from 0): output 0 of weight draw 1 is inf", bad);
    assert_refused(model, rows, &options, BNN_ERR_NUMERIC, sentence);
    bnn_model_free(model);
    bnn_dataset_free(rows);
    bnn_dataset_free(file);
    free(reversed);
    free(x);
}

static void output_out_of_range_names_row_and_draw(void **state) {
    (void)state;
    assert_bad_row_is_named(4, 2, 0);
    assert_bad_row_is_named(1500, 2, 100);       /* in the second pass */
    assert_bad_row_is_named(500, 40000, 20);     /* in the last chunk  */
}

static void unknown_targets_stay_unscored(void **state) {
    (void)state;
    bnn_dataset *train = random_rows(5, true), *rows = random_rows(3, false);
    bnn_model *model = random_model(train, LINEAR);
    bnn_prediction *p = predict_rows(model, rows, NULL);
    assert_int_equal(bnn_prediction_rows(p), 3);
    assert_int_equal(p->n_draws, 100);
    assert_non_null(bnn_prediction_mean(p));
    assert_non_null(bnn_prediction_sd(p));
    assert_null(bnn_prediction_probabilities(p));
    assert_null(p->target);
    assert_null(p->log_lik);
    assert_null(p->log_lik_moment);
    assert_null(p->crps);
    assert_null(p->pit);
    assert_null(p->expected_nll);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
    bnn_dataset_free(train);
}

static void ignore_gsl(const char *reason, const char *file, int line, int code) { (void)reason, (void)file, (void)line, (void)code; }

static void gsl_error_handler_is_put_back(void **state) {
    (void)state;
    gsl_error_handler_t *before = gsl_set_error_handler(ignore_gsl);
    unknown_targets_stay_unscored(NULL);
    assert_true(gsl_set_error_handler(before) == ignore_gsl);
}

static void predict_section_is_sound(void **state) {
    (void)state;
    const bnn_section catalogue[] = { { "predict", "help", bnn_predict_rows, NULL }, {0} };
    const char *const sets[] = { "predict.samples=0", "predict.quantiles=0.5, 0", "predict.quantiles=1" };
    bnn_predict_settings settings;
    bnn_config *config = NULL;
    assert_ok(bnn_catalogue_check(catalogue));
    assert_ok(bnn_config_read_catalogue(&config, catalogue, NULL, 0, NULL));
    bnn_config_fill(config, "predict", bnn_predict_rows, &settings);
    assert_int_equal(settings.samples, 100);
    assert_int_equal(settings.quantiles.n, 3);
    assert_all_close(3, settings.quantiles.at, levels, 0);
    bnn_config_free(config);
    for (size_t i = 0; i < 3; i++) {
        config = NULL;
        assert_int_equal(bnn_config_read_catalogue(&config, catalogue, NULL, 1, &sets[i]), BNN_ERR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_targets_come_back_in_their_own_units),
        cmocka_unit_test(linear_model_matches_its_closed_form),
        cmocka_unit_test(uncertainty_of_classes_splits_in_two),
        cmocka_unit_test(two_opposite_draws_of_two_classes_tie),
        cmocka_unit_test(surrogate_losses_are_scored_by_probabilities),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(every_weight_is_drawn),
        cmocka_unit_test(seed_is_the_models_own_unless_given),
        cmocka_unit_test(rows_of_several_passes_equal_rows_alone),
        cmocka_unit_test(rows_of_several_chunks_equal_rows_alone),
        cmocka_unit_test(rows_that_do_not_fit_are_refused),
        cmocka_unit_test(output_out_of_range_names_row_and_draw),
        cmocka_unit_test(unknown_targets_stay_unscored),
        cmocka_unit_test(gsl_error_handler_is_put_back),
        cmocka_unit_test(predict_section_is_sound),
    };
    return RUN(tests);
}
