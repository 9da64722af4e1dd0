/* Drawing weights and running rows through the net. */
#include "predict/draws.h"
#include "base/fail.h"
#include "base/vmath.h"
#include "layer/activation.h"
#include "problem/problem.h"

#include <string.h>

/* DRAW_TILE: a multiple of 1024, since normals are made in whole blocks. Passes are short, so that their activations
 * stay in cache and threads have enough of them even of one draw. */
enum { DRAW_TILE = 4096, PASS_ROWS = 512, DRAWS_PER_LANE = 2, BLOCK = 1024 };

typedef struct bnn_lane {
    real         *theta;          /* [n_params] of the present draw                                  */
    real         *h;              /* [pass_rows x n_out] local: outputs of the first layer           */
    bnn_workspace workspace;
    bool          is_bad;         /* met an output that is not finite                                */
} bnn_lane;

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bnn_status check_source(const bnn_model *model, bnn_draw_from from) {
    if (from == BNN_DRAW_PRIOR && model->prior.row->sample == NULL)
        return BNN_FAIL(BNN_ERR_CONFIG, "prior %s is improper: there is nothing to draw from it; train with a proper prior "
                        "(bnn help prior)", model->prior.row->head.name);
    if (from != BNN_DRAW_LOCAL) return BNN_OK;
    if (model->posterior.row != &bnn_diag_posterior)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.first_layer = local needs independent normal weights, and the posterior of "
                        "this model is of kind %s: set predict.first_layer = weights", model->posterior.row->head.name);
    if (model->net.layers[0].row != &bnn_dense_row)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.first_layer = local needs a dense first layer, and here it is %s: set "
                        "predict.first_layer = weights", model->net.layers[0].row->head.name);
    return BNN_OK;
}

BNN_CLONES static void variances(size_t n, const real *log_sd, real *var) {
    for (size_t i = 0; i < n; i++) var[i] = bnn_exp(2 * log_sd[i]);
}

static void take_local(bnn_draws *draws) {
    const bnn_posterior *posterior = &draws->model->posterior;
    size_t n_out = draws->model->net.layers[0].n_out;
    bnn_arena *arena = &draws->arena;
    draws->rest = draws->model->net;
    draws->rest.layers++;
    draws->rest.n_layers--;
    draws->rest.n_inputs = n_out;
    draws->means = posterior->arrays[0].at;
    draws->squares = BNN_TAKE(arena, draws->pass_rows * draws->model->net.n_inputs, real);
    draws->vars = BNN_TAKE(arena, posterior->n_params, real);
    draws->mean = BNN_TAKE(arena, draws->max_rows * n_out, real);
    draws->sd = BNN_TAKE(arena, draws->max_rows * n_out, real);
    if (draws->vars != NULL) variances(posterior->n_weights, posterior->arrays[1].at, draws->vars);
}

static void take_lane(bnn_draws *draws, bnn_lane *lane) {
    const bnn_net *net = draws->from == BNN_DRAW_LOCAL ? &draws->rest : &draws->model->net;
    if (draws->is_spread || lane == draws->lanes) lane->theta = BNN_TAKE(&draws->arena, draws->model->posterior.n_params, real);
    if (draws->from == BNN_DRAW_LOCAL) lane->h = BNN_TAKE(&draws->arena, draws->pass_rows * net->n_inputs, real);
    bnn_workspace_take(&lane->workspace, &draws->arena, net, draws->pass_rows, 1);
}

static void take_prior_noise(bnn_draws *draws) {
    const bnn_posterior *posterior = &draws->model->posterior;
    size_t n = draws->model->likelihood.n_noise;
    draws->prior_noise = BNN_TAKE(&draws->arena, n, real);
    if (draws->arena.has_failed) return;
    posterior->row->mean(posterior, draws->lanes[0].theta);
    memcpy(draws->prior_noise, draws->lanes[0].theta + posterior->n_weights, n * sizeof(real));
}

bnn_status bnn_draws_make(bnn_draws *draws, const bnn_model *model, bnn_team *team, uint64_t seed, size_t n_draws,
                          bnn_draw_from from, size_t max_rows) {
    size_t n_threads = (size_t)bnn_team_size(team);
    bnn_status status = check_source(model, from);
    if (status != BNN_OK) return status;
    *draws = (bnn_draws){ .model = model, .team = team, .seed = seed, .from = from, .max_rows = max_rows };
    draws->is_spread = n_draws >= DRAWS_PER_LANE * n_threads;
    draws->n_lanes = n_threads;
    draws->pass_rows = min_size(max_rows, PASS_ROWS);
    draws->lanes = BNN_TAKE(&draws->arena, draws->n_lanes, bnn_lane);
    if (from == BNN_DRAW_LOCAL) take_local(draws);
    for (size_t l = 0; draws->lanes != NULL && l < draws->n_lanes; l++) take_lane(draws, &draws->lanes[l]);
    if (from == BNN_DRAW_PRIOR) take_prior_noise(draws);
    if (!draws->arena.has_failed) return BNN_OK;
    bnn_draws_free(draws);
    return BNN_FAIL_MEMORY("the outputs of the net");
}

