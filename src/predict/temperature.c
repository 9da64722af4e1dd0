/* Temperature scaling: T = argmax sum_i w_i log (p_iy^(1/T) / sum_k p_ik^(1/T)).
 *
 * The objective is concave in 1 / T, so it has one peak in log T: a coarse grid finds its neighbourhood, Brent's method the peak. */
#include "base/fail.h"
#include "predict/calibration.h"
#include "predict/prediction.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <math.h>

enum { GRID = 24, MAX_STEPS = 100 };

typedef struct job { const bnn_prediction *prediction; bnn_stride rows; } job;

/* Without a floor one class that a float softmax calls 0 would ask for an infinite temperature. */
static double log_floored(double p) { return log(p > FLT_MIN ? p : FLT_MIN); }

/* log sum_k p_k^beta of a row */
static double log_total(const bnn_prediction *p, size_t row, double beta) {
    const double *of_row = p->p + row * p->n_classes;
    double most = log_floored(of_row[0]), sum = 0;
    for (size_t k = 1; k < p->n_classes; k++) most = fmax(most, log_floored(of_row[k]));
    for (size_t k = 0; k < p->n_classes; k++) sum += exp(beta * (log_floored(of_row[k]) - most));
    return beta * most + log(sum);
}

static double nll_at(double log_temperature, void *context) {
    const job *j = context;
    const bnn_prediction *p = j->prediction;
    double beta = exp(-log_temperature), sum = 0;
    for (size_t i = j->rows.first; i < p->n_rows; i += j->rows.step) {
        double weight = p->weight == NULL ? 1 : p->weight[i];
        sum += weight * (log_total(p, i, beta) - beta * log_floored(p->p[i * p->n_classes + (size_t)p->target[i]]));
    }
    return sum;
}

static double grid_point(size_t g) {
    double low = log(BNN_TEMPERATURE_MIN), high = log(BNN_TEMPERATURE_MAX);
    return low + (high - low) * (double)g / GRID;
}

static bnn_status minimise(double *at, double low, double high, job *j) {
    gsl_function f = { nll_at, j };
    gsl_min_fminimizer *minimizer = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
    if (minimizer == NULL) return BNN_FAIL_MEMORY("the temperature");
    int code = gsl_min_fminimizer_set(minimizer, &f, *at, low, high);
    for (int step = 0; code == GSL_SUCCESS && step < MAX_STEPS; step++) {
        code = gsl_min_fminimizer_iterate(minimizer);
        *at = gsl_min_fminimizer_x_minimum(minimizer);
        if (gsl_min_fminimizer_x_upper(minimizer) - gsl_min_fminimizer_x_lower(minimizer) < 1e-9) break;
    }
    gsl_min_fminimizer_free(minimizer);
    return BNN_OK;      /* a bracket that is flat to rounding is as good as it gets: GSL calls that an error */
}

bnn_status bnn_temperature_fit(double *temperature, const bnn_prediction *prediction, bnn_stride rows) {
    job j = { prediction, rows };
    size_t best = 0;
    double least = INFINITY;
    for (size_t g = 0; g <= GRID; g++) {
        double nll = nll_at(grid_point(g), &j);
        if (nll < least) {
            least = nll;
            best = g;
        }
    }
    double at = grid_point(best);
    bnn_status status = BNN_OK;
    if (best > 0 && best < GRID) {
        gsl_error_handler_t *handler = gsl_set_error_handler_off();
        status = minimise(&at, grid_point(best - 1), grid_point(best + 1), &j);
        gsl_set_error_handler(handler);
    }
    *temperature = exp(at);
    return status;
}

static void apply_row(bnn_prediction *p, size_t row, double beta) {
    double *of_row = p->p + row * p->n_classes, total = log_total(p, row, beta);
    for (size_t k = 0; k < p->n_classes; k++) of_row[k] = exp(beta * log_floored(of_row[k]) - total);
    bnn_prediction_label(p, row);
    if (p->entropy_aleatoric != NULL) p->entropy_aleatoric[row] = fmax(0, p->entropy[row] - p->mutual_information[row]);
    if (p->log_lik != NULL) p->log_lik[row] = log(of_row[(size_t)p->target[row]]);
}

void bnn_temperature_apply(bnn_prediction *prediction, bnn_stride rows, double temperature) {
    for (size_t i = rows.first; i < prediction->n_rows; i += rows.step) apply_row(prediction, i, 1 / temperature);
    prediction->draw_likelihood = prediction->draw_brier = NULL;
}
