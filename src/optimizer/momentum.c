/* Heavy-ball momentum (Polyak 1964), in the form of PyTorch's SGD with momentum and no dampening:
 *
 *     v = momentum v + g;   theta -= lr v
 *
 * The rate stands outside the velocity (Sutskever et al. 2013 have it inside): with a changing rate the two differ. In the long run steps
 * are 1 / (1 - momentum) times those of sgd. */
#include "optimizer/optimizer.h"

typedef struct momentum_options { double momentum; } momentum_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(momentum_options, momentum, "0.9", 0, 0.999999, "", "part of the velocity that outlives a step"),
    {0}
};

BNN_CLONES static void momentum_span(size_t n, const real *restrict g, real *restrict v, real *restrict theta, real g_scale, real rate,
                                     real momentum) {
    for (size_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + g_scale * g[i];
        theta[i] -= rate * v[i];
    }
}

static void momentum_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const momentum_options *o = optimizer->options;
    momentum_span(n, g, optimizer->state[0] + first, theta, (real)optimizer->g_scale, (real)optimizer->lr, (real)o->momentum);
}

const bnn_optimizer_row bnn_momentum_optimizer = {
    .head = { "momentum", "gradient descent with a velocity: faster than sgd along valleys", rows, sizeof(momentum_options) },
    .n_states = 1, .step = momentum_step,
};
