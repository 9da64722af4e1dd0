/* Bayes by Backprop (Blundell et al. 2015): mean-field Gaussian variational inference by stochastic gradients.
 *
 *     minimise  E_q[nll(w)] + T kl_weight(t) KL(q || prior),   q = N(mu, exp(2 log_sd)) weight by weight
 *
 * in nats of the whole set. An estimator gives the gradient of the first term; the KL is added here in closed form, or for a Monte
 * Carlo KL its entropy part, d(-entropy)/dlog_sd = -1 (the estimator has added the rest). Learnt noise is a point estimate. Several
 * members are fits from different starts, kept as a mixture. */
#include "base/fail.h"
#include "base/span.h"
#include "base/vmath.h"
#include "method/fit.h"
#include "method/update.h"

#include <math.h>
#include <string.h>

#define LOG_SD_MIN ((real)-20)   /* sd 2e-9: below, w - mu drowns in the rounding of w */
#define LOG_SD_MAX ((real)5)
#define RHO_MAX    ((real)148)   /* the same, as rho */

enum { CLOSED_FORM, MONTE_CARLO };
enum { UNIFORM, BLUNDELL };
enum { LOG_SD, SOFTPLUS };

typedef struct bbb_options {
    long long members, samples;
    int       kl, kl_weight, spread;
    double    kl_warmup, temperature, init_sd;
    bool      antithetic;
} bbb_options;

static const bnn_option rows[] = {
    BNN_OPTION_INT_ROW(bbb_options, members, "1", 1, 1000, "fits", "fits from different starts, mixed as equally likely: a mixture of normals "
                       "sees several modes, at their joint cost"),
    BNN_OPTION_INT_ROW(bbb_options, samples, "1", 1, 10000, "", "weight draws per step, averaged"),
    BNN_OPTION_BOOL_ROW(bbb_options, antithetic, "no", "draw samples in pairs with opposite noise (an even number of samples)"),
    BNN_OPTION_CHOICE_ROW(bbb_options, kl, "closed_form", "closed_form|monte_carlo",
                          "KL to the prior: exact where the prior has a closed form (else monte_carlo), or estimated at the weight draws"),
    BNN_OPTION_CHOICE_ROW(bbb_options, kl_weight, "uniform", "uniform|blundell", "share of the KL in each batch of an epoch: equal, or "
                          "halved from batch to batch, so that the prior leads first and the data last (Blundell et al. 2015)"),
    BNN_OPTION_NUMBER_ROW(bbb_options, kl_warmup, "0", 0, 1e9, "epochs", "the weight of the KL rises from 0 to 1 over this many epochs"),
    BNN_OPTION_NUMBER_ROW(bbb_options, temperature, "1", 0, 1e6, "", "T in nll + T KL; 1 is Bayes' rule, below 1 a cold posterior"),
    BNN_OPTION_CHOICE_ROW(bbb_options, spread, "log_sd", "log_sd|softplus", "what is learnt of each sd: its log, or rho with sd = log(1 + "
                          "exp(rho)) as in Blundell et al. 2015 (slower); the model is the same either way"),
    /* .02: the recipe that reached the published UCI figures; .05 leaves some fits stuck */
    BNN_OPTION_POSITIVE_ROW(bbb_options, init_sd, "0.02", 100, "", "initial sd of every weight's posterior"),
    {0}
};

typedef struct bbb_state {
    bbb_options   options;
    bnn_problem  *problem;
    bnn_estimator estimator;
    real         *mu, *log_sd;
    real         *rho;                    /* sd = softplus(rho), with spread = softplus; else NULL */
    size_t        n_layers;               /* with weights */
    double       *kl_layers;              /* [n_layers] of the last record */
    double        kl_weight;              /* of the present step, temperature included */
    uint64_t      step;
    bnn_optimizer mu_optimizer, log_sd_optimizer;
    bnn_update    update;
    bnn_arena     arena;
} bbb_state;

