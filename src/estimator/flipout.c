/* Flipout (Wen et al. 2018): one weight draw for the batch, decorrelated between rows by random signs on inputs and outputs, for about twice
 * the products of a step. `second` is the draw's perturbation sd epsilon. */
#include "base/vmath.h"
#include "estimator/noisy.h"

BNN_CLONES static void perturb(size_t n, const real *log_sd, real *second) {
    for (size_t i = 0; i < n; i++) second[i] *= bnn_exp(log_sd[i]);
}

static void flipout_prepare(bnn_estimator *e, uint64_t step, size_t sample, size_t first, size_t n) {
    bnn_rng_normals(bnn_estimator_key(e, BNN_PURPOSE_WEIGHTS, step, sample), first, n, e->draw + first);
    perturb(n, e->log_sd + first, e->draw + first);
}

static const bnn_noisy flipout = { .kind = BNN_NOISE_FLIPOUT, .depends_on_sample = true, .chain = 1, .prepare = flipout_prepare };

const bnn_estimator_row bnn_flipout_estimator = {
    .head = { "flipout", "one draw, made almost independent between rows by random signs: less gradient noise in large batches, about twice the "
              "products", NULL, 0 },
    .elbo_grad = bnn_noisy_elbo_grad, .redraw = bnn_noisy_redraw, .noisy = &flipout,
};
