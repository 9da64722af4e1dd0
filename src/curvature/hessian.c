/* Each weight's derivative pass (full) or each row's recursion (diag) is one tile of the team's work, with scratch of its thread. */
#include "curvature/hessian.h"
#include "layer/activation.h"

#include <string.h>

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* ---- what both need -------------------------------------------------------------------------------------------------- */

/* full: R z and R y of every layer, R dz, R dy; diag: two square matrices. */
static size_t scratch_needed(const bnn_structure_row *row, size_t rows, size_t units, size_t widest) {
    return row == &bnn_full_structure ? 2 * rows * (units + widest) : 2 * widest * widest;
}

size_t bnn_hessian_bytes(const bnn_structure_row *row, const bnn_net *net, size_t lowest, int n_threads) {
    size_t rows = BNN_HESSIAN_ROWS, k = net->n_outputs, units = 0, widest = 0, doubles = 0;
    for (size_t l = lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        doubles += rows * (layer->n_in + 3 * layer->n_out) + layer->n_out * layer->n_in;
        units += layer->n_out;
        widest = max_size(widest, max_size(layer->n_out, l == lowest ? 0 : layer->n_in));
    }
    doubles += rows * k * k + rows * widest + (size_t)n_threads * scratch_needed(row, rows, units, widest);
    return doubles * sizeof(double) + rows * widest * sizeof(real);
}

static void take_layer(bnn_curvature *curvature, size_t l, size_t place) {
    bnn_hessian *h = curvature->hessian;
    const bnn_layer *layer = &curvature->net->layers[l];
    size_t rows = curvature->max_rows, n_in = layer->n_in, n_out = layer->n_out, below = l == curvature->lowest ? 0 : n_in;
    bnn_arena *arena = &curvature->arena;
    h->layers[h->n_layers++] = (bnn_hessian_layer){ .layer = layer, .number = l, .place = place,
        .x = BNN_TAKE(arena, rows * n_in, double), .w = BNN_TAKE(arena, n_out * n_in, double),
        .slope = BNN_TAKE(arena, rows * n_out, double), .dz = BNN_TAKE(arena, rows * n_out, double),
        .bend = BNN_TAKE(arena, rows * n_out, double) };
    h->widest = max_size(h->widest, max_size(n_out, below));
}

void bnn_hessian_take(bnn_curvature *curvature) {
    const bnn_net *net = curvature->net;
    bnn_arena *arena = &curvature->arena;
    size_t rows = curvature->max_rows, k = net->n_outputs, units = 0;
    bnn_hessian *h = curvature->hessian = BNN_TAKE(arena, 1, bnn_hessian);
    if (h != NULL) h->layers = BNN_TAKE(arena, net->n_layers, bnn_hessian_layer);
    if (arena->has_failed) return;
    for (size_t l = curvature->lowest; l < net->n_layers; l++) {
        if (!bnn_layer_has_weights(&net->layers[l])) continue;
        take_layer(curvature, l, 2 * rows * units);
        units += net->layers[l].n_out;
    }
    h->outer = BNN_TAKE(arena, rows * k * k, double);
    h->dy = BNN_TAKE(arena, rows * h->widest, double);
    h->ones = BNN_TAKE(arena, rows * h->widest, real);
    h->scratch_size = scratch_needed(curvature->row, rows, units, h->widest);
    h->scratch = BNN_TAKE(arena, (size_t)bnn_team_size(curvature->team) * h->scratch_size, double);
}

static double weight_of(const bnn_curvature *curvature, size_t i) {
    return curvature->pass_weights == NULL ? 1 : curvature->pass_weights[i];
}

/* outer [n x k x k]: the likelihood's own, or S S' where that is exact. */
static void fill_outer(const bnn_curvature *curvature, const real *noise, const real *f, const real *y) {
    const bnn_hessian *h = curvature->hessian;
    const bnn_likelihood *likelihood = curvature->likelihood;
    size_t k = likelihood->n_outputs, n = h->n;
    real *column = h->ones;
    if (likelihood->row->hessian != NULL) likelihood->row->hessian(likelihood, noise, n, f, y, h->outer);
    else memset(h->outer, 0, n * k * k * sizeof(double));
    for (size_t c = 0; likelihood->row->hessian == NULL && c < k; c++) {
        likelihood->row->curvature_root(likelihood, noise, n, f, c, column);
        for (size_t i = 0; i < n * k * k; i++) h->outer[i] += (double)column[i / k] * (double)column[i / (k * k) * k + i % k];
    }
    for (size_t i = 0; i < n * k * k; i++) h->outer[i] *= weight_of(curvature, i / (k * k));
}

