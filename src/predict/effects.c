/* What draw s by itself does to a mean over rows, for Monte Carlo errors of metrics (see struct bnn_prediction): first-order effects, so
 * that the variance over draws of the mean of n_draws such terms is that of the metric (delta method).
 *
 * A calibrated spread leaves the predictive mean as it is, so that its Monte Carlo error comes from the draws' own means. */
#include "predict/tile.h"

#include <math.h>

static double weight_of(const bnn_tile *t, size_t i) {
    return t->prediction->weight == NULL ? 1 : t->prediction->weight[t->row + i];
}

/* p(y | s) / mean_s' p(y | s'); a target that no draw thinks possible says nothing. */
static void add_likelihoods(const bnn_tile *t, size_t i, double *effect) {
    size_t n = t->outputs->n_draws;
    const double *nll = t->scratch->nll + i * n;
    double least = nll[0], sum = 0, weight = weight_of(t, i);
    for (size_t s = 1; s < n; s++) least = fmin(least, nll[s]);
    for (size_t s = 0; s < n; s++) sum += isinf(least) ? 1 : exp(least - nll[s]);
    for (size_t s = 0; s < n; s++) effect[s] += weight * (isinf(least) ? 1 : exp(least - nll[s])) * (double)n / sum;
}

static void add_squares(const bnn_tile *t, size_t i, double *effect) {
    const bnn_prediction *prediction = t->prediction;
    size_t n = t->outputs->n_draws, k = prediction->n_targets;
    for (size_t j = 0; j < k; j++) {
        const double *mean = t->scratch->mean + (i * k + j) * n;
        double scale = t->model->scaling.y_scale[j], center = t->scratch->center[i * k + j];
        size_t at = (t->row + i) * k + j;
        double slope = 2 * weight_of(t, i) * (prediction->mean[at] - prediction->target[at]) * scale;
        for (size_t s = 0; s < n; s++) effect[s] += slope * (mean[s] - center);
    }
}

static void add_briers(const bnn_tile *t, size_t s, double *effect) {
    const bnn_prediction *prediction = t->prediction;
    size_t n_classes = prediction->n_classes;
    for (size_t i = 0; i < t->n; i++) {
        const double *draw = t->scratch->p + (s * t->n + i) * n_classes, *p = prediction->p + (t->row + i) * n_classes;
        size_t label = (size_t)prediction->target[t->row + i];
        double sum = 0;
        for (size_t k = 0; k < n_classes; k++) sum += (p[k] - (k == label)) * (draw[k] - p[k]);
        effect[s] += 2 * weight_of(t, i) * sum;
    }
}

void bnn_tile_effects(const bnn_tile *tile, double *likelihood, double *error) {
    size_t n_draws = tile->outputs->n_draws;
    for (size_t s = 0; s < n_draws; s++) likelihood[s] = error[s] = 0;
    for (size_t i = 0; i < tile->n; i++) {
        add_likelihoods(tile, i, likelihood);
        if (tile->prediction->n_classes == 0) add_squares(tile, i, error);
    }
    for (size_t s = 0; tile->prediction->n_classes > 0 && s < n_draws; s++) add_briers(tile, s, error);
}
