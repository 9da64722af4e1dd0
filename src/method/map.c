/* Maximum a posteriori: minimise nll - log prior. With a flat prior: maximum likelihood.
 *
 * By elementwise optimizers step by step, or by whole-batch ones (bfgs, cg), which see a double copy of theta and (nll - log prior) / N. */
#include "base/fail.h"
#include "layer/net.h"
#include "method/map.h"

#include <stdio.h>
#include <string.h>

static void map_penalise(void *context, size_t first, size_t n, real *g, real *unused) {
    bnn_map_state *map = context;
    (void)unused;
    bnn_problem_add_prior_grad(map->problem, 1, first, n, map->theta + first, g);
}

static void map_move(void *context, size_t first, size_t n, real *g, real *unused) {
    bnn_map_state *map = context;
    (void)unused;
    map->optimizer.row->step(&map->optimizer, first, n, g, map->theta + first);
    if (first >= map->problem->n_weights) bnn_likelihood_bound_noise(n, map->theta + first);
}

static bnn_status start_steps(bnn_map_state *map, const bnn_fit_state *fit) {
    bnn_update_options options = { .n_samples = 1, .n_passes = fit->n_passes, .clip_norm = fit->train.clip_norm };
    map->optimizer.n_decayed = fit->problem->n_weights;
    return bnn_update_make(&map->update, fit->problem, options, map_penalise, map_move, map);
}

/* ---- whole-batch ----------------------------------------------------------------------------------------------------- */

static void place(bnn_map_state *map, const double *x) {
    const bnn_problem *problem = map->problem;
    for (size_t i = 0; i < problem->n_params; i++) map->theta[i] = (real)x[i];
    bnn_likelihood_bound_noise(problem->n_params - problem->n_weights, map->theta + problem->n_weights);
}

static bnn_status value_at(bnn_map_state *map, double *value) {
    bnn_status status = bnn_problem_nll(map->problem, map->theta, 0, NULL, NULL, value);
    *value += bnn_problem_neg_log_prior(map->problem, map->theta);
    return status;
}

/* The objective is that of theta with the noise inside its bounds: beyond them it is flat. */
static bnn_status objective_at(void *context, const double *x, double *value, double *g) {
    bnn_map_state *map = context;
    bnn_problem *problem = map->problem;
    double scale = 1 / problem->weight_sum;
    place(map, x);
    bnn_status status = g == NULL ? value_at(map, value) : bnn_problem_energy(problem, map->theta, 0, NULL, value, map->g);
    *value *= scale;
    for (size_t i = 0; g != NULL && i < problem->n_params; i++) {
        bool is_bounded = i >= problem->n_weights && map->theta[i] != (real)x[i];
        g[i] = is_bounded ? 0 : scale * (double)map->g[i];
    }
    return status;
}

static bnn_status start_minimiser(bnn_map_state *map, const bnn_fit_state *fit) {
    size_t n = fit->problem->n_params;
    bnn_objective objective = { .context = map, .n = n, .at = objective_at };
    double *x = BNN_TAKE(&map->arena, n, double);
    map->g = BNN_TAKE(&map->arena, n, real);
    if (map->arena.has_failed) return BNN_FAIL_MEMORY("the minimiser");
    for (size_t i = 0; i < n; i++) x[i] = (double)map->theta[i];
    return bnn_minimiser_make(&map->minimiser, &map->optimizer, objective, fit->optimizer.lr, x);
}

static void end_fit(const bnn_map_state *map, bnn_fit_state *fit, bnn_minimiser_answer answer) {
    double norm = bnn_minimiser_gradient_norm(&map->minimiser), tolerance = map->minimiser.options->tolerance;
    unsigned long long n = fit->step;
    fit->is_finished = true;
    if (answer == BNN_MINIMISER_CONVERGED)
        snprintf(fit->remark, sizeof fit->remark, "converged after %llu iterations: gradient norm %.2g, tolerance %.2g", n, norm, tolerance);
    else
        snprintf(fit->remark, sizeof fit->remark, "stopped after %llu iterations, not converged: no step lowers the loss any more at gradient "
                 "norm %.2g (tolerance %.2g): rounding limits it%s", n, norm, tolerance,
                 sizeof(real) == sizeof(double) ? "" : "; the double build goes further");
}

