/* w ~ N(0, s^2), s = sd * scale: for map an L2 penalty w^2 / (2 s^2).
 *
 *     KL(N(mu, sd^2) || N(0, s^2)) = log(s / sd) + (mu^2 + sd^2) / (2 s^2) - 1/2 */
#include "base/vmath.h"
#include "prior/prior.h"

#include <math.h>

typedef struct gaussian_options { double sd; } gaussian_options;

static const bnn_option rows[] = {
    BNN_OPTION_POSITIVE_ROW(gaussian_options, sd, "1", 1e6, "", "standard deviation of every weight and bias"),
    {0}
};

static double sd_of(const bnn_prior *prior, double scale) { return ((const gaussian_options *)prior->options)->sd * scale; }

BNN_CLONES static double sum_squares(size_t n, const real *w) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)w[i] * (double)w[i];
    return sum;
}

static double gaussian_log_prob(const bnn_prior *prior, double scale, size_t n, const real *w) {
    double s = sd_of(prior, scale);
    return -0.5 * sum_squares(n, w) / (s * s) - (double)n * (log(s) + 0.5 * log(2 * M_PI));
}

BNN_CLONES static void gaussian_add_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    double s = sd_of(prior, scale);
    real c = (real)((double)factor / (s * s));
    for (size_t i = 0; i < n; i++) g[i] += c * w[i];
}

static double gaussian_kl(const bnn_prior *prior, double scale, size_t n, const real *mu, const real *log_sd) {
    double s = sd_of(prior, scale), sum_log_sd = 0, sum_var = 0;
    for (size_t i = 0; i < n; i++) {
        sum_log_sd += (double)log_sd[i];
        sum_var += exp(2 * (double)log_sd[i]);
    }
    return (double)n * (log(s) - 0.5) - sum_log_sd + 0.5 * (sum_squares(n, mu) + sum_var) / (s * s);
}

BNN_CLONES static void gaussian_add_kl_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *mu,
                                            const real *log_sd, real *dmu, real *dlog_sd) {
    double s = sd_of(prior, scale);
    real c = (real)((double)factor / (s * s));
    for (size_t i = 0; i < n; i++) {
        dmu[i] += c * mu[i];
        dlog_sd[i] += c * bnn_exp_bounded(2 * log_sd[i]) - factor;
    }
}

static double gaussian_precision(const bnn_prior *prior, double scale) { return 1 / (sd_of(prior, scale) * sd_of(prior, scale)); }

static void gaussian_sample(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, real *w) {
    real s = (real)sd_of(prior, scale);
    bnn_rng_normals(key, first, n, w);
    for (size_t i = 0; i < n; i++) w[i] *= s;
}

const bnn_prior_row bnn_gaussian_prior = {
    .head = { "gaussian", "one normal for every weight: smooth shrinkage (L2)", rows, sizeof(gaussian_options) },
    .log_prob = gaussian_log_prob, .add_grad = gaussian_add_grad, .kl = gaussian_kl, .add_kl_grad = gaussian_add_kl_grad,
    .precision = gaussian_precision, .sample = gaussian_sample,
};
