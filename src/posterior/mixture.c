/* An equal mixture of K mean-field posteriors: several bbb fits from different starts, each with its own noise.
 *
 *     theta ~ 1/K sum_m N(mean_m, diag exp(2 log_sd_m))
 *
 * One normal per weight covers one mode; restarts find others, and what they disagree on is uncertainty that none of them sees alone.
 * Draw s is of member s % K. Not normal, so there is no linearised output covariance. */
#include "posterior/posterior.h"

#include <math.h>

enum { MEAN, LOG_SD };

static void mixture_start(bnn_posterior *posterior) {
    posterior->n_arrays = 2;
    posterior->arrays[MEAN] = (bnn_posterior_array){ .suffix = "means", .copies = posterior->n_draws, .has_noise = true };
    posterior->arrays[LOG_SD] = (bnn_posterior_array){ .suffix = "log_sds", .copies = posterior->n_draws, .has_noise = false };
}

static void mixture_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    size_t origin = s % posterior->n_draws * posterior->n_params;
    bnn_posterior member = *posterior;
    member.arrays[MEAN].at += origin;
    member.arrays[LOG_SD].at += origin;
    bnn_diag_posterior.draw(&member, seed, s, first, n, out);
}

/* The variance within members, on average, and that of their means. */
static double var_at(const bnn_posterior *posterior, size_t i, double mean) {
    double sum = 0;
    for (size_t m = 0; m < posterior->n_draws; m++) {
        size_t at = m * posterior->n_params + i;
        double d = (double)posterior->arrays[MEAN].at[at] - mean;
        sum += d * d + (i < posterior->n_weights ? exp(2 * (double)posterior->arrays[LOG_SD].at[at]) : 0);
    }
    return sum / (double)posterior->n_draws;
}

static void mixture_sd(const bnn_posterior *posterior, size_t first, size_t n, real *out) {
    for (size_t i = first; i < first + n; i++) out[i - first] = (real)sqrt(var_at(posterior, i, bnn_posterior_stored_mean(posterior, i)));
}

const bnn_posterior_row bnn_mixture_posterior = {
    .head = { "mixture", "several fits of independent normals, each equally likely", NULL, 0 },
    .start = mixture_start, .draw = mixture_draw, .mean = bnn_posterior_mean_of_stored, .sd = mixture_sd,
};
