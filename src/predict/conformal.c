/* Split conformal intervals and prediction sets, and what they cover. */
#include "base/fail.h"
#include "predict/average.h"
#include "predict/calibration.h"

#include <gsl/gsl_sort.h>
#include <math.h>

size_t bnn_conformal_scores(const bnn_prediction *prediction, bnn_stride rows, size_t j, double *scores) {
    const bnn_prediction *p = prediction;
    size_t n = 0;
    for (size_t i = rows.first; i < p->n_rows; i += rows.step) {
        size_t at = i * p->n_targets + j;
        scores[n++] = p->n_classes > 0 ? 1 - p->p[i * p->n_classes + (size_t)p->target[i]] : fabs(p->target[at] - p->mean[at]) / p->sd[at];
    }
    gsl_sort(scores, 1, n);
    return n;
}

double bnn_conformal_radius(size_t n, const double *scores, double level) {
    double rank = ceil(((double)n + 1) * level - 1e-9);      /* 100 * .55 is 55, whatever .55 is in binary */
    return rank > (double)n ? INFINITY : scores[(size_t)rank - 1];
}

static bool take_results(bnn_prediction *p) {
    if (p->n_classes > 0 && p->in_set == NULL) p->in_set = BNN_TAKE(&p->arena, p->n_rows * p->n_classes, bool);
    if (p->n_classes == 0 && p->lower == NULL) {
        p->lower = BNN_TAKE(&p->arena, p->n_rows * p->n_targets, double);
        p->upper = BNN_TAKE(&p->arena, p->n_rows * p->n_targets, double);
    }
    return !p->arena.has_failed;
}

bnn_status bnn_conformal_apply(bnn_prediction *prediction, bnn_stride rows, const double *radius) {
    bnn_prediction *p = prediction;
    if (!take_results(p)) return BNN_FAIL_MEMORY("conformal sets");
    for (size_t i = rows.first; i < p->n_rows; i += rows.step) {
        for (size_t k = 0; k < p->n_classes; k++) p->in_set[i * p->n_classes + k] = 1 - p->p[i * p->n_classes + k] <= radius[0];
        for (size_t j = 0; p->n_classes == 0 && j < p->n_targets; j++) {
            size_t at = i * p->n_targets + j;
            p->lower[at] = p->mean[at] - radius[j] * p->sd[at];
            p->upper[at] = p->mean[at] + radius[j] * p->sd[at];
        }
    }
    return BNN_OK;
}

/* ---- metrics --------------------------------------------------------------------------------------------------------- */

static double row_in_set(const void *context, size_t row) {
    const bnn_prediction *p = context;
    return p->in_set[row * p->n_classes + (size_t)p->target[row]];
}

static double row_size(const void *context, size_t row) {
    const bnn_prediction *p = context;
    double n = 0;
    for (size_t k = 0; k < p->n_classes; k++) n += p->in_set[row * p->n_classes + k];
    return n;
}

static double row_inside(const void *context, size_t row) {
    const bnn_prediction *p = context;
    double n = 0;
    for (size_t at = row * p->n_targets; at < (row + 1) * p->n_targets; at++)
        n += p->lower[at] <= p->target[at] && p->target[at] <= p->upper[at];
    return n / (double)p->n_targets;
}

static double row_width(const void *context, size_t row) {
    const bnn_prediction *p = context;
    double sum = 0;
    for (size_t at = row * p->n_targets; at < (row + 1) * p->n_targets; at++) sum += p->upper[at] - p->lower[at];
    return sum / (double)p->n_targets;
}

bnn_score bnn_score_coverage_set(const bnn_prediction *p) { return bnn_average(p->n_rows, p->weight, row_in_set, p); }
bnn_score bnn_score_size_set(const bnn_prediction *p) { return bnn_average(p->n_rows, p->weight, row_size, p); }
bnn_score bnn_score_coverage_interval(const bnn_prediction *p) { return bnn_average(p->n_rows, p->weight, row_inside, p); }
bnn_score bnn_score_width_interval(const bnn_prediction *p) { return bnn_average(p->n_rows, p->weight, row_width, p); }
