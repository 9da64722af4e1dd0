/* Linearised outputs against dense algebra: J by central differences of a naive net, Sigma by a naive inverse of the stated precision, and
 * J Sigma J' written out. Then what predictions make of it: the probit formula, and draws of several outputs with that covariance. */
#include "brute_force.h"
#include "random_factors.h"
#include "posterior/output_cov.h"
#include "predict/outputs.h"
#include "predict/predict.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

enum { ROWS = 9, FEATURES = 3, MOST_OUTPUTS = 4 };

/* Differences leave 1e-10 of the Jacobian; float keeps 7 digits of outputs and gradients. */
static const double tolerance = IS_DOUBLE ? 1e-8 : 1e-4;

static const bnn_posterior_row *const kinds[] = { &bnn_kron_posterior, &bnn_full_posterior, &bnn_diag_posterior };
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* ---- a net with a random posterior ----------------------------------------------------------------------------------- */

typedef struct normal_case { small_problem p; bnn_posterior posterior; } normal_case;

/* diag: layers below the span have log sd -inf, as Laplace leaves them. */
static void fill_log_sds(const small_problem *p, bnn_posterior *posterior) {
    size_t first = p->net.layers[posterior->lowest].weight;
    real *log_sd = posterior->arrays[1].at;
    bnn_rng_normals(numbers_key(31), 0, p->net.n_weights, log_sd);
    for (size_t i = 0; i < first; i++) log_sd[i] = (real)-INFINITY;
}

/* Takes the config. */
static void normal_make(normal_case *t, bnn_config *config, const bnn_posterior_row *row, bool is_last) {
    small_problem *p = &t->p;
    bnn_posterior *posterior = &t->posterior;
    small_problem_make(p, config, NULL, ROWS, FEATURES, 0);
    assert_ok(bnn_posterior_make(posterior, row, p->net.n_weights, p->likelihood.n_noise, 0));
    assert_ok(bnn_posterior_lay_out(posterior, &p->net, is_last ? p->net.n_layers - 1 : bnn_net_first_with_weights(&p->net)));
    memcpy(posterior->arrays[0].at, p->theta, posterior->n_params * sizeof(real));
    if (row == &bnn_diag_posterior) fill_log_sds(p, posterior);
    else fill_factors(posterior);
}

static void normal_free(normal_case *t) {
    bnn_posterior_free(&t->posterior);
    small_problem_free(&t->p);
}

/* cov [ROWS x k x k] = J Sigma J' */
static void dense_cov(const normal_case *t, double *cov) {
    const bnn_net *net = &t->p.net;
    size_t k = net->n_outputs, first = net->layers[t->posterior.lowest].weight, span = net->n_weights - first;
    double *sigma = dense_covariance(&t->posterior), *theta = to_double(net->n_weights, t->p.theta);
    double *jacobian = malloc(k * span * sizeof *jacobian);
    assert_non_null(jacobian);
    for (size_t i = 0; i < ROWS; i++) {
        naive_jacobian(net, theta, first, t->p.data->x + i * FEATURES, jacobian);
        for (size_t c = 0; c < k; c++)
            for (size_t e = 0; e < k; e++) {
                double *at = &cov[(i * k + c) * k + e];
                *at = 0;
                for (size_t a = 0; a < span; a++)
                    for (size_t b = 0; b < span; b++) *at += jacobian[c * span + a] * sigma[a * span + b] * jacobian[e * span + b];
            }
    }
    free(jacobian);
    free(theta);
    free(sigma);
}

static void library_cov(const normal_case *t, bnn_team *team, real *f, double *cov) {
    bnn_arena arena = {0};
    bnn_output_cov linear;
    real x[ROWS * FEATURES];
    for (size_t i = 0; i < ROWS * FEATURES; i++) x[i] = (real)t->p.data->x[i];
    bnn_output_cov_take(&linear, &arena, &t->posterior, team, ROWS);
    assert_false(arena.has_failed);
    assert_ok(bnn_output_cov_fill(&linear, ROWS, x, f, cov));
    bnn_arena_free(&arena);
}

/* ---- the covariance -------------------------------------------------------------------------------------------------- */

