/* A dense layer whose outputs, not weights, are sampled: each row gets noise of its own.
 *
 * Local reparameterisation (Kingma, Salimans & Welling 2015, eq. 6): z ~ N(x mu', x^2 var'), exact per output.
 * Flipout (Wen et al. 2018, eq. 4): z = x mu' + ((x q) delta') s, one weight draw delta shared, decorrelated by signs.
 *
 * Both are z = x A' + combine(xq B'), B = second, so they share all products:
 *     local:   xq = x^2,  u = xq B',  z += sqrt(u) epsilon,  h = dz/du = epsilon / (2 sqrt(u))
 *     flipout: xq = x q,  u = xq B',  z += s u,              h = dz/du = s
 *     e = dz h;   dA = dz' x,  dB = e' xq,   dx = dz A + (e B) (2 x | q)
 * In xq a bias counts as an input of 1. */
#include "base/span.h"
#include "layer/dense.h"

#include <math.h>

/* ---- forward --------------------------------------------------------------------------------------------------------- */

BNN_CLONES static void square(size_t n, const real *x, real *xq) {
    for (size_t i = 0; i < n; i++) xq[i] = x[i] * x[i];
}

BNN_CLONES static void multiply(size_t n, const real *x, const real *q, real *xq) {
    for (size_t i = 0; i < n; i++) xq[i] = x[i] * q[i];
}

static bool is_local(const dense_job *job) { return job->pass->noise == BNN_NOISE_LOCAL; }

/* Signs of inputs and outputs come from one array: row by row, inputs first. */
static uint64_t sign_index(const dense_job *job, size_t row) {
    return bnn_layer_index(job->layer, job->pass, row, job->layer->n_in + job->layer->n_out);
}

static void inputs_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n_in = job->layer->n_in;
    range r = tile_range(tile, FEW_ROWS, job->x.rows);
    const real *x = job->x.at + r.first * n_in;
    real *q = job->noise->q + r.first * n_in, *xq = job->noise->xq + r.first * n_in;
    (void)thread;
    if (is_local(job)) {
        square(r.n * n_in, x, xq);
        return;
    }
    for (size_t i = 0; i < r.n; i++) bnn_rng_signs(job->pass->key, sign_index(job, r.first + i), n_in, q + i * n_in);
    multiply(r.n * n_in, x, q, xq);
}

/* z = x A' and u = xq B' for a tile of units; u goes where h will be. */
static void products_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n_in = job->layer->n_in, n_out = job->layer->n_out;
    range r = tile_range(tile / job->n_col_tiles, ROWS, job->x.rows), u = tile_range(tile % job->n_col_tiles, tile_units(job->layer, n_out), n_out);
    size_t w = u.first * n_in, y = r.first * n_out + u.first;
    (void)thread;
    bnn_gemm(BNN_PLAIN, BNN_TRANSPOSED, r.n, u.n, n_in, job->x.at + r.first * n_in, n_in, weights(job) + w, n_in, job->y.at + y, n_out);
    bnn_gemm(BNN_PLAIN, BNN_TRANSPOSED, r.n, u.n, n_in, job->noise->xq + r.first * n_in, n_in, job->pass->second + job->layer->weight + w,
             n_in, job->noise->h + y, n_out);
}

/* epsilon [n] on entry in `noise`; the floor keeps h finite where every input is 0 */
BNN_CLONES static void combine_local(size_t n, const real *noise, const real *bias_var, real sign, real *z, real *h) {
    for (size_t j = 0; j < n; j++) {
        real var = h[j] + (bias_var == NULL ? 0 : bias_var[j]);
#ifdef BNN_DOUBLE
        real sd = sqrt(var > (real)1e-30 ? var : (real)1e-30);
#else
        real sd = sqrtf(var > (real)1e-30 ? var : (real)1e-30);
#endif
        real epsilon = sign * noise[j];
        z[j] += sd * epsilon;
        h[j] = (real)0.5 * epsilon / sd;
    }
}

BNN_CLONES static void combine_flipout(size_t n, const real *noise, const real *bias_delta, real sign, real *z, real *h) {
    for (size_t j = 0; j < n; j++) {
        real s = sign * noise[j];
        z[j] += s * (h[j] + (bias_delta == NULL ? 0 : bias_delta[j]));
        h[j] = s;
    }
}

static void outputs_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    const bnn_layer *layer = job->layer;
    const bnn_pass *pass = job->pass;
    size_t n = layer->n_out;
    range r = tile_range(tile, FEW_ROWS, job->x.rows);
    const real *bias = layer->has_bias ? pass->theta + layer->bias : NULL, *second = layer->has_bias ? pass->second + layer->bias : NULL;
    real *noise = pass->scratch + (size_t)thread * pass->scratch_size, sign = pass->is_mirrored ? -1 : 1;
    for (size_t i = r.first; i < r.first + r.n; i++) {
        real *z = job->y.at + i * n, *h = job->noise->h + i * n;
        if (bias != NULL) bnn_span_add(n, bias, z);
        if (is_local(job)) {
            bnn_rng_normals(pass->key, bnn_layer_index(layer, pass, i, n), n, noise);
            combine_local(n, noise, second, sign, z, h);
        } else {
            bnn_rng_signs(pass->key, sign_index(job, i) + layer->n_in, n, noise);
            combine_flipout(n, noise, second, sign, z, h);
        }
    }
    layer->activation->forward(r.n * n, job->y.at + r.first * n);
}

