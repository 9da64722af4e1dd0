/* Scores of single rows. */
#include "predict/row_score.h"

#include <math.h>

double bnn_row_squared_error(const bnn_prediction *p, size_t row) {
    const double *y = p->target + row * p->n_targets, *mean = p->mean + row * p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += (y[j] - mean[j]) * (y[j] - mean[j]);
    return sum / (double)p->n_targets;
}

double bnn_row_abs_error(const bnn_prediction *p, size_t row) {
    const double *y = p->target + row * p->n_targets, *mean = p->mean + row * p->n_targets;
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += fabs(y[j] - mean[j]);
    return sum / (double)p->n_targets;
}

double bnn_row_crps(const bnn_prediction *p, size_t row) { return p->crps[row]; }

double bnn_row_log_lik(const bnn_prediction *p, size_t row) { return p->log_lik[row]; }

double bnn_row_log_lik_moment(const bnn_prediction *p, size_t row) { return p->log_lik_moment[row]; }

double bnn_row_right(const bnn_prediction *p, size_t row) { return (double)p->label[row] == p->target[row]; }

double bnn_row_error(const bnn_prediction *p, size_t row) { return 1 - bnn_row_right(p, row); }

double bnn_row_brier(const bnn_prediction *p, size_t row) {
    size_t target = (size_t)p->target[row];
    double sum = 0;
    for (size_t k = 0; k < p->n_classes; k++) {
        double difference = p->p[row * p->n_classes + k] - (k == target);
        sum += difference * difference;
    }
    return sum;
}

const bnn_row_score bnn_row_scores[] = {
    { "log_lik", "log predictive probability (density), nats a row", true, true, true, bnn_row_log_lik },
    { "squared_error", "of the mean", true, false, false, bnn_row_squared_error },
    { "abs_error", "of the mean", true, false, false, bnn_row_abs_error },
    { "crps", "continuous ranked probability score", true, false, false, bnn_row_crps },
    { "error", "share of rows whose most probable class is wrong", false, true, false, bnn_row_error },
    { "brier", "squared distance of the probabilities to the class", false, true, false, bnn_row_brier },
    {0}
};
