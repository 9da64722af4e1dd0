/* What several draws say together: mixtures against SciPy, closed forms and bisection. */
#include "predicting.h"
#include "predict/mixture.h"

#include <gsl/gsl_cdf.h>

/* A linear model of one feature and one target, and one row x = 1 with target y. Draw s has the output components[s][0] (the weight is
 * 0, the bias this) and, where noise is learnt, the log noise sd components[s][1]. All values are exact in float. */
static bnn_model *make_mixture(const char *likelihood, size_t n, const real (*components)[2], double y, bnn_dataset **row) {
    const double x = 1;
    *row = make_rows(1, 1, &x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(*row, "none", LINEAR, likelihood);
    size_t n_params = 2 + model->likelihood.n_noise;
    real *theta = calloc(n * n_params, sizeof *theta);
    for (size_t s = 0; s < n; s++) memcpy(theta + s * n_params + 1, components[s], (n_params - 1) * sizeof *theta);
    store_draws(model, n, theta);
    free(theta);
    return model;
}

static bnn_model *make_normals(size_t n, const real (*means_and_log_sds)[2], double y, bnn_dataset **row) {
    return make_mixture("likelihood.name=gaussian", n, means_and_log_sds, y, row);
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

/* ---- other likelihoods ------------------------------------------------------------------------------------------------- */

/* Two t of 4 degrees of freedom. Expected: SciPy (stats.t; brentq; CRPS by integrate.quad over the whole line). */
static void mixture_of_student_t_matches_scipy(void **state) {
    (void)state;
    const real components[2][2] = { { 0.5f, -0.5f }, { -1.25f, 0.25f } };
    const double quantiles[] = { -3.2379840694146726, -0.06143727644306264, 1.7074227183648012 };
    bnn_dataset *row;
    bnn_model *model = make_mixture("likelihood.name=student_t", 2, components, 0.75, &row);
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_all_close(3, p->quantiles, quantiles, 1e-10);
    assert_close(p->pit[0], 0.7760841812085548, 1e-10);
    assert_close(p->sd_aleatoric[0], 1.420070671435605, 1e-10);
    assert_close(p->crps[0], 0.5613776045767387, 1e-8);          /* by quadrature, asked for 1e-9 sd in each tail */
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* Three rates. Expected: SciPy (stats.poisson): smallest counts whose cdf reaches the level, sum of (cdf(k) - [k >= y])^2 over k < 400;
 * the PIT is (cdf(3) + cdf(4)) / 2. */
static void mixture_of_counts_matches_scipy(void **state) {
    (void)state;
    const real components[3][2] = { { 0.5f }, { 2 }, { 3.25f } }, rate[2] = { 6 };
    const double quantiles[] = { 0, 7, 31 };
    bnn_dataset *row;
    bnn_model *model = make_mixture("likelihood.name=poisson", 3, components, 4, &row);
    bnn_prediction *p = predict_rows(model, row, NULL);
    assert_close(p->mean[0], 11.60937242894128, 1e-10);
    assert_close(p->sd[0], 13.064153726557679, 1e-10);
    assert_all_close(3, p->quantiles, quantiles, 0);
    assert_close(p->pit[0], 0.3486386465881255, 1e-10);
    assert_close(p->log_lik[0], -3.0940020913823387, 1e-10);
    assert_close(p->crps[0], 3.3283708092483595, 1e-9);          /* tails of 1e-10 are cut */
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
    model = make_mixture("likelihood.name=poisson", 3, components, 200, &row);
    p = predict_rows(model, row, NULL);
    assert_close(p->crps[0], 182.45754592997315, 1e-9);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
    model = make_mixture("likelihood.name=poisson", 1, &rate, 0, &row);
    p = predict_rows(model, row, NULL);
    assert_close(p->crps[0], 392.0984987730787, 1e-9);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

static void targets_that_are_no_counts_are_refused(void **state) {
    (void)state;
    const real components[1][2] = { { 0 } };
    bnn_dataset *row;
    bnn_prediction *p = NULL;
    bnn_model *model = make_mixture("likelihood.name=poisson", 1, components, 1.5, &row);
    assert_int_equal(bnn_predict(&p, model, row, NULL), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "1.5"));
    bnn_model_free(model);
    bnn_dataset_free(row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixture_of_three_draws_matches_scipy),
        cmocka_unit_test(equal_draws_give_one_normal),
        cmocka_unit_test(quantiles_of_two_distant_normals_match_bisection),
        cmocka_unit_test(bracket_grows_until_it_holds_the_quantile),
        cmocka_unit_test(mixture_of_student_t_matches_scipy),
        cmocka_unit_test(mixture_of_counts_matches_scipy),
        cmocka_unit_test(targets_that_are_no_counts_are_refused),
    };
    return RUN(tests);
}
