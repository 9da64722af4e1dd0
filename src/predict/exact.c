/* Linearised nets with normal noise that does not depend on the output: y ~ N(f(mean), J Sigma J' + D), D the diagonal of noise variances,
 * needs no draws. The one "draw" of the tile has mean f(mean) and, to begin with, the variance of the noise alone. */
#include "predict/tile.h"

#include <math.h>

static const double *cov_of(const bnn_tile *t, size_t i) {
    size_t k = t->prediction->n_targets;
    return t->outputs->cov + (t->first + i) * k * k;
}

double bnn_tile_exact_var(const bnn_tile *tile, size_t i, size_t j) {
    size_t k = tile->prediction->n_targets;
    return fmax(cov_of(tile, i)[j * k + j], 0);
}

double bnn_tile_exact_nll(const bnn_tile *tile, size_t i, const double *y) {
    size_t k = tile->prediction->n_targets;
    double l[k * k], z[k], nll = 0.5 * (double)k * log(2 * M_PI);
    const double *cov = cov_of(tile, i), *mean = tile->scratch->mean + i * k, *var = tile->scratch->var + i * k;
    for (size_t j = 0; j < k * k; j++) l[j] = j / k == j % k ? var[j / k] : cov[j];
    bnn_factor_cov(k, l);
    for (size_t j = 0; j < k; j++) {
        z[j] = y[j] - mean[j];
        for (size_t m = 0; m < j; m++) z[j] -= l[j * k + m] * z[m];
        z[j] /= l[j * k + j];
        nll += 0.5 * z[j] * z[j] + log(l[j * k + j]);
    }
    return nll;
}

double bnn_tile_exact_excess(const bnn_tile *tile, size_t i) {
    size_t k = tile->prediction->n_targets;
    double sum = 0;
    for (size_t j = 0; j < k; j++) {
        double spread = bnn_tile_exact_var(tile, i, j);
        sum += 0.5 * spread / (tile->scratch->var[i * k + j] - spread);
    }
    return sum;
}
