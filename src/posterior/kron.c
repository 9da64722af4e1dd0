/* A normal with a Kronecker-factored precision per layer, bias included as an input of 1:
 *
 *     precision = (V_G' L_G V_G) (x) (V_A' L_A V_A) + delta I,
 *
 * kept by eigenvectors (rows) and eigenvalues, so that adding delta is exact. Layers below the span are certain. */
#include "base/linalg.h"
#include "posterior/output_cov.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OUT_VECTORS, OUT_VALUES, IN_VECTORS, IN_VALUES, PRECISION, PER_LAYER };

static void kron_start(bnn_posterior *posterior) {
    posterior->n_arrays = 1;
    posterior->arrays[0] = (bnn_posterior_array){ .suffix = "", .copies = 1, .has_noise = true };
}

static void add_factor(bnn_posterior *posterior, const char *block, const char *what, size_t rows, size_t cols) {
    bnn_factor *factor = &posterior->factors[posterior->n_factors++];
    snprintf(factor->name, sizeof factor->name, "%.20s.kron.%s", block, what);
    factor->rows = rows;
    factor->cols = cols;
}

static void kron_lay_out(bnn_posterior *posterior) {
    const bnn_net *net = posterior->net;
    posterior->factors = BNN_TAKE(&posterior->arena, PER_LAYER * net->n_layers, bnn_factor);
    posterior->n_factors = 0;
    for (size_t l = posterior->lowest; posterior->factors != NULL && l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        const char *block = bnn_net_block_of(net, l)->name;
        size_t n_in = layer->n_in + layer->has_bias;
        if (!bnn_layer_has_weights(layer)) continue;
        add_factor(posterior, block, "out_vectors", layer->n_out, layer->n_out);
        add_factor(posterior, block, "out_values", 1, layer->n_out);
        add_factor(posterior, block, "in_vectors", n_in, n_in);
        add_factor(posterior, block, "in_values", 1, n_in);
        add_factor(posterior, block, "precision", 1, 1);
    }
}

/* The factors of layer l. */
static const bnn_factor *factors_of(const bnn_posterior *posterior, size_t l) {
    const bnn_factor *factors = posterior->factors;
    for (size_t m = posterior->lowest; m < l; m++)
        if (bnn_layer_has_weights(&posterior->net->layers[m])) factors += PER_LAYER;
    return factors;
}

static double var_at(const bnn_factor *f, size_t i, size_t j) {
    return 1 / (f[OUT_VALUES].at[i] * f[IN_VALUES].at[j] + f[PRECISION].at[0]);
}

static void kron_spread(const bnn_posterior *posterior, size_t l, bnn_layer_spread *spread) {
    const bnn_factor *f = factors_of(posterior, l);
    size_t n_out = f[OUT_VECTORS].rows, n_in = f[IN_VECTORS].rows;
    spread->in_vectors = f[IN_VECTORS].at;
    spread->out_vectors = f[OUT_VECTORS].at;
    for (size_t i = 0; i < n_out; i++)
        for (size_t j = 0; j < n_in; j++) spread->var[i * n_in + j] = var_at(f, i, j);
}

/* theta of the layer += V_G' E V_A with E ~ N(0, var) */
static void add_deviation(const bnn_posterior *posterior, size_t l, bnn_key key, bnn_arena *arena, real *theta) {
    const bnn_layer *layer = &posterior->net->layers[l];
    const bnn_factor *f = factors_of(posterior, l);
    size_t n_out = layer->n_out, n_in = layer->n_in + layer->has_bias;
    real *normals = BNN_TAKE(arena, n_out * n_in, real);
    double *e = BNN_TAKE(arena, n_out * n_in, double), *half = BNN_TAKE(arena, n_out * n_in, double);
    if (arena->has_failed) return;
    bnn_rng_normals(key, (uint64_t)l << 40, n_out * n_in, normals);
    for (size_t i = 0; i < n_out * n_in; i++) e[i] = (double)normals[i] * sqrt(var_at(f, i / n_in, i % n_in));
    bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_out, n_in, n_out, f[OUT_VECTORS].at, n_out, e, n_in, 0, half, n_in);
    bnn_dgemm(BNN_PLAIN, BNN_PLAIN, n_out, n_in, n_in, half, n_in, f[IN_VECTORS].at, n_in, 0, e, n_in);
    for (size_t o = 0; o < n_out; o++) {
        for (size_t j = 0; j < layer->n_in; j++) theta[layer->weight + o * layer->n_in + j] += (real)e[o * n_in + j];
        if (layer->has_bias) theta[layer->bias + o] += (real)e[o * n_in + layer->n_in];
    }
}

