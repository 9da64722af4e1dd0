/* Adam (Kingma & Ba 2015, algorithm 1): m, v moving means of g and g^2, with the bias of their start at 0 corrected.
 *
 *     theta -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * adamw.c adds weight_decay to the same loop; here it is 0, and 1 - lr weight_decay exactly 1. */
#include "optimizer/adam.h"
#include "base/vmath.h"

#include <math.h>

static const bnn_option rows[] = { BNN_ADAM_ROWS, {0} };

enum { RATE, ROOT };   /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */

/* 1 - beta^t. beta^t <= exp(-(1 - beta) t), and what is below exp(-40) leaves 1 as it is; pow would underflow there, slowly. */
static double weight_so_far(double beta, double t) { return (1 - beta) * t > 40 ? 1 : 1 - pow(beta, t); }

void bnn_adam_begin(bnn_optimizer *optimizer) {
    const bnn_adam_options *o = optimizer->options;
    double t = (double)optimizer->t;
    optimizer->c[RATE] = optimizer->lr / weight_so_far(o->beta1, t);
    optimizer->c[ROOT] = 1 / sqrt(weight_so_far(o->beta2, t));
}

BNN_CLONES static void adam_span(size_t n, const real *restrict g, real *restrict m, real *restrict v, real *restrict theta,
                                 real g_scale, real b1, real b2, real rate, real unbias, real epsilon, real keep) {
    for (size_t i = 0; i < n; i++) {
        real gi = g_scale * g[i];
        m[i] = b1 * m[i] + (1 - b1) * gi;
        v[i] = b2 * v[i] + (1 - b2) * gi * gi;
        theta[i] = keep * theta[i] - rate * m[i] / (bnn_sqrt(v[i]) * unbias + epsilon);
    }
}

void bnn_adam_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta) {
    const bnn_adam_options *o = optimizer->options;
    double keep = first < optimizer->n_decayed ? 1 - optimizer->lr * o->weight_decay : 1;
    adam_span(n, g, optimizer->state[0] + first, optimizer->state[1] + first, theta, (real)optimizer->g_scale, (real)o->beta1,
              (real)o->beta2, (real)optimizer->c[RATE], (real)optimizer->c[ROOT], (real)o->epsilon, (real)keep);
}

const bnn_optimizer_row bnn_adam_optimizer = {
    .head = { "adam", "steps scaled by the recent size of each gradient: the default, needs little tuning", rows,
              sizeof(bnn_adam_options) },
    .n_states = 2, .begin = bnn_adam_begin, .step = bnn_adam_step,
};
