/* A model as configured, put through its gradient check and a few steps of its fit. */
#include "run/diagnose.h"
#include "base/fail.h"
#include "base/linalg.h"
#include "run/setup.h"

#include <stdlib.h>

enum { CHECK_ROWS = 16 };
#define SPREAD ((real)0.05)    /* off the initial weights: biases start at 0, where relu units with constant inputs have their kink */

typedef struct bench {
    const bnn_setup *setup;
    bnn_model       *model;
    bnn_problem      problem;
    real            *theta, *noise;
    size_t           rows[CHECK_ROWS];
    bnn_arena        arena;
} bench;

static bnn_status set_up(bench *b, size_t *n_rows) {
    const bnn_dataset *train = b->setup->parts.train;
    bnn_status status = bnn_setup_model(&b->model, b->setup);
    if (status != BNN_OK) return status;
    const bnn_model *model = b->model;
    *n_rows = train->n_rows < CHECK_ROWS ? train->n_rows : CHECK_ROWS;
    for (size_t i = 0; i < *n_rows; i++) b->rows[i] = i * train->n_rows / *n_rows;
    return bnn_problem_make(&b->problem, &model->net, &model->likelihood, &model->prior, train, &model->scaling, NULL, *n_rows);
}

static bnn_status choose_theta(bench *b) {
    size_t n = b->problem.n_params;
    uint64_t seed = (uint64_t)b->setup->run.seed;
    b->theta = BNN_TAKE(&b->arena, n, real);
    b->noise = BNN_TAKE(&b->arena, n, real);
    if (b->arena.has_failed) return BNN_FAIL_MEMORY("the gradient check");
    bnn_net_init(&b->model->net, b->setup->config, seed, 0, b->theta);
    bnn_rng_normals(bnn_key_make(seed, BNN_PURPOSE_TEST, 0, 0, 1), 0, n, b->noise);
    for (size_t i = 0; i < n; i++) b->theta[i] += SPREAD * b->noise[i];
    return BNN_OK;
}

static bnn_status check_gradient(bnn_diagnosis *diagnosis, const bnn_setup *setup) {
    bench b = { .setup = setup };
    bnn_status status;
    bnn_blas_threads saved = bnn_blas_enter();
    if ((status = set_up(&b, &diagnosis->n_rows)) != BNN_OK) goto done;
    if ((status = choose_theta(&b))               != BNN_OK) goto done;
    diagnosis->n_checks = b.model->net.n_blocks + (b.model->likelihood.n_noise > 0);
    diagnosis->checks = calloc(diagnosis->n_checks, sizeof *diagnosis->checks);
    if (diagnosis->checks == NULL) status = BNN_FAIL_MEMORY("the gradient check");
    else status = bnn_gradient_check(diagnosis->checks, &b.problem, b.theta, diagnosis->n_rows, b.rows, (uint64_t)setup->run.seed);
done:
    bnn_problem_free(&b.problem);
    bnn_model_free(b.model);
    bnn_arena_free(&b.arena);
    bnn_blas_leave(saved);
    return status;
}

bnn_status bnn_run_diagnose(bnn_diagnosis *diagnosis, const bnn_run_request *request) {
    bnn_setup setup = {0};
    bnn_status status;
    if ((status = bnn_setup_read(&setup, request))                         != BNN_OK) goto done;
    if ((status = bnn_setup_read_data(&setup))                             != BNN_OK) goto done;
    if ((status = check_gradient(diagnosis, &setup))                       != BNN_OK) goto done;
    status = bnn_setup_forecast(&diagnosis->forecast, &setup);
done:
    if (status != BNN_OK) bnn_diagnosis_free(diagnosis);
    bnn_setup_free(&setup);
    return status;
}

void bnn_diagnosis_free(bnn_diagnosis *diagnosis) {
    bnn_run_forecast_free(&diagnosis->forecast);
    free(diagnosis->checks);
    *diagnosis = (bnn_diagnosis){0};
}
