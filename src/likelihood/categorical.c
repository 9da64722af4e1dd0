/* K classes and K outputs: p = softmax(f), nll = log sum_k exp(f_k) - f_y, d nll / d f = p - onehot(y). */
#include "likelihood/likelihood.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static const char *categorical_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes < 2) return "categorical needs at least two classes in the training rows";
    likelihood->n_outputs = likelihood->n_classes;
    return NULL;
}

/* p [k] = exp(f - max f); returns their sum and the maximum. */
static double exponentials(size_t k, const real *f, double *p, double *largest) {
    double max = (double)f[0], sum = 0;
    for (size_t j = 1; j < k; j++) max = fmax(max, (double)f[j]);
    for (size_t j = 0; j < k; j++) sum += p[j] = exp((double)f[j] - max);
    *largest = max;
    return sum;
}

static void categorical_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                            double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_classes;
    double e[k], max;
    (void)log_noise_sd, (void)dnoise;
    for (size_t i = 0; i < n; i++, f += k) {
        size_t label = (size_t)y[i];
        double sum = exponentials(k, f, e, &max);
        nll[i] = log(sum) + (max - (double)f[label]);     /* large logits cancel first */
        if (df == NULL) continue;
        for (size_t j = 0; j < k; j++) df[i * k + j] = (real)(e[j] / sum - (j == label));
    }
}

static void categorical_probabilities(const bnn_likelihood *likelihood, size_t n, const real *f, double *p) {
    size_t k = likelihood->n_classes;
    double max;
    for (size_t i = 0; i < n; i++) {
        double sum = exponentials(k, f + i * k, p + i * k, &max);
        for (size_t j = 0; j < k; j++) p[i * k + j] /= sum;
    }
}

/* Column c of diag(sqrt p) - p sqrt(p)'. */
static void categorical_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c,
                                       real *d) {
    size_t k = likelihood->n_classes;
    double p[k];
    (void)log_noise_sd;
    for (size_t i = 0; i < n; i++) {
        categorical_probabilities(likelihood, 1, f + i * k, p);
        double root = sqrt(p[c]);
        for (size_t j = 0; j < k; j++) d[i * k + j] = (real)(root * ((double)(j == c) - p[j]));
    }
}

static void categorical_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    size_t k = likelihood->n_classes, j = 0;
    double e[k], max, u = gsl_rng_uniform(rng) * exponentials(k, f, e, &max);
    (void)log_noise_sd;
    while (j + 1 < k && u >= e[j]) u -= e[j++];
    y[0] = (double)j;
}

const bnn_likelihood_row bnn_categorical_likelihood = {
    .head = { "categorical", "two or more classes, one output each: softmax regression and its nets", NULL, 0 },
    .wants_classes = true, .start = categorical_start, .nll = categorical_nll, .probabilities = categorical_probabilities,
    .sample = categorical_sample, .curvature_root = categorical_curvature_root,
};
