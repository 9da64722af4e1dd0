/* The gradient check itself: it passes right gradients and finds planted faults. */
#include "harness.h"
#include "data/data.h"
#include "method/catalogue.h"
#include "method/fit.h"
#include "model/model.h"
#include "run/diagnose.h"

enum { ROWS = 12, FEATURES = 3 };

typedef struct fixture {
    bnn_config     *config;
    bnn_dataset    *data;
    bnn_model      *model;
    bnn_scaling     scaling;
    bnn_likelihood  likelihood;      /* a copy whose row may be replaced */
    bnn_prior       prior;
    bnn_problem     problem;
    real            theta[256];
    bnn_block_check checks[8];
    size_t          n_checks;
} fixture;

static void make_fixture(fixture *f, const char *activation) {
    const char *sets[] = { "net.hidden=7, 5", activation };
    double x[ROWS * FEATURES], y[ROWS];
    bnn_key key = bnn_key_make(7, BNN_PURPOSE_TEST, 0, 0, 0);
    bnn_rng_uniforms(key, 0, ROWS * FEATURES, x);
    bnn_rng_uniforms(key, 1000, ROWS, y);
    *f = (fixture){0};
    assert_ok(bnn_config_read(&f->config, NULL, 2, sets));
    assert_ok(bnn_dataset_make(&f->data, ROWS, FEATURES, x, 1, y, 0));
    assert_ok(bnn_scaling_fit(&f->scaling, f->data, "standardize", "standardize"));
    assert_ok(bnn_model_make(&f->model, f->config, &f->data->schema, &f->scaling));
    f->likelihood = f->model->likelihood;
    f->prior = f->model->prior;
    assert_ok(bnn_problem_make(&f->problem, &f->model->net, &f->likelihood, &f->prior, f->data, &f->scaling, NULL, 0));
    assert_true(f->problem.n_params <= 256);
    bnn_rng_normals(key, 2048, f->problem.n_params, f->theta);
    f->n_checks = f->model->net.n_blocks + 1;
}

static void free_fixture(fixture *f) {
    bnn_problem_free(&f->problem);
    bnn_model_free(f->model);
    bnn_scaling_free(&f->scaling);
    bnn_dataset_free(f->data);
    bnn_config_free(f->config);
}

static void run_check(fixture *f) { assert_ok(bnn_gradient_check(f->checks, &f->problem, f->theta, 0, NULL, 1)); }

static void right_gradients_pass(void **state) {
    (void)state;
    static const char *const activations[] = { "net.activation=tanh", "net.activation=relu", "net.activation=sigmoid" };
    for (size_t a = 0; a < 3; a++) {
        fixture f;
        make_fixture(&f, activations[a]);
        run_check(&f);
        for (size_t i = 0; i < f.n_checks; i++) {
            assert_int_equal(f.checks[i].n_wrong, 0);
            assert_true(f.checks[i].n_decided > 0);
        }
        free_fixture(&f);
    }
}

static void theta_is_put_back(void **state) {
    (void)state;
    fixture f;
    real before[256];
    make_fixture(&f, "net.activation=tanh");
    memcpy(before, f.theta, sizeof before);
    run_check(&f);
    assert_memory_equal(before, f.theta, sizeof before);
    free_fixture(&f);
}

/* ---- planted faults -------------------------------------------------------------------------------------------------- */

static const bnn_likelihood_row *right_likelihood;

static void nll_with_long_df(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                             double *nll, real *df, double *dnoise) {
    right_likelihood->nll(likelihood, log_noise_sd, n, f, y, nll, df, dnoise);
    for (size_t i = 0; df != NULL && i < n * likelihood->n_outputs; i++) df[i] *= (real)1.15;
}

static void nll_without_dnoise(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                               double *nll, real *df, double *dnoise) {
    (void)dnoise;
    right_likelihood->nll(likelihood, log_noise_sd, n, f, y, nll, df, NULL);
}

static void plant(fixture *f, bnn_likelihood_row *row) {
    right_likelihood = f->likelihood.row;
    *row = *right_likelihood;
    f->likelihood.row = row;
}

static void data_term_15_percent_too_long_is_found_in_every_block(void **state) {
    (void)state;
    fixture f;
    bnn_likelihood_row row;
    make_fixture(&f, "net.activation=tanh");
    plant(&f, &row);
    row.nll = nll_with_long_df;
    run_check(&f);
    for (size_t i = 0; i + 1 < f.n_checks; i++) assert_true(f.checks[i].n_wrong > 0);
    assert_int_equal(f.checks[f.n_checks - 1].n_wrong, 0);    /* the noise has its own term */
    free_fixture(&f);
}

static void forgotten_noise_gradient_is_found(void **state) {
    (void)state;
    fixture f;
    bnn_likelihood_row row;
    make_fixture(&f, "net.activation=tanh");
    plant(&f, &row);
    row.nll = nll_without_dnoise;
    run_check(&f);
    assert_true(f.checks[f.n_checks - 1].n_wrong > 0);
    assert_int_equal(f.checks[0].n_wrong, 0);
    free_fixture(&f);
}

static void no_prior_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    (void)prior, (void)scale, (void)factor, (void)n, (void)w, (void)g;
}

static void forgotten_prior_gradient_is_found(void **state) {
    (void)state;
    fixture f;
    make_fixture(&f, "net.activation=tanh");
    bnn_prior_row row = *f.prior.row;
    row.add_grad = no_prior_grad;
    f.prior.row = &row;
    run_check(&f);
    assert_true(f.checks[0].n_wrong > 0);
    free_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_gradients_pass),
        cmocka_unit_test(theta_is_put_back),
        cmocka_unit_test(data_term_15_percent_too_long_is_found_in_every_block),
        cmocka_unit_test(forgotten_noise_gradient_is_found),
        cmocka_unit_test(forgotten_prior_gradient_is_found),
    };
    return RUN(tests);
}
