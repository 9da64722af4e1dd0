/* A contract that every row of bnn_likelihoods must keep (gradients by differences, samples that agree with moments, cdf and
 * probabilities), and each likelihood against GSL or its closed form, extremes included. */
#include "small_problem.h"

#include <gsl/gsl_randist.h>

enum { ROWS = 6, MOST_OUTPUTS = 8, SAMPLES = 40000 };

typedef struct likelihood_case {
    bnn_config    *config;
    bnn_likelihood likelihood;
    real           noise[MOST_OUTPUTS], f[ROWS * MOST_OUTPUTS], y[ROWS * MOST_OUTPUTS];
} likelihood_case;

static void case_make(likelihood_case *t, bnn_config *config) {
    *t = (likelihood_case){ .config = config };
    bnn_likelihood *likelihood = &t->likelihood;
    make_likelihood(likelihood, config);
    assert_true(likelihood->n_outputs <= MOST_OUTPUTS && likelihood->n_noise <= MOST_OUTPUTS);
    gsl_rng *rng = bnn_rng_gsl(numbers_key(1));
    bnn_rng_normals(numbers_key(2), 0, ROWS * likelihood->n_outputs, t->f);
    for (size_t j = 0; j < likelihood->n_noise; j++) t->noise[j] = (real)(-0.4 + 0.3 * (double)j);
    for (size_t i = 0; i < ROWS; i++) {
        double y[MOST_OUTPUTS];
        likelihood->row->sample(likelihood, t->noise, t->f + i * likelihood->n_outputs, rng, y);
        for (size_t j = 0; j < likelihood->n_targets; j++) t->y[i * likelihood->n_targets + j] = (real)y[j];
    }
    gsl_rng_free(rng);
}

static void case_free(likelihood_case *t) {
    bnn_likelihood_free(&t->likelihood);
    bnn_config_free(t->config);
}

static bnn_config *config_of(const bnn_variant *likelihood) { return READ_SETS(set_of("likelihood.name", likelihood->name)); }

/* Runs `check` for every row, with all defaults. */
static void for_every_likelihood(void (*check)(likelihood_case *t)) {
    for (size_t k = 0; bnn_likelihoods[k] != NULL; k++) {
        likelihood_case t;
        case_make(&t, config_of(bnn_likelihoods[k]));
        check(&t);
        case_free(&t);
    }
}

/* ---- the contract: nll and its derivatives --------------------------------------------------------------------------- */

static double total_nll(const likelihood_case *t) {
    double nll[ROWS], sum = 0;
    t->likelihood.row->nll(&t->likelihood, t->noise, ROWS, t->f, t->y, nll, NULL, NULL);
    for (int i = 0; i < ROWS; i++) sum += nll[i];
    return sum;
}

/* d total_nll / d v; nll is double in both builds, so the step need not be large in float either. */
static void difference_quotients(const likelihood_case *t, size_t n, real *v, double *slopes) {
    const real h = (real)(IS_DOUBLE ? 6e-6 : 0x1p-9);
    for (size_t i = 0; i < n; i++) {
        real kept = v[i], up = kept + h, down = kept - h;
        v[i] = up;
        double above = total_nll(t);
        v[i] = down;
        slopes[i] = (above - total_nll(t)) / ((double)up - (double)down);
        v[i] = kept;
    }
}

static const double slope_tolerance = IS_DOUBLE ? 1e-6 : 1e-5;

static void check_derivatives(likelihood_case *t) {
    const bnn_likelihood *likelihood = &t->likelihood;
    size_t n = ROWS * likelihood->n_outputs, n_noise = likelihood->n_noise;
    real df[ROWS * MOST_OUTPUTS], dnoise_real[MOST_OUTPUTS];
    double nll[ROWS], slopes[ROWS * MOST_OUTPUTS], dnoise[MOST_OUTPUTS];
    for (size_t j = 0; j < n_noise; j++) dnoise[j] = 100;                    /* dnoise is added to */
    likelihood->row->nll(likelihood, t->noise, ROWS, t->f, t->y, nll, df, dnoise);
    difference_quotients(t, n, t->f, slopes);
    if (!(disagreement(n, df, slopes) <= slope_tolerance)) fail_msg("%s: df", likelihood->row->head.name);
    df[n - 1] = -df[n - 1];
    assert_true(disagreement(n, df, slopes) > slope_tolerance);
    difference_quotients(t, n_noise, t->noise, slopes);
    for (size_t j = 0; j < n_noise; j++) dnoise_real[j] = (real)(dnoise[j] - 100);
    if (!(disagreement(n_noise, dnoise_real, slopes) <= slope_tolerance)) fail_msg("%s: dnoise", likelihood->row->head.name);
}

