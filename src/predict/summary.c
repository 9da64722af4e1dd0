/* Row summaries, on a team over tiles of rows. Draws are taken one after the other for a tile, since a draw's rows lie together and
 * share its noise; what each draw says of a row is put side by side, and then the rows are summed up one by one. */
#include "predict/summary.h"
#include "base/fail.h"
#include "predict/prediction.h"
#include "predict/tile.h"

#include <math.h>

enum {
    TILE_NUMBERS = 65536, MAX_TILE_ROWS = 64,     /* rows of a tile times draws (and classes): some numbers per draw stay in cache */
    WAITING_NUMBERS = 1 << 21                     /* sums of tiles that wait to be added up                                        */
};

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bool take_scratch(bnn_arena *arena, bnn_summary_scratch *scratch, const bnn_prediction *p, size_t n) {
    scratch->nll = BNN_TAKE(arena, n * p->n_draws, double);
    scratch->draw_nll = BNN_TAKE(arena, n, double);
    scratch->y = BNN_TAKE(arena, n * p->n_targets, real);
    if (p->n_classes > 0) {
        scratch->p = BNN_TAKE(arena, n * p->n_draws * p->n_classes, double);
        return true;
    }
    scratch->inverse_sd = BNN_TAKE(arena, p->n_draws, double);
    scratch->center = BNN_TAKE(arena, n * p->n_targets, double);
    scratch->mean = BNN_TAKE(arena, n * p->n_targets * p->n_draws, double);
    scratch->var = BNN_TAKE(arena, n * p->n_targets * p->n_draws, double);
    scratch->draw_mean = BNN_TAKE(arena, n * p->n_targets, double);
    scratch->draw_var = BNN_TAKE(arena, n * p->n_targets, double);
    return bnn_mixture_tools_make(&scratch->tools);
}

/* Sums of as many tiles as fit wait side by side, so that they are added up in the order of the tiles. */
static void take_sums(bnn_summary *summary) {
    const bnn_prediction *p = summary->prediction;
    if (p->draw_likelihood == NULL) return;
    summary->n_waiting = WAITING_NUMBERS / p->n_draws > 0 ? WAITING_NUMBERS / p->n_draws : 1;
    size_t n_tiles = (summary->outputs->max_rows + summary->tile_rows - 1) / summary->tile_rows;
    if (summary->n_waiting > n_tiles) summary->n_waiting = n_tiles;
    summary->waiting = BNN_TAKE(&summary->arena, summary->n_waiting * 2 * p->n_draws, double);
    for (size_t i = 0; i < p->n_rows; i++) summary->sum_weights += p->weight == NULL ? 1 : p->weight[i];
}

bnn_status bnn_summary_make(bnn_summary *summary, bnn_prediction *prediction, const bnn_outputs *outputs, double sd_scale) {
    size_t per_row = prediction->n_draws * (prediction->n_classes > 0 ? prediction->n_classes : 1);
    size_t rows = TILE_NUMBERS / per_row, n_threads = (size_t)bnn_team_size(outputs->team);
    *summary = (bnn_summary){ .prediction = prediction, .outputs = outputs, .n_threads = n_threads };
    summary->sd_scale = sd_scale > 0 ? sd_scale : 1;
    summary->tile_rows = rows < 1 ? 1 : rows > MAX_TILE_ROWS ? MAX_TILE_ROWS : rows;
    summary->scratch = BNN_TAKE(&summary->arena, n_threads, bnn_summary_scratch);
    take_sums(summary);
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

static const real *outputs_of(const bnn_tile *t, size_t s) {
    return t->outputs->f + (s * t->outputs->n + t->first) * t->model->net.n_outputs;
}

static const real *noise_of(const bnn_tile *t, size_t s) { return t->outputs->noise + s * t->model->likelihood.n_noise; }

static double *probabilities_of(const bnn_tile *t, size_t s) { return t->scratch->p + s * t->n * t->prediction->n_classes; }

static bool is_exact(const bnn_tile *t) { return t->outputs->predictive == BNN_PREDICTIVE_NORMAL; }

static void gather_moments(const bnn_tile *t, size_t s) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    bnn_summary_scratch *scratch = t->scratch;
    likelihood->row->moments(likelihood, noise_of(t, s), t->n, outputs_of(t, s), scratch->draw_mean, scratch->draw_var);
    for (size_t i = 0; i < t->n * t->prediction->n_targets; i++) {
        scratch->mean[i * t->outputs->n_draws + s] = scratch->draw_mean[i];
        scratch->var[i * t->outputs->n_draws + s] = scratch->draw_var[i];
    }
}

static void add_probabilities(const bnn_tile *t, size_t s) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    bnn_prediction *prediction = t->prediction;
    size_t k = prediction->n_classes;
    double weight = 1 / (double)t->outputs->n_draws, *p = probabilities_of(t, s);
    likelihood->row->probabilities(likelihood, t->n, outputs_of(t, s), p);
    for (size_t i = 0; i < t->n * k; i++) prediction->p[t->row * k + i] += weight * p[i];
    for (size_t i = 0; i < t->n; i++) prediction->entropy_aleatoric[t->row + i] += weight * bnn_entropy(k, p + i * k);
}

