/* RMSprop (Tieleman & Hinton 2012, lecture 6e of "Neural networks for machine learning"), as in PyTorch:
 *
 *     s = alpha s + (1 - alpha) g^2;   v = momentum v + g / (sqrt(s) + epsilon);   theta -= lr v
 *
 * Left out: the centred form. */
#include "base/vmath.h"
#include "optimizer/optimizer.h"

typedef struct rmsprop_options { double alpha, momentum, epsilon; } rmsprop_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(rmsprop_options, alpha, "0.99", 0, 0.9999999, "", "decay of the mean squared gradient"),
    BNN_OPTION_NUMBER_ROW(rmsprop_options, momentum, "0", 0, 0.999999, "", "part of the velocity that outlives a step"),
    BNN_OPTION_POSITIVE_ROW(rmsprop_options, epsilon, "1e-08", 1, "", "added to the root mean square"),
    {0}
};

BNN_CLONES static void rmsprop_span(size_t n, const real *restrict g, real *restrict s, real *restrict v, real *restrict theta,
                                    real g_scale, real rate, real alpha, real momentum, real epsilon) {
    for (size_t i = 0; i < n; i++) {
        real gi = g_scale * g[i];
        s[i] = alpha * s[i] + (1 - alpha) * gi * gi;
        v[i] = momentum * v[i] + gi / (bnn_sqrt(s[i]) + epsilon);
        theta[i] -= rate * v[i];
    }
}

static void rmsprop_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const rmsprop_options *o = optimizer->options;
    rmsprop_span(n, g, optimizer->state[0] + first, optimizer->state[1] + first, theta, (real)optimizer->g_scale, (real)optimizer->lr,
                 (real)o->alpha, (real)o->momentum, (real)o->epsilon);
}

const bnn_optimizer_row bnn_rmsprop_optimizer = {
    .head = { "rmsprop", "steps scaled by the recent size of each gradient, without adam's mean and bias correction",
              rows, sizeof(rmsprop_options) },
    .n_states = 2, .step = rmsprop_step,
};
