/* Outputs of a linearised net: draws or the exact normal from f(mean) and J Sigma J' of each row. */
#include "predict/outputs.h"
#include "base/fail.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* The middle of each of n equally likely stretches of the normal, scaled to sample variance 1. */
static void fill_nodes(size_t n, double *nodes) {
    double squares = 0;
    for (size_t s = 0; s < n; s++) nodes[s] = gsl_cdf_ugaussian_Pinv(((double)s + 0.5) / (double)n);
    for (size_t s = 0; s < n; s++) squares += nodes[s] * nodes[s];
    for (size_t s = 0; s < n && n > 1; s++) nodes[s] *= sqrt((double)(n - 1) / squares);
}

void bnn_outputs_take_linear(bnn_outputs *outputs) {
    const bnn_net *net = &outputs->model->net;
    const bnn_posterior *posterior = &outputs->model->posterior;
    size_t k = net->n_outputs, n_noise = outputs->model->likelihood.n_noise;
    bool is_normal = outputs->predictive == BNN_PREDICTIVE_NORMAL;
    outputs->pass_rows = min_size(outputs->pass_rows, BNN_OUTPUT_COV_ROWS);
    outputs->cov = BNN_TAKE(&outputs->arena, (is_normal ? outputs->max_rows : outputs->pass_rows) * k * k, double);
    outputs->nodes = BNN_TAKE(&outputs->arena, outputs->n_draws, double);
    outputs->center = BNN_TAKE(&outputs->arena, outputs->pass_rows * k, real);
    bnn_output_cov_take(&outputs->linear, &outputs->arena, posterior, outputs->team, outputs->pass_rows);
    if (outputs->arena.has_failed) return;
    fill_nodes(outputs->n_draws, outputs->nodes);
    for (size_t s = 0; s < outputs->n_draws; s++)
        memcpy(outputs->noise + s * n_noise, outputs->linear.theta + posterior->n_weights, n_noise * sizeof(real));
}

void bnn_factor_cov(size_t k, double *cov) {
    for (size_t j = 0; j < k; j++) {
        for (size_t i = j; i < k; i++) {
            double sum = cov[i * k + j];
            for (size_t m = 0; m < j; m++) sum -= cov[i * k + m] * cov[j * k + m];
            if (i == j) cov[j * k + j] = sum > 0 ? sqrt(sum) : 0;
            else cov[i * k + j] = cov[j * k + j] > 0 ? sum / cov[j * k + j] : 0;
        }
    }
}

/* Draw s of one row: f + L z. */
static void spread_row(const bnn_outputs *outputs, size_t s, size_t row, const double *l, const real *f, real *out) {
    size_t k = outputs->model->net.n_outputs;
    real z[k];
    bnn_key key = bnn_key_make(outputs->seed, BNN_PURPOSE_PREDICT, 0, (uint32_t)s, 0);
    if (k == 1) z[0] = (real)outputs->nodes[s];
    else bnn_rng_normals(key, (outputs->first + row) * k, k, z);
    for (size_t c = 0; c < k; c++) {
        double sum = (double)f[c];
        for (size_t e = 0; e <= c; e++) sum += l[c * k + e] * (double)z[e];
        out[c] = (real)sum;
    }
}

static void spread_rows(bnn_outputs *outputs, size_t first, size_t n, const real *f, double *covs) {
    size_t k = outputs->model->net.n_outputs;
    for (size_t i = 0; i < n; i++) {
        double *cov = covs + i * k * k;
        real *out = outputs->f + (first + i) * k;
        if (outputs->predictive == BNN_PREDICTIVE_PROBIT) {
            for (size_t c = 0; c < k; c++) out[c] = (real)((double)f[i * k + c] / sqrt(1 + M_PI / 8 * cov[c * k + c]));
            continue;
        }
        bnn_factor_cov(k, cov);
        for (size_t s = 0; s < outputs->n_draws; s++) spread_row(outputs, s, first + i, cov, f + i * k, out + s * outputs->n * k);
    }
}

bnn_status bnn_outputs_fill_linear(bnn_outputs *outputs) {
    const bnn_net *net = &outputs->model->net;
    size_t k = net->n_outputs;
    bool is_normal = outputs->predictive == BNN_PREDICTIVE_NORMAL;
    bnn_status status = BNN_OK;
    for (size_t first = 0; status == BNN_OK && first < outputs->n; first += outputs->pass_rows) {
        size_t n = min_size(outputs->n - first, outputs->pass_rows);
        double *cov = outputs->cov + (is_normal ? first * k * k : 0);
        status = bnn_output_cov_fill(&outputs->linear, n, outputs->x + first * net->n_inputs, outputs->center, cov);
        if (is_normal) memcpy(outputs->f + first * k, outputs->center, n * k * sizeof(real));
        else if (status == BNN_OK) spread_rows(outputs, first, n, outputs->center, cov);
    }
    return status;
}
