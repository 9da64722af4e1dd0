/* Bins of confidence, calibration errors, and the PIT. */
#include "predict/reliability.h"
#include "base/arena.h"
#include "base/fail.h"
#include "predict/average.h"
#include "predict/row_score.h"

#include <gsl/gsl_sort.h>
#include <math.h>

static double weight_of(const double *weight, size_t row) { return weight == NULL ? 1 : weight[row]; }

static double confidence_of(const bnn_prediction *p, size_t row) { return p->p[row * p->n_classes + p->label[row]]; }

/* The bin that (b / n, (b + 1) / n] gives a number of [0, 1]. */
static size_t bin_of(double number, size_t n_bins) {
    double bin = ceil(number * (double)n_bins) - 1;
    return bin < 0 ? 0 : bin >= (double)n_bins ? n_bins - 1 : (size_t)bin;
}

/* ---- bins of confidence ------------------------------------------------------------------------------------------------ */

/* Sums until finish_bins. */
static void add_row(bnn_bin *bin, const bnn_prediction *p, size_t row, double weight) {
    bin->n_rows++;
    bin->weight += weight;
    bin->confidence += weight * confidence_of(p, row);
    bin->accuracy += weight * bnn_row_right(p, row);
}

static void finish_bins(size_t n_bins, bnn_bin *bins) {
    for (size_t b = 0; b < n_bins; b++) {
        bins[b].confidence /= bins[b].weight;
        bins[b].accuracy /= bins[b].weight;
    }
}

static void fill_equal_width(const bnn_prediction *p, const double *weight, size_t n_bins, bnn_bin *bins) {
    for (size_t b = 0; b < n_bins; b++)
        bins[b] = (bnn_bin){ .low = (double)b / (double)n_bins, .high = (double)(b + 1) / (double)n_bins };
    for (size_t i = 0; i < p->n_rows; i++)
        if (weight_of(weight, i) > 0) add_row(&bins[bin_of(confidence_of(p, i), n_bins)], p, i, weight_of(weight, i));
    finish_bins(n_bins, bins);
}

void bnn_reliability_equal_width(const bnn_prediction *prediction, size_t n_bins, bnn_bin *bins) {
    fill_equal_width(prediction, prediction->weight, n_bins, bins);
}

/* Where a group of equal confidence order[first .. return value) ends; *group is its weight. */
static size_t end_of_group(const bnn_prediction *p, const double *weight, const size_t *order, size_t first, double *group) {
    size_t end = first;
    double confidence = confidence_of(p, order[first]);
    *group = 0;
    while (end < p->n_rows && confidence_of(p, order[end]) == confidence) *group += weight_of(weight, order[end++]);
    return end;
}

static void extend(bnn_bin *bin, double confidence) {
    if (bin->n_rows == 0) bin->low = confidence;
    bin->high = confidence;
}

/* order: rows by rising confidence. */
static void fill_equal_mass(const bnn_prediction *p, const double *weight, const size_t *order, size_t n_bins, bnn_bin *bins) {
    double total = 0, below = 0, group;
    for (size_t b = 0; b < n_bins; b++) bins[b] = (bnn_bin){ .low = NAN, .high = NAN };
    for (size_t i = 0; i < p->n_rows; i++) total += weight_of(weight, i);
    for (size_t first = 0, end; first < p->n_rows; first = end, below += group) {
        end = end_of_group(p, weight, order, first, &group);
        if (!(group > 0)) continue;
        size_t b = (size_t)((double)n_bins * (below + group / 2) / total);
        bnn_bin *bin = &bins[b < n_bins ? b : n_bins - 1];
        extend(bin, confidence_of(p, order[first]));
        for (size_t i = first; i < end; i++)
            if (weight_of(weight, order[i]) > 0) add_row(bin, p, order[i], weight_of(weight, order[i]));
    }
    finish_bins(n_bins, bins);
}

/* Row numbers by rising confidence; NULL: out of memory. */
static size_t *order_by_confidence(const bnn_prediction *p, bnn_arena *arena) {
    double *confidence = BNN_TAKE(arena, p->n_rows, double);
    size_t *order = BNN_TAKE(arena, p->n_rows, size_t);
    if (arena->has_failed) return NULL;
    for (size_t i = 0; i < p->n_rows; i++) confidence[i] = confidence_of(p, i);
    gsl_sort_index(order, confidence, 1, p->n_rows);
    return order;
}

bnn_status bnn_reliability_equal_mass(const bnn_prediction *prediction, size_t n_bins, bnn_bin *bins) {
    bnn_arena arena = {0};
    const size_t *order = order_by_confidence(prediction, &arena);
    if (order != NULL) fill_equal_mass(prediction, prediction->weight, order, n_bins, bins);
    bnn_arena_free(&arena);
    return order != NULL ? BNN_OK : BNN_FAIL_MEMORY("the order of rows");
}

