/* Independent Gaussian noise around each output: y_j ~ N(f_j, sd_j^2), in scaled units.
 *
 *     nll = sum_j  1/2 ((y_j - f_j) / sd_j)^2 + log sd_j + 1/2 log 2 pi
 *
 * sd is one stated value for all targets, or learnt, one per target (a point estimate). */
#include "likelihood/likelihood.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

typedef struct gaussian_options { bnn_number_word noise_sd; } gaussian_options;

enum { LEARN = 0 };

static const bnn_option rows[] = {
    { "noise_sd", BNN_OPTION_NUMBER_WORD, offsetof(gaussian_options, noise_sd), "learn", 0, 1e6, true, "learn", "sd of the scaled target",
      "noise sd, or learn: fitted together with the weights", NULL },
    {0}
};

static const gaussian_options *options_of(const bnn_likelihood *likelihood) { return likelihood->options; }

static const char *gaussian_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes > 0) return "gaussian needs numbers as targets; for classes use categorical or bernoulli";
    likelihood->n_outputs = likelihood->n_targets;
    likelihood->n_noise = options_of(likelihood)->noise_sd.word == LEARN ? likelihood->n_targets : 0;
    return NULL;
}

static double log_sd_of(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t j) {
    return likelihood->n_noise > 0 ? (double)log_noise_sd[j] : log(options_of(likelihood)->noise_sd.number);
}

static void gaussian_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                         double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_targets;
    for (size_t i = 0; i < n; i++) nll[i] = 0;
    for (size_t j = 0; j < k; j++) {
        double log_sd = log_sd_of(likelihood, log_noise_sd, j), precision = exp(-2 * log_sd), sum_squares = 0;
        double constant = log_sd + 0.5 * log(2 * M_PI);
        for (size_t i = 0; i < n; i++) {
            double residual = (double)f[i * k + j] - (double)y[i * k + j];
            nll[i] += 0.5 * precision * residual * residual + constant;
            sum_squares += residual * residual;
            if (df != NULL) df[i * k + j] = (real)(precision * residual);
        }
        if (dnoise != NULL && likelihood->n_noise > 0) dnoise[j] += (double)n - precision * sum_squares;
    }
}

static void gaussian_moments(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean,
                             double *var) {
    size_t k = likelihood->n_targets;
    for (size_t j = 0; j < k; j++) {
        double noise_var = exp(2 * log_sd_of(likelihood, log_noise_sd, j));
        for (size_t i = 0; i < n; i++) {
            mean[i * k + j] = (double)f[i * k + j];
            var[i * k + j] = noise_var;
        }
    }
}

static double gaussian_cdf(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y) {
    return gsl_cdf_gaussian_P(y - (double)f[j], exp(log_sd_of(likelihood, log_noise_sd, j)));
}

static void gaussian_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c, real *d) {
    size_t k = likelihood->n_targets;
    real root = (real)exp(-log_sd_of(likelihood, log_noise_sd, c));
    (void)f;
    for (size_t i = 0; i < n * k; i++) d[i] = i % k == c ? root : 0;
}

static void gaussian_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    for (size_t j = 0; j < likelihood->n_targets; j++)
        y[j] = (double)f[j] + gsl_ran_gaussian(rng, exp(log_sd_of(likelihood, log_noise_sd, j)));
}

const bnn_likelihood_row bnn_gaussian_likelihood = {
    .head = { "gaussian", "regression with Gaussian noise of one sd per target", rows, sizeof(gaussian_options) },
    .is_normal = true, .start = gaussian_start, .nll = gaussian_nll, .moments = gaussian_moments, .cdf = gaussian_cdf,
    .sample = gaussian_sample, .curvature_root = gaussian_curvature_root,
};