static void kron_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    bnn_key key = bnn_key_make(seed, BNN_PURPOSE_PREDICT, 0, (uint32_t)s, 0);
    bnn_arena arena = {0};
    memcpy(out, posterior->arrays[0].at + first, n * sizeof *out);
    for (size_t l = posterior->lowest; l < posterior->net->n_layers; l++)
        if (bnn_layer_has_weights(&posterior->net->layers[l])) add_deviation(posterior, l, key, &arena, out);
    for (size_t i = 0; arena.has_failed && i < n; i++) out[i] = (real)NAN;     /* found by the check of the outputs */
    bnn_arena_free(&arena);
}

static void kron_mean(const bnn_posterior *posterior, real *out) {
    memcpy(out, posterior->arrays[0].at, posterior->n_params * sizeof *out);
}

/* a [n x n] <- its squares; NULL: out of memory */
static double *squares_of(bnn_arena *arena, const bnn_factor *factor) {
    size_t n = factor->rows * factor->cols;
    double *squares = BNN_TAKE(arena, n, double);
    for (size_t i = 0; squares != NULL && i < n; i++) squares[i] = factor->at[i] * factor->at[i];
    return squares;
}

/* var [n_out x n_in] of the weights themselves = (V_G^2)' var V_A^2, squares by element; NULL: out of memory. */
static const double *weight_vars(const bnn_posterior *posterior, size_t l, bnn_arena *arena) {
    const bnn_factor *f = factors_of(posterior, l);
    size_t n_out = f[OUT_VECTORS].rows, n_in = f[IN_VECTORS].rows;
    double *var = BNN_TAKE(arena, n_out * n_in, double), *half = BNN_TAKE(arena, n_out * n_in, double);
    const double *out = squares_of(arena, &f[OUT_VECTORS]), *in = squares_of(arena, &f[IN_VECTORS]);
    if (arena->has_failed) return NULL;
    for (size_t i = 0; i < n_out * n_in; i++) var[i] = var_at(f, i / n_in, i % n_in);
    bnn_dgemm(BNN_TRANSPOSED, BNN_PLAIN, n_out, n_in, n_out, out, n_out, var, n_in, 0, half, n_in);
    bnn_dgemm(BNN_PLAIN, BNN_PLAIN, n_out, n_in, n_in, half, n_in, in, n_in, 0, var, n_in);
    return var;
}

/* out [n] of theta[first ..): what belongs to layer l, whose weights come unit by unit and then the biases */
static void layer_sds(const bnn_posterior *posterior, size_t l, size_t first, size_t n, real *out) {
    const bnn_layer *layer = &posterior->net->layers[l];
    size_t n_in = layer->n_in + layer->has_bias, end = layer->weight + layer->n_out * n_in;
    if (!bnn_layer_has_weights(layer) || end <= first || layer->weight >= first + n) return;
    bnn_arena arena = {0};
    const double *var = weight_vars(posterior, l, &arena);
    for (size_t i = layer->weight; i < end; i++) {
        size_t at = i - layer->weight, o = at / layer->n_in, j = at % layer->n_in;
        if (i < first || i >= first + n) continue;
        if (layer->has_bias && i >= layer->bias) o = i - layer->bias, j = layer->n_in;
        out[i - first] = var == NULL ? (real)NAN : (real)sqrt(var[o * n_in + j]);
    }
    bnn_arena_free(&arena);
}

static void kron_sd(const bnn_posterior *posterior, size_t first, size_t n, real *out) {
    memset(out, 0, n * sizeof *out);
    for (size_t l = posterior->lowest; l < posterior->net->n_layers; l++) layer_sds(posterior, l, first, n, out);
}

static const bnn_linear_row linear = { .spread = kron_spread };

const bnn_posterior_row bnn_kron_posterior = {
    .head = { "kron", "a normal per layer, Kronecker-factored, from Laplace", NULL, 0 },
    .start = kron_start, .lay_out = kron_lay_out, .draws_whole = true, .draw = kron_draw, .mean = kron_mean, .sd = kron_sd,
    .linear = &linear,
};
