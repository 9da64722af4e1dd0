/* Batches in, scaled likelihood terms and gradients out. */
#include "problem/problem.h"
#include "base/fail.h"
#include "base/span.h"

#include <math.h>
#include <string.h>

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static void take_arrays(bnn_problem *problem) {
    const bnn_likelihood *likelihood = problem->likelihood;
    bnn_arena *arena = &problem->arena;
    size_t n = problem->max_rows, d = problem->net->n_inputs, blocks = problem->net->n_blocks;
    double *scale = BNN_TAKE(arena, blocks, double);
    for (size_t b = 0; scale != NULL && b < blocks; b++) scale[b] = bnn_problem_prior_scale(problem->net, problem->prior, b);
    problem->prior_scale = scale;
    if (problem->data->x_bytes == NULL) problem->x = BNN_TAKE(arena, problem->n_rows * d, real);
    problem->y = BNN_TAKE(arena, problem->n_rows * likelihood->n_targets, real);
    problem->batch_x = BNN_TAKE(arena, n * d, real);
    problem->batch_y = BNN_TAKE(arena, n * likelihood->n_targets, real);
    problem->df = BNN_TAKE(arena, n * likelihood->n_outputs, real);
    problem->row_nll = BNN_TAKE(arena, n, double);
    problem->dnoise = BNN_TAKE(arena, likelihood->n_noise, double);
    bnn_workspace_take(&problem->workspace, arena, problem->net, n, bnn_team_size(problem->team));
}

bnn_status bnn_problem_make(bnn_problem *problem, const bnn_net *net, const bnn_likelihood *likelihood, const bnn_prior *prior,
                            const bnn_dataset *data, const bnn_scaling *scaling, bnn_team *team, size_t max_rows) {
    if (max_rows == 0) max_rows = data->n_rows < BNN_PASS_ROWS ? data->n_rows : BNN_PASS_ROWS;
    *problem = (bnn_problem){ .net = net, .likelihood = likelihood, .prior = prior, .data = data, .scaling = scaling, .team = team,
                              .n_rows = data->n_rows, .n_weights = net->n_weights,
                              .n_params = net->n_weights + likelihood->n_noise, .max_rows = max_rows };
    for (size_t i = 0; i < data->n_rows; i++) problem->weight_sum += data->weights != NULL ? data->weights[i] : 1;
    take_arrays(problem);
    if (problem->arena.has_failed) {
        bnn_problem_free(problem);
        return BNN_FAIL_MEMORY("the training batches");
    }
    bnn_scaling_gather(scaling, data, data->n_rows, NULL, problem->x, problem->y);
    return BNN_OK;
}

void bnn_problem_free(bnn_problem *problem) {
    bnn_arena_free(&problem->arena);
    *problem = (bnn_problem){0};
}

/* ---- the likelihood term --------------------------------------------------------------------------------------------- */

static void copy_rows(real *out, const real *all, size_t width, size_t n, const size_t *rows) {
    for (size_t i = 0; width == 1 && i < n; i++) out[i] = all[rows[i]];
    for (size_t i = 0; width > 1 && i < n; i++) memcpy(out + i * width, all + rows[i] * width, width * sizeof *out);
}

typedef struct gather_job { bnn_problem *problem; size_t first, n; const size_t *rows; } gather_job;

enum { GATHER_ROWS = 32, FEW_NUMBERS = 16384 };

/* x of rows[0..n-1], or of first..first+n-1 without a list, from the bytes or doubles of the data set or from scaled ones. */
static void gather_tile(void *context, size_t tile, int thread) {
    const gather_job *job = context;
    const bnn_problem *problem = job->problem;
    size_t from = tile * GATHER_ROWS, n = job->n - from < GATHER_ROWS ? job->n - from : GATHER_ROWS, list[GATHER_ROWS];
    const size_t *rows = job->rows == NULL ? list : job->rows + from;
    real *x = problem->batch_x + from * problem->net->n_inputs;
    (void)thread;
    for (size_t i = 0; job->rows == NULL && i < n; i++) list[i] = job->first + from + i;
    if (problem->x != NULL) copy_rows(x, problem->x, problem->net->n_inputs, n, rows);
    else bnn_scaling_gather(problem->scaling, problem->data, n, rows, x, NULL);
}

