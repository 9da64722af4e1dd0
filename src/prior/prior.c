/* The table of priors and their making. */
#include "prior/prior.h"
#include "base/fail.h"

#include <assert.h>
#include <math.h>

const bnn_variant *const bnn_priors[] = {
    &bnn_gaussian_prior.head, &bnn_laplace_prior.head, &bnn_student_t_prior.head, &bnn_scale_mixture_prior.head,
    &bnn_flat_prior.head, NULL };

const bnn_axis bnn_prior_axes[] = { { .key = "name", .variants = bnn_priors, .help = "the distribution of a weight before data", .topic = "prior" }, {0} };

const bnn_option bnn_prior_rows[] = {
    BNN_OPTION_BOOL_ROW(bnn_prior_scaling, fan_in, "no", "divide the prior's sd of every weight by sqrt(inputs of its unit), so that sd 1 "
                        "keeps the variance from layer to layer"),
    BNN_OPTION_POSITIVE_ROW(bnn_prior_scaling, bias_scale, "1", 1e6, "", "factor on the prior's sd of biases"),
    BNN_OPTION_NUMBERS_ROW(bnn_prior_scaling, layer_scale, "", 1e-6, 1e6, "", "factors on the prior's sd, one for each layer with weights; "
                           "empty: all 1"),
    {0}
};

bnn_status bnn_prior_make(bnn_prior *prior, const bnn_config *config) {
    const bnn_prior_row *row = (const bnn_prior_row *)bnn_config_variant(config, "prior", "name");
    *prior = (bnn_prior){ .row = row };
    bnn_config_fill(config, "prior", bnn_prior_rows, &prior->scaling);
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

double bnn_prior_scale(const bnn_prior *prior, size_t layer, bool is_bias, size_t fan_in) {
    const bnn_prior_scaling *scaling = &prior->scaling;
    double scale = is_bias ? scaling->bias_scale : scaling->fan_in ? 1 / sqrt((double)fan_in) : 1;
    assert(scaling->layer_scale.n == 0 || layer < scaling->layer_scale.n);
    return scaling->layer_scale.n == 0 ? scale : scale * scaling->layer_scale.at[layer];
}
