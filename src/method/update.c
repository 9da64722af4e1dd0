/* Fused and accumulated updates over the same tiles. */
#include "method/update.h"
#include "base/fail.h"
#include "base/span.h"

#include <math.h>
#include <string.h>

bnn_status bnn_update_make(bnn_update *update, bnn_problem *problem, bnn_update_options options, bnn_update_fn *penalise,
                           bnn_update_fn *move, void *context) {
    *update = (bnn_update){ .problem = problem, .penalise = penalise, .move = move, .context = context, .clip_norm = options.clip_norm };
    update->is_fused = options.n_samples == 1 && options.n_passes == 1 && options.clip_norm == 0;
    if (!update->is_fused) {
        update->sum = BNN_TAKE(&update->arena, problem->n_params, real);
        if (options.has_spread) update->sum2 = BNN_TAKE(&update->arena, problem->n_weights, real);
    }
    return update->arena.has_failed ? BNN_FAIL_MEMORY("the accumulated gradient") : BNN_OK;
}

void bnn_update_free(bnn_update *update) {
    bnn_arena_free(&update->arena);
    *update = (bnn_update){0};
}

void bnn_update_reset(bnn_update *update) {
    atomic_store(&update->bad, 0);
    if (update->sum != NULL) memset(update->sum, 0, update->problem->n_params * sizeof(real));
    if (update->sum2 != NULL) memset(update->sum2, 0, update->problem->n_weights * sizeof(real));
}

/* Exponent all ones: infinite or not a number. An integer sum, so that the loop vectorises. */
BNN_CLONES static bool has_bad(size_t n, const real *g, const real *g2) {
#ifdef BNN_DOUBLE
    const uint64_t mask = 0x7ff0000000000000u;
    uint64_t bits, bits2, bad = 0;
#else
    const uint32_t mask = 0x7f800000u;
    uint32_t bits, bits2, bad = 0;
#endif
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &g[i], sizeof bits);
        memcpy(&bits2, &g2[i], sizeof bits2);
        bad |= ((bits & mask) == mask) | ((bits2 & mask) == mask);
    }
    return bad != 0;
}

/* The place of the first one, since a span may hold several blocks; g2 may be NULL. */
static void note_bad(bnn_update *update, size_t first, size_t n, const real *g, const real *g2) {
    if (g2 == NULL) g2 = g;
    if (!has_bad(n, g, g2)) return;
    size_t i = 0;
    while (!has_bad(1, g + i, g2 + i)) i++;
    atomic_store(&update->bad, first + i + 1);
}

static void fused_tile(void *context, size_t first, size_t n, real *g, real *g2) {
    bnn_update *update = context;
    note_bad(update, first, n, g, g2);
    if (first < update->problem->n_weights) update->penalise(update->context, first, n, g, g2);
    update->move(update->context, first, n, g, g2);
}

static void accumulate_tile(void *context, size_t first, size_t n, real *g, real *g2) {
    bnn_update *update = context;
    bnn_span_add(n, g, update->sum + first);
    if (g2 != NULL) bnn_span_add(n, g2, update->sum2 + first);
}

bnn_elbo_sink bnn_update_elbo_sink(bnn_update *update) {
    return (bnn_elbo_sink){ update->is_fused ? fused_tile : accumulate_tile, update };
}

static void take_block(void *context, size_t first, size_t n, real *g) {
    bnn_update *update = context;
    bnn_elbo_sink sink = bnn_update_elbo_sink(update);
    for (size_t i = first, end = first + n; i < end;) {
        size_t m = bnn_tile_end(i, end) - i;
        sink.tile(update, i, m, g + (i - first), NULL);
        i += m;
    }
}

bnn_sink bnn_update_sink(bnn_update *update) { return (bnn_sink){ take_block, update }; }

/* ---- the accumulated gradient ---------------------------------------------------------------------------------------- */

typedef struct sweep { bnn_update *update; bnn_update_fn *visit; } sweep;

static void visit_tile(void *context, size_t first, size_t n) {
    const sweep *job = context;
    bnn_update *update = job->update;
    job->visit(update, first, n, update->sum + first, update->sum2 == NULL ? NULL : update->sum2 + first);
}

enum { FEW_WEIGHTS = 65536 };     /* fewer are visited sooner than others are woken */

/* All weights on the team, then the learnt noise. */
static void visit_all(bnn_update *update, bnn_update_fn *visit) {
    const bnn_problem *problem = update->problem;
    sweep job = { update, visit };
    bool is_small = problem->n_weights < FEW_WEIGHTS;
    bnn_each_tile(is_small ? NULL : problem->team, problem->n_weights, visit_tile, &job);
    size_t n_noise = problem->n_params - problem->n_weights;
    if (n_noise > 0) visit(update, problem->n_weights, n_noise, update->sum + problem->n_weights, NULL);
}

static void penalise_tile(void *context, size_t first, size_t n, real *g, real *g2) {
    bnn_update *update = context;
    note_bad(update, first, n, g, g2);
    if (first < update->problem->n_weights) update->penalise(update->context, first, n, g, g2);
}

static void move_tile(void *context, size_t first, size_t n, real *g, real *g2) {
    bnn_update *update = context;
    update->move(update->context, first, n, g, g2);
    memset(g, 0, n * sizeof *g);
    if (g2 != NULL) memset(g2, 0, n * sizeof *g2);
}

static double sum_squares(size_t n, const real *g) {
    double sum = 0;
    for (size_t i = 0; g != NULL && i < n; i++) sum += (double)g[i] * (double)g[i];
    return sum;
}

static void clip(bnn_update *update) {
    const bnn_problem *problem = update->problem;
    double squares = sum_squares(problem->n_params, update->sum) + sum_squares(problem->n_weights, update->sum2);
    double norm = sqrt(squares) / problem->weight_sum;
    if (!(norm > update->clip_norm)) return;
    bnn_span_scale(problem->n_params, (real)(update->clip_norm / norm), update->sum);
    if (update->sum2 != NULL) bnn_span_scale(problem->n_weights, (real)(update->clip_norm / norm), update->sum2);
}

static bnn_status fail_bad(const bnn_update *update) {
    const bnn_net *net = update->problem->net;
    size_t at = atomic_load(&update->bad) - 1;
    for (size_t b = 0; b < net->n_blocks; b++) {
        if (at - net->blocks[b].first < net->blocks[b].n)
            return BNN_FAIL(BNN_ERR_NUMERIC, "the gradient of block %s is not finite", net->blocks[b].name);
    }
    return BNN_FAIL(BNN_ERR_NUMERIC, "the gradient of the learnt noise is not finite");
}

bnn_status bnn_update_finish(bnn_update *update) {
    if (!update->is_fused) {
        visit_all(update, penalise_tile);
        if (atomic_load(&update->bad) == 0) {
            if (update->clip_norm > 0) clip(update);
            visit_all(update, move_tile);
        }
    }
    return atomic_load(&update->bad) == 0 ? BNN_OK : fail_bad(update);
}
