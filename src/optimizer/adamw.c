/* AdamW (Loshchilov & Hutter 2019, algorithm 2), as in PyTorch: Adam, and beside it theta *= 1 - lr weight_decay.
 *
 * Only weights decay (n_decayed of the optimizer): a log sd or a learnt noise has no business near 0. */
#include "optimizer/adam.h"

static const bnn_option rows[] = {
    BNN_ADAM_ROWS,
    BNN_OPTION_NUMBER_ROW(bnn_adam_options, weight_decay, "0.01", 0, 1000, "",
                          "each step takes lr times this part off the weights, beside the gradient; a gaussian prior has such a decay "
                          "already: use prior.name = flat to have this one alone"),
    {0}
};

const bnn_optimizer_row bnn_adamw_optimizer = {
    .head = { "adamw", "adam with weight decay that the steps do not rescale; with a gaussian prior decay is already there, so mostly "
              "for a flat one", rows, sizeof(bnn_adam_options) },
    .n_states = 2, .begin = bnn_adam_begin, .step = bnn_adam_step,
};
