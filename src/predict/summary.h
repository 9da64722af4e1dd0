/* From outputs of all draws to what a prediction says of each row. */
#ifndef BNN_PREDICT_SUMMARY_H
#define BNN_PREDICT_SUMMARY_H

#include "predict/mixture.h"
#include "predict/outputs.h"
#include "predict/predict.h"

typedef struct bnn_summary_scratch bnn_summary_scratch;

/* Working space of all threads of a team for chunks of one kind. */
typedef struct bnn_summary {
    bnn_prediction      *prediction;
    const bnn_outputs   *outputs;
    size_t               tile_rows;
    size_t               n_threads;
    bnn_summary_scratch *scratch;      /* [n_threads] */
    bnn_arena            arena;
} bnn_summary;

bnn_status bnn_summary_make(bnn_summary *summary, bnn_prediction *prediction, const bnn_outputs *outputs);

/* Fills the prediction's rows of the present chunk, on the team. BNN_ERR_NUMERIC names a row whose quantile or CRPS was not found. */
bnn_status bnn_summary_fill(bnn_summary *summary);

void bnn_summary_free(bnn_summary *summary);

#endif
