/* A contract that every row of bnn_priors must keep (a density that integrates to 1, gradients by differences, the KL by quadrature
 * and by Monte Carlo, samples that follow the density), and each prior against GSL. */
#include "small_problem.h"

#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>

typedef struct prior_case { bnn_config *config; bnn_prior prior; double scale; } prior_case;

static prior_case case_make(bnn_config *config, double scale) {
    prior_case t = { .config = config, .scale = scale };
    assert_ok(bnn_prior_make(&t.prior, config));
    return t;
}

static void case_free(prior_case *t) {
    bnn_prior_free(&t->prior);
    bnn_config_free(t->config);
}

/* Runs `check` for every row with all defaults, as configured and widened three times. */
static void for_every_prior(void (*check)(const prior_case *t)) {
    const double scales[] = { 1, 3 };
    for (size_t k = 0; bnn_priors[k] != NULL; k++)
        for (int s = 0; s < 2; s++) {
            prior_case t = case_make(READ_SETS(set_of("prior.name", bnn_priors[k]->name)), scales[s]);
            check(&t);
            case_free(&t);
        }
}

static double log_prob(const prior_case *t, double w) {
    real v = (real)w;
    return t->prior.row->log_prob(&t->prior, t->scale, 1, &v);
}

static double grad(const prior_case *t, double w) {
    real v = (real)w, g = 0;
    t->prior.row->add_grad(&t->prior, t->scale, 1, 1, &v, &g);
    return (double)g;
}

/* ---- quadrature ------------------------------------------------------------------------------------------------------ */

typedef struct integrand { const prior_case *prior; double mu, sd; } integrand;

enum { PIECES = 34 };

/* Integral of f from lo to hi, in pieces whose ends are 0 and +-1e-5 .. 1e3 in steps of sqrt(10): spikes at 0 are not missed. */
static double integrate(double (*f)(double w, void *context), void *context, double lo, double hi) {
    gsl_integration_workspace *workspace = gsl_integration_workspace_alloc(200);
    gsl_function function = { f, context };
    double ends[PIECES + 2], sum = 0, from = lo;
    for (int i = 0; i < 17; i++) {
        double end = pow(10, -5 + 0.5 * i);
        ends[16 - i] = -end;
        ends[18 + i] = end;
    }
    ends[17] = 0;
    for (int i = 0; i <= PIECES + 1; i++) {
        double to = i <= PIECES ? ends[i] : hi, part, error;
        if (to > hi || i == PIECES + 1) to = hi;
        if (to <= from) continue;
        /* in float the rounding of w roughens the integrand, so that more cannot be asked for */
        assert_int_equal(gsl_integration_qag(&function, from, to, IS_DOUBLE ? 1e-13 : 1e-7, IS_DOUBLE ? 1e-10 : 1e-5, 200,
                                             GSL_INTEG_GAUSS21, workspace, &part, &error), 0);
        sum += part;
        from = to;
    }
    gsl_integration_workspace_free(workspace);
    return sum;
}

static double density(double w, void *context) { return exp(log_prob(((integrand *)context)->prior, w)); }

/* Beyond +-w: heavy tails have some left. */
static double mass_beyond(integrand *in, double w) {
    gsl_integration_workspace *workspace = gsl_integration_workspace_alloc(200);
    gsl_function function = { density, in };
    double left, right, error;
    assert_int_equal(gsl_integration_qagiu(&function, w, 1e-11, 1e-6, 200, workspace, &right, &error), 0);
    assert_int_equal(gsl_integration_qagil(&function, -w, 1e-11, 1e-6, 200, workspace, &left, &error), 0);
    gsl_integration_workspace_free(workspace);
    return left + right;
}

static double kl_density(double w, void *context) {
    const integrand *in = context;
    double z = (w - in->mu) / in->sd, log_q = -0.5 * z * z - log(in->sd) - 0.5 * log(2 * M_PI);
    return exp(log_q) * (log_q - log_prob(in->prior, w));
}

/* Beyond 12 sd a normal has 4e-33 of its mass. */
static double kl_by_quadrature(const prior_case *t, double mu, double sd) {
    integrand in = { t, mu, sd };
    return integrate(kl_density, &in, mu - 12 * sd, mu + 12 * sd);
}

static const double quadrature_tolerance = IS_DOUBLE ? 1e-9 : 1e-5;

/* ---- the contract: density and gradient ------------------------------------------------------------------------------ */

static bool is_proper(const prior_case *t) { return t->prior.row->sample != NULL; }

static void check_integral(const prior_case *t) {
    integrand in = { t, 0, 0 };
    if (!is_proper(t)) return;
    assert_close(integrate(density, &in, -1000, 1000) + mass_beyond(&in, 1000), 1, quadrature_tolerance);
}

