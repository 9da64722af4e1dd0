/* The audit of a fit: terms at the start, idle layers, spreads that stand still, noise at its bounds. */
#include "fitting.h"
#include "method/audit.h"

enum { ROWS = 40, HIDDEN = 3, WEIGHTS_0 = 3 * HIDDEN, WEIGHTS_1 = HIDDEN + 1 };

/* y = 3 x1 - x2 */
static bnn_dataset *plane(void) {
    bnn_dataset *data = NULL;
    double x[2 * ROWS], y[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[2 * i] = sin(1.7 * i);
        x[2 * i + 1] = cos(0.9 * i);
        y[i] = 3 * x[2 * i] - x[2 * i + 1];
    }
    assert_ok(bnn_dataset_make(&data, ROWS, 2, x, 1, y, 0));
    return data;
}

/* A 2-3-1 net after one step of a rate that moves nothing to speak of. */
static bnn_model *barely_fitted(const bnn_dataset *data, const char *prior, const char *fan_in) {
    bnn_config *config = CONFIG("net.hidden=3", "train.epochs=1", "train.batch=full", "method.init_sd=0.1", "optimizer.lr=1e-9", prior, fan_in);
    bnn_model *model = fit(config, data, NULL, NULL);
    bnn_config_free(config);
    return model;
}

static void fill(bnn_model *model, size_t first, size_t n, double mean, double sd) {
    for (size_t i = first; i < first + n; i++) {
        model->posterior.arrays[0].at[i] = (real)mean;
        model->posterior.arrays[1].at[i] = (real)log(sd);
    }
}

/* KL(N(m, sd^2) || N(0, s^2)) = log(s / sd) + (m^2 + sd^2) / (2 s^2) - 1/2, weight by weight. */
static double kl_by_hand(double n, double m, double sd, double s) { return n * (log(s / sd) + (m * m + sd * sd) / (2 * s * s) - 0.5); }

