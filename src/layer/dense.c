/* A fully connected layer: z = x W' + b, y = a(z), W [out x in] row-major.
 *
 * Each product is cut into tiles by a grid that depends on shapes only: forward and dW by units (rows of W), dx by inputs
 * (columns of W), long batches by rows as well in forward and dx. dW is summed over all rows of the batch inside one tile,
 * so no gradient is ever added up across threads. */
#include "base/gemm.h"
#include "base/text.h"
#include "layer/activation.h"
#include "layer/dense.h"

#include <math.h>

BNN_CLONES static void add_bias(real *restrict y, const real *restrict bias, size_t rows, size_t cols, size_t stride) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) y[i * stride + j] += bias[j];
}

/* A narrow layer, such as the output of a classifier, would be a single tile: its rows, and in dW its units, are shared out in parts that are
 * small products (base/gemm.h). */
enum { NARROW = 16, NARROW_UNITS = 2 };

static bool is_shared_out(const bnn_layer *layer, size_t rows, size_t units, size_t all_rows) {
    return layer->n_out <= NARROW && rows * units * layer->n_in <= BNN_SMALL_SUMS && all_rows * layer->n_out * layer->n_in > BNN_SMALL_SUMS;
}

/* A grid of its own, not one for a single thread: which passes are whole may not depend on the number of threads. */
static size_t forward_units(const bnn_layer *layer, const bnn_pass *pass) {
    return pass->is_whole ? 8 * UNITS : tile_units(layer, layer->n_out);
}

static size_t forward_rows(const bnn_layer *layer, const bnn_pass *pass, size_t rows) {
    if (pass->is_whole) return 2 * ROWS;
    return is_shared_out(layer, FEW_ROWS, layer->n_out, rows) ? FEW_ROWS : ROWS;
}

static size_t dw_units(const bnn_layer *layer, size_t rows) {
    return is_shared_out(layer, rows, NARROW_UNITS, rows) ? NARROW_UNITS : tile_units(layer, layer->n_out);
}

static void forward_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    const bnn_layer *layer = job->layer;
    size_t n_in = layer->n_in, n_out = layer->n_out;
    size_t units = forward_units(layer, job->pass), rows = forward_rows(layer, job->pass, job->x.rows);
    range r = tile_range(tile / job->n_col_tiles, rows, job->x.rows), u = tile_range(tile % job->n_col_tiles, units, n_out);
    real *y = job->y.at + r.first * n_out + u.first;
    (void)thread;
    bnn_gemm(BNN_PLAIN, BNN_TRANSPOSED, r.n, u.n, n_in, job->x.at + r.first * n_in, n_in, weights(job) + u.first * n_in, n_in,
             y, n_out);
    if (layer->has_bias) add_bias(y, job->pass->theta + layer->bias + u.first, r.n, u.n, n_out);
    if (u.n == n_out) layer->activation->forward(r.n * n_out, y);
    else for (size_t i = 0; i < r.n; i++) layer->activation->forward(u.n, y + i * n_out);
}

static void dense_forward(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y) {
    dense_job job = { .layer = layer, .pass = pass, .x = x, .y = y, .n_col_tiles = tiles(layer->n_out, forward_units(layer, pass)) };
    bnn_team_run(pass->team, tiles(x.rows, forward_rows(layer, pass, x.rows)) * job.n_col_tiles, forward_tile, &job);
}

static void dx_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n_in = job->layer->n_in, n_out = job->layer->n_out;
    range r = tile_range(tile / job->n_col_tiles, ROWS, job->x.rows), c = tile_range(tile % job->n_col_tiles, tile_units(job->layer, n_in), n_in);
    (void)thread;
    bnn_gemm(BNN_PLAIN, BNN_PLAIN, r.n, c.n, n_out, job->dy.at + r.first * n_out, n_out, weights(job) + c.first, n_in,
             job->dx.at + r.first * n_in + c.first, n_in);
}

enum { STRIP = 64 / sizeof(real) };

