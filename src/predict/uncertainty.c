/* Uncertainties of single rows. */
#include "predict/uncertainty.h"

#include <math.h>

double bnn_row_doubt(const bnn_prediction *p, size_t row) { return 1 - p->p[row * p->n_classes + p->label[row]]; }

static double entropy(const bnn_prediction *p, size_t row) { return p->entropy[row]; }

static double mutual_information(const bnn_prediction *p, size_t row) { return p->mutual_information[row]; }

static double mean_log(const bnn_prediction *p, size_t row, const double *sd) {
    double sum = 0;
    for (size_t j = 0; j < p->n_targets; j++) sum += log(sd[row * p->n_targets + j]);
    return sum / (double)p->n_targets;
}

double bnn_row_log_sd(const bnn_prediction *p, size_t row) { return mean_log(p, row, p->sd); }

static double log_sd_epistemic(const bnn_prediction *p, size_t row) { return mean_log(p, row, p->sd_epistemic); }

const bnn_uncertainty bnn_uncertainties[] = {
    { "entropy", "of the predictive probabilities", false, true, entropy },
    { "mutual_information", "between the label and the weights", false, true, mutual_information },
    { "max_probability", "one minus the probability of the most probable class", false, true, bnn_row_doubt },
    { "sd_epistemic", "what the model does not know", true, false, log_sd_epistemic },
    { "sd", "noise and model together", true, false, bnn_row_log_sd },
    {0}
};

void bnn_uncertainty_fill(const bnn_uncertainty *uncertainty, const bnn_prediction *prediction, double *values) {
    for (size_t i = 0; i < prediction->n_rows; i++) values[i] = uncertainty->of(prediction, i);
}
