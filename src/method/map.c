/* Maximum a posteriori: minimise nll - log prior. With a flat prior: maximum likelihood. */
#include "layer/net.h"
#include "method/fit.h"
#include "method/update.h"

#include <string.h>

typedef struct map_state {
    real         *theta;
    bnn_optimizer optimizer;
    bnn_update    update;
    bnn_problem  *problem;
    bnn_arena     arena;
} map_state;

static void map_penalise(void *context, size_t first, size_t n, real *g, real *unused) {
    map_state *map = context;
    (void)unused;
    bnn_problem_add_prior_grad(map->problem, 1, first, n, map->theta + first, g);
}

static void map_move(void *context, size_t first, size_t n, real *g, real *unused) {
    map_state *map = context;
    (void)unused;
    map->optimizer.row->step(&map->optimizer, first, n, g, map->theta + first);
    if (first >= map->problem->n_weights) bnn_likelihood_bound_noise(n, map->theta + first);
}

static bnn_status map_start(void *state, bnn_fit_state *fit) {
    map_state *map = state;
    map->problem = fit->problem;
    map->theta = BNN_TAKE(&map->arena, fit->problem->n_params, real);
    if (map->theta == NULL) return BNN_ERR_MEMORY;
    bnn_net_init(fit->problem->net, fit->config, fit->seed, fit->member, map->theta);
    bnn_status status = bnn_optimizer_make(&map->optimizer, fit->config, fit->problem->n_params);
    if (status != BNN_OK) return status;
    bnn_update_options options = { .n_samples = 1, .n_passes = fit->n_passes, .clip_norm = fit->train.clip_norm };
    return bnn_update_make(&map->update, fit->problem, options, map_penalise, map_move, map);
}

static bnn_status map_step(void *state, bnn_fit_state *fit, size_t n, const size_t *rows, double *nll) {
    map_state *map = state;
    bnn_sink sink = bnn_update_sink(&map->update);
    bnn_optimizer_begin(&map->optimizer, fit->step, bnn_fit_lr(fit), 1 / (double)fit->problem->n_rows);
    bnn_pass pass = { .theta = map->theta, .is_training = true,
                      .key = bnn_key_make(fit->seed, BNN_PURPOSE_OUTPUTS, (uint32_t)fit->step, 0, fit->member) };
    bnn_status status = bnn_problem_nll_pass(fit->problem, pass, n, rows, &sink, nll);
    return status == BNN_OK ? bnn_update_finish(&map->update) : status;
}

static void map_record(void *state, const bnn_fit_state *fit, bnn_epoch *record) {
    map_state *map = state;
    record->penalty = bnn_problem_neg_log_prior(fit->problem, map->theta);
    record->kl_weight = 1;
    record->elbo = -(record->nll + record->penalty);
}

static const real *map_point(void *state) { return ((map_state *)state)->theta; }

static void map_finish(void *state, bnn_posterior *posterior) {
    const map_state *map = state;
    memcpy(posterior->arrays[0].at, map->theta, posterior->n_params * sizeof(real));
}

static void map_free(void *state) {
    map_state *map = state;
    bnn_update_free(&map->update);
    bnn_optimizer_free(&map->optimizer);
    bnn_arena_free(&map->arena);
}

const bnn_method_row bnn_map_method = {
    .head = { "map", "one best weight vector: maximum a posteriori, or with a flat prior maximum likelihood", NULL, 0 },
    .posterior = &bnn_draws_posterior, .state_size = sizeof(map_state), .start = map_start, .step = map_step, .record = map_record,
    .point = map_point, .finish = map_finish, .free = map_free,
};