static void every_gradient_matches_differences(void **state) {
    (void)state;
    for_every_likelihood(check_derivatives);
}

static void check_rows_alone(likelihood_case *t) {
    const bnn_likelihood *likelihood = &t->likelihood;
    size_t k = likelihood->n_outputs, targets = likelihood->n_targets;
    real df[ROWS * MOST_OUTPUTS], one_df[MOST_OUTPUTS];
    double nll[ROWS], one;
    likelihood->row->nll(likelihood, t->noise, ROWS, t->f, t->y, nll, df, NULL);
    for (size_t i = 0; i < ROWS; i++) {
        likelihood->row->nll(likelihood, t->noise, 1, t->f + i * k, t->y + i * targets, &one, one_df, NULL);
        assert_close(nll[i], one, 1e-14);
        assert_memory_equal(one_df, df + i * k, k * sizeof(real));
    }
}

static void every_row_stands_alone(void **state) {
    (void)state;
    for_every_likelihood(check_rows_alone);
}

/* ---- the contract: samples, moments, cdf, probabilities -------------------------------------------------------------- */

/* SAMPLES draws of y given the outputs of row 0: [SAMPLES x n_targets] */
static const double *draw_samples(const likelihood_case *t) {
    static double y[SAMPLES * MOST_OUTPUTS];
    gsl_rng *rng = bnn_rng_gsl(numbers_key(9));
    for (size_t s = 0; s < SAMPLES; s++)
        t->likelihood.row->sample(&t->likelihood, t->noise, t->f, rng, y + s * t->likelihood.n_targets);
    gsl_rng_free(rng);
    return y;
}

/* The share of samples with lo < y_j <= hi lies within 5 standard errors of p. */
static bool is_share(const double *y, size_t n_targets, size_t j, double lo, double hi, double p) {
    double n = 0;
    for (size_t s = 0; s < SAMPLES; s++) n += y[s * n_targets + j] > lo && y[s * n_targets + j] <= hi;
    return fabs(n / SAMPLES - p) <= 5 * sqrt(p * (1 - p) / SAMPLES) + 1e-12;
}

static void check_numbers(likelihood_case *t) {
    const bnn_likelihood *likelihood = &t->likelihood;
    size_t k = likelihood->n_targets;
    double mean[ROWS * MOST_OUTPUTS], var[ROWS * MOST_OUTPUTS];
    const double *y = draw_samples(t);
    assert_true(likelihood->row->moments != NULL && likelihood->row->cdf != NULL && likelihood->row->probabilities == NULL);
    likelihood->row->moments(likelihood, t->noise, ROWS, t->f, mean, var);
    for (size_t j = 0; j < k; j++) {
        double sum = 0, sum2 = 0, sum4 = 0, last = 0;
        for (size_t s = 0; s < SAMPLES; s++) {
            double d = y[s * k + j] - mean[j];
            sum += d;
            sum2 += d * d;
            sum4 += d * d * d * d;
        }
        assert_true(fabs(sum / SAMPLES) <= 5 * sqrt(var[j] / SAMPLES));
        assert_true(fabs(sum2 / SAMPLES - var[j]) <= 5 * sqrt((sum4 / SAMPLES - var[j] * var[j]) / SAMPLES));
        for (double z = -3; z <= 3; z += 0.5) {
            double at = mean[j] + z * sqrt(var[j]), p = likelihood->row->cdf(likelihood, t->noise, t->f, j, at);
            assert_true(p >= last && p <= 1);
            assert_true(is_share(y, k, j, -INFINITY, at, p));
            if (z == 1) assert_false(is_share(y, k, j, -INFINITY, at, p + 0.02));
            last = p;
        }
    }
}

static void check_classes(likelihood_case *t) {
    const bnn_likelihood *likelihood = &t->likelihood;
    size_t k = likelihood->n_classes;
    double p[ROWS * MOST_OUTPUTS], nll;
    const double *samples = draw_samples(t);
    assert_true(likelihood->row->probabilities != NULL && likelihood->row->moments == NULL && likelihood->row->cdf == NULL);
    likelihood->row->probabilities(likelihood, ROWS, t->f, p);
    for (size_t i = 0; i < ROWS; i++) {
        double sum = 0;
        for (size_t j = 0; j < k; j++) {
            real label = (real)j;
            likelihood->row->nll(likelihood, t->noise, 1, t->f + i * likelihood->n_outputs, &label, &nll, NULL, NULL);
            if (!likelihood->row->is_surrogate) assert_close(-log(p[i * k + j]), nll, 1e-12);
            sum += p[i * k + j];
        }
        assert_close(sum, 1, 1e-14);
    }
    for (size_t j = 0; j < k; j++) {
        assert_true(is_share(samples, 1, 0, (double)j - 0.5, (double)j + 0.5, p[j]));
        assert_false(is_share(samples, 1, 0, (double)j - 0.5, (double)j + 0.5, p[j] + 0.02));
    }
}

