/* The KL divergence from a mean-field normal to the prior, closed form or by Monte Carlo.
 *
 * KL = -entropy + cross-entropy; the entropy, sum(log_sd + 1/2 log 2 pi e), is always exact. */
#include "base/span.h"
#include "prior/prior.h"

#include <math.h>

enum { TILE = 1024 };

static double neg_entropy(size_t n, const real *log_sd) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)log_sd[i];
    return -(sum + 0.5 * (double)n * log(2 * M_PI * M_E));
}

/* -log p at one draw */
static double cross_entropy(const bnn_prior *prior, double scale, bnn_key key, uint64_t first, size_t n, const real *mu,
                            const real *log_sd) {
    real w[TILE];
    double sum = 0;
    for (size_t i = 0; i < n; i += TILE) {
        size_t m = n - i < TILE ? n - i : TILE;
        bnn_rng_normals(key, first + i, m, w);
        bnn_span_spread(m, mu + i, log_sd + i, 1, w);
        sum -= prior->row->log_prob(prior, scale, m, w);
    }
    return sum;
}

double bnn_prior_kl(const bnn_prior *prior, double scale, uint64_t first, size_t n, const real *mu, const real *log_sd,
                    bool is_monte_carlo, size_t n_draws, const bnn_key *keys) {
    if (prior->row->kl != NULL && !is_monte_carlo) return prior->row->kl(prior, scale, n, mu, log_sd);
    double sum = 0;
    for (size_t s = 0; s < n_draws; s++) sum += cross_entropy(prior, scale, keys[s], first, n, mu, log_sd);
    return neg_entropy(n, log_sd) + sum / (double)n_draws;
}
