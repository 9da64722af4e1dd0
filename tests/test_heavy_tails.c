/* Student t, as noise and as a prior, and the Laplace prior, against GSL. */
#include "fitting.h"
#include "base/rng.h"
#include "predict/predict.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

static void noise_matches_gsl_pdf_cdf_and_variance(void **state) {
    (void)state;
    /* even and odd, whole and not, beyond the finite sums; z up to 27 is beyond their range, too */
    const char *dfs[] = { "likelihood.df=2.5", "likelihood.df=3", "likelihood.df=4", "likelihood.df=15", "likelihood.df=30",
                          "likelihood.df=101" };
    const double df[] = { 2.5, 3, 4, 15, 30, 101 }, scale = 0.3;
    for (int k = 0; k < 6; k++) {
        bnn_config *config = CONFIG("likelihood.name=student_t", dfs[k], "likelihood.noise_sd=0.3");
        bnn_likelihood t;
        assert_ok(bnn_likelihood_make(&t, config, 1, 0));
        for (double y = -8; y <= 8; y += 0.5) {
            const real f = (real)0.25, target = (real)y;
            double nll, mean, var, z = (y - 0.25) / scale;
            t.row->nll(&t, NULL, 1, &f, &target, &nll, NULL, NULL);
            t.row->moments(&t, NULL, 1, &f, &mean, &var);
            assert_close(nll, -log(gsl_ran_tdist_pdf(z, df[k]) / scale), 1e-12);
            assert_close(t.row->cdf(&t, NULL, &f, 0, y), gsl_cdf_tdist_P(z, df[k]), 1e-14);
            assert_close(var, scale * scale * df[k] / (df[k] - 2), 1e-14);       /* the variance of t is df / (df - 2) */
        }
        bnn_likelihood_free(&t);
        bnn_config_free(config);
    }
}

static void noise_without_a_variance_is_refused(void **state) {
    (void)state;
    const char *sets[] = { "likelihood.name=student_t", "likelihood.df=2" };
    bnn_config *config = NULL;
    assert_int_equal(bnn_config_read(&config, NULL, 2, sets), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "(2, "));
}

/* y = 2 x + N(0, .1^2), and one row in ten 10 too high: the Gaussian line goes up by about 1, the t line stays. */
static void outliers_do_not_pull_the_line(void **state) {
    (void)state;
    enum { N = 200 };
    static double x[N], y[N];
    static real z[N];
    const char *names[] = { "likelihood.name=gaussian", "likelihood.name=student_t" };
    double intercept[2], noise_sd[2];
    bnn_dataset *rows = NULL;
    bnn_rng_normals(bnn_key_make(4, BNN_PURPOSE_TEST, 0, 0, 0), 0, N, z);
    for (int i = 0; i < N; i++) {
        x[i] = -1 + 2 * (double)i / (N - 1);
        y[i] = 2 * x[i] + 0.1 * (double)z[i] + (i % 10 == 5 ? 10 : 0);
    }
    assert_ok(bnn_dataset_make(&rows, N, 1, x, 1, y, 0));
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(names[k], "net.hidden=", "prior.name=flat", "method.name=map", "data.scale_x=none", "data.scale_y=none",
                                    "train.batch=full", "train.epochs=5000", "optimizer.lr=0.01");
        bnn_model *model = fit(config, rows, NULL, NULL);
        const real *theta = model->posterior.arrays[0].at;
        intercept[k] = (double)theta[1];
        noise_sd[k] = exp((double)theta[2]);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    assert_true(fabs(intercept[0] - 1) < 0.1 && noise_sd[0] > 2);      /* by hand: mean of the shifts 1, their sd 3 */
    assert_true(fabs(intercept[1]) < 0.05 && noise_sd[1] < 0.2);
    bnn_dataset_free(rows);
}

static double prior_log_prob(const bnn_config *config, double scale, double w) {
    bnn_prior prior;
    real v = (real)w;
    assert_ok(bnn_prior_make(&prior, config));
    double log_prob = prior.row->log_prob(&prior, scale, 1, &v);
    bnn_prior_free(&prior);
    return log_prob;
}

static void priors_match_gsl_pdfs(void **state) {
    (void)state;
    bnn_config *t = CONFIG("prior.name=student_t", "prior.df=3", "prior.scale=0.5");
    bnn_config *laplace = CONFIG("prior.name=laplace", "prior.scale=0.5");
    for (double w = -4; w <= 4; w += 0.25) {
        assert_close(prior_log_prob(t, 2, w), log(gsl_ran_tdist_pdf(w, 3)), 1e-13);
        assert_close(prior_log_prob(t, 1, w), log(gsl_ran_tdist_pdf(2 * w, 3) * 2), 1e-13);
        assert_close(prior_log_prob(laplace, 3, w), log(gsl_ran_laplace_pdf(w, 1.5)), 1e-13);
    }
    bnn_config_free(t);
    bnn_config_free(laplace);
}

/* The limits of E|w| for a normal: |mu| for sd -> 0, and sd sqrt(2 / pi) for mu = 0. KL by hand: log(2 b) - log sd - 1/2 log(2 pi e) + E|w| / b. */
static void laplace_kl_has_the_right_limits(void **state) {
    (void)state;
    bnn_config *config = CONFIG("prior.name=laplace", "prior.scale=2");
    const struct { double mu, log_sd, mean_abs; } cases[] = { { -3, -15, 3 }, { 0, 0, 0.7978845608028654 }, { 0, 2, 5.895613780243016 } };
    bnn_prior prior;
    assert_ok(bnn_prior_make(&prior, config));
    for (int k = 0; k < 3; k++) {
        real mu = (real)cases[k].mu, log_sd = (real)cases[k].log_sd, dmu = 0, dlog_sd = 0;
        double want = log(4) - cases[k].log_sd - 0.5 * log(2 * M_PI * M_E) + cases[k].mean_abs / 2;
        assert_close(prior.row->kl(&prior, 1, 1, &mu, &log_sd), want, 1e-14);
        prior.row->add_kl_grad(&prior, 1, 1, 1, &mu, &log_sd, &dmu, &dlog_sd);
        assert_close((double)dmu, k == 0 ? -0.5 : 0, 1e-7);
        assert_close((double)dlog_sd, k == 0 ? -1 : cases[k].mean_abs / 2 - 1, 1e-6);
    }
    bnn_prior_free(&prior);
    bnn_config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_matches_gsl_pdf_cdf_and_variance),
        cmocka_unit_test(noise_without_a_variance_is_refused),
        cmocka_unit_test(outliers_do_not_pull_the_line),
        cmocka_unit_test(priors_match_gsl_pdfs),
        cmocka_unit_test(laplace_kl_has_the_right_limits),
    };
    return RUN(tests);
}
