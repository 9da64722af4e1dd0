/* Gaussian noise whose sd depends on the features (Nix & Weigend 1994): two outputs per target, its mean and its log sd.
 *
 *     y_j ~ N(f_j, sd_j^2),   log sd_j = B tanh(f_{k + j} / B),   B = log 1000,   j = 0 .. k - 1 of k targets
 *
 *     nll = sum_j  1/2 ((y_j - f_j) / sd_j)^2 + log sd_j + 1/2 log 2 pi
 *
 * The outputs of one row are k means and then k log sds. tanh keeps every sd between 1/1000 and 1000 times the scaled target's unit,
 * so that no output, however wild, overflows; for sds near 1 it changes nothing (its slope at 0 is 1). */
#include "likelihood/likelihood.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#define BOUND BNN_LOG_NOISE_SD_MAX

static const char *heteroscedastic_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes > 0) return "heteroscedastic needs numbers as targets; for classes use categorical or bernoulli";
    likelihood->n_outputs = 2 * likelihood->n_targets;
    return NULL;
}

static double log_sd_of(const bnn_likelihood *likelihood, const real *f, size_t j) {
    return BOUND * tanh((double)f[likelihood->n_targets + j] / BOUND);
}

static void heteroscedastic_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                                double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_targets;
    (void)log_noise_sd, (void)dnoise;
    for (size_t i = 0; i < n; i++, f += 2 * k, y += k) {
        nll[i] = 0;
        for (size_t j = 0; j < k; j++) {
            double log_sd = log_sd_of(likelihood, f, j), sd = exp(log_sd), slope = 1 - log_sd / BOUND * (log_sd / BOUND);
            double z = ((double)f[j] - (double)y[j]) / sd;
            nll[i] += 0.5 * z * z + log_sd + 0.5 * log(2 * M_PI);
            if (df == NULL) continue;
            df[i * 2 * k + j] = (real)(z / sd);
            df[i * 2 * k + k + j] = (real)((1 - z * z) * slope);
        }
    }
}

/* Fisher information: 1 / sd^2 for a mean, 2 slope^2 for a log sd output. */
static void heteroscedastic_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c,
                                           real *d) {
    size_t k = likelihood->n_targets, j = c % k;
    (void)log_noise_sd;
    for (size_t i = 0; i < n * 2 * k; i++) d[i] = 0;
    for (size_t i = 0; i < n; i++) {
        double log_sd = log_sd_of(likelihood, f + i * 2 * k, j), slope = 1 - log_sd / BOUND * (log_sd / BOUND);
        d[i * 2 * k + c] = (real)(c < k ? exp(-log_sd) : M_SQRT2 * slope);
    }
}

/* With z = (f - y) / sd, a = slope, a' = d slope / d output = -2 log_sd slope / B^2:
 *     d2/dmean2 = 1 / sd^2,   d2/dmean dout = -2 z a / sd,   d2/dout2 = 2 z^2 a^2 + (1 - z^2) a' */
static void heteroscedastic_hessian(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                                    double *h) {
    size_t k = likelihood->n_targets, m = 2 * k;
    (void)log_noise_sd;
    for (size_t i = 0; i < n * m * m; i++) h[i] = 0;
    for (size_t i = 0; i < n; i++, f += m, y += k, h += m * m) {
        for (size_t j = 0; j < k; j++) {
            double log_sd = log_sd_of(likelihood, f, j), sd = exp(log_sd), slope = 1 - log_sd / BOUND * (log_sd / BOUND);
            double z = ((double)f[j] - (double)y[j]) / sd, bend = -2 * log_sd * slope / (BOUND * BOUND);
            h[j * m + j] = 1 / (sd * sd);
            h[j * m + k + j] = h[(k + j) * m + j] = -2 * z * slope / sd;
            h[(k + j) * m + k + j] = 2 * z * z * slope * slope + (1 - z * z) * bend;
        }
    }
}

static void heteroscedastic_moments(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean,
                                    double *var) {
    size_t k = likelihood->n_targets;
    (void)log_noise_sd;
    for (size_t i = 0; i < n; i++, f += 2 * k) {
        for (size_t j = 0; j < k; j++) {
            mean[i * k + j] = (double)f[j];
            var[i * k + j] = exp(2 * log_sd_of(likelihood, f, j));
        }
    }
}

static double heteroscedastic_cdf(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y) {
    (void)log_noise_sd;
    return gsl_cdf_gaussian_P(y - (double)f[j], exp(log_sd_of(likelihood, f, j)));
}

static void heteroscedastic_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    (void)log_noise_sd;
    for (size_t j = 0; j < likelihood->n_targets; j++)
        y[j] = (double)f[j] + gsl_ran_gaussian(rng, exp(log_sd_of(likelihood, f, j)));
}

const bnn_likelihood_row bnn_heteroscedastic_likelihood = {
    .head = { "heteroscedastic", "regression with Gaussian noise whose sd depends on the features: two outputs per target, mean and log sd "
              "(softly bounded to 1/1000 .. 1000 sds of the scaled target)", NULL, 0 },
    .is_normal = true, .start = heteroscedastic_start, .curvature_root = heteroscedastic_curvature_root,
    .hessian = heteroscedastic_hessian, .nll = heteroscedastic_nll, .moments = heteroscedastic_moments,
    .cdf = heteroscedastic_cdf, .sample = heteroscedastic_sample,
};
