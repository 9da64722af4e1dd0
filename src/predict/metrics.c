/* Metrics of a prediction whose targets are known, one row each, with standard errors over rows.
 *
 * Most are means of row scores (row_score.h). rmse and r2 are functions of two means at most; their se is that of the linearised
 * function (delta method). What is no mean is resampled. Case weights count everywhere. */
#include "predict/average.h"
#include "predict/calibration.h"
#include "predict/detection.h"
#include "predict/predict.h"
#include "predict/reliability.h"
#include "predict/risk.h"
#include "predict/row_score.h"

#include <math.h>

typedef struct scored { const bnn_prediction *p; double (*score)(const bnn_prediction *p, size_t row); } scored;

static double row_value(const void *context, size_t row) {
    const scored *rows = context;
    return rows->score(rows->p, row);
}

static bnn_score mean_score(const bnn_prediction *p, double (*score)(const bnn_prediction *p, size_t row)) {
    return bnn_average(p->n_rows, p->weight, row_value, &(scored){ p, score });
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

/* d sqrt(m) = dm / (2 sqrt(m)) */
static bnn_score rmse(const bnn_prediction *p) {
    bnn_score mse = mean_score(p, bnn_row_squared_error);
    double value = sqrt(mse.value);
    return (bnn_score){ value, mse.se > 0 ? mse.se / (2 * value) : mse.se };
}

static bnn_score mae(const bnn_prediction *p) { return mean_score(p, bnn_row_abs_error); }

/* Rows for r2: centre [n_targets] holds the targets' means, ratio is A / B. */
typedef struct spread { const bnn_prediction *p; const double *centre; double ratio; } spread;

typedef struct column { const bnn_prediction *p; size_t target; } column;

static double row_target(const void *context, size_t row) {
    const column *c = context;
    return c->p->target[row * c->p->n_targets + c->target];
}

static double row_deviation(const void *context, size_t row) {
    const spread *s = context;
    const double *y = s->p->target + row * s->p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < s->p->n_targets; j++) sum += (y[j] - s->centre[j]) * (y[j] - s->centre[j]);
    return sum / (double)s->p->n_targets;
}

static double row_influence(const void *context, size_t row) {
    const spread *s = context;
    return bnn_row_squared_error(s->p, row) - s->ratio * row_deviation(s, row);
}

/* 1 - A / B with A = mean a_i, B = mean b_i, the squared deviations from the targets' own means:  d(A / B) = (a_i - A/B b_i) / B.
 * The means in b_i add nothing, since B is smallest there. */
static bnn_score r2(const bnn_prediction *p) {
    double centre[p->n_targets];
    for (size_t j = 0; j < p->n_targets; j++) centre[j] = bnn_average(p->n_rows, p->weight, row_target, &(column){ p, j }).value;
    spread s = { p, centre, 0 };
    double a = mean_score(p, bnn_row_squared_error).value, b = bnn_average(p->n_rows, p->weight, row_deviation, &s).value;
    if (!(b > 0)) return (bnn_score){ NAN, NAN };      /* all targets are equal: nothing to explain */
    s.ratio = a / b;
    return (bnn_score){ 1 - s.ratio, bnn_average(p->n_rows, p->weight, row_influence, &s).se / b };
}

static bnn_score log_lik_moment(const bnn_prediction *p) { return mean_score(p, bnn_row_log_lik_moment); }
static bnn_score crps(const bnn_prediction *p) { return mean_score(p, bnn_row_crps); }
static bnn_score coverage_50(const bnn_prediction *p) { return bnn_score_coverage(p, 0.50); }
static bnn_score coverage_90(const bnn_prediction *p) { return bnn_score_coverage(p, 0.90); }
static bnn_score coverage_95(const bnn_prediction *p) { return bnn_score_coverage(p, 0.95); }

/* ---- both, and classes ------------------------------------------------------------------------------------------------- */

static bnn_score log_lik(const bnn_prediction *p) { return mean_score(p, bnn_row_log_lik); }
static bnn_score accuracy(const bnn_prediction *p) { return mean_score(p, bnn_row_right); }
static bnn_score error(const bnn_prediction *p) { return mean_score(p, bnn_row_error); }
static bnn_score brier(const bnn_prediction *p) { return mean_score(p, bnn_row_brier); }