typedef struct kl_job { bbb_state *bbb; size_t origin; real *dmu, *dlog_sd; } kl_job;

static void add_kl_grad(void *context, double scale, size_t first, size_t n) {
    const kl_job *job = context;
    const bbb_state *bbb = job->bbb;
    const bnn_prior *prior = bbb->problem->prior;
    size_t at = first - job->origin;
    prior->row->add_kl_grad(prior, scale, (real)bbb->kl_weight, n, bbb->mu + first, bbb->log_sd + first, job->dmu + at,
                            job->dlog_sd + at);
}

BNN_CLONES static void subtract(size_t n, real *v, real amount) {
    for (size_t i = 0; i < n; i++) v[i] -= amount;
}

static void bbb_penalise(void *context, size_t first, size_t n, real *dmu, real *dlog_sd) {
    bbb_state *bbb = context;
    if (bbb->estimator.is_monte_carlo) {
        subtract(n, dlog_sd, (real)bbb->kl_weight);
    } else {
        kl_job job = { bbb, first, dmu, dlog_sd };
        bnn_problem_each_block(bbb->problem, first, n, add_kl_grad, &job);
    }
}

BNN_CLONES static void bound(size_t n, real *v, real min, real max) {
    for (size_t i = 0; i < n; i++) v[i] = v[i] < min ? min : v[i] > max ? max : v[i];
}

/* dlog_sd/drho = sigmoid(rho) / softplus(rho) */
BNN_CLONES static void through_softplus(size_t n, const real *rho, real *d) {
    for (size_t i = 0; i < n; i++) d[i] *= bnn_sigmoid(rho[i]) / bnn_softplus(rho[i]);
}

BNN_CLONES static void log_softplus(size_t n, const real *rho, real *log_sd) {
    for (size_t i = 0; i < n; i++) log_sd[i] = bnn_log(bnn_softplus(rho[i]));
}

static void move_spread(bbb_state *bbb, size_t first, size_t n, real *dlog_sd) {
    real *moved = (bbb->rho == NULL ? bbb->log_sd : bbb->rho) + first;
    if (bbb->rho != NULL) through_softplus(n, moved, dlog_sd);
    bbb->log_sd_optimizer.row->step(&bbb->log_sd_optimizer, first, n, dlog_sd, moved);
    bound(n, moved, LOG_SD_MIN, bbb->rho == NULL ? LOG_SD_MAX : RHO_MAX);
    if (bbb->rho != NULL) log_softplus(n, moved, bbb->log_sd + first);
}

static void bbb_move(void *context, size_t first, size_t n, real *dmu, real *dlog_sd) {
    bbb_state *bbb = context;
    bbb->mu_optimizer.row->step(&bbb->mu_optimizer, first, n, dmu, bbb->mu + first);
    if (dlog_sd == NULL) {
        bnn_likelihood_bound_noise(n, bbb->mu + first);
    } else {
        move_spread(bbb, first, n, dlog_sd);
    }
    bbb->estimator.row->redraw(&bbb->estimator, bbb->step + 1, first, n);
}

static bnn_status make_parts(bbb_state *bbb, bnn_fit_state *fit) {
    bnn_status status;
    const bnn_estimator_row *row = (const bnn_estimator_row *)bnn_config_variant(fit->config, "method", "estimator");
    bnn_update_options options = { .n_samples = (size_t)bbb->options.samples, .n_passes = fit->n_passes,
                                   .clip_norm = fit->train.clip_norm, .has_spread = true };
    if ((status = bnn_estimator_make(&bbb->estimator, row, fit->problem, bbb->mu, bbb->log_sd)) != BNN_OK) return status;
    if ((status = bnn_optimizer_make(&bbb->mu_optimizer, fit->config, fit->problem->n_params)) != BNN_OK) return status;
    if ((status = bnn_optimizer_make(&bbb->log_sd_optimizer, fit->config, fit->problem->n_weights)) != BNN_OK) return status;
    bbb->mu_optimizer.n_decayed = fit->problem->n_weights;
    bbb->log_sd_optimizer.n_decayed = 0;
    return bnn_update_make(&bbb->update, fit->problem, options, bbb_penalise, bbb_move, bbb);
}

