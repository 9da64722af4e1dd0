/* Outputs of the net for every draw from the posterior, chunk by chunk of rows.
 *
 * A chunk has as many rows as keep its outputs and its inputs below 64 MB each. Weights are drawn anew for each chunk: a draw is a
 * function of (seed, s), so the numbers are the same ones. */
#ifndef BNN_PREDICT_OUTPUTS_H
#define BNN_PREDICT_OUTPUTS_H

#include "model/model.h"

/* How outputs are drawn. Linearised: f ~ N(f(mean), J Sigma J'), row by row (one output: at equally likely quantiles of the normal, scaled
 * to its exact mean and variance). Probit: one draw, f / sqrt(1 + pi/8 var f) (MacKay 1992). */
typedef enum bnn_predictive { BNN_PREDICTIVE_SAMPLING, BNN_PREDICTIVE_LINEARISED, BNN_PREDICTIVE_PROBIT } bnn_predictive;

/* What the model asks for, by its fact "predictive". */
bnn_predictive bnn_predictive_of(const bnn_model *model);

typedef struct bnn_outputs {
    const bnn_model   *model;
    const bnn_dataset *rows;
    bnn_team          *team;
    uint64_t           seed;
    size_t             n_draws;
    size_t             max_rows, pass_rows;   /* of a chunk; of one pass through the net            */
    size_t             first, n;              /* rows of the present chunk                          */
    real              *f;                     /* [n_draws x n x n_outputs] of the present chunk     */
    real              *noise;                 /* [n_draws x n_noise] learnt log noise sds           */
    real              *x, *y;                 /* [n x n_features], [n x n_targets] scaled; y may be NULL */
    size_t            *list;                  /* [n] row numbers                                    */
    real              *theta;                 /* [n_params] of the present draw                     */
    bnn_predictive     predictive;
    double            *cov;                   /* [pass_rows x n_outputs^2] of linearised outputs    */
    double            *nodes;                 /* [n_draws] mean 0, sd 1: linearised draws of one output */
    bnn_workspace      workspace;
    bnn_arena          arena;
} bnn_outputs;

/* Rows of a chunk. */
size_t bnn_outputs_chunk(size_t n_rows, size_t n_draws, size_t n_inputs, size_t n_outputs);

/* Everything is borrowed but the outputs' own arrays. */
bnn_status bnn_outputs_make(bnn_outputs *outputs, const bnn_model *model, const bnn_dataset *rows, bnn_team *team, uint64_t seed,
                            size_t n_draws);

/* The chunk that begins at row `first`. BNN_ERR_NUMERIC names the first row and draw whose output is not finite. */
bnn_status bnn_outputs_fill(bnn_outputs *outputs, size_t first);

void bnn_outputs_free(bnn_outputs *outputs);

#endif
