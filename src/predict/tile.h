/* Inside of the summary: a tile of rows of the present chunk, as one thread works on it. Arrays are those of the tile alone. */
#ifndef BNN_PREDICT_TILE_H
#define BNN_PREDICT_TILE_H

#include "predict/mixture.h"
#include "predict/outputs.h"
#include "predict/predict.h"

typedef struct bnn_summary_scratch {
    double *mean, *var;              /* [rows x n_targets x n_draws] numbers: of y given each draw, scaled; var of an
                                        exact normal: given the data alone                                          */
    double *inverse_sd;              /* [n_draws] of one row and target, where y given each draw is normal          */
    double *draw_mean, *draw_var;    /* [rows x n_targets] the same of one draw                                     */
    double *center;                  /* [rows x n_targets] mean over draws, scaled                                  */
    real   *y;                       /* [rows x n_targets] scaled targets, moved if the spread is calibrated        */
    double *p;                       /* [n_draws x rows x n_classes] classes                                        */
    double *nll, *draw_nll;          /* [rows x n_draws] -log p(y) of each draw, [rows]                             */
    bnn_mixture_tools tools;
} bnn_summary_scratch;

typedef struct bnn_tile {
    bnn_prediction      *prediction;
    const bnn_outputs   *outputs;
    const bnn_model     *model;
    bnn_summary_scratch *scratch;
    double               sd_scale;   /* 1: as the model says                    */
    size_t               first, n;   /* rows of the chunk                       */
    size_t               row;        /* number of the first among all rows      */
} bnn_tile;

/* effects.c: what each draw does to the sums over rows: writes likelihood [n_draws] and error [n_draws], the tile's shares in
 * draw_likelihood and in draw_square or draw_brier, not yet divided by the sum of case weights. The tile's rows are summed up. */
void bnn_tile_effects(const bnn_tile *tile, double *likelihood, double *error);

/* exact.c, where the predictive is normal (n_draws = 1). The variance of target j that the weights make, scaled. */
double bnn_tile_exact_var(const bnn_tile *tile, size_t i, size_t j);

/* -log p of targets y [n_targets] together, once scratch->var is that of noise and weights together. */
double bnn_tile_exact_nll(const bnn_tile *tile, size_t i, const double *y);

/* By how much the nll at f(mean) grows in the mean over weights: sum_j 1/2 var_j / noise_var_j. */
double bnn_tile_exact_excess(const bnn_tile *tile, size_t i);

#endif
