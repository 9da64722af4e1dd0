/* Drawing weights and running rows through the net. */
#include "predict/outputs.h"
#include "base/fail.h"
#include "posterior/output_cov.h"
#include "problem/problem.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_REALS = (64 << 20) / sizeof(real), DRAW_TILE = 4096 };   /* a multiple of 1024: normals are made in whole blocks */

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t bnn_outputs_chunk(size_t n_rows, size_t n_draws, size_t n_inputs, size_t n_outputs) {
    size_t chunk = min_size(CHUNK_REALS / n_draws / n_outputs, CHUNK_REALS / n_inputs);
    if (chunk > BNN_PASS_ROWS) chunk -= chunk % BNN_PASS_ROWS;
    return min_size(chunk > 0 ? chunk : 1, n_rows);
}

bnn_predictive bnn_predictive_of(const bnn_model *model) {
    const char *text = json_string_value(json_object_get(model->facts, "predictive"));
    if (text == NULL || model->posterior.row->linear == NULL) return BNN_PREDICTIVE_SAMPLING;
    if (strcmp(text, "linearised") == 0) return BNN_PREDICTIVE_LINEARISED;
    return strcmp(text, "probit") == 0 && model->likelihood.n_classes > 0 ? BNN_PREDICTIVE_PROBIT : BNN_PREDICTIVE_SAMPLING;
}

/* The middle of each of n equally likely stretches of the normal, scaled to sample variance 1. */
static void fill_nodes(size_t n, double *nodes) {
    double squares = 0;
    for (size_t s = 0; s < n; s++) nodes[s] = gsl_cdf_ugaussian_Pinv(((double)s + 0.5) / (double)n);
    for (size_t s = 0; s < n; s++) squares += nodes[s] * nodes[s];
    for (size_t s = 0; s < n && n > 1; s++) nodes[s] *= sqrt((double)(n - 1) / squares);
}

static void take_linear(bnn_outputs *outputs) {
    size_t k = outputs->model->net.n_outputs, n_noise = outputs->model->likelihood.n_noise;
    const bnn_posterior *posterior = &outputs->model->posterior;
    if (outputs->predictive == BNN_PREDICTIVE_SAMPLING) return;
    outputs->pass_rows = min_size(outputs->pass_rows, bnn_posterior_cov_rows(posterior));
    outputs->cov = BNN_TAKE(&outputs->arena, outputs->pass_rows * k * k, double);
    outputs->nodes = BNN_TAKE(&outputs->arena, outputs->n_draws, double);
    if (outputs->arena.has_failed) return;
    fill_nodes(outputs->n_draws, outputs->nodes);
    posterior->row->mean(posterior, outputs->theta);
    for (size_t s = 0; s < outputs->n_draws; s++)
        memcpy(outputs->noise + s * n_noise, outputs->theta + posterior->n_weights, n_noise * sizeof(real));
}

bnn_status bnn_outputs_make(bnn_outputs *outputs, const bnn_model *model, const bnn_dataset *rows, bnn_team *team, uint64_t seed,
                            size_t n_draws) {
    const bnn_net *net = &model->net;
    size_t chunk = bnn_outputs_chunk(rows->n_rows, n_draws, net->n_inputs, net->n_outputs);
    *outputs = (bnn_outputs){ .model = model, .rows = rows, .team = team, .seed = seed, .n_draws = n_draws, .max_rows = chunk,
                              .pass_rows = min_size(chunk, BNN_PASS_ROWS) };
    bnn_arena *arena = &outputs->arena;
    outputs->f = BNN_TAKE(arena, n_draws * chunk * net->n_outputs, real);
    outputs->noise = BNN_TAKE(arena, n_draws * model->likelihood.n_noise, real);
    outputs->x = BNN_TAKE(arena, chunk * net->n_inputs, real);
    if (rows->y != NULL) outputs->y = BNN_TAKE(arena, chunk * model->schema.n_targets, real);
    outputs->list = BNN_TAKE(arena, chunk, size_t);
    outputs->theta = BNN_TAKE(arena, model->posterior.n_params, real);
    outputs->predictive = bnn_predictive_of(model);
    take_linear(outputs);
    bnn_workspace_take(&outputs->workspace, arena, net, outputs->pass_rows, bnn_team_size(team));
    if (!arena->has_failed) return BNN_OK;
    bnn_outputs_free(outputs);
    return BNN_FAIL_MEMORY("the outputs of the net");
}

void bnn_outputs_free(bnn_outputs *outputs) {
    bnn_arena_free(&outputs->arena);
    *outputs = (bnn_outputs){0};
}

/* ---- one draw ---------------------------------------------------------------------------------------------------------- */

typedef struct draw_job { const bnn_outputs *outputs; size_t s; } draw_job;

static void draw_tile(void *context, size_t tile, int thread) {
    const draw_job *job = context;
    const bnn_posterior *posterior = &job->outputs->model->posterior;
    size_t first = tile * DRAW_TILE, n = min_size(posterior->n_params - first, DRAW_TILE);
    (void)thread;
    posterior->row->draw(posterior, job->outputs->seed, job->s, first, n, job->outputs->theta + first);
}