static size_t bbb_members(const bnn_config *config) {
    bbb_options options;
    bnn_config_fill(config, "method", rows, &options);
    return (size_t)options.members;
}

static bnn_status bbb_start(void *state, bnn_fit_state *fit) {
    bbb_state *bbb = state;
    const bnn_problem *problem = bbb->problem = fit->problem;
    bnn_config_fill(fit->config, "method", rows, &bbb->options);
    if (bbb->options.antithetic && bbb->options.samples % 2 == 1)
        return bnn_config_fail(fit->config, "method", "antithetic", "pairs need an even number of method.samples");
    bbb->mu = BNN_TAKE(&bbb->arena, problem->n_params, real);
    bbb->log_sd = BNN_TAKE(&bbb->arena, problem->n_weights, real);
    if (bbb->options.spread == SOFTPLUS) bbb->rho = BNN_TAKE(&bbb->arena, problem->n_weights, real);
    for (size_t b = 0; b < problem->net->n_blocks; b++) bbb->n_layers += problem->net->blocks[b].role == BNN_ROLE_WEIGHT;
    bbb->kl_layers = BNN_TAKE(&bbb->arena, bbb->n_layers, double);
    if (bbb->arena.has_failed) return BNN_FAIL_MEMORY("the means and spreads");
    bnn_status status = make_parts(bbb, fit);
    if (status != BNN_OK) return status;
    bbb->estimator.seed = fit->seed;
    bbb->estimator.member = fit->member;
    bbb->estimator.n_samples = (size_t)bbb->options.samples;
    bbb->estimator.is_antithetic = bbb->options.antithetic;
    bbb->estimator.is_monte_carlo = bbb->options.kl == MONTE_CARLO || problem->prior->row->kl == NULL;
    bnn_fit_initial(fit, bbb->mu);
    for (size_t i = 0; i < problem->n_weights; i++) bbb->log_sd[i] = (real)log(bbb->options.init_sd);
    for (size_t i = 0; bbb->rho != NULL && i < problem->n_weights; i++) bbb->rho[i] = (real)log(expm1(bbb->options.init_sd));
    return BNN_OK;
}

/* Batch i of M has the share 2^(M-i) / (2^M - 1) of the epoch's KL (Blundell et al. 2015, section 3.4), written so that it does not
 * overflow; times M, since here every step sees the whole KL. */
static double blundell_weight(double i, double n_batches) { return n_batches * exp2(-i) / (1 - exp2(-n_batches)); }

/* Of step fit->step, on batch number `batch` (1-based) of its epoch. */
static double step_kl_weight(const bbb_state *bbb, const bnn_fit_state *fit, uint64_t batch) {
    double warm_steps = bbb->options.kl_warmup * (double)fit->n_batches, done = (double)fit->step / warm_steps;
    double share = bbb->options.kl_weight == BLUNDELL ? blundell_weight((double)batch, (double)fit->n_batches) : 1;
    return bbb->options.temperature * share * (warm_steps > 0 && done < 1 ? done : 1);
}

