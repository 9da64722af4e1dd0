/* CDF, quantiles and CRPS of a mixture over draws. Normal components are left to normals.c.
 *
 * A quantile is the root of cdf(y) - level by Brent's method. It lies between the smallest and the largest quantile of the
 * components; what normal ones would give is widened until it holds the root. Of counts it is the smallest whole number whose cdf
 * reaches the level. The CRPS comes from adaptive quadrature; the CDF of counts is a step function, its integral a sum over whole
 * numbers. */
#include "predict/mixture.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>

enum { MAX_GROWTHS = 60, MAX_ITERATIONS = 200, MAX_INTERVALS = 500, MAX_STRIDES = 1024 };

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

static bnn_normals normals_of(const bnn_mixture *mixture) {
    return (bnn_normals){ mixture->n, mixture->mean, mixture->var, mixture->inverse_sd };
}

double bnn_mixture_cdf(const bnn_mixture *mixture, double y) {
    const bnn_likelihood *likelihood = mixture->likelihood;
    const bnn_normals normals = normals_of(mixture);
    double sum = 0;
    if (normals.inverse_sd != NULL) return bnn_normals_cdf(&normals, y);
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
    const bnn_normals normals = normals_of(mixture);
    if (normals.inverse_sd != NULL) return bnn_normals_quantile(&normals, level);
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
    const bnn_normals normals = normals_of(mixture);
    if (mixture->likelihood->row->wants_counts) return crps_of_counts(mixture, tools, y);
    if (normals.inverse_sd != NULL) return bnn_normals_crps(&normals, y);
    double sd = total_sd(mixture);
    return integrate_tail(mixture, tools, y, sd, false) + integrate_tail(mixture, tools, y, sd, true);
}
