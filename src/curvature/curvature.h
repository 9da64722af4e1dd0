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
    size_t (*bytes)(const bnn_net *net, size_t lowest);                                 /* forecast */
} bnn_structure_row;

/* Kronecker factors of one layer, with the bias as an input of 1: H ~ G (x) A. */
typedef struct bnn_kron_factors { size_t n_in, n_out; double *a, *g; } bnn_kron_factors;   /* [n_in x n_in], [n_out x n_out] */

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
    real                 *diag;             /* diag: [n]                                                          */
    bnn_kron_factors     *kron;             /* kron: [n_layers], those of the span                                */
    double               *full;             /* full: [n x n], both triangles                                      */
    real                 *work, *work2;     /* of the row's own use                                               */
    real                **layer_work;       /* [n_layers] of the row's own use                                    */
    double               *jacobian;         /* full: [max_rows x n]                                               */
    struct bnn_hessian   *hessian;          /* what the exact Hessian of a pass is made of                        */
    bnn_arena             arena;
};

/* span: from layer `lowest` (bnn_net_first_with_weights: all; n_layers - 1: the last) to the end. BNN_ERR_CONFIG if the likelihood has no
 * curvature, or the structure none from the Hessian. */
bnn_status bnn_curvature_make(bnn_curvature *curvature, const bnn_structure_row *row, const bnn_net *net, const bnn_likelihood *likelihood,
                              bnn_team *team, size_t lowest, bnn_factor_source source, size_t n_samples, uint64_t seed);
void       bnn_curvature_free(bnn_curvature *curvature);

/* Adds all rows of `data` at theta [n_params]. */
bnn_status bnn_curvature_add(bnn_curvature *curvature, const bnn_dataset *data, const bnn_scaling *scaling, const real *theta);

/* The table, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_structures[];
extern const bnn_structure_row bnn_kron_structure, bnn_diag_structure, bnn_full_structure;

#endif
