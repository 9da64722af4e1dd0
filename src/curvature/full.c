/* The full matrix over the span: H = sum J' J over rows and columns of the factor source. For a few thousand weights at most. */
#include "curvature/hessian.h"

static void full_start(bnn_curvature *curvature) {
    curvature->full = BNN_TAKE(&curvature->arena, curvature->n * curvature->n, double);
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
    return n * n * sizeof(double);
}

const bnn_structure_row bnn_full_structure = {
    .head = { "full", "every pair of weights: exact for linear models; memory grows with the square of the weights", NULL, 0 },
    .start = full_start, .column = full_column, .end_column = full_end_column, .hessian = bnn_hessian_add_full, .bytes = full_bytes,
};