static void check_samples(likelihood_case *t) {
    if (t->likelihood.row->wants_classes) check_classes(t);
    else check_numbers(t);
}

static void every_sample_agrees_with_moments_cdf_and_probabilities(void **state) {
    (void)state;
    for_every_likelihood(check_samples);
}

static void every_likelihood_refuses_targets_of_the_other_kind(void **state) {
    (void)state;
    for (size_t k = 0; bnn_likelihoods[k] != NULL; k++) {
        bnn_config *config = config_of(bnn_likelihoods[k]);
        bool wants_classes = ((const bnn_likelihood_row *)bnn_likelihoods[k])->wants_classes;
        bnn_likelihood likelihood;
        assert_int_equal(bnn_likelihood_make(&likelihood, config, 1, wants_classes ? 0 : 2), BNN_ERR_CONFIG);
        assert_non_null(strstr(bnn_error_text(), bnn_likelihoods[k]->name));
        bnn_likelihood_free(&likelihood);
        bnn_config_free(config);
    }
}

/* ---- each against its closed form ------------------------------------------------------------------------------------ */

static void gaussian_nll_matches_gsl_pdf(void **state) {
    (void)state;
    const char *noise[] = { "learn", "0.7", "1e-3", "50" };
    for (int k = 0; k < 4; k++) {
        likelihood_case t;
        case_make(&t, READ_SETS("likelihood.name=gaussian", set_of("likelihood.noise_sd", noise[k])));
        assert_int_equal(t.likelihood.n_targets, 2);
        assert_int_equal(t.likelihood.n_noise, k == 0 ? 2 : 0);
        double nll[ROWS], sd[2], mean[2 * ROWS], var[2 * ROWS];
        for (size_t j = 0; j < 2; j++) sd[j] = k == 0 ? exp((double)t.noise[j]) : atof(noise[k]);
        t.likelihood.row->nll(&t.likelihood, t.noise, ROWS, t.f, t.y, nll, NULL, NULL);
        t.likelihood.row->moments(&t.likelihood, t.noise, ROWS, t.f, mean, var);
        for (int i = 0; i < ROWS; i++) {
            double want = 0;
            for (int j = 0; j < 2; j++) {
                want -= log(gsl_ran_gaussian_pdf((double)t.y[2 * i + j] - (double)t.f[2 * i + j], sd[j]));
                assert_close(mean[2 * i + j], (double)t.f[2 * i + j], 0);
                assert_close(var[2 * i + j], sd[j] * sd[j], 1e-13);
            }
            assert_close(nll[i], want, 1e-12);
        }
        case_free(&t);
    }
}

/* 1000 sd away the density underflows, its logarithm does not: 1/2 z^2 + log sd + 1/2 log 2 pi. */
static void gaussian_nll_is_exact_far_out(void **state) {
    (void)state;
    bnn_config *config = READ_SETS("likelihood.noise_sd=0.5");
    bnn_likelihood likelihood;
    real f = 500, y = 0, df;
    double nll;
    assert_ok(bnn_likelihood_make(&likelihood, config, 1, 0));
    likelihood.row->nll(&likelihood, NULL, 1, &f, &y, &nll, &df, NULL);
    assert_close(nll, 500000 + log(0.5) + 0.5 * log(2 * M_PI), 1e-15);
    assert_close((double)df, 2000, 1e-6);
    bnn_likelihood_free(&likelihood);
    bnn_config_free(config);
}

static void bernoulli_keeps_its_digits_at_extreme_logits(void **state) {
    (void)state;
    /* by hand: nll = log(1 + exp(f)) - y f; e^-30 = 9.357622968840175e-14 */
    const struct { double f; int label; double nll, df; } cases[] = {
        { 0, 0, M_LN2, 0.5 },   { 0, 1, M_LN2, -0.5 },   { 1000, 1, 0, 0 },    { 1000, 0, 1000, 1 },
        { -1000, 0, 0, 0 },     { -1000, 1, 1000, -1 },  { 30, 1, 9.357622968839737e-14, -9.357622968839299e-14 },
        { -30, 0, 9.357622968839737e-14, 9.357622968839299e-14 },
    };
    bnn_config *config = READ_SETS("likelihood.name=bernoulli");
    bnn_likelihood likelihood;
    assert_ok(bnn_likelihood_make(&likelihood, config, 1, 2));
    assert_int_equal(likelihood.n_outputs, 1);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        real f = (real)cases[k].f, y = (real)cases[k].label, df;
        double nll, p[2];
        likelihood.row->nll(&likelihood, NULL, 1, &f, &y, &nll, &df, NULL);
        likelihood.row->probabilities(&likelihood, 1, &f, p);
        assert_true(fabs(nll - cases[k].nll) <= 1e-14 * cases[k].nll);
        assert_true(fabs((double)df - cases[k].df) <= (IS_DOUBLE ? 1e-14 : 1e-7) * fabs(cases[k].df));
        assert_close(p[0] + p[1], 1, 1e-15);
        assert_true(fabs(p[cases[k].label] - exp(-cases[k].nll)) <= 1e-14);
    }
    bnn_likelihood_free(&likelihood);
    assert_int_equal(bnn_likelihood_make(&likelihood, config, 1, 3), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "use categorical"));
    bnn_config_free(config);
}

