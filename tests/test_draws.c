/* Where weights come from: the prior, and local draws of the first layer's outputs; against closed forms and against draws of weights. */
#include "predicting.h"
#include "base/rng.h"
#include "predict/outputs.h"

enum { WIDTH = 3, S = 20000, N_ROWS = 4 };

static const double xs[N_ROWS][WIDTH] = { { 1, 0, 0 }, { -2, 0.5, 1 }, { 3, 4, -1 }, { 3, 4, -1 } };

static bnn_dataset *four_rows(void) { return make_rows(N_ROWS, WIDTH, xs[0], 1, (double[]){ 1, 2, 3, 4 }, 0); }

/* 5 standard errors of a mean and of a variance (var sqrt(2 / n) for normals): one false alarm in 2e6. */
static bool has_moments(double mean, double sd, double want_mean, double want_var) {
    return fabs(mean - want_mean) < 5 * sqrt(want_var / S) && fabs(sd * sd - want_var) < 5 * want_var * sqrt(2.0 / (S - 1));
}

static bnn_predict_options options_of(int threads) { return (bnn_predict_options){ .samples = S, .seed = -1, .threads = threads }; }

/* Random means, sds of .3 and less. */
static bnn_model *random_normals(const bnn_dataset *rows, const char *hidden) {
    bnn_model *model = MAKE_MODEL(rows, "none", hidden, "likelihood.name=gaussian", "likelihood.noise_sd=learn", "net.activation=tanh");
    size_t n = model->net.n_weights + 1;
    real *mean = malloc(n * sizeof *mean), *log_sd = malloc(n * sizeof *log_sd);
    bnn_rng_normals(bnn_key_make(5, BNN_PURPOSE_TEST, 0, 0, 0), 0, n, mean);
    for (size_t i = 0; i < n; i++) log_sd[i] = (real)-1.2 - (real)0.1 * (real)(i % 7);
    mean[n - 1] = -1;
    store_normals(model, mean, log_sd);
    free(mean);
    free(log_sd);
    return model;
}

/* ---- the prior --------------------------------------------------------------------------------------------------------- */

/* f = x'w + b, w ~ N(0, .5^2), b ~ N(0, (3 .5)^2): variance .25 (|x|^2 + 9), whatever the posterior says. */
static void linear_model_of_the_prior_matches_its_closed_form(void **state) {
    (void)state;
    const double squares[N_ROWS] = { 1, 5.25, 26, 26 };
    bnn_dataset *rows = four_rows();
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "prior.sd=0.5", "prior.bias_scale=3");
    store_draws(model, 2, (real[]){ 100, 100, 100, 100, -1, 100, 100, 100, 100, -3 });     /* log noise sds -1 and -3 */
    bnn_predict_options options = options_of(2);
    options.from_prior = true;
    bnn_prediction *p = predict_rows(model, rows, &options);
    assert_int_equal(p->n_draws, S);
    for (size_t i = 0; i < N_ROWS; i++) {
        assert_true(has_moments(p->mean[i], p->sd_epistemic[i], 0, 0.25 * (squares[i] + 9)));
        assert_false(has_moments(p->mean[i], p->sd_epistemic[i], 0, 0.25 * (squares[i] + 1)));      /* the check can fail */
        assert_close(p->sd_aleatoric[i], exp(-2), 1e-6);            /* noise as fitted: the mean of its logs */
    }
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void assert_refused(const bnn_model *model, const bnn_dataset *rows, bool from_prior, const char *sentence) {
    bnn_predict_options options = options_of(1);
    bnn_prediction *p = NULL;
    options.from_prior = from_prior;
    options.local_first_layer = !from_prior;
    assert_int_equal(bnn_predict(&p, model, rows, &options), BNN_ERR_CONFIG);
    assert_null(p);
    if (strstr(bnn_error_text(), sentence) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), sentence);
}

static void improper_prior_is_refused(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "prior.name=flat");
    store_draws(model, 2, NULL);
    assert_refused(model, rows, true, "prior flat is improper");
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* ---- local draws ------------------------------------------------------------------------------------------------------- */

