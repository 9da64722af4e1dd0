/* What each estimator buys: the variance of its gradient at a fixed batch, and what a step costs.
 *
 *     gradient_variance CONFIG.ini [section.key=value ...]
 *
 * Trains the configuration first, so that the variance is that of a real posterior, then draws the gradient of one batch many times with
 * two samples a step, independent or as an antithetic pair. Variances are summed over all weights and given as a ratio to
 * reparam with independent samples; the time of a step is the median of the repetitions. */
#include "base/clock.h"
#include "base/linalg.h"
#include "bnn.h"
#include "data/data.h"
#include "estimator/estimator.h"
#include "method/fit.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPETITIONS = 100, SAMPLES = 2 };

typedef struct moments { real *g; double *sum, *squares; size_t n; } moments;     /* of one gradient vector */

typedef struct collector { moments mu, log_sd; } collector;

static void take_tile(void *context, size_t first, size_t n, real *dmu, real *dlog_sd) {
    collector *c = context;
    for (size_t i = 0; i < n && first + i < c->mu.n; i++) c->mu.g[first + i] += dmu[i];
    for (size_t i = 0; dlog_sd != NULL && i < n; i++) c->log_sd.g[first + i] += dlog_sd[i];
}

static bool moments_make(moments *m, size_t n) {
    *m = (moments){ .g = calloc(n, sizeof *m->g), .sum = calloc(n, sizeof *m->sum), .squares = calloc(n, sizeof *m->squares), .n = n };
    return m->g != NULL && m->sum != NULL && m->squares != NULL;
}

static void moments_free(moments *m) {
    free(m->g);
    free(m->sum);
    free(m->squares);
}

static void moments_add(moments *m) {
    for (size_t i = 0; i < m->n; i++) {
        double g = (double)m->g[i];
        m->sum[i] += g;
        m->squares[i] += g * g;
    }
    memset(m->g, 0, m->n * sizeof *m->g);
}

static double total_variance(const moments *m, double n) {
    double total = 0;
    for (size_t i = 0; i < m->n; i++) total += (m->squares[i] - m->sum[i] * m->sum[i] / n) / (n - 1);
    return total;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct result { double var_mu, var_log_sd, seconds; } result;

static bnn_status measure(result *out, bnn_problem *problem, const bnn_posterior *q, const bnn_estimator_row *row, bool is_antithetic,
                          size_t batch) {
    bnn_estimator e;
    collector c = {0};
    bnn_elbo_sink sink = { take_tile, &c };
    double times[REPETITIONS];
    size_t rows[batch];
    for (size_t i = 0; i < batch; i++) rows[i] = i;
    bnn_status status = bnn_estimator_make(&e, row, problem, q->arrays[0].at, q->arrays[1].at);
    e.n_samples = SAMPLES;
    e.is_antithetic = is_antithetic;
    e.seed = 7;
    if (!moments_make(&c.mu, problem->n_weights) || !moments_make(&c.log_sd, problem->n_weights)) status = BNN_ERR_MEMORY;
    for (uint64_t r = 0; status == BNN_OK && r < REPETITIONS; r++) {
        double nll, start = bnn_seconds_now();
        status = row->elbo_grad(&e, r + 1, batch, rows, 1, &sink, &nll);
        times[r] = bnn_seconds_now() - start;
        moments_add(&c.mu);
        moments_add(&c.log_sd);
    }
    qsort(times, REPETITIONS, sizeof *times, by_value);
    *out = (result){ total_variance(&c.mu, REPETITIONS), total_variance(&c.log_sd, REPETITIONS), times[REPETITIONS / 2] };
    moments_free(&c.mu);
    moments_free(&c.log_sd);
    bnn_estimator_free(&e);
    return status;
}

static bnn_status table(const bnn_model *model, const bnn_dataset *train, size_t batch) {
    bnn_problem problem = {0};
    bnn_team *team = NULL;
    result base = {0};
    bnn_status status = bnn_team_make(&team, 0);
    if (status == BNN_OK)
        status = bnn_problem_make(&problem, &model->net, &model->likelihood, &model->prior, train, &model->scaling, team, batch);
    printf("%-14s %-10s %12s %14s %10s\n", "estimator", "samples", "var d mu", "var d log_sd", "time");
    for (size_t i = 0; status == BNN_OK && bnn_estimators[i] != NULL; i++) {
        for (int pair = 0; status == BNN_OK && pair < 2; pair++) {
            result r;
            status = measure(&r, &problem, &model->posterior, (const bnn_estimator_row *)bnn_estimators[i], pair == 1, batch);
            if (i == 0 && pair == 0) base = r;
            printf("%-14s %-10s %12.3f %14.3f %9.2fx\n", bnn_estimators[i]->name, pair ? "pair" : "2", r.var_mu / base.var_mu,
                   r.var_log_sd / base.var_log_sd, r.seconds / base.seconds);
        }
    }
    printf("(ratios to reparam with 2 independent samples: %.3g ms a step)\n", 1e3 * base.seconds);
    bnn_problem_free(&problem);
    bnn_team_free(team);
    return status;
}

int main(int argc, char **argv) {
    bnn_config *config = NULL;
    bnn_data_parts parts = {0};
    bnn_model *model = NULL;
    bnn_data_options options;
    bnn_train_options train;
    bnn_status status;
    if (argc < 2) return fprintf(stderr, "usage: gradient_variance CONFIG.ini [section.key=value ...]\n"), 2;
    if ((status = bnn_config_read(&config, argv[1], (size_t)argc - 2, (const char *const *)argv + 2)) != BNN_OK) goto done;
    const bnn_likelihood_row *likelihood = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    bnn_config_fill(config, "data", bnn_data_rows, &options);
    bnn_config_fill(config, "train", bnn_train_rows, &train);
    if ((status = bnn_data_parts_read(&parts, &options, 1, likelihood->wants_classes)) != BNN_OK) goto done;
    if ((status = bnn_fit(&model, config, parts.train, NULL, NULL)) != BNN_OK) goto done;
    bnn_blas_single_thread();
    size_t batch = train.batch.word >= 0 ? 128 : (size_t)train.batch.number;
    printf("%s, batch %zu\n", argv[1], batch);
    status = table(model, parts.train, batch < parts.train->n_rows ? batch : parts.train->n_rows);
done:
    if (status != BNN_OK) fprintf(stderr, "gradient_variance: %s\n", bnn_error_text());
    bnn_model_free(model);
    bnn_data_parts_free(&parts);
    bnn_config_free(config);
    return status != BNN_OK;
}
