/* Models whose posterior is known: made from a few settings and filled by hand. */
#ifndef BNN_TESTS_PREDICTING_H
#define BNN_TESTS_PREDICTING_H

#include "harness.h"
#include "model/model.h"
#include "predict/predict.h"

#define LINEAR "net.hidden="

/* Rows in memory; y may be NULL, n_classes 0 for numbers. */
static inline bnn_dataset *make_rows(size_t n, size_t n_features, const double *x, size_t n_targets, const double *y, size_t n_classes) {
    bnn_dataset *rows = NULL;
    assert_ok(bnn_dataset_make(&rows, n, n_features, x, n_targets, y, n_classes));
    return rows;
}

/* A model for the columns of `train`; features as they are, targets scaled or not; posterior not made yet. */
static inline bnn_model *make_model(const bnn_dataset *train, const char *scale_y, size_t n_sets, const char *const *sets) {
    bnn_model *model = NULL;
    bnn_config *config = NULL;
    bnn_scaling scaling = {0};
    assert_ok(bnn_config_read_catalogue(&config, bnn_model_catalogue, NULL, n_sets, sets));
    assert_ok(bnn_scaling_fit(&scaling, train, "none", scale_y));
    assert_ok(bnn_model_make(&model, config, &train->schema, &scaling));
    model->seed = 7;
    bnn_scaling_free(&scaling);
    bnn_config_free(config);
    return model;
}

#define MAKE_MODEL(train, scale_y, ...) \
    make_model(train, scale_y, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *const[]){ __VA_ARGS__ })

/* theta [n_draws x n_params]: weights, biases, log noise sds. */
static inline void store_draws(bnn_model *model, size_t n_draws, const real *theta) {
    bnn_posterior *posterior = &model->posterior;
    assert_ok(bnn_posterior_make(posterior, &bnn_draws_posterior, model->net.n_weights, model->likelihood.n_noise, n_draws));
    if (theta != NULL) memcpy(posterior->arrays[0].at, theta, n_draws * posterior->n_params * sizeof *theta);
}

/* Means and log sds, both [n_params]. */
static inline void store_normals(bnn_model *model, const real *mean, const real *log_sd) {
    bnn_posterior *posterior = &model->posterior;
    assert_ok(bnn_posterior_make(posterior, &bnn_diag_posterior, model->net.n_weights, model->likelihood.n_noise, 0));
    memcpy(posterior->arrays[0].at, mean, posterior->n_params * sizeof *mean);
    memcpy(posterior->arrays[1].at, log_sd, posterior->n_params * sizeof *log_sd);
}

static inline bnn_prediction *predict_rows(const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options) {
    bnn_prediction *prediction = NULL;
    assert_ok(bnn_predict(&prediction, model, rows, options));
    return prediction;
}

static inline void assert_all_close(size_t n, const double *got, const double *want, double tolerance) {
    for (size_t i = 0; i < n; i++) assert_close(got[i], want[i], tolerance);
}

#endif
