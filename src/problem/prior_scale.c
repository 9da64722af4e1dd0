/* How wide the prior of each block is: the rule of [prior] fan_in, bias_scale and layer_scale, with the net's own numbers put in. */
#include "problem/problem.h"

/* Layers with weights among blocks 0 .. n - 1. */
static size_t layers_among(const bnn_net *net, size_t n) {
    size_t count = 0;
    for (size_t b = 0; b < n; b++) count += net->blocks[b].role == BNN_ROLE_WEIGHT;
    return count;
}

double bnn_problem_prior_scale(const bnn_net *net, const bnn_prior *prior, size_t b) {
    const bnn_block *block = &net->blocks[b];
    return bnn_prior_scale(prior, layers_among(net, b + 1) - 1, block->role == BNN_ROLE_BIAS, block->fan_in);
}

bnn_status bnn_problem_check_prior(const bnn_net *net, const bnn_prior *prior, const bnn_config *config) {
    size_t n = prior->scaling.layer_scale.n, n_layers = layers_among(net, net->n_blocks);
    if (n == 0 || n == n_layers) return BNN_OK;
    return bnn_config_fail(config, "prior", "layer_scale", "%zu factors for %zu layers with weights: one each, or none at all", n, n_layers);
}
