/* The reparameterisation trick on weights (Blundell et al. 2015, section 3.2): w = mu + sd epsilon, epsilon ~ N(0, 1), so that
 *
 *     d/dmu = g,   d/dlog_sd = g (w - mu),   g = d(...)/dw,
 *
 * and epsilon need not be stored. One draw serves a whole batch. */
#include "base/span.h"
#include "estimator/estimator.h"

#include <string.h>

typedef struct reparam_job {
    bnn_estimator       *estimator;
    const bnn_elbo_sink *sink;
    uint64_t             step;
    size_t               sample;
    real                 share;        /* 1 / n_samples */
    real                 prior_factor; /* with a Monte Carlo KL: the part of kl_weight that each call of the sink adds, else 0 */
} reparam_job;

static void draw(bnn_estimator *e, bnn_key key, real sign, size_t first, size_t n) {
    bnn_rng_normals(key, first, n, e->draw + first);
    bnn_span_spread(n, e->mu + first, e->log_sd + first, sign, e->draw + first);
}

static void reparam_redraw(bnn_estimator *estimator, uint64_t step, size_t first, size_t n) {
    size_t n_weights = estimator->problem->n_weights;
    if (first < n_weights) draw(estimator, bnn_estimator_key(estimator, BNN_PURPOSE_WEIGHTS, step, 0), 1, first, n);
    else memcpy(estimator->draw + first, estimator->mu + first, n * sizeof(real));
}

typedef struct draw_job { bnn_estimator *estimator; bnn_key key; real sign; } draw_job;

static void draw_tile(void *context, size_t first, size_t n) {
    const draw_job *job = context;
    draw(job->estimator, job->key, job->sign, first, n);
}

static void draw_all(const reparam_job *job) {
    bnn_estimator *e = job->estimator;
    const bnn_problem *problem = e->problem;
    size_t n_noise = problem->n_params - problem->n_weights;
    draw_job draws = { e, bnn_estimator_key(e, BNN_PURPOSE_WEIGHTS, job->step, job->sample), bnn_estimator_is_mirrored(e, job->sample) ? -1 : 1 };
    bnn_each_tile(problem->team, problem->n_weights, draw_tile, &draws);
    memcpy(e->draw + problem->n_weights, e->mu + problem->n_weights, n_noise * sizeof(real));
}

BNN_CLONES static void through_draw(size_t n, const real *restrict dmu, const real *w, const real *mu, real *restrict dlog_sd) {
    for (size_t i = 0; i < n; i++) dlog_sd[i] = dmu[i] * (w[i] - mu[i]);
}

/* A finished block of dW, tile by tile, into (dmu, dlog_sd). */
static void take_block(void *context, size_t first, size_t n, real *g) {
    const reparam_job *job = context;
    const bnn_estimator *e = job->estimator;
    bool is_noise = first >= e->problem->n_weights;
    real dlog_sd[BNN_TILE_MAX];
    if (job->share != 1) bnn_span_scale(n, job->share, g);
    for (size_t i = first, end = first + n; i < end;) {
        size_t m = bnn_tile_end(i, end) - i;
        real *dmu = g + (i - first);
        if (!is_noise) {
            if (job->prior_factor > 0) bnn_problem_add_prior_grad(e->problem, job->prior_factor, i, m, e->draw + i, dmu);
            through_draw(m, dmu, e->draw + i, e->mu + i, dlog_sd);
        }
        job->sink->tile(job->sink->context, i, m, dmu, is_noise ? NULL : dlog_sd);
        i += m;
    }
}

static bnn_status reparam_elbo_grad(bnn_estimator *estimator, uint64_t step, size_t n, const size_t *rows, double kl_weight,
                                    const bnn_elbo_sink *sink, double *nll) {
    size_t n_passes = bnn_problem_passes(estimator->problem, rows == NULL ? estimator->problem->n_rows : n);
    double share = 1 / (double)estimator->n_samples, prior_share = kl_weight * share / (double)n_passes;
    reparam_job job = { .estimator = estimator, .sink = sink, .step = step, .share = (real)share,
                        .prior_factor = (real)(estimator->is_monte_carlo ? prior_share : 0) };
    bnn_sink block_sink = { take_block, &job };
    *nll = 0;
    for (job.sample = 0; job.sample < estimator->n_samples; job.sample++) {
        double value;
        if (job.sample > 0 || estimator->drawn_step != step) draw_all(&job);
        bnn_pass pass = { .theta = estimator->draw, .is_training = true,
                          .key = bnn_estimator_key(estimator, BNN_PURPOSE_OUTPUTS, step, job.sample) };
        bnn_status status = bnn_problem_nll_pass(estimator->problem, pass, n, rows, &block_sink, &value);
        if (status != BNN_OK) return status;
        *nll += share * value;
    }
    return BNN_OK;
}

const bnn_estimator_row bnn_reparam_estimator = {
    .head = { "reparam", "one weight draw per step for the whole batch: the cheapest step, the default", NULL, 0 },
    .elbo_grad = reparam_elbo_grad, .redraw = reparam_redraw,
};