/* -log p(y | s) at targets y [n x n_targets] into draw_nll. */
static void draw_nll(const bnn_tile *t, size_t s, const real *y) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    likelihood->row->nll(likelihood, noise_of(t, s), t->n, outputs_of(t, s), y, t->scratch->draw_nll, NULL, NULL);
}

/* For likelihoods of classes whose nll is something else than -log p. */
static double nll_of_class(const bnn_tile *t, size_t s, size_t i) {
    return -log(probabilities_of(t, s)[i * t->prediction->n_classes + (size_t)t->prediction->target[t->row + i]]);
}

/* The expected nll is the model's own whatever the calibration: the ELBO sums it. */
static void score_draw(const bnn_tile *t, size_t s) {
    bool is_surrogate = t->model->likelihood.row->is_surrogate;
    size_t n_draws = t->outputs->n_draws;
    draw_nll(t, s, t->outputs->y + t->first * t->prediction->n_targets);
    for (size_t i = 0; i < t->n; i++) t->prediction->expected_nll[t->row + i] += t->scratch->draw_nll[i] / (double)n_draws;
    if (t->sd_scale != 1) draw_nll(t, s, t->scratch->y);
    for (size_t i = 0; i < t->n; i++)
        t->scratch->nll[i * n_draws + s] = is_surrogate ? nll_of_class(t, s, i) : t->scratch->draw_nll[i];
}

/* ---- one row ----------------------------------------------------------------------------------------------------------- */

static bnn_mixture mixture_of(const bnn_tile *t, size_t i, size_t j) {
    size_t n_draws = t->outputs->n_draws, k = t->model->net.n_outputs, draws = (i * t->prediction->n_targets + j) * n_draws;
    return (bnn_mixture){ .likelihood = &t->model->likelihood, .n = n_draws, .f = outputs_of(t, 0) + i * k,
                          .stride = t->outputs->n * k, .noise = t->outputs->noise, .target = j,
                          .mean = t->scratch->mean + draws, .var = t->scratch->var + draws };
}

/* Mean and sds of a mixture, in the target's own units; sds as calibrated. */
static void sum_up_moments(const bnn_tile *t, size_t i, size_t j) {
    bnn_mixture mixture = mixture_of(t, i, j);
    bnn_prediction *prediction = t->prediction;
    size_t at = (t->row + i) * prediction->n_targets + j;
    double n = (double)mixture.n, mean = 0, aleatoric = 0, epistemic = 0;
    double shift = t->model->scaling.y_shift[j], scale = t->model->scaling.y_scale[j], sd_unit = scale * t->sd_scale;
    for (size_t s = 0; s < mixture.n; s++) {
        mean += mixture.mean[s];
        aleatoric += mixture.var[s];
    }
    mean /= n;
    aleatoric /= n;
    for (size_t s = 0; s < mixture.n; s++) epistemic += (mixture.mean[s] - mean) * (mixture.mean[s] - mean);
    if (mixture.n > 1) epistemic /= n - 1;
    if (is_exact(t)) t->scratch->var[i * prediction->n_targets + j] += epistemic = bnn_tile_exact_var(t, i, j);
    t->scratch->center[i * prediction->n_targets + j] = mean;
    prediction->mean[at] = shift + scale * mean;
    prediction->sd_aleatoric[at] = sd_unit * sqrt(aleatoric);
    prediction->sd_epistemic[at] = sd_unit * sqrt(epistemic);
    prediction->sd[at] = sd_unit * sqrt(aleatoric + epistemic);
}

/* Where the model's own mixture has the CDF that the calibrated one has at y: M + (y - M) / s. */
static double moved_target(const bnn_tile *t, size_t i, size_t j) {
    size_t n_targets = t->prediction->n_targets;
    double center = t->scratch->center[i * n_targets + j];
    double y = (t->prediction->target[(t->row + i) * n_targets + j] - t->model->scaling.y_shift[j]) / t->model->scaling.y_scale[j];
    return t->sd_scale == 1 ? y : center + (y - center) / t->sd_scale;
}

/* In the target's own units; a calibrated spread moves it away from the mean. */
static double quantile_of(const bnn_tile *t, const bnn_mixture *mixture, double level, double center) {
    double quantile = bnn_mixture_quantile(mixture, &t->scratch->tools, level);
    if (t->sd_scale != 1) quantile = center + t->sd_scale * (quantile - center);
    return t->model->scaling.y_shift[mixture->target] + t->model->scaling.y_scale[mixture->target] * quantile;
}

static const double *inverse_sds(const bnn_tile *t, const bnn_mixture *mixture) {
    double *inverse_sd = t->scratch->inverse_sd;
    for (size_t s = 0; s < mixture->n; s++) inverse_sd[s] = 1 / sqrt(mixture->var[s]);
    return inverse_sd;
}