/* Where x and y of rows[0..n-1], or of first..first+n-1 without a list, lie scaled and contiguous. */
static void find_batch(bnn_problem *problem, size_t first, size_t n, const size_t *rows, const real **x, const real **y) {
    size_t d = problem->net->n_inputs, t = problem->likelihood->n_targets;
    gather_job job = { problem, first, n, rows };
    bool is_there = problem->x != NULL && rows == NULL;
    *x = is_there ? problem->x + first * d : problem->batch_x;
    *y = rows == NULL ? problem->y + first * t : problem->batch_y;
    if (!is_there) bnn_team_run(n * d < FEW_NUMBERS ? NULL : problem->team, (n + GATHER_ROWS - 1) / GATHER_ROWS, gather_tile, &job);
    if (rows != NULL) copy_rows(problem->batch_y, problem->y, t, n, rows);
}

static bool is_all_finite(size_t n, const real *v) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

static bnn_status fail_not_finite(const bnn_problem *problem, const real *theta, size_t n) {
    const bnn_net *net = problem->net;
    for (size_t b = 0; b < net->n_blocks; b++) {
        if (!is_all_finite(net->blocks[b].n, theta + net->blocks[b].first))
            return BNN_FAIL(BNN_ERR_NUMERIC, "the loss is not finite: block %s holds non-finite weights", net->blocks[b].name);
    }
    if (!is_all_finite(problem->likelihood->n_noise, theta + problem->n_weights))
        return BNN_FAIL(BNN_ERR_NUMERIC, "the loss is not finite: block likelihood.log_noise_sd holds non-finite values");
    for (size_t l = 0; l < net->n_layers; l++) {
        if (!is_all_finite(n * net->layers[l].n_out, problem->workspace.y[l]))
            return BNN_FAIL(BNN_ERR_NUMERIC, "the loss is not finite: the outputs of block %s overflowed", bnn_net_block_of(net, l)->name);
    }
    return BNN_FAIL(BNN_ERR_NUMERIC, "the loss is not finite: the likelihood overflowed");
}

static void hand_out_noise(const bnn_problem *problem, double factor, const bnn_sink *sink) {
    size_t n = problem->likelihood->n_noise;
    if (n == 0) return;
    real g[n];
    for (size_t j = 0; j < n; j++) g[j] = (real)(factor * problem->dnoise[j]);
    sink->block(sink->context, problem->n_weights, n, g);
}

/* One row's nll, df and dnoise times its weight. */
static void score_weighted(bnn_problem *problem, const real *log_noise_sd, const real *f, const real *y, size_t i, double weight,
                           bool wants_df) {
    const bnn_likelihood *likelihood = problem->likelihood;
    size_t k = likelihood->n_outputs, n_noise = likelihood->n_noise;
    double dnoise[n_noise + 1];
    real *df = wants_df ? problem->df + i * k : NULL;
    memset(dnoise, 0, sizeof dnoise);
    likelihood->row->nll(likelihood, log_noise_sd, 1, f + i * k, y + i * likelihood->n_targets, &problem->row_nll[i], df, dnoise);
    problem->row_nll[i] *= weight;
    if (wants_df) bnn_span_scale(k, (real)weight, df);
    for (size_t j = 0; j < n_noise; j++) problem->dnoise[j] += weight * dnoise[j];
}

/* row_nll, df and dnoise of a batch (as in one_pass). With weights row by row, since a likelihood sums dnoise over its rows. */
static void score_rows(bnn_problem *problem, const real *log_noise_sd, size_t first, size_t n, const size_t *rows, const real *f,
                       const real *y, bool wants_df) {
    const double *weights = problem->data->weights;
    memset(problem->dnoise, 0, problem->likelihood->n_noise * sizeof(double));
    if (weights == NULL)
        problem->likelihood->row->nll(problem->likelihood, log_noise_sd, n, f, y, problem->row_nll, wants_df ? problem->df : NULL,
                                      problem->dnoise);
    for (size_t i = 0; i < n && weights != NULL; i++)
        score_weighted(problem, log_noise_sd, f, y, i, weights[rows == NULL ? first + i : rows[i]], wants_df);
}

/* One pass over at most max_rows rows; adds their nll times factor. */
static bnn_status one_pass(bnn_problem *problem, bnn_pass pass, size_t first, size_t n, const size_t *rows, double factor,
                       const bnn_sink *sink, double *nll) {
    const bnn_likelihood *likelihood = problem->likelihood;
    const real *x, *y;
    double sum = 0;
    find_batch(problem, first, n, rows, &x, &y);
    pass.first_row = first;
    if (pass.is_training) x = bnn_problem_perturb(problem, &pass, n, rows, x);
    bnn_mat f = bnn_net_forward_pass(problem->net, &problem->workspace, problem->team, pass, n, x);
    score_rows(problem, pass.theta + problem->n_weights, first, n, rows, f.at, y, sink != NULL);
    for (size_t i = 0; i < n; i++) sum += problem->row_nll[i];
    if (!isfinite(sum)) return fail_not_finite(problem, pass.theta, n);
    *nll += factor * sum;
    if (sink == NULL) return BNN_OK;
    bnn_span_scale(n * likelihood->n_outputs, (real)factor, problem->df);
    bnn_net_backward_pass(problem->net, &problem->workspace, problem->team, pass, n, x, problem->df, sink);
    hand_out_noise(problem, factor, sink);
    return BNN_OK;
}

