/* From gradient spans to moved parameters: the second half of every training step.
 *
 * Fused: a span is penalised (prior or KL) and moved at once, by the thread that has just finished it. Accumulated: spans are added
 * up first (several samples, several passes, clip_norm), then penalised and moved tile by tile. Both give the same bits when each span comes
 * just once. */
#ifndef BNN_METHOD_UPDATE_H
#define BNN_METHOD_UPDATE_H

#include "estimator/estimator.h"
#include <stdatomic.h>

/* g: d/d theta or d/d mu;  g2: d/d log_sd, NULL for methods without spreads and for learnt noise. All in nats of the whole set. */
typedef void bnn_update_fn(void *context, size_t first, size_t n, real *g, real *g2);

typedef struct bnn_update {
    bnn_problem    *problem;
    bnn_update_fn  *penalise;      /* g += gradient of the penalty                        */
    bnn_update_fn  *move;          /* parameters along g                                  */
    void           *context;
    bool            is_fused;
    double          clip_norm;     /* of the gradient of objective / N; 0: none           */
    real           *sum, *sum2;    /* accumulated: [n_params], [n_weights]; else NULL     */
    _Atomic size_t  bad;           /* 1 + position of a gradient that is not finite; 0: none */
    bnn_arena       arena;
} bnn_update;

/* Fused unless several samples, passes or clip_norm need the whole gradient first. */
typedef struct bnn_update_options { size_t n_samples, n_passes; double clip_norm; bool has_spread; } bnn_update_options;

bnn_status bnn_update_make(bnn_update *update, bnn_problem *problem, bnn_update_options options, bnn_update_fn *penalise,
                           bnn_update_fn *move, void *context);
void       bnn_update_free(bnn_update *update);

/* Forgets a step that failed. */
void bnn_update_reset(bnn_update *update);

/* Where the spans of a step go. */
bnn_elbo_sink bnn_update_elbo_sink(bnn_update *update);    /* tiles of (dmu, dlog_sd) */
bnn_sink      bnn_update_sink(bnn_update *update);         /* blocks of dtheta        */

/* Ends the step: BNN_ERR_NUMERIC names the block if a gradient was not finite (parameters may have moved by then). */
bnn_status bnn_update_finish(bnn_update *update);

#endif