static void sum_up_target(const bnn_tile *t, size_t i, size_t j) {
    bnn_prediction *prediction = t->prediction;
    bnn_mixture mixture = mixture_of(t, i, j);
    size_t n_targets = prediction->n_targets, row = t->row + i, at = row * n_targets + j;
    if (mixture.likelihood->row->is_normal) mixture.inverse_sd = inverse_sds(t, &mixture);
    double unit = t->model->scaling.y_scale[j] * t->sd_scale, center = t->scratch->center[i * n_targets + j];
    for (size_t q = 0; q < prediction->n_quantiles; q++)
        prediction->quantiles[at * prediction->n_quantiles + q] = quantile_of(t, &mixture, prediction->quantile_levels[q], center);
    if (prediction->target == NULL) return;
    double y = moved_target(t, i, j);
    prediction->pit[at] = bnn_mixture_pit(&mixture, y);
    prediction->crps[row] += unit * bnn_mixture_crps(&mixture, &t->scratch->tools, y) / (double)n_targets;
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

/* ---- a tile ------------------------------------------------------------------------------------------------------------ */

static void gather_draws(const bnn_tile *t) {
    bool is_numbers = t->prediction->n_classes == 0;
    size_t n_targets = t->prediction->n_targets;
    for (size_t s = 0; s < t->outputs->n_draws; s++) {
        if (is_numbers) gather_moments(t, s);
        else add_probabilities(t, s);
    }
    for (size_t i = 0; is_numbers && i < t->n * n_targets; i++) sum_up_moments(t, i / n_targets, i % n_targets);
}

static void score_exact(const bnn_tile *t, size_t i) {
    size_t n_targets = t->prediction->n_targets;
    double y[n_targets];
    for (size_t j = 0; j < n_targets; j++) y[j] = moved_target(t, i, j);
    t->scratch->nll[i] = bnn_tile_exact_nll(t, i, y);
    t->prediction->expected_nll[t->row + i] += bnn_tile_exact_excess(t, i);
}

static void score_draws(const bnn_tile *t) {
    size_t n_targets = t->prediction->n_targets, n_draws = t->outputs->n_draws;
    double log_scale = bnn_prediction_log_scale(t->model) + (double)n_targets * log(t->sd_scale);
    for (size_t i = 0; t->sd_scale != 1 && i < t->n * n_targets; i++)
        t->scratch->y[i] = (real)moved_target(t, i / n_targets, i % n_targets);
    for (size_t s = 0; s < n_draws; s++) score_draw(t, s);
    for (size_t i = 0; is_exact(t) && i < t->n; i++) score_exact(t, i);
    for (size_t i = 0; i < t->n; i++)
        t->prediction->log_lik[t->row + i] = log_mean_likelihood(n_draws, t->scratch->nll + i * n_draws) - log_scale;
}

typedef struct wave { const bnn_summary *summary; size_t first; } wave;     /* first: its first tile */

static void fill_tile(void *context, size_t number, int thread) {
    const wave *w = context;
    const bnn_summary *summary = w->summary;
    const bnn_outputs *outputs = summary->outputs;
    bnn_prediction *prediction = summary->prediction;
    size_t first = (w->first + number) * summary->tile_rows, left = outputs->n - first;
    bnn_tile t = { .prediction = prediction, .outputs = outputs, .model = outputs->model, .scratch = &summary->scratch[thread],
                   .sd_scale = summary->sd_scale, .first = first, .n = left < summary->tile_rows ? left : summary->tile_rows,
                   .row = outputs->first + first };
    double *sums = summary->waiting + number * 2 * prediction->n_draws;
    gather_draws(&t);
    if (prediction->target != NULL) score_draws(&t);
    for (size_t i = 0; i < t.n; i++) {
        for (size_t j = 0; prediction->n_classes == 0 && j < prediction->n_targets; j++) sum_up_target(&t, i, j);
        if (prediction->n_classes > 0) sum_up_classes(prediction, t.row + i);
    }
    if (prediction->draw_likelihood != NULL) bnn_tile_effects(&t, sums, sums + prediction->n_draws);
}

/* ---- the chunk --------------------------------------------------------------------------------------------------------- */

static void add_sums(const bnn_summary *summary, size_t n_tiles) {
    bnn_prediction *p = summary->prediction;
    double *error = p->n_classes > 0 ? p->draw_brier : p->draw_square;
    for (size_t tile = 0; tile < n_tiles; tile++) {
        const double *sums = summary->waiting + tile * 2 * p->n_draws;
        for (size_t s = 0; s < p->n_draws; s++) {
            p->draw_likelihood[s] += sums[s] / summary->sum_weights;
            error[s] += sums[p->n_draws + s] / summary->sum_weights;
        }
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
    size_t n_tiles = (summary->outputs->n + summary->tile_rows - 1) / summary->tile_rows;
    bool has_sums = summary->prediction->draw_likelihood != NULL;
    size_t step = has_sums ? summary->n_waiting : n_tiles;
    for (wave w = { summary, 0 }; w.first < n_tiles; w.first += step) {
        size_t n = n_tiles - w.first < step ? n_tiles - w.first : step;
        bnn_team_run(summary->outputs->team, n, fill_tile, &w);
        if (has_sums) add_sums(summary, n);
    }
    return summary->prediction->n_classes == 0 ? check_rows(summary) : BNN_OK;
}
