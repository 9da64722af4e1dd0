/* Two classes and one output, the logit of class 1: nll = log(1 + exp(f)) - y f, d nll / d f = sigmoid(f) - y.
 *
 * In terms of the margin m = (2 y - 1) f, nll = log(1 + exp(-m)) = max(-m, 0) + log1p(exp(-|m|)): no two terms cancel, so a sure
 * and right prediction keeps every digit of its small loss and gradient. */
#include "likelihood/likelihood.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static const char *bernoulli_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes != 2) return "bernoulli needs exactly two classes; for more use categorical";
    likelihood->n_outputs = 1;
    return NULL;
}

static double sigmoid(double f) {
    double e = exp(-fabs(f));
    return (f >= 0 ? 1 : e) / (1 + e);
}

static void bernoulli_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                          double *nll, real *df, double *dnoise) {
    (void)likelihood, (void)log_noise_sd, (void)dnoise;
    for (size_t i = 0; i < n; i++) {
        double sign = 2 * (double)y[i] - 1, margin = sign * (double)f[i];
        nll[i] = fmax(-margin, 0) + log1p(exp(-fabs(margin)));
        if (df != NULL) df[i] = (real)(-sign * sigmoid(-margin));
    }
}

static void bernoulli_probabilities(const bnn_likelihood *likelihood, size_t n, const real *f, double *p) {
    (void)likelihood;
    for (size_t i = 0; i < n; i++) {
        p[2 * i] = sigmoid(-(double)f[i]);
        p[2 * i + 1] = sigmoid((double)f[i]);
    }
}

static void bernoulli_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c,
                                     real *d) {
    (void)likelihood, (void)log_noise_sd, (void)c;
    for (size_t i = 0; i < n; i++) d[i] = (real)sqrt(sigmoid((double)f[i]) * sigmoid(-(double)f[i]));
}

static void bernoulli_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    (void)likelihood, (void)log_noise_sd;
    y[0] = gsl_ran_bernoulli(rng, sigmoid((double)f[0]));
}

const bnn_likelihood_row bnn_bernoulli_likelihood = {
    .head = { "bernoulli", "two classes from one output: logistic regression and its nets", NULL, 0 },
    .wants_classes = true, .start = bernoulli_start, .nll = bernoulli_nll, .probabilities = bernoulli_probabilities,
    .sample = bernoulli_sample, .curvature_root = bernoulli_curvature_root,
};
