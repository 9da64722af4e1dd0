/* Chunks of rows, and which way their outputs are made. */
#include "predict/outputs.h"
#include "base/fail.h"
#include "problem/problem.h"

#include <math.h>
#include <string.h>

enum { CHUNK_REALS = (64 << 20) / sizeof(real) };

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t bnn_outputs_chunk(size_t n_rows, size_t n_draws, size_t n_inputs, size_t n_outputs) {
    size_t chunk = min_size(CHUNK_REALS / n_draws / n_outputs, CHUNK_REALS / n_inputs);
    if (chunk > BNN_PASS_ROWS) chunk -= chunk % BNN_PASS_ROWS;
    return min_size(chunk > 0 ? chunk : 1, n_rows);
}

/* The output is the mean of y, and the noise does not depend on it. */
static bool has_plain_noise(const bnn_likelihood *likelihood) {
    return likelihood->row->is_normal && likelihood->n_outputs == likelihood->n_targets;
}

bnn_predictive bnn_predictive_of(const bnn_model *model) {
    const char *text = json_string_value(json_object_get(model->facts, "predictive"));
    if (text == NULL || model->posterior.row->linear == NULL) return BNN_PREDICTIVE_SAMPLING;
    if (strcmp(text, "linearised") == 0)
        return has_plain_noise(&model->likelihood) ? BNN_PREDICTIVE_NORMAL : BNN_PREDICTIVE_LINEARISED;
    return strcmp(text, "probit") == 0 && model->likelihood.n_classes > 0 ? BNN_PREDICTIVE_PROBIT : BNN_PREDICTIVE_SAMPLING;
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bnn_status make_draws(bnn_outputs *outputs, bnn_draw_from from) {
    if (outputs->predictive == BNN_PREDICTIVE_SAMPLING)
        return bnn_draws_make(&outputs->draws, outputs->model, outputs->team, outputs->seed, outputs->n_draws, from, outputs->max_rows);
    if (from == BNN_DRAW_LOCAL)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.first_layer = local has no meaning for a linearised or probit predictive, which draws no "
                        "weights: set predict.first_layer = weights");
    bnn_outputs_take_linear(outputs);
    return BNN_OK;
}

/* What a row takes beside its inputs, in reals of one draw. */
static size_t row_width(const bnn_outputs *outputs) {
    size_t k = outputs->model->net.n_outputs;
    return outputs->predictive == BNN_PREDICTIVE_NORMAL ? k * (1 + 2 * k) : k;
}

bnn_status bnn_outputs_make(bnn_outputs *outputs, const bnn_model *model, const bnn_dataset *rows, bnn_team *team, uint64_t seed,
                            size_t n_draws, bnn_draw_from from) {
    const bnn_net *net = &model->net;
    *outputs = (bnn_outputs){ .model = model, .rows = rows, .team = team, .seed = seed, .n_draws = n_draws };
    outputs->predictive = from == BNN_DRAW_PRIOR ? BNN_PREDICTIVE_SAMPLING : bnn_predictive_of(model);
    size_t chunk = outputs->max_rows = bnn_outputs_chunk(rows->n_rows, n_draws, net->n_inputs, row_width(outputs));
    bnn_arena *arena = &outputs->arena;
    outputs->pass_rows = min_size(chunk, BNN_PASS_ROWS);
    outputs->f = BNN_TAKE(arena, n_draws * chunk * net->n_outputs, real);
    outputs->noise = BNN_TAKE(arena, n_draws * model->likelihood.n_noise, real);
    outputs->x = BNN_TAKE(arena, chunk * net->n_inputs, real);
    if (rows->y != NULL) outputs->y = BNN_TAKE(arena, chunk * model->schema.n_targets, real);
    outputs->list = BNN_TAKE(arena, chunk, size_t);
    bnn_status status = make_draws(outputs, from);
    if (status == BNN_OK && arena->has_failed) status = BNN_FAIL_MEMORY("the outputs of the net");
    if (status != BNN_OK) bnn_outputs_free(outputs);
    return status;
}

void bnn_outputs_free(bnn_outputs *outputs) {
    bnn_draws_free(&outputs->draws);
    bnn_arena_free(&outputs->arena);
    *outputs = (bnn_outputs){0};
}

/* ---- filling ----------------------------------------------------------------------------------------------------------- */

/* Draw by draw, row by row; the message wants the first. */
static bnn_status check_finite(const bnn_outputs *outputs) {
    size_t k = outputs->model->net.n_outputs, n = outputs->n * k;
    for (size_t i = 0; i < outputs->n_draws * n; i++) {
        if (isfinite(outputs->f[i])) continue;
        return BNN_FAIL(BNN_ERR_NUMERIC, "%s: row %zu (from 0): output %zu of weight draw %zu is %g; look at the features of that row "
                        "and at the weights of the model", outputs->rows->path, outputs->rows->file_rows[outputs->first + i % n / k], i % k,
                        i / n, (double)outputs->f[i]);
    }
    return BNN_OK;
}

bnn_status bnn_outputs_fill(bnn_outputs *outputs, size_t first) {
    outputs->first = first;
    outputs->n = min_size(outputs->rows->n_rows - first, outputs->max_rows);
    for (size_t i = 0; i < outputs->n; i++) outputs->list[i] = first + i;
    bnn_scaling_gather(&outputs->model->scaling, outputs->rows, outputs->n, outputs->list, outputs->x, outputs->y);
    if (outputs->predictive != BNN_PREDICTIVE_SAMPLING) {
        bnn_status status = bnn_outputs_fill_linear(outputs);
        return status == BNN_OK ? check_finite(outputs) : status;
    }
    const bnn_draws_run run = { .n = outputs->n_draws, .n_rows = outputs->n, .row = outputs->row_offset + first, .x = outputs->x,
                                .f = outputs->f, .noise = outputs->noise };
    return bnn_draws_fill(&outputs->draws, &run) ? BNN_OK : check_finite(outputs);
}
