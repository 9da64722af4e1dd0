/* What a prediction of one row is worth: the scores whose means are metrics and whose differences compare runs. */
#ifndef BNN_PREDICT_ROW_SCORE_H
#define BNN_PREDICT_ROW_SCORE_H

#include "predict/predict.h"

/* Targets are known. Where there are several, errors and CRPS are means over them. */
double bnn_row_squared_error(const bnn_prediction *prediction, size_t row);
double bnn_row_abs_error(const bnn_prediction *prediction, size_t row);
double bnn_row_crps(const bnn_prediction *prediction, size_t row);
double bnn_row_log_lik(const bnn_prediction *prediction, size_t row);
double bnn_row_log_lik_moment(const bnn_prediction *prediction, size_t row);
double bnn_row_right(const bnn_prediction *prediction, size_t row);      /* 1: the most probable class is the one seen; else 0 */
double bnn_row_error(const bnn_prediction *prediction, size_t row);      /* 1 - right */
double bnn_row_brier(const bnn_prediction *prediction, size_t row);      /* sum_k (p_k - [y = k])^2 */

/* The scores by which runs are compared, ended by {0}. */
typedef struct bnn_row_score {
    const char *name, *help;
    bool for_numbers, for_classes;
    bool is_gain;                                                        /* larger is better */
    double (*of)(const bnn_prediction *prediction, size_t row);
} bnn_row_score;

extern const bnn_row_score bnn_row_scores[];

#endif
