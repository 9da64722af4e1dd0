/* Telling two samples apart by one number per row: rows from elsewhere ("out", the positive ones) from the model's own ("in"). Larger
 * numbers speak for out. Equal numbers are never put in an order: every figure is that of all orders at once (mid-ranks, or one step). */
#ifndef BNN_PREDICT_DETECTION_H
#define BNN_PREDICT_DETECTION_H

#include "base/arena.h"
#include "predict/predict.h"
#include "predict/uncertainty.h"

typedef struct bnn_samples {
    size_t        n_in, n_out;                /* at least one each */
    const double *in, *out;                   /* [n_in], [n_out]   */
    const double *weight_in, *weight_out;     /* case weights, or NULL */
} bnn_samples;

/* What is said to be out when the threshold falls to this number. */
typedef struct bnn_roc_point { double threshold, fpr, tpr, precision; } bnn_roc_point;

typedef struct bnn_detection {
    bnn_score auroc;          /* P(out > in) + P(out = in) / 2; se of DeLong, DeLong & Clarke-Pearson 1988             */
    bnn_score aupr;           /* average precision: sum of (tpr step) x precision; bootstrap se                       */
    bnn_score fpr95;          /* the least fpr of all thresholds with tpr >= .95; bootstrap se                        */
    size_t         n_points;
    bnn_roc_point *points;    /* [n_points] by falling threshold, one for each different number; (0, 0) is left out    */
    bnn_arena      arena;
} bnn_detection;

/* BNN_ERR_MEMORY. */
bnn_status bnn_detection_make(bnn_detection *detection, const bnn_samples *samples);
void       bnn_detection_free(bnn_detection *detection);

/* Rows of two predictions of one model by one uncertainty. BNN_ERR_MEMORY. */
bnn_status bnn_detection_by(bnn_detection *detection, const bnn_uncertainty *uncertainty, const bnn_prediction *in,
                            const bnn_prediction *out);

/* Two classes: AUROC of the probability of the second, which is the positive one. NaN where only one of them occurs. */
bnn_score bnn_score_auroc(const bnn_prediction *prediction);

#endif
