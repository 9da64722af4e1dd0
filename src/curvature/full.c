/* The full matrix over the span: H = sum J' J over rows and columns of the factor source. For a few thousand weights at most. */
#include "curvature/hessian.h"
#include "base/fail.h"

#include <math.h>
#include <string.h>

#define ROUNDING (sizeof(real) == sizeof(double) ? 1e-12 : 1e-5)     /* of an eigenvalue of 0, as a part of the largest */

enum { PASS_ROWS = 64 };

static void full_start(bnn_curvature *curvature) {
    curvature->full = BNN_TAKE(&curvature->arena, curvature->n * curvature->n, double);
    curvature->values = BNN_TAKE(&curvature->arena, curvature->n, double);
    curvature->jacobian = BNN_TAKE(&curvature->arena, curvature->max_rows * curvature->n, double);
}

static void full_column(bnn_curvature *curvature, size_t l, bnn_mat x, bnn_mat dz) {
    const bnn_layer *layer = &curvature->net->layers[l];
    for (size_t i = 0; i < x.rows; i++) {
        double *row = curvature->jacobian + i * curvature->n, *w = row + (layer->weight - curvature->first);
        double *b = row + (layer->bias - curvature->first);
        for (size_t o = 0; o < dz.cols; o++) {
            double d = (double)dz.at[i * dz.cols + o];
            for (size_t j = 0; j < x.cols; j++) *w++ = d * (double)x.at[i * x.cols + j];
            if (layer->has_bias) b[o] = d;
        }
    }
}

static void full_end_column(bnn_curvature *curvature, size_t n) {
    bnn_product_double(curvature->team, BNN_TRANSPOSED, BNN_PLAIN, curvature->n, curvature->n, n, curvature->jacobian, curvature->jacobian, 1,
                       curvature->full);
}

static size_t full_bytes(const bnn_net *net, size_t lowest) {
    size_t n = net->n_weights - net->layers[lowest].weight;
    return n * (n + 1 + PASS_ROWS) * sizeof(double);
}

/* means, and either the eigenvectors of the decomposition or the posterior's Cholesky factor */
static size_t full_later_bytes(const bnn_net *net, size_t lowest) {
    size_t n = net->n_weights - net->layers[lowest].weight;
    return net->n_weights * sizeof(real) + n * n * sizeof(double);
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

/* That of weight i of the span. */
static double precision_of(const bnn_curvature *curvature, const double *precisions, size_t i) {
    size_t b = curvature->net->n_blocks - 1;
    while (curvature->net->blocks[b].first > curvature->first + i) b--;
    return precisions[b];
}

/* H relative to p0, in a place of its own: its eigenvalues alone are kept. An exact Hessian may have negative ones. */
static bnn_status full_decompose(bnn_curvature *curvature, const double *p0) {
    size_t n = curvature->n;
    bnn_arena arena = {0};
    double *scaled = BNN_TAKE(&arena, n * n, double), *root = BNN_TAKE(&arena, n, double), *e = curvature->values;
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the eigenvalues of the curvature") : BNN_OK;
    curvature->p0 = p0;
    for (size_t i = 0; status == BNN_OK && i < n; i++) root[i] = sqrt(precision_of(curvature, p0, i));
    for (size_t i = 0; status == BNN_OK && i < n * n; i++) scaled[i] = curvature->full[i] / (root[i / n] * root[i % n]);
    if (status == BNN_OK && !bnn_eigen(n, scaled, e))
        status = BNN_FAIL(BNN_ERR_NUMERIC, "the curvature has no eigenvalues: it is not finite");
    double lost = curvature->source == BNN_SOURCE_HESSIAN ? ROUNDING * e[n - 1] : INFINITY;
    for (size_t i = 0; i < n; i++) e[i] = e[i] < 0 && e[i] >= -lost ? 0 : e[i];
    bnn_arena_free(&arena);
    return status;
}

static void full_eigenvalues(const bnn_curvature *curvature, size_t first, size_t n, double *e) {
    memcpy(e, curvature->values + first, n * sizeof *e);
}

/* l [n x n] <- the Cholesky factor of H + precisions + jitter I; false: not positive definite */
static bool factor(const bnn_curvature *curvature, const double *precisions, double jitter, double *l) {
    size_t n = curvature->n;
    memcpy(l, curvature->full, n * n * sizeof *l);
    for (size_t i = 0; i < n; i++) l[i * n + i] += precision_of(curvature, precisions, i) + jitter;
    return bnn_cholesky(n, l);
}

/* Jitter 0, then 1e-12, 1e-10, ... 1e-4 of the mean diagonal: a ladder for curvatures that rounding has made indefinite. */
static bnn_status full_invert(bnn_curvature *curvature, const double *precisions, bnn_posterior *posterior) {
    size_t n = curvature->n;
    double mean = 0, *jitter = &curvature->jitter;
    for (size_t i = 0; i < n; i++) mean += (curvature->full[i * n + i] + precision_of(curvature, precisions, i)) / (double)n;
    for (*jitter = 0; *jitter <= 1.01e-4; *jitter = *jitter == 0 ? 1e-12 : 100 * *jitter)
        if (factor(curvature, precisions, *jitter * mean, posterior->factors->at)) return BNN_OK;
    return BNN_FAIL(BNN_ERR_NUMERIC, "the posterior precision is not positive definite, even with a jitter of 1e-4 of its mean diagonal: raise the "
                    "prior precision (a smaller prior.sd with prior_precision = fixed), or use structure = kron or diag");
}

static bool full_solve(const bnn_curvature *curvature, const double *precisions, double *v) {
    size_t n = curvature->n;
    bnn_arena arena = {0};
    double *l = BNN_TAKE(&arena, n * n, double);
    bool is_solved = l != NULL && factor(curvature, precisions, 0, l);
    if (is_solved) {
        bnn_solve_lower(BNN_PLAIN, n, l, n, 1, v, n);
        bnn_solve_lower(BNN_TRANSPOSED, n, l, n, 1, v, n);
    }
    bnn_arena_free(&arena);
    return is_solved;
}

const bnn_structure_row bnn_full_structure = {
    .head = { "full", "every pair of weights: exact for linear models; memory grows with the square of the weights", NULL, 0 },
    .start = full_start, .column = full_column, .end_column = full_end_column, .hessian = bnn_hessian_add_full,
    .max_rows = PASS_ROWS, .bytes = full_bytes, .later_bytes = full_later_bytes, .posterior = &bnn_full_posterior,
    .decompose = full_decompose, .eigenvalues = full_eigenvalues, .invert = full_invert, .solve = full_solve,
};