void bnn_draws_free(bnn_draws *draws) {
    bnn_arena_free(&draws->arena);
    *draws = (bnn_draws){0};
}

/* ---- weights ----------------------------------------------------------------------------------------------------------- */

typedef struct tile_job { const bnn_draws *draws; size_t s; real *theta; } tile_job;

static void draw_tile(void *context, size_t tile, int thread) {
    const tile_job *job = context;
    const bnn_posterior *posterior = &job->draws->model->posterior;
    size_t first = tile * DRAW_TILE, n = min_size(posterior->n_params - first, DRAW_TILE);
    (void)thread;
    posterior->row->draw(posterior, job->draws->seed, job->s, first, n, job->theta + first);
}

static void draw_prior(const bnn_draws *draws, size_t s, real *theta) {
    const bnn_net *net = &draws->model->net;
    const bnn_prior *prior = &draws->model->prior;
    bnn_key key = bnn_key_make(draws->seed, BNN_PURPOSE_PRIOR, 0, (uint32_t)s, 0);
    for (size_t b = 0; b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        prior->row->sample(prior, bnn_problem_prior_scale(net, prior, b), key, block->first, block->n, theta + block->first);
    }
    memcpy(theta + net->n_weights, draws->prior_noise, draws->model->likelihood.n_noise * sizeof *theta);
}

static void draw_theta(const bnn_draws *draws, size_t s, real *theta) {
    const bnn_posterior *posterior = &draws->model->posterior;
    size_t first = draws->from == BNN_DRAW_LOCAL && draws->rest.n_layers > 0 ? draws->rest.layers[0].weight / BLOCK * BLOCK : 0;
    tile_job job = { draws, s, theta };
    if (draws->from == BNN_DRAW_PRIOR) draw_prior(draws, s, theta);
    else if (draws->is_spread || posterior->row->draws_whole)
        posterior->row->draw(posterior, draws->seed, s, first, posterior->n_params - first, theta + first);
    else bnn_team_run(draws->team, (posterior->n_params + DRAW_TILE - 1) / DRAW_TILE, draw_tile, &job);
}

/* The weights of draw s: kept ones, or made in the lane. */
static const real *theta_of(const bnn_draws *draws, size_t s, bnn_lane *lane) {
    if (draws->kept != NULL && s < draws->n_kept) return draws->kept + s * draws->model->posterior.n_params;
    draw_theta(draws, s, lane->theta);
    return lane->theta;
}

void bnn_draws_keep(bnn_draws *draws, size_t n, size_t bytes) {
    size_t n_params = draws->model->posterior.n_params;
    if (n > bytes / sizeof(real) / n_params) return;
    real *kept = BNN_TAKE(&draws->arena, n * n_params, real);
    draws->arena.has_failed = false;       /* without memory for them they are made anew each time */
    for (size_t s = 0; kept != NULL && s < n; s++) draw_theta(draws, s, kept + s * n_params);
    draws->kept = kept;
    draws->n_kept = n;
}

void bnn_draws_borrow(bnn_draws *draws, const bnn_draws *lender) {
    draws->kept = lender->kept;
    draws->n_kept = lender->n_kept;
}

/* ---- the first layer's outputs ----------------------------------------------------------------------------------------- */

BNN_CLONES static void square(size_t n, const real *x, real *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] * x[i];
}

BNN_CLONES static void roots(size_t n, real *v) {
    for (size_t i = 0; i < n; i++) v[i] = bnn_sqrt(v[i]);
}

/* h <- mean + sd h */
BNN_CLONES static void spread(size_t n, const real *mean, const real *sd, real *h) {
    for (size_t i = 0; i < n; i++) h[i] = mean[i] + sd[i] * h[i];
}

/* Mean and sd of the first layer's outputs, before its activation. */
static void prepare_local(bnn_draws *draws, const bnn_draws_run *run) {
    bnn_layer layer = draws->model->net.layers[0];
    bnn_pass mean_pass = { .theta = draws->means, .team = draws->team };
    bnn_pass var_pass = { .theta = draws->vars, .team = draws->team };
    layer.activation = bnn_activation_find("identity");
    for (size_t first = 0; first < run->n_rows; first += draws->pass_rows) {
        size_t n = min_size(run->n_rows - first, draws->pass_rows), at = first * layer.n_out;
        bnn_mat x = { n, layer.n_in, (real *)(uintptr_t)(run->x + first * layer.n_in) };
        bnn_mat squares = { n, layer.n_in, draws->squares };
        square(n * layer.n_in, x.at, squares.at);
        layer.row->forward(&layer, &mean_pass, x, (bnn_mat){ n, layer.n_out, draws->mean + at });
        layer.row->forward(&layer, &var_pass, squares, (bnn_mat){ n, layer.n_out, draws->sd + at });
        roots(n * layer.n_out, draws->sd + at);
    }
}

