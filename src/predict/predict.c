/* bnn_predict: options checked, then chunk by chunk the outputs of all draws and what they say of each row. */
#include "predict/predict.h"
#include "base/fail.h"
#include "predict/outputs.h"
#include "predict/prediction.h"
#include "predict/summary.h"

#include <assert.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

const bnn_numbers bnn_default_quantiles = { 3, (const double[]){ 0.05, 0.5, 0.95 } };

static bnn_status check_options(const bnn_predict_options *options, const bnn_model *model) {
    double s = options->sd_scale;
    if (options->samples < 1 || options->samples > BNN_PREDICT_MAX_SAMPLES)
        return BNN_FAIL(BNN_ERR_USAGE, "samples = %lld, allowed 1..%d", options->samples, BNN_PREDICT_MAX_SAMPLES);
    for (size_t q = 0; q < options->quantiles.n; q++) {
        double level = options->quantiles.at[q];
        if (!(level > 0 && level < 1)) return BNN_FAIL(BNN_ERR_USAGE, "quantile level %g, allowed between 0 and 1", level);
    }
    if (s != 0 && !(s > 0 && isfinite(s)))
        return BNN_FAIL(BNN_ERR_USAGE, "sd_scale = %g, allowed: a number above 0, or 0 for the model's own spread", s);
    if (s != 0 && (model->schema.n_classes > 0 || model->likelihood.row->wants_counts))
        return BNN_FAIL(BNN_ERR_USAGE, "the spread of %s cannot be scaled: sd_scale is for numbers on a continuous scale; leave it out",
                        model->schema.n_classes > 0 ? "classes" : "counts");
    return BNN_OK;
}

static bnn_draw_from source_of(const bnn_predict_options *options) {
    return options->from_prior ? BNN_DRAW_PRIOR : options->local_first_layer ? BNN_DRAW_LOCAL : BNN_DRAW_POSTERIOR;
}

static size_t count_draws(const bnn_model *model, const bnn_predict_options *options) {
    bnn_predictive predictive = bnn_predictive_of(model);
    if (options->from_prior) return (size_t)options->samples;
    if (predictive == BNN_PREDICTIVE_PROBIT || predictive == BNN_PREDICTIVE_NORMAL) return 1;
    return bnn_posterior_draws(&model->posterior, (size_t)options->samples);
}

/* Equally likely quantiles stand for draws of one linearised output: they have no Monte Carlo error. */
static bool has_random_draws(const bnn_outputs *outputs) {
    return outputs->n_draws > 1 && (outputs->predictive == BNN_PREDICTIVE_SAMPLING || outputs->model->net.n_outputs > 1);
}

struct bnn_kept_draws { bnn_team *team; bnn_draws draws; };

enum { KEPT_BYTES = 256 << 20 };

bnn_status bnn_kept_draws_make(bnn_kept_draws **kept, const bnn_model *model, const bnn_predict_options *options) {
    bnn_kept_draws *made = calloc(1, sizeof *made);
    size_t n = count_draws(model, options);
    uint64_t seed = options->seed < 0 ? model->seed : (uint64_t)options->seed;
    bool is_sampled = options->from_prior || bnn_predictive_of(model) == BNN_PREDICTIVE_SAMPLING;
    bnn_status status = made == NULL ? BNN_FAIL_MEMORY("weights to keep") : check_options(options, model);
    if (status == BNN_OK) status = bnn_team_make(&made->team, options->threads);
    if (status == BNN_OK && is_sampled) status = bnn_draws_make(&made->draws, model, made->team, seed, n, source_of(options), 1);
    if (status == BNN_OK && is_sampled) bnn_draws_keep(&made->draws, n, KEPT_BYTES);
    if (status == BNN_OK) *kept = made;
    else bnn_kept_draws_free(made);
    return status;
}

void bnn_kept_draws_free(bnn_kept_draws *kept) {
    if (kept == NULL) return;
    bnn_draws_free(&kept->draws);
    bnn_team_free(kept->team);
    free(kept);
}

static bnn_status fill_chunks(bnn_prediction *prediction, bnn_outputs *outputs, double sd_scale) {
    bnn_summary summary;
    bnn_status status = bnn_summary_make(&summary, prediction, outputs, sd_scale);
    for (size_t first = 0; status == BNN_OK && first < prediction->n_rows; first += outputs->max_rows) {
        status = bnn_outputs_fill(outputs, first);
        if (status == BNN_OK) status = bnn_summary_fill(&summary);
    }
    bnn_summary_free(&summary);
    return status;
}

static bnn_status predict(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows,
                          const bnn_predict_options *options) {
    size_t n_draws = count_draws(model, options);
    uint64_t seed = options->seed < 0 ? model->seed : (uint64_t)options->seed;
    bnn_prediction *made = NULL;
    bnn_team *own = NULL, *team = options->kept != NULL ? options->kept->team : NULL;
    bnn_outputs outputs = {0};
    bnn_status status;
    bnn_numbers levels = { options->quantiles.n, options->quantiles.at };
    if ((status = check_options(options, model))                                            != BNN_OK) goto done;
    if ((status = bnn_prediction_make(&made, model, rows, n_draws, levels))                 != BNN_OK) goto done;
    if (team == NULL && (status = bnn_team_make(&own, options->threads))                    != BNN_OK) goto done;
    if (team == NULL) team = own;
    if ((status = bnn_outputs_make(&outputs, model, rows, team, seed, n_draws, source_of(options))) != BNN_OK) goto done;
    outputs.row_offset = (size_t)options->first_row;
    if (options->kept != NULL) bnn_draws_borrow(&outputs.draws, &options->kept->draws);
    if (made->target != NULL && has_random_draws(&outputs)) status = bnn_prediction_take_effects(made);
    if (status != BNN_OK) goto done;
    if ((status = fill_chunks(made, &outputs, options->sd_scale))                           != BNN_OK) goto done;
    *prediction = made;
    made = NULL;
done:
    bnn_outputs_free(&outputs);
    bnn_team_free(own);
    bnn_prediction_free(made);
    return status;
}

bnn_status bnn_predict(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options) {
    const bnn_predict_options defaults = { .samples = 100, .seed = -1,
                                           .quantiles = { bnn_default_quantiles.n, bnn_default_quantiles.at } };
    assert(*prediction == NULL);
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = predict(prediction, model, rows, options == NULL ? &defaults : options);
    bnn_blas_leave(saved);
    gsl_set_error_handler(handler);
    return status;
}
