/* Predictions as objects: making one that fits model and rows, reading it, freeing it. */
#include "predict/prediction.h"
#include "base/fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bnn_status bnn_prediction_check_rows(const bnn_model *model, const bnn_dataset *rows) {
    const bnn_schema *want = &model->schema, *got = &rows->schema;
    if (got->n_features != want->n_features)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %zu features, the model was trained on %zu", rows->path, got->n_features, want->n_features);
    if (rows->y == NULL) return BNN_OK;
    if (got->n_targets != want->n_targets)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %zu target columns, the model has %zu", rows->path, got->n_targets, want->n_targets);
    if (got->n_classes != want->n_classes)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %zu classes, the model has %zu (0: numbers)", rows->path, got->n_classes, want->n_classes);
    return bnn_likelihood_check_targets(&model->likelihood, rows);
}

static char **copy_names(bnn_arena *arena, size_t n, char *const *names) {
    char **copy = BNN_TAKE(arena, n, char *);
    for (size_t i = 0; copy != NULL && i < n; i++) copy[i] = bnn_arena_text(arena, names[i]);
    return copy;
}

static double *copy_numbers(bnn_arena *arena, size_t n, const double *numbers) {
    double *copy = BNN_TAKE(arena, n, double);
    if (copy != NULL && n > 0) memcpy(copy, numbers, n * sizeof *copy);
    return copy;
}

static void take_numbers(bnn_prediction *p) {
    size_t n = p->n_rows * p->n_targets;
    p->mean = BNN_TAKE(&p->arena, n, double);
    p->sd = BNN_TAKE(&p->arena, n, double);
    p->sd_aleatoric = BNN_TAKE(&p->arena, n, double);
    p->sd_epistemic = BNN_TAKE(&p->arena, n, double);
    p->quantiles = BNN_TAKE(&p->arena, n * p->n_quantiles, double);
}

static void take_classes(bnn_prediction *p) {
    p->p = BNN_TAKE(&p->arena, p->n_rows * p->n_classes, double);
    p->label = BNN_TAKE(&p->arena, p->n_rows, size_t);
    p->entropy = BNN_TAKE(&p->arena, p->n_rows, double);
    p->entropy_aleatoric = BNN_TAKE(&p->arena, p->n_rows, double);
    p->mutual_information = BNN_TAKE(&p->arena, p->n_rows, double);
}

static void take_scores(bnn_prediction *p, const double *target) {
    p->target = copy_numbers(&p->arena, p->n_rows * p->n_targets, target);
    p->log_lik = BNN_TAKE(&p->arena, p->n_rows, double);
    p->expected_nll = BNN_TAKE(&p->arena, p->n_rows, double);
    if (p->n_classes > 0) return;
    p->log_lik_moment = BNN_TAKE(&p->arena, p->n_rows, double);
    p->crps = BNN_TAKE(&p->arena, p->n_rows, double);
    p->pit = BNN_TAKE(&p->arena, p->n_rows * p->n_targets, double);
}

bnn_status bnn_prediction_take_effects(bnn_prediction *p) {
    double **error = p->n_classes > 0 ? &p->draw_brier : &p->draw_square;
    p->draw_likelihood = BNN_TAKE(&p->arena, p->n_draws, double);
    *error = BNN_TAKE(&p->arena, p->n_draws, double);
    return p->arena.has_failed ? BNN_FAIL_MEMORY("the prediction") : BNN_OK;
}

bnn_status bnn_prediction_make(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows, size_t n_draws,
                               bnn_numbers levels) {
    const bnn_schema *schema = &model->schema;
    bnn_status status = bnn_prediction_check_rows(model, rows);
    if (status != BNN_OK) return status;
    bnn_prediction *p = calloc(1, sizeof *p);
    if (p == NULL) return BNN_FAIL_MEMORY("the prediction");
    p->n_rows = rows->n_rows;
    p->n_draws = n_draws;
    p->n_targets = schema->n_targets;
    p->n_classes = schema->n_classes;
    p->target_names = copy_names(&p->arena, schema->n_targets, schema->target_names);
    p->class_names = copy_names(&p->arena, schema->n_classes, schema->class_names);
    p->n_quantiles = levels.n;
    p->quantile_levels = copy_numbers(&p->arena, levels.n, levels.at);
    if (p->n_classes > 0) take_classes(p);
    else take_numbers(p);
    if (rows->y != NULL) take_scores(p, rows->y);
    if (rows->weights != NULL) p->weight = copy_numbers(&p->arena, p->n_rows, rows->weights);
    if (p->arena.has_failed) {
        bnn_prediction_free(p);
        return BNN_FAIL_MEMORY("the prediction");
    }
    *prediction = p;
    return BNN_OK;
}

void bnn_prediction_free(bnn_prediction *prediction) {
    if (prediction == NULL) return;
    bnn_arena_free(&prediction->arena);
    free(prediction);
}

size_t bnn_prediction_rows(const bnn_prediction *prediction) { return prediction->n_rows; }

const double *bnn_prediction_mean(const bnn_prediction *prediction) { return prediction->mean; }

const double *bnn_prediction_sd(const bnn_prediction *prediction) { return prediction->sd; }

const double *bnn_prediction_probabilities(const bnn_prediction *prediction) { return prediction->p; }

/* ---- what both kinds of predictor need --------------------------------------------------------------------------------- */

double bnn_prediction_log_scale(const bnn_model *model) {
    double sum = 0;
    for (size_t j = 0; model->schema.n_classes == 0 && j < model->scaling.n_targets; j++) sum += log(model->scaling.y_scale[j]);
    return sum;
}

double bnn_entropy(size_t n, const double *p) {
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        if (p[k] > 0) sum -= p[k] * log(p[k]);
    return sum;
}

void bnn_prediction_label(bnn_prediction *prediction, size_t row) {
    const double *p = prediction->p + row * prediction->n_classes;
    size_t label = 0;
    for (size_t k = 1; k < prediction->n_classes; k++)
        if (p[k] > p[label]) label = k;
    prediction->label[row] = label;
    prediction->entropy[row] = bnn_entropy(prediction->n_classes, p);
}

double bnn_gaussian_log_density(double y, double mean, double sd) {
    double z = (y - mean) / sd;
    return -0.5 * z * z - log(sd) - 0.5 * log(2 * M_PI);
}

void bnn_level_digits(char digits[BNN_LEVEL_DIGITS + 1], double level) {
    int n = 2;
    double scaled = level * 100;
    while (n < BNN_LEVEL_DIGITS - 2 && fabs(scaled - round(scaled)) > 1e-12 * scaled) scaled = level * pow(10, ++n);
    snprintf(digits, BNN_LEVEL_DIGITS + 1, "%0*.0f", n, scaled);
}
