/* AdaGrad (Duchi, Hazan & Singer 2011, diagonal form), as in PyTorch:
 *
 *     s += g^2;   theta -= lr g / (sqrt(initial_accumulator_value + s) + epsilon)
 *
 * PyTorch's lr_decay is schedule = inverse here. */
#include "base/vmath.h"
#include "optimizer/optimizer.h"

typedef struct adagrad_options { double initial_accumulator_value, epsilon; } adagrad_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(adagrad_options, initial_accumulator_value, "0", 0, 1e6, "", "what the sum of squared gradients starts from"),
    BNN_OPTION_POSITIVE_ROW(adagrad_options, epsilon, "1e-10", 1, "", "added to the root of the sum of squares"),
    {0}
};

BNN_CLONES static void adagrad_span(size_t n, const real *restrict g, real *restrict s, real *restrict theta, real g_scale, real rate,
                                    real initial, real epsilon) {
    for (size_t i = 0; i < n; i++) {
        real gi = g_scale * g[i];
        s[i] += gi * gi;
        theta[i] -= rate * gi / (bnn_sqrt(initial + s[i]) + epsilon);
    }
}

static void adagrad_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const adagrad_options *o = optimizer->options;
    adagrad_span(n, g, optimizer->state[0] + first, theta, (real)optimizer->g_scale, (real)optimizer->lr,
                 (real)o->initial_accumulator_value, (real)o->epsilon);
}

const bnn_optimizer_row bnn_adagrad_optimizer = {
    .head = { "adagrad", "steps that shrink with the sum of all squared gradients so far: for sparse features; wants lr near 0.01",
              rows, sizeof(adagrad_options) },
    .n_states = 1, .step = adagrad_step,
};