static void every_proper_prior_integrates_to_one(void **state) {
    (void)state;
    for_every_prior(check_integral);
}

static void check_scale(const prior_case *t) {
    prior_case plain = *t;
    plain.scale = 1;
    for (double w = -2; w <= 2; w += 0.25)
        assert_close(log_prob(t, w * t->scale), log_prob(&plain, w) - (is_proper(t) ? log(t->scale) : 0), 1e-12);
}

static void scale_widens_every_prior(void **state) {
    (void)state;
    for_every_prior(check_scale);
}

static const double points[] = {
    -30, -3, -0.7, -0.04, -0.013, -0.006, -0.002, -3e-4, 5e-4, 0.003, 0.0085, 0.02, 0.11, 1, 2.5, 100 };

/* The slope of -log p by differences. The step follows |w|, since spikes at 0 are narrow; in float it must also be many units in
 * the last place of w. *rounding: what rounding of log p may do to it. */
static double slope_of(const prior_case *t, double w, double *rounding) {
    const real h = (real)((IS_DOUBLE ? 2e-5 : 2e-3) * fabs(w)), up = (real)w + h, down = (real)w - h;
    *rounding = 1e-15 * (1 + fabs(log_prob(t, w))) / (double)h;
    return (log_prob(t, (double)down) - log_prob(t, (double)up)) / ((double)up - (double)down);
}

static void check_gradient(const prior_case *t) {
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        double w = (double)(real)points[i], g = grad(t, w), bound, want = slope_of(t, w, &bound);
        bound += (IS_DOUBLE ? 1e-6 : 3e-3) * (fabs(g) + fabs(want));
        if (!(fabs(g - want) <= bound))
            fail_msg("%s: gradient at %g is %.9g, differences say %.9g", t->prior.row->head.name, w, g, want);
        if (want != 0) assert_true(fabs(-g - want) > bound && fabs(2 * g - want) > bound);       /* planted faults */
    }
}

static void every_gradient_matches_differences(void **state) {
    (void)state;
    for_every_prior(check_gradient);
}

/* Spans of odd length, a factor, and something in g already. */
static void check_spans(const prior_case *t) {
    enum { N = 37 };
    real w[N], g[N];
    double sum = 0;
    bnn_rng_normals(numbers_key(3), 0, N, w);
    for (int i = 0; i < N; i++) g[i] = 5;
    t->prior.row->add_grad(&t->prior, t->scale, (real)-0.5, N, w, g);
    for (int i = 0; i < N; i++) {
        assert_close((double)g[i], 5 - 0.5 * grad(t, (double)w[i]), IS_DOUBLE ? 1e-13 : 1e-5);
        sum += log_prob(t, (double)w[i]);
    }
    assert_close(t->prior.row->log_prob(&t->prior, t->scale, N, w), sum, 1e-13);
}

static void every_prior_adds_up_over_spans(void **state) {
    (void)state;
    for_every_prior(check_spans);
}

static void check_tails(const prior_case *t) {
    const double far[] = { 0, 1e-30, 50, 1e3, 1e6, -1e6 };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        assert_true(isfinite(log_prob(t, far[i])));
        assert_true(isfinite(grad(t, far[i])));
        assert_true(far[i] == 0 || grad(t, far[i]) * far[i] >= 0);    /* never pushes outwards */
    }
}

static void every_prior_is_finite_far_out(void **state) {
    (void)state;
    for_every_prior(check_tails);
}

/* ---- the contract: KL ------------------------------------------------------------------------------------------------ */

static const struct { double mu, sd; } normals[] = { { 0, 1 }, { 0.7, 0.3 }, { -1.5, 0.02 }, { 0.01, 0.004 }, { 2, 2 } };
enum { NORMALS = sizeof normals / sizeof *normals, DRAWS = 20000 };

static double kl_of(const prior_case *t, double mu, double log_sd, bool is_monte_carlo, size_t n_draws, const bnn_key *keys) {
    real m = (real)mu, s = (real)log_sd;
    return bnn_prior_kl(&t->prior, t->scale, 0, 1, &m, &s, is_monte_carlo, n_draws, keys);
}

static void check_closed_kl(const prior_case *t) {
    assert_true((t->prior.row->kl == NULL) == (t->prior.row->add_kl_grad == NULL));
    for (int k = 0; k < NORMALS && t->prior.row->kl != NULL; k++) {
        double mu = (double)(real)normals[k].mu, log_sd = (double)(real)log(normals[k].sd);
        assert_close(kl_of(t, mu, log_sd, false, 0, NULL), kl_by_quadrature(t, mu, exp(log_sd)), quadrature_tolerance);
    }
}

