/* Posteriors over theta: what a method writes and prediction draws from.
 *
 * theta [n_params] = weights [n_weights] and then learnt log noise sds, which are point estimates in every kind here. */
#ifndef BNN_POSTERIOR_POSTERIOR_H
#define BNN_POSTERIOR_POSTERIOR_H

#include "base/arena.h"
#include "base/rng.h"
#include "bnn/status.h"
#include "config/option.h"

typedef struct bnn_posterior bnn_posterior;

/* One stored array: `copies` vectors over the weights, named BLOCK or BLOCK.suffix in the file. */
typedef struct bnn_posterior_array {
    const char *suffix;       /* "": the block's own name */
    real       *at;           /* [copies x n_params]       */
    size_t      copies;
    bool        has_noise;    /* the noise entries mean something: written under the noise block's name */
} bnn_posterior_array;

enum { BNN_POSTERIOR_ARRAYS = 4 };

/* A stored matrix of another shape, in double, named as it is. */
typedef struct bnn_factor { char name[48]; size_t rows, cols; double *at; } bnn_factor;

typedef struct bnn_posterior_row {
    bnn_variant head;
    /* Lays out the arrays for n_params and n_draws. */
    void (*start)(bnn_posterior *posterior);
    /* Takes the list of factors for net and lowest, with names and sizes but no numbers yet; NULL: the kind has none. */
    void (*lay_out)(bnn_posterior *posterior);
    /* out [n] = theta[first .. first + n) of draw s; draws are functions of (seed, s): any part can be made at any time. */
    void (*draw)(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out);
    bool is_list;             /* the vectors it stores are all the draws there are */
    bool draws_whole;         /* draw is only asked for first = 0, n = n_params */
    /* out [n_params]: the mean of theta. */
    void (*mean)(const bnn_posterior *posterior, real *out);
    /* out [n] = sd of theta[first .. first + n); NULL: no spread. */
    void (*sd)(const bnn_posterior *posterior, size_t first, size_t n, real *out);
    /* Covariance J Sigma J' of the linearised outputs, see output_cov.h; NULL: not normal. */
    const struct bnn_linear_row *linear;
} bnn_posterior_row;

struct bnn_posterior {
    const bnn_posterior_row *row;
    const struct bnn_net *net;   /* for kinds that drop units; borrowed, set by whoever made the posterior */
    size_t    n_weights, n_params;
    size_t    n_draws;           /* vectors stored, as draws or as members of a mixture; 0: of one fit */
    size_t    lowest;            /* kinds over a span of layers: the first layer whose weights are uncertain */
    size_t    n_factors;
    bnn_factor *factors;
    size_t    n_arrays;
    bnn_posterior_array arrays[BNN_POSTERIOR_ARRAYS];
    bnn_arena arena;
};

/* n_draws: for kinds that store several vectors, else 0. Arrays start zeroed. */
bnn_status bnn_posterior_make(bnn_posterior *posterior, const bnn_posterior_row *row, size_t n_weights, size_t n_noise, size_t n_draws);
void       bnn_posterior_free(bnn_posterior *posterior);

/* For kinds with factors: takes them (zeroed) for layers from `lowest` of the net, which is borrowed. Other kinds remember both. */
bnn_status bnn_posterior_lay_out(bnn_posterior *posterior, const struct bnn_net *net, size_t lowest);

/* What both would take, as a kind with its arrays and factors whose `at` are NULL: to hold a file against before any memory is asked for. */
bnn_status bnn_posterior_outline(bnn_posterior *posterior, const bnn_posterior_row *row, const struct bnn_net *net, size_t n_weights,
                                 size_t n_noise, size_t n_draws, size_t lowest);

/* How many draws an average over `wanted` takes: all of a list; of a mixture as many from each member, rounded up. */
size_t bnn_posterior_draws(const bnn_posterior *posterior, size_t wanted);

/* The average over the stored vectors: of number i, and of all, out [n_params]. */
double bnn_posterior_stored_mean(const bnn_posterior *posterior, size_t i);
void   bnn_posterior_mean_of_stored(const bnn_posterior *posterior, real *out);

/* NULL if there is none of that name. */
bnn_factor *bnn_posterior_factor(const bnn_posterior *posterior, const char *name);

/* NULL if there is none of that name. */
const bnn_posterior_row *bnn_posterior_find(const char *name);

/* The kinds, ended by NULL. draws: K stored vectors. diag: independent normals, mean and log sd. dropout: one
 * vector, of which each draw drops units. kron, full: normals over a span of layers, from Laplace. mixture:
 * K diags. */
extern const bnn_variant *const bnn_posteriors[];
extern const bnn_posterior_row bnn_draws_posterior, bnn_diag_posterior, bnn_dropout_posterior, bnn_kron_posterior,
                               bnn_full_posterior, bnn_mixture_posterior;

#endif
