/* CDF, quantiles and CRPS of a mixture over draws.
 *
 * A quantile is the root of cdf(y) - level by Brent's method. It lies between the smallest and the largest quantile of the
 * components, and for normal components mean + z sd gives both ends; for others the bracket grows until it holds the root. Of counts
 * it is the smallest whole number whose cdf reaches the level.
 *
 * CRPS of n normals (Grimit, Gneiting, Berrocal & Johnson 2006, eq. 5), with A(m, v) = E|N(m, v)|:
 *
 *     crps = 1/n sum_s A(y - m_s, v_s) - spread,   spread = 1/(2 n^2) sum_s sum_t A(m_s - m_t, v_s + v_t) = int F (1 - F) dx
 *
 * Its n^2 terms soon cost more than the integral: F (1 - F) is smooth on the scale of the smallest sd, so that the trapezoid rule with
 * half of it as its step has an error of exp(-4 pi^2), next to none. Where that takes too many steps, and for other likelihoods, the
 * CRPS comes from adaptive quadrature; the CDF of counts is a step function, its integral a sum over whole numbers. */
#include "predict/mixture.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>

enum { MAX_GROWTHS = 60, MAX_ITERATIONS = 200, MAX_INTERVALS = 500, MAX_PAIRWISE = 512, MAX_STRIDES = 1024 };

bool bnn_mixture_tools_make(bnn_mixture_tools *tools) {
    tools->solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    tools->integration = gsl_integration_workspace_alloc(MAX_INTERVALS);
    return tools->solver != NULL && tools->integration != NULL;
}

void bnn_mixture_tools_free(bnn_mixture_tools *tools) {
    if (tools->solver != NULL) gsl_root_fsolver_free(tools->solver);
    if (tools->integration != NULL) gsl_integration_workspace_free(tools->integration);
    *tools = (bnn_mixture_tools){0};
}

double bnn_mixture_cdf(const bnn_mixture *mixture, double y) {
    const bnn_likelihood *likelihood = mixture->likelihood;
    double sum = 0;
    for (size_t s = 0; s < mixture->n; s++)
        sum += likelihood->row->cdf(likelihood, mixture->noise + s * likelihood->n_noise, mixture->f + s * mixture->stride,
                                    mixture->target, y);
    return sum / (double)mixture->n;
}

double bnn_mixture_pit(const bnn_mixture *mixture, double y) {
    double cdf = bnn_mixture_cdf(mixture, y);
    return mixture->likelihood->row->wants_counts ? 0.5 * (cdf + bnn_mixture_cdf(mixture, y - 1)) : cdf;
}

/* ---- quantiles --------------------------------------------------------------------------------------------------------- */

typedef struct level_job { const bnn_mixture *mixture; double level; } level_job;

static double excess(double y, void *context) {
    const level_job *job = context;
    return bnn_mixture_cdf(job->mixture, y) - job->level;
}

/* *low and *high enclose the quantile; returns the sd of a typical component, or NaN if no enclosure was found. */
static double find_bracket(level_job *job, double *low, double *high) {
    const bnn_mixture *mixture = job->mixture;
    double z = gsl_cdf_ugaussian_Pinv(job->level), sum_var = 0;
    *low = INFINITY, *high = -INFINITY;
    for (size_t s = 0; s < mixture->n; s++) {
        double quantile = mixture->mean[s] + z * sqrt(mixture->var[s]);
        *low = fmin(*low, quantile);
        *high = fmax(*high, quantile);
        sum_var += mixture->var[s];
    }
    double sd = sqrt(sum_var / (double)mixture->n), margin = 1e-3 * sd;
    for (int growth = 0; growth < MAX_GROWTHS; growth++, margin *= 4) {
        *low -= margin;
        *high += margin;
        if (excess(*low, job) <= 0 && excess(*high, job) >= 0) return sd;
    }
    return NAN;
}

/* low < quantile <= high all the way, until no double lies between. */
static double count_quantile(level_job *job, double high) {
    double low = -1, middle;
    high = fmax(ceil(high), 0);
    while ((middle = floor(0.5 * (low + high))) > low && middle < high) {
        if (excess(middle, job) < 0) low = middle;
        else high = middle;
    }
    return high;
}

double bnn_mixture_quantile(const bnn_mixture *mixture, bnn_mixture_tools *tools, double level) {
    level_job job = { mixture, level };
    gsl_function function = { excess, &job };
    double low, high, sd = find_bracket(&job, &low, &high);
    if (mixture->likelihood->row->wants_counts) return isnan(sd) ? NAN : count_quantile(&job, high);
    if (isnan(sd) || gsl_root_fsolver_set(tools->solver, &function, low, high) != GSL_SUCCESS) return NAN;
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        if (gsl_root_fsolver_iterate(tools->solver) != GSL_SUCCESS) return NAN;
        low = gsl_root_fsolver_x_lower(tools->solver);
        high = gsl_root_fsolver_x_upper(tools->solver);
        if (gsl_root_test_interval(low, high, 1e-12 * sd, 4 * DBL_EPSILON) == GSL_SUCCESS)
            return gsl_root_fsolver_root(tools->solver);
    }
    return NAN;
}

/* ---- CRPS -------------------------------------------------------------------------------------------------------------- */

/* E|N(mean, var)| = 2 sd phi(z) + mean (2 Phi(z) - 1),  z = mean / sd */
static double mean_of_abs(double mean, double var) {
    double sd = sqrt(var), z = mean / sd;
    return 2 * sd * exp(-0.5 * z * z) / sqrt(2 * M_PI) + mean * erf(z * M_SQRT1_2);
}

