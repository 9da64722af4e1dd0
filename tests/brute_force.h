/* Derivatives of a net's outputs by central differences of a naive net in double, weight by weight, and sums of them. */
#ifndef BNN_TESTS_BRUTE_FORCE_H
#define BNN_TESTS_BRUTE_FORCE_H

#include "small_problem.h"
#include "curvature/curvature.h"

static inline bool has_curvature(const bnn_variant *likelihood) { return ((const bnn_likelihood_row *)likelihood)->curvature_root != NULL; }

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

/* ---- sums over rows -------------------------------------------------------------------------------------------------- */

/* A net's weights and the rows around which its loss bends; the rows are taken as they are, unscaled. */
typedef struct point { const bnn_net *net; const bnn_likelihood *likelihood; const bnn_dataset *data; const real *theta; } point;

static inline double weight_of(point p, size_t i) { return p.data->weights == NULL ? 1 : p.data->weights[i]; }

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

/* The columns S of one row at outputs f [k]: d [columns x k]; returns how many. */
static inline size_t columns_of(point p, bnn_factor_source source, size_t row, const double *f, real *d) {
    const bnn_likelihood *likelihood = p.likelihood;
    const real *noise = p.theta + p.net->n_weights;
    size_t k = likelihood->n_outputs;
    real outputs[16], y[16];
    double nll, dnoise[16] = {0};
    for (size_t c = 0; c < k; c++) outputs[c] = (real)f[c];
    for (size_t j = 0; j < likelihood->n_targets; j++) y[j] = (real)p.data->y[row * likelihood->n_targets + j];
    if (source == BNN_SOURCE_EMPIRICAL_FISHER) {
        likelihood->row->nll(likelihood, noise, 1, outputs, y, &nll, d, dnoise);
        return 1;
    }
    for (size_t c = 0; c < k; c++) likelihood->row->curvature_root(likelihood, noise, 1, outputs, c, d + c * k);
    return k;
}

/* [span x span] = sum over rows and columns of w J' s s' J, span = the weights from `first` on; malloc. */
static inline double *brute_force(point p, size_t first, bnn_factor_source source) {
    size_t k = p.net->n_outputs, span = p.net->n_weights - first;
    double *theta = to_double(p.net->n_weights, p.theta), *h = calloc(span * span, sizeof *h);
    double *jacobian = malloc(k * span * sizeof *jacobian), *g = malloc(span * sizeof *g), f[16];
    real d[16 * 16];
    assert_true(h != NULL && jacobian != NULL && g != NULL && k <= 16);
    for (size_t i = 0; i < p.data->n_rows; i++) {
        const double *x = p.data->x + i * p.net->n_inputs;
        naive_outputs(p.net, theta, x, f);
        naive_jacobian(p.net, theta, first, x, jacobian);
        for (size_t c = 0, n = columns_of(p, source, i, f, d); c < n; c++) {
            pull_back(k, span, jacobian, d + c * k, g);
            add_outer(span, weight_of(p, i), g, h);
        }
    }
    free(g);
    free(jacobian);
    free(theta);
    return h;
}

/* h [span x span] += factor d2 f_c / d theta d theta of one row, by four-point differences, whose truncation (step^2) and rounding
 * (1e-16 / step^2) are both near 1e-8. theta is put back. */
static inline void add_second_differences(const bnn_net *net, double *theta, size_t first, const double *x, size_t c, double factor, double *h) {
    const double step = 1e-4;
    size_t span = net->n_weights - first;
    double f[64];
    for (size_t p = 0; p < span; p++)
        for (size_t q = 0; q < span; q++) {
            double sum = 0, at_p = theta[first + p], at_q = theta[first + q];
            for (int sign = 0; sign < 4; sign++) {
                theta[first + p] += sign & 1 ? step : -step;
                theta[first + q] += sign & 2 ? step : -step;
                naive_outputs(net, theta, x, f);
                sum += (sign == 0 || sign == 3 ? 1 : -1) * f[c];
                theta[first + q] = at_q;
                theta[first + p] = at_p;
            }
            h[p * span + q] += factor * sum / (4 * step * step);
        }
}

/* [span x span] = sum over rows of w (J' L J + sum_c df_c d2 f_c), L the Hessian in the outputs; malloc. */
static inline double *brute_force_hessian(point p, size_t first) {
    const bnn_likelihood *likelihood = p.likelihood;
    const real *noise = p.theta + p.net->n_weights;
    size_t k = p.net->n_outputs, span = p.net->n_weights - first;
    double *theta = to_double(p.net->n_weights, p.theta), *jacobian = malloc(k * span * sizeof *jacobian), f[16], outer[16 * 16], nll;
    double *h = likelihood->row->hessian == NULL ? brute_force(p, first, BNN_SOURCE_GGN) : calloc(span * span, sizeof *h), dnoise[16] = {0};
    assert_true(h != NULL && jacobian != NULL);
    for (size_t i = 0; i < p.data->n_rows; i++) {
        const double *x = p.data->x + i * p.net->n_inputs;
        real outputs[16], y[16], df[16];
        naive_outputs(p.net, theta, x, f);
        naive_jacobian(p.net, theta, first, x, jacobian);
        for (size_t c = 0; c < k; c++) outputs[c] = (real)f[c];
        for (size_t j = 0; j < likelihood->n_targets; j++) y[j] = (real)p.data->y[i * likelihood->n_targets + j];
        likelihood->row->nll(likelihood, noise, 1, outputs, y, &nll, df, dnoise);
        for (size_t c = 0; c < k; c++) add_second_differences(p.net, theta, first, x, c, weight_of(p, i) * (double)df[c], h);
        if (likelihood->row->hessian == NULL) continue;
        likelihood->row->hessian(likelihood, noise, 1, outputs, y, outer);
        for (size_t a = 0; a < span; a++)
            for (size_t b = 0; b < span; b++)
                for (size_t e = 0; e < k * k; e++)
                    h[a * span + b] += weight_of(p, i) * jacobian[e / k * span + a] * outer[e] * jacobian[e % k * span + b];
    }
    free(jacobian);
    free(theta);
    return h;
}

/* Numbers further apart than the tolerance times the largest wanted one. */
static inline size_t count_apart(size_t n, const double *got, const double *want, double factor, double tolerance) {
    double largest = 0;
    size_t apart = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs(factor * got[i] - want[i]) <= tolerance * largest)) apart++;
    return apart;
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
