/* Counts: the Poisson likelihood against GSL and exact sums, and what happens to targets that are none. */
#include "data_files.h"
#include "fitting.h"
#include "base/rng.h"
#include "predict/mixture.h"
#include <gsl/gsl_randist.h>

#define POISSON "likelihood.name=poisson"

static bnn_likelihood poisson_of(size_t n_targets) {
    bnn_config *config = CONFIG(POISSON);
    bnn_likelihood likelihood;
    assert_ok(bnn_likelihood_make(&likelihood, config, n_targets, 0));
    bnn_config_free(config);
    return likelihood;
}

static void poisson_nll_matches_gsl_pdf(void **state) {
    (void)state;
    const real f[] = { (real)-0.5, 2, (real)0.25, 0, (real)3.5, -8 }, y[] = { 0, 7, 3, 1, 20, 0 };
    bnn_likelihood poisson = poisson_of(2);
    double nll[3], mean[6], var[6];
    poisson.row->nll(&poisson, NULL, 3, f, y, nll, NULL, NULL);
    poisson.row->moments(&poisson, NULL, 3, f, mean, var);
    for (int i = 0; i < 3; i++) {
        double want = 0;
        for (int at = 2 * i; at < 2 * i + 2; at++) {
            want -= log(gsl_ran_poisson_pdf((unsigned)y[at], exp((double)f[at])));
            assert_close(mean[at], exp((double)f[at]), 1e-15);
            assert_close(var[at], exp((double)f[at]), 1e-15);
        }
        assert_close(nll[i], want, 1e-12);
    }
    bnn_likelihood_free(&poisson);
}

/* Sums of exp(k f - e^f - log k!) in 40 digits, by mpmath; every f is exact in float. GSL's gamma function does not converge at the
 * first count of f = 18.5. */
static void poisson_cdf_is_exact_for_small_and_large_rates(void **state) {
    (void)state;
    const struct { double f, y, p; } cases[] = {
        { 0.9375, -1, 0 }, { 0.9375, -0.1, 0 }, { 0.9375, 1, 0.2764760029314721 }, { 0.9375, 1.9, 0.2764760029314721 },
        { 0.9375, 5, 0.9543028897773903 }, { 9.25, 10098, 0.001289925651165704 }, { 9.25, 10353, 0.30874679337751 },
        { 9.25, 10608, 0.9769486376732487 }, { 18.5, 108223774, 0.001349520454598109 }, { 18.5, 108249785, 0.3085428725147718 },
        { 18.5, 108275796, 0.9772452929446068 },
    };
    bnn_likelihood poisson = poisson_of(1);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        real f = (real)cases[k].f;
        assert_true(fabs(poisson.row->cdf(&poisson, NULL, &f, 0, cases[k].y) - cases[k].p) <= 1e-11);
    }
    bnn_likelihood_free(&poisson);
}

/* Where GSL's sampler would count past 32 bits. */
static void samples_of_huge_rates_have_the_rate_as_mean_and_variance(void **state) {
    (void)state;
    enum { N = 2000 };
    const real f = 24;                                                 /* rate 2.6e10 */
    double rate = exp((double)f), sum = 0, squares = 0, y;
    bnn_likelihood poisson = poisson_of(1);
    gsl_rng *rng = bnn_rng_gsl(bnn_key_make(3, BNN_PURPOSE_TEST, 0, 0, 0));
    for (int i = 0; i < N; i++) {
        poisson.row->sample(&poisson, NULL, &f, rng, &y);
        assert_true(y == floor(y));
        sum += y - rate;
        squares += (y - rate) * (y - rate);
    }
    assert_true(fabs(sum / N) < 5 * sqrt(rate / N));
    assert_true(fabs(squares / N / rate - 1) < 5 * sqrt(2. / N));
    gsl_rng_free(rng);
    bnn_likelihood_free(&poisson);
}

typedef struct spread { double median, q95, crps; } spread;

/* Of one Poisson with log rate f; crps of its rate, rounded. */
static spread spread_of(real f) {
    bnn_likelihood poisson = poisson_of(1);
    double rate = exp((double)f);
    bnn_mixture mixture = { .likelihood = &poisson, .n = 1, .f = &f, .stride = 1, .mean = &rate, .var = &rate };
    bnn_mixture_tools tools;
    assert_true(bnn_mixture_tools_make(&tools));
    spread s = { bnn_mixture_quantile(&mixture, &tools, 0.5), bnn_mixture_quantile(&mixture, &tools, 0.95),
                 bnn_mixture_crps(&mixture, &tools, floor(rate)) };
    bnn_mixture_tools_free(&tools);
    bnn_likelihood_free(&poisson);
    return s;
}

