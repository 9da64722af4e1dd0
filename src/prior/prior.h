/* Priors: log p(w) of independent weights, on plain spans of numbers. A prior never sees a network.
 *
 * `scale` widens the prior of a whole span: w / scale has the prior as configured (1: as is). Gradients are added to, so that data
 * and prior terms meet in one array. */
#ifndef BNN_PRIOR_PRIOR_H
#define BNN_PRIOR_PRIOR_H

#include "base/arena.h"
#include "base/rng.h"
#include "bnn/status.h"
#include "config/config.h"

typedef struct bnn_prior bnn_prior;

typedef struct bnn_prior_row {
    bnn_variant head;
    /* sum log p(w), nats */
    double (*log_prob)(const bnn_prior *prior, double scale, size_t n, const real *w);
    /* g += factor * d(-log p)/dw */
    void   (*add_grad)(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g);
    /* KL(N(mu, exp(2 log_sd)) || p), nats, where a closed form exists; NULL: only by Monte Carlo */
    double (*kl)(const bnn_prior *prior, double scale, size_t n, const real *mu, const real *log_sd);
    /* dmu += factor * dKL/dmu,  dlog_sd += factor * dKL/dlog_sd */
    void   (*add_kl_grad)(const bnn_prior *prior, double scale, real factor, size_t n, const real *mu, const real *log_sd, real *dmu,
                          real *dlog_sd);
    /* The constant second derivative of -log p where there is one; NULL: Laplace refuses the prior. */
    double (*precision)(const bnn_prior *prior, double scale);
    /* w [n]: numbers first .. first + n - 1 of the array of `key`; NULL: improper */
    void   (*sample)(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, real *w);
} bnn_prior_row;

/* [prior] keys for every prior: how much wider or narrower it is for some weights than for others. */
typedef struct bnn_prior_scaling {
    bool        fan_in;              /* weights: sd divided by sqrt(inputs of the unit)     */
    double      bias_scale;          /* biases: factor                                      */
    bnn_numbers layer_scale;         /* factors, one per layer with weights; none: all 1    */
} bnn_prior_scaling;

extern const bnn_option bnn_prior_rows[];     /* of bnn_prior_scaling */

struct bnn_prior {
    const bnn_prior_row *row;
    bnn_prior_scaling scaling;
    void     *options;               /* of the row's own type */
    bnn_arena arena;
};

extern const bnn_axis bnn_prior_axes[];     /* [prior] */

bnn_status bnn_prior_make(bnn_prior *prior, const bnn_config *config);     /* from [prior]; layer_scale is borrowed from config */
void       bnn_prior_free(bnn_prior *prior);

/* The `scale` of a block by the rule of [prior]; layer: 0-based, among those with weights. */
double bnn_prior_scale(const bnn_prior *prior, size_t layer, bool is_bias, size_t fan_in);

/* KL(N(mu, exp(2 log_sd)) || p) of a span, nats, or for improper priors its finite part: the closed form, or (if there is none, or when
 * asked) -entropy + the mean of -log p over n_draws draws, numbers first .. first + n of the arrays keys[0..n_draws). */
double bnn_prior_kl(const bnn_prior *prior, double scale, uint64_t first, size_t n, const real *mu, const real *log_sd,
                    bool is_monte_carlo, size_t n_draws, const bnn_key *keys);

/* The table, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_priors[];
extern const bnn_prior_row bnn_gaussian_prior, bnn_laplace_prior, bnn_student_t_prior, bnn_scale_mixture_prior, bnn_flat_prior;

#endif
