/* w = s t, t of df degrees of freedom, s = scale: most weights near 0, while a few may be large at little cost.
 *
 *     -log p(w) = (df + 1)/2 log(1 + (w / s)^2 / df) + log s + 1/2 log(df pi) + log Gamma(df/2) - log Gamma((df + 1)/2)
 *     d(-log p)/dw = (df + 1) w / (df s^2 + w^2)
 *
 * The KL from a normal has no closed form. */
#include "base/vmath.h"
#include "prior/prior.h"

#include <math.h>

typedef struct student_options { double df, scale; } student_options;

static const bnn_option rows[] = {
    BNN_OPTION_POSITIVE_ROW(student_options, df, "4", 1e6, "", "degrees of freedom: 1 is Cauchy, 30 and more nearly Gaussian"),
    BNN_OPTION_POSITIVE_ROW(student_options, scale, "1", 1e6, "", "scale of every weight and bias; for df > 2 the sd is "
                            "sqrt(df / (df - 2)) times as large"),
    {0}
};

static const student_options *options_of(const bnn_prior *prior) { return prior->options; }

static double student_log_prob(const bnn_prior *prior, double scale, size_t n, const real *w) {
    double nu = options_of(prior)->df, s = options_of(prior)->scale * scale, sum = 0;
    for (size_t i = 0; i < n; i++) {
        double z = (double)w[i] / s;
        sum += log1p(z * z / nu);
    }
    double norm = log(s) + 0.5 * log(nu * M_PI) + lgamma(nu / 2) - lgamma((nu + 1) / 2);
    return -0.5 * (nu + 1) * sum - (double)n * norm;
}

BNN_CLONES static void student_add_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    double nu = options_of(prior)->df, s = options_of(prior)->scale * scale;
    real c = (real)((double)factor * (nu + 1)), spread = (real)(nu * s * s);
    for (size_t i = 0; i < n; i++) g[i] += c * w[i] / (spread + w[i] * w[i]);
}

/* Bailey's polar method (1994): t = sqrt(df (u^(-2 / df) - 1)) cos(2 pi v); weight i takes uniforms 2 i and 2 i + 1. */
static void student_sample(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, real *w) {
    double nu = options_of(prior)->df, s = options_of(prior)->scale * scale, u[2];
    for (size_t i = 0; i < n; i++) {
        bnn_rng_uniforms(key, 2 * (first + i), 2, u);
        w[i] = (real)(s * sqrt(nu * expm1(-2 / nu * log(u[0]))) * cos(2 * M_PI * u[1]));
    }
}

const bnn_prior_row bnn_student_t_prior = {
    .head = { "student_t", "heavy tails: most weights near 0, a few as large as the data ask for", rows, sizeof(student_options) },
    .log_prob = student_log_prob, .add_grad = student_add_grad, .sample = student_sample,
};
