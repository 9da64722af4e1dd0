/* Fitting every kind at once, and judging it by two-fold cross-fitting: even rows by the fit of the odd ones and the other way round. */
#include "predict/calibration.h"
#include "base/fail.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const bnn_stride halves[2] = { { 0, 2 }, { 1, 2 } };

const char *bnn_calibration_name(bnn_calibration_kind kind) {
    static const char *const names[] = { "none", "temperature", "sd_scale", "conformal" };
    return names[kind];
}

/* ---- a copy to try things on ----------------------------------------------------------------------------------------- */

static double *copy_numbers(bnn_arena *arena, size_t n, const double *from) {
    double *copy = from == NULL ? NULL : BNN_TAKE(arena, n, double);
    if (copy != NULL) memcpy(copy, from, n * sizeof *copy);
    return copy;
}

/* Everything that a calibration writes is its own, in copy->arena; the rest is borrowed. */
static bool copy_prediction(bnn_prediction *copy, const bnn_prediction *p) {
    bnn_arena arena = {0};
    size_t n = p->n_rows * p->n_targets;
    *copy = *p;
    copy->sd = copy_numbers(&arena, n, p->sd);
    copy->sd_aleatoric = copy_numbers(&arena, n, p->sd_aleatoric);
    copy->sd_epistemic = copy_numbers(&arena, n, p->sd_epistemic);
    copy->quantiles = copy_numbers(&arena, n * p->n_quantiles, p->quantiles);
    copy->log_lik_moment = copy_numbers(&arena, p->n_rows, p->log_lik_moment);
    copy->log_lik = copy_numbers(&arena, p->n_rows, p->log_lik);
    copy->p = copy_numbers(&arena, p->n_rows * p->n_classes, p->p);
    copy->entropy = copy_numbers(&arena, p->n_rows, p->entropy);
    copy->entropy_aleatoric = copy_numbers(&arena, p->n_rows, p->entropy_aleatoric);
    copy->label = p->label == NULL ? NULL : BNN_TAKE(&arena, p->n_rows, size_t);
    if (copy->label != NULL) memcpy(copy->label, p->label, p->n_rows * sizeof *copy->label);
    copy->lower = copy->upper = NULL;
    copy->in_set = NULL;
    copy->arena = arena;
    return !arena.has_failed;
}

/* ---- figures --------------------------------------------------------------------------------------------------------- */

static double score_of(const char *name, const bnn_prediction *p) {
    const bnn_metric *metric = bnn_metrics;
    while (strcmp(metric->name, name) != 0) metric++;
    return metric->score(p).value;
}

static bnn_calibration_figure *add_figure(bnn_calibration *c, bnn_calibration_kind kind, const char *metric) {
    bnn_calibration_figure *figure = &c->figures[c->n_figures++];
    *figure = (bnn_calibration_figure){ .kind = kind, .before = NAN, .after = NAN };
    snprintf(figure->metric, sizeof figure->metric, "%s", metric);
    return figure;
}

/* Number of the quantile at this level, or n_quantiles. */
static size_t find_quantile(const bnn_prediction *p, double level) {
    size_t q = 0;
    while (q < p->n_quantiles && fabs(p->quantile_levels[q] - level) > 1e-9) q++;
    return q;
}

/* The model's own central intervals as lower and upper of a copy. */
static bool take_intervals(bnn_prediction *p, double level) {
    size_t n = p->n_rows * p->n_targets, low = find_quantile(p, (1 - level) / 2), high = find_quantile(p, (1 + level) / 2);
    bool has_quantiles = low < p->n_quantiles && high < p->n_quantiles;
    double z = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
    p->lower = BNN_TAKE(&p->arena, n, double);
    p->upper = BNN_TAKE(&p->arena, n, double);
    for (size_t at = 0; !p->arena.has_failed && at < n; at++) {
        p->lower[at] = has_quantiles ? p->quantiles[at * p->n_quantiles + low] : p->mean[at] - z * p->sd[at];
        p->upper[at] = has_quantiles ? p->quantiles[at * p->n_quantiles + high] : p->mean[at] + z * p->sd[at];
    }
    return !p->arena.has_failed;
}

static double coverage_of(bnn_prediction *copy, double level) {
    return take_intervals(copy, level) ? bnn_score_coverage_interval(copy).value : NAN;
}

/* ---- one kind each: fitted on all rows, judged on a copy --------------------------------------------------------------- */

static bnn_status fit_temperature(bnn_calibration *c, const bnn_prediction *p, bnn_prediction *copy) {
    static const char *const names[] = { "log_lik", "ece" };
    double half[2];
    bnn_status status = bnn_temperature_fit(&c->temperature, p, bnn_all_rows);
    for (int h = 0; status == BNN_OK && h < 2; h++) status = bnn_temperature_fit(&half[h], p, halves[h]);
    if (status != BNN_OK) return status;
    for (int h = 0; h < 2; h++) bnn_temperature_apply(copy, halves[1 - h], half[h]);
    for (int m = 0; m < 2; m++) {
        bnn_calibration_figure *figure = add_figure(c, BNN_CALIBRATION_TEMPERATURE, names[m]);
        figure->before = score_of(names[m], p);
        figure->after = score_of(names[m], copy);
    }
    return BNN_OK;
}

