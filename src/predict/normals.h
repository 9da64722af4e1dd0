/* Equal mixtures of n normals: CDF, quantiles, CRPS. What most predictions of numbers are, and most of their cost for small nets. */
#ifndef BNN_PREDICT_NORMALS_H
#define BNN_PREDICT_NORMALS_H

#include <stddef.h>

typedef struct bnn_normals {
    size_t        n;
    const double *mean, *var;      /* [n]                */
    const double *inverse_sd;      /* [n] 1 / sqrt(var)  */
} bnn_normals;

double bnn_normals_cdf(const bnn_normals *normals, double y);

/* The y with cdf(y) = level, to 1e-12 sd. NaN if none was found. */
double bnn_normals_quantile(const bnn_normals *normals, double level);

/* Continuous ranked probability score, the integral of (cdf(x) - 1{x >= y})^2 dx, exact to rounding. */
double bnn_normals_crps(const bnn_normals *normals, double y);

/* The same by its closed form, O(n^2), whatever the variances. */
double bnn_crps_of_normals(size_t n, const double *mean, const double *var, double y);

#endif
