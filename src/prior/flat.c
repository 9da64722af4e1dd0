/* p(w) = 1 everywhere, improper: maximum likelihood with map. */
#include "prior/prior.h"

static double flat_log_prob(const bnn_prior *prior, double scale, size_t n, const real *w) {
    (void)prior, (void)scale, (void)n, (void)w;
    return 0;
}

static void flat_add_grad(const bnn_prior *prior, double scale, real factor, size_t n, const real *w, real *g) {
    (void)prior, (void)scale, (void)factor, (void)n, (void)w, (void)g;
}

const bnn_prior_row bnn_flat_prior = {
    .head = { "flat", "no preference at all: maximum likelihood; improper, so it gives map no evidence", NULL, 0 },
    .log_prob = flat_log_prob, .add_grad = flat_add_grad,
};
