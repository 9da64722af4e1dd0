/* Derivatives of a net's outputs by central differences of a naive net in double, weight by weight, and sums of them. */
#ifndef BNN_TESTS_BRUTE_FORCE_H
#define BNN_TESTS_BRUTE_FORCE_H

#include "small_problem.h"

#define JACOBIAN_STEP 1e-5    /* truncation h^2 / 6 f''' and rounding 1e-16 / h are both near 1e-11 */

/* f [n_outputs] of one row, dropout layers being what they are after training: nothing. */
static inline void naive_outputs(const bnn_net *net, const double *theta, const double *x, double *f) {
    double y[64], z[64];
    assert_true(net->n_inputs <= 64);
    memcpy(y, x, net->n_inputs * sizeof *y);
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        assert_true(layer->n_out <= 64);
        if (!bnn_layer_has_weights(layer)) continue;
        for (size_t o = 0; o < layer->n_out; o++) {
            z[o] = layer->has_bias ? theta[layer->bias + o] : 0;
            for (size_t j = 0; j < layer->n_in; j++) z[o] += theta[layer->weight + o * layer->n_in + j] * y[j];
            z[o] = naive_activation_of(layer->activation)->at(z[o]);
        }
        memcpy(y, z, layer->n_out * sizeof *y);
    }
    memcpy(f, y, net->n_outputs * sizeof *f);
}

/* jacobian [n_outputs x span] of one row, span = the weights from `first` on. theta [n_weights] is put back. */
static inline void naive_jacobian(const bnn_net *net, double *theta, size_t first, const double *x, double *jacobian) {
    size_t span = net->n_weights - first, k = net->n_outputs;
    double above[64], below[64];
    for (size_t p = 0; p < span; p++) {
        double middle = theta[first + p];
        theta[first + p] = middle + JACOBIAN_STEP;
        naive_outputs(net, theta, x, above);
        theta[first + p] = middle - JACOBIAN_STEP;
        naive_outputs(net, theta, x, below);
        theta[first + p] = middle;
        for (size_t c = 0; c < k; c++) jacobian[c * span + p] = (above[c] - below[c]) / (2 * JACOBIAN_STEP);
    }
}

static inline double *to_double(size_t n, const real *v) {
    double *copy = malloc((n + 1) * sizeof *copy);
    assert_non_null(copy);
    for (size_t i = 0; i < n; i++) copy[i] = (double)v[i];
    return copy;
}

/* h [n x n] += factor g g' */
static inline void add_outer(size_t n, double factor, const double *g, double *h) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) h[i * n + j] += factor * g[i] * g[j];
}

/* out [span] = J' d for one row */
static inline void pull_back(size_t k, size_t span, const double *jacobian, const real *d, double *out) {
    for (size_t p = 0; p < span; p++) out[p] = 0;
    for (size_t c = 0; c < k; c++)
        for (size_t p = 0; p < span; p++) out[p] += (double)d[c] * jacobian[c * span + p];
}

/* Entries of a positive semi-definite matrix that differ by more than the tolerance times sqrt(want_ii want_jj); `factor` plants a fault.
 * Where a diagonal entry is 0, so must the others in its row be, but for the tolerance^2 of the largest. */
static inline size_t count_wrong(size_t n, const double *got, const double *want, double factor, double tolerance) {
    double largest = 0;
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, want[i * n + i]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double scale = sqrt(want[i * n + i] * want[j * n + j]) + tolerance * largest;
            if (!(fabs(factor * got[i * n + j] - want[i * n + j]) <= tolerance * scale)) wrong++;
        }
    return wrong;
}

#endif
