/* Predictions that say how sure they are: averages over draws from a model's posterior. */
#ifndef BNN_PREDICT_H
#define BNN_PREDICT_H

#include "bnn/data.h"
#include "bnn/model.h"
#include <stdbool.h>

typedef struct bnn_prediction bnn_prediction;
typedef struct bnn_kept_draws bnn_kept_draws;

typedef struct bnn_predict_options {
    long long samples;                       /* weight draws; a posterior of K stored draws always uses its K */
    struct { size_t n; const double *at; } quantiles;   /* each in (0, 1) */
    long long seed;                          /* < 0: the model's own */
    int       threads;                       /* 0: all */
    bool      local_first_layer;             /* sample the first layer's outputs instead of its weights: faster, exact row by row */
    bool      from_prior;                    /* weights drawn from the prior instead of the posterior */
    double    sd_scale;                      /* > 0: a calibrated spread: each draw's distance from the predictive mean, and its noise,
                                                times this; numbers of continuous likelihoods only; 0: as the model says */
    bnn_kept_draws *kept;                    /* weights drawn before, with these options and for this model; NULL: draw them now */
    long long first_row;                     /* number of the first row, where rows come piece by piece (local draws go by it)   */
} bnn_predict_options;

/* Predicts every row of `rows`; targets, if there, are scored too. options NULL: 100 draws, quantiles .05 .5 .95.
 * *prediction must be NULL. BNN_ERR_DATA if the columns do not fit; BNN_ERR_NUMERIC if an output is not finite. */
bnn_status bnn_predict(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options);

/* For predictions made again and again, row by row: draws the weights once, if they fit in 256 MB, and holds the threads. The predictions are
 * the same ones. *kept must be NULL. */
bnn_status bnn_kept_draws_make(bnn_kept_draws **kept, const bnn_model *model, const bnn_predict_options *options);
void       bnn_kept_draws_free(bnn_kept_draws *kept);

size_t bnn_prediction_rows(const bnn_prediction *prediction);

/* [n_rows x n_targets] in the target's own units, or NULL for classes. Owned by the prediction. */
const double *bnn_prediction_mean(const bnn_prediction *prediction);
const double *bnn_prediction_sd(const bnn_prediction *prediction);

/* [n_rows x n_classes], or NULL for numbers. */
const double *bnn_prediction_probabilities(const bnn_prediction *prediction);

void bnn_prediction_free(bnn_prediction *prediction);

#endif