size_t bnn_problem_passes(const bnn_problem *problem, size_t n) { return (n + problem->max_rows - 1) / problem->max_rows; }

bnn_status bnn_problem_nll_pass(bnn_problem *problem, bnn_pass pass, size_t n, const size_t *rows, const bnn_sink *sink, double *nll) {
    if (rows == NULL) n = problem->n_rows;
    double factor = (double)problem->n_rows / (double)n;
    *nll = 0;
    for (size_t first = 0; first < n; first += problem->max_rows) {
        size_t m = n - first < problem->max_rows ? n - first : problem->max_rows;
        bnn_status status = one_pass(problem, pass, first, m, rows == NULL ? NULL : rows + first, factor, sink, nll);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

bnn_status bnn_problem_nll(bnn_problem *problem, const real *theta, size_t n, const size_t *rows, const bnn_sink *sink, double *nll) {
    return bnn_problem_nll_pass(problem, (bnn_pass){ .theta = theta }, n, rows, sink, nll);
}

bnn_status bnn_problem_allow_noise(bnn_problem *problem) {
    bnn_workspace_take_noise(&problem->workspace, &problem->arena, problem->net);
    return problem->arena.has_failed ? BNN_FAIL_MEMORY("the noise of the outputs") : BNN_OK;
}

/* ---- the prior term -------------------------------------------------------------------------------------------------- */

void bnn_problem_each_block(const bnn_problem *problem, size_t first, size_t n,
                            void (*span)(void *context, double scale, size_t first, size_t n), void *context) {
    const bnn_net *net = problem->net;
    const double *scale = problem->prior_scale;
    size_t end = first + n;
    for (size_t b = 0; b < net->n_blocks && first < end; b++) {
        size_t block_end = net->blocks[b].first + net->blocks[b].n;
        bool goes_on = b + 1 < net->n_blocks && scale[b + 1] == scale[b];
        if (block_end <= first || (block_end < end && goes_on)) continue;
        size_t to = block_end < end ? block_end : end;
        span(context, scale[b], first, to - first);
        first = to;
    }
}

typedef struct prior_job { const bnn_prior *prior; const real *w; double sum; } prior_job;

static void add_log_prob(void *context, double scale, size_t first, size_t n) {
    prior_job *job = context;
    job->sum += job->prior->row->log_prob(job->prior, scale, n, job->w + first);
}

double bnn_problem_neg_log_prior(const bnn_problem *problem, const real *theta) {
    prior_job job = { .prior = problem->prior, .w = theta };
    bnn_problem_each_block(problem, 0, problem->n_weights, add_log_prob, &job);
    return -job.sum;
}

typedef struct grad_job { const bnn_prior *prior; real factor; size_t origin; const real *w; real *g; } grad_job;

static void add_grad(void *context, double scale, size_t first, size_t n) {
    grad_job *job = context;
    size_t at = first - job->origin;
    job->prior->row->add_grad(job->prior, scale, job->factor, n, job->w + at, job->g + at);
}

void bnn_problem_add_prior_grad(const bnn_problem *problem, real factor, size_t first, size_t n, const real *w, real *g) {
    grad_job job = { .prior = problem->prior, .factor = factor, .origin = first, .w = w, .g = g };
    bnn_problem_each_block(problem, first, n, add_grad, &job);
}

/* ---- both ------------------------------------------------------------------------------------------------------------ */

static void accumulate(void *context, size_t first, size_t n, real *g) { bnn_span_add(n, g, (real *)context + first); }

bnn_sink bnn_sink_accumulate(real *g) { return (bnn_sink){ accumulate, g }; }

bnn_status bnn_problem_energy(bnn_problem *problem, const real *theta, size_t n, const size_t *rows, double *energy, real *g) {
    bnn_sink sink = bnn_sink_accumulate(g);
    memset(g, 0, problem->n_params * sizeof *g);
    bnn_status status = bnn_problem_nll(problem, theta, n, rows, &sink, energy);
    if (status != BNN_OK) return status;
    *energy += bnn_problem_neg_log_prior(problem, theta);
    bnn_problem_add_prior_grad(problem, 1, 0, problem->n_weights, theta, g);
    return BNN_OK;
}