static void to_double(size_t n, const real *from, double *to) {
    for (size_t i = 0; i < n; i++) to[i] = (double)from[i];
}

/* y [n x n_out] the layer's outputs; h->dy: d nll / dy, and afterwards that of the layer below. */
static void fill_layer(bnn_hessian *h, bnn_hessian_layer *at, const real *y, bool is_lowest) {
    const bnn_layer *layer = at->layer;
    size_t n = h->n * layer->n_out;
    for (size_t i = 0; i < n; i++) h->ones[i] = 1;
    layer->activation->backward(n, y, h->ones);
    for (size_t i = 0; i < n; i++) {
        at->slope[i] = (double)h->ones[i];
        at->dz[i] = at->slope[i] * h->dy[i];
        at->bend[i] = layer->activation->bend((double)y[i]) * h->dy[i];
    }
    if (is_lowest) return;
    bnn_dgemm(BNN_PLAIN, BNN_PLAIN, h->n, layer->n_in, layer->n_out, at->dz, layer->n_out, at->w, layer->n_in, 0, h->dy, layer->n_in);
}

void bnn_hessian_fill(bnn_curvature *curvature, const real *theta, const bnn_workspace *workspace, size_t n, const real *x, const real *y,
                      const real *df) {
    bnn_hessian *h = curvature->hessian;
    const bnn_net *net = curvature->net;
    size_t k = net->n_outputs;
    h->n = n;
    fill_outer(curvature, theta + net->n_weights, workspace->y[net->n_layers - 1], y);
    for (size_t i = 0; i < n * k; i++) h->dy[i] = weight_of(curvature, i / k) * (double)df[i];
    for (size_t l = h->n_layers; l-- > 0;) {
        bnn_hessian_layer *at = &h->layers[l];
        to_double(at->layer->n_out * at->layer->n_in, theta + at->layer->weight, at->w);
        to_double(n * at->layer->n_in, at->number == 0 ? x : workspace->y[at->number - 1], at->x);
        fill_layer(h, at, workspace->y[at->number], l == 0);
    }
}

/* ---- full ------------------------------------------------------------------------------------------------------------ */

/* One derivative pass, in its thread's scratch. */
typedef struct derivative {
    const bnn_curvature *curvature;
    const bnn_hessian   *h;
    size_t  lowest;            /* among h->layers: that of the weight */
    double *rdz, *rdy;         /* [n x widest]                        */
    double *scratch;
} derivative;

static double *rz_of(const derivative *d, size_t l) { return d->scratch + d->h->layers[l].place; }
static double *ry_of(const derivative *d, size_t l) { return rz_of(d, l) + d->h->n * d->h->layers[l].layer->n_out; }

static void rise(const derivative *d, size_t unit, size_t input) {
    const bnn_hessian *h = d->h;
    for (size_t l = d->lowest; l < h->n_layers; l++) {
        const bnn_hessian_layer *at = &h->layers[l];
        size_t n_in = at->layer->n_in, n_out = at->layer->n_out;
        double *rz = rz_of(d, l), *ry = ry_of(d, l);
        if (l == d->lowest) {
            memset(rz, 0, h->n * n_out * sizeof *rz);
            for (size_t i = 0; i < h->n; i++) rz[i * n_out + unit] = input < n_in ? at->x[i * n_in + input] : 1;
        } else {
            bnn_dgemm(BNN_PLAIN, BNN_TRANSPOSED, h->n, n_out, n_in, ry_of(d, l - 1), n_in, at->w, n_in, 0, rz, n_out);
        }
        for (size_t i = 0; i < h->n * n_out; i++) ry[i] = at->slope[i] * rz[i];
    }
}

static void turn(const derivative *d) {
    const bnn_hessian *h = d->h;
    size_t k = d->curvature->net->n_outputs;
    const double *rf = ry_of(d, h->n_layers - 1);
    for (size_t i = 0; i < h->n * k; i++) {
        d->rdy[i] = 0;
        for (size_t c = 0; c < k; c++) d->rdy[i] += h->outer[i * k + c] * rf[i / k * k + c];
    }
}