/* A huge rate is a normal one: quantiles rate + z sd, CRPS at the mean sd (sqrt 2 - 1) / sqrt pi = .23370 sd. */
static void quantiles_and_crps_of_large_rates_are_those_of_normals(void **state) {
    (void)state;
    const real logs[] = { 11, 20, 35, 45 };                            /* at 45 doubles are 4096 apart */
    for (int k = 0; k < 4; k++) {
        spread s = spread_of(logs[k]);
        double rate = exp((double)logs[k]), sd = sqrt(rate), ulp = nextafter(rate, INFINITY) - rate;
        assert_true(fabs(s.median - rate) <= 1 + ulp);
        assert_true(fabs(s.q95 - (rate + 1.6448536269514722 * sd)) <= 2 + ulp);
        assert_true(fabs(s.crps / sd - 0.23369497725510905) < 1e-3);
    }
}

/* y ~ Poisson(exp(1 + x / 2)), maximum likelihood: within 5 standard errors of the truth by Fisher's information, X' diag(rate) X. */
static void a_log_linear_rate_is_recovered_from_unscaled_counts(void **state) {
    (void)state;
    enum { N = 2000 };
    static double x[N], y[N];
    double a = 0, b = 0, c = 0;                                        /* the information [[a b] [b c]] of (intercept, slope) */
    bnn_dataset *rows = NULL;
    gsl_rng *rng = bnn_rng_gsl(bnn_key_make(5, BNN_PURPOSE_TEST, 0, 0, 0));
    for (int i = 0; i < N; i++) {
        x[i] = -2 + 4 * (double)i / (N - 1);
        double rate = exp(1 + 0.5 * x[i]);
        y[i] = gsl_ran_poisson(rng, rate);
        a += rate, b += rate * x[i], c += rate * x[i] * x[i];
    }
    gsl_rng_free(rng);
    assert_ok(bnn_dataset_make(&rows, N, 1, x, 1, y, 0));
    bnn_config *config = CONFIG(POISSON, "net.hidden=", "prior.name=flat", "method.name=map", "data.scale_x=none",
                                "data.scale_y=standardize", "train.batch=full", "train.epochs=2000", "optimizer.lr=0.01");
    bnn_model *model = fit(config, rows, NULL, NULL);
    const real *theta = model->posterior.arrays[0].at;                 /* slope, intercept */
    assert_true(model->scaling.y_shift[0] == 0 && model->scaling.y_scale[0] == 1);
    double det = a * c - b * b, se_slope = sqrt(a / det), se_intercept = sqrt(c / det);
    assert_true(fabs((double)theta[0] - 0.5) < 5 * se_slope && se_slope < 0.02);
    assert_true(fabs((double)theta[1] - 1) < 5 * se_intercept && se_intercept < 0.02);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(rows);
}

static bnn_dataset *read_rows(const char *text) {
    bnn_data_options options = no_options();
    bnn_dataset *rows = NULL;
    assert_ok(bnn_dataset_read_file(&rows, &options, put("counts.csv", text), NULL, false, NULL));
    return rows;
}

static void targets_that_are_no_counts_are_refused_with_their_line(void **state) {
    (void)state;
    bnn_dataset *good = read_rows("x,visits\n1,0\n2,3\n3,14\n"), *half = read_rows("x,visits\n1,0\n2,2.5\n3,14\n");
    bnn_dataset *negative = read_rows("x,visits\n1,0\n2,3\n3,-1\n");
    bnn_config *config = CONFIG(POISSON, "method.name=map", "train.epochs=1");
    bnn_model *model = NULL, *kept = fit(config, good, good, NULL);
    bnn_prediction *prediction = NULL;
    assert_fails_with(bnn_fit(&model, config, half, NULL, NULL), "counts.csv:3", "'visits'", "2.5", "poisson", "whole numbers from 0");
    assert_fails_with(bnn_fit(&model, config, negative, NULL, NULL), "counts.csv:4", "-1");
    assert_fails_with(bnn_fit(&model, config, good, half, NULL), "counts.csv:3", "2.5");
    assert_fails_with(bnn_predict(&prediction, kept, negative, NULL), "counts.csv:4", "-1");
    bnn_model_free(kept);
    bnn_config_free(config);
    bnn_dataset_free(good);
    bnn_dataset_free(half);
    bnn_dataset_free(negative);
}

static void in_memory_rows_are_named_by_their_number(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3 }, y[] = { 0, 1, 0.5 };
    bnn_dataset *rows = NULL;
    bnn_model *model = NULL;
    bnn_config *config = CONFIG(POISSON);
    assert_ok(bnn_dataset_make(&rows, 3, 1, x, 1, y, 0));
    assert_fails_with(bnn_fit(&model, config, rows, NULL, NULL), "row 2", "0.5");
    bnn_config_free(config);
    bnn_dataset_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_nll_matches_gsl_pdf),
        cmocka_unit_test(poisson_cdf_is_exact_for_small_and_large_rates),
        cmocka_unit_test(samples_of_huge_rates_have_the_rate_as_mean_and_variance),
        cmocka_unit_test(quantiles_and_crps_of_large_rates_are_those_of_normals),
        cmocka_unit_test(a_log_linear_rate_is_recovered_from_unscaled_counts),
        cmocka_unit_test(targets_that_are_no_counts_are_refused_with_their_line),
        cmocka_unit_test(in_memory_rows_are_named_by_their_number),
    };
    return RUN_IN_FOLDER(tests);
}