static bnn_status fit_sd_scale(bnn_calibration *c, const bnn_prediction *p, bnn_prediction *copy) {
    char coverage[32], digits[BNN_LEVEL_DIGITS + 1];
    double half[2];
    bnn_status status = bnn_sd_scale_fit(&c->sd_scale, p, bnn_all_rows);
    for (int h = 0; status == BNN_OK && h < 2; h++) status = bnn_sd_scale_fit(&half[h], p, halves[h]);
    if (status != BNN_OK) return status;
    bnn_level_digits(digits, c->level);
    snprintf(coverage, sizeof coverage, "coverage_%s", digits);
    bnn_calibration_figure *moment = add_figure(c, BNN_CALIBRATION_SD_SCALE, "log_lik_moment");
    bnn_calibration_figure *covered = add_figure(c, BNN_CALIBRATION_SD_SCALE, coverage);
    moment->before = score_of("log_lik_moment", p);
    covered->before = coverage_of(copy, c->level);
    for (int h = 0; h < 2; h++) bnn_sd_scale_apply(copy, halves[1 - h], half[h]);
    moment->after = score_of("log_lik_moment", copy);
    covered->after = coverage_of(copy, c->level);
    return copy->arena.has_failed ? BNN_FAIL_MEMORY("the calibration") : BNN_OK;
}

/* The sets of each half by the scores of the other. scratch: room for the scores of a half. */
static bnn_status cross_conformal(const bnn_calibration *c, bnn_prediction *copy, double *scratch) {
    bnn_status status = BNN_OK;
    for (int h = 0; status == BNN_OK && h < 2; h++) {
        double radius[copy->n_targets];
        for (size_t j = 0; j < copy->n_targets; j++) {
            size_t n = bnn_conformal_scores(copy, halves[h], j, scratch);
            radius[j] = bnn_conformal_radius(n, scratch, c->level);
        }
        status = bnn_conformal_apply(copy, halves[1 - h], radius);
    }
    return status;
}

static bnn_status fit_conformal(bnn_calibration *c, const bnn_prediction *p, bnn_prediction *copy) {
    bool is_classes = p->n_classes > 0;
    double *scratch = BNN_TAKE(&copy->arena, p->n_rows, double);
    c->scores = BNN_TAKE(&c->arena, p->n_targets * p->n_rows, double);
    if (scratch == NULL || c->scores == NULL) return BNN_FAIL_MEMORY("the calibration");
    for (size_t j = 0; j < p->n_targets; j++) bnn_conformal_scores(p, bnn_all_rows, j, c->scores + j * p->n_rows);
    bnn_calibration_figure *coverage = add_figure(c, BNN_CALIBRATION_CONFORMAL, is_classes ? "coverage_set" : "coverage_interval");
    bnn_calibration_figure *size = add_figure(c, BNN_CALIBRATION_CONFORMAL, is_classes ? "size_set" : "width_interval");
    if (!is_classes) {
        coverage->before = coverage_of(copy, c->level);
        size->before = bnn_score_width_interval(copy).value;
    }
    bnn_status status = cross_conformal(c, copy, scratch);
    if (status != BNN_OK) return status;
    coverage->after = score_of(coverage->metric, copy);
    size->after = score_of(size->metric, copy);
    return BNN_OK;
}

/* ---- all together ---------------------------------------------------------------------------------------------------- */

static bnn_status try_on_copy(bnn_calibration *c, const bnn_prediction *p,
                              bnn_status (*fit)(bnn_calibration *, const bnn_prediction *, bnn_prediction *)) {
    bnn_prediction copy;
    bnn_status status = copy_prediction(&copy, p) ? fit(c, p, &copy) : BNN_FAIL_MEMORY("the calibration");
    bnn_arena_free(&copy.arena);
    return status;
}

bnn_status bnn_calibration_fit(bnn_calibration *calibration, const bnn_prediction *prediction, double level, bool is_continuous) {
    bnn_status status = BNN_OK;
    *calibration = (bnn_calibration){ .n_rows = prediction->n_rows, .n_targets = prediction->n_targets, .level = level,
                                      .temperature = NAN, .sd_scale = NAN };
    if (prediction->n_rows < 2)
        return BNN_FAIL(BNN_ERR_DATA, "%zu row to calibrate on; at least 2 are needed, hundreds are worth it", prediction->n_rows);
    if (prediction->n_classes > 0) status = try_on_copy(calibration, prediction, fit_temperature);
    else if (is_continuous) status = try_on_copy(calibration, prediction, fit_sd_scale);
    return status == BNN_OK ? try_on_copy(calibration, prediction, fit_conformal) : status;
}

bnn_status bnn_calibration_apply(const bnn_calibration *calibration, bnn_calibration_kind kind, double level, bnn_prediction *prediction) {
    double radius[calibration->n_targets];
    for (size_t j = 0; j < calibration->n_targets; j++)
        radius[j] = bnn_conformal_radius(calibration->n_rows, calibration->scores + j * calibration->n_rows, level);
    switch (kind) {
    case BNN_CALIBRATION_NONE:        return BNN_OK;
    case BNN_CALIBRATION_TEMPERATURE: bnn_temperature_apply(prediction, bnn_all_rows, calibration->temperature); return BNN_OK;
    case BNN_CALIBRATION_SD_SCALE:    bnn_sd_scale_apply(prediction, bnn_all_rows, calibration->sd_scale); return BNN_OK;
    case BNN_CALIBRATION_CONFORMAL:   return bnn_conformal_apply(prediction, bnn_all_rows, radius);
    }
    return BNN_OK;
}

void bnn_calibration_free(bnn_calibration *calibration) {
    bnn_arena_free(&calibration->arena);
    *calibration = (bnn_calibration){0};
}
