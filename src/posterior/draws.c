/* K stored weight vectors, each equally likely. K = 1 is a point: what map writes. */
#include "posterior/posterior.h"

#include <string.h>

static void draws_start(bnn_posterior *posterior) {
    bool is_point = posterior->n_draws == 1;
    posterior->n_arrays = 1;
    posterior->arrays[0] = (bnn_posterior_array){ .suffix = is_point ? "" : "draws", .copies = posterior->n_draws, .has_noise = true };
}

static void draws_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    const real *theta = posterior->arrays[0].at + (s % posterior->n_draws) * posterior->n_params;
    (void)seed;
    memcpy(out, theta + first, n * sizeof *out);
}

const bnn_posterior_row bnn_draws_posterior = {
    .head = { "draws", "stored weight vectors; one of them is a point estimate", NULL, 0 },
    .is_list = true, .start = draws_start, .draw = draws_draw, .mean = bnn_posterior_mean_of_stored,
};
