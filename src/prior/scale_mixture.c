/* p(w) = pi N(w; 0, s1^2) + (1 - pi) N(w; 0, s2^2), s_i = sd_i * scale (Blundell et al. 2015, eq. 7).
 *
 *     d(-log p)/dw = w (1 / s1^2 + q (1 / s2^2 - 1 / s1^2)),   q = e / (1 + e),   e = exp(b - a),
 *     a = log pi - log s1 - w^2 / (2 s1^2),                    b = log(1 - pi) - log s2 - w^2 / (2 s2^2)
 *
 * so that neither density is ever computed by itself and nothing underflows far from 0, where q, the share of the narrow component, is
 * many orders smaller than s2^2 / s1^2 or the rounding of 1. */
#include "base/vmath.h"
#include "prior/prior.h"

#include <math.h>

typedef struct mixture_options { double pi, sd1, sd2; } mixture_options;

static const bnn_option rows[] = {
    BNN_OPTION_NUMBER_ROW(mixture_options, pi, "0.5", 1e-6, 0.999999, "", "weight of the wide component"),
    BNN_OPTION_POSITIVE_ROW(mixture_options, sd1, "1", 1e6, "", "sd of the wide component"),
    BNN_OPTION_POSITIVE_ROW(mixture_options, sd2, "0.0025", 1e6, "", "sd of the narrow component; Blundell: exp(-6) to exp(-8)"),
    {0}
};

/* a - b = shift + slope w^2 */
typedef struct mixture { double log_a, precision1, precision2, shift, slope, log_b; } mixture;

static mixture at_scale(const bnn_prior *prior, double scale) {
    const mixture_options *o = prior->options;
    double s1 = o->sd1 * scale, s2 = o->sd2 * scale;
    mixture m = { .log_a = log(o->pi) - log(s1), .log_b = log1p(-o->pi) - log(s2), .precision1 = 1 / (s1 * s1),
                  .precision2 = 1 / (s2 * s2) };
    m.shift = m.log_a - m.log_b;
    m.slope = 0.5 * (m.precision2 - m.precision1);
    return m;
}

static double mixture_log_prob(const bnn_prior *prior, double scale, size_t n, const real *w) {
    mixture m = at_scale(prior, scale);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double w2 = (double)w[i] * (double)w[i], a = m.log_a - 0.5 * m.precision1 * w2, b = m.log_b - 0.5 * m.precision2 * w2;
        sum += fmax(a, b) + log1p(exp(-fabs(a - b)));
    }
    return sum - 0.5 * (double)n * log(2 * M_PI);
}

BNN_CLONES static void mixture_add_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    mixture m = at_scale(prior, scale);
    real shift = (real)m.shift, slope = (real)m.slope, c1 = (real)((double)factor * m.precision1);
    real c21 = (real)((double)factor * (m.precision2 - m.precision1));
    for (size_t i = 0; i < n; i++) {
        real log_e = -(shift + slope * w[i] * w[i]);
        real e = bnn_exp_bounded(log_e > 80 ? 80 : log_e);       /* there q is 1 */
        g[i] += w[i] * (c1 + c21 * (e / (1 + e)));
    }
}

static void mixture_sample(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, real *w) {
    const mixture_options *o = prior->options;
    bnn_key which = { { key.v[0] ^ 0x9e3779b9u, key.v[1] } };
    bnn_rng_normals(key, first, n, w);
    for (size_t i = 0; i < n; i++) {
        double u;
        bnn_rng_uniforms(which, first + i, 1, &u);
        w[i] *= (real)((u < o->pi ? o->sd1 : o->sd2) * scale);
    }
}

const bnn_prior_row bnn_scale_mixture_prior = {
    .head = { "scale_mixture", "a wide and a narrow normal: most weights near 0, a few free (Blundell et al. 2015)", rows,
              sizeof(mixture_options) },
    .log_prob = mixture_log_prob, .add_grad = mixture_add_grad, .sample = mixture_sample,
};
