/* Ways to say how unsure a prediction of one row is, in one number: larger is less sure. */
#ifndef BNN_PREDICT_UNCERTAINTY_H
#define BNN_PREDICT_UNCERTAINTY_H

#include "predict/predict.h"

/* entropy, mutual_information, max_probability (1 - the largest probability) | sd_epistemic, sd. Numbers: the logarithm, a mean over
 * targets, so that the targets' units do not matter; targets need not be known. */
typedef struct bnn_uncertainty {
    const char *name, *help;
    bool for_numbers, for_classes;
    double (*of)(const bnn_prediction *prediction, size_t row);
} bnn_uncertainty;

extern const bnn_uncertainty bnn_uncertainties[];      /* ended by {0} */

/* Confidence is 1 - this; the ordering of a risk-coverage curve. */
double bnn_row_doubt(const bnn_prediction *prediction, size_t row);      /* 1 - the largest probability */
double bnn_row_log_sd(const bnn_prediction *prediction, size_t row);     /* mean over targets of log sd */

/* values [n_rows]. */
void bnn_uncertainty_fill(const bnn_uncertainty *uncertainty, const bnn_prediction *prediction, double *values);

#endif
