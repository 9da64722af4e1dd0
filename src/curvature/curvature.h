/* Curvature of the negative log likelihood at one point, summed over a data set, in one of three structures.
 *
 *     H ~ sum_i J_i' S_i S_i' J_i,   J_i = d f_i / d theta,   S_i from a source
 *
 * ggn: S S' = Hessian (or Fisher information) in the outputs; with ggn_samples > 0 estimated from labels drawn from the model
 * (Martens 2020). empirical_fisher: S = the gradient at the true label, one column. hessian: no approximation and no columns, for diag
 * and full (hessian.h); it may be indefinite. Columns are backpropagated batch by batch: no per-row Jacobian of a diagonal or Kronecker
 * curvature is ever stored. */
#ifndef BNN_CURVATURE_CURVATURE_H
#define BNN_CURVATURE_CURVATURE_H

#include "base/product.h"
#include "data/data.h"
#include "layer/net.h"
#include "likelihood/likelihood.h"
#include "posterior/posterior.h"

typedef enum bnn_factor_source { BNN_SOURCE_GGN, BNN_SOURCE_EMPIRICAL_FISHER, BNN_SOURCE_HESSIAN } bnn_factor_source;

typedef struct bnn_curvature bnn_curvature;

typedef struct bnn_structure_row {
    bnn_variant head;
    void (*start)(bnn_curvature *curvature);                                           /* takes its arrays */
    /* One column's dz at layer l (of the net) in a pass, x the layer's inputs. */
    void (*column)(bnn_curvature *curvature, size_t l, bnn_mat x, bnn_mat dz);
    void (*end_column)(bnn_curvature *curvature, size_t n);                             /* NULL: nothing */
    void (*end_pass)(bnn_curvature *curvature, size_t l, bnn_mat x);                    /* after all columns, per layer; NULL: nothing */
    void (*hessian)(bnn_curvature *curvature);            /* adds that of a pass, from curvature->hessian; NULL: refused */
    size_t max_rows;                                      /* of one pass, before the exact Hessian's own limit */
    /* Forecasts, at the peak: of what start takes with that many threads; of what decompose and the posterior take beside that. */
    size_t (*bytes)(const bnn_net *net, size_t lowest, int n_threads);
    size_t (*later_bytes)(const bnn_net *net, size_t lowest);

    /* How it becomes a posterior, once all rows are in. Precisions [n_blocks of the net] are those of the prior around the fit. */
    const bnn_posterior_row *posterior;
    bool splits;                  /* no weight is correlated with one of another layer: each layer may have its own precision */
    bool wants_equal_precisions;  /* of weights and biases of a layer */
    /* H in a form that any precision can be added to; p0, from which they start, is borrowed from here on. */
    bnn_status (*decompose)(bnn_curvature *curvature, const double *p0);
    /* e [n]: eigenvalues first .. first + n of H relative to p0; those of a layer lie at its weights' places in the span, if it splits. */
    void (*eigenvalues)(const bnn_curvature *curvature, size_t first, size_t n, double *e);
    /* Fills a posterior of that kind, laid out and with its mean in place, with (H + precisions)^-1. */
    bnn_status (*invert)(bnn_curvature *curvature, const double *precisions, bnn_posterior *posterior);
    /* v [n of the span] <- (H + precisions)^-1 v for Newton steps, before decompose; false: not positive definite. NULL: too coarse for that. */
    bool (*solve)(const bnn_curvature *curvature, const double *precisions, double *v);
} bnn_structure_row;

/* Kronecker factors of one layer, with the bias as an input of 1: H ~ G (x) A. Once decomposed, their eigenvectors (rows) and values. */
typedef struct bnn_kron_factors {
    size_t  n_in, n_out;
    double *a, *g;                 /* [n_in x n_in], [n_out x n_out], whose lower triangles count */
    double *in_values, *out_values;
} bnn_kron_factors;

struct bnn_curvature {
    const bnn_structure_row *row;
    const bnn_net        *net;
    const bnn_likelihood *likelihood;
    bnn_team             *team;
    bnn_factor_source     source;
    size_t                n_samples;        /* of labels per row; 0: exact                                        */
    uint64_t              seed;
    size_t                lowest;           /* first layer of the span                                            */
    size_t                first, n;         /* the span of theta                                                  */
    size_t                n_rows;           /* rows seen                                                          */
    double                weight_sum;       /* of their case weights                                              */
    const double         *pass_weights;     /* case weights of the present pass's rows; NULL: all 1               */
    size_t                max_rows;         /* of one pass                                                        */
    const double         *p0;               /* [n_blocks] once decomposed                                         */
    real                 *diag;             /* diag: [n]                                                          */
    bnn_kron_factors     *kron;             /* kron: [n_layers], those of the span                                */
    double               *full;             /* full: [n x n], whose lower triangle counts                         */
    double               *values;           /* full: [n], eigenvalues relative to p0                              */
    double                jitter;           /* full: what the last Cholesky factor needed                         */
    real                 *work, *work2;     /* of the row's own use                                               */
    size_t                work2_size;       /* a thread's part of work2                                           */
    real                **layer_work;       /* [n_layers] of the row's own use                                    */
    struct bnn_full_pass *pass;             /* full: columns of the present pass                                  */
    struct bnn_hessian   *hessian;          /* what the exact Hessian of a pass is made of                        */
    bnn_arena             arena;
};

/* span: from layer `lowest` (bnn_net_first_with_weights: all; n_layers - 1: the last) to the end. BNN_ERR_CONFIG if the likelihood has no
 * curvature, or the structure none from the Hessian. */
bnn_status bnn_curvature_make(bnn_curvature *curvature, const bnn_structure_row *row, const bnn_net *net, const bnn_likelihood *likelihood,
                              bnn_team *team, size_t lowest, bnn_factor_source source, size_t n_samples, uint64_t seed);
void       bnn_curvature_free(bnn_curvature *curvature);

/* What it takes with that many threads, and decompose and the posterior beside it. */
size_t bnn_curvature_bytes(const bnn_structure_row *row, const bnn_net *net, size_t lowest, bnn_factor_source source, int n_threads);

/* Adds all rows of `data` at theta [n_params]. */
bnn_status bnn_curvature_add(bnn_curvature *curvature, const bnn_dataset *data, const bnn_scaling *scaling, const real *theta);

/* The table, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_structures[];
extern const bnn_structure_row bnn_kron_structure, bnn_diag_structure, bnn_full_structure;

#endif
