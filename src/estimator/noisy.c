/* Elbo gradients from passes with sampled outputs. A Monte Carlo KL needs weights as well: each tile draws its own for that. */
#include "estimator/noisy.h"
#include "base/span.h"

typedef struct noisy_job {
    bnn_estimator       *estimator;
    const bnn_elbo_sink *sink;
    uint64_t             step;
    size_t               sample;
    real                 share, prior_factor;     /* as in reparam.c */
} noisy_job;

void bnn_noisy_redraw(bnn_estimator *estimator, uint64_t step, size_t first, size_t n) {
    if (first < estimator->problem->n_weights) estimator->row->noisy->prepare(estimator, step, 0, first, n);
}

static void prepare_tile(void *context, size_t first, size_t n) {
    const noisy_job *job = context;
    job->estimator->row->noisy->prepare(job->estimator, job->step, job->sample, first, n);
}

BNN_CLONES static void through_second(size_t n, real factor, const real *g, const real *second, real *out) {
    for (size_t i = 0; i < n; i++) out[i] = factor * g[i] * second[i];
}

BNN_CLONES static void add_through_draw(size_t n, const real *g, const real *w, const real *mu, real *dmu, real *dlog_sd) {
    for (size_t i = 0; i < n; i++) {
        dmu[i] += g[i];
        dlog_sd[i] += g[i] * (w[i] - mu[i]);
    }
}

static void add_prior(const noisy_job *job, size_t first, size_t n, real *dmu, real *dlog_sd) {
    const bnn_estimator *e = job->estimator;
    real w[BNN_TILE_MAX], g[BNN_TILE_MAX] = {0};
    bnn_rng_normals(bnn_estimator_key(e, BNN_PURPOSE_WEIGHTS, job->step, job->sample), first, n, w);
    bnn_span_spread(n, e->mu + first, e->log_sd + first, bnn_estimator_is_mirrored(e, job->sample) ? -1 : 1, w);
    bnn_problem_add_prior_grad(e->problem, job->prior_factor, first, n, w, g);
    add_through_draw(n, g, w, e->mu + first, dmu, dlog_sd);
}

/* g [n] = d/dmu, then d/dsecond [n]; learnt noise has no second. */
static void take_block(void *context, size_t first, size_t n, real *g) {
    const noisy_job *job = context;
    const bnn_estimator *e = job->estimator;
    bool is_noise = first >= e->problem->n_weights;
    real dlog_sd[BNN_TILE_MAX];
    if (job->share != 1) bnn_span_scale(n, job->share, g);
    for (size_t i = first, end = first + n; i < end;) {
        size_t m = bnn_tile_end(i, end) - i;
        real *dmu = g + (i - first);
        if (!is_noise) {
            through_second(m, job->share * e->row->noisy->chain, g + n + (i - first), e->draw + i, dlog_sd);
            if (job->prior_factor > 0) add_prior(job, i, m, dmu, dlog_sd);
        }
        job->sink->tile(job->sink->context, i, m, dmu, is_noise ? NULL : dlog_sd);
        i += m;
    }
}

bnn_status bnn_noisy_elbo_grad(bnn_estimator *estimator, uint64_t step, size_t n, const size_t *rows, double kl_weight,
                               const bnn_elbo_sink *sink, double *nll) {
    size_t n_passes = bnn_problem_passes(estimator->problem, rows == NULL ? estimator->problem->n_rows : n);
    double share = 1 / (double)estimator->n_samples, prior_share = kl_weight * share / (double)n_passes;
    const bnn_noisy *noisy = estimator->row->noisy;
    noisy_job job = { .estimator = estimator, .sink = sink, .step = step, .share = (real)share,
                      .prior_factor = (real)(estimator->is_monte_carlo ? prior_share : 0) };
    bnn_sink block_sink = { take_block, &job };
    *nll = 0;
    for (job.sample = 0; job.sample < estimator->n_samples; job.sample++) {
        double value;
        if (job.sample > 0 ? noisy->depends_on_sample : estimator->drawn_step != step)
            bnn_each_tile(estimator->problem->team, estimator->problem->n_weights, prepare_tile, &job);
        bnn_pass pass = { .theta = estimator->mu, .noise = noisy->kind, .second = estimator->draw, .is_training = true,
                          .is_mirrored = bnn_estimator_is_mirrored(estimator, job.sample),
                          .key = bnn_estimator_key(estimator, BNN_PURPOSE_OUTPUTS, step, job.sample) };
        bnn_status status = bnn_problem_nll_pass(estimator->problem, pass, n, rows, &block_sink, &value);
        if (status != BNN_OK) return status;
        *nll += share * value;
    }
    return BNN_OK;
}
