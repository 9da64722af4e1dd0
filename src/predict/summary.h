/* From outputs of all draws to what a prediction says of each row. */
#ifndef BNN_PREDICT_SUMMARY_H
#define BNN_PREDICT_SUMMARY_H

#include "predict/mixture.h"
#include "predict/outputs.h"
#include "predict/predict.h"

/* Working space of all threads of a team for chunks of one kind. */
typedef struct bnn_summary {
    bnn_prediction      *prediction;
    const bnn_outputs   *outputs;
    size_t               tile_rows;
    double               sd_scale;     /* of a calibrated spread; 1: as the model says                              */
    size_t               n_threads;
    struct bnn_summary_scratch *scratch;      /* [n_threads]                                                        */
    size_t               n_waiting;    /* tiles whose sums for Monte Carlo errors wait to be added up in order      */
    double              *waiting;      /* [n_waiting x 2 x n_draws]                                                 */
    double               sum_weights;  /* case weights of all rows of the prediction                                */
    bnn_arena            arena;
} bnn_summary;

/* sd_scale: as in bnn_predict_options. */
bnn_status bnn_summary_make(bnn_summary *summary, bnn_prediction *prediction, const bnn_outputs *outputs, double sd_scale);

/* Fills the prediction's rows of the present chunk, on the team. BNN_ERR_NUMERIC names a row whose quantile or CRPS was not found. */
bnn_status bnn_summary_fill(bnn_summary *summary);

void bnn_summary_free(bnn_summary *summary);

#endif
