/* Kronecker factors per layer (KFAC; Martens & Grosse 2015; Ritter et al. 2018): H ~ G (x) A / n,
 *
 *     A = sum_rows w x x',  G = sum_rows,columns w dz dz',  n = sum_rows w,
 *
 * with case weights w (else 1) and the bias as an input of 1. The division by n goes into G when the factors are used: exact for one row.
 * Both are symmetric: only their lower triangles are made, by blocks of rows. */
#include "curvature/curvature.h"
#include "base/fail.h"

#include <math.h>
#include <string.h>

enum { PASS_ROWS = 512, BLOCK = 96 };

static void kron_start(bnn_curvature *curvature) {
    const bnn_net *net = curvature->net;
    bnn_arena *arena = &curvature->arena;
    size_t widest_in = 0, widest = 0;
    curvature->kron = BNN_TAKE(arena, net->n_layers, bnn_kron_factors);
    for (size_t l = curvature->lowest; l < net->n_layers && curvature->kron != NULL; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        size_t n_in = layer->n_in + layer->has_bias, n_out = layer->n_out;
        curvature->kron[l] = (bnn_kron_factors){ .n_in = n_in, .n_out = n_out,
            .a = BNN_TAKE(arena, n_in * n_in, double), .g = BNN_TAKE(arena, n_out * n_out, double),
            .in_values = BNN_TAKE(arena, n_in, double), .out_values = BNN_TAKE(arena, n_out, double) };
        if (n_in > widest_in) widest_in = n_in;
        if (n_in > widest) widest = n_in;
        if (n_out > widest) widest = n_out;
    }
    curvature->work = BNN_TAKE(arena, curvature->max_rows * widest_in, real);
    curvature->work2 = BNN_TAKE(arena, (size_t)bnn_team_size(curvature->team) * BLOCK * widest, real);
    curvature->work2_size = BLOCK * widest;
}

typedef struct outer_job { bnn_curvature *curvature; size_t rows, n; const real *v; double *sum; } outer_job;

/* BLOCK rows of v' v, up to the last column of the triangle; the longest ones first. */
static void outer_tile(void *context, size_t tile, int thread) {
    const outer_job *job = context;
    size_t n = job->n, first = ((n - 1) / BLOCK - tile) * BLOCK, end = first + BLOCK < n ? first + BLOCK : n;
    real *part = job->curvature->work2 + (size_t)thread * job->curvature->work2_size;
    bnn_gemm(BNN_TRANSPOSED, BNN_PLAIN, end - first, end, job->rows, job->v + first, n, job->v, n, part, end);
    for (size_t i = first; i < end; i++, part += end)
        for (size_t j = 0; j <= i; j++) job->sum[i * n + j] += (double)part[j];
}

/* sum [n x n], lower triangle, += v' v over the rows of v; products in real */
static void add_outer(bnn_curvature *curvature, size_t rows, size_t n, const real *v, double *sum) {
    outer_job job = { curvature, rows, n, v, sum };
    bnn_team_run(curvature->team, (n + BLOCK - 1) / BLOCK, outer_tile, &job);
}

static void kron_column(bnn_curvature *curvature, size_t l, bnn_mat x, bnn_mat dz) {
    (void)x;
    add_outer(curvature, dz.rows, dz.cols, dz.at, curvature->kron[l].g);
}

static void kron_end_pass(bnn_curvature *curvature, size_t l, bnn_mat x) {
    const bnn_layer *layer = &curvature->net->layers[l];
    size_t n_in = curvature->kron[l].n_in;
    for (size_t i = 0; i < x.rows; i++) {
        real root = curvature->pass_weights == NULL ? 1 : (real)sqrt(curvature->pass_weights[i]), *row = curvature->work + i * n_in;
        for (size_t j = 0; j < x.cols; j++) row[j] = root * x.at[i * x.cols + j];
        if (layer->has_bias) row[x.cols] = root;
    }
    add_outer(curvature, x.rows, n_in, curvature->work, curvature->kron[l].a);
}

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* bytes of the factors and their eigenvalues; *widest_in, *widest: inputs, inputs or units of a layer */
static size_t factor_bytes(const bnn_net *net, size_t lowest, size_t *widest_in, size_t *widest) {
    size_t sum = 0;
    *widest_in = *widest = 0;
    for (size_t l = lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        size_t n_in = layer->n_in + layer->has_bias, n_out = layer->n_out;
        if (!bnn_layer_has_weights(layer)) continue;
        sum += (n_in * (n_in + 1) + n_out * (n_out + 1)) * sizeof(double);
        *widest_in = max_size(*widest_in, n_in);
        *widest = max_size(*widest, max_size(n_in, n_out));
    }
    return sum;
}

