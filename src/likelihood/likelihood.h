/* Likelihoods: log p(y | f) of one row given the net's outputs f, in nats, constants included.
 *
 * f [n x n_outputs] raw outputs; y [n x n_targets] scaled numbers, or 0-based class numbers. Learnt noise is log_noise_sd
 * [n_noise], in units of the scaled target; it sits behind the weights in theta. */
#ifndef BNN_LIKELIHOOD_LIKELIHOOD_H
#define BNN_LIKELIHOOD_LIKELIHOOD_H

#include "base/arena.h"
#include "base/rng.h"
#include "bnn/status.h"
#include "config/config.h"
#include "data/data.h"

#define BNN_LOG_NOISE_SD_MIN (-6.907755278982137)   /* log 1e-3 */
#define BNN_LOG_NOISE_SD_MAX   6.907755278982137    /* log 1e+3 */

typedef struct bnn_likelihood bnn_likelihood;

typedef struct bnn_likelihood_row {
    bnn_variant head;
    bool        wants_classes;
    bool        wants_counts;     /* targets are whole numbers from 0, never scaled; the cdf is a step function          */
    bool        is_normal;        /* y given f is normal: its moments say it all                                         */
    bool        is_surrogate;     /* classes: nll is not -log p of the class, so scores take `probabilities` instead     */
    /* Sets n_outputs and n_noise from n_targets, n_classes and options. NULL if it can serve them, else the reason. */
    const char *(*start)(bnn_likelihood *likelihood);
    /* nll [n] per row; df [n x n_outputs] = d nll / d f, or NULL; dnoise [n_noise] += sum d nll / d log_noise_sd, or NULL. */
    void (*nll)(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y, double *nll,
                real *df, double *dnoise);
    /* Numbers: mean and variance of y given f, both [n x n_targets]. NULL for classes. */
    void (*moments)(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, double *mean, double *var);
    /* Numbers: p(Y <= y) of target j given one row's outputs. NULL for classes. */
    double (*cdf)(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, size_t j, double y);
    /* Column c < n_outputs of S, d [n x n_outputs], where S S' is the Hessian of nll in f, or where that depends on y its mean over y
     * (the Fisher information): positive semi-definite either way. NULL: no curvature, so no Laplace. */
    void (*curvature_root)(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, size_t c, real *d);
    /* The exact Hessian h [n x n_outputs x n_outputs] where it differs from S S'; NULL: it does not. */
    void (*hessian)(const bnn_likelihood *likelihood, const real *log_noise_sd, size_t n, const real *f, const real *y, double *h);
    /* Classes: p [n x n_classes]. NULL for numbers. */
    void (*probabilities)(const bnn_likelihood *likelihood, size_t n, const real *f, double *p);
    /* One y [n_targets] (a class number for classes) drawn given one row's outputs. */
    void (*sample)(const bnn_likelihood *likelihood, const real *log_noise_sd, const real *f, gsl_rng *rng, double *y);
} bnn_likelihood_row;

struct bnn_likelihood {
    const bnn_likelihood_row *row;
    size_t n_targets, n_classes;    /* n_classes 0: numbers */
    size_t n_outputs, n_noise;
    void  *options;                 /* of the row's own type */
    bnn_arena arena;
};

extern const bnn_axis bnn_likelihood_axes[];     /* [likelihood] */

/* From [likelihood]. BNN_ERR_CONFIG if it cannot serve such targets. */
bnn_status bnn_likelihood_make(bnn_likelihood *likelihood, const bnn_config *config, size_t n_targets, size_t n_classes);
void       bnn_likelihood_free(bnn_likelihood *likelihood);

/* How targets are scaled under this configuration: [data] scale_y, or "none" for likelihoods that want counts. */
const char *bnn_likelihood_scale_y(const bnn_config *config);

/* BNN_ERR_DATA with file:line of the first target that the likelihood cannot take. Rows without targets pass. */
bnn_status bnn_likelihood_check_targets(const bnn_likelihood *likelihood, const bnn_dataset *rows);

/* Keeps learnt log noise sds [n] between BNN_LOG_NOISE_SD_MIN and _MAX. */
void bnn_likelihood_bound_noise(size_t n, real *log_noise_sd);

/* The table, ended by NULL; the first is the default. A new likelihood: one file and one word here and in the table. */
extern const bnn_variant *const bnn_likelihoods[];
extern const bnn_likelihood_row bnn_gaussian_likelihood, bnn_heteroscedastic_likelihood, bnn_student_t_likelihood,
    bnn_poisson_likelihood, bnn_bernoulli_likelihood, bnn_categorical_likelihood, bnn_softmax_gaussian_likelihood;

#endif
