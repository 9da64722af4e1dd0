/* Row summaries, on a team over tiles of rows. Draws are taken one after the other for a tile, since a draw's rows lie together and
 * share its noise; what each draw says of a row is put side by side, and then the rows are summed up one by one. */
#include "predict/summary.h"
#include "base/fail.h"
#include "predict/prediction.h"

#include <math.h>

enum { TILE_NUMBERS = 65536, MAX_TILE_ROWS = 64 };   /* rows of a tile times draws: some numbers per draw stay in cache */

struct bnn_summary_scratch {
    double *mean, *var;              /* [rows x n_targets x n_draws] numbers: of y given each draw   */
    double *draw_mean, *draw_var;    /* [rows x n_targets] the same of one draw                      */
    double *draw_p;                  /* [rows x n_classes] classes                                   */
    double *nll, *draw_nll;          /* [rows x n_draws] -log p(y) of each draw, [rows]              */
    bnn_mixture_tools tools;
};

/* Rows first .. first + n of the chunk, as one thread works on them. */
typedef struct tile {
    bnn_prediction      *prediction;
    const bnn_outputs   *outputs;
    const bnn_model     *model;
    bnn_summary_scratch *scratch;
    size_t               first, n;
} tile;

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bool take_scratch(bnn_arena *arena, bnn_summary_scratch *scratch, const bnn_prediction *p, size_t n) {
    scratch->nll = BNN_TAKE(arena, n * p->n_draws, double);
    scratch->draw_nll = BNN_TAKE(arena, n, double);
    if (p->n_classes > 0) {
        scratch->draw_p = BNN_TAKE(arena, n * p->n_classes, double);
        return true;
    }
    scratch->mean = BNN_TAKE(arena, n * p->n_targets * p->n_draws, double);
    scratch->var = BNN_TAKE(arena, n * p->n_targets * p->n_draws, double);
    scratch->draw_mean = BNN_TAKE(arena, n * p->n_targets, double);
    scratch->draw_var = BNN_TAKE(arena, n * p->n_targets, double);
    return bnn_mixture_tools_make(&scratch->tools);
}

bnn_status bnn_summary_make(bnn_summary *summary, bnn_prediction *prediction, const bnn_outputs *outputs) {
    size_t rows = TILE_NUMBERS / prediction->n_draws, n_threads = (size_t)bnn_team_size(outputs->team);
    *summary = (bnn_summary){ .prediction = prediction, .outputs = outputs, .n_threads = n_threads };
    summary->tile_rows = rows < 1 ? 1 : rows > MAX_TILE_ROWS ? MAX_TILE_ROWS : rows;
    summary->scratch = BNN_TAKE(&summary->arena, n_threads, bnn_summary_scratch);
    bool is_whole = summary->scratch != NULL;
    for (size_t t = 0; is_whole && t < n_threads; t++)
        is_whole = take_scratch(&summary->arena, &summary->scratch[t], prediction, summary->tile_rows);
    if (is_whole && !summary->arena.has_failed) return BNN_OK;
    bnn_summary_free(summary);
    return BNN_FAIL_MEMORY("the summaries of rows");
}

void bnn_summary_free(bnn_summary *summary) {
    for (size_t t = 0; summary->scratch != NULL && t < summary->n_threads; t++) bnn_mixture_tools_free(&summary->scratch[t].tools);
    bnn_arena_free(&summary->arena);
    *summary = (bnn_summary){0};
}

/* ---- one draw over a tile ---------------------------------------------------------------------------------------------- */

static const real *outputs_of(const tile *t, size_t s) {
    return t->outputs->f + (s * t->outputs->n + t->first) * t->model->net.n_outputs;
}

static const real *noise_of(const tile *t, size_t s) { return t->outputs->noise + s * t->model->likelihood.n_noise; }

/* After add_probabilities, for likelihoods of classes whose nll is something else than -log p. */
static double nll_of_class(const tile *t, size_t i) {
    size_t row = t->outputs->first + t->first + i;
    return -log(t->scratch->draw_p[i * t->prediction->n_classes + (size_t)t->prediction->target[row]]);
}