/* ---- Monte Carlo errors ------------------------------------------------------------------------------------------------ */

/* se of a mean over draws; NaN where it is not known. */
static double error_over_draws(const bnn_prediction *p, const double *of_draw) {
    double n = (double)p->n_draws, mean = 0, squares = 0;
    if (of_draw == NULL || p->n_draws < 2) return NAN;
    for (size_t s = 0; s < p->n_draws; s++) mean += of_draw[s] / n;
    for (size_t s = 0; s < p->n_draws; s++) squares += (of_draw[s] - mean) * (of_draw[s] - mean);
    return sqrt(squares / (n - 1) / n);
}

static double log_lik_mcse(const bnn_prediction *p) { return error_over_draws(p, p->draw_likelihood); }
static double brier_mcse(const bnn_prediction *p) { return error_over_draws(p, p->draw_brier); }

/* draw_square is the sum over targets, rmse has their mean. */
static double rmse_mcse(const bnn_prediction *p) {
    double of_square = error_over_draws(p, p->draw_square) / (double)p->n_targets, value = rmse(p).value;
    return of_square > 0 ? of_square / (2 * value) : of_square;
}

const bnn_metric bnn_metrics[] = {
    { "rmse", "root mean squared error of the mean", true, false, false, false, rmse, rmse_mcse },
    { "mae", "mean absolute error of the mean", true, false, false, false, mae, NULL },
    { "r2", "share of the targets' variance explained by the mean", true, false, false, false, r2, NULL },
    { "accuracy", "share of rows whose most probable class is right", false, true, false, false, accuracy, NULL },
    { "error", "share of rows whose most probable class is wrong", false, true, false, false, error, NULL },
    { "log_lik", "log predictive probability (density) of the target, nats a row", true, true, false, false, log_lik, log_lik_mcse },
    { "log_lik_moment", "the same for one Gaussian with the predictive mean and variance, nats a row", true, false, false, false,
      log_lik_moment, NULL },
    { "crps", "continuous ranked probability score, in units of the target", true, false, false, false, crps, NULL },
    { "coverage_50", "share of targets inside the central 50 % interval", true, false, false, false, coverage_50, NULL },
    { "coverage_90", "share of targets inside the central 90 % interval", true, false, false, false, coverage_90, NULL },
    { "coverage_95", "share of targets inside the central 95 % interval", true, false, false, false, coverage_95, NULL },
    { "pit_ks", "largest distance of the PIT's distribution function from the uniform one", true, false, false, false, bnn_score_pit_ks, NULL },
    { "brier", "squared distance of the probabilities to the class seen, summed over classes", false, true, false, false, brier, brier_mcse },
    { "ece", "expected calibration error of the most probable class, 15 equal-width bins", false, true, false, false, bnn_score_ece, NULL },
    { "ace", "the same in 15 bins of equal numbers of rows", false, true, false, false, bnn_score_ace, NULL },
    { "aurc", "area of the risk-coverage curve: mean error of all rows at least as sure", false, true, false, false, bnn_score_aurc, NULL },
    { "auroc", "area of the ROC curve of the second of two classes", false, true, true, false, bnn_score_auroc, NULL },
    { "coverage_interval", "share of targets between lower and upper", true, false, false, true, bnn_score_coverage_interval, NULL },
    { "width_interval", "upper - lower, in units of the target", true, false, false, true, bnn_score_width_interval, NULL },
    { "coverage_set", "share of rows whose class is in the prediction set", false, true, false, true, bnn_score_coverage_set, NULL },
    { "size_set", "classes in a prediction set", false, true, false, true, bnn_score_size_set, NULL },
    {0}
};

bool bnn_metric_fits(const bnn_metric *metric, const bnn_prediction *prediction) {
    if (metric->needs_conformal && prediction->lower == NULL && prediction->in_set == NULL) return false;
    if (prediction->n_classes == 0) return metric->for_numbers;
    return metric->for_classes && (prediction->n_classes == 2 || !metric->needs_two_classes);
}
