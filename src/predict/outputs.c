/* Drawing weights and running rows through the net. */
#include "predict/outputs.h"
#include "base/fail.h"
#include "problem/problem.h"

#include <math.h>
#include <string.h>

enum { CHUNK_REALS = (64 << 20) / sizeof(real), DRAW_TILE = 4096 };   /* a multiple of 1024: normals are made in whole blocks */

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t bnn_outputs_chunk(size_t n_rows, size_t n_draws, size_t n_inputs, size_t n_outputs) {
    size_t chunk = min_size(CHUNK_REALS / n_draws / n_outputs, CHUNK_REALS / n_inputs);
    if (chunk > BNN_PASS_ROWS) chunk -= chunk % BNN_PASS_ROWS;
    return min_size(chunk > 0 ? chunk : 1, n_rows);
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
    bnn_team_run(outputs->team, (posterior->n_params + DRAW_TILE - 1) / DRAW_TILE, draw_tile, &job);
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

bnn_status bnn_outputs_fill(bnn_outputs *outputs, size_t first) {
    bnn_status status = BNN_OK;
    outputs->first = first;
    outputs->n = min_size(outputs->rows->n_rows - first, outputs->max_rows);
    for (size_t i = 0; i < outputs->n; i++) outputs->list[i] = first + i;
    bnn_scaling_gather(&outputs->model->scaling, outputs->rows, outputs->n, outputs->list, outputs->x, outputs->y);
    for (size_t s = 0; status == BNN_OK && s < outputs->n_draws; s++) {
        draw_theta(outputs, s);
        status = forward_draw(outputs, s);
    }
    return status;
}
