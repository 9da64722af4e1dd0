/* The table of estimators, their making, and the value of the KL. */
#include "estimator/estimator.h"
#include "base/fail.h"

const bnn_variant *const bnn_estimators[] = { 
    &bnn_reparam_estimator.head, &bnn_local_reparam_estimator.head, &bnn_flipout_estimator.head, NULL };

bnn_status bnn_estimator_make(bnn_estimator *estimator, const bnn_estimator_row *row, bnn_problem *problem, const real *mu,
                              const real *log_sd) {
    *estimator = (bnn_estimator){ .row = row, .problem = problem, .mu = mu, .log_sd = log_sd, .n_samples = 1 };
    estimator->draw = BNN_TAKE(&estimator->arena, problem->n_params, real);
    if (estimator->draw == NULL) return BNN_FAIL_MEMORY("the weight draws");
    return row->noisy != NULL ? bnn_problem_allow_noise(problem) : BNN_OK;
}

enum { STRETCH = 64 * BNN_TILE };

typedef struct tiles_job { size_t n_weights; bnn_visit_tile_fn *visit; void *context; } tiles_job;

static void visit_stretch(void *context, size_t tile, int thread) {
    const tiles_job *job = context;
    size_t first = tile * STRETCH, end = job->n_weights - first < STRETCH ? job->n_weights : first + STRETCH;
    (void)thread;
    for (size_t i = first, next; i < end; i = next) {
        next = bnn_tile_end(i, end);
        job->visit(job->context, i, next - i);
    }
}

void bnn_each_tile(bnn_team *team, size_t n_weights, bnn_visit_tile_fn *visit, void *context) {
    tiles_job job = { n_weights, visit, context };
    bnn_team_run(team, (n_weights + STRETCH - 1) / STRETCH, visit_stretch, &job);
}

bnn_key bnn_estimator_key(const bnn_estimator *estimator, bnn_purpose purpose, uint64_t step, size_t sample) {
    size_t number = estimator->is_antithetic ? sample / 2 : sample;
    return bnn_key_make(estimator->seed, purpose, (uint32_t)step, (uint32_t)number, estimator->member);
}

bool bnn_estimator_is_mirrored(const bnn_estimator *estimator, size_t sample) {
    return estimator->is_antithetic && sample % 2 == 1;
}

void bnn_estimator_free(bnn_estimator *estimator) {
    bnn_arena_free(&estimator->arena);
    *estimator = (bnn_estimator){0};
}

double bnn_estimator_kl(const bnn_estimator *estimator, uint64_t step, double *layers) {
    const bnn_problem *problem = estimator->problem;
    bnn_key key = bnn_key_make(estimator->seed, BNN_PURPOSE_EVALUATE, (uint32_t)step, 0, estimator->member);
    double sum = 0;
    size_t n_layers = 0;
    for (size_t b = 0; b < problem->net->n_blocks; b++) {
        const bnn_block *block = &problem->net->blocks[b];
        double kl = bnn_prior_kl(problem->prior, problem->prior_scale[b], block->first, block->n, estimator->mu + block->first,
                                 estimator->log_sd + block->first, estimator->is_monte_carlo, 1, &key);
        if (block->role == BNN_ROLE_WEIGHT) layers[n_layers++] = 0;     /* a layer's first block */
        layers[n_layers - 1] += kl;
        sum += kl;
    }
    return sum;
}