static void every_closed_kl_matches_quadrature(void **state) {
    (void)state;
    for_every_prior(check_closed_kl);
}

/* Each draw by itself gives the spread of the estimate, and so its standard error. */
static void check_monte_carlo_kl(const prior_case *t) {
    static bnn_key keys[DRAWS];
    for (int k = 0; k < NORMALS; k++) {
        double mu = (double)(real)normals[k].mu, log_sd = (double)(real)log(normals[k].sd), sum = 0, sum2 = 0;
        double want = kl_by_quadrature(t, mu, exp(log_sd));
        for (uint32_t s = 0; s < DRAWS; s++) {
            keys[s] = bnn_key_make(11, BNN_PURPOSE_TEST, s, (uint32_t)k, 0);
            double one = kl_of(t, mu, log_sd, true, 1, &keys[s]) - want;
            sum += one;
            sum2 += one * one;
        }
        double estimate = kl_of(t, mu, log_sd, true, DRAWS, keys), se = sqrt((sum2 / DRAWS - sum * sum / DRAWS / DRAWS) / DRAWS);
        assert_close(estimate, want + sum / DRAWS, 1e-10);
        if (!(fabs(estimate - want) <= 5 * se + quadrature_tolerance))
            fail_msg("%s: KL of N(%g, %g^2) is %.9g +- %g, quadrature says %.9g", t->prior.row->head.name, mu, exp(log_sd), estimate,
                     se, want);
    }
}

static void every_monte_carlo_kl_matches_quadrature(void **state) {
    (void)state;
    for_every_prior(check_monte_carlo_kl);
}

static double closed_kl(const prior_case *t, real mu, real log_sd) {
    return t->prior.row->kl(&t->prior, t->scale, 1, &mu, &log_sd);
}

static void check_kl_gradient(const prior_case *t) {
    const real h = (real)(IS_DOUBLE ? 6e-6 : 0x1p-8);
    const double tolerance = IS_DOUBLE ? 1e-6 : 1e-3;
    for (int k = 0; k < NORMALS && t->prior.row->kl != NULL; k++) {
        real mu = (real)normals[k].mu, s = (real)log(normals[k].sd), dmu = 2, ds = 3, mu_h = h * (real)normals[k].sd;
        real mu_up = mu + mu_h, mu_down = mu - mu_h, s_up = s + h, s_down = s - h;
        t->prior.row->add_kl_grad(&t->prior, t->scale, (real)0.25, 1, &mu, &s, &dmu, &ds);
        double by_mu = (closed_kl(t, mu_up, s) - closed_kl(t, mu_down, s)) / ((double)mu_up - (double)mu_down);
        double by_s = (closed_kl(t, mu, s_up) - closed_kl(t, mu, s_down)) / ((double)s_up - (double)s_down);
        assert_close(((double)dmu - 2) * 4, by_mu, tolerance);
        assert_close(((double)ds - 3) * 4, by_s, tolerance);
    }
}

static void every_kl_gradient_matches_differences(void **state) {
    (void)state;
    for_every_prior(check_kl_gradient);
}

/* ---- the contract: samples ------------------------------------------------------------------------------------------- */

enum { SAMPLES = 200000 };

/* Shares of samples around 0, against the integral of the density: no moments, which heavy tails need not have. */
static void check_samples(const prior_case *t) {
    static real w[SAMPLES], again[SAMPLES];
    const double radii[] = { 1e-3, 0.004, 0.1, 0.5, 1, 2.5 };
    integrand in = { t, 0, 0 };
    if (!is_proper(t)) return;
    t->prior.row->sample(&t->prior, t->scale, numbers_key(5), 0, SAMPLES, w);
    for (int r = 0; r < 6; r++) {
        double radius = radii[r] * t->scale, right = 0, left = 0, p = integrate(density, &in, 0, radius);
        for (int i = 0; i < SAMPLES; i++) {
            right += w[i] > 0 && (double)w[i] <= radius;
            left += w[i] < 0 && (double)w[i] >= -radius;
        }
        double bound = 5 * sqrt(p * (1 - p) / SAMPLES) + quadrature_tolerance;
        assert_true(fabs(right / SAMPLES - p) <= bound && fabs(left / SAMPLES - p) <= bound);
        if (p > 0.01) assert_true(fabs(right / SAMPLES - 1.1 * p) > bound);       /* a planted fault */
    }
    t->prior.row->sample(&t->prior, t->scale, numbers_key(5), 0, 777, again);
    t->prior.row->sample(&t->prior, t->scale, numbers_key(5), 777, SAMPLES - 777, again + 777);
    assert_memory_equal(again, w, sizeof w);
}

static void every_sample_follows_its_density_however_cut(void **state) {
    (void)state;
    for_every_prior(check_samples);
}

