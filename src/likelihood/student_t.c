/* Independent Student t noise: y_j = f_j + s_j t, t of df degrees of freedom. Its heavy tails leave outliers their distance, where a
 * Gaussian would bend the fit towards them.
 *
 *     nll = sum_j  (df + 1)/2 log(1 + z_j^2 / df) + log s_j + 1/2 log(df pi) + log Gamma(df/2) - log Gamma((df + 1)/2),
 *     z_j = (f_j - y_j) / s_j
 *
 * The scale s is one stated value, or learnt, one per target; the noise has sd s sqrt(df / (df - 2)), hence df > 2. */
#include "likelihood/likelihood.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

typedef struct student_options { double df; bnn_number_word noise_sd; } student_options;

enum { LEARN = 0 };

static const bnn_option rows[] = {
    /* 4: the smallest usual choice with a variance; Lange, Little & Taylor (1989) find it robust in most data */
    { "df", BNN_OPTION_NUMBER, offsetof(student_options, df), "4", 2, 1e6, true, NULL, "",
      "degrees of freedom; above 2, or the noise has no variance to report; small: heavy tails, 30 and more: nearly Gaussian", NULL },
    { "noise_sd", BNN_OPTION_NUMBER_WORD, offsetof(student_options, noise_sd), "learn", 0, 1e6, true, "learn", "sd of the scaled target",
      "scale of the noise, whose sd is sqrt(df / (df - 2)) times as large, or learn: fitted together with the weights", NULL },
    {0}
};

static const student_options *options_of(const bnn_likelihood *likelihood) { return likelihood->options; }

static const char *student_start(bnn_likelihood *likelihood) {
    if (likelihood->n_classes > 0) return "student_t needs numbers as targets; for classes use categorical or bernoulli";
    likelihood->n_outputs = likelihood->n_targets;
    likelihood->n_noise = options_of(likelihood)->noise_sd.word == LEARN ? likelihood->n_targets : 0;
    return NULL;
}

static double log_scale_of(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t j) {
    return likelihood->n_noise > 0 ? (double)log_noise_sd[j] : log(options_of(likelihood)->noise_sd.number);
}

static void student_nll(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y,
                        double *nll, real *df, double *dnoise) {
    size_t k = likelihood->n_targets;
    double nu = options_of(likelihood)->df, norm = 0.5 * log(nu * M_PI) + lgamma(nu / 2) - lgamma((nu + 1) / 2);
    for (size_t i = 0; i < n; i++) nll[i] = 0;
    for (size_t j = 0; j < k; j++) {
        double log_scale = log_scale_of(likelihood, log_noise_sd, j), scale = exp(log_scale), sum = 0;
        for (size_t i = 0; i < n; i++) {
            double z = ((double)f[i * k + j] - (double)y[i * k + j]) / scale, slope = (nu + 1) * z / (nu + z * z);
            nll[i] += 0.5 * (nu + 1) * log1p(z * z / nu) + log_scale + norm;
            sum += 1 - z * slope;
            if (df != NULL) df[i * k + j] = (real)(slope / scale);
        }
        if (dnoise != NULL && likelihood->n_noise > 0) dnoise[j] += sum;
    }
}

/* Fisher information of a location: (df + 1) / ((df + 3) s^2), the positive-definite form (Lange, Little & Taylor 1989). */
static void student_curvature_root(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c, real *d) {
    size_t k = likelihood->n_targets;
    double nu = options_of(likelihood)->df;
    real root = (real)(sqrt((nu + 1) / (nu + 3)) * exp(-log_scale_of(likelihood, log_noise_sd, c)));
    (void)f;
    for (size_t i = 0; i < n * k; i++) d[i] = i % k == c ? root : 0;
}

/* d2/df2 = (df + 1) (df - z^2) / (df + z^2)^2 / s^2 */
static void student_hessian(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y, double *h) {
    size_t k = likelihood->n_targets;
    double nu = options_of(likelihood)->df;
    for (size_t i = 0; i < n * k * k; i++) h[i] = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < k; j++) {
            double scale = exp(log_scale_of(likelihood, log_noise_sd, j)), z = ((double)f[i * k + j] - (double)y[i * k + j]) / scale;
            double sum = nu + z * z;
            h[(i * k + j) * k + j] = (nu + 1) * (nu - z * z) / (sum * sum * scale * scale);
        }
    }
}

static void student_moments(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean,
                            double *var) {
    size_t k = likelihood->n_targets;
    double nu = options_of(likelihood)->df;
    for (size_t j = 0; j < k; j++) {
        double noise_var = exp(2 * log_scale_of(likelihood, log_noise_sd, j)) * nu / (nu - 2);
        for (size_t i = 0; i < n; i++) {
            mean[i * k + j] = (double)f[i * k + j];
            var[i * k + j] = noise_var;
        }
    }
}

enum { MOST_TERMS = 50 };

/* P(T <= t) for a whole number df of degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4), with s = sin theta, c = cos^2 theta,
 * tan theta = t / sqrt(df); exact to rounding in absolute terms. Scores of mixtures ask for it some 10,000 times a row, and the
 * incomplete beta function takes 20 times as long. */
static double cdf_by_sum(long df, double t) {
    double c = (double)df / ((double)df + t * t), s = t / sqrt((double)df + t * t), term = 1, sum = 0;
    bool is_odd = df % 2 == 1;
    for (long k = 1; k <= df / 2; k++) {
        sum += term;
        term *= c * (is_odd ? (double)(2 * k) / (double)(2 * k + 1) : (double)(2 * k - 1) / (double)(2 * k));
    }
    if (!is_odd) return 0.5 + 0.5 * s * sum;
    return 0.5 + (atan(t / sqrt((double)df)) + s * sqrt(c) * sum) / M_PI;
}

/* By the sum where df is whole; far out, where 1 - P is lost in rounding, and else by GSL. */
static double t_cdf(double df, double t) {
    bool is_near = t * t < 100 * df;
    return is_near && df == floor(df) && df <= 2 * MOST_TERMS ? cdf_by_sum((long)df, t) : gsl_cdf_tdist_P(t, df);
}

static double student_cdf(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y) {
    double scale = exp(log_scale_of(likelihood, log_noise_sd, j));
    return t_cdf(options_of(likelihood)->df, (y - (double)f[j]) / scale);
}

static void student_sample(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y) {
    double nu = options_of(likelihood)->df;
    for (size_t j = 0; j < likelihood->n_targets; j++)
        y[j] = (double)f[j] + exp(log_scale_of(likelihood, log_noise_sd, j)) * gsl_ran_tdist(rng, nu);
}

const bnn_likelihood_row bnn_student_t_likelihood = {
    .head = { "student_t", "regression that outliers do not pull along: Student t noise of one scale per target", rows,
              sizeof(student_options) },
    .start = student_start, .nll = student_nll, .curvature_root = student_curvature_root, .hessian = student_hessian, .moments = student_moments, .cdf = student_cdf, .sample = student_sample,
};
