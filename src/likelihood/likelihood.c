/* The table of likelihoods and their making. */
#include "likelihood/likelihood.h"
#include "base/fail.h"

const bnn_variant *const bnn_likelihoods[] = {
    &bnn_gaussian_likelihood.head, &bnn_bernoulli_likelihood.head, &bnn_categorical_likelihood.head, NULL };

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

void bnn_likelihood_bound_noise(size_t n, real *log_noise_sd) {
    for (size_t j = 0; j < n; j++) {
        if (log_noise_sd[j] < (real)BNN_LOG_NOISE_SD_MIN) log_noise_sd[j] = (real)BNN_LOG_NOISE_SD_MIN;
        if (log_noise_sd[j] > (real)BNN_LOG_NOISE_SD_MAX) log_noise_sd[j] = (real)BNN_LOG_NOISE_SD_MAX;
    }
}
