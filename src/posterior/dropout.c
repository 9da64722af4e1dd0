/* Monte Carlo dropout (Gal & Ghahramani 2016): a draw is theta with the units that a dropout layer drops taken out: their columns in the
 * next layer's weights are 0, the others divided by 1 - rate. The mean of theta is theta itself. */
#include "layer/net.h"
#include "posterior/posterior.h"

#include <string.h>

enum { PIECE = 256 };

static void dropout_start(bnn_posterior *posterior) {
    posterior->n_arrays = 1;
    posterior->arrays[0] = (bnn_posterior_array){ .suffix = "", .copies = 1, .has_noise = true };
}

/* Columns first_col.. of one row: w [n] times their units' factors, which are functions of (key, unit). */
static void drop_columns(const bnn_layer *dropout, bnn_key key, size_t first_col, size_t n, real *w) {
    double u[PIECE];
    real keep = (real)(1 / (1 - dropout->rate));
    for (size_t i = 0; i < n; i += PIECE) {
        size_t m = n - i < PIECE ? n - i : PIECE;
        bnn_rng_uniforms(key, ((uint64_t)dropout->number << 40) + first_col + i, m, u);
        for (size_t j = 0; j < m; j++) w[i + j] = u[j] < dropout->rate ? 0 : w[i + j] * keep;
    }
}

/* The part of theta[first .. first + n) that lies in the weights of `next`, row by row. */
static void drop_inputs(const bnn_layer *dropout, const bnn_layer *next, bnn_key key, size_t first, size_t n, real *out) {
    size_t end = first + n, from = first > next->weight ? first : next->weight, to = next->weight + next->n_in * next->n_out;
    if (to > end) to = end;
    while (from < to) {
        size_t col = (from - next->weight) % next->n_in, m = next->n_in - col < to - from ? next->n_in - col : to - from;
        drop_columns(dropout, key, col, m, out + (from - first));
        from += m;
    }
}

static void dropout_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    const bnn_net *net = posterior->net;
    bnn_key key = bnn_key_make(seed, BNN_PURPOSE_PREDICT, 0, (uint32_t)s, 0);
    memcpy(out, posterior->arrays[0].at + first, n * sizeof *out);
    for (size_t l = 0; net != NULL && l < net->n_layers; l++) {
        if (net->layers[l].row != &bnn_dropout_row) continue;
        size_t next = l + 1;
        while (net->layers[next].row == &bnn_dropout_row) next++;     /* the last layer is dense */
        drop_inputs(&net->layers[l], &net->layers[next], key, first, n, out);
    }
}

static void dropout_mean(const bnn_posterior *posterior, real *out) {
    memcpy(out, posterior->arrays[0].at, posterior->n_params * sizeof *out);
}

const bnn_posterior_row bnn_dropout_posterior = {
    .head = { "dropout", "one weight vector; each draw drops units as training did", NULL, 0 },
    .start = dropout_start, .draw = dropout_draw, .mean = dropout_mean,
};
