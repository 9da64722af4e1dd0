/* The diagonal: H_oj = sum_rows (sum_columns dz_o^2) x_j^2, one product per layer and pass (Dangel et al. 2020).
 *
 * Summed in `real`, so that memory is one array of weights' size: the terms are squares, so that nothing cancels, and a sum over T passes is
 * off by less than T roundings of itself, which moves a log sd by half of that (3e-6 for a million rows in float). */
#include "curvature/hessian.h"
#include "base/fail.h"

#include <math.h>
#include <string.h>

enum { PASS_ROWS = 512 };

static void diag_start(bnn_curvature *curvature) {
    const bnn_net *net = curvature->net;
    size_t widest = 0;
    curvature->diag = BNN_TAKE(&curvature->arena, curvature->n, real);
    for (size_t l = curvature->lowest; l < net->n_layers; l++) {
        curvature->layer_work[l] = BNN_TAKE(&curvature->arena, curvature->max_rows * net->layers[l].n_out, real);
        if (net->layers[l].n_in > widest) widest = net->layers[l].n_in;
    }
    curvature->work = BNN_TAKE(&curvature->arena, curvature->max_rows * widest, real);
}

BNN_CLONES static void add_squares(size_t n, const real *v, real *sum) {
    for (size_t i = 0; i < n; i++) sum[i] += v[i] * v[i];
}

static void diag_column(bnn_curvature *curvature, size_t l, bnn_mat x, bnn_mat dz) {
    (void)x;
    add_squares(dz.rows * dz.cols, dz.at, curvature->layer_work[l]);
}

static void diag_end_pass(bnn_curvature *curvature, size_t l, bnn_mat x) {
    const bnn_layer *layer = &curvature->net->layers[l];
    size_t rows = x.rows, n_out = layer->n_out;
    real *q = curvature->layer_work[l];
    memset(curvature->work, 0, rows * x.cols * sizeof(real));
    add_squares(rows * x.cols, x.at, curvature->work);
    bnn_product_add(curvature->team, BNN_TRANSPOSED, BNN_PLAIN, n_out, x.cols, rows, q, curvature->work,
                    curvature->diag + (layer->weight - curvature->first));
    real *bias = curvature->diag + (layer->bias - curvature->first);
    for (size_t i = 0; layer->has_bias && i < rows; i++)
        for (size_t o = 0; o < n_out; o++) bias[o] += q[i * n_out + o];
    memset(q, 0, rows * n_out * sizeof *q);
}

static size_t diag_bytes(const bnn_net *net, size_t lowest, int n_threads) {
    (void)n_threads;
    size_t units = 0, widest = 0;
    for (size_t l = lowest; l < net->n_layers; l++) {
        units += net->layers[l].n_out;
        if (net->layers[l].n_in > widest) widest = net->layers[l].n_in;
    }
    return (net->n_weights - net->layers[lowest].weight + PASS_ROWS * (units + widest)) * sizeof(real);
}

/* mean and log sd; nothing to decompose */
static size_t diag_later_bytes(const bnn_net *net, size_t lowest) {
    (void)lowest;
    return 2 * net->n_weights * sizeof(real);
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

static bnn_status diag_decompose(bnn_curvature *curvature, const double *p0) {
    curvature->p0 = p0;
    return BNN_OK;
}

/* Weights [*from, *to) of theta: what block b has of [first, first + n). */
static void overlap(const bnn_block *block, size_t first, size_t n, size_t *from, size_t *to) {
    *from = block->first > first ? block->first : first;
    *to = block->first + block->n < first + n ? block->first + block->n : first + n;
}

static void diag_eigenvalues(const bnn_curvature *curvature, size_t first, size_t n, double *e) {
    size_t from, to, begin = curvature->first + first;
    for (size_t b = 0; b < curvature->net->n_blocks; b++) {
        overlap(&curvature->net->blocks[b], begin, n, &from, &to);
        for (size_t i = from; i < to; i++) e[i - begin] = (double)curvature->diag[i - curvature->first] / curvature->p0[b];
    }
}

static bnn_status diag_invert(bnn_curvature *curvature, const double *precisions, bnn_posterior *posterior) {
    real *log_sd = posterior->arrays[1].at;
    size_t from, to;
    for (size_t i = 0; i < curvature->first; i++) log_sd[i] = (real)-INFINITY;     /* certain */
    for (size_t b = 0; b < curvature->net->n_blocks; b++) {
        overlap(&curvature->net->blocks[b], curvature->first, curvature->n, &from, &to);
        for (size_t i = from; i < to; i++)
            log_sd[i] = (real)(-0.5 * log((double)curvature->diag[i - curvature->first] + precisions[b]));
    }
    return BNN_OK;
}

const bnn_structure_row bnn_diag_structure = {
    .head = { "diag", "one number per weight: the cheapest; ignores all correlation", NULL, 0 },
    .start = diag_start, .column = diag_column, .end_pass = diag_end_pass, .hessian = bnn_hessian_add_diag, .max_rows = PASS_ROWS,
    .bytes = diag_bytes, .later_bytes = diag_later_bytes, .posterior = &bnn_diag_posterior, .splits = true, .decompose = diag_decompose,
    .eigenvalues = diag_eigenvalues, .invert = diag_invert,
};
