/* Outputs of the net for every draw from the posterior, chunk by chunk of rows.
 *
 * A chunk has as many rows as keep its outputs and its inputs below 64 MB each. Weights are drawn anew for each chunk: a draw is a
 * function of (seed, s), so the numbers are the same ones. */
#ifndef BNN_PREDICT_OUTPUTS_H
#define BNN_PREDICT_OUTPUTS_H

#include "posterior/output_cov.h"
#include "predict/draws.h"

/* How outputs are drawn. Linearised: f ~ N(f(mean), J Sigma J'), row by row (one output: at equally likely quantiles of the normal, scaled
 * to its exact mean and variance). Normal: linearised, and y is normal around f with noise that does not depend on it, so that y itself is
 * normal: one "draw", f(mean), and the covariances. Probit: one draw, f / sqrt(1 + pi/8 var f) (MacKay 1992). */
typedef enum bnn_predictive {
    BNN_PREDICTIVE_SAMPLING, BNN_PREDICTIVE_LINEARISED, BNN_PREDICTIVE_NORMAL, BNN_PREDICTIVE_PROBIT
} bnn_predictive;

/* What the model asks for, by its fact "predictive". */
bnn_predictive bnn_predictive_of(const bnn_model *model);

typedef struct bnn_outputs {
    const bnn_model   *model;
    const bnn_dataset *rows;
    bnn_team          *team;
    uint64_t           seed;
    size_t             n_draws;
    size_t             max_rows;              /* of a chunk                                         */
    size_t             first, n;              /* rows of the present chunk                          */
    size_t             row_offset;            /* number of the first row, where rows are part of a stream */
    real              *f;                     /* [n_draws x n x n_outputs] of the present chunk     */
    real              *noise;                 /* [n_draws x n_noise] learnt log noise sds           */
    real              *x, *y;                 /* [n x n_features], [n x n_targets] scaled; y may be NULL */
    size_t            *list;                  /* [n] row numbers                                    */
    bnn_predictive     predictive;
    bnn_draws          draws;                 /* sampling                                           */
    /* linearised */
    size_t             pass_rows;             /* of one pass through the net                        */
    real              *center;                /* [pass_rows x n_outputs] outputs there              */
    double            *cov;                   /* [pass_rows x n_outputs^2] of a pass; normal: [n x n_outputs^2] of the chunk */
    double            *nodes;                 /* [n_draws] mean 0, sd 1: draws of one output        */
    bnn_output_cov     linear;                /* at the mean                                        */
    bnn_arena          arena;
} bnn_outputs;

/* Rows of a chunk. */
size_t bnn_outputs_chunk(size_t n_rows, size_t n_draws, size_t n_inputs, size_t n_outputs);

/* Everything is borrowed but the outputs' own arrays. Prior draws are sampled whatever the model asks for. Statuses of bnn_draws_make;
 * BNN_ERR_CONFIG: local draws of a linearised model. */
bnn_status bnn_outputs_make(bnn_outputs *outputs, const bnn_model *model, const bnn_dataset *rows, bnn_team *team, uint64_t seed,
                            size_t n_draws, bnn_draw_from from);

/* The chunk that begins at row `first`. BNN_ERR_NUMERIC names the first row and draw whose output is not finite. */
bnn_status bnn_outputs_fill(bnn_outputs *outputs, size_t first);

void bnn_outputs_free(bnn_outputs *outputs);

/* linearised.c: what bnn_outputs_make and _fill do for all but sampling. */
void       bnn_outputs_take_linear(bnn_outputs *outputs);
bnn_status bnn_outputs_fill_linear(bnn_outputs *outputs);

/* cov [k x k] <- its lower Cholesky factor; it may be singular: a pivot lost to rounding becomes 0. The upper triangle is left. */
void bnn_factor_cov(size_t k, double *cov);

#endif