/* ---- each by itself -------------------------------------------------------------------------------------------------- */

static void gaussian_matches_gsl_pdf(void **state) {
    (void)state;
    prior_case t = case_make(READ_SETS("prior.name=gaussian", "prior.sd=0.4"), 2);
    for (double w = -4; w <= 4; w += 0.5) assert_close(log_prob(&t, w), log(gsl_ran_gaussian_pdf(w, 0.8)), 1e-12);
    case_free(&t);
}

static void scale_mixture_matches_gsl_pdfs(void **state) {
    (void)state;
    prior_case t = case_make(READ_SETS("prior.name=scale_mixture", "prior.pi=0.3", "prior.sd1=2", "prior.sd2=0.25"), 1);
    for (double w = -4; w <= 4; w += 0.25)
        assert_close(log_prob(&t, w), log(0.3 * gsl_ran_gaussian_pdf(w, 2) + 0.7 * gsl_ran_gaussian_pdf(w, 0.25)), 1e-12);
    case_free(&t);
}

/* By hand: only the wide component is left, log .5 - 1/2 1e6 - 1/2 log 2 pi. Each density by itself underflows to 0. */
/* d(-log p)/dw = -p'(w)/p(w) from both normals in long double. Where the narrow one fades, between 4 and 7 of its sds, the two terms of
 * the sum differ by orders of magnitude; a difference of nearly equal shares loses 1 % there. */
static void scale_mixture_keeps_its_digits_where_the_narrow_component_fades(void **state) {
    (void)state;
    prior_case t = case_make(READ_SETS("prior.name=scale_mixture", "prior.sd1=1", "prior.sd2=0.0025"), 1);
    for (double w = 0.001; w < 0.03; w *= 1.01) {
        long double x = (long double)(real)w, s1 = 1, s2 = 0.0025L;
        long double wide = expl(-x * x / (2 * s1 * s1)) / s1, narrow = expl(-x * x / (2 * s2 * s2)) / s2;
        double want = (double)(x * (wide / (s1 * s1) + narrow / (s2 * s2)) / (wide + narrow));
        assert_close(grad(&t, w), want, IS_DOUBLE ? 1e-12 : 1e-5);
    }
    case_free(&t);
}

static void scale_mixture_is_its_wide_component_in_the_tails(void **state) {
    (void)state;
    prior_case t = case_make(READ_SETS("prior.name=scale_mixture"), 1);
    assert_close(log_prob(&t, 1e3), log(0.5) - 5e5 - 0.5 * log(2 * M_PI), 1e-14);
    assert_close(log_prob(&t, -1e3), log_prob(&t, 1e3), 0);
    assert_close(grad(&t, 1e3), 1e3, 1e-6);
    case_free(&t);
}

static void equal_components_are_one_gaussian(void **state) {
    (void)state;
    prior_case two = case_make(READ_SETS("prior.name=scale_mixture", "prior.sd1=0.5", "prior.sd2=0.5", "prior.pi=0.9"), 1);
    prior_case one = case_make(READ_SETS("prior.name=gaussian", "prior.sd=0.5"), 1);
    for (double w = -3; w <= 3; w += 0.5) {
        assert_close(log_prob(&two, w), log_prob(&one, w), 1e-13);
        assert_close(grad(&two, w), grad(&one, w), 1e-6);
    }
    case_free(&two);
    case_free(&one);
}

static void flat_says_nothing(void **state) {
    (void)state;
    prior_case t = case_make(READ_SETS("prior.name=flat"), 1);
    assert_true(log_prob(&t, 3) == 0 && log_prob(&t, -1e6) == 0 && grad(&t, 3) == 0);
    assert_false(is_proper(&t));
    case_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_proper_prior_integrates_to_one),
        cmocka_unit_test(scale_widens_every_prior),
        cmocka_unit_test(every_gradient_matches_differences),
        cmocka_unit_test(every_prior_adds_up_over_spans),
        cmocka_unit_test(every_prior_is_finite_far_out),
        cmocka_unit_test(every_closed_kl_matches_quadrature),
        cmocka_unit_test(every_monte_carlo_kl_matches_quadrature),
        cmocka_unit_test(every_kl_gradient_matches_differences),
        cmocka_unit_test(every_sample_follows_its_density_however_cut),
        cmocka_unit_test(gaussian_matches_gsl_pdf),
        cmocka_unit_test(scale_mixture_matches_gsl_pdfs),
        cmocka_unit_test(scale_mixture_keeps_its_digits_where_the_narrow_component_fades),
        cmocka_unit_test(scale_mixture_is_its_wide_component_in_the_tails),
        cmocka_unit_test(equal_components_are_one_gaussian),
        cmocka_unit_test(flat_says_nothing),
    };
    return RUN(tests);
}
