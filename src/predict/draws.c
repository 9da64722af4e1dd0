/* Drawing weights and running rows through the net. */
#include "predict/draws.h"
#include "base/fail.h"
#include "base/vmath.h"
#include "layer/activation.h"
#include "problem/problem.h"

#include <string.h>

/* DRAW_TILE: a multiple of 1024, since normals are made in whole blocks. A lane's passes are short, so that its activations stay in cache;
 * as multiples of a product's tile of rows they leave its grid as it is. */
enum { DRAW_TILE = 4096, LANE_ROWS = 512, DRAWS_PER_LANE = 2, BLOCK = 1024 };

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
        return BNN_FAIL(BNN_ERR_CONFIG, "prior %s is improper: there is nothing to draw from it; train with a proper prior (bnn help prior)",
                        model->prior.row->head.name);
    if (from != BNN_DRAW_LOCAL) return BNN_OK;
    if (model->posterior.row != &bnn_diag_posterior)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.first_layer = local needs independent normal weights, and the posterior of this model is of "
                        "kind %s: set predict.first_layer = weights", model->posterior.row->head.name);
    if (model->net.layers[0].row != &bnn_dense_row)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.first_layer = local needs a dense first layer, and here it is %s: set predict.first_layer = "
                        "weights", model->net.layers[0].row->head.name);
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
    lane->theta = BNN_TAKE(&draws->arena, draws->model->posterior.n_params, real);
    if (draws->from == BNN_DRAW_LOCAL) lane->h = BNN_TAKE(&draws->arena, draws->pass_rows * net->n_inputs, real);
    bnn_workspace_take(&lane->workspace, &draws->arena, net, draws->pass_rows, draws->is_spread ? 1 : bnn_team_size(draws->team));
}

static void take_prior_noise(bnn_draws *draws) {
    const bnn_posterior *posterior = &draws->model->posterior;
    size_t n = draws->model->likelihood.n_noise;
    draws->prior_noise = BNN_TAKE(&draws->arena, n, real);
    if (draws->arena.has_failed) return;
    posterior->row->mean(posterior, draws->lanes[0].theta);
    memcpy(draws->prior_noise, draws->lanes[0].theta + posterior->n_weights, n * sizeof(real));
}

bnn_status bnn_draws_make(bnn_draws *draws, const bnn_model *model, bnn_team *team, uint64_t seed, size_t n_draws, bnn_draw_from from,
                          size_t max_rows) {
    size_t n_threads = (size_t)bnn_team_size(team);
    bnn_status status = check_source(model, from);
    if (status != BNN_OK) return status;
    *draws = (bnn_draws){ .model = model, .team = team, .seed = seed, .from = from, .max_rows = max_rows };
    draws->is_spread = n_draws >= DRAWS_PER_LANE * n_threads;
    draws->n_lanes = draws->is_spread ? n_threads : 1;
    draws->pass_rows = min_size(max_rows, draws->is_spread ? LANE_ROWS : BNN_PASS_ROWS);
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
    bnn_pass mean_pass = { .theta = draws->means, .team = draws->team }, var_pass = { .theta = draws->vars, .team = draws->team };
    layer.activation = bnn_activation_find("identity");
    for (size_t first = 0; first < run->n_rows; first += draws->pass_rows) {
        size_t n = min_size(run->n_rows - first, draws->pass_rows), at = first * layer.n_out;
        bnn_mat x = { n, layer.n_in, (real *)(uintptr_t)(run->x + first * layer.n_in) }, squares = { n, layer.n_in, draws->squares };
        square(n * layer.n_in, x.at, squares.at);
        layer.row->forward(&layer, &mean_pass, x, (bnn_mat){ n, layer.n_out, draws->mean + at });
        layer.row->forward(&layer, &var_pass, squares, (bnn_mat){ n, layer.n_out, draws->sd + at });
        roots(n * layer.n_out, draws->sd + at);
    }
}

/* Rows first .. first + n of draw s through the net. */
static bnn_mat forward_local(const bnn_draws *draws, const bnn_draws_run *run, bnn_lane *lane, size_t s, const real *theta, size_t first,
                             size_t n) {
    const bnn_layer *layer = &draws->model->net.layers[0];
    bnn_key key = bnn_key_make(draws->seed, BNN_PURPOSE_PREDICT, 1, (uint32_t)s, 0);      /* step 0 is that of weights */
    size_t n_out = layer->n_out, at = first * n_out;
    bnn_rng_normals(key, (run->row + first) * n_out, n * n_out, lane->h);
    spread(n * n_out, draws->mean + at, draws->sd + at, lane->h);
    layer->activation->forward(n * n_out, lane->h);
    if (draws->rest.n_layers == 0) return (bnn_mat){ n, n_out, lane->h };
    return bnn_net_forward(&draws->rest, &lane->workspace, draws->is_spread ? NULL : draws->team, theta, n, lane->h);
}

/* ---- a run ------------------------------------------------------------------------------------------------------------- */

static bool is_finite(size_t n, const real *f) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(f[i])) return false;
    return true;
}

static void fill_draw(bnn_draws *draws, const bnn_draws_run *run, size_t number, bnn_lane *lane) {
    const bnn_net *net = &draws->model->net;
    size_t n_noise = draws->model->likelihood.n_noise, s = run->first + number, k = net->n_outputs;
    const real *theta = theta_of(draws, s, lane);
    real *f = run->f + number * run->n_rows * k;
    memcpy(run->noise + number * n_noise, theta + draws->model->posterior.n_weights, n_noise * sizeof *f);
    for (size_t first = 0; first < run->n_rows; first += draws->pass_rows) {
        size_t n = min_size(run->n_rows - first, draws->pass_rows);
        bnn_mat out = draws->from == BNN_DRAW_LOCAL
            ? forward_local(draws, run, lane, s, theta, first, n)
            : bnn_net_forward(net, &lane->workspace, draws->is_spread ? NULL : draws->team, theta, n, run->x + first * net->n_inputs);
        memcpy(f + first * k, out.at, n * k * sizeof *f);
    }
    if (!is_finite(run->n_rows * k, f)) lane->is_bad = true;
}

typedef struct run_job { bnn_draws *draws; const bnn_draws_run *run; } run_job;

static void fill_tile(void *context, size_t tile, int thread) {
    const run_job *job = context;
    fill_draw(job->draws, job->run, tile, &job->draws->lanes[thread]);
}

bool bnn_draws_fill(bnn_draws *draws, const bnn_draws_run *run) {
    run_job job = { draws, run };
    bool is_bad = false;
    if (draws->from == BNN_DRAW_LOCAL) prepare_local(draws, run);
    if (draws->is_spread) bnn_team_run(draws->team, run->n, fill_tile, &job);
    for (size_t s = 0; !draws->is_spread && s < run->n; s++) fill_draw(draws, run, s, &draws->lanes[0]);
    for (size_t l = 0; l < draws->n_lanes; l++) {
        is_bad |= draws->lanes[l].is_bad;
        draws->lanes[l].is_bad = false;
    }
    return !is_bad;
}
