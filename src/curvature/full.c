/* The full matrix over the span: H = sum J' S S' J. For a few thousand weights at most.
 *
 * Unit by unit, a row of J' S is g_c a with the unit's dz for column c of S and its layer's inputs a (1 for the bias), so that the block of two
 * units is a sum over rows of (sum_c g_c h_c) a b': the columns are summed before any product, which makes it as many times cheaper as there are
 * columns, and only the lower triangle is made. */
#include "curvature/hessian.h"
#include "base/fail.h"

#include <math.h>
#include <string.h>

#define ROUNDING (sizeof(real) == sizeof(double) ? 1e-12 : 1e-5)     /* of an eigenvalue of 0, as a part of the largest */

enum { PASS_ROWS = 256, MOST_COLUMNS = 16 };

/* A pass: up to MOST_COLUMNS columns wait for their products. */
typedef struct bnn_full_pass {
    size_t   n, n_columns;
    double **a;               /* [n_layers][max_rows x n_in], the bias included      */
    real   **g;               /* [n_layers][MOST_COLUMNS x max_rows x n_out]         */
    double **right;           /* [threads][max_rows x span]                          */
} bnn_full_pass;

static size_t width_of(const bnn_layer *layer) { return layer->n_in + layer->has_bias; }

static void full_start(bnn_curvature *curvature) {
    bnn_arena *arena = &curvature->arena;
    const bnn_net *net = curvature->net;
    size_t rows = curvature->max_rows, threads = (size_t)bnn_team_size(curvature->team);
    bnn_full_pass *pass = curvature->pass = BNN_TAKE(arena, 1, bnn_full_pass);
    curvature->full = BNN_TAKE(arena, curvature->n * curvature->n, double);
    curvature->values = BNN_TAKE(arena, curvature->n, double);
    if (pass == NULL) return;
    *pass = (bnn_full_pass){ .a = BNN_TAKE(arena, net->n_layers, double *), .g = BNN_TAKE(arena, net->n_layers, real *),
                             .right = BNN_TAKE(arena, threads, double *) };
    for (size_t l = curvature->lowest; !arena->has_failed && l < net->n_layers; l++) {
        if (!bnn_layer_has_weights(&net->layers[l])) continue;
        pass->a[l] = BNN_TAKE(arena, rows * width_of(&net->layers[l]), double);
        pass->g[l] = BNN_TAKE(arena, MOST_COLUMNS * rows * net->layers[l].n_out, real);
    }
    for (size_t t = 0; !arena->has_failed && t < threads; t++) pass->right[t] = BNN_TAKE(arena, rows * curvature->n, double);
}

static size_t full_bytes(const bnn_net *net, size_t lowest, int n_threads) {
    size_t n = net->n_weights - net->layers[lowest].weight, bytes = n * (n + 1 + (size_t)n_threads * PASS_ROWS) * sizeof(double);
    for (size_t l = lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (bnn_layer_has_weights(layer)) bytes += PASS_ROWS * (width_of(layer) * sizeof(double) + MOST_COLUMNS * layer->n_out * sizeof(real));
    }
    return bytes;
}

/* ---- a pass ---------------------------------------------------------------------------------------------------------- */

static void keep_inputs(const bnn_layer *layer, bnn_mat x, double *a) {
    for (size_t i = 0; i < x.rows; i++) {
        for (size_t j = 0; j < x.cols; j++) *a++ = (double)x.at[i * x.cols + j];
        if (layer->has_bias) *a++ = 1;
    }
}

static void full_column(bnn_curvature *curvature, size_t l, bnn_mat x, bnn_mat dz) {
    bnn_full_pass *pass = curvature->pass;
    if (pass->n_columns == 0) keep_inputs(&curvature->net->layers[l], x, pass->a[l]);
    pass->n = dz.rows;
    memcpy(pass->g[l] + pass->n_columns * dz.rows * dz.cols, dz.at, dz.rows * dz.cols * sizeof(real));
}

