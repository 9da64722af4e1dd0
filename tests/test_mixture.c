/* What several draws say together: mixtures of normals against SciPy, closed forms and bisection. */
#include "predicting.h"
#include "base/rng.h"
#include "predict/mixture.h"

#include <gsl/gsl_cdf.h>

/* A linear model of one feature and one target with learnt noise, and one row x = 1 with target y. Each draw is N(mean, exp(2 log_sd)):
 * the weight is 0 and the bias the mean. All values are exact in float. */
static bnn_model *make_normals(size_t n, const real (*means_and_log_sds)[2], double y, bnn_dataset **row) {
    const double x = 1;
    real *theta = malloc(n * 3 * sizeof *theta);
    *row = make_rows(1, 1, &x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(*row, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=learn");
    for (size_t s = 0; s < n; s++) {
        theta[3 * s] = 0;
        theta[3 * s + 1] = means_and_log_sds[s][0];
        theta[3 * s + 2] = means_and_log_sds[s][1];
    }
    store_draws(model, n, theta);
    free(theta);
    return model;
}

/* Expected: SciPy 1.17 (norm.cdf, norm.logpdf, logsumexp; quantiles by optimize.bisect, CRPS by integrate.quad of (F - step)^2). */
static void mixture_of_three_draws_matches_scipy(void **state) {
    (void)state;
    const real draws[3][2] = { { 0.5f, -0.5f }, { -1.25f, 0.25f }, { 2, 0 } };
    const double quantiles[] = { -2.5808206105537215, 0.5215794166610923, 3.03829471391536 };
    bnn_dataset *row;
    bnn_model *model = make_normals(3, draws, 0.75, &row);
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_int_equal(p->n_draws, 3);
    assert_int_equal(p->n_quantiles, 3);
    assert_close(p->mean[0], 0.4166666666666667, 1e-10);
    assert_close(p->sd_aleatoric[0], 1.0027629683149735, 1e-10);
    assert_close(p->sd_epistemic[0], 1.626601774661928, 1e-10);
    assert_close(p->sd[0], 1.9108550190836537, 1e-10);
    assert_all_close(3, p->quantiles, quantiles, 1e-10);
    assert_close(p->target[0], 0.75, 0);
    assert_close(p->pit[0], 0.568627426288495, 1e-10);
    assert_close(p->crps[0], 0.3784939155931733, 1e-10);
    assert_close(p->log_lik[0], -1.2273623117376604, 1e-10);
    assert_close(p->log_lik_moment[0], -1.581704331288156, 1e-10);
    assert_close(p->expected_nll[0], 1.5286910753928769, 1e-10);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* CRPS of one normal: sd (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)), Gneiting & Raftery 2007, eq. 21. */
static void equal_draws_give_one_normal(void **state) {
    (void)state;
    const real draws[4][2] = { { 2.5f, -3 }, { 2.5f, -3 }, { 2.5f, -3 }, { 2.5f, -3 } };
    const double sd = exp(-3), y = 2.5625, z = (y - 2.5) / sd;
    const double crps = sd * (z * erf(z / sqrt(2)) + 2 * exp(-z * z / 2) / sqrt(2 * M_PI) - 1 / sqrt(M_PI));
    bnn_dataset *row;
    bnn_model *model = make_normals(4, draws, y, &row);
    bnn_prediction *p = predict_rows(model, row, NULL);
    for (size_t q = 0; q < 3; q++)
        assert_close(p->quantiles[q], 2.5 + gsl_cdf_gaussian_Pinv(p->quantile_levels[q], sd), 1e-12);
    assert_close(p->crps[0], crps, 1e-12);
    assert_close(p->sd[0], sd, 1e-12);
    assert_close(p->sd_epistemic[0], 0, 0);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

static double bisect_two_normals(const double m[2], const double sd[2], double level) {
    double low = -1000, high = 1000;
    for (int i = 0; i < 200; i++) {
        double y = 0.5 * (low + high);
        double cdf = 0.5 * gsl_cdf_gaussian_P(y - m[0], sd[0]) + 0.5 * gsl_cdf_gaussian_P(y - m[1], sd[1]);
        if (cdf < level) low = y;
        else high = y;
    }
    return low;
}

static void quantiles_of_two_distant_normals_match_bisection(void **state) {
    (void)state;
    const real draws[2][2] = { { -40, -2 }, { 60, 1 } };
    const double m[] = { -40, 60 }, sd[] = { exp(-2), exp(1) }, wanted[] = { 1e-9, 0.2, 0.499, 0.501, 0.75, 0.999999 };
    bnn_dataset *row;
    bnn_model *model = make_normals(2, draws, 0, &row);
    bnn_predict_options options = { .samples = 1, .quantiles = { 6, wanted } };
    bnn_prediction *p = predict_rows(model, row, &options);
    for (size_t q = 0; q < 6; q++) assert_close(p->quantiles[q], bisect_two_normals(m, sd, wanted[q]), 1e-12);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* Moments that say N(0, 1e-4) of outputs at 100: likelihoods with longer tails than normal ones need the same. */
static void bracket_grows_until_it_holds_the_quantile(void **state) {
    (void)state;
    const real draw[1][2] = { { 0, 0 } }, f = 100, log_sd = 0;
    const double mean = 0, var = 1e-4;
    bnn_dataset *row;
    bnn_model *model = make_normals(1, draw, 0, &row);
    bnn_mixture mixture = { .likelihood = &model->likelihood, .n = 1, .f = &f, .noise = &log_sd, .mean = &mean, .var = &var };
    bnn_mixture_tools tools = {0};
    assert_true(bnn_mixture_tools_make(&tools));
    assert_close(bnn_mixture_quantile(&mixture, &tools, 0.95), 100 + gsl_cdf_ugaussian_Pinv(0.95), 1e-12);
    bnn_mixture_tools_free(&tools);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* Past 512 draws the CRPS comes from quadrature of the CDF, below from the double sum. */
static void crps_is_the_same_by_pairs_and_by_quadrature(void **state) {
    (void)state;
    enum { N = 600 };
    real draws[N][2], e[N];
    double mean[N], var[N];
    bnn_dataset *row;
    bnn_rng_normals(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, N, e);
    for (size_t s = 0; s < N; s++) {
        draws[s][0] = 2 * e[s];
        draws[s][1] = s % 2 == 0 ? -1 : -2;
        mean[s] = (double)draws[s][0];
        var[s] = exp(2 * (double)draws[s][1]);
    }
    for (int far = 0; far < 2; far++) {
        double y = far ? 40.5 : 0.25;
        bnn_model *model = make_normals(N, draws, y, &row);
        bnn_prediction *p = predict_rows(model, row, NULL);
        assert_close(p->crps[0], bnn_crps_of_normals(N, mean, var, y), 1e-7);     /* what the quadrature is asked for: 1e-9 */
        bnn_prediction_free(p);
        bnn_model_free(model);
        bnn_dataset_free(row);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixture_of_three_draws_matches_scipy),
        cmocka_unit_test(equal_draws_give_one_normal),
        cmocka_unit_test(quantiles_of_two_distant_normals_match_bisection),
        cmocka_unit_test(bracket_grows_until_it_holds_the_quantile),
        cmocka_unit_test(crps_is_the_same_by_pairs_and_by_quadrature),
    };
    return RUN(tests);
}
