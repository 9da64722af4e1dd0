/* The table of likelihoods and their making. */
#include "likelihood/likelihood.h"
#include "base/fail.h"

#include <math.h>
#include <stdio.h>

const bnn_variant *const bnn_likelihoods[] = {
    &bnn_gaussian_likelihood.head, &bnn_heteroscedastic_likelihood.head, &bnn_student_t_likelihood.head,
    &bnn_poisson_likelihood.head, &bnn_bernoulli_likelihood.head, &bnn_categorical_likelihood.head,
    &bnn_softmax_gaussian_likelihood.head, NULL };

const bnn_axis bnn_likelihood_axes[] = {
    { .key = "name", .variants = bnn_likelihoods, .help = "what the outputs of the net mean for the target", .topic = "likelihood" }, {0}
};

bnn_status bnn_likelihood_make(bnn_likelihood *likelihood, const bnn_config *config, size_t n_targets, size_t n_classes) {
    const bnn_likelihood_row *row = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    *likelihood = (bnn_likelihood){ .row = row, .n_targets = n_targets, .n_classes = n_classes };
    if (row->head.size > 0) {
        likelihood->options = bnn_arena_take(&likelihood->arena, 1, row->head.size);
        if (likelihood->options == NULL) return BNN_FAIL_MEMORY("the likelihood");
        bnn_config_fill(config, "likelihood", row->head.options, likelihood->options);
    }
    const char *reason = row->start(likelihood);
    if (reason == NULL) return BNN_OK;
    bnn_likelihood_free(likelihood);
    return bnn_config_fail(config, "likelihood", "name", "%s", reason);
}

void bnn_likelihood_free(bnn_likelihood *likelihood) {
    bnn_arena_free(&likelihood->arena);
    *likelihood = (bnn_likelihood){0};
}

const char *bnn_likelihood_scale_y(const bnn_config *config) {
    const bnn_likelihood_row *row = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    return row->wants_counts ? "none" : bnn_config_text(config, "data", "scale_y");
}

static bnn_status fail_target(const bnn_likelihood *likelihood, const bnn_dataset *rows, size_t i, size_t j) {
    char where[32];
    if (rows->lines != NULL) snprintf(where, sizeof where, ":%zu", rows->lines[i]);
    else snprintf(where, sizeof where, ": row %zu", rows->file_rows[i]);
    return BNN_FAIL(BNN_ERR_DATA, "%s%s: column '%s': %g; %s takes counts: whole numbers from 0", rows->path, where,
                    rows->schema.target_names[j], rows->y[i * likelihood->n_targets + j], likelihood->row->head.name);
}

bnn_status bnn_likelihood_check_targets(const bnn_likelihood *likelihood, const bnn_dataset *rows) {
    if (!likelihood->row->wants_counts || rows->y == NULL) return BNN_OK;
    for (size_t i = 0; i < rows->n_rows; i++) {
        for (size_t j = 0; j < likelihood->n_targets; j++) {
            double y = rows->y[i * likelihood->n_targets + j];
            if (y < 0 || y != floor(y)) return fail_target(likelihood, rows, i, j);
        }
    }
    return BNN_OK;
}

void bnn_likelihood_bound_noise(size_t n, real *log_noise_sd) {
    for (size_t j = 0; j < n; j++) {
        if (log_noise_sd[j] < (real)BNN_LOG_NOISE_SD_MIN) log_noise_sd[j] = (real)BNN_LOG_NOISE_SD_MIN;
        if (log_noise_sd[j] > (real)BNN_LOG_NOISE_SD_MAX) log_noise_sd[j] = (real)BNN_LOG_NOISE_SD_MAX;
    }
}
