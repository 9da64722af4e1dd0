/* Gradient estimators of the expected likelihood under q = N(mu, exp(2 log_sd)), weight by weight.
 *
 * They hand out spans of (dmu, dlog_sd): the gradient of the negative log likelihood of the whole set in nats and, where the KL is
 * estimated by Monte Carlo, of kl_weight * E_q[-log p(w)] at the same draws. The rest of the KL (its closed form, or the entropy,
 * which is exact) does not depend on draws and is added by the method. */
#ifndef BNN_ESTIMATOR_ESTIMATOR_H
#define BNN_ESTIMATOR_ESTIMATOR_H

#include "problem/problem.h"

/* dmu, dlog_sd [n]: gradient of span first .. first + n, inside one block, at most BNN_TILE long; the sink may overwrite them.
 * dlog_sd is NULL for learnt noise. Called from any thread; once per span, sample and pass. */
typedef struct bnn_elbo_sink {
    void (*tile)(void *context, size_t first, size_t n, real *dmu, real *dlog_sd);
    void  *context;
} bnn_elbo_sink;

enum { BNN_TILE = 1024 };    /* weights handled at a time, in the first-level cache */

/* The end of the tile that starts at `first`: the next multiple of BNN_TILE, at most `end`. */
static inline size_t bnn_tile_end(size_t first, size_t end) {
    size_t next = (first / BNN_TILE + 1) * BNN_TILE;
    return next < end ? next : end;
}

typedef struct bnn_estimator bnn_estimator;

typedef struct bnn_estimator_row {
    bnn_variant head;
    /* *nll: nats, whole set, averaged over samples. */
    bnn_status (*elbo_grad)(bnn_estimator *estimator, uint64_t step, size_t n, const size_t *rows, double kl_weight,
                            const bnn_elbo_sink *sink, double *nll);
    /* mu and log_sd of this span have just been moved: prepare it for step `step` while it is in cache. */
    void (*redraw)(bnn_estimator *estimator, uint64_t step, size_t first, size_t n);
} bnn_estimator_row;

struct bnn_estimator {
    const bnn_estimator_row *row;
    bnn_problem *problem;
    const real  *mu, *log_sd;        /* [n_params], [n_weights]; the method moves them */
    real        *theta;              /* [n_params] the present draw */
    uint64_t     seed, drawn_step;   /* theta holds sample 0 of drawn_step */
    uint32_t     member;
    size_t       n_samples;
    bool         is_monte_carlo;     /* KL */
    bnn_arena    arena;
};

bnn_status bnn_estimator_make(bnn_estimator *estimator, const bnn_estimator_row *row, bnn_problem *problem, const real *mu,
                              const real *log_sd);
void       bnn_estimator_free(bnn_estimator *estimator);

/* KL(q || prior) in nats; with a Monte Carlo KL from one draw, which averages over all weights already. */
double bnn_estimator_kl(const bnn_estimator *estimator, uint64_t step);

/* The table, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_estimators[];
extern const bnn_estimator_row bnn_reparam_estimator;

#endif
