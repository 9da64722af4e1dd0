/* Kronecker factors per layer (KFAC; Martens & Grosse 2015; Ritter et al. 2018): H ~ G (x) A / n,
 *
 *     A = sum_rows w x x',  G = sum_rows,columns w dz dz',  n = sum_rows w,
 *
 * with case weights w (else 1) and the bias as an input of 1. The division by n goes into G when the factors are used: exact for one row. */
#include "curvature/curvature.h"

#include <math.h>

static void kron_start(bnn_curvature *curvature) {
    const bnn_net *net = curvature->net;
    bnn_arena *arena = &curvature->arena;
    size_t widest_in = 0, widest = 0;
    curvature->kron = BNN_TAKE(arena, net->n_layers, bnn_kron_factors);
    for (size_t l = curvature->lowest; l < net->n_layers && curvature->kron != NULL; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        size_t n_in = layer->n_in + layer->has_bias, n_out = layer->n_out;
        curvature->kron[l] = (bnn_kron_factors){ n_in, n_out, BNN_TAKE(arena, n_in * n_in, double), BNN_TAKE(arena, n_out * n_out, double) };
        if (n_in > widest_in) widest_in = n_in;
        if (n_in > widest) widest = n_in;
        if (n_out > widest) widest = n_out;
    }
    curvature->work = BNN_TAKE(arena, curvature->max_rows * widest_in, real);
    curvature->work2 = BNN_TAKE(arena, widest * widest, real);
}

/* sum [n x n] += v' v over the rows of v, through one product in real */
static void add_outer(bnn_curvature *curvature, size_t rows, size_t n, const real *v, double *sum) {
    bnn_product(curvature->team, BNN_TRANSPOSED, BNN_PLAIN, n, n, rows, v, v, 0, curvature->work2);
    for (size_t i = 0; i < n * n; i++) sum[i] += (double)curvature->work2[i];
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

static size_t kron_bytes(const bnn_net *net, size_t lowest) {
    size_t sum = 0;
    for (size_t l = lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        size_t n_in = layer->n_in + layer->has_bias;
        if (bnn_layer_has_weights(layer)) sum += (n_in * n_in + layer->n_out * layer->n_out) * sizeof(double);
    }
    return sum;
}

const bnn_structure_row bnn_kron_structure = {
    .head = { "kron", "two factors per layer, inputs and outputs (KFAC): nearly full curvature at a small price; the default", NULL, 0 },
    .start = kron_start, .column = kron_column, .end_pass = kron_end_pass, .bytes = kron_bytes,
};
