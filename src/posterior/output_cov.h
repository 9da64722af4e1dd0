/* Linearised outputs: f(theta) ~ f(mean) + J (theta - mean), so that cov f = J Sigma J' for each row, without ever forming the Jacobian
 * where the posterior is diagonal or Kronecker-factored: J of layer l is dz x', and
 *
 *     J_c Sigma J_c'' = sum_o g_co g_c'o M_o,   M = a^2 V',
 *
 * with g = dz (rotated by the output eigenvectors), a = [x 1] (rotated by the input eigenvectors) and V [out x in] the variances there
 * (Ritter et al. 2018; Immer et al. 2021). */
#ifndef BNN_POSTERIOR_OUTPUT_COV_H
#define BNN_POSTERIOR_OUTPUT_COV_H

#include "layer/net.h"
#include "posterior/posterior.h"

/* One layer's share in the eigenbasis; in_vectors, out_vectors NULL: the weights' own axes. */
typedef struct bnn_layer_spread {
    double       *var;            /* [n_out x n_in], n_in counts the bias: filled by the row */
    const double *in_vectors;     /* [n_in x n_in] rows                                      */
    const double *out_vectors;    /* [n_out x n_out] rows                                    */
} bnn_layer_spread;

typedef struct bnn_linear_row {
    /* Per layer; NULL: use `solve`. */
    void (*spread)(const bnn_posterior *posterior, size_t l, bnn_layer_spread *spread);
    /* rows [m x span] <- rows whose Gram matrix is J Sigma J' */
    void (*solve)(const bnn_posterior *posterior, size_t m, double *rows);
} bnn_linear_row;

/* f [n x k] at the mean theta [n_params] and cov [n x k x k], for x [n x n_inputs] scaled rows; workspace for at least n rows. */
bnn_status bnn_posterior_output_cov(const bnn_posterior *posterior, const real *theta, bnn_workspace *workspace, bnn_team *team, size_t n,
                                    const real *x, real *f, double *cov);

enum { BNN_JOINT_MOST = 4096 };      /* rows x outputs of a joint covariance: 128 MB, seconds */

/* The same for all rows together: cov [n k x n k], row i's output c at i k + c; n k <= BNN_JOINT_MOST. */
bnn_status bnn_posterior_joint_cov(const bnn_posterior *posterior, const real *theta, bnn_workspace *workspace, bnn_team *team, size_t n,
                                   const real *x, real *f, double *cov);

/* Rows of one call for which `solve` stays below 64 MB; large for the others. */
size_t bnn_posterior_cov_rows(const bnn_posterior *posterior);

#endif