/* Strips of columns whose sums stay in a register; the last one overlaps the one before, and finds the same sums again. */
BNN_CLONES void bnn_dense_sum_columns(const real *d, size_t rows, size_t cols, size_t stride, real *restrict sum) {
    for (size_t j = 0; cols >= STRIP && j < cols; j += STRIP) {
        size_t at = cols - j < STRIP ? cols - STRIP : j;
        real part[STRIP] = {0};
        for (size_t i = 0; i < rows; i++)
            for (size_t l = 0; l < STRIP; l++) part[l] += d[i * stride + at + l];
        for (size_t l = 0; l < STRIP; l++) sum[at + l] = part[l];
    }
    for (size_t j = 0; cols < STRIP && j < cols; j++) {
        sum[j] = 0;
        for (size_t i = 0; i < rows; i++) sum[j] += d[i * stride + j];
    }
}

static void dw_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    const bnn_layer *layer = job->layer;
    size_t n_in = layer->n_in, n_out = layer->n_out;
    range u = tile_range(tile, dw_units(layer, job->x.rows), n_out);
    real *g = job->pass->scratch + (size_t)thread * job->pass->scratch_size;
    const real *dz = job->dy.at + u.first;
    bnn_gemm(BNN_TRANSPOSED, BNN_PLAIN, u.n, n_in, job->x.rows, dz, n_out, job->x.at, n_in, g, n_in);
    job->sink->block(job->sink->context, layer->weight + u.first * n_in, u.n * n_in, g);
    if (!layer->has_bias) return;
    bnn_dense_sum_columns(dz, job->x.rows, u.n, n_out, g);
    job->sink->block(job->sink->context, layer->bias + u.first, u.n, g);
}

void bnn_dense_activation_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n_out = job->layer->n_out;
    range r = tile_range(tile, FEW_ROWS, job->x.rows);
    (void)thread;
    job->layer->activation->backward(r.n * n_out, job->y.at + r.first * n_out, job->dy.at + r.first * n_out);
}

/* dx before dW: the sink of a dW tile may already change that tile's weights. */
static void dense_backward(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                           const bnn_sink *sink) {
    dense_job job = { .layer = layer, .pass = pass, .x = x, .y = y, .dy = dy, .dx = dx, .sink = sink,
                      .n_col_tiles = tiles(layer->n_in, tile_units(layer, layer->n_in)) };
    bnn_team_run(pass->team, tiles(x.rows, FEW_ROWS), bnn_dense_activation_tile, &job);
    if (dx.at != NULL) bnn_team_run(pass->team, tiles(x.rows, ROWS) * job.n_col_tiles, dx_tile, &job);
    if (sink != NULL) bnn_team_run(pass->team, tiles(layer->n_out, dw_units(layer, x.rows)), dw_tile, &job);
}

static size_t dense_scratch(const bnn_layer *layer) {
    size_t units = layer->n_out < UNITS ? layer->n_out : UNITS, block = units * layer->n_in;
    return block > layer->n_out ? block : layer->n_out;
}

static const char *dense_parse(bnn_layer *layer, size_t n_words, char *const *words) {
    static const char expected[] = "dense UNITS [ACTIVATION]";
    double units;
    if (n_words < 1 || n_words > 2 || !bnn_text_to_number(words[0], &units)) return expected;
    if (units < 1 || units > 1e6 || units != floor(units)) return "a number of units from 1 to 1000000";
    layer->n_out = (size_t)units;
    if (n_words == 2) layer->activation = bnn_activation_find(words[1]);
    return layer->activation == NULL ? "an activation that `bnn help activation` lists" : NULL;
}

const bnn_layer_row bnn_dense_row = {
    .head = { "dense", "fully connected, z = x W' + b: dense UNITS [ACTIVATION]", NULL, 0 },
    .forward = dense_forward, .backward = dense_backward, .forward_noisy = bnn_dense_forward_noisy,
    .backward_noisy = bnn_dense_backward_noisy, .scratch = dense_scratch, .parse = dense_parse,
};

const bnn_variant *const bnn_layers[] = { &bnn_dense_row.head, &bnn_dropout_row.head, NULL };
