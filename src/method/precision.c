/* One-dimensional root finding over log tau, by GSL's Brent solver. */
#include "method/precision.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>

#define LOG_TAU_MIN (-27.6)
#define LOG_TAU_MAX 27.6

enum { MOST_ITERATIONS = 200, TILE = 1024 };

/* Folds the eigenvalues, in order, into *sum. */
static void fold(const bnn_precision_group *group, double tau, void (*add)(size_t n, const double *e, double tau, double *sum), double *sum) {
    double e[TILE];
    for (size_t done = 0; done < group->n; done += TILE) {
        size_t n = group->n - done < TILE ? group->n - done : TILE;
        group->eigenvalues(group->context, group->first + done, n, e);
        add(n, e, tau, sum);
    }
}

static void add_shares(size_t n, const double *e, double tau, double *sum) {
    for (size_t i = 0; i < n; i++) *sum += e[i] / (e[i] + tau);
}

static void add_logs(size_t n, const double *e, double tau, double *sum) {
    for (size_t i = 0; i < n; i++) *sum += log(e[i] + tau);
}

static void find_lowest(size_t n, const double *e, double tau, double *lowest) {
    (void)tau;
    for (size_t i = 0; i < n; i++) *lowest = fmin(*lowest, e[i]);
}

double bnn_precision_gamma(const bnn_precision_group *group, double tau) {
    double sum = 0;
    fold(group, tau, add_shares, &sum);
    return sum;
}

double bnn_precision_evidence(const bnn_precision_group *group, double tau) {
    double logs = 0;
    fold(group, tau, add_logs, &logs);
    return 0.5 * ((double)group->n * log(tau) - tau * group->q - logs);
}

double bnn_precision_lowest(const bnn_precision_group *group) {
    double lowest = INFINITY;
    fold(group, 0, find_lowest, &lowest);
    return lowest;
}

static double slope(double log_tau, void *context) {
    const bnn_precision_group *group = context;
    double tau = exp(log_tau);
    return bnn_precision_gamma(group, tau) - tau * group->q;
}

double bnn_precision_by_evidence(const bnn_precision_group *group) {
    gsl_function f = { slope, (void *)(size_t)group };
    if (slope(LOG_TAU_MIN, f.params) <= 0) return exp(LOG_TAU_MIN);
    if (slope(LOG_TAU_MAX, f.params) >= 0) return exp(LOG_TAU_MAX);
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    if (solver == NULL) return 1;
    int code = gsl_root_fsolver_set(solver, &f, LOG_TAU_MIN, LOG_TAU_MAX);
    for (int i = 0; code == GSL_SUCCESS && i < MOST_ITERATIONS; i++) {
        code = gsl_root_fsolver_iterate(solver);
        double low = gsl_root_fsolver_x_lower(solver), high = gsl_root_fsolver_x_upper(solver);
        if (gsl_root_test_interval(low, high, 1e-13, 0) == GSL_SUCCESS) break;
    }
    double tau = exp(gsl_root_fsolver_root(solver));
    gsl_root_fsolver_free(solver);
    return tau;
}
