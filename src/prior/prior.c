/* The table of priors and their making. */
#include "prior/prior.h"
#include "base/fail.h"

const bnn_variant *const bnn_priors[] = {
    &bnn_gaussian_prior.head, &bnn_scale_mixture_prior.head, &bnn_flat_prior.head, NULL };

const bnn_axis bnn_prior_axes[] = { { .key = "name", .variants = bnn_priors, .help = "the distribution of a weight before data", .topic = "prior" }, {0} };

bnn_status bnn_prior_make(bnn_prior *prior, const bnn_config *config) {
    const bnn_prior_row *row = (const bnn_prior_row *)bnn_config_variant(config, "prior", "name");
    *prior = (bnn_prior){ .row = row };
    if (row->head.size > 0) {
        prior->options = bnn_arena_take(&prior->arena, 1, row->head.size);
        if (prior->options == NULL) return BNN_FAIL_MEMORY("the prior");
        bnn_config_fill(config, "prior", row->head.options, prior->options);
    }
    return BNN_OK;
}

void bnn_prior_free(bnn_prior *prior) {
    bnn_arena_free(&prior->arena);
    *prior = (bnn_prior){0};
}
