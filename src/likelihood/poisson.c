/* Counts: y_j ~ Poisson(exp f_j), whole numbers from 0, taken as they are (never scaled).
 *
 *     nll = sum_j  exp f_j - y_j f_j + log y_j!,    d nll / d f_j = exp f_j - y_j */
#include "likelihood/likelihood.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

static const char *poisson_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes > 0) return "poisson needs counts as targets; for classes use categorical or bernoulli";
    likelihood->n_outputs = likelihood->n_targets;
    return NULL;
}

static void poisson_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                        double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_targets;
    (void)log_noise_sd, (void)dnoise;
    for (size_t i = 0; i < n; i++) {
        nll[i] = 0;
        for (size_t at = i * k; at < (i + 1) * k; at++) {
            double rate = exp((double)f[at]), count = (double)y[at];
            nll[i] += rate - count * (double)f[at] + lgamma(count + 1);
            if (df != NULL) df[at] = (real)(rate - count);
        }
    }
}

static void poisson_moments(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean,
                            double *var) {
    (void)log_noise_sd;
    for (size_t at = 0; at < n * likelihood->n_targets; at++) mean[at] = var[at] = exp((double)f[at]);
}

/* P(Y <= y) = P(G > rate) for G ~ Gamma(floor(y) + 1, 1); gsl_cdf_poisson_P is the same but for its 32-bit counts. */
static double poisson_cdf(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y) {
    (void)likelihood, (void)log_noise_sd;
    return y < 0 ? 0 : gsl_cdf_gamma_Q(exp((double)f[j]), floor(y) + 1, 1);
}

#define LARGE_RATE 1e8   /* GSL's sampler counts in 32 bits; from here on a rounded normal has its skewness of 1e-4 wrong, no more */

static void poisson_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    (void)log_noise_sd;
    for (size_t j = 0; j < likelihood->n_targets; j++) {
        double rate = exp((double)f[j]);
        y[j] = rate < LARGE_RATE ? (double)gsl_ran_poisson(rng, rate) : round(rate + gsl_ran_gaussian(rng, sqrt(rate)));
    }
}

const bnn_likelihood_row bnn_poisson_likelihood = {
    .head = { "poisson", "counts (whole numbers from 0, never scaled): each output is the log of a rate", NULL, 0 },
    .wants_counts = true, .start = poisson_start, .nll = poisson_nll, .moments = poisson_moments, .cdf = poisson_cdf,
    .sample = poisson_sample,
};
