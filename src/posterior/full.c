/* A normal with a full precision over a span of layers, kept by its lower Cholesky factor: precision = L L', so a draw is the mean plus
 * L'^-1 z. Layers below the span are certain. */
#include "base/linalg.h"
#include "posterior/output_cov.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void full_start(bnn_posterior *posterior) {
    posterior->n_arrays = 1;
    posterior->arrays[0] = (bnn_posterior_array){ .suffix = "", .copies = 1, .has_noise = true };
}

static size_t first_of(const bnn_posterior *posterior) { return posterior->net->layers[posterior->lowest].weight; }

static void full_lay_out(bnn_posterior *posterior) {
    size_t n = posterior->n_weights - first_of(posterior);
    posterior->factors = BNN_TAKE(&posterior->arena, 1, bnn_factor);
    if (posterior->factors == NULL) return;
    posterior->n_factors = 1;
    *posterior->factors = (bnn_factor){ .name = "laplace.cholesky", .rows = n, .cols = n };
}

static void full_draw(const bnn_posterior *posterior, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    bnn_key key = bnn_key_make(seed, BNN_PURPOSE_PREDICT, 0, (uint32_t)s, 0);
    size_t span = posterior->factors->rows;
    bnn_arena arena = {0};
    real *normals = BNN_TAKE(&arena, span, real);
    double *z = BNN_TAKE(&arena, span, double);
    memcpy(out, posterior->arrays[0].at + first, n * sizeof *out);
    if (!arena.has_failed) {
        bnn_rng_normals(key, 0, span, normals);
        for (size_t i = 0; i < span; i++) z[i] = (double)normals[i];
        bnn_solve_lower(BNN_TRANSPOSED, span, posterior->factors->at, span, 1, z, span);
        for (size_t i = 0; i < span; i++) out[first_of(posterior) + i] += (real)z[i];
    } else {
        for (size_t i = 0; i < n; i++) out[i] = (real)NAN;     /* found by the check of the outputs */
    }
    bnn_arena_free(&arena);
}

static void full_mean(const bnn_posterior *posterior, real *out) {
    memcpy(out, posterior->arrays[0].at, posterior->n_params * sizeof *out);
}

/* R = L'^-1: its row i solves L r = e_i, which leaves r at 0 before i. */
static void full_root(const bnn_posterior *posterior, size_t first, size_t n, double *rows) {
    size_t span = posterior->factors->rows;
    memset(rows, 0, n * span * sizeof *rows);
    for (size_t i = 0; i < n; i++) rows[i * span + first + i] = 1;
    bnn_solve_lower(BNN_PLAIN, span - first, posterior->factors->at + first * span + first, span, n, rows + first, span);
}

enum { ROWS = 64 };      /* solved together: one at a time would read all of L for each */

/* sd_i = |row i of R|, for weights first .. first + n of the span; rows [ROWS x span] */
static void sds_of_rows(const bnn_posterior *posterior, size_t first, size_t n, double *rows, real *out) {
    size_t span = posterior->factors->rows;
    full_root(posterior, first, n, rows);
    for (size_t i = 0; i < n; i++) {
        double var = 0;
        for (size_t j = 0; j < span; j++) var += rows[i * span + j] * rows[i * span + j];
        out[i] = (real)sqrt(var);
    }
}

static void full_sd(const bnn_posterior *posterior, size_t first, size_t n, real *out) {
    size_t lowest = first_of(posterior), from = first > lowest ? first : lowest, end = first + n;
    if (end > posterior->n_weights) end = posterior->n_weights;
    double *rows = malloc(ROWS * posterior->factors->rows * sizeof *rows);
    for (size_t i = 0; i < n; i++) out[i] = rows == NULL ? (real)NAN : 0;
    for (; rows != NULL && from < end; from += ROWS)
        sds_of_rows(posterior, from - lowest, end - from < ROWS ? end - from : ROWS, rows, out + (from - first));
    free(rows);
}

static const bnn_linear_row linear = { .root = full_root };

const bnn_posterior_row bnn_full_posterior = {
    .head = { "full", "a normal with all correlations over a span of layers, from Laplace", NULL, 0 },
    .start = full_start, .lay_out = full_lay_out, .draws_whole = true, .draw = full_draw, .mean = full_mean, .sd = full_sd,
    .linear = &linear,
};