static void draw_theta(bnn_outputs *outputs, size_t s) {
    const bnn_posterior *posterior = &outputs->model->posterior;
    size_t n_noise = outputs->model->likelihood.n_noise;
    draw_job job = { outputs, s };
    if (posterior->row->draws_whole) posterior->row->draw(posterior, outputs->seed, s, 0, posterior->n_params, outputs->theta);
    else bnn_team_run(outputs->team, (posterior->n_params + DRAW_TILE - 1) / DRAW_TILE, draw_tile, &job);
    memcpy(outputs->noise + s * n_noise, outputs->theta + posterior->n_weights, n_noise * sizeof(real));
}

static bnn_status check_finite(const bnn_outputs *outputs, size_t s, size_t first, bnn_mat f) {
    for (size_t i = 0; i < f.rows * f.cols; i++) {
        if (isfinite(f.at[i])) continue;
        size_t row = outputs->first + first + i / f.cols;
        return BNN_FAIL(BNN_ERR_NUMERIC, "%s: row %zu (from 0): output %zu of weight draw %zu is %g; look at the features of that row "
                        "and at the weights of the model", outputs->rows->path, outputs->rows->file_rows[row], i % f.cols, s,
                        (double)f.at[i]);
    }
    return BNN_OK;
}

static bnn_status forward_draw(bnn_outputs *outputs, size_t s) {
    const bnn_net *net = &outputs->model->net;
    real *f = outputs->f + s * outputs->n * net->n_outputs;
    bnn_status status = BNN_OK;
    for (size_t first = 0; status == BNN_OK && first < outputs->n; first += outputs->pass_rows) {
        size_t n = min_size(outputs->n - first, outputs->pass_rows);
        const real *x = outputs->x + first * net->n_inputs;
        bnn_mat out = bnn_net_forward(net, &outputs->workspace, outputs->team, outputs->theta, n, x);
        status = check_finite(outputs, s, first, out);
        memcpy(f + first * net->n_outputs, out.at, n * net->n_outputs * sizeof *f);
    }
    return status;
}

/* ---- linearised outputs ------------------------------------------------------------------------------------------------ */

/* Lower Cholesky factor of a covariance that may be singular: a pivot lost to rounding becomes 0. */
static void factor_cov(size_t k, double *cov) {
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

static void spread_rows(bnn_outputs *outputs, size_t first, size_t n, const real *f) {
    size_t k = outputs->model->net.n_outputs;
    for (size_t i = 0; i < n; i++) {
        double *cov = outputs->cov + i * k * k;
        real *out = outputs->f + (first + i) * k;
        if (outputs->predictive == BNN_PREDICTIVE_PROBIT) {
            for (size_t c = 0; c < k; c++) out[c] = (real)((double)f[i * k + c] / sqrt(1 + M_PI / 8 * cov[c * k + c]));
            continue;
        }
        factor_cov(k, cov);
        for (size_t s = 0; s < outputs->n_draws; s++) spread_row(outputs, s, first + i, cov, f + i * k, out + s * outputs->n * k);
    }
}

static bnn_status fill_linear(bnn_outputs *outputs) {
    const bnn_net *net = &outputs->model->net;
    bnn_status status = BNN_OK;
    real *f = malloc(outputs->pass_rows * net->n_outputs * sizeof *f);
    if (f == NULL) return BNN_FAIL_MEMORY("the linearised outputs");
    for (size_t first = 0; status == BNN_OK && first < outputs->n; first += outputs->pass_rows) {
        size_t n = min_size(outputs->n - first, outputs->pass_rows);
        status = bnn_posterior_output_cov(&outputs->model->posterior, outputs->theta, &outputs->workspace, outputs->team, n,
                                          outputs->x + first * net->n_inputs, f, outputs->cov);
        if (status == BNN_OK) status = check_finite(outputs, 0, first, (bnn_mat){ n, net->n_outputs, f });
        if (status == BNN_OK) spread_rows(outputs, first, n, f);
    }
    free(f);
    return status;
}

bnn_status bnn_outputs_fill(bnn_outputs *outputs, size_t first) {
    bnn_status status = BNN_OK;
    outputs->first = first;
    outputs->n = min_size(outputs->rows->n_rows - first, outputs->max_rows);
    for (size_t i = 0; i < outputs->n; i++) outputs->list[i] = first + i;
    bnn_scaling_gather(&outputs->model->scaling, outputs->rows, outputs->n, outputs->list, outputs->x, outputs->y);
    if (outputs->predictive != BNN_PREDICTIVE_SAMPLING) return fill_linear(outputs);
    for (size_t s = 0; status == BNN_OK && s < outputs->n_draws; s++) {
        draw_theta(outputs, s);
        status = forward_draw(outputs, s);
    }
    return status;
}