static void check_cov(normal_case *t) {
    size_t k = t->p.net.n_outputs;
    double got[ROWS * MOST_OUTPUTS * MOST_OUTPUTS], want[ROWS * MOST_OUTPUTS * MOST_OUTPUTS], above[MOST_OUTPUTS];
    double *theta = to_double(t->p.net.n_weights, t->p.theta);
    real f[ROWS * MOST_OUTPUTS];
    library_cov(t, NULL, f, got);
    dense_cov(t, want);
    for (size_t i = 0; i < ROWS; i++) {
        size_t at = i * k * k;
        if (count_wrong(k, got + at, want + at, 1, tolerance) > 0)
            fail_msg("%s, lowest layer %zu: the covariance of row %zu is wrong", t->posterior.row->head.name, t->posterior.lowest, i);
        assert_true(count_wrong(k, got + at, want + at, 2, tolerance) >= k);            /* a planted fault */
        naive_outputs(&t->p.net, theta, t->p.data->x + i * FEATURES, above);
        for (size_t c = 0; c < k; c++) assert_close((double)f[i * k + c], above[c], tolerance);
    }
    free(theta);
}

static void covariance_of_the_outputs_is_that_of_dense_algebra(void **state) {
    (void)state;
    static const char *const likelihoods[] = { "heteroscedastic", "categorical", "bernoulli" };
    for (int k = 0; k < N_KINDS; k++)
        for (int l = 0; l < 3; l++)
            for (int flags = 0; flags < 8; flags++) {
                normal_case t;
                normal_make(&t, READ_SETS("net.hidden=5, 4", "net.activation=tanh", set_of("likelihood.name", likelihoods[l]),
                                          flags & 1 ? "net.bias=no" : "", flags & 2 ? "net.dropout=0.3" : ""), kinds[k], flags & 4);
                check_cov(&t);
                normal_free(&t);
            }
}

/* joint [ROWS k x ROWS k] = J Sigma J' with the Jacobians of all rows one below the other. */
static void dense_joint_cov(const normal_case *t, double *joint) {
    const bnn_net *net = &t->p.net;
    size_t k = net->n_outputs, first = net->layers[t->posterior.lowest].weight, span = net->n_weights - first, n = ROWS * k;
    double *sigma = dense_covariance(&t->posterior), *theta = to_double(net->n_weights, t->p.theta);
    double *jacobian = malloc(n * span * sizeof *jacobian), *half = calloc(n * span, sizeof *half);
    assert_true(jacobian != NULL && half != NULL);
    for (size_t i = 0; i < ROWS; i++) naive_jacobian(net, theta, first, t->p.data->x + i * FEATURES, jacobian + i * k * span);
    for (size_t r = 0; r < n; r++)
        for (size_t a = 0; a < span; a++)
            for (size_t b = 0; b < span; b++) half[r * span + b] += jacobian[r * span + a] * sigma[a * span + b];
    for (size_t r = 0; r < n; r++)
        for (size_t q = 0; q < n; q++) {
            joint[r * n + q] = 0;
            for (size_t b = 0; b < span; b++) joint[r * n + q] += half[r * span + b] * jacobian[q * span + b];
        }
    free(half);
    free(jacobian);
    free(theta);
    free(sigma);
}

static void check_joint_cov(normal_case *t) {
    size_t n = ROWS * t->p.net.n_outputs;
    double got[ROWS * MOST_OUTPUTS * ROWS * MOST_OUTPUTS], want[ROWS * MOST_OUTPUTS * ROWS * MOST_OUTPUTS];
    real x[ROWS * FEATURES], f[ROWS * MOST_OUTPUTS];
    bnn_arena arena = {0};
    bnn_output_cov linear;
    for (size_t i = 0; i < ROWS * FEATURES; i++) x[i] = (real)t->p.data->x[i];
    bnn_output_cov_take(&linear, &arena, &t->posterior, NULL, ROWS);
    assert_false(arena.has_failed);
    assert_ok(bnn_output_cov_fill_joint(&linear, ROWS, x, f, got));
    dense_joint_cov(t, want);
    assert_int_equal(count_wrong(n, got, want, 1, tolerance), 0);
    assert_true(count_wrong(n, got, want, 2, tolerance) >= n);            /* a planted fault */
    bnn_arena_free(&arena);
}

static void joint_covariance_of_rows_is_that_of_dense_algebra(void **state) {
    (void)state;
    static const char *const likelihoods[] = { "heteroscedastic", "categorical", "bernoulli" };
    for (int k = 0; k < N_KINDS; k++)
        for (int l = 0; l < 3; l++)
            for (int flags = 0; flags < 4; flags++) {
                normal_case t;
                normal_make(&t, READ_SETS("net.hidden=4, 3", "net.activation=tanh", set_of("likelihood.name", likelihoods[l]),
                                          flags & 1 ? "net.bias=no" : ""), kinds[k], flags & 2);
                check_joint_cov(&t);
                normal_free(&t);
            }
}

