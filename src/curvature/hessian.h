/* The exact Hessian of the negative log likelihood in the weights of a span, in double.
 *
 * full: for each weight w a pass of derivatives along it, up from its layer and back to it (Pearlmutter 1994). R stands for d / dw:
 *
 *     R z = x_j at unit o of its own layer,  R y = a' R z,  R z = W R y above;   R df = L R f,  L = the Hessian in the outputs
 *     R dz = a' R dy + a'' dy R z,   R dW = R dz x' + dz R x',   R dx = W' R dz
 *
 * diag: Hessians in the z of each layer, row by row (Botev, Ritter & Barber 2017), from which d2 / dW_oj2 = H_oo x_j^2:
 *
 *     H = L at the last layer,   a' (W' H W) a' + diag(a'' dy) at the one below */
#ifndef BNN_CURVATURE_HESSIAN_H
#define BNN_CURVATURE_HESSIAN_H

#include "curvature/curvature.h"

/* One layer with weights in the present pass. */
typedef struct bnn_hessian_layer {
    const bnn_layer *layer;
    size_t  number;                /* in the net                                   */
    size_t  place;                 /* full: of its R z and R y in the scratch      */
    double *x, *w;                 /* [n x n_in], [n_out x n_in]                   */
    double *slope, *dz, *bend;     /* [n x n_out]: a'(z), d nll / dz, a''(z) dy    */
} bnn_hessian_layer;

typedef struct bnn_hessian {
    size_t  n;                     /* rows of the pass                             */
    size_t  n_layers;              /* with weights, from the lowest of the span up */
    bnn_hessian_layer *layers;
    double *outer;                 /* [n x k x k] Hessian in the outputs           */
    size_t  widest;                /* units or inputs of a layer                   */
    double *dy;                    /* [n x widest]                                 */
    real   *ones;                  /* [n x widest]                                 */
    double *scratch;               /* per thread                                   */
    size_t  scratch_size;
} bnn_hessian;

enum { BNN_HESSIAN_ROWS = 64 };     /* of one pass */

/* Takes the arrays, for curvature->max_rows. */
void bnn_hessian_take(bnn_curvature *curvature);

/* How much that is. */
size_t bnn_hessian_bytes(const bnn_structure_row *row, const bnn_net *net, size_t lowest, int n_threads);

/* After a forward in `workspace`: all that the two below need; df [n x n_outputs], without case weights. */
void bnn_hessian_fill(bnn_curvature *curvature, const real *theta, const bnn_workspace *workspace, size_t n, const real *x, const real *y,
                      const real *df);

/* Adds to curvature->full; to curvature->layer_work as if by columns, for diag's end of a pass. */
void bnn_hessian_add_full(bnn_curvature *curvature);
void bnn_hessian_add_diag(bnn_curvature *curvature);

#endif
