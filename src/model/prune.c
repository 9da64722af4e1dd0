/* The scores of all weights sorted give a threshold; those at the threshold go in the order of their position. */
#include "model/prune.h"
#include "base/fail.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

enum { MEAN, LOG_SD };      /* arrays of diag */

/* Above any log of a ratio of numbers that have a spread. */
#define CERTAIN 1e6

/* log |mean| / sd */
static double score_of(double mean, double log_sd) {
    if (isinf(log_sd)) return mean == 0 ? -INFINITY : CERTAIN + log(fabs(mean));
    return mean == 0 ? -CERTAIN : log(fabs(mean)) - log_sd;
}

/* Scores of the weights of all layers, block after block; n comes back. scores NULL: counts only. */
static size_t gather_scores(const bnn_model *model, double *scores) {
    const real *mean = model->posterior.arrays[MEAN].at, *log_sd = model->posterior.arrays[LOG_SD].at;
    size_t n = 0;
    for (size_t b = 0; b < model->net.n_blocks; b++) {
        const bnn_block *block = &model->net.blocks[b];
        if (block->role != BNN_ROLE_WEIGHT) continue;
        for (size_t i = block->first; scores != NULL && i < block->first + block->n; i++)
            scores[n + i - block->first] = score_of((double)mean[i], (double)log_sd[i]);
        n += block->n;
    }
    return n;
}

/* Zeroes weights below the threshold, and the first n_at of those that are at it. */
static void zero_weights(bnn_model *model, double threshold, size_t n_at) {
    real *mean = model->posterior.arrays[MEAN].at, *log_sd = model->posterior.arrays[LOG_SD].at;
    for (size_t b = 0; b < model->net.n_blocks; b++) {
        const bnn_block *block = &model->net.blocks[b];
        for (size_t i = block->first; block->role == BNN_ROLE_WEIGHT && i < block->first + block->n; i++) {
            double score = score_of((double)mean[i], (double)log_sd[i]);
            bool is_at = score == threshold && n_at > 0;
            if (!is_at && score >= threshold) continue;
            n_at -= is_at;
            mean[i] = 0;
            log_sd[i] = (real)-INFINITY;
        }
    }
}

static bnn_status note_facts(bnn_model *model, double keep) {
    static const char *const gone[] = { "elbo", "kl", "nll", "log_evidence", "occam", "well_determined", "jitter", NULL };
    for (size_t i = 0; gone[i] != NULL; i++) json_object_del(model->facts, gone[i]);
    return bnn_model_note_number(model, "kept_share", keep);
}

bnn_status bnn_model_check_prunable(const bnn_model *model) {
    if (model->posterior.row == &bnn_diag_posterior) return BNN_OK;
    return BNN_FAIL(BNN_ERR_CONFIG, "pruning goes by |mean| / sd of each weight, and a posterior of kind %s has no such spread: train with "
                    "method.name = bbb, or laplace with structure = diag", model->posterior.row->head.name);
}

bnn_status bnn_model_prune(bnn_model *model, double keep) {
    bnn_status status = bnn_model_check_prunable(model);
    if (status != BNN_OK) return status;
    if (!(keep > 0 && keep <= 1)) return BNN_FAIL(BNN_ERR_USAGE, "a share of %g of the weights to keep, allowed (0, 1]", keep);
    size_t n = gather_scores(model, NULL), n_gone = n - (size_t)round(keep * (double)n), n_below = 0;
    double *scores = malloc(n * sizeof *scores);
    if (scores == NULL) return BNN_FAIL_MEMORY("pruning");
    gather_scores(model, scores);
    gsl_sort(scores, 1, n);
    while (n_below < n_gone && scores[n_below] < scores[n_gone - 1]) n_below++;
    if (n_gone > 0) zero_weights(model, scores[n_gone - 1], n_gone - n_below);
    free(scores);
    return note_facts(model, keep);
}

bnn_weight_count bnn_model_count_weights(const bnn_model *model) {
    bnn_weight_count count = {0};
    for (size_t b = 0; b < model->net.n_blocks; b++) {
        const bnn_block *block = &model->net.blocks[b];
        if (block->role != BNN_ROLE_WEIGHT) continue;
        count.n += block->n;
        for (size_t i = block->first; i < block->first + block->n; i++)
            count.n_kept += model->posterior.arrays[MEAN].at[i] != 0 || isfinite((double)model->posterior.arrays[LOG_SD].at[i]);
    }
    return count;
}
