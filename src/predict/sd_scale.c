/* One factor for all predictive sds: d/ds sum w (log s + z^2 / (2 s^2)) = 0 at s^2 = weighted mean of z^2, z = (y - mean) / sd. */
#include "base/fail.h"
#include "predict/calibration.h"
#include "predict/prediction.h"

#include <math.h>

bnn_status bnn_sd_scale_fit(double *scale, const bnn_prediction *prediction, bnn_stride rows) {
    const bnn_prediction *p = prediction;
    double squares = 0, weights = 0;
    for (size_t i = rows.first; i < p->n_rows; i += rows.step) {
        double weight = p->weight == NULL ? 1 : p->weight[i];
        for (size_t at = i * p->n_targets; at < (i + 1) * p->n_targets; at++) {
            if (!(p->sd[at] > 0))
                return BNN_FAIL(BNN_ERR_DATA, "row %zu (from 0): sd = %g; a spread that can be scaled is above 0", i, p->sd[at]);
            double z = (p->target[at] - p->mean[at]) / p->sd[at];
            squares += weight * z * z;
            weights += weight;
        }
    }
    if (!(squares > 0))
        return BNN_FAIL(BNN_ERR_DATA, "all means are exactly the targets: no spread can be fitted to them; are these predictions?");
    *scale = sqrt(squares / weights);
    return BNN_OK;
}

static void scale_number(bnn_prediction *p, size_t at, double scale) {
    p->sd[at] *= scale;
    if (p->sd_aleatoric != NULL) p->sd_aleatoric[at] *= scale;
    if (p->sd_epistemic != NULL) p->sd_epistemic[at] *= scale;
    for (size_t q = at * p->n_quantiles; q < (at + 1) * p->n_quantiles; q++)
        p->quantiles[q] = p->mean[at] + scale * (p->quantiles[q] - p->mean[at]);
}

void bnn_sd_scale_apply(bnn_prediction *prediction, bnn_stride rows, double scale) {
    bnn_prediction *p = prediction;
    for (size_t i = rows.first; i < p->n_rows; i += rows.step) {
        if (p->log_lik_moment != NULL) p->log_lik_moment[i] = 0;
        for (size_t at = i * p->n_targets; at < (i + 1) * p->n_targets; at++) {
            scale_number(p, at, scale);
            if (p->log_lik_moment != NULL) p->log_lik_moment[i] += bnn_gaussian_log_density(p->target[at], p->mean[at], p->sd[at]);
        }
    }
}
