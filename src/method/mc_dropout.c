/* Monte Carlo dropout (Gal & Ghahramani 2016): train a net with dropout like map, and keep dropping units in prediction. */
#include "method/map.h"

static bnn_status mc_dropout_check(const bnn_config *config, const bnn_net *net, bool has_valid_rows) {
    (void)has_valid_rows;
    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layers[l].row == &bnn_dropout_row) return BNN_OK;
    return bnn_config_fail(config, "method", "name", "mc_dropout needs a net that drops units: add net.dropout (0.1, say), net.input_dropout "
                           "or a dropout layer to net.layers");
}

const bnn_method_row bnn_mc_dropout_method = {
    .head = { "mc_dropout", "a net trained with dropout that goes on dropping units in prediction: cheap, a rough posterior", NULL, 0 },
    .posterior = &bnn_dropout_posterior, BNN_MAP_FIT, .check = mc_dropout_check,
};
