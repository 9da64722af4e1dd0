/* Risk and coverage: how wrong the predictions are that a given share of the rows, the surest, would get if the others were passed on
 * to somebody else (El-Yaniv & Wiener 2010). */
#ifndef BNN_PREDICT_RISK_H
#define BNN_PREDICT_RISK_H

#include "predict/predict.h"

typedef struct bnn_risk_point {
    double coverage;       /* share of the rows (of their weight) that are at least this sure                     */
    double risk;           /* classes: their error; numbers: their mean squared error, mean over targets          */
    double uncertainty;    /* the least sure of them: 1 - its largest probability; mean over targets of its log sd */
} bnn_risk_point;

/* By rising coverage, one point for each different uncertainty: rows of equal uncertainty are kept or passed on together. points has room
 * for n_rows; *n_points of them are filled. Targets are known. BNN_ERR_MEMORY. */
bnn_status bnn_risk_curve(const bnn_prediction *prediction, bnn_risk_point *points, size_t *n_points);

/* Area of the curve: the mean over rows of the risk of all rows at least as sure (Geifman & El-Yaniv 2019), bootstrap se. */
bnn_score bnn_score_aurc(const bnn_prediction *prediction);

#endif