void bnn_dense_forward_noisy(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y) {
    dense_job job = { .layer = layer, .pass = pass, .noise = noise, .x = x, .y = y, .n_col_tiles = tiles(layer->n_out, tile_units(layer, layer->n_out)) };
    bnn_team_run(pass->team, tiles(x.rows, FEW_ROWS), inputs_tile, &job);
    bnn_team_run(pass->team, tiles(x.rows, ROWS) * job.n_col_tiles, products_tile, &job);
    bnn_team_run(pass->team, tiles(x.rows, FEW_ROWS), outputs_tile, &job);
}

/* ---- backward -------------------------------------------------------------------------------------------------------- */

/* dz in dy and e = dz h in h */
static void gradients_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n = job->layer->n_out;
    range r = tile_range(tile, FEW_ROWS, job->x.rows);
    real *h = job->noise->h + r.first * n;
    bnn_dense_activation_tile(context, tile, thread);
    multiply(r.n * n, job->dy.at + r.first * n, h, h);
}

BNN_CLONES static void add_scaled(size_t n, real factor, const real *q, const real *part, real *dx) {
    for (size_t i = 0; i < n; i++) dx[i] += factor * q[i] * part[i];
}

/* dx = dz A + factor q (e B), the factor and q those of the estimator. */
static void dx_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    size_t n_in = job->layer->n_in, n_out = job->layer->n_out;
    range r = tile_range(tile / job->n_col_tiles, ROWS, job->x.rows), c = tile_range(tile % job->n_col_tiles, tile_units(job->layer, n_in), n_in);
    size_t at = r.first * n_in + c.first;
    const real *q = (is_local(job) ? job->x.at : job->noise->q) + at;
    real *dx = job->dx.at + at, part[ROWS * UNITS];
    (void)thread;
    bnn_gemm(BNN_PLAIN, BNN_PLAIN, r.n, c.n, n_out, job->dy.at + r.first * n_out, n_out, weights(job) + c.first, n_in, dx, n_in);
    bnn_gemm(BNN_PLAIN, BNN_PLAIN, r.n, c.n, n_out, job->noise->h + r.first * n_out, n_out,
             job->pass->second + job->layer->weight + c.first, n_in, part, c.n);
    for (size_t i = 0; i < r.n; i++) add_scaled(c.n, is_local(job) ? 2 : 1, q + i * n_in, part + i * c.n, dx + i * n_in);
}

static void dw_tile(void *context, size_t tile, int thread) {
    const dense_job *job = context;
    const bnn_layer *layer = job->layer;
    size_t n_in = layer->n_in, n_out = layer->n_out, rows = job->x.rows;
    range u = tile_range(tile, tile_units(job->layer, n_out), n_out);
    real *g = job->pass->scratch + (size_t)thread * job->pass->scratch_size, *second = g + u.n * n_in;
    const real *dz = job->dy.at + u.first, *e = job->noise->h + u.first;
    bnn_gemm(BNN_TRANSPOSED, BNN_PLAIN, u.n, n_in, rows, dz, n_out, job->x.at, n_in, g, n_in);
    bnn_gemm(BNN_TRANSPOSED, BNN_PLAIN, u.n, n_in, rows, e, n_out, job->noise->xq, n_in, second, n_in);
    job->sink->block(job->sink->context, layer->weight + u.first * n_in, u.n * n_in, g);
    if (!layer->has_bias) return;
    bnn_dense_sum_columns(dz, rows, u.n, n_out, g);
    bnn_dense_sum_columns(e, rows, u.n, n_out, g + u.n);
    job->sink->block(job->sink->context, layer->bias + u.first, u.n, g);
}

void bnn_dense_backward_noisy(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y, bnn_mat dy,
                              bnn_mat dx, const bnn_sink *sink) {
    dense_job job = { .layer = layer, .pass = pass, .noise = noise, .x = x, .y = y, .dy = dy, .dx = dx, .sink = sink,
                      .n_col_tiles = tiles(layer->n_in, tile_units(layer, layer->n_in)) };
    bnn_team_run(pass->team, tiles(x.rows, FEW_ROWS), gradients_tile, &job);
    if (dx.at != NULL) bnn_team_run(pass->team, tiles(x.rows, ROWS) * job.n_col_tiles, dx_tile, &job);
    bnn_team_run(pass->team, tiles(layer->n_out, tile_units(layer, layer->n_out)), dw_tile, &job);
}
