/* The diagonal: H_oj = sum_rows (sum_columns dz_o^2) x_j^2, one product per layer and pass (Dangel et al. 2020). */
#include "curvature/hessian.h"

#include <string.h>

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
    bnn_product(curvature->team, BNN_TRANSPOSED, BNN_PLAIN, n_out, x.cols, rows, q, curvature->work, 1,
                curvature->diag + (layer->weight - curvature->first));
    real *bias = curvature->diag + (layer->bias - curvature->first);
    for (size_t i = 0; layer->has_bias && i < rows; i++)
        for (size_t o = 0; o < n_out; o++) bias[o] += q[i * n_out + o];
    memset(q, 0, rows * n_out * sizeof *q);
}

static size_t diag_bytes(const bnn_net *net, size_t lowest) { return (net->n_weights - net->layers[lowest].weight) * sizeof(real); }

const bnn_structure_row bnn_diag_structure = {
    .head = { "diag", "one number per weight: the cheapest; ignores all correlation", NULL, 0 },
    .start = diag_start, .column = diag_column, .end_pass = diag_end_pass, .hessian = bnn_hessian_add_diag, .bytes = diag_bytes,
};