static bnn_prediction *predict_locally(const bnn_model *model, const bnn_dataset *rows, int threads) {
    bnn_predict_options options = options_of(threads);
    options.local_first_layer = true;
    return predict_rows(model, rows, &options);
}

/* Without hidden layers the outputs themselves are drawn: mean x'm + b and variance sum x^2 s^2 + s_b^2. */
static void local_draws_of_a_linear_model_match_its_closed_form(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = random_normals(rows, LINEAR);
    bnn_prediction *p = predict_locally(model, rows, 2);
    const real *m = model->posterior.arrays[0].at, *log_sd = model->posterior.arrays[1].at;
    for (size_t i = 0; i < N_ROWS; i++) {
        double mean = (double)m[WIDTH], var = exp(2 * (double)log_sd[WIDTH]);
        for (size_t j = 0; j < WIDTH; j++) {
            mean += xs[i][j] * (double)m[j];
            var += xs[i][j] * xs[i][j] * exp(2 * (double)log_sd[j]);
        }
        assert_true(has_moments(p->mean[i], p->sd_epistemic[i], mean, var));
        assert_false(has_moments(p->mean[i], p->sd_epistemic[i], mean, 1.2 * var));      /* the check can fail */
        assert_close(p->sd_aleatoric[i], exp(-1), 1e-6);
    }
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* Both are Monte Carlo: 6 standard errors of a difference. */
static void local_draws_say_of_each_row_what_weights_say(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = random_normals(rows, "net.hidden=7, 5");
    bnn_predict_options options = options_of(2);
    bnn_prediction *local = predict_locally(model, rows, 2), *weights = predict_rows(model, rows, &options);
    for (size_t i = 0; i < N_ROWS; i++) {
        double se = weights->sd_epistemic[i] * sqrt(2.0 / S);
        assert_true(fabs(local->mean[i] - weights->mean[i]) < 6 * se);
        assert_true(fabs(local->sd_epistemic[i] / weights->sd_epistemic[i] - 1) < 6 * sqrt(1.0 / S));
        assert_true(local->mean[i] != weights->mean[i]);
    }
    bnn_prediction_free(weights);
    bnn_prediction_free(local);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* Rows 2 and 3 are equal: of one mind if weights are drawn, not if their outputs are. */
static void local_noise_is_each_rows_own(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = random_normals(rows, "net.hidden=7");
    for (int is_local = 0; is_local < 2; is_local++) {
        bnn_outputs outputs = {0};
        assert_ok(bnn_outputs_make(&outputs, model, rows, NULL, 7, 10, is_local ? BNN_DRAW_LOCAL : BNN_DRAW_POSTERIOR));
        assert_ok(bnn_outputs_fill(&outputs, 0));
        for (size_t s = 0; s < 10; s++)
            assert_int_equal(is_close((double)outputs.f[s * N_ROWS + 2], (double)outputs.f[s * N_ROWS + 3], 1e-6), !is_local);
        bnn_outputs_free(&outputs);
    }
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void threads_and_chunks_do_not_change_local_draws(void **state) {
    (void)state;
    enum { MANY = 900 };
    double x[MANY * WIDTH];
    real e[MANY * WIDTH];
    bnn_rng_normals(bnn_key_make(6, BNN_PURPOSE_TEST, 0, 0, 0), 0, MANY * WIDTH, e);
    for (size_t i = 0; i < MANY * WIDTH; i++) x[i] = (double)e[i];
    bnn_dataset *rows = make_rows(MANY, WIDTH, x, 1, NULL, 0);
    bnn_model *model = random_normals(rows, "net.hidden=3");
    bnn_prediction *one = predict_locally(model, rows, 1);
    assert_in_range(bnn_outputs_chunk(MANY, S, WIDTH, 1), 1, MANY - 1);      /* several chunks */
    bnn_prediction *two = predict_locally(model, rows, 2);
    assert_memory_equal(one->mean, two->mean, MANY * sizeof(double));
    assert_memory_equal(one->sd, two->sd, MANY * sizeof(double));
    bnn_outputs many = {0}, few = {0};                       /* few draws: one chunk of all rows */
    assert_ok(bnn_outputs_make(&many, model, rows, NULL, 7, S, BNN_DRAW_LOCAL));
    assert_ok(bnn_outputs_make(&few, model, rows, NULL, 7, 3, BNN_DRAW_LOCAL));
    size_t last = (MANY - 1) / many.max_rows * many.max_rows;
    assert_ok(bnn_outputs_fill(&many, last));
    assert_ok(bnn_outputs_fill(&few, 0));
    for (size_t s = 0; s < 3; s++)
        assert_close((double)many.f[s * many.n + MANY - 1 - last], (double)few.f[s * MANY + MANY - 1], 1e-5);
    bnn_outputs_free(&few);
    bnn_outputs_free(&many);
    bnn_prediction_free(two);
    bnn_prediction_free(one);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void local_draws_need_independent_weights_and_a_dense_first_layer(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *draws = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian");
    bnn_model *dropout = random_normals(rows, "net.input_dropout=0.5"), *linear = random_normals(rows, "net.hidden=2");
    store_draws(draws, 2, NULL);
    linear->posterior.net = &linear->net;
    assert_ok(bnn_model_note_text(linear, "predictive", "linearised"));
    assert_refused(draws, rows, false, "kind draws");
    assert_refused(dropout, rows, false, "here it is dropout");
    assert_refused(linear, rows, false, "has no meaning for a linearised");
    bnn_model_free(linear);
    bnn_model_free(dropout);
    bnn_model_free(draws);
    bnn_dataset_free(rows);
}

/* ---- stretches of draws ------------------------------------------------------------------------------------------------ */

/* Any stretch of draws, kept or made anew, by one thread or three, has the numbers of the whole. */
static void stretches_of_draws_are_parts_of_the_whole(void **state) {
    (void)state;
    enum { DRAWS = 20 };
    bnn_dataset *rows = four_rows();
    bnn_model *model = random_normals(rows, "net.hidden=7");
    real x[N_ROWS * WIDTH], whole[DRAWS * N_ROWS], part[DRAWS * N_ROWS], noise[DRAWS];
    bnn_team *team = NULL;
    bnn_scaling_gather(&model->scaling, rows, N_ROWS, NULL, x, NULL);
    assert_ok(bnn_team_make(&team, 3));
    bnn_draws one = {0}, many = {0};
    assert_ok(bnn_draws_make(&one, model, NULL, 7, DRAWS, BNN_DRAW_POSTERIOR, N_ROWS));
    assert_ok(bnn_draws_make(&many, model, team, 7, DRAWS, BNN_DRAW_POSTERIOR, N_ROWS));
    bnn_draws_run run = { .n = DRAWS, .n_rows = N_ROWS, .x = x, .f = whole, .noise = noise };
    assert_true(bnn_draws_fill(&one, &run));
    bnn_draws_keep(&many, 15, 1 << 20);
    assert_non_null(many.kept);
    for (size_t first = 0; first < DRAWS; first += 4) {
        run = (bnn_draws_run){ .first = first, .n = 4, .n_rows = N_ROWS, .x = x, .f = part + first * N_ROWS, .noise = noise };
        assert_true(bnn_draws_fill(&many, &run));
    }
    assert_memory_equal(whole, part, sizeof whole);
    bnn_draws_free(&one);
    bnn_draws_free(&many);
    bnn_team_free(team);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_model_of_the_prior_matches_its_closed_form),
        cmocka_unit_test(improper_prior_is_refused),
        cmocka_unit_test(local_draws_of_a_linear_model_match_its_closed_form),
        cmocka_unit_test(local_draws_say_of_each_row_what_weights_say),
        cmocka_unit_test(local_noise_is_each_rows_own),
        cmocka_unit_test(threads_and_chunks_do_not_change_local_draws),
        cmocka_unit_test(local_draws_need_independent_weights_and_a_dense_first_layer),
        cmocka_unit_test(stretches_of_draws_are_parts_of_the_whole),
    };
    return RUN(tests);
}