static double distance_to(size_t n, const double *mean, const double *var, double y) {
    double sum = 0;
    for (size_t s = 0; s < n; s++) sum += mean_of_abs(y - mean[s], var[s]);
    return sum / (double)n;
}

double bnn_crps_of_normals(size_t n, const double *mean, const double *var, double y) {
    double pairs = 0, selves = 0;
    for (size_t s = 0; s < n; s++) {
        selves += mean_of_abs(0, 2 * var[s]);
        for (size_t t = 0; t < s; t++) pairs += mean_of_abs(mean[s] - mean[t], var[s] + var[t]);
    }
    return distance_to(n, mean, var, y) - (pairs + 0.5 * selves) / ((double)n * (double)n);
}

typedef struct grid { double first, step, n; } grid;

/* From where F is 0 to where it is 1 in double. */
static grid grid_of_normals(size_t n, const double *mean, const double *var) {
    double low = INFINITY, high = -INFINITY, least_var = INFINITY;
    for (size_t s = 0; s < n; s++) {
        double reach = 8.5 * sqrt(var[s]);
        low = fmin(low, mean[s] - reach);
        high = fmax(high, mean[s] + reach);
        least_var = fmin(least_var, var[s]);
    }
    double step = 0.5 * sqrt(least_var);
    return (grid){ low, step, ceil((high - low) / step) };
}

static double spread_on_grid(size_t n, const double *mean, const double *var, grid g) {
    double sum = 0;
    for (double i = 0; i <= g.n; i++) {
        double x = g.first + i * g.step, cdf = 0;
        for (size_t s = 0; s < n; s++) cdf += 0.5 * erfc((mean[s] - x) / sqrt(2 * var[s]));
        cdf /= (double)n;
        sum += cdf * (1 - cdf);
    }
    return g.step * sum;
}

typedef struct tail_job { const bnn_mixture *mixture; double y, step; bool is_above; } tail_job;

/* The squared distance of the CDF to the step at y, `steps` beyond y. */
static double tail(double steps, void *context) {
    const tail_job *job = context;
    double cdf = bnn_mixture_cdf(job->mixture, job->y + steps * job->step);
    return job->is_above ? (1 - cdf) * (1 - cdf) : cdf * cdf;
}

static double integrate_tail(const bnn_mixture *mixture, bnn_mixture_tools *tools, double y, double sd, bool is_above) {
    tail_job job = { mixture, y, is_above ? sd : -sd, is_above };
    gsl_function function = { tail, &job };
    double value, error;
    int code = gsl_integration_qagiu(&function, 0, 1e-9, 1e-9, MAX_INTERVALS, tools->integration, &value, &error);
    return code == GSL_SUCCESS || error <= 1e-6 * (1 + value) ? value * sd : NAN;
}

static double total_sd(const bnn_mixture *mixture) {
    double mean = 0, var = 0, n = (double)mixture->n;
    for (size_t s = 0; s < mixture->n; s++) mean += mixture->mean[s] / n;
    for (size_t s = 0; s < mixture->n; s++) var += (mixture->var[s] + (mixture->mean[s] - mean) * (mixture->mean[s] - mean)) / n;
    return sqrt(var);
}

/* The sum over k = first .. end - 1, all on one side of y, of the squared distance of the cdf to the step at y. A long stretch goes in
 * strides that the count in their middle speaks for: the cdf is then smooth at that scale, and the error some 1e-5 of the sum. */
static double sum_counts(const bnn_mixture *mixture, double first, double end, bool is_above) {
    double length = end - first, sum = 0;
    size_t n = length < MAX_STRIDES ? (size_t)fmax(length, 0) : MAX_STRIDES;
    for (size_t i = 0; i < n; i++) {
        double from = first + floor(length * (double)i / (double)n), to = first + floor(length * (double)(i + 1) / (double)n);
        double cdf = bnn_mixture_cdf(mixture, floor(0.5 * (from + to - 1))), distance = is_above ? 1 - cdf : cdf;
        sum += (to - from) * distance * distance;
    }
    return sum;
}

/* The cdf is 0 below a quantile of 1e-10 and 1 above its counterpart. */
static double crps_of_counts(const bnn_mixture *mixture, bnn_mixture_tools *tools, double y) {
    double first = bnn_mixture_quantile(mixture, tools, 1e-10), end = bnn_mixture_quantile(mixture, tools, 1 - 1e-10);
    if (isnan(first) || isnan(end)) return NAN;
    double beyond = fmax(first - y, 0) + fmax(y - end, 0);
    return beyond + sum_counts(mixture, first, fmin(y, end), false) + sum_counts(mixture, fmax(y, first), end, true);
}

double bnn_mixture_crps(const bnn_mixture *mixture, bnn_mixture_tools *tools, double y) {
    const bnn_likelihood_row *row = mixture->likelihood->row;
    const double *mean = mixture->mean, *var = mixture->var;
    size_t n = mixture->n;
    if (row->wants_counts) return crps_of_counts(mixture, tools, y);
    grid g = grid_of_normals(n, mean, var);
    if (row->is_normal && 2 * g.n < (double)n) return distance_to(n, mean, var, y) - spread_on_grid(n, mean, var, g);
    if (row->is_normal && n <= MAX_PAIRWISE) return bnn_crps_of_normals(n, mean, var, y);
    double sd = total_sd(mixture);
    return integrate_tail(mixture, tools, y, sd, false) + integrate_tail(mixture, tools, y, sd, true);
}
