/* Weight draws through the net: outputs of rows for any stretch of draws.
 *
 * Draws are functions of (seed, s), so that any of them can be made again, by any thread. Many draws are shared out over the team, one
 * thread to a draw; of few, the passes of rows of each. The numbers are the same either way: passes and the grid inside a product depend on
 * shapes only.
 *
 * Local: not the first layer's weights are drawn but its outputs, normal with mean x mu' and variance x^2 sd'^2 for each row (Kingma,
 * Salimans & Welling 2015, eq. 6): exactly what each row's outputs are over draws of the weights, though no longer jointly over rows.
 * Those two products are made once for all draws. */
#ifndef BNN_PREDICT_DRAWS_H
#define BNN_PREDICT_DRAWS_H

#include "model/model.h"

typedef enum bnn_draw_from { BNN_DRAW_POSTERIOR, BNN_DRAW_PRIOR, BNN_DRAW_LOCAL } bnn_draw_from;

struct bnn_lane;

typedef struct bnn_draws {
    const bnn_model *model;
    bnn_team        *team;
    uint64_t         seed;
    bnn_draw_from    from;
    size_t           max_rows;            /* of one run                                             */
    size_t           pass_rows;           /* of one pass through the net                            */
    bool             is_spread;           /* a thread to a draw; else to a pass of rows              */
    size_t           n_lanes;
    struct bnn_lane *lanes;               /* [n_lanes] a thread's weights and workspace             */
    size_t           n_kept;
    const real      *kept;                /* [n_kept x n_params] draws made once; NULL: none        */
    real            *prior_noise;         /* [n_noise] prior draws: noise has no prior, it stays as fitted */
    const real      *means;               /* [n_params] local: of the weights                       */
    real            *vars;                /* [n_params]                                             */
    real            *squares;             /* [pass_rows x n_inputs]                                 */
    real            *mean, *sd;           /* [max_rows x n_out] local: of the first layer's outputs */
    bnn_net          rest;                /* local: the layers after the first; borrows the net's   */
    bnn_arena        arena;
} bnn_draws;

/* Runs of up to max_rows rows and about n_draws draws. Everything is borrowed. BNN_ERR_CONFIG: the prior is improper, or the model cannot
 * be drawn from locally. */
bnn_status bnn_draws_make(bnn_draws *draws, const bnn_model *model, bnn_team *team, uint64_t seed, size_t n_draws, bnn_draw_from from,
                          size_t max_rows);

/* Keeps the weights of the first n draws if they fit in `bytes`, for callers who run them again and again. */
void bnn_draws_keep(bnn_draws *draws, size_t n, size_t bytes);

/* Takes the draws that `lender` keeps; same model, seed and source. */
void bnn_draws_borrow(bnn_draws *draws, const bnn_draws *lender);

typedef struct bnn_draws_run {
    size_t      first, n;         /* draws first .. first + n                                        */
    size_t      n_rows, row;      /* rows, and the number of the first: noise of local draws goes by it */
    const real *x;                /* [n_rows x n_inputs] scaled                                      */
    real       *f;                /* [n x n_rows x n_outputs] out                                    */
    real       *noise;            /* [n x n_noise] out: learnt log noise sds                         */
} bnn_draws_run;

/* False: an output is not finite. */
bool bnn_draws_fill(bnn_draws *draws, const bnn_draws_run *run);

void bnn_draws_free(bnn_draws *draws);

#endif
