/* The normal distribution by vector code against GSL; quantiles and CRPS of mixtures of normals against bisection and the closed form
 * written out with libm. */
#include "harness.h"
#include "base/normal.h"
#include "base/rng.h"
#include "predict/normals.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

enum { MOST = 700 };

/* ---- one normal -------------------------------------------------------------------------------------------------------- */

static double relative(double got, double want) { return fabs(got - want) / want; }

/* The squared z is rounded before it is exponentiated, in GSL as here: hence z^2. */
static void cdf_and_density_match_gsl_far_into_the_tails(void **state) {
    (void)state;
    for (double z = -37; z <= 37; z += 0.0037) {
        double cdf, pdf, tolerance = 2e-15 * (1 + z * z / 5);
        bnn_normal(z, &cdf, &pdf);
        assert_true(relative(cdf, gsl_cdf_ugaussian_P(z)) < tolerance);
        assert_true(relative(pdf, gsl_ran_ugaussian_pdf(z)) < tolerance);
        assert_false(relative(cdf, gsl_cdf_ugaussian_P(z + 1e-10 * (1 + fabs(z)))) < 1e-11 && z < 0);      /* the check can fail */
    }
}

static void cdf_ends_at_zero_and_one_and_keeps_nan(void **state) {
    (void)state;
    double cdf, pdf;
    bnn_normal(-INFINITY, &cdf, &pdf);
    assert_true(cdf >= 0 && cdf < 1e-300 && pdf >= 0 && pdf < 1e-300);
    bnn_normal(1e300, &cdf, &pdf);
    assert_close(cdf, 1, 0);
    bnn_normal(0, &cdf, &pdf);
    assert_close(cdf, 0.5, 1e-15);
    bnn_normal(NAN, &cdf, &pdf);
    assert_true(isnan(cdf) && isnan(pdf));
}

/* ---- mixtures ---------------------------------------------------------------------------------------------------------- */

typedef struct mixture_case { double mean[MOST], var[MOST], inverse_sd[MOST]; bnn_normals normals; } mixture_case;

/* Means of sd 2, two of three in a heap around 30 if there are heaps; sds from `sd` to half of it. */
static void mixture_make(mixture_case *t, size_t n, double sd, bool has_heaps) {
    real e[2 * MOST];
    bnn_rng_normals(bnn_key_make(21, BNN_PURPOSE_TEST, 0, (uint32_t)n, 0), 0, 2 * n, e);
    for (size_t s = 0; s < n; s++) {
        double own = sd * (s % 2 == 0 ? 1 : 0.5 + 0.1 * fabs(fmin(1, (double)e[n + s])));
        t->mean[s] = 2 * (double)e[s] + (has_heaps && s % 3 > 0 ? 30 : 0);
        t->var[s] = own * own;
        t->inverse_sd[s] = 1 / own;
    }
    t->normals = (bnn_normals){ n, t->mean, t->var, t->inverse_sd };
}

static double naive_cdf(const mixture_case *t, double y) {
    double sum = 0;
    for (size_t s = 0; s < t->normals.n; s++) sum += gsl_cdf_ugaussian_P((y - t->mean[s]) / sqrt(t->var[s])) / (double)t->normals.n;
    return sum;
}

static double bisect(const mixture_case *t, double level) {
    double low = -1e4, high = 1e4;
    for (int i = 0; i < 200 && low < high; i++) {
        double y = 0.5 * (low + high);
        if (naive_cdf(t, y) < level) low = y;
        else high = y;
    }
    return 0.5 * (low + high);
}

/* E|N(mean, var)| with libm. */
static double distance(double mean, double var) {
    double sd = sqrt(var), z = mean / sd;
    return 2 * sd * exp(-0.5 * z * z) / sqrt(2 * M_PI) + mean * erf(z * M_SQRT1_2);
}

static double naive_crps(const mixture_case *t, double y) {
    double n = (double)t->normals.n, sum = 0;
    for (size_t s = 0; s < t->normals.n; s++) {
        sum += distance(y - t->mean[s], t->var[s]) / n;
        for (size_t u = 0; u < t->normals.n; u++) sum -= distance(t->mean[s] - t->mean[u], t->var[s] + t->var[u]) / (2 * n * n);
    }
    return sum;
}

/* Sizes around the width of vectors; noise from wide to far narrower than the gaps between means. Where the cdf is flat, its rounding
 * (1e-16 of 1) over the density there is all that a quantile can be known to. */
static void quantiles_match_bisection(void **state) {
    (void)state;
    static const size_t sizes[] = { 1, 2, 7, 8, 9, 100, 101 };
    static const double sds[] = { 3, 0.3, 1e-2, 1e-4 }, levels[] = { 1e-9, 0.01, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999999 };
    static mixture_case t;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < 8; j++) {
            mixture_make(&t, sizes[i], sds[j / 2], j % 2);
            for (size_t k = 0; k < sizeof levels / sizeof *levels; k++) {
                double got = bnn_normals_quantile(&t.normals, levels[k]), want = bisect(&t, levels[k]);
                if (!is_close(got, want, 1e-12) && !(fabs(naive_cdf(&t, got) - levels[k]) < 1e-15))
                    fail_msg("%zu normals, sd %g, level %g: %.17g, expected %.17g", sizes[i], sds[j / 2], levels[k], got, want);
            }
        }
}

static void crps_matches_its_closed_form(void **state) {
    (void)state;
    static const size_t sizes[] = { 1, 8, 100, MOST };
    static const double sds[] = { 3, 0.3, 1e-3 }, ys[] = { 0.25, -40.5 };
    static mixture_case t;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < 6; j++) {
            mixture_make(&t, sizes[i], sds[j / 2], j % 2);
            for (size_t k = 0; k < 2; k++) {
                double want = naive_crps(&t, ys[k]);
                assert_close(bnn_normals_crps(&t.normals, ys[k]), want, 1e-12);
                assert_close(bnn_crps_of_normals(t.normals.n, t.mean, t.var, ys[k]), want, 1e-12);
            }
        }
}

static void broken_components_are_found_out(void **state) {
    (void)state;
    const double mean[] = { 0, NAN }, var[] = { 1, 1 }, inverse_sd[] = { 1, 1 };
    assert_true(isnan(bnn_normals_quantile(&(bnn_normals){ 2, mean, var, inverse_sd }, 0.5)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cdf_and_density_match_gsl_far_into_the_tails),
        cmocka_unit_test(cdf_ends_at_zero_and_one_and_keeps_nan),
        cmocka_unit_test(quantiles_match_bisection),
        cmocka_unit_test(crps_matches_its_closed_form),
        cmocka_unit_test(broken_components_are_found_out),
    };
    return RUN(tests);
}
