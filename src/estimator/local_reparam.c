/* Local reparameterisation (Kingma, Salimans & Welling 2015): the outputs of each layer are drawn from their own normal, so every row has
 * noise of its own and the gradient varies much less, for about twice the products of a step. `second` is the weights' variance. */
#include "base/vmath.h"
#include "estimator/noisy.h"

BNN_CLONES static void variances(size_t n, const real *log_sd, real *second) {
    for (size_t i = 0; i < n; i++) second[i] = bnn_exp(2 * log_sd[i]);
}

static void local_prepare(bnn_estimator *e, uint64_t step, size_t sample, size_t first, size_t n) {
    (void)step, (void)sample;
    variances(n, e->log_sd + first, e->draw + first);
}

static const bnn_noisy local = { .kind = BNN_NOISE_LOCAL, .depends_on_sample = false, .chain = 2, .prepare = local_prepare };

const bnn_estimator_row bnn_local_reparam_estimator = {
    .head = { "local_reparam", "noise drawn per row and output, exact for each row: least gradient noise, about twice the products; good for "
              "small data", NULL, 0 },
    .elbo_grad = bnn_noisy_elbo_grad, .redraw = bnn_noisy_redraw, .noisy = &local,
};
