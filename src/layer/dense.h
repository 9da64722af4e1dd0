/* The tiles of a dense layer, shared by its plain and its noisy pass. */
#ifndef BNN_LAYER_DENSE_H
#define BNN_LAYER_DENSE_H

#include "layer/activation.h"
#include "layer/layer.h"

/* Tile sizes. UNITS: rows of W in forward and dW, columns of W in dx, FEW_UNITS where that would leave some threads without work; ROWS: of the
 * batch in forward and dx; FEW_ROWS: of elementwise work on the batch. A layer of less than FEW_WEIGHTS is not worth cutting. */
enum { UNITS = 96, FEW_UNITS = 32, ROWS = 256, FEW_ROWS = 32, FEW_WEIGHTS = 8192 };

typedef struct dense_job {
    const bnn_layer       *layer;
    const bnn_pass        *pass;
    const bnn_layer_noise *noise;
    bnn_mat                x, y, dy, dx;
    const bnn_sink        *sink;
    size_t                 n_col_tiles;
} dense_job;

typedef struct range { size_t first, n; } range;

static inline size_t tiles(size_t n, size_t size) { return (n + size - 1) / size; }

static inline range tile_range(size_t tile, size_t size, size_t n) {
    size_t first = tile * size;
    return (range){ first, n - first < size ? n - first : size };
}

/* Of a tile of n units or inputs of a layer. */
static inline size_t tile_units(const bnn_layer *layer, size_t n) {
    return n > 4 * UNITS || layer->n_in * layer->n_out < FEW_WEIGHTS ? UNITS : FEW_UNITS;
}

static inline const real *weights(const dense_job *job) { return job->pass->theta + job->layer->weight; }

/* sum [cols] = column sums of d [rows x cols], rows stride apart, top to bottom. */
void bnn_dense_sum_columns(const real *d, size_t rows, size_t cols, size_t stride, real *restrict sum);

/* dy <- dy a'(z) for FEW_ROWS rows. */
bnn_tile_fn bnn_dense_activation_tile;

void bnn_dense_forward_noisy(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y);
void bnn_dense_backward_noisy(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y, bnn_mat dy,
                              bnn_mat dx, const bnn_sink *sink);

#endif
