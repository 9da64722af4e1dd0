/* Dropout (Srivastava et al. 2014), inverted: in training y = x m / (1 - rate), m = 0 with probability rate, a mask of its own for each
 * row; otherwise y = x. The mask is made again in backward, never stored. */
#include "base/text.h"
#include "layer/layer.h"

#include <string.h>

enum { PIECE = 256, ROWS_A_TILE = 32 };

/* Masks lie apart from the noise of other layers under the same key: normals, two to a counter, would share words with them. */
#define MASK_NUMBERS ((uint64_t)1 << 60)

typedef struct dropout_job { const bnn_layer *layer; const bnn_pass *pass; bnn_mat from, to; } dropout_job;

static void drop(const bnn_layer *layer, bnn_key key, uint64_t index, size_t n, const real *from, real *to) {
    double u[PIECE];
    real keep = (real)(1 / (1 - layer->rate));
    for (size_t i = 0; i < n; i += PIECE) {
        size_t m = n - i < PIECE ? n - i : PIECE;
        bnn_rng_uniforms(key, index + i, m, u);
        for (size_t j = 0; j < m; j++) to[i + j] = u[j] < layer->rate ? 0 : from[i + j] * keep;
    }
}

static void dropout_tile(void *context, size_t tile, int thread) {
    const dropout_job *job = context;
    size_t n = job->layer->n_out, first = tile * ROWS_A_TILE, rows = job->from.rows - first;
    (void)thread;
    if (rows > ROWS_A_TILE) rows = ROWS_A_TILE;
    drop(job->layer, job->pass->key, MASK_NUMBERS + bnn_layer_index(job->layer, job->pass, first, n), rows * n,
         job->from.at + first * n, job->to.at + first * n);
}

static void apply(const bnn_layer *layer, const bnn_pass *pass, bnn_mat from, bnn_mat to) {
    dropout_job job = { layer, pass, from, to };
    if (pass->is_training) bnn_team_run(pass->team, (from.rows + ROWS_A_TILE - 1) / ROWS_A_TILE, dropout_tile, &job);
    else memcpy(to.at, from.at, from.rows * layer->n_out * sizeof(real));
}

static void dropout_forward(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y) { apply(layer, pass, x, y); }

static void dropout_backward(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                             const bnn_sink *sink) {
    (void)x, (void)y, (void)sink;
    if (dx.at != NULL) apply(layer, pass, dy, dx);
}

static const char *dropout_parse(bnn_layer *layer, size_t n_words, char *const *words) {
    if (n_words != 1 || !bnn_text_to_number(words[0], &layer->rate) || !(layer->rate >= 0 && layer->rate < 1))
        return "dropout RATE, a share in [0, 1)";
    layer->n_out = layer->n_in;
    return NULL;
}

const bnn_layer_row bnn_dropout_row = {
    .head = { "dropout", "drops units at random in training, and for mc_dropout in prediction: dropout RATE", NULL, 0 },
    .forward = dropout_forward, .backward = dropout_backward, .parse = dropout_parse,
};