static void score_draw(const tile *t, size_t s) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    double *nll = t->scratch->draw_nll, *expected = t->prediction->expected_nll + t->outputs->first + t->first;
    size_t n_draws = t->outputs->n_draws;
    const real *y = t->outputs->y + t->first * t->prediction->n_targets;
    likelihood->row->nll(likelihood, noise_of(t, s), t->n, outputs_of(t, s), y, nll, NULL, NULL);
    for (size_t i = 0; i < t->n; i++) {
        expected[i] += nll[i] / (double)n_draws;
        t->scratch->nll[i * n_draws + s] = likelihood->row->is_surrogate ? nll_of_class(t, i) : nll[i];
    }
}

static void gather_moments(const tile *t, size_t s) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    bnn_summary_scratch *scratch = t->scratch;
    likelihood->row->moments(likelihood, noise_of(t, s), t->n, outputs_of(t, s), scratch->draw_mean, scratch->draw_var);
    for (size_t i = 0; i < t->n * t->prediction->n_targets; i++) {
        scratch->mean[i * t->outputs->n_draws + s] = scratch->draw_mean[i];
        scratch->var[i * t->outputs->n_draws + s] = scratch->draw_var[i];
    }
}

static void add_probabilities(const tile *t, size_t s) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    bnn_prediction *prediction = t->prediction;
    size_t k = prediction->n_classes, row = t->outputs->first + t->first;
    double weight = 1 / (double)t->outputs->n_draws, *draw_p = t->scratch->draw_p;
    likelihood->row->probabilities(likelihood, t->n, outputs_of(t, s), draw_p);
    for (size_t i = 0; i < t->n * k; i++) prediction->p[row * k + i] += weight * draw_p[i];
    for (size_t i = 0; i < t->n; i++) prediction->entropy_aleatoric[row + i] += weight * bnn_entropy(k, draw_p + i * k);
}

/* ---- one row ----------------------------------------------------------------------------------------------------------- */

/* Mean and sds of a mixture, in the target's own units. */
static void sum_up_moments(bnn_prediction *prediction, size_t at, const bnn_mixture *mixture, double shift, double scale) {
    double n = (double)mixture->n, mean = 0, aleatoric = 0, epistemic = 0;
    for (size_t s = 0; s < mixture->n; s++) {
        mean += mixture->mean[s];
        aleatoric += mixture->var[s];
    }
    mean /= n;
    aleatoric /= n;
    for (size_t s = 0; s < mixture->n; s++) epistemic += (mixture->mean[s] - mean) * (mixture->mean[s] - mean);
    if (mixture->n > 1) epistemic /= n - 1;
    prediction->mean[at] = shift + scale * mean;
    prediction->sd_aleatoric[at] = scale * sqrt(aleatoric);
    prediction->sd_epistemic[at] = scale * sqrt(epistemic);
    prediction->sd[at] = scale * sqrt(aleatoric + epistemic);
}

static void sum_up_target(const tile *t, size_t i, size_t j) {
    bnn_prediction *prediction = t->prediction;
    bnn_mixture_tools *tools = &t->scratch->tools;
    size_t n_draws = t->outputs->n_draws, n_targets = prediction->n_targets, k = t->model->net.n_outputs;
    size_t row = t->outputs->first + t->first + i, at = row * n_targets + j, draws = (i * n_targets + j) * n_draws;
    double shift = t->model->scaling.y_shift[j], scale = t->model->scaling.y_scale[j];
    bnn_mixture mixture = { .likelihood = &t->model->likelihood, .n = n_draws, .f = outputs_of(t, 0) + i * k,
                            .stride = t->outputs->n * k, .noise = t->outputs->noise, .target = j,
                            .mean = t->scratch->mean + draws, .var = t->scratch->var + draws };
    sum_up_moments(prediction, at, &mixture, shift, scale);
    for (size_t q = 0; q < prediction->n_quantiles; q++)
        prediction->quantiles[at * prediction->n_quantiles + q] =
            shift + scale * bnn_mixture_quantile(&mixture, tools, prediction->quantile_levels[q]);
    if (prediction->target == NULL) return;
    double y = (prediction->target[at] - shift) / scale;
    prediction->pit[at] = bnn_mixture_pit(&mixture, y);
    prediction->crps[row] += scale * bnn_mixture_crps(&mixture, tools, y) / (double)n_targets;
    prediction->log_lik_moment[row] += bnn_gaussian_log_density(prediction->target[at], prediction->mean[at], prediction->sd[at]);
}

