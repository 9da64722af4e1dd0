/* Mixtures of normals by vector code.
 *
 * A quantile lies between the smallest and the largest quantile of the components; Newton's steps from the moments' guess, with bisection
 * where they leave the bracket or do not shrink, need some five sums over the components.
 *
 * CRPS (Grimit, Gneiting, Berrocal & Johnson 2006, eq. 5), with A(m, v) = E|N(m, v)|:
 *
 *     crps = 1/n sum_s A(y - m_s, v_s) - spread,   spread = 1/(2 n^2) sum_s sum_t A(m_s - m_t, v_s + v_t) = int F (1 - F) dx
 *
 * Its n^2 terms soon cost more than the integral: F (1 - F) is smooth on the scale of the smallest sd, so that the trapezoid rule with
 * half of it as its step has an error of exp(-4 pi^2), next to none. Where that takes more terms than there are pairs, pairs it is. */
#include "predict/normals.h"
#include "base/normal.h"

#include <float.h>
#include <gsl/gsl_cdf.h>

enum { LANES = 8, MAX_ITERATIONS = 200 };

static double sum_of(const double lanes[LANES]) {
    double sum = 0;
    for (size_t l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

/* ---- sums over components ---------------------------------------------------------------------------------------------- */

BNN_INLINE void add_component(double mean, double inverse_sd, double y, double *cdfs, double *pdfs) {
    double cdf, pdf;
    bnn_normal((y - mean) * inverse_sd, &cdf, &pdf);
    *cdfs += cdf;
    *pdfs += pdf * inverse_sd;
}

/* Sums of cdf and density of component i at y into lane i % LANES: sums side by side make vector code. */
BNN_CLONES static void add_components(size_t n, const double *mean, const double *inverse_sd, double y, double cdfs[LANES],
                                      double pdfs[LANES]) {
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++) add_component(mean[i + l], inverse_sd[i + l], y, &cdfs[l], &pdfs[l]);
    for (size_t i = whole; i < n; i++) add_component(mean[i], inverse_sd[i], y, &cdfs[i - whole], &pdfs[i - whole]);
}

static double cdf_at(const bnn_normals *normals, double y, double *pdf) {
    double cdfs[LANES] = {0}, pdfs[LANES] = {0};
    add_components(normals->n, normals->mean, normals->inverse_sd, y, cdfs, pdfs);
    *pdf = sum_of(pdfs) / (double)normals->n;
    return sum_of(cdfs) / (double)normals->n;
}

double bnn_normals_cdf(const bnn_normals *normals, double y) {
    double pdf;
    return cdf_at(normals, y, &pdf);
}

/* E|N(mean, var)| = 2 sd phi(z) + mean (2 Phi(z) - 1),  z = mean / sd */
BNN_INLINE double mean_of_abs(double mean, double var) {
    double sd = sqrt(var), cdf, pdf;
    bnn_normal(mean / sd, &cdf, &pdf);
    return 2 * sd * pdf + mean * (2 * cdf - 1);
}

/* sum_s A(y - mean_s, var_s + var) */
BNN_CLONES static double sum_of_distances(size_t n, const double *mean, const double *var, double y, double more_var) {
    double lanes[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++) lanes[l] += mean_of_abs(y - mean[i + l], var[i + l] + more_var);
    for (size_t i = whole; i < n; i++) lanes[i - whole] += mean_of_abs(y - mean[i], var[i] + more_var);
    return sum_of(lanes);
}

/* ---- quantiles --------------------------------------------------------------------------------------------------------- */

typedef struct search { double low, high, y, least_sd; } search;

/* The bracket is a trifle wider than the components' quantiles, against rounding. */
static search start_search(const bnn_normals *normals, double z) {
    double n = (double)normals->n, mean = 0, var = 0;
    search s = { INFINITY, -INFINITY, 0, INFINITY };
    for (size_t i = 0; i < normals->n; i++) {
        double sd = sqrt(normals->var[i]), quantile = normals->mean[i] + z * sd;
        s.low = fmin(s.low, quantile);
        s.high = fmax(s.high, quantile);
        s.least_sd = fmin(s.least_sd, sd);
        mean += normals->mean[i] / n;
    }
    for (size_t i = 0; i < normals->n; i++)
        var += (normals->var[i] + (normals->mean[i] - mean) * (normals->mean[i] - mean)) / n;
    s.y = fmax(s.low, fmin(s.high, mean + z * sqrt(var)));
    s.low -= 1e-6 * s.least_sd;
    s.high += 1e-6 * s.least_sd;
    return s;
}

double bnn_normals_quantile(const bnn_normals *normals, double level) {
    double z = gsl_cdf_ugaussian_Pinv(level), before = INFINITY;
    search s = start_search(normals, z);
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        double pdf, excess = cdf_at(normals, s.y, &pdf) - level, step = -excess / pdf, next = s.y + step;
        if (isnan(excess)) return NAN;
        if (excess > 0) s.high = s.y;
        else s.low = s.y;
        bool is_newton = next > s.low && next < s.high && fabs(step) < 0.5 * before;
        if (excess == 0 || (is_newton && fabs(step) <= 1e-7 * s.least_sd)) return excess == 0 ? s.y : next;
        if (!is_newton) next = 0.5 * (s.low + s.high);
        if (s.high - s.low <= 1e-12 * s.least_sd + 2 * DBL_EPSILON * fabs(next)) return next;
        before = fabs(next - s.y);
        s.y = next;
    }
    return NAN;
}

/* ---- CRPS -------------------------------------------------------------------------------------------------------------- */

static double spread_by_pairs(size_t n, const double *mean, const double *var) {
    double pairs = 0, selves = 0;
    for (size_t s = 0; s < n; s++) {
        selves += mean_of_abs(0, 2 * var[s]);
        pairs += sum_of_distances(s, mean, var, mean[s], var[s]);
    }
    return (pairs + 0.5 * selves) / ((double)n * (double)n);
}

double bnn_crps_of_normals(size_t n, const double *mean, const double *var, double y) {
    return sum_of_distances(n, mean, var, y, 0) / (double)n - spread_by_pairs(n, mean, var);
}

typedef struct grid { double first, step, n; } grid;

/* From where F is 0 to where it is 1 in double. */
static grid grid_of(const bnn_normals *normals) {
    double low = INFINITY, high = -INFINITY, least_var = INFINITY;
    for (size_t s = 0; s < normals->n; s++) {
        double reach = 8.5 * sqrt(normals->var[s]);
        low = fmin(low, normals->mean[s] - reach);
        high = fmax(high, normals->mean[s] + reach);
        least_var = fmin(least_var, normals->var[s]);
    }
    double step = 0.5 * sqrt(least_var);
    return (grid){ low, step, ceil((high - low) / step) };
}

static double spread_on_grid(const bnn_normals *normals, grid g) {
    double sum = 0;
    for (double i = 0; i <= g.n; i++) {
        double cdf = bnn_normals_cdf(normals, g.first + i * g.step);
        sum += cdf * (1 - cdf);
    }
    return g.step * sum;
}

double bnn_normals_crps(const bnn_normals *normals, double y) {
    size_t n = normals->n;
    grid g = grid_of(normals);
    if (2 * g.n >= (double)n) return bnn_crps_of_normals(n, normals->mean, normals->var, y);
    return sum_of_distances(n, normals->mean, normals->var, y, 0) / (double)n - spread_on_grid(normals, g);
}