static void kl_of_a_layer_is_that_of_its_weights_and_biases(void **state) {
    bnn_dataset *data = plane();
    bnn_model *model = barely_fitted(data, "prior.sd=0.5", "prior.fan_in=no");
    bnn_audit audit;
    (void)state;
    fill(model, 0, WEIGHTS_0, 0.3, 0.2);
    fill(model, WEIGHTS_0, WEIGHTS_1, -0.7, 0.05);
    assert_ok(bnn_audit_make(&audit, model));
    assert_int_equal(audit.n_layers, 2);
    assert_true(audit.layers[0].n_weights == WEIGHTS_0 && audit.layers[1].n_weights == WEIGHTS_1);
    assert_close(audit.layers[0].kl, kl_by_hand(WEIGHTS_0, 0.3, 0.2, 0.5), 1e-5);
    assert_close(audit.layers[1].kl, kl_by_hand(WEIGHTS_1, -0.7, 0.05, 0.5), 1e-5);
    assert_close(audit.kl, audit.layers[0].kl + audit.layers[1].kl, 1e-12);
    bnn_audit_free(&audit);
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* Means within a tenth of the prior's sd and sds within 5 %, both, per weight. */
static void idle_weights_are_those_that_are_the_prior_s(void **state) {
    static const struct { double mean, sd, idle; } cases[] = {
        { 0, 0.5, 1 }, { 0.049, 0.5, 1 }, { 0.051, 0.5, 0 }, { -0.051, 0.5, 0 }, { 0, 0.524, 1 }, { 0, 0.526, 0 }, { 0, 0.476, 1 },
        { 0, 0.474, 0 },
    };
    bnn_dataset *data = plane();
    bnn_model *model = barely_fitted(data, "prior.sd=0.5", "prior.fan_in=no");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bnn_audit audit;
        fill(model, 0, WEIGHTS_0, 1, 0.5);
        fill(model, WEIGHTS_0, WEIGHTS_1, cases[i].mean, cases[i].sd);
        fill(model, 0, 3, 0, 0.5);                                      /* a third of layer 0 */
        assert_ok(bnn_audit_make(&audit, model));
        assert_close(audit.layers[0].idle, 3.0 / WEIGHTS_0, 1e-12);
        assert_close(audit.layers[1].idle, cases[i].idle, 1e-12);
        bnn_audit_free(&audit);
    }
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* Layer 1 has three inputs: with fan_in its weights have sd .5 / sqrt 3 (its bias keeps .5). */
static void idle_is_measured_by_the_layer_s_own_prior(void **state) {
    bnn_dataset *data = plane();
    bnn_model *model = barely_fitted(data, "prior.sd=0.5", "prior.fan_in=yes"),
              *laplace = barely_fitted(data, "prior.name=laplace", "prior.fan_in=no");
    bnn_audit audit;
    (void)state;
    fill(model, WEIGHTS_0, HIDDEN, 0, 0.5 / sqrt(3));
    fill(model, WEIGHTS_0 + HIDDEN, 1, 0, 0.5);
    assert_ok(bnn_audit_make(&audit, model));
    assert_close(audit.layers[1].idle, 1, 1e-12);
    bnn_audit_free(&audit);
    assert_ok(bnn_audit_make(&audit, laplace));
    assert_true(isnan(audit.layers[1].idle));
    bnn_audit_free(&audit);
    bnn_model_free(model);
    bnn_model_free(laplace);
    bnn_dataset_free(data);
}

static void spread_is_the_median_way_from_the_first_sd(void **state) {
    bnn_dataset *data = plane();
    bnn_model *model = barely_fitted(data, "prior.sd=0.5", "prior.fan_in=no");
    size_t n = model->posterior.n_weights;
    (void)state;
    assert_true(bnn_audit_spread(model, 0.1) < 1e-5);
    fill(model, 0, n / 2 + 1, 0, 0.05);
    assert_close(bnn_audit_spread(model, 0.1), log(2), 1e-6);
    fill(model, 0, n / 2 - 1, 0, 0.1);
    assert_true(bnn_audit_spread(model, 0.1) < 1e-5);
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* Bounds of the scaled noise sd: 1e-3 and 1e3 (likelihood.h). */
static void noise_at_its_bounds_is_told_from_noise_between(void **state) {
    static const struct { double sd; int at; } cases[] = { { 1e-3, -1 }, { 1.1e-3, 0 }, { 1, 0 }, { 900, 0 }, { 1e3, 1 } };
    bnn_dataset *data = plane();
    bnn_model *model = barely_fitted(data, "prior.sd=0.5", "prior.fan_in=no");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model->posterior.arrays[0].at[model->posterior.n_weights] = (real)log(cases[i].sd);
        assert_int_equal(bnn_audit_noise(model, 0), cases[i].at);
    }
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* A model as a run makes it before the fit, on rows as given. */
static bnn_model *unfitted(const bnn_config *config, const bnn_dataset *data) {
    bnn_scaling scaling = {0};
    bnn_model *model = NULL;
    assert_ok(bnn_scaling_fit(&scaling, data, "standardize", "standardize"));
    assert_ok(bnn_model_make(&model, config, &data->schema, &scaling));
    bnn_scaling_free(&scaling);
    return model;
}

/* All weights 0 and noise of sd 1: every output is 0, so that nll = n (log 2 pi + mean y^2) / 2, and the mean of y^2 is 1 by scaling. */
static void the_start_is_that_of_the_fit(void **state) {
    bnn_dataset *data = plane();
    bnn_config *zero = CONFIG("net.hidden=3", "net.init=normal:0"), *config = CONFIG("net.hidden=3", "train.epochs=1", "train.batch=full",
                                                                                     "optimizer.lr=1e-12", "run.seed=5");
    bnn_model *start = unfitted(zero, data), *random = unfitted(config, data), *fitted = fit(config, data, NULL, NULL);
    double nll;
    (void)state;
    assert_ok(bnn_audit_start(start, zero, data, &nll));
    assert_close(nll, ROWS * 0.5 * (log(2 * M_PI) + 1), 1e-5);
    assert_ok(bnn_audit_start(random, config, data, &nll));
    for (size_t i = 0; i < fitted->posterior.n_weights; i++) {
        assert_close((double)random->posterior.arrays[0].at[i], (double)fitted->posterior.arrays[0].at[i], 1e-9);
        assert_close((double)random->posterior.arrays[1].at[i], (double)fitted->posterior.arrays[1].at[i], 1e-9);
    }
    bnn_model_free(start);
    bnn_model_free(random);
    bnn_model_free(fitted);
    bnn_config_free(zero);
    bnn_config_free(config);
    bnn_dataset_free(data);
}

/* A quarter of the rows has the higher of two values, sorted: only rows from all over the file have mean y^2 = 1. */
static void the_start_of_many_rows_is_estimated_from_some(void **state) {
    enum { MANY = 100 * BNN_AUDIT_ROWS };
    bnn_dataset *data = NULL;
    bnn_config *config = CONFIG("net.hidden=", "net.init=normal:0");
    double *x = calloc(MANY, sizeof *x), *y = calloc(MANY, sizeof *y), nll;
    (void)state;
    for (size_t i = 0; i < MANY; i++) y[i] = (double)(i >= 3 * MANY / 4);
    assert_ok(bnn_dataset_make(&data, MANY, 1, x, 1, y, 0));
    bnn_model *start = unfitted(config, data);
    assert_ok(bnn_audit_start(start, config, data, &nll));
    assert_close(nll, MANY * 0.5 * (log(2 * M_PI) + 1), 1e-5);
    free(x);
    free(y);
    bnn_model_free(start);
    bnn_config_free(config);
    bnn_dataset_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kl_of_a_layer_is_that_of_its_weights_and_biases),
        cmocka_unit_test(idle_weights_are_those_that_are_the_prior_s),
        cmocka_unit_test(idle_is_measured_by_the_layer_s_own_prior),
        cmocka_unit_test(spread_is_the_median_way_from_the_first_sd),
        cmocka_unit_test(noise_at_its_bounds_is_told_from_noise_between),
        cmocka_unit_test(the_start_is_that_of_the_fit),
        cmocka_unit_test(the_start_of_many_rows_is_estimated_from_some),
    };
    return RUN(tests);
}