/* row [span] += R dW and R db of layer l */
static void add_to_row(const derivative *d, size_t l, double *row) {
    const bnn_hessian *h = d->h;
    const bnn_hessian_layer *at = &h->layers[l];
    size_t n = h->n, n_in = at->layer->n_in, n_out = at->layer->n_out, first = d->curvature->first;
    double *w = row + (at->layer->weight - first), *b = row + (at->layer->bias - first);
    bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_out, n_in, n, d->rdz, n_out, at->x, n_in, 1, w, n_in);
    if (l > d->lowest) bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_out, n_in, n, at->dz, n_out, ry_of(d, l - 1), n_in, 1, w, n_in);
    for (size_t i = 0; at->layer->has_bias && i < n * n_out; i++) b[i % n_out] += d->rdz[i];
}

static void fall(const derivative *d, double *row) {
    const bnn_hessian *h = d->h;
    for (size_t l = h->n_layers; l-- > d->lowest;) {
        const bnn_hessian_layer *at = &h->layers[l];
        size_t n_in = at->layer->n_in, n_out = at->layer->n_out;
        const double *rz = rz_of(d, l);
        for (size_t i = 0; i < h->n * n_out; i++) d->rdz[i] = at->slope[i] * d->rdy[i] + at->bend[i] * rz[i];
        add_to_row(d, l, row);
        if (l > d->lowest) bnn_dgemm(BNN_PLAIN, BNN_PLAIN, h->n, n_in, n_out, d->rdz, n_out, at->w, n_in, 0, d->rdy, n_in);
    }
}

/* Row p of the Hessian, as far as it belongs to layers from its own up. */
static void full_tile(void *context, size_t p, int thread) {
    const bnn_curvature *curvature = context;
    const bnn_hessian *h = curvature->hessian;
    double *scratch = h->scratch + (size_t)thread * h->scratch_size, *end = scratch + h->scratch_size;
    size_t l = h->n_layers - 1, at = curvature->first + p, widest = curvature->max_rows * h->widest;
    while (h->layers[l].layer->weight > at) l--;
    const bnn_layer *layer = h->layers[l].layer;
    bool is_bias = layer->has_bias && at >= layer->bias;
    derivative d = { .curvature = curvature, .h = h, .lowest = l, .rdz = end - 2 * widest, .rdy = end - widest, .scratch = scratch };
    rise(&d, is_bias ? at - layer->bias : (at - layer->weight) / layer->n_in, is_bias ? layer->n_in : (at - layer->weight) % layer->n_in);
    turn(&d);
    fall(&d, curvature->full + p * curvature->n);
}

void bnn_hessian_add_full(bnn_curvature *curvature) {
    size_t n = curvature->n;
    bnn_team_run(curvature->team, n, full_tile, curvature);
    for (size_t p = 0; p < n; p++)
        for (size_t q = 0; q < p; q++) curvature->full[p * n + q] = curvature->full[q * n + p];
}

/* ---- diag ------------------------------------------------------------------------------------------------------------ */

/* z [n_out x n_out] of row i becomes a' (W' z W) a' + diag(bend) [n_in x n_in], that of the layer below `at`. */
static void descend(const bnn_hessian_layer *at, const bnn_hessian_layer *below, size_t i, double *z, double *half) {
    size_t n_in = at->layer->n_in, n_out = at->layer->n_out;
    const double *slope = below->slope + i * n_in, *bend = below->bend + i * n_in;
    bnn_dgemm(BNN_PLAIN, BNN_PLAIN, n_out, n_in, n_out, z, n_out, at->w, n_in, 0, half, n_in);
    bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_in, n_in, n_out, at->w, n_in, half, n_in, 0, z, n_in);
    for (size_t a = 0; a < n_in; a++) {
        for (size_t b = 0; b < n_in; b++) z[a * n_in + b] *= slope[a] * slope[b];
        z[a * n_in + a] += bend[a];
    }
}

static void diag_tile(void *context, size_t i, int thread) {
    const bnn_curvature *curvature = context;
    const bnn_hessian *h = curvature->hessian;
    double *z = h->scratch + (size_t)thread * h->scratch_size, *half = z + h->scratch_size / 2;
    size_t k = curvature->net->n_outputs;
    memcpy(z, h->outer + i * k * k, k * k * sizeof *z);
    for (size_t l = h->n_layers; l-- > 0;) {
        const bnn_hessian_layer *at = &h->layers[l];
        size_t n_out = at->layer->n_out;
        real *q = curvature->layer_work[at->number] + i * n_out;
        for (size_t o = 0; o < n_out; o++) q[o] = (real)z[o * n_out + o];
        if (l > 0) descend(at, &h->layers[l - 1], i, z, half);
    }
}

void bnn_hessian_add_diag(bnn_curvature *curvature) { bnn_team_run(curvature->team, curvature->hessian->n, diag_tile, curvature); }
