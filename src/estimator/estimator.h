/* Gradient estimators of the expected likelihood under q = N(mu, exp(2 log_sd)), weight by weight.
 *
 * They hand out spans of (dmu, dlog_sd): the gradient of the negative log likelihood of the whole set in nats and, where the KL is
 * estimated by Monte Carlo, of kl_weight * E_q[-log p(w)] at the same draws. The rest of the KL (its closed form, or the entropy,
 * which is exact) does not depend on draws and is added by the method. */
#ifndef BNN_ESTIMATOR_ESTIMATOR_H
#define BNN_ESTIMATOR_ESTIMATOR_H

#include "problem/problem.h"

/* dmu, dlog_sd [n]: gradient of span first .. first + n, at most BNN_TILE_MAX long; the sink may overwrite them.
 * dlog_sd is NULL for learnt noise. Called from any thread; once per span, sample and pass. */
typedef struct bnn_elbo_sink {
    void (*tile)(void *context, size_t first, size_t n, real *dmu, real *dlog_sd);
    void  *context;
} bnn_elbo_sink;

/* Weights handled at a time, in the first-level cache: as many of each array as the processor fetches ahead while it works on the others
 * (tests/bench/README.md). */
enum { BNN_TILE = 256, BNN_TILE_MAX = BNN_SMALL_NET };

/* The end of the tile that starts at `first`: the next multiple of BNN_TILE, at most `end`; a small net is one tile. */
static inline size_t bnn_tile_end(size_t first, size_t end) {
    if (end <= BNN_TILE_MAX) return end;
    size_t next = (first / BNN_TILE + 1) * BNN_TILE;
    return next < end ? next : end;
}

/* Calls visit for every tile of n weights; threads of the team claim stretches of many tiles. */
typedef void bnn_visit_tile_fn(void *context, size_t first, size_t n);
void bnn_each_tile(bnn_team *team, size_t n_weights, bnn_visit_tile_fn *visit, void *context);

typedef struct bnn_estimator bnn_estimator;

typedef struct bnn_estimator_row {
    bnn_variant head;
    /* *nll: nats, whole set, averaged over samples. */
    bnn_status (*elbo_grad)(bnn_estimator *estimator, uint64_t step, size_t n, const size_t *rows, double kl_weight,
                            const bnn_elbo_sink *sink, double *nll);
    /* mu and log_sd of this span have just been moved: prepare it for sample 0 of step `step` while it is in cache. */
    void (*redraw)(bnn_estimator *estimator, uint64_t step, size_t first, size_t n);
    const struct bnn_noisy *noisy;   /* passes in which outputs are sampled, see noisy.h; NULL: weights are drawn */
} bnn_estimator_row;

struct bnn_estimator {
    const bnn_estimator_row *row;
    bnn_problem *problem;
    const real  *mu, *log_sd;        /* [n_params], [n_weights]; the method moves them */
    real        *draw;               /* [n_params] what the present pass needs: weights, their variances or perturbations */
    uint64_t     seed, drawn_step;   /* draw holds sample 0 of drawn_step */
    uint32_t     member;
    size_t       n_samples;
    bool         is_monte_carlo;     /* KL */
    bool         is_antithetic;      /* samples 2 i and 2 i + 1 share their noise, with opposite signs */
    bnn_arena    arena;
};

/* The random numbers of weight draws and of outputs for one sample; both halves of an antithetic pair have the same. */
bnn_key bnn_estimator_key(const bnn_estimator *estimator, bnn_purpose purpose, uint64_t step, size_t sample);
bool    bnn_estimator_is_mirrored(const bnn_estimator *estimator, size_t sample);

bnn_status bnn_estimator_make(bnn_estimator *estimator, const bnn_estimator_row *row, bnn_problem *problem, const real *mu,
                              const real *log_sd);
void       bnn_estimator_free(bnn_estimator *estimator);

/* KL(q || prior) in nats, and that of each layer with weights in layers; with a Monte Carlo KL from one draw, which averages over all weights already. */
double bnn_estimator_kl(const bnn_estimator *estimator, uint64_t step, double *layers);

/* The table, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_estimators[];
extern const bnn_estimator_row bnn_reparam_estimator, bnn_local_reparam_estimator, bnn_flipout_estimator;

#endif
