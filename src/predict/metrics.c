/* Metrics of a prediction whose targets are known, one row each, with standard errors over rows.
 *
 * Most are means of row scores (themselves means over targets, where there are several): se = sd / sqrt(n). rmse and r2 are
 * functions of two means at most; their se is that of the linearised function (delta method). ece is no mean over rows: its se comes
 * from a bootstrap over rows with a fixed key. One row alone has no se: NaN. */
#include "base/rng.h"
#include "predict/predict.h"

#include <math.h>

typedef double row_score(const bnn_prediction *p, size_t row);

static bnn_score mean_score(const bnn_prediction *p, row_score *score) {
    double n = (double)p->n_rows, mean = 0, squares = 0;
    for (size_t i = 0; i < p->n_rows; i++) mean += score(p, i);
    mean /= n;
    for (size_t i = 0; i < p->n_rows; i++) squares += (score(p, i) - mean) * (score(p, i) - mean);
    return (bnn_score){ mean, p->n_rows > 1 ? sqrt(squares / (n - 1) / n) : NAN };
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

static double row_squared_error(const bnn_prediction *p, size_t row) {
    const double *y = p->target + row * p->n_targets, *mean = p->mean + row * p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += (y[j] - mean[j]) * (y[j] - mean[j]);
    return sum / (double)p->n_targets;
}

static double row_abs_error(const bnn_prediction *p, size_t row) {
    const double *y = p->target + row * p->n_targets, *mean = p->mean + row * p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += fabs(y[j] - mean[j]);
    return sum / (double)p->n_targets;
}

/* d sqrt(m) = dm / (2 sqrt(m)) */
static bnn_score rmse(const bnn_prediction *p) {
    bnn_score mse = mean_score(p, row_squared_error);
    double value = sqrt(mse.value);
    return (bnn_score){ value, mse.se > 0 ? mse.se / (2 * value) : mse.se };
}

static bnn_score mae(const bnn_prediction *p) { return mean_score(p, row_abs_error); }

static double row_deviation(const bnn_prediction *p, size_t row, const double *centre) {
    const double *y = p->target + row * p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += (y[j] - centre[j]) * (y[j] - centre[j]);
    return sum / (double)p->n_targets;
}

/* 1 - A / B with A = mean a_i, B = mean b_i, the squared deviations from the targets' own means:  d(A / B) = (a_i - A/B b_i) / B.
 * The means in b_i add nothing, since B is smallest there. */
static bnn_score r2(const bnn_prediction *p) {
    double n = (double)p->n_rows, centre[p->n_targets], a = 0, b = 0, squares = 0;
    for (size_t j = 0; j < p->n_targets; j++) {
        centre[j] = 0;
        for (size_t i = 0; i < p->n_rows; i++) centre[j] += p->target[i * p->n_targets + j] / n;
    }
    for (size_t i = 0; i < p->n_rows; i++) {
        a += row_squared_error(p, i);
        b += row_deviation(p, i, centre);
    }
    if (!(b > 0)) return (bnn_score){ NAN, NAN };      /* all targets are equal: nothing to explain */
    for (size_t i = 0; i < p->n_rows; i++) {
        double influence = row_squared_error(p, i) - a / b * row_deviation(p, i, centre);
        squares += influence * influence;
    }
    return (bnn_score){ 1 - a / b, sqrt(squares / (n - 1) / n) / (b / n) };
}

static double row_log_lik_moment(const bnn_prediction *p, size_t row) { return p->log_lik_moment[row]; }

static double row_crps(const bnn_prediction *p, size_t row) { return p->crps[row]; }

static bnn_score log_lik_moment(const bnn_prediction *p) { return mean_score(p, row_log_lik_moment); }

static bnn_score crps(const bnn_prediction *p) { return mean_score(p, row_crps); }

/* Share of the row's targets that lie in the central interval of this probability. */
static double row_coverage(const bnn_prediction *p, size_t row, double probability) {
    const double *pit = p->pit + row * p->n_targets;
    size_t n_inside = 0;
    for (size_t j = 0; j < p->n_targets; j++) n_inside += fabs(pit[j] - 0.5) <= probability / 2;
    return (double)n_inside / (double)p->n_targets;
}

static double row_coverage_50(const bnn_prediction *p, size_t row) { return row_coverage(p, row, 0.50); }
static double row_coverage_90(const bnn_prediction *p, size_t row) { return row_coverage(p, row, 0.90); }
static double row_coverage_95(const bnn_prediction *p, size_t row) { return row_coverage(p, row, 0.95); }

static bnn_score coverage_50(const bnn_prediction *p) { return mean_score(p, row_coverage_50); }
static bnn_score coverage_90(const bnn_prediction *p) { return mean_score(p, row_coverage_90); }
static bnn_score coverage_95(const bnn_prediction *p) { return mean_score(p, row_coverage_95); }

/* ---- both -------------------------------------------------------------------------------------------------------------- */

static double row_log_lik(const bnn_prediction *p, size_t row) { return p->log_lik[row]; }

static bnn_score log_lik(const bnn_prediction *p) { return mean_score(p, row_log_lik); }

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

static double row_accuracy(const bnn_prediction *p, size_t row) { return (double)p->label[row] == p->target[row]; }

static double row_error(const bnn_prediction *p, size_t row) { return 1 - row_accuracy(p, row); }

static double row_brier(const bnn_prediction *p, size_t row) {
    size_t target = (size_t)p->target[row];
    double sum = 0;
    for (size_t k = 0; k < p->n_classes; k++) {
        double difference = p->p[row * p->n_classes + k] - (k == target);
        sum += difference * difference;
    }
    return sum;
}

static bnn_score accuracy(const bnn_prediction *p) { return mean_score(p, row_accuracy); }
static bnn_score error(const bnn_prediction *p) { return mean_score(p, row_error); }
static bnn_score brier(const bnn_prediction *p) { return mean_score(p, row_brier); }

/* Expected calibration error (Naeini, Cooper & Hauskrecht 2015; bins (b/15, (b+1)/15] as in Guo et al. 2017): the sum over bins of
 * |sum of (right - confidence)| / n. */
enum { BINS = 15, RESAMPLES = 200, UNIFORMS = 512 };

static void add_to_bin(const bnn_prediction *p, size_t row, double bins[BINS]) {
    double confidence = p->p[row * p->n_classes + p->label[row]];
    int bin = (int)ceil(confidence * BINS) - 1;
    bins[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin] += row_accuracy(p, row) - confidence;
}

static double ece_of_bins(const bnn_prediction *p, const double bins[BINS]) {
    double sum = 0;
    for (int b = 0; b < BINS; b++) sum += fabs(bins[b]);
    return sum / (double)p->n_rows;
}

/* ece of n_rows rows taken with replacement. */
static double ece_of_resample(const bnn_prediction *p, uint32_t resample) {
    bnn_key key = bnn_key_make(0, BNN_PURPOSE_EVALUATE, 0, resample, 0);
    double bins[BINS] = {0}, u[UNIFORMS];
    for (size_t first = 0; first < p->n_rows; first += UNIFORMS) {
        size_t n = p->n_rows - first < UNIFORMS ? p->n_rows - first : UNIFORMS;
        bnn_rng_uniforms(key, first, n, u);
        for (size_t i = 0; i < n; i++) add_to_bin(p, (size_t)(u[i] * (double)p->n_rows), bins);
    }
    return ece_of_bins(p, bins);
}

static bnn_score ece(const bnn_prediction *p) {
    double bins[BINS] = {0}, of_resample[RESAMPLES], mean = 0, squares = 0;
    for (size_t i = 0; i < p->n_rows; i++) add_to_bin(p, i, bins);
    if (p->n_rows == 1) return (bnn_score){ ece_of_bins(p, bins), NAN };
    for (uint32_t r = 0; r < RESAMPLES; r++) mean += (of_resample[r] = ece_of_resample(p, r)) / RESAMPLES;
    for (uint32_t r = 0; r < RESAMPLES; r++) squares += (of_resample[r] - mean) * (of_resample[r] - mean);
    return (bnn_score){ ece_of_bins(p, bins), sqrt(squares / (RESAMPLES - 1)) };
}

const bnn_metric bnn_metrics[] = {
    { "rmse", "root mean squared error of the mean", true, false, rmse },
    { "mae", "mean absolute error of the mean", true, false, mae },
    { "r2", "share of the targets' variance explained by the mean", true, false, r2 },
    { "accuracy", "share of rows whose most probable class is right", false, true, accuracy },
    { "error", "share of rows whose most probable class is wrong", false, true, error },
    { "log_lik", "log predictive probability (density) of the target, nats a row", true, true, log_lik },
    { "log_lik_moment", "the same for one Gaussian with the predictive mean and variance, nats a row", true, false, log_lik_moment },
    { "crps", "continuous ranked probability score, in units of the target", true, false, crps },
    { "coverage_50", "share of targets inside the central 50 % interval", true, false, coverage_50 },
    { "coverage_90", "share of targets inside the central 90 % interval", true, false, coverage_90 },
    { "coverage_95", "share of targets inside the central 95 % interval", true, false, coverage_95 },
    { "brier", "squared distance of the probabilities to the class seen, summed over classes", false, true, brier },
    { "ece", "expected calibration error of the most probable class, 15 equal-width bins", false, true, ece },
    {0}
};