/* One iteration. The record tells of the point after it, which is what the model will hold. */
static bnn_status minimise_step(bnn_map_state *map, bnn_fit_state *fit, double *nll) {
    bnn_minimiser_answer answer;
    bnn_status status = bnn_minimiser_step(&map->minimiser, &answer);
    if (status != BNN_OK) return status;
    place(map, bnn_minimiser_x(&map->minimiser));
    *nll = bnn_minimiser_value(&map->minimiser) * map->problem->weight_sum - bnn_problem_neg_log_prior(map->problem, map->theta);
    if (answer != BNN_MINIMISER_MOVED) end_fit(map, fit, answer);
    return BNN_OK;
}

/* ---- the method ------------------------------------------------------------------------------------------------------ */

bnn_status bnn_map_start(void *state, bnn_fit_state *fit) {
    bnn_map_state *map = state;
    map->problem = fit->problem;
    map->theta = BNN_TAKE(&map->arena, fit->problem->n_params, real);
    if (map->theta == NULL) return BNN_FAIL_MEMORY("the weights");
    bnn_fit_initial(fit, map->theta);
    bnn_status status = bnn_optimizer_make(&map->optimizer, fit->config, fit->problem->n_params);
    if (status != BNN_OK) return status;
    return map->optimizer.row->algorithm == NULL ? start_steps(map, fit) : start_minimiser(map, fit);
}

bnn_status bnn_map_step(void *state, bnn_fit_state *fit, size_t n, const size_t *rows, double *nll) {
    bnn_map_state *map = state;
    if (map->optimizer.row->algorithm != NULL) return minimise_step(map, fit, nll);
    bnn_sink sink = bnn_update_sink(&map->update);
    bnn_optimizer_begin(&map->optimizer, fit->step, bnn_fit_lr(fit), 1 / fit->problem->weight_sum);
    bnn_pass pass = { .theta = map->theta, .is_training = true,
                      .key = bnn_key_make(fit->seed, BNN_PURPOSE_OUTPUTS, (uint32_t)fit->step, 0, fit->member) };
    bnn_status status = bnn_problem_nll_pass(fit->problem, pass, n, rows, &sink, nll);
    return status == BNN_OK ? bnn_update_finish(&map->update) : status;
}

void bnn_map_record(void *state, const bnn_fit_state *fit, bnn_epoch *record) {
    bnn_map_state *map = state;
    record->penalty = bnn_problem_neg_log_prior(fit->problem, map->theta);
    record->kl_weight = 1;
    record->elbo = -(record->nll + record->penalty);
}

const real *bnn_map_point(void *state) { return ((bnn_map_state *)state)->theta; }

void bnn_map_finish(void *state, bnn_posterior *posterior) {
    const bnn_map_state *map = state;
    memcpy(posterior->arrays[0].at, map->theta, posterior->n_params * sizeof(real));
}

void bnn_map_free(void *state) {
    bnn_map_state *map = state;
    bnn_update_free(&map->update);
    bnn_minimiser_free(&map->minimiser);
    bnn_optimizer_free(&map->optimizer);
    bnn_arena_free(&map->arena);
}

size_t bnn_map_arrays(void *state, bnn_state_array arrays[BNN_STATE_ARRAYS]) {
    bnn_map_state *map = state;
    size_t n = 0;
    arrays[n++] = (bnn_state_array){ "theta", map->problem->n_params, map->theta };
    for (size_t s = 0; s < map->optimizer.row->n_states; s++)
        arrays[n++] = (bnn_state_array){ s == 0 ? "optimizer_1" : "optimizer_2", map->optimizer.n, map->optimizer.state[s] };
    return n;
}

/* A minimiser starts anew from the saved weights. */
bnn_status bnn_map_resumed(void *state, bnn_fit_state *fit) {
    bnn_map_state *map = state;
    if (map->optimizer.row->algorithm == NULL) {
        bnn_update_reset(&map->update);
        return BNN_OK;
    }
    bnn_minimiser_free(&map->minimiser);
    return start_minimiser(map, fit);
}

const bnn_method_row bnn_map_method = {
    .head = { "map", "one best weight vector: maximum a posteriori, or with a flat prior maximum likelihood", NULL, 0 },
    .posterior = &bnn_draws_posterior, BNN_MAP_FIT,
};
