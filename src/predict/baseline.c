/* The constant predictor: one Gaussian with the mean and sd of the training targets, or the training frequencies of the classes. */
#include "predict/mixture.h"
#include "predict/prediction.h"
#include "base/fail.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* ---- the fact ---------------------------------------------------------------------------------------------------------- */

/* A constant target keeps sd 1, as in scaling. */
static json_t *moments_of(const bnn_dataset *train) {
    size_t n_targets = train->schema.n_targets;
    double n = (double)train->n_rows;
    json_t *means = json_array(), *sds = json_array();
    for (size_t j = 0; j < n_targets; j++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < train->n_rows; i++) mean += train->y[i * n_targets + j];
        mean /= n;
        for (size_t i = 0; i < train->n_rows; i++) squares += (train->y[i * n_targets + j] - mean) * (train->y[i * n_targets + j] - mean);
        json_array_append_new(means, json_real(mean));
        json_array_append_new(sds, json_real(squares > 0 ? sqrt(squares / n) : 1));
    }
    return json_pack("{s:o, s:o}", "mean", means, "sd", sds);
}

static json_t *frequencies_of(const bnn_dataset *train) {
    json_t *p = json_array();
    for (size_t k = 0; k < train->schema.n_classes; k++) {
        size_t count = 0;
        for (size_t i = 0; i < train->n_rows; i++) count += train->y[i] == (double)k;
        json_array_append_new(p, json_real((double)count / (double)train->n_rows));
    }
    return json_pack("{s:o}", "p", p);
}

json_t *bnn_baseline_of(const bnn_dataset *train) {
    assert(train->y != NULL);
    return train->schema.n_classes > 0 ? frequencies_of(train) : moments_of(train);
}

/* ---- the prediction ---------------------------------------------------------------------------------------------------- */

static bool read_numbers(const json_t *fact, const char *name, size_t n, double *numbers) {
    const json_t *list = json_object_get(fact, name);
    if (json_array_size(list) != n) return false;
    for (size_t i = 0; i < n; i++) numbers[i] = json_number_value(json_array_get(list, i));
    return true;
}

static void fill_target(bnn_prediction *p, size_t row, size_t j, double mean, double sd) {
    size_t at = row * p->n_targets + j;
    double var = sd * sd;
    p->mean[at] = mean;
    p->sd[at] = p->sd_aleatoric[at] = sd;
    for (size_t q = 0; q < p->n_quantiles; q++)
        p->quantiles[at * p->n_quantiles + q] = mean + gsl_cdf_gaussian_Pinv(p->quantile_levels[q], sd);
    if (p->target == NULL) return;
    p->pit[at] = gsl_cdf_gaussian_P(p->target[at] - mean, sd);
    p->crps[row] += bnn_crps_of_normals(1, &mean, &var, p->target[at]) / (double)p->n_targets;
    p->log_lik_moment[row] += bnn_gaussian_log_density(p->target[at], mean, sd);
    p->log_lik[row] = p->log_lik_moment[row];
}

static void fill_classes(bnn_prediction *p, size_t row, const double *frequencies) {
    memcpy(p->p + row * p->n_classes, frequencies, p->n_classes * sizeof *frequencies);
    bnn_prediction_label(p, row);
    p->entropy_aleatoric[row] = p->entropy[row];
    if (p->target != NULL) p->log_lik[row] = log(frequencies[(size_t)p->target[row]]);
}

/* first, second: mean and sd [n_targets], or frequencies [n_classes]. */
static void fill(bnn_prediction *p, const double *first, const double *second, double log_scale) {
    for (size_t i = 0; i < p->n_rows; i++) {
        if (p->n_classes > 0) fill_classes(p, i, first);
        for (size_t j = 0; p->n_classes == 0 && j < p->n_targets; j++) fill_target(p, i, j, first[j], second[j]);
        if (p->target != NULL) p->expected_nll[i] = -(p->log_lik[i] + log_scale);
    }
}

bnn_status bnn_predict_baseline(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows) {
    size_t n = model->schema.n_classes > 0 ? model->schema.n_classes : model->schema.n_targets;
    const char *text = json_string_value(json_object_get(model->facts, "baseline"));
    json_t *fact = text == NULL ? NULL : json_loads(text, 0, NULL);
    bnn_arena arena = {0};
    double *first = BNN_TAKE(&arena, n, double), *second = BNN_TAKE(&arena, n, double);
    bnn_status status;
    bool is_read = !arena.has_failed && (model->schema.n_classes > 0 ? read_numbers(fact, "p", n, first)
                                         : read_numbers(fact, "mean", n, first) && read_numbers(fact, "sd", n, second));
    assert(*prediction == NULL);
    if (arena.has_failed) status = BNN_FAIL_MEMORY("the baseline");
    else if (!is_read) status = BNN_FAIL(BNN_ERR_DATA, "the model does not hold a readable fact \"baseline\"");
    else status = bnn_prediction_make(prediction, model, rows, 1, bnn_default_quantiles);
    if (status == BNN_OK) fill(*prediction, first, second, bnn_prediction_log_scale(model));
    json_decref(fact);
    bnn_arena_free(&arena);
    return status;
}