static void categorical_is_softmax_even_at_extreme_logits(void **state) {
    (void)state;
    /* by hand: nll = log sum exp f - f_y; equal logits: log 3; shifts by a constant change nothing */
    const struct { double f[3]; int label; double nll, p[3]; } cases[] = {
        { { 0, 0, 0 }, 1, 1.0986122886681098, { 1. / 3, 1. / 3, 1. / 3 } },
        { { 1e6, 1e6, 1e6 }, 2, 1.0986122886681098, { 1. / 3, 1. / 3, 1. / 3 } },
        { { 1000, 0, -1000 }, 0, 0, { 1, 0, 0 } },
        { { 1000, 0, -1000 }, 2, 2000, { 1, 0, 0 } },
        { { -1000, -1000, -999 }, 2, 0.5514447139320511, { 0.21194155761708547, 0.21194155761708547, 0.5761168847658291 } },
    };
    bnn_config *config = READ_SETS("likelihood.name=categorical");
    bnn_likelihood likelihood;
    assert_ok(bnn_likelihood_make(&likelihood, config, 1, 3));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        real f[3], df[3], y = (real)cases[k].label;
        double nll, p[3];
        for (int j = 0; j < 3; j++) f[j] = (real)cases[k].f[j];
        likelihood.row->nll(&likelihood, NULL, 1, f, &y, &nll, df, NULL);
        likelihood.row->probabilities(&likelihood, 1, f, p);
        assert_close(nll, cases[k].nll, 1e-14);
        for (int j = 0; j < 3; j++) {
            assert_close(p[j], cases[k].p[j], 1e-14);
            assert_close((double)df[j], cases[k].p[j] - (j == cases[k].label), 1e-7);
        }
    }
    bnn_likelihood_free(&likelihood);
    bnn_config_free(config);
}

static void bernoulli_and_two_class_categorical_agree(void **state) {
    (void)state;
    bnn_config *one = READ_SETS("likelihood.name=bernoulli"), *two = READ_SETS("likelihood.name=categorical");
    bnn_likelihood bernoulli, categorical;
    assert_ok(bnn_likelihood_make(&bernoulli, one, 1, 2));
    assert_ok(bnn_likelihood_make(&categorical, two, 1, 2));
    for (int k = -40; k <= 40; k++) {
        real f[2] = { 0, (real)k / 4 }, y = (real)(k & 1);
        double a, b;
        bernoulli.row->nll(&bernoulli, NULL, 1, &f[1], &y, &a, NULL, NULL);
        categorical.row->nll(&categorical, NULL, 1, f, &y, &b, NULL, NULL);
        assert_close(a, b, 1e-14);
    }
    bnn_likelihood_free(&bernoulli);
    bnn_likelihood_free(&categorical);
    bnn_config_free(one);
    bnn_config_free(two);
}

static void learnt_noise_is_bounded(void **state) {
    (void)state;
    real noise[3] = { -100, (real)0.5, 100 };
    bnn_likelihood_bound_noise(3, noise);
    assert_close(exp((double)noise[0]), 1e-3, 1e-6);
    assert_true(noise[1] == (real)0.5);
    assert_close(exp((double)noise[2]), 1e3, 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gradient_matches_differences),
        cmocka_unit_test(every_row_stands_alone),
        cmocka_unit_test(every_sample_agrees_with_moments_cdf_and_probabilities),
        cmocka_unit_test(every_likelihood_refuses_targets_of_the_other_kind),
        cmocka_unit_test(gaussian_nll_matches_gsl_pdf),
        cmocka_unit_test(gaussian_nll_is_exact_far_out),
        cmocka_unit_test(bernoulli_keeps_its_digits_at_extreme_logits),
        cmocka_unit_test(categorical_is_softmax_even_at_extreme_logits),
        cmocka_unit_test(bernoulli_and_two_class_categorical_agree),
        cmocka_unit_test(learnt_noise_is_bounded),
    };
    return RUN(tests);
}
