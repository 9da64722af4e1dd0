/* Classes as one-hot targets with Gaussian noise around softmax outputs p: a squared error in place of the cross entropy.
 *
 *     nll = sum_k (onehot_k - p_k)^2 / (2 sd^2) + K log(sd sqrt(2 pi))
 *     d nll / d f_j = p_j (r_j - sum_k p_k r_k) / sd^2,   r_k = p_k - onehot_k
 *
 * It is a density of one-hot vectors; as a predictor of classes the model says p, and that is what scores use. */
#include "likelihood/likelihood.h"

#include <math.h>

typedef struct softmax_options { double noise_sd; } softmax_options;

static const bnn_option rows[] = {
    /* .1: the sd that fits best at about 6 % error, where the mean squared residual of 10 classes is .009 */
    BNN_OPTION_POSITIVE_ROW(softmax_options, noise_sd, "0.1", 1e6, "", "sd of the noise on each element of the one-hot target"),
    {0}
};

static const char *softmax_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes < 2) return "softmax_gaussian needs at least two classes in the training rows";
    likelihood->n_outputs = likelihood->n_classes;
    return NULL;
}

static void softmax_probabilities(const bnn_likelihood *likelihood, size_t n, const real *f, double *p) {
    bnn_categorical_likelihood.probabilities(likelihood, n, f, p);
}

static void softmax_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                        double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_classes;
    double sd = ((const softmax_options *)likelihood->options)->noise_sd, precision = 1 / (sd * sd), p[k];
    (void)log_noise_sd, (void)dnoise;
    for (size_t i = 0; i < n; i++) {
        double squares = 0, mean = 0;     /* sums of r_k^2 and p_k r_k */
        softmax_probabilities(likelihood, 1, f + i * k, p);
        for (size_t j = 0; j < k; j++) {
            double r = p[j] - (j == (size_t)y[i]);
            squares += r * r;
            mean += p[j] * r;
        }
        nll[i] = 0.5 * precision * squares + (double)k * (log(sd) + 0.5 * log(2 * M_PI));
        if (df == NULL) continue;
        for (size_t j = 0; j < k; j++) df[i * k + j] = (real)(precision * p[j] * (p[j] - (j == (size_t)y[i]) - mean));
    }
}

static void softmax_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    bnn_categorical_likelihood.sample(likelihood, log_noise_sd, f, rng, y);
}

const bnn_likelihood_row bnn_softmax_gaussian_likelihood = {
    .head = { "softmax_gaussian", "two or more classes, Gaussian noise on the one-hot target around softmax outputs: a squared error", rows,
              sizeof(softmax_options) },
    .wants_classes = true, .is_surrogate = true, .start = softmax_start, .nll = softmax_nll,
    .probabilities = softmax_probabilities, .sample = softmax_sample,
};