/* w = sum_c g_c h_c of row i: unit o of layer l with unit p of layer m */
static double weight_of(const bnn_curvature *curvature, size_t l, size_t o, size_t m, size_t p, size_t i) {
    const bnn_full_pass *pass = curvature->pass;
    size_t left = curvature->net->layers[l].n_out, right = curvature->net->layers[m].n_out;
    const real *g = pass->g[l] + i * left + o, *h = pass->g[m] + i * right + p;
    double sum = 0;
    for (size_t c = 0; c < pass->n_columns; c++) sum += (double)g[c * pass->n * left] * (double)h[c * pass->n * right];
    return sum;
}

/* right [n x span], at the places of layer m's weights = w b */
static void fill_right(const bnn_curvature *curvature, size_t l, size_t o, size_t m, double *right) {
    const bnn_layer *layer = &curvature->net->layers[m];
    size_t n_in = layer->n_in, width = width_of(layer);
    for (size_t i = 0; i < curvature->pass->n; i++) {
        const double *b = curvature->pass->a[m] + i * width;
        double *row = right + i * curvature->n + (layer->weight - curvature->first), *bias = row + layer->n_out * n_in;
        for (size_t p = 0; p < layer->n_out; p++) {
            double w = weight_of(curvature, l, o, m, p, i);
            for (size_t j = 0; j < n_in; j++) *row++ = w * b[j];
            if (layer->has_bias) bias[p] = w;
        }
    }
}

/* The rows of H of unit o of layer l, up to the diagonal. */
static void add_unit(bnn_curvature *curvature, size_t l, size_t o, double *right) {
    const bnn_layer *layer = &curvature->net->layers[l];
    const bnn_full_pass *pass = curvature->pass;
    size_t span = curvature->n, n_in = layer->n_in, weight = layer->weight - curvature->first + o * n_in, bias = layer->bias - curvature->first + o;
    for (size_t m = curvature->lowest; m <= l; m++)
        if (bnn_layer_has_weights(&curvature->net->layers[m])) fill_right(curvature, l, o, m, right);
    bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_in, weight + n_in, pass->n, pass->a[l], width_of(layer), right, span, 1,
              curvature->full + weight * span, span);
    for (size_t i = 0; layer->has_bias && i < pass->n; i++)
        for (size_t j = 0; j <= bias; j++) curvature->full[bias * span + j] += right[i * span + j];
}

static void unit_tile(void *context, size_t tile, int thread) {
    bnn_curvature *curvature = context;
    const bnn_net *net = curvature->net;
    size_t l = net->n_layers - 1;
    for (; tile >= net->layers[l].n_out || !bnn_layer_has_weights(&net->layers[l]); l--)
        if (bnn_layer_has_weights(&net->layers[l])) tile -= net->layers[l].n_out;
    add_unit(curvature, l, net->layers[l].n_out - 1 - tile, curvature->pass->right[thread]);
}

static void add_waiting(bnn_curvature *curvature) {
    size_t n_units = 0;
    for (size_t l = curvature->lowest; l < curvature->net->n_layers; l++)
        if (bnn_layer_has_weights(&curvature->net->layers[l])) n_units += curvature->net->layers[l].n_out;
    bnn_team_run(curvature->team, n_units, unit_tile, curvature);
    curvature->pass->n_columns = 0;
}

static void full_end_column(bnn_curvature *curvature, size_t n) {
    (void)n;
    if (++curvature->pass->n_columns == MOST_COLUMNS) add_waiting(curvature);
}

static void full_end_pass(bnn_curvature *curvature, size_t l, bnn_mat x) {
    (void)l, (void)x;
    if (curvature->pass->n_columns > 0) add_waiting(curvature);
}

/* means, and the posterior's Cholesky factor with its inverse, which predictions of validation rows make; before, eigenvectors in their place */
static size_t full_later_bytes(const bnn_net *net, size_t lowest) {
    size_t n = net->n_weights - net->layers[lowest].weight;
    return net->n_weights * sizeof(real) + 2 * n * n * sizeof(double);
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
    .start = full_start, .column = full_column, .end_column = full_end_column, .end_pass = full_end_pass, .hessian = bnn_hessian_add_full,
    .max_rows = PASS_ROWS, .bytes = full_bytes, .later_bytes = full_later_bytes, .posterior = &bnn_full_posterior,
    .decompose = full_decompose, .eigenvalues = full_eigenvalues, .invert = full_invert, .solve = full_solve,
};