/* 910 weights: the root of a full covariance is made by several tiles. */
static void covariance_has_the_same_bits_with_any_number_of_threads(void **state) {
    (void)state;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, 3));
    for (int kind = 0; kind < N_KINDS; kind++) {
        normal_case t;
        real f[2][ROWS * MOST_OUTPUTS];
        double cov[2][ROWS * MOST_OUTPUTS * MOST_OUTPUTS];
        normal_make(&t, READ_SETS("net.hidden=130", "net.activation=tanh", "likelihood.name=categorical"), kinds[kind], false);
        size_t k = t.p.net.n_outputs;
        library_cov(&t, NULL, f[0], cov[0]);
        library_cov(&t, team, f[1], cov[1]);
        assert_memory_equal(f[0], f[1], ROWS * k * sizeof(real));
        assert_memory_equal(cov[0], cov[1], ROWS * k * k * sizeof(double));
        normal_free(&t);
    }
    bnn_team_free(team);
}

/* ---- predictions ----------------------------------------------------------------------------------------------------- */

/* A model around the case's net and posterior, which it borrows, with a "predictive". */
static bnn_model borrowed_model(const normal_case *t, const char *predictive) {
    bnn_model model = { .scaling = t->p.scaling, .net = t->p.net, .likelihood = t->p.likelihood, .posterior = t->posterior, .seed = 5,
                        .facts = json_object() };
    model.schema = t->p.data->schema;
    assert_ok(bnn_model_note_text(&model, "predictive", predictive));
    return model;
}

/* f [n_draws x ROWS x k], malloc */
static real *outputs_of(const normal_case *t, const char *predictive, size_t n_draws) {
    bnn_model model = borrowed_model(t, predictive);
    bnn_outputs outputs;
    size_t n = n_draws * ROWS * t->p.net.n_outputs;
    real *f = malloc(n * sizeof *f);
    assert_non_null(f);
    assert_ok(bnn_outputs_make(&outputs, &model, t->p.data, NULL, 5, n_draws, BNN_DRAW_POSTERIOR));
    assert_ok(bnn_outputs_fill(&outputs, 0));
    assert_int_equal(outputs.n, ROWS);
    memcpy(f, outputs.f, n * sizeof *f);
    bnn_outputs_free(&outputs);
    json_decref(model.facts);
    return f;
}

static size_t count_wrong_probits(const normal_case *t, const real *got, double slope) {
    size_t k = t->p.net.n_outputs, wrong = 0;
    double cov[ROWS * MOST_OUTPUTS * MOST_OUTPUTS], f[MOST_OUTPUTS], *theta = to_double(t->p.net.n_weights, t->p.theta);
    dense_cov(t, cov);
    for (size_t i = 0; i < ROWS; i++) {
        naive_outputs(&t->p.net, theta, t->p.data->x + i * FEATURES, f);
        for (size_t c = 0; c < k; c++) {
            double want = f[c] / sqrt(1 + slope * cov[(i * k + c) * k + c]);
            if (!is_close((double)got[i * k + c], want, tolerance)) wrong++;
        }
    }
    free(theta);
    return wrong;
}

/* MacKay (1992): f / sqrt(1 + pi/8 var f). */
static void probit_shrinks_outputs_by_its_formula(void **state) {
    (void)state;
    static const char *const likelihoods[] = { "bernoulli", "categorical" };
    for (int l = 0; l < 2; l++) {
        normal_case t;
        normal_make(&t, READ_SETS("net.hidden=4", "net.activation=tanh", set_of("likelihood.name", likelihoods[l])), &bnn_kron_posterior, false);
        real *f = outputs_of(&t, "probit", 1);
        assert_int_equal(count_wrong_probits(&t, f, 3.14159265358979323846 / 8), 0);
        assert_true(count_wrong_probits(&t, f, 3.14159265358979323846 / 4) > ROWS / 2);     /* a planted fault */
        free(f);
        normal_free(&t);
    }
}

typedef struct tally { double sum[MOST_OUTPUTS], products[MOST_OUTPUTS * MOST_OUTPUTS]; } tally;

