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

static void poisson_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c, real *d) {
    size_t k = likelihood->n_targets;
    (void)log_noise_sd;
    for (size_t i = 0; i < n * k; i++) d[i] = i % k == c ? (real)exp(0.5 * (double)f[i]) : 0;
}

static void poisson_moments(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean,
                            double *var) {
    (void)log_noise_sd;
    for (size_t at = 0; at < n * likelihood->n_targets; at++) mean[at] = var[at] = exp((double)f[at]);
}

/* Above, GSL's incomplete gamma function no longer converges everywhere; Edgeworth's series for lattices (Kolassa & McCullagh 1990)
 * is then good to 1e-11. */
#define LARGE_RATE 1e6

/* z: of k + 1/2 */
static double edgeworth(double rate, double k) {
    double sd = sqrt(rate), z = (k + 0.5 - rate) / sd, z2 = z * z, density = exp(-0.5 * z2) / sqrt(2 * M_PI);
    if (z2 > 1000) return z > 0;
    return 0.5 * erfc(-z * M_SQRT1_2) - density * ((z2 - 1) / (6 * sd) + z * (z2 * z2 - 7 * z2 + 3) / (72 * rate));
}

/* P(Y <= y) = P(G > rate) for G ~ Gamma(floor(y) + 1, 1); gsl_cdf_poisson_P is the same but for its 32-bit counts. */
static double poisson_cdf(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y) {
    double rate = exp((double)f[j]);
    (void)likelihood, (void)log_noise_sd;
    if (y < 0) return 0;
    return rate < LARGE_RATE ? gsl_cdf_gamma_Q(rate, floor(y) + 1, 1) : edgeworth(rate, floor(y));
}

#define LARGEST_SAMPLED 1e9   /* GSL's sampler counts in 32 bits; from here on a rounded normal misses no more than a skewness of 3e-5 */

static void poisson_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    (void)log_noise_sd;
    for (size_t j = 0; j < likelihood->n_targets; j++) {
        double rate = exp((double)f[j]);
        y[j] = rate < LARGEST_SAMPLED ? (double)gsl_ran_poisson(rng, rate) : round(rate + gsl_ran_gaussian(rng, sqrt(rate)));
    }
}

const bnn_likelihood_row bnn_poisson_likelihood = {
    .head = { "poisson", "counts (whole numbers from 0, never scaled): each output is the log of a rate", NULL, 0 },
    .wants_counts = true, .start = poisson_start, .nll = poisson_nll, .curvature_root = poisson_curvature_root, .moments = poisson_moments, .cdf = poisson_cdf,
    .sample = poisson_sample,
};