/* Rows first .. first + n of draw s through the net. */
static bnn_mat forward_local(const bnn_draws *draws, const bnn_draws_run *run, bnn_lane *lane, size_t s, const real *theta,
                             size_t first, size_t n) {
    const bnn_layer *layer = &draws->model->net.layers[0];
    bnn_key key = bnn_key_make(draws->seed, BNN_PURPOSE_PREDICT, 1, (uint32_t)s, 0);      /* step 0 is that of weights */
    size_t n_out = layer->n_out, at = first * n_out;
    bnn_rng_normals(key, (run->row + first) * n_out, n * n_out, lane->h);
    spread(n * n_out, draws->mean + at, draws->sd + at, lane->h);
    layer->activation->forward(n * n_out, lane->h);
    if (draws->rest.n_layers == 0) return (bnn_mat){ n, n_out, lane->h };
    bnn_pass pass = { .theta = theta, .is_whole = true };
    return bnn_net_forward_pass(&draws->rest, &lane->workspace, NULL, pass, n, lane->h);
}

/* ---- a run ------------------------------------------------------------------------------------------------------------- */

static bool is_finite(size_t n, const real *f) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(f[i])) return false;
    return true;
}

/* Rows first .. first + n of draw `number` of the run. */
static void fill_pass(const bnn_draws *draws, const bnn_draws_run *run, size_t number, const real *theta, size_t first,
                      bnn_lane *lane) {
    const bnn_net *net = &draws->model->net;
    size_t n = min_size(run->n_rows - first, draws->pass_rows), k = net->n_outputs;
    const bnn_pass pass = { .theta = theta, .is_whole = true };
    bnn_mat out = draws->from == BNN_DRAW_LOCAL
        ? forward_local(draws, run, lane, run->first + number, theta, first, n)
        : bnn_net_forward_pass(net, &lane->workspace, NULL, pass, n, run->x + first * net->n_inputs);
    memcpy(run->f + (number * run->n_rows + first) * k, out.at, n * k * sizeof(real));
    if (!is_finite(n * k, out.at)) lane->is_bad = true;
}

/* The weights of draw `number`, its noise noted. */
static const real *begin_draw(const bnn_draws *draws, const bnn_draws_run *run, size_t number, bnn_lane *lane) {
    size_t n_noise = draws->model->likelihood.n_noise;
    const real *theta = theta_of(draws, run->first + number, lane);
    memcpy(run->noise + number * n_noise, theta + draws->model->posterior.n_weights, n_noise * sizeof(real));
    return theta;
}

typedef struct run_job { bnn_draws *draws; const bnn_draws_run *run; size_t number; const real *theta; } run_job;

static void draw_on_thread(void *context, size_t tile, int thread) {
    const run_job *job = context;
    bnn_lane *lane = &job->draws->lanes[thread];
    const real *theta = begin_draw(job->draws, job->run, tile, lane);
    for (size_t first = 0; first < job->run->n_rows; first += job->draws->pass_rows)
        fill_pass(job->draws, job->run, tile, theta, first, lane);
}

static void pass_on_thread(void *context, size_t tile, int thread) {
    const run_job *job = context;
    fill_pass(job->draws, job->run, job->number, job->theta, tile * job->draws->pass_rows, &job->draws->lanes[thread]);
}

bool bnn_draws_fill(bnn_draws *draws, const bnn_draws_run *run) {
    run_job job = { .draws = draws, .run = run };
    size_t n_passes = (run->n_rows + draws->pass_rows - 1) / draws->pass_rows;
    bool is_bad = false;
    if (draws->from == BNN_DRAW_LOCAL) prepare_local(draws, run);
    if (draws->is_spread) bnn_team_run(draws->team, run->n, draw_on_thread, &job);
    for (; !draws->is_spread && job.number < run->n; job.number++) {
        job.theta = begin_draw(draws, run, job.number, &draws->lanes[0]);
        bnn_team_run(draws->team, n_passes, pass_on_thread, &job);
    }
    for (size_t l = 0; l < draws->n_lanes; l++) {
        is_bad |= draws->lanes[l].is_bad;
        draws->lanes[l].is_bad = false;
    }
    return !is_bad;
}
