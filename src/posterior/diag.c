/* Independent normals: theta_i ~ N(mean_i, exp(2 log_sd_i)). Learnt noise has no spread. */
#include "base/span.h"
#include "base/vmath.h"
#include "posterior/output_cov.h"

#include <math.h>
#include <string.h>

enum { MEAN, LOG_SD, TILE = 1024 };

static void diag_start(bnn_posterior *posterior) {
    posterior->n_arrays = 2;
    posterior->arrays[MEAN] = (bnn_posterior_array){ .suffix = "", .copies = 1, .has_noise = true };
    posterior->arrays[LOG_SD] = (bnn_posterior_array){ .suffix = "log_sd", .copies = 1, .has_noise = false };
}

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

static void diag_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    const real *mean = posterior->arrays[MEAN].at, *log_sd = posterior->arrays[LOG_SD].at;
    bnn_key key = bnn_key_make(seed, BNN_PURPOSE_PREDICT, 0, (uint32_t)s, 0);
    size_t end = first + n, end_weights = min_size(end, posterior->n_weights);
    for (size_t i = first; i < end_weights; i += TILE) {
        size_t m = min_size(end_weights - i, TILE);
        bnn_rng_normals(key, i, m, out + (i - first));
        bnn_span_spread(m, mean + i, log_sd + i, 1, out + (i - first));
    }
    for (size_t i = first > end_weights ? first : end_weights; i < end; i++) out[i - first] = mean[i];
}

static void diag_mean(const bnn_posterior *posterior, real *out) {
    memcpy(out, posterior->arrays[MEAN].at, posterior->n_params * sizeof *out);
}

static void diag_sd(const bnn_posterior *posterior, size_t first, size_t n, real *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = first + i < posterior->n_weights ? bnn_exp(posterior->arrays[LOG_SD].at[first + i]) : 0;
}

static void diag_spread(const bnn_posterior *posterior, size_t l, bnn_layer_spread *spread) {
    const bnn_layer *layer = &posterior->net->layers[l];
    const real *log_sd = posterior->arrays[LOG_SD].at;
    size_t n_in = layer->n_in + layer->has_bias;
    for (size_t o = 0; o < layer->n_out; o++) {
        for (size_t j = 0; j < layer->n_in; j++)
            spread->var[o * n_in + j] = exp(2 * (double)log_sd[layer->weight + o * layer->n_in + j]);
        if (layer->has_bias) spread->var[o * n_in + layer->n_in] = exp(2 * (double)log_sd[layer->bias + o]);
    }
}

static const bnn_linear_row linear = { .spread = diag_spread };

const bnn_posterior_row bnn_diag_posterior = {
    .head = { "diag", "an independent normal for every weight", NULL, 0 },
    .start = diag_start, .draw = diag_draw, .mean = diag_mean, .sd = diag_sd, .linear = &linear,
};
