/* Work on a model at random weights: Laplace curvatures and predictions, on the first rows of the images. */
#include "serve.h"
#include "base/fail.h"
#include "base/linalg.h"
#include "config/config.h"
#include "curvature/curvature.h"
#include "data/data.h"
#include "method/catalogue.h"
#include "model/model.h"

#include <stdlib.h>

enum { ROWS = 10000, DRAWS = 20 };

typedef struct work {
    bnn_config  *config;
    bnn_dataset *rows;
    bnn_scaling  scaling;
    bnn_model   *model;
    real        *theta;
    bnn_team    *team;
    bnn_arena    arena;
} work;

static bnn_status choose_rows(work *w, const bench_request *request) {
    const bnn_dataset *all;
    static size_t first[ROWS];
    for (size_t i = 0; i < ROWS; i++) first[i] = i;
    bnn_status status = bench_rows(&all, request);
    return status == BNN_OK ? bnn_dataset_select(&w->rows, all, ROWS, first) : status;
}

static bnn_status make(work *w, const bench_request *request) {
    bnn_status status;
    if ((status = choose_rows(w, request))                                                        != BNN_OK) return status;
    if ((status = bench_config(&w->config, request, 0, NULL))                                     != BNN_OK) return status;
    if ((status = bnn_scaling_fit(&w->scaling, w->rows, "divide:126", "none"))                    != BNN_OK) return status;
    if ((status = bnn_model_make(&w->model, w->config, &w->rows->schema, &w->scaling))            != BNN_OK) return status;
    if ((status = bnn_team_make(&w->team, request->threads))                                      != BNN_OK) return status;
    w->theta = BNN_TAKE(&w->arena, w->model->net.n_weights, real);
    if (w->theta == NULL) return BNN_FAIL_MEMORY("the weights");
    bnn_net_init(&w->model->net, w->config, 1, 0, w->theta);
    return BNN_OK;
}

static void work_free(work *w) {
    bnn_arena_free(&w->arena);
    bnn_team_free(w->team);
    bnn_model_free(w->model);
    bnn_scaling_free(&w->scaling);
    bnn_dataset_free(w->rows);
    bnn_config_free(w->config);
}

static bnn_status time_curvature(const bench_request *request, const bnn_structure_row *row, bnn_factor_source source, size_t n_samples,
                                 bool is_last, double *seconds) {
    work w = {0};
    bnn_curvature curvature = {0};
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = make(&w, request);
    double start = bench_now();
    size_t lowest = status == BNN_OK && is_last ? w.model->net.n_layers - 1 : 0;
    if (status == BNN_OK)
        status = bnn_curvature_make(&curvature, row, &w.model->net, &w.model->likelihood, w.team, lowest, source, n_samples, 1);
    if (status == BNN_OK) status = bnn_curvature_add(&curvature, w.rows, &w.scaling, w.theta);
    *seconds = bench_now() - start;
    bnn_curvature_free(&curvature);
    work_free(&w);
    bnn_blas_leave(saved);
    return status;
}

#define CURVATURE_JOB(function, row, source, n_samples, is_last)                                                        \
    static bnn_status function(const bench_request *request, double *seconds) {                                         \
        return time_curvature(request, &row, source, n_samples, is_last, seconds);                                      \
    }

CURVATURE_JOB(diag_fisher, bnn_diag_structure, BNN_SOURCE_EMPIRICAL_FISHER, 0, false)
CURVATURE_JOB(diag_sampled, bnn_diag_structure, BNN_SOURCE_GGN, 1, false)
CURVATURE_JOB(diag_ggn, bnn_diag_structure, BNN_SOURCE_GGN, 0, false)
CURVATURE_JOB(kron_ggn, bnn_kron_structure, BNN_SOURCE_GGN, 0, false)
CURVATURE_JOB(kron_last, bnn_kron_structure, BNN_SOURCE_GGN, 0, true)
CURVATURE_JOB(full_last, bnn_full_structure, BNN_SOURCE_GGN, 0, true)

/* Per draw, so that it compares with a forward pass over the same rows. */
static bnn_status time_prediction(const bench_request *request, bool is_local, double *seconds) {
    work w = {0};
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = DRAWS, .seed = 1, .threads = request->threads, .local_first_layer = is_local };
    bnn_status status = make(&w, request);
    if (status == BNN_OK)
        status = bnn_posterior_make(&w.model->posterior, &bnn_diag_posterior, w.model->net.n_weights, w.model->likelihood.n_noise, 0);
    for (size_t i = 0; status == BNN_OK && i < w.model->net.n_weights; i++) {
        w.model->posterior.arrays[0].at[i] = w.theta[i];
        w.model->posterior.arrays[1].at[i] = -4;
    }
    if (status == BNN_OK) w.model->posterior.net = &w.model->net;
    double start = bench_now();
    if (status == BNN_OK) status = bnn_predict(&prediction, w.model, w.rows, &options);
    *seconds = (bench_now() - start) / DRAWS;
    bnn_prediction_free(prediction);
    work_free(&w);
    return status;
}

static bnn_status predict_weights(const bench_request *request, double *seconds) { return time_prediction(request, false, seconds); }
static bnn_status predict_local(const bench_request *request, double *seconds) { return time_prediction(request, true, seconds); }

const bench_job bench_model_jobs[] = {
    { "diag_fisher", diag_fisher }, { "diag_sampled", diag_sampled }, { "diag_ggn", diag_ggn }, { "kron_ggn", kron_ggn },
    { "kron_last", kron_last }, { "full_last", full_last }, { "predict", predict_weights }, { "predict_local", predict_local }, {0}
};