static tally tally_of(const real *f, size_t n_draws, size_t row, size_t k, const double *center) {
    tally t = {0};
    for (size_t s = 0; s < n_draws; s++) {
        double d[MOST_OUTPUTS];
        for (size_t c = 0; c < k; c++) d[c] = (double)f[(s * ROWS + row) * k + c] - center[c];
        for (size_t c = 0; c < k; c++) t.sum[c] += d[c];
        add_outer(k, 1, d, t.products);
    }
    return t;
}

/* Mean f and covariance J Sigma J' within 5 standard errors; the variance of an entry is (v_cc v_ee + v_ce^2) / n. */
static size_t count_unlike(const tally *t, size_t k, double n, const double *cov, double factor) {
    size_t unlike = 0;
    for (size_t c = 0; c < k; c++) {
        if (!(fabs(t->sum[c] / n) <= 5 * sqrt(cov[c * k + c] / n) + 1e-6)) unlike++;
        for (size_t e = 0; e < k; e++) {
            double want = factor * cov[c * k + e], spread = factor * factor * cov[c * k + c] * cov[e * k + e] + want * want;
            if (!(fabs(t->products[c * k + e] / n - want) <= 5 * sqrt(spread / n))) unlike++;
        }
    }
    return unlike;
}

static void draws_of_several_outputs_have_that_covariance(void **state) {
    (void)state;
    enum { DRAWS = 20000 };
    for (int kind = 0; kind < N_KINDS; kind++) {
        normal_case t;
        double cov[ROWS * MOST_OUTPUTS * MOST_OUTPUTS], center[MOST_OUTPUTS];
        normal_make(&t, READ_SETS("net.hidden=4", "net.activation=tanh", "likelihood.name=categorical"), kinds[kind], false);
        double *theta = to_double(t.p.net.n_weights, t.p.theta);
        real *f = outputs_of(&t, "linearised", DRAWS);
        dense_cov(&t, cov);
        for (size_t i = 0; i < ROWS; i++) {
            naive_outputs(&t.p.net, theta, t.p.data->x + i * FEATURES, center);
            tally sums = tally_of(f, DRAWS, i, 3, center);
            if (count_unlike(&sums, 3, DRAWS, cov + i * 9, 1) > 0) fail_msg("%s: draws of row %zu are unlike", kinds[kind]->head.name, i);
            assert_true(count_unlike(&sums, 3, DRAWS, cov + i * 9, 1.2) >= 3);             /* a planted fault */
        }
        free(f);
        free(theta);
        normal_free(&t);
    }
}

/* One output: its mean and variance (n - 1) over the draws are those of the normal itself, whatever the number of draws. */
static void draws_of_one_output_have_its_exact_moments(void **state) {
    (void)state;
    static const size_t n_draws[] = { 2, 3, 10, 101 };
    for (int d = 0; d < 4; d++) {
        normal_case t;
        double cov[ROWS], center;
        normal_make(&t, READ_SETS("net.hidden=4", "net.activation=tanh", "likelihood.name=bernoulli"), &bnn_full_posterior, false);
        double *theta = to_double(t.p.net.n_weights, t.p.theta), n = (double)n_draws[d];
        real *f = outputs_of(&t, "linearised", n_draws[d]);
        dense_cov(&t, cov);
        for (size_t i = 0; i < ROWS; i++) {
            naive_outputs(&t.p.net, theta, t.p.data->x + i * FEATURES, &center);
            tally sums = tally_of(f, n_draws[d], i, 1, &center);
            assert_close(sums.sum[0] / n, 0, tolerance);
            assert_close(sums.products[0] / (n - 1), cov[i], tolerance);
        }
        free(f);
        free(theta);
        normal_free(&t);
    }
}