static bnn_status bbb_step(void *state, bnn_fit_state *fit, size_t n, const size_t *batch, double *nll) {
    bbb_state *bbb = state;
    double lr = bnn_fit_lr(fit), g_scale = 1 / fit->problem->weight_sum;
    bnn_elbo_sink sink = bnn_update_elbo_sink(&bbb->update);
    bbb->step = fit->step;
    bbb->kl_weight = step_kl_weight(bbb, fit, fit->batch + 1);
    bnn_optimizer_begin(&bbb->mu_optimizer, fit->step, lr, g_scale);
    bnn_optimizer_begin(&bbb->log_sd_optimizer, fit->step, lr * fit->optimizer.log_sd_lr_factor, g_scale);
    bnn_status status = bbb->estimator.row->elbo_grad(&bbb->estimator, fit->step, n, batch, bbb->kl_weight, &sink, nll);
    if (status == BNN_OK) status = bnn_update_finish(&bbb->update);
    bbb->estimator.drawn_step = fit->step + 1;
    return status;
}

static void bbb_record(void *state, const bnn_fit_state *fit, bnn_epoch *record) {
    bbb_state *bbb = state;
    record->penalty = bnn_estimator_kl(&bbb->estimator, fit->step, bbb->kl_layers);
    record->n_layers = bbb->n_layers;
    record->kl_layers = bbb->kl_layers;
    record->kl_weight = step_kl_weight(bbb, fit, fit->batch);     /* that of the last step, also in a fit that goes on just after it */
    record->elbo = -(record->nll + record->penalty);
}

static const real *bbb_point(void *state) { return ((bbb_state *)state)->mu; }

static void bbb_let_go(void *state) {
    bbb_state *bbb = state;
    bnn_optimizer_free(&bbb->log_sd_optimizer);
    bnn_optimizer_free(&bbb->mu_optimizer);
    bnn_estimator_free(&bbb->estimator);
}

static void bbb_finish(void *state, bnn_posterior *posterior) {
    const bbb_state *bbb = state;
    memcpy(posterior->arrays[0].at, bbb->mu, posterior->n_params * sizeof(real));
    memcpy(posterior->arrays[1].at, bbb->log_sd, posterior->n_weights * sizeof(real));
}

static size_t bbb_arrays(void *state, bnn_state_array arrays[BNN_STATE_ARRAYS]) {
    bbb_state *bbb = state;
    size_t n = 0;
    arrays[n++] = (bnn_state_array){ "mu", bbb->problem->n_params, bbb->mu };
    arrays[n++] = (bnn_state_array){ "log_sd", bbb->problem->n_weights, bbb->log_sd };
    if (bbb->rho != NULL) arrays[n++] = (bnn_state_array){ "rho", bbb->problem->n_weights, bbb->rho };
    for (size_t s = 0; s < bbb->mu_optimizer.row->n_states; s++) {
        arrays[n++] = (bnn_state_array){ s == 0 ? "mu_optimizer_1" : "mu_optimizer_2", bbb->mu_optimizer.n, bbb->mu_optimizer.state[s] };
        arrays[n++] = (bnn_state_array){ s == 0 ? "log_sd_optimizer_1" : "log_sd_optimizer_2", bbb->log_sd_optimizer.n,
                                         bbb->log_sd_optimizer.state[s] };
    }
    return n;
}

static bnn_status bbb_resumed(void *state, bnn_fit_state *fit) {
    bbb_state *bbb = state;
    (void)fit;
    bnn_update_reset(&bbb->update);
    bbb->estimator.drawn_step = 0;
    return BNN_OK;
}

static void bbb_free(void *state) {
    bbb_state *bbb = state;
    bbb_let_go(bbb);
    bnn_update_free(&bbb->update);
    bnn_arena_free(&bbb->arena);
}

const bnn_method_row bnn_bbb_method = {
    .head = { "bbb", "Bayes by Backprop: a normal for every weight, fitted by gradients; the default", rows, sizeof(bbb_options) },
    .posterior = &bnn_diag_posterior, .state_size = sizeof(bbb_state), .members = bbb_members, .joint = &bnn_mixture_posterior,
    .start = bbb_start, .step = bbb_step, .record = bbb_record, .point = bbb_point, .let_go = bbb_let_go,
    .finish = bbb_finish, .arrays = bbb_arrays, .resumed = bbb_resumed, .free = bbb_free,
};
