/* Adam (Kingma & Ba 2015, algorithm 1): m, v moving means of g and g^2, with the bias of their start at 0 corrected.
 *
 *     theta -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) */
#include "optimizer/optimizer.h"

#include <math.h>

typedef struct adam_options { double beta1, beta2, epsilon; } adam_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(adam_options, beta1, "0.9", 0, 0.999999, "", "decay of the mean gradient"),
    BNN_OPTION_NUMBER_ROW(adam_options, beta2, "0.999", 0, 0.9999999, "", "decay of the mean squared gradient"),
    BNN_OPTION_POSITIVE_ROW(adam_options, epsilon, "1e-08", 1, "", "added to the root mean square"),
    {0}
};

enum { RATE, ROOT };   /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */

static void adam_begin(bnn_optimizer *optimizer) {
    const adam_options *o = optimizer->options;
    double t = (double)optimizer->t;
    optimizer->c[RATE] = optimizer->lr / (1 - pow(o->beta1, t));
    optimizer->c[ROOT] = 1 / sqrt(1 - pow(o->beta2, t));
}

#ifdef BNN_DOUBLE
#define root sqrt
#else
#define root sqrtf
#endif

BNN_CLONES static void adam_span(size_t n, const real *restrict g, real *restrict m, real *restrict v, real *restrict theta,
                                 real g_scale, real b1, real b2, real rate, real unbias, real epsilon) {
    for (size_t i = 0; i < n; i++) {
        real gi = g_scale * g[i];
        m[i] = b1 * m[i] + (1 - b1) * gi;
        v[i] = b2 * v[i] + (1 - b2) * gi * gi;
        theta[i] -= rate * m[i] / (root(v[i]) * unbias + epsilon);
    }
}

static void adam_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const adam_options *o = optimizer->options;
    adam_span(n, g, optimizer->state[0] + first, optimizer->state[1] + first, theta, (real)optimizer->g_scale, (real)o->beta1,
              (real)o->beta2, (real)optimizer->c[RATE], (real)optimizer->c[ROOT], (real)o->epsilon);
}

const bnn_optimizer_row bnn_adam_optimizer = {
    .head = { "adam", "steps scaled by the recent size of each gradient: the default, needs little tuning", rows, sizeof(adam_options) },
    .n_states = 2, .begin = adam_begin, .step = adam_step,
};
