/* Valid random factors for posteriors that have them, and the dense covariance that they stand for, by the formula and a naive inverse. */
#ifndef BNN_TESTS_RANDOM_FACTORS_H
#define BNN_TESTS_RANDOM_FACTORS_H

#include "harness.h"
#include "base/linalg.h"
#include "layer/net.h"
#include "posterior/posterior.h"

static inline bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* v [n]: standard normals of an array of its own. */
static inline void fill_normals(uint32_t array, size_t n, double *v) {
    real z[256];
    for (size_t i = 0; i < n; i += 256) {
        size_t m = n - i < 256 ? n - i : 256;
        bnn_rng_normals(bnn_key_make(20250711, BNN_PURPOSE_TEST, array, 0, 0), i, m, z);
        for (size_t j = 0; j < m; j++) v[i + j] = (double)z[j];
    }
}

/* Orthogonal rows: the eigenvectors of a random symmetric matrix. */
static inline void fill_vectors(size_t n, double *v) {
    double *values = malloc(n * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) v[i * n + j] = v[j * n + i];
    assert_true(bnn_eigen(n, v, values));
    free(values);
}

static inline void fill_cholesky(size_t n, double *l) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double *at = &l[i * n + j];
            *at = j > i ? 0 : j == i ? 1 + fabs(*at) : *at / sqrt((double)n);
        }
}

static inline void fill_factors(bnn_posterior *posterior) {
    for (size_t f = 0; f < posterior->n_factors; f++) {
        bnn_factor *factor = &posterior->factors[f];
        size_t n = factor->rows * factor->cols;
        fill_normals((uint32_t)(500 + f), n, factor->at);
        if (ends_with(factor->name, "_vectors")) fill_vectors(factor->rows, factor->at);
        else if (ends_with(factor->name, "cholesky")) fill_cholesky(factor->rows, factor->at);
        else if (ends_with(factor->name, "_values") || ends_with(factor->name, "precision"))
            for (size_t i = 0; i < n; i++) factor->at[i] = fabs(factor->at[i]) + (n == 1 ? 0.5 : 0);
        else fail_msg("factor %s needs a line in tests/random_factors.h: a valid random example", factor->name);
    }
}

/* a [n x n] symmetric and positive definite <- its inverse, by Gauss-Jordan without pivots. */
static inline void invert(size_t n, double *a) {
    for (size_t k = 0; k < n; k++) {
        double pivot = a[k * n + k];
        a[k * n + k] = 1;
        for (size_t j = 0; j < n; j++) a[k * n + j] /= pivot;
        for (size_t i = 0; i < n; i++) {
            double factor = a[i * n + k];
            if (i == k) continue;
            a[i * n + k] = 0;
            for (size_t j = 0; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
}

/* Position in theta of input j (the last: the bias) of output o. */
static inline size_t position_of(const bnn_layer *layer, size_t o, size_t j) {
    return j < layer->n_in ? layer->weight + o * layer->n_in + j : layer->bias + o;
}

static inline const bnn_factor *kron_factor(const bnn_posterior *posterior, size_t l, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "%s.kron.%s", bnn_net_block_of(posterior->net, l)->name, what);
    const bnn_factor *factor = bnn_posterior_factor(posterior, name);
    if (factor == NULL) fail_msg("no factor %s", name);
    return factor;
}

/* (V' diag(values) V)_ij */
static inline double spectral(const bnn_factor *vectors, const bnn_factor *values, size_t i, size_t j) {
    double sum = 0;
    for (size_t m = 0; m < vectors->rows; m++)
        sum += vectors->at[m * vectors->cols + i] * values->at[m] * vectors->at[m * vectors->cols + j];
    return sum;
}

/* precision [span x span] += that of layer l, by (V_G' L_G V_G) (x) (V_A' L_A V_A) + delta I */
static inline void add_kron_precision(const bnn_posterior *posterior, size_t l, size_t first, size_t span, double *precision) {
    const bnn_layer *layer = &posterior->net->layers[l];
    const bnn_factor *out = kron_factor(posterior, l, "out_vectors"), *in = kron_factor(posterior, l, "in_vectors");
    const bnn_factor *out_values = kron_factor(posterior, l, "out_values"), *in_values = kron_factor(posterior, l, "in_values");
    double delta = kron_factor(posterior, l, "precision")->at[0];
    assert_true(out->rows == layer->n_out && in->rows == layer->n_in + layer->has_bias);
    for (size_t o = 0; o < out->rows; o++)
        for (size_t u = 0; u < out->rows; u++) {
            double g = spectral(out, out_values, o, u);
            for (size_t j = 0; j < in->rows; j++)
                for (size_t v = 0; v < in->rows; v++)
                    precision[(position_of(layer, o, j) - first) * span + position_of(layer, u, v) - first] +=
                        g * spectral(in, in_values, j, v) + (o == u && j == v ? delta : 0);
        }
}

/* Covariance [span x span] of the weights from layer `lowest` on, of a kron, full or diag posterior; malloc. */
static inline double *dense_covariance(const bnn_posterior *posterior) {
    size_t first = posterior->net->layers[posterior->lowest].weight, span = posterior->n_weights - first;
    double *a = calloc(span * span, sizeof *a);
    assert_non_null(a);
    if (posterior->row == &bnn_kron_posterior) {
        for (size_t l = posterior->lowest; l < posterior->net->n_layers; l++)
            if (bnn_layer_has_weights(&posterior->net->layers[l])) add_kron_precision(posterior, l, first, span, a);
    } else if (posterior->row == &bnn_full_posterior) {
        const double *l = bnn_posterior_factor(posterior, "laplace.cholesky")->at;
        for (size_t i = 0; i < span; i++)
            for (size_t j = 0; j < span; j++)
                for (size_t m = 0; m < span; m++) a[i * span + j] += l[i * span + m] * l[j * span + m];
    } else {
        assert_ptr_equal(posterior->row, &bnn_diag_posterior);
        for (size_t i = 0; i < span; i++) a[i * span + i] = exp(-2 * (double)posterior->arrays[1].at[first + i]);
    }
    invert(span, a);
    return a;
}

#endif
