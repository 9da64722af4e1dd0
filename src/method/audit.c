/* The arithmetic of an audit; whoever follows the fit says it in words. */
#include "method/audit.h"
#include "base/fail.h"
#include "base/linalg.h"
#include "method/catalogue.h"
#include "problem/problem.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>

#define NEAR_MEAN 0.1
#define NEAR_SD   0.05
#define AT_BOUND  1e-3

enum { MOST_SPREADS = 100000 };     /* enough for a median */

enum { MEAN, LOG_SD };      /* arrays of a diag posterior */

/* ---- layers ---------------------------------------------------------------------------------------------------------- */

static size_t count_layers(const bnn_net *net) {
    size_t n = 0;
    for (size_t b = 0; b < net->n_blocks; b++) n += net->blocks[b].role == BNN_ROLE_WEIGHT;
    return n;
}

/* sd of the prior's normal for block b; NaN for other priors, of which no posterior here could be a copy. */
static double prior_sd(const bnn_model *model, size_t b) {
    if (model->prior.row != &bnn_gaussian_prior) return NAN;
    return strtod(bnn_config_text(model->config, "prior", "sd"), NULL) * bnn_problem_prior_scale(&model->net, &model->prior, b);
}

static size_t count_idle(const bnn_model *model, const bnn_block *block, double sd) {
    const real *mean = model->posterior.arrays[MEAN].at + block->first, *log_sd = model->posterior.arrays[LOG_SD].at + block->first;
    size_t n = 0;
    for (size_t i = 0; i < block->n; i++)
        n += fabs((double)mean[i]) < NEAR_MEAN * sd && fabs(exp((double)log_sd[i]) / sd - 1) < NEAR_SD;
    return n;
}

static double block_kl(const bnn_model *model, size_t b) {
    const bnn_block *block = &model->net.blocks[b];
    bnn_key key = bnn_key_make(model->seed, BNN_PURPOSE_EVALUATE, 1, 0, 0);
    return bnn_prior_kl(&model->prior, bnn_problem_prior_scale(&model->net, &model->prior, b), block->first, block->n,
                        model->posterior.arrays[MEAN].at + block->first, model->posterior.arrays[LOG_SD].at + block->first, false, 1, &key);
}

bnn_status bnn_audit_make(bnn_audit *audit, const bnn_model *model) {
    const bnn_net *net = &model->net;
    *audit = (bnn_audit){ .n_layers = count_layers(net) };
    audit->layers = calloc(audit->n_layers, sizeof *audit->layers);
    if (audit->layers == NULL) return BNN_FAIL_MEMORY("an audit");
    bnn_audit_layer *layer = audit->layers - 1;
    for (size_t b = 0; b < net->n_blocks; b++) {
        double sd = prior_sd(model, b), kl = block_kl(model, b);
        if (net->blocks[b].role == BNN_ROLE_WEIGHT) layer++;     /* its bias comes after it */
        layer->n_weights += net->blocks[b].n;
        layer->kl += kl;
        layer->idle += isnan(sd) ? NAN : (double)count_idle(model, &net->blocks[b], sd);
        audit->kl += kl;
    }
    for (size_t l = 0; l < audit->n_layers; l++) audit->layers[l].idle /= (double)audit->layers[l].n_weights;
    return BNN_OK;
}

void bnn_audit_free(bnn_audit *audit) {
    free(audit->layers);
    *audit = (bnn_audit){0};
}

/* ---- the start ------------------------------------------------------------------------------------------------------- */

/* Rows spread evenly over the file: sorted files are common. */
static bnn_status select_rows(bnn_dataset **some, const bnn_dataset *train) {
    size_t rows[BNN_AUDIT_ROWS], n = train->n_rows < BNN_AUDIT_ROWS ? train->n_rows : BNN_AUDIT_ROWS;
    for (size_t i = 0; i < n; i++) rows[i] = i * train->n_rows / n;
    return bnn_dataset_select(some, train, n, rows);
}

static bnn_status start_nll(const bnn_model *model, const bnn_dataset *train, double *nll) {
    bnn_dataset *some = NULL;
    bnn_problem problem = {0};
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = select_rows(&some, train);
    if (status == BNN_OK)
        status = bnn_problem_make(&problem, &model->net, &model->likelihood, &model->prior, some, &model->scaling, NULL, 0);
    if (status == BNN_OK) status = bnn_problem_nll(&problem, model->posterior.arrays[MEAN].at, 0, NULL, NULL, nll);
    if (status == BNN_OK) *nll *= (double)train->n_rows / (double)some->n_rows;
    bnn_problem_free(&problem);
    bnn_dataset_free(some);
    bnn_blas_leave(saved);
    return status;
}

bnn_status bnn_audit_start(bnn_model *model, const bnn_config *config, const bnn_dataset *train, double *nll) {
    size_t n = model->net.n_weights;
    bnn_run_options run;
    double log_sd = log(strtod(bnn_config_text(config, "method", "init_sd"), NULL));
    if (!bnn_net_is_init_rule(bnn_config_text(config, "net", "init"))) return BNN_FAIL(BNN_ERR_USAGE, "the first weights are those of a run");
    bnn_status status = bnn_posterior_make(&model->posterior, &bnn_diag_posterior, n, model->likelihood.n_noise, 0);
    if (status != BNN_OK) return status;
    bnn_config_fill(config, "run", bnn_run_rows, &run);
    bnn_net_init(&model->net, config, (uint64_t)run.seed, 0, model->posterior.arrays[MEAN].at);
    for (size_t i = 0; i < n; i++) model->posterior.arrays[LOG_SD].at[i] = (real)log_sd;
    return start_nll(model, train, nll);
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

double bnn_audit_spread(const bnn_model *model, double init_sd) {
    size_t stride = model->posterior.n_weights / MOST_SPREADS + 1, n = (model->posterior.n_weights + stride - 1) / stride;
    const real *log_sd = model->posterior.arrays[LOG_SD].at;
    double *moved = malloc(n * sizeof *moved);
    if (moved == NULL) return NAN;
    for (size_t i = 0; i < n; i++) moved[i] = fabs((double)log_sd[i * stride] - log(init_sd));
    gsl_sort(moved, 1, n);
    double median = gsl_stats_median_from_sorted_data(moved, 1, n);
    free(moved);
    return median;
}

int bnn_audit_noise(const bnn_model *model, size_t j) {
    const bnn_posterior *posterior = &model->posterior;
    for (size_t s = 0; s < posterior->arrays[MEAN].copies; s++) {
        double log_sd = (double)posterior->arrays[MEAN].at[s * posterior->n_params + posterior->n_weights + j];
        if (log_sd < BNN_LOG_NOISE_SD_MIN + AT_BOUND) return -1;
        if (log_sd > BNN_LOG_NOISE_SD_MAX - AT_BOUND) return 1;
    }
    return 0;
}
