/* p(w) = exp(-|w| / b) / (2 b), b = scale: for map an L1 penalty |w| / b; sd b sqrt(2).
 *
 *     KL(N(mu, s^2) || p) = log(2 b) - log s - 1/2 log(2 pi e) + E|w| / b,
 *     E|w| = s sqrt(2 / pi) exp(-x^2) + mu erf(x),   x = mu / (s sqrt 2)        (the mean of a folded normal)
 *
 * and, since the two derivatives of x cancel,   dE|w|/dmu = erf(x),   dE|w|/dlog_s = s sqrt(2 / pi) exp(-x^2). */
#include "base/vmath.h"
#include "prior/prior.h"

#include <math.h>

typedef struct laplace_options { double scale; } laplace_options;

static const bnn_option rows[] = {
    BNN_OPTION_POSITIVE_ROW(laplace_options, scale, "1", 1e6, "", "mean |w| of every weight and bias; the sd is 1.414 times as large"),
    {0}
};

static double b_of(const bnn_prior *prior, double scale) { return ((const laplace_options *)prior->options)->scale * scale; }

BNN_CLONES static double sum_abs(size_t n, const real *w) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += fabs((double)w[i]);
    return sum;
}

static double laplace_log_prob(const bnn_prior *prior, double scale, size_t n, const real *w) {
    double b = b_of(prior, scale);
    return -sum_abs(n, w) / b - (double)n * log(2 * b);
}

/* At 0, the kink, no force. */
BNN_CLONES static void laplace_add_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    real c = (real)((double)factor / b_of(prior, scale));
    for (size_t i = 0; i < n; i++) g[i] += w[i] > 0 ? c : w[i] < 0 ? -c : 0;
}

static double laplace_kl(const bnn_prior *prior, double scale, size_t n, const real *mu, const real *log_sd) {
    double b = b_of(prior, scale), sum_log_sd = 0, sum_mean_abs = 0;
    for (size_t i = 0; i < n; i++) {
        double m = (double)mu[i], s = exp((double)log_sd[i]), x = m / s * M_SQRT1_2;
        sum_log_sd += (double)log_sd[i];
        sum_mean_abs += s * sqrt(2 / M_PI) * exp(-x * x) + m * erf(x);
    }
    return (double)n * (log(2 * b) - 0.5 * log(2 * M_PI * M_E)) - sum_log_sd + sum_mean_abs / b;
}

/* erf(x), given e = exp(-x^2), which the caller needs anyway. Float: Abramowitz & Stegun 7.1.26, error below 1.5e-7, vectorises. */
#ifdef BNN_DOUBLE
BNN_INLINE real erf_given_exp(real x, real e) { return (void)e, erf(x); }
#else
BNN_INLINE real erf_given_exp(real x, real e) {
    real t = 1 / (1 + 0.3275911f * fabsf(x));
    real p = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
    return copysignf(1 - p * e, x);
}
#endif

BNN_CLONES static void laplace_add_kl_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *mu,
                                           const real *log_sd, real *dmu, real *dlog_sd) {
    real c = (real)((double)factor / b_of(prior, scale)), root_half = (real)M_SQRT1_2, root = (real)sqrt(2 / M_PI);
    for (size_t i = 0; i < n; i++) {
        real s = bnn_exp(log_sd[i]), x = mu[i] / s * root_half, e = bnn_exp(-x * x);
        dmu[i] += c * erf_given_exp(x, e);
        dlog_sd[i] += c * root * s * e - factor;
    }
}

/* Inversion: with u uniform, -b log(1 - |2 u - 1|) is exponential and the sign of 2 u - 1 is fair. */
static void laplace_sample(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, real *w) {
    double b = b_of(prior, scale), u;
    for (size_t i = 0; i < n; i++) {
        bnn_rng_uniforms(key, first + i, 1, &u);
        w[i] = (real)copysign(-b * log1p(-fabs(2 * u - 1)), 2 * u - 1);
    }
}

const bnn_prior_row bnn_laplace_prior = {
    .head = { "laplace", "double exponential: pulls small weights to 0 as hard as large ones (L1)", rows, sizeof(laplace_options) },
    .log_prob = laplace_log_prob, .add_grad = laplace_add_grad, .kl = laplace_kl, .add_kl_grad = laplace_add_kl_grad,
    .sample = laplace_sample,
};