static size_t kron_bytes(const bnn_net *net, size_t lowest, int n_threads) {
    size_t widest_in, widest, sum = factor_bytes(net, lowest, &widest_in, &widest);
    return sum + (PASS_ROWS * widest_in + (size_t)n_threads * BLOCK * widest) * sizeof(real);
}

/* means and the posterior's copy of the factors; eigenvectors come in place of the factors */
static size_t kron_later_bytes(const bnn_net *net, size_t lowest) {
    size_t widest_in, widest;
    return net->n_weights * sizeof(real) + factor_bytes(net, lowest, &widest_in, &widest);
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

static void drop_negatives(size_t n, double *values) {
    for (size_t i = 0; i < n; i++) values[i] = values[i] > 0 ? values[i] : 0;
}

/* A and G become their eigenvectors; G is a mean over rows. */
static bnn_status decompose_layer(const bnn_curvature *curvature, size_t l) {
    bnn_kron_factors *f = &curvature->kron[l];
    for (size_t i = 0; i < f->n_out * f->n_out; i++) f->g[i] /= curvature->weight_sum;
    if (!bnn_eigen(f->n_in, f->a, f->in_values) || !bnn_eigen(f->n_out, f->g, f->out_values))
        return BNN_FAIL(BNN_ERR_NUMERIC, "the curvature of layer %zu has no eigenvalues: it is not finite", l);
    drop_negatives(f->n_in, f->in_values);
    drop_negatives(f->n_out, f->out_values);
    return BNN_OK;
}

static bnn_status kron_decompose(bnn_curvature *curvature, const double *p0) {
    bnn_status status = BNN_OK;
    curvature->p0 = p0;
    for (size_t l = curvature->lowest; status == BNN_OK && l < curvature->net->n_layers; l++)
        if (bnn_layer_has_weights(&curvature->net->layers[l])) status = decompose_layer(curvature, l);
    return status;
}

/* That of layer l's block among those of all blocks. */
static double precision_of(const bnn_curvature *curvature, const double *precisions, size_t l) {
    return precisions[bnn_net_block_of(curvature->net, l) - curvature->net->blocks];
}

static void kron_eigenvalues(const bnn_curvature *curvature, size_t first, size_t n, double *e) {
    for (size_t l = curvature->lowest; l < curvature->net->n_layers; l++) {
        const bnn_kron_factors *f = &curvature->kron[l];
        size_t start = curvature->net->layers[l].weight - curvature->first, end = start + f->n_in * f->n_out;
        if (!bnn_layer_has_weights(&curvature->net->layers[l])) continue;
        double p0 = precision_of(curvature, curvature->p0, l);
        for (size_t i = max_size(start, first); i < end && i < first + n; i++)
            e[i - first] = f->out_values[(i - start) / f->n_in] * f->in_values[(i - start) % f->n_in] / p0;
    }
}

/* The order of the factors is that of posterior/kron.c. */
static bnn_status kron_invert(bnn_curvature *curvature, const double *precisions, bnn_posterior *posterior) {
    bnn_factor *factor = posterior->factors;
    for (size_t l = curvature->lowest; l < curvature->net->n_layers; l++) {
        const bnn_kron_factors *f = &curvature->kron[l];
        if (!bnn_layer_has_weights(&curvature->net->layers[l])) continue;
        memcpy((factor++)->at, f->g, f->n_out * f->n_out * sizeof(double));
        memcpy((factor++)->at, f->out_values, f->n_out * sizeof(double));
        memcpy((factor++)->at, f->a, f->n_in * f->n_in * sizeof(double));
        memcpy((factor++)->at, f->in_values, f->n_in * sizeof(double));
        *(factor++)->at = precision_of(curvature, precisions, l);
    }
    return BNN_OK;
}

const bnn_structure_row bnn_kron_structure = {
    .head = { "kron", "two factors per layer, inputs and outputs (KFAC): nearly full curvature at a small price; the default", NULL, 0 },
    .start = kron_start, .column = kron_column, .end_pass = kron_end_pass, .max_rows = PASS_ROWS, .bytes = kron_bytes, .later_bytes = kron_later_bytes,
    .posterior = &bnn_kron_posterior, .splits = true, .wants_equal_precisions = true, .decompose = kron_decompose,
    .eigenvalues = kron_eigenvalues, .invert = kron_invert,
};
