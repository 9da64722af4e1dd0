/* Gradient descent: theta -= lr g. */
#include "optimizer/optimizer.h"

BNN_CLONES static void sgd_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    real rate = (real)(optimizer->lr * optimizer->g_scale);
    (void)first;
    for (size_t i = 0; i < n; i++) theta[i] -= rate * g[i];
}

const bnn_optimizer_row bnn_sgd_optimizer = {
    .head = { "sgd", "plain gradient descent, stochastic with batches, steepest descent with batch = full", NULL, 0 },
    .n_states = 0, .step = sgd_step,
};
