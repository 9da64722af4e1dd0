/* Averages over rows and their standard errors.
 *
 * A case weight says how much a row counts; a row of weight 0 is not there. Rows are the units of chance, weighted or not, so that
 * multiplying all weights by one number changes nothing. */
#ifndef BNN_PREDICT_AVERAGE_H
#define BNN_PREDICT_AVERAGE_H

#include "predict/predict.h"

typedef double bnn_row_value(const void *context, size_t row);

/* sum w v / sum w over n rows, weight [n] or NULL (all 1), with the linearised ("sandwich") error of that ratio,
 *     se = sqrt(n / (n - 1) sum (w (v - mean))^2) / sum w,
 * which is sd / sqrt(n) for equal weights. One row alone has no se: NaN. */
bnn_score bnn_average(size_t n, const double *weight, bnn_row_value *value, const void *context);

/* A function of weighted rows that is no mean. */
typedef struct bnn_statistic {
    size_t        n;
    size_t        n_first;      /* a sample of its own, the others another (in and out of distribution); 0: all are one sample */
    const double *weight;       /* [n] or NULL */
    double      (*of)(const void *context, const double *weight);    /* weight [n] */
    const void   *context;
} bnn_statistic;

/* Its value, and the sd of its values over 200 resamples of the rows (bootstrap; random numbers with a fixed key, so the same every
 * time). NaN: one row alone, or out of memory. */
bnn_score bnn_statistic_score(const bnn_statistic *statistic);

#endif