/* ---- calibration errors ------------------------------------------------------------------------------------------------ */

double bnn_calibration_error(size_t n_bins, const bnn_bin *bins) {
    double sum = 0, total = 0;
    for (size_t b = 0; b < n_bins; b++) {
        if (bins[b].n_rows == 0) continue;
        sum += bins[b].weight * fabs(bins[b].accuracy - bins[b].confidence);
        total += bins[b].weight;
    }
    return sum / total;
}

static double ece_of_weights(const void *context, const double *weight) {
    bnn_bin bins[BNN_RELIABILITY_BINS];
    fill_equal_width(context, weight, BNN_RELIABILITY_BINS, bins);
    return bnn_calibration_error(BNN_RELIABILITY_BINS, bins);
}

bnn_score bnn_score_ece(const bnn_prediction *p) {
    return bnn_statistic_score(&(bnn_statistic){ .n = p->n_rows, .weight = p->weight, .of = ece_of_weights, .context = p });
}

/* Rows, or PIT values, in their order. */
typedef struct ordered { const bnn_prediction *p; const size_t *order; } ordered;

static double ace_of_weights(const void *context, const double *weight) {
    const ordered *rows = context;
    bnn_bin bins[BNN_RELIABILITY_BINS];
    fill_equal_mass(rows->p, weight, rows->order, BNN_RELIABILITY_BINS, bins);
    return bnn_calibration_error(BNN_RELIABILITY_BINS, bins);
}

bnn_score bnn_score_ace(const bnn_prediction *p) {
    bnn_arena arena = {0};
    bnn_score score = { NAN, NAN };
    ordered rows = { p, order_by_confidence(p, &arena) };
    if (rows.order != NULL)
        score = bnn_statistic_score(&(bnn_statistic){ .n = p->n_rows, .weight = p->weight, .of = ace_of_weights, .context = &rows });
    bnn_arena_free(&arena);
    return score;
}

/* ---- PIT --------------------------------------------------------------------------------------------------------------- */

void bnn_pit_histogram(const bnn_prediction *p, size_t n_bins, double *share) {
    double total = 0;
    for (size_t b = 0; b < n_bins; b++) share[b] = 0;
    for (size_t at = 0; at < p->n_rows * p->n_targets; at++) {
        double weight = weight_of(p->weight, at / p->n_targets);
        share[bin_of(p->pit[at], n_bins)] += weight;
        total += weight;
    }
    for (size_t b = 0; b < n_bins; b++) share[b] /= total;
}

/* sup |F(u) - u|: F jumps, so both its values at each PIT count. Equal PITs: the values between their jumps lie between the two ends. */
static double ks_of_weights(const void *context, const double *weight) {
    const ordered *values = context;
    const bnn_prediction *p = values->p;
    size_t n = p->n_rows * p->n_targets;
    double total = 0, below = 0, distance = 0;
    for (size_t i = 0; i < p->n_rows; i++) total += weight[i] * (double)p->n_targets;
    for (size_t i = 0; i < n; i++) {
        double pit = p->pit[values->order[i]];
        distance = fmax(distance, fabs(below / total - pit));
        below += weight[values->order[i] / p->n_targets];
        distance = fmax(distance, fabs(below / total - pit));
    }
    return total > 0 ? distance : NAN;
}

bnn_score bnn_score_pit_ks(const bnn_prediction *p) {
    bnn_arena arena = {0};
    bnn_score score = { NAN, NAN };
    size_t *order = BNN_TAKE(&arena, p->n_rows * p->n_targets, size_t);
    if (order != NULL) {
        ordered values = { p, order };
        gsl_sort_index(order, p->pit, 1, p->n_rows * p->n_targets);
        score = bnn_statistic_score(&(bnn_statistic){ .n = p->n_rows, .weight = p->weight, .of = ks_of_weights, .context = &values });
    }
    bnn_arena_free(&arena);
    return score;
}

typedef struct interval { const bnn_prediction *p; double probability; } interval;

/* Share of the row's targets that lie in the interval. */
static double row_coverage(const void *context, size_t row) {
    const interval *central = context;
    const double *pit = central->p->pit + row * central->p->n_targets;
    size_t n_inside = 0;
    for (size_t j = 0; j < central->p->n_targets; j++) n_inside += fabs(pit[j] - 0.5) <= central->probability / 2;
    return (double)n_inside / (double)central->p->n_targets;
}

bnn_score bnn_score_coverage(const bnn_prediction *prediction, double probability) {
    return bnn_average(prediction->n_rows, prediction->weight, row_coverage, &(interval){ prediction, probability });
}
