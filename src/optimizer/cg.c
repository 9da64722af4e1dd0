/* Nonlinear conjugate gradients, GSL's conjugate_pr (Polak & Ribiere 1969) and conjugate_fr (Fletcher & Reeves 1964). */
#include "optimizer/minimiser.h"

enum { PR, FR };

static const bnn_option rows[] = {
    BNN_MINIMISER_ROWS,
    BNN_OPTION_CHOICE_ROW(bnn_minimiser_options, formula, "pr", "pr|fr", "next direction by Polak and Ribiere or by Fletcher and Reeves"),
    {0}
};

static const gsl_multimin_fdfminimizer_type *cg_algorithm(const void *options) {
    const bnn_minimiser_options *o = options;
    return o->formula == FR ? gsl_multimin_fdfminimizer_conjugate_fr : gsl_multimin_fdfminimizer_conjugate_pr;
}

const bnn_optimizer_row bnn_cg_optimizer = {
    .head = { "cg", "conjugate gradients, for map with batch = full: needs more iterations than bfgs; one epoch is one iteration, lr the "
              "length of the first trial step; the double build reaches tight tolerances", rows, sizeof(bnn_minimiser_options) },
    .algorithm = cg_algorithm,
};
