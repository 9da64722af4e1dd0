/* Deep ensembles (Lakshminarayanan et al. 2017): several map nets, each with its own initial weights and order of rows, as equally likely
 * draws. Members are trained one after the other. */
#include "method/map.h"

typedef struct ensemble_options { long long members; } ensemble_options;

static const bnn_option rows[] = {
    BNN_OPTION_INT_ROW(ensemble_options, members, "5", 2, 1000, "nets", "how many nets"),
    {0}
};

static size_t ensemble_members(const bnn_config *config) {
    ensemble_options options;
    bnn_config_fill(config, "method", rows, &options);
    return (size_t)options.members;
}

const bnn_method_row bnn_ensemble_method = {
    .head = { "ensemble", "several map nets from different starts: the plainest good uncertainty, at their joint cost", rows,
              sizeof(ensemble_options) },
    .posterior = &bnn_draws_posterior, BNN_MAP_FIT, .members = ensemble_members, .joint = &bnn_draws_posterior,
};
