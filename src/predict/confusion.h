/* Which classes are taken for which, and how good the probabilities of each class are. */
#ifndef BNN_PREDICT_CONFUSION_H
#define BNN_PREDICT_CONFUSION_H

#include "base/arena.h"
#include "predict/predict.h"

typedef struct bnn_confusion {
    size_t  n_classes;
    double *count;               /* [n_classes x n_classes] rows (their weight) of a true class (row) by most probable class (column) */
    double *recall, *precision;  /* [n_classes] shares right: of the rows of the class, of the rows taken for it; NaN if there are none */
    double *brier;               /* [n_classes] mean over all rows of (p_k - [y = k])^2; they add up to the metric brier               */
    bnn_arena arena;
} bnn_confusion;

/* Of classes whose targets are known. BNN_ERR_MEMORY. */
bnn_status bnn_confusion_make(bnn_confusion *confusion, const bnn_prediction *prediction);
void       bnn_confusion_free(bnn_confusion *confusion);

#endif
