/* BFGS, GSL's vector_bfgs2: quasi-Newton steps with the line search of Fletcher (1987, algorithms 2.6.2 and 2.6.4). */
#include "optimizer/minimiser.h"

static const bnn_option rows[] = { BNN_MINIMISER_ROWS, {0} };

static const gsl_multimin_fdfminimizer_type *bfgs_algorithm(const void *options) {
    (void)options;
    return gsl_multimin_fdfminimizer_vector_bfgs2;
}

const bnn_optimizer_row bnn_bfgs_optimizer = {
    .head = { "bfgs", "quasi-Newton, for map with batch = full: exact minima of small nets; one epoch is one iteration, lr the length of "
              "the first trial step; the double build reaches tight tolerances", rows, sizeof(bnn_minimiser_options) },
    .algorithm = bfgs_algorithm,
};
