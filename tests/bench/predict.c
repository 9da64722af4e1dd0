/* What predictions cost: 784-400-400-10 with classes on 10,000 rows, and 13-50-1 with numbers, beside our matrix products alone (bnn_gemm).
 *
 *     predict [ROUNDS [SAMPLES]]
 *
 * Medians of interleaved rounds: seconds on the wall and of all processors together. */
#include "base/linalg.h"
#include "bnn.h"
#include "config/config.h"
#include "data/data.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 10000, MOST_ROUNDS = 99, BLOCK = 500, THREADS = 2 };

typedef struct net_case { const char *name, *hidden, *likelihood; size_t n_inputs, n_classes; bool has_local; } net_case;

static const net_case cases[] = {
    { "784-400-400-10, classes", "net.hidden=400, 400", "likelihood.name=categorical", 784, 10, true },
    { "13-50-1, numbers", "net.hidden=50", "likelihood.name=gaussian", 13, 0, false },
};

enum { PRODUCTS, WEIGHTS, LOCAL, KINDS };
static const char *const names[] = { "products alone", "predictions", "first_layer = local" };

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bnn_dataset *random_rows(const net_case *c) {
    bnn_dataset *data = NULL;
    size_t n = ROWS * c->n_inputs;
    double *x = malloc(n * sizeof *x), *y = malloc(ROWS * sizeof *y);
    if (x != NULL && y != NULL) {
        bnn_rng_uniforms(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, n, x);
        for (size_t i = 0; i < ROWS; i++) y[i] = c->n_classes > 0 ? (double)(i % c->n_classes) : x[i];
        bnn_dataset_make(&data, ROWS, c->n_inputs, x, 1, y, c->n_classes);
    }
    free(x);
    free(y);
    return data;
}

static bnn_status make_model(bnn_model **model, const net_case *c, const bnn_dataset *data) {
    const char *const sets[] = { c->hidden, c->likelihood };
    bnn_config *config = NULL;
    bnn_scaling scaling = {0};
    bnn_status status = bnn_config_read_catalogue(&config, bnn_model_catalogue, NULL, 2, sets);
    if (status == BNN_OK) status = bnn_scaling_fit(&scaling, data, "none", "none");
    if (status == BNN_OK) status = bnn_model_make(model, config, &data->schema, &scaling);
    if (status == BNN_OK) {
        bnn_posterior *posterior = &(*model)->posterior;
        status = bnn_posterior_make(posterior, &bnn_diag_posterior, (*model)->net.n_weights, (*model)->likelihood.n_noise, 0);
        if (status == BNN_OK) bnn_net_init(&(*model)->net, config, 1, 0, posterior->arrays[0].at);
        for (size_t i = 0; status == BNN_OK && i < (*model)->net.n_weights; i++) posterior->arrays[1].at[i] = -4;
    }
    bnn_scaling_free(&scaling);
    bnn_config_free(config);
    return status;
}

/* ---- the products alone ------------------------------------------------------------------------------------------------ */

typedef struct products_job { const bnn_net *net; const real *x, *w; real *y; } products_job;

/* A block of rows through all layers, as if nothing else were to do. */
static void products_tile(void *context, size_t tile, int thread) {
    const products_job *job = context;
    const real *x = job->x + tile % (ROWS / BLOCK) * BLOCK * job->net->n_inputs;
    (void)thread;
    for (size_t l = 0; l < job->net->n_layers; l++) {
        const bnn_layer *layer = &job->net->layers[l];
        real *y = job->y + (tile % THREADS * 2 + l % 2) * BLOCK * 1000;
        bnn_gemm(BNN_PLAIN, BNN_TRANSPOSED, BLOCK, layer->n_out, layer->n_in, x, layer->n_in, job->w + layer->weight, layer->n_in, y,
                 layer->n_out);
        x = y;
    }
}

static bnn_status run_products(const bnn_model *model, size_t samples, bnn_team *team, const real *x) {
    products_job job = { &model->net, x, model->posterior.arrays[0].at, calloc(THREADS * 2 * BLOCK * 1000, sizeof(real)) };
    if (job.y != NULL) bnn_team_run(team, samples * ROWS / BLOCK, products_tile, &job);
    free(job.y);
    return job.y == NULL ? BNN_ERR_MEMORY : BNN_OK;
}

/* ------------------------------------------------------------------------------------------------------------------------ */

static bnn_status run(int kind, const bnn_model *model, const bnn_dataset *data, size_t samples, bnn_team *team, const real *x) {
    if (kind == PRODUCTS) return run_products(model, samples, team, x);
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = (long long)samples, .quantiles = { 3, (double[]){ 0.05, 0.5, 0.95 } }, .seed = -1,
                                    .threads = THREADS, .local_first_layer = kind == LOCAL };
    bnn_status status = bnn_predict(&prediction, model, data, &options);
    bnn_prediction_free(prediction);
    return status;
}

static void print_times(int kind, int rounds, double *wall, const double *used, double floor) {
    qsort(wall, (size_t)rounds, sizeof *wall, by_value);
    printf("  %-20s %8.3f s (%.3f .. %.3f), processors %8.3f s = %.2f of the products\n", names[kind], wall[rounds / 2], wall[0],
           wall[rounds - 1], used[rounds / 2], used[rounds / 2] / floor);
}

static bnn_status measure(const net_case *c, int rounds, size_t samples, bnn_team *team) {
    static double wall[KINDS][MOST_ROUNDS], used[KINDS][MOST_ROUNDS];
    bnn_dataset *data = random_rows(c);
    bnn_model *model = NULL;
    bnn_status status = data == NULL ? BNN_ERR_MEMORY : make_model(&model, c, data);
    real *x = calloc(ROWS * c->n_inputs, sizeof *x);
    int kinds = c->has_local ? KINDS : LOCAL;
    if (status == BNN_OK && x != NULL) bnn_scaling_gather(&model->scaling, data, ROWS, NULL, x, NULL);
    for (int i = 0; status == BNN_OK && x != NULL && i < rounds * kinds; i++) {
        double wall_start = seconds(CLOCK_MONOTONIC), used_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        status = run(i % kinds, model, data, samples, team, x);
        wall[i % kinds][i / kinds] = seconds(CLOCK_MONOTONIC) - wall_start;
        used[i % kinds][i / kinds] = seconds(CLOCK_PROCESS_CPUTIME_ID) - used_start;
    }
    for (int kind = 0; kind < kinds; kind++) qsort(used[kind], (size_t)rounds, sizeof(double), by_value);
    printf("%s, %d rows, %zu samples, %d threads\n", c->name, ROWS, samples, THREADS);
    for (int kind = 0; status == BNN_OK && kind < kinds; kind++)
        print_times(kind, rounds, wall[kind], used[kind], used[PRODUCTS][rounds / 2]);
    free(x);
    bnn_model_free(model);
    bnn_dataset_free(data);
    return status;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 3, samples = argc > 2 ? atoi(argv[2]) : 100;
    bnn_team *team = NULL;
    if (rounds < 1 || rounds > MOST_ROUNDS || samples < 1) return fprintf(stderr, "usage: predict [ROUNDS [SAMPLES]]\n"), 2;
    bnn_blas_single_thread();
    bnn_status status = bnn_team_make(&team, THREADS);
    for (size_t c = 0; status == BNN_OK && c < sizeof cases / sizeof *cases; c++) status = measure(&cases[c], rounds, (size_t)samples, team);
    if (status != BNN_OK) fprintf(stderr, "predict: %s\n", bnn_error_text());
    bnn_team_free(team);
    return status != BNN_OK;
}
