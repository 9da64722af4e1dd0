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
    /* Per layer; NULL: by `root`. */
    void (*spread)(const bnn_posterior *posterior, size_t l, bnn_layer_spread *spread);
    /* rows [n x span] <- rows first .. first + n of R, upper triangular, with Sigma = R R' */
    void (*root)(const bnn_posterior *posterior, size_t first, size_t n, double *rows);
} bnn_linear_row;

/* What one posterior needs for any number of passes. */
typedef struct bnn_output_cov {
    const bnn_posterior *posterior;
    bnn_team     *team;
    real         *theta;         /* [n_params] the mean                                    */
    double       *root;          /* [span x span] R; NULL: by layers                       */
    bnn_workspace workspace;
    real         *df;            /* [max_rows x k]                                         */
    double      **g;             /* [n_layers][k x max_rows x n_out] dz of each output     */
    size_t        block;         /* by root: rows of a tile                                */
    struct bnn_root_scratch *scratch;     /* by root: [threads]                            */
    /* the present pass */
    size_t        n, c;          /* rows; output                                           */
    const real   *x;             /* [n x n_inputs]                                         */
    double       *cov;           /* [n x k x k], lower triangles; joint: [n k x n k]       */
    bool          is_joint;      /* cov is that of all rows together                       */
    double       *rows;          /* joint, by root: [n k x span] J R                       */
} bnn_output_cov;

enum { BNN_OUTPUT_COV_ROWS = 512 };      /* of one pass: its arrays stay some tens of MB */

/* Lays everything out for passes of up to max_rows rows. The posterior has a linear row and is borrowed; check the arena's flag before filling. */
void bnn_output_cov_take(bnn_output_cov *of, bnn_arena *arena, const bnn_posterior *posterior, bnn_team *team, size_t max_rows);

/* f [n x k] at the mean and cov [n x k x k], for x [n x n_inputs] scaled rows. BNN_ERR_MEMORY. */
bnn_status bnn_output_cov_fill(bnn_output_cov *of, size_t n, const real *x, real *f, double *cov);

enum { BNN_JOINT_MOST = 4096 };      /* rows x outputs of a joint covariance: 128 MB, seconds */

/* The same for all rows together: cov [n k x n k], row i's output c at i k + c; n k <= BNN_JOINT_MOST. */
bnn_status bnn_output_cov_fill_joint(bnn_output_cov *of, size_t n, const real *x, real *f, double *cov);

/* a [n x n_in] = inputs first .. first + n of layer l in the present pass, with a column of ones for the bias. */
void bnn_output_cov_inputs(const bnn_output_cov *of, size_t l, size_t first, size_t n, double *a);

/* output_root.c: take's and fill's parts where Sigma = R R'. */
void       bnn_output_root_take(bnn_output_cov *of, bnn_arena *arena);
bnn_status bnn_output_root_fill(bnn_output_cov *of);

#endif