static void sum_up_classes(bnn_prediction *prediction, size_t row) {
    bnn_prediction_label(prediction, row);
    double difference = prediction->entropy[row] - prediction->entropy_aleatoric[row];
    prediction->mutual_information[row] = difference > 0 ? difference : 0;   /* below 0 only by rounding */
}

/* log 1/n sum_s exp(-nll_s) */
static double log_mean_likelihood(size_t n, const double *nll) {
    double least = nll[0], sum = 0;
    for (size_t s = 1; s < n; s++) least = fmin(least, nll[s]);
    if (isinf(least)) return -least;      /* a class whose probability underflowed in all draws */
    for (size_t s = 0; s < n; s++) sum += exp(least - nll[s]);
    return log(sum / (double)n) - least;
}

/* ---- the chunk --------------------------------------------------------------------------------------------------------- */

static void fill_tile(void *context, size_t number, int thread) {
    const bnn_summary *summary = context;
    const bnn_outputs *outputs = summary->outputs;
    bnn_prediction *prediction = summary->prediction;
    size_t first = number * summary->tile_rows, n = outputs->n - first < summary->tile_rows ? outputs->n - first : summary->tile_rows;
    tile t = { prediction, outputs, outputs->model, &summary->scratch[thread], first, n };
    bool is_numbers = prediction->n_classes == 0, is_scored = prediction->target != NULL;
    double log_scale = bnn_prediction_log_scale(t.model);
    for (size_t s = 0; s < outputs->n_draws; s++) {
        if (is_numbers) gather_moments(&t, s);
        else add_probabilities(&t, s);
        if (is_scored) score_draw(&t, s);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; is_numbers && j < prediction->n_targets; j++) sum_up_target(&t, i, j);
        if (!is_numbers) sum_up_classes(prediction, outputs->first + first + i);
        if (is_scored)
            prediction->log_lik[outputs->first + first + i] =
                log_mean_likelihood(outputs->n_draws, t.scratch->nll + i * outputs->n_draws) - log_scale;
    }
}

/* Worker threads leave NaN where a solver failed. */
static bnn_status check_rows(const bnn_summary *summary) {
    const bnn_prediction *prediction = summary->prediction;
    const bnn_outputs *outputs = summary->outputs;
    size_t n = prediction->n_targets * prediction->n_quantiles;
    for (size_t row = outputs->first; row < outputs->first + outputs->n; row++) {
        bool is_good = prediction->crps == NULL || isfinite(prediction->crps[row]);
        for (size_t q = 0; is_good && q < n; q++) is_good = isfinite(prediction->quantiles[row * n + q]);
        if (!is_good)
            return BNN_FAIL(BNN_ERR_NUMERIC, "%s: row %zu (from 0): quantiles or CRPS did not converge; the draws say too different "
                            "things or too large numbers", outputs->rows->path, outputs->rows->file_rows[row]);
    }
    return BNN_OK;
}

bnn_status bnn_summary_fill(bnn_summary *summary) {
    size_t n = summary->outputs->n, rows = summary->tile_rows;
    bnn_team_run(summary->outputs->team, (n + rows - 1) / rows, fill_tile, summary);
    return summary->prediction->n_classes == 0 ? check_rows(summary) : BNN_OK;
}
