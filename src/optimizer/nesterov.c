/* Nesterov's accelerated gradient (Nesterov 1983; as momentum: Sutskever et al. 2013, eq. 3 and 4), in the form of PyTorch's SGD with
 * nesterov = True:
 *
 *     v = momentum v + g;   theta -= lr (g + momentum v)
 *
 * theta is the point ahead at which the gradient is taken (Bengio et al. 2013, eq. 7), so that one gradient a step is enough. */
#include "optimizer/optimizer.h"

typedef struct nesterov_options { double momentum; } nesterov_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(nesterov_options, momentum, "0.9", 0, 0.999999, "", "part of the velocity that outlives a step"),
    {0}
};

BNN_CLONES static void nesterov_span(size_t n, const real *restrict g, real *restrict v, real *restrict theta, real g_scale, real rate,
                                     real momentum) {
    for (size_t i = 0; i < n; i++) {
        real gi = g_scale * g[i];
        v[i] = momentum * v[i] + gi;
        theta[i] -= rate * (gi + momentum * v[i]);
    }
}

static void nesterov_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const nesterov_options *o = optimizer->options;
    nesterov_span(n, g, optimizer->state[0] + first, theta, (real)optimizer->g_scale, (real)optimizer->lr, (real)o->momentum);
}

const bnn_optimizer_row bnn_nesterov_optimizer = {
    .head = { "nesterov", "momentum that looks ahead: swings less than momentum", rows, sizeof(nesterov_options) },
    .n_states = 1, .step = nesterov_step,
};
