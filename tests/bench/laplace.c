/* What each curvature costs: 784-400-400-10 with a categorical likelihood, 10,000 random rows, medians of several rounds.
 *
 *     laplace [ROUNDS] */
#include "base/linalg.h"
#include "bnn.h"
#include "config/config.h"
#include "curvature/curvature.h"
#include "data/data.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 10000, INPUTS = 784, CLASSES = 10, MOST_ROUNDS = 99 };

typedef struct job { const char *name; const bnn_structure_row *row; bnn_factor_source source; size_t n_samples; bool is_last; } job;

static const job jobs[] = {
    { "diag empirical Fisher", &bnn_diag_structure, BNN_SOURCE_EMPIRICAL_FISHER, 0, false },
    { "diag GGN, 1 sampled label", &bnn_diag_structure, BNN_SOURCE_GGN, 1, false },
    { "diag GGN", &bnn_diag_structure, BNN_SOURCE_GGN, 0, false },
    { "kron factors", &bnn_kron_structure, BNN_SOURCE_GGN, 0, false },
    { "kron factors, last layer", &bnn_kron_structure, BNN_SOURCE_GGN, 0, true },
};

enum { JOBS = sizeof jobs / sizeof *jobs };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bnn_dataset *random_rows(void) {
    bnn_dataset *data = NULL;
    double *x = malloc((size_t)ROWS * INPUTS * sizeof *x), *y = malloc(ROWS * sizeof *y);
    if (x != NULL && y != NULL) {
        bnn_rng_uniforms(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, (size_t)ROWS * INPUTS, x);
        for (size_t i = 0; i < ROWS; i++) y[i] = (double)(i % CLASSES);
        bnn_dataset_make(&data, ROWS, INPUTS, x, 1, y, CLASSES);
    }
    free(x);
    free(y);
    return data;
}

static bnn_status run(const job *j, const bnn_model *model, const bnn_dataset *data, const real *theta, bnn_team *team, double *seconds) {
    bnn_curvature curvature = {0};
    double start = now();
    size_t lowest = j->is_last ? model->net.n_layers - 1 : 0;
    bnn_status status = bnn_curvature_make(&curvature, j->row, &model->net, &model->likelihood, team, lowest, j->source, j->n_samples, 1);
    if (status == BNN_OK) status = bnn_curvature_add(&curvature, data, &model->scaling, theta);
    bnn_curvature_free(&curvature);
    *seconds = now() - start;
    return status;
}

static bnn_status measure(const bnn_model *model, const bnn_dataset *data, const real *theta, bnn_team *team, int rounds) {
    static double times[JOBS][MOST_ROUNDS];
    bnn_status status = BNN_OK;
    for (int r = 0; status == BNN_OK && r < rounds; r++)
        for (size_t j = 0; status == BNN_OK && j < JOBS; j++) status = run(&jobs[j], model, data, theta, team, &times[j][r]);
    for (size_t j = 0; status == BNN_OK && j < JOBS; j++) {
        qsort(times[j], (size_t)rounds, sizeof(double), by_value);
        printf("%-28s %8.3f s   (%.3f .. %.3f)\n", jobs[j].name, times[j][rounds / 2], times[j][0], times[j][rounds - 1]);
    }
    return status;
}

int main(int argc, char **argv) {
    static const char *const sets[] = { "net.hidden=400, 400", "likelihood.name=categorical" };
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    bnn_config *config = NULL;
    bnn_model *model = NULL;
    bnn_team *team = NULL;
    bnn_scaling scaling = {0};
    bnn_dataset *data = random_rows();
    real *theta = NULL;
    bnn_status status = data == NULL ? BNN_ERR_MEMORY : BNN_OK;
    if (rounds < 1 || rounds > MOST_ROUNDS) return fprintf(stderr, "usage: laplace [ROUNDS], 1 to %d\n", MOST_ROUNDS), 2;
    bnn_blas_single_thread();
    if (status == BNN_OK) status = bnn_config_read_catalogue(&config, bnn_model_catalogue, NULL, 2, sets);
    if (status == BNN_OK) status = bnn_scaling_fit(&scaling, data, "none", "none");
    if (status == BNN_OK) status = bnn_model_make(&model, config, &data->schema, &scaling);
    if (status == BNN_OK) status = bnn_team_make(&team, 0);
    if (status == BNN_OK && (theta = calloc(model->net.n_weights, sizeof *theta)) == NULL) status = BNN_ERR_MEMORY;
    if (status == BNN_OK) {
        bnn_net_init(&model->net, config, 1, 0, theta);
        printf("784-400-400-10, %d rows, %d threads, %d rounds\n", ROWS, bnn_team_size(team), rounds);
        status = measure(model, data, theta, team, rounds);
    }
    if (status != BNN_OK) fprintf(stderr, "laplace: %s\n", bnn_error_text());
    free(theta);
    bnn_team_free(team);
    bnn_model_free(model);
    bnn_scaling_free(&scaling);
    bnn_dataset_free(data);
    bnn_config_free(config);
    return status != BNN_OK;
}