/* Numbers with plain noise: y is normal with covariance J Sigma J' + noise, for two targets together. Quantiles and log densities by GSL. */
static void linearised_numbers_are_exactly_normal(void **state) {
    (void)state;
    normal_case t;
    double cov[ROWS * 4], f[2], y[ROWS * 2];
    bnn_prediction *p = NULL;
    normal_make(&t, READ_SETS("net.hidden=4", "net.activation=tanh", "likelihood.name=gaussian", "likelihood.noise_sd=0.5"),
                &bnn_kron_posterior, false);
    assert_int_equal(t.p.net.n_outputs, 2);
    double *theta = to_double(t.p.net.n_weights, t.p.theta);
    bnn_model model = borrowed_model(&t, "linearised");
    assert_ok(bnn_predict(&p, &model, t.p.data, NULL));
    assert_int_equal(p->n_draws, 1);
    assert_null(p->draw_likelihood);
    dense_cov(&t, cov);
    for (size_t i = 0; i < ROWS; i++) {
        const double *c = cov + 4 * i;
        naive_outputs(&t.p.net, theta, t.p.data->x + i * FEATURES, f);
        double expected_nll = log(2 * M_PI * 0.25);
        for (size_t j = 0; j < 2; j++) {
            double scale = t.p.scaling.y_scale[j], mean = t.p.scaling.y_shift[j] + scale * f[j], var = c[3 * j] + 0.25;
            y[2 * i + j] = (p->target[2 * i + j] - t.p.scaling.y_shift[j]) / scale - f[j];
            expected_nll += 0.5 * (y[2 * i + j] * y[2 * i + j] + c[3 * j]) / 0.25;
            assert_close(p->mean[2 * i + j], mean, tolerance);
            assert_close(p->sd_aleatoric[2 * i + j], scale * 0.5, 1e-12);
            assert_close(p->sd_epistemic[2 * i + j], scale * sqrt(c[3 * j]), tolerance);
            assert_close(p->quantiles[(2 * i + j) * 3], mean + scale * gsl_cdf_gaussian_Pinv(0.05, sqrt(var)), tolerance);
            assert_close(p->pit[2 * i + j], gsl_cdf_gaussian_P(y[2 * i + j], sqrt(var)), tolerance);
        }
        double sd0 = sqrt(c[0] + 0.25), sd1 = sqrt(c[3] + 0.25);
        double density = gsl_ran_bivariate_gaussian_pdf(y[2 * i], y[2 * i + 1], sd0, sd1, c[1] / sd0 / sd1);
        assert_close(p->log_lik[i], log(density / t.p.scaling.y_scale[0] / t.p.scaling.y_scale[1]), 10 * tolerance);
        assert_close(p->expected_nll[i], expected_nll, 10 * tolerance);
    }
    bnn_prediction_free(p);
    free(theta);
    json_decref(model.facts);
    normal_free(&t);
}

/* The same rows over and over, in more than one pass: each as often as it comes. */
static void rows_of_every_pass_are_treated_alike(void **state) {
    (void)state;
    enum { MANY = 1205, DRAWS = 3 };
    for (int kind = 0; kind < N_KINDS; kind++) {
        normal_case t;
        bnn_outputs outputs;
        bnn_dataset *rows = NULL;
        double x[MANY * FEATURES];
        normal_make(&t, READ_SETS("net.hidden=4", "net.activation=tanh", "likelihood.name=bernoulli"), kinds[kind], false);
        for (size_t i = 0; i < MANY * FEATURES; i++) x[i] = t.p.data->x[i % (ROWS * FEATURES)];
        assert_ok(bnn_dataset_make(&rows, MANY, FEATURES, x, 1, NULL, 2));
        bnn_model model = borrowed_model(&t, "linearised");
        assert_ok(bnn_outputs_make(&outputs, &model, rows, NULL, 5, DRAWS, BNN_DRAW_POSTERIOR));
        assert_true(outputs.pass_rows < MANY);
        assert_ok(bnn_outputs_fill(&outputs, 0));
        assert_int_equal(outputs.n, MANY);
        for (size_t i = 0; i < DRAWS * MANY; i++)
            assert_close((double)outputs.f[i], (double)outputs.f[i / MANY * MANY + i % MANY % ROWS], tolerance);
        bnn_outputs_free(&outputs);
        json_decref(model.facts);
        bnn_dataset_free(rows);
        normal_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covariance_of_the_outputs_is_that_of_dense_algebra),
        cmocka_unit_test(joint_covariance_of_rows_is_that_of_dense_algebra),
        cmocka_unit_test(covariance_has_the_same_bits_with_any_number_of_threads),
        cmocka_unit_test(probit_shrinks_outputs_by_its_formula),
        cmocka_unit_test(draws_of_several_outputs_have_that_covariance),
        cmocka_unit_test(draws_of_one_output_have_its_exact_moments),
        cmocka_unit_test(linearised_numbers_are_exactly_normal),
        cmocka_unit_test(rows_of_every_pass_are_treated_alike),
    };
    return RUN_INSIDE(tests);
}
