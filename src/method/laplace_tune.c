/* The prior precision of a Laplace posterior: as it is, by the evidence, or by validation rows, and the posterior with it. */
#include "base/fail.h"
#include "method/laplace_state.h"
#include "predict/predict.h"

#include <math.h>

/* ---- groups ---------------------------------------------------------------------------------------------------------- */

static void eigenvalues_of(const void *context, size_t first, size_t n, double *e) {
    const bnn_curvature *curvature = context;
    curvature->row->eigenvalues(curvature, first, n, e);
}

/* sum p0 theta^2 over layer l */
static double quadratic(const bnn_laplace_state *p, size_t l) {
    const bnn_net *net = &p->model->net;
    const real *theta = bnn_laplace_theta(p);
    const bnn_layer *layer = &net->layers[l];
    size_t end = layer->weight + layer->n_out * (layer->n_in + layer->has_bias);
    double sum = 0;
    for (size_t b = 0; b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        if (block->first < layer->weight || block->first >= end) continue;
        for (size_t i = block->first; i < block->first + block->n; i++) sum += p->p0[b] * (double)theta[i] * (double)theta[i];
    }
    return sum;
}

bnn_status bnn_laplace_group_layers(bnn_laplace_state *p) {
    const bnn_net *net = &p->model->net;
    p->groups = BNN_TAKE(&p->arena, net->n_layers, bnn_laplace_group);
    if (p->groups == NULL) return BNN_FAIL_MEMORY("the prior precisions of Laplace");
    for (size_t l = p->lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        if (p->n_groups == 0 || p->options.per_layer)
            p->groups[p->n_groups++] = (bnn_laplace_group){ .first_layer = l, .tau = 1,
                .group = { .eigenvalues = eigenvalues_of, .context = &p->curvature, .first = layer->weight - p->curvature.first } };
        bnn_precision_group *group = &p->groups[p->n_groups - 1].group;
        group->n += layer->n_out * (layer->n_in + layer->has_bias);
        group->q += quadratic(p, l);
    }
    for (size_t g = 0; g < p->n_groups; g++) p->groups[g].lowest = bnn_precision_lowest(&p->groups[g].group);
    return BNN_OK;
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

/* Only an exact Hessian can fail here: every e + tau is above 0 at a minimum of the loss with its prior. */
static bool is_definite(const bnn_laplace_state *p) {
    for (size_t g = 0; g < p->n_groups; g++)
        if (!(p->groups[g].lowest + p->groups[g].tau > 0)) return false;
    return true;
}

/* Blocks come in the order of their layers. */
static void fill_precisions(bnn_laplace_state *p) {
    const bnn_net *net = &p->model->net;
    size_t g = 0;
    for (size_t b = 0; b < net->n_blocks; b++) {
        while (g + 1 < p->n_groups && net->blocks[b].first >= net->layers[p->groups[g + 1].first_layer].weight) g++;
        p->precisions[b] = p->groups[g].tau * p->p0[b];
    }
}

bnn_status bnn_laplace_set_posterior(bnn_laplace_state *p) {
    if (!is_definite(p))
        return BNN_FAIL(BNN_ERR_NUMERIC, "the Hessian with the prior precision is not positive definite: the weights are no minimum (train on, with "
                        "optimizer.name = bfgs, and prior_precision = fixed), or use curvature = ggn");
    fill_precisions(p);
    return p->curvature.row->invert(&p->curvature, p->precisions, &p->model->posterior);
}

/* ---- by validation rows ---------------------------------------------------------------------------------------------- */

/* 10^-3 .. 10^5 times the prior's own precision, four to a decade; at the upper end the weights are all but certain. */
enum { LOWEST_STEP = -12, HIGHEST_STEP = 20, STEPS = HIGHEST_STEP - LOWEST_STEP + 1 };

#define LOST 5.0           /* standard errors */

typedef struct candidate {
    double  tau, mean;
    double *log_lik;        /* [rows]; NULL: the posterior is not definite there */
} candidate;

static void set_all(bnn_laplace_state *p, double tau) {
    for (size_t g = 0; g < p->n_groups; g++) p->groups[g].tau = tau;
}

static bnn_status score(bnn_laplace_state *p, candidate *at) {
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = 100, .seed = -1, .threads = bnn_team_size(p->team) };
    set_all(p, at->tau);
    if (!is_definite(p)) return BNN_OK;
    bnn_status status = bnn_laplace_set_posterior(p);
    if (status == BNN_OK) status = bnn_predict(&prediction, p->model, p->valid, &options);
    if (status == BNN_OK && (at->log_lik = BNN_TAKE(&p->arena, p->valid->n_rows, double)) == NULL) status = BNN_FAIL_MEMORY("the validation scores");
    for (size_t i = 0; status == BNN_OK && i < p->valid->n_rows; i++) {
        at->log_lik[i] = prediction->log_lik[i];
        at->mean += at->log_lik[i] / (double)p->valid->n_rows;
    }
    bnn_prediction_free(prediction);
    return status;
}

/* Is `other` worse than `best` by no more than so many standard errors of that difference, row by row? */
static bool is_within(double errors, size_t n, const candidate *best, const candidate *other) {
    double loss = best->mean - other->mean, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double off = best->log_lik[i] - other->log_lik[i] - loss;
        squares += off * off;
    }
    return loss <= 0 || (n > 1 && loss <= errors * sqrt(squares / ((double)n * (double)(n - 1))));
}

/* The widest posterior that the rows cannot tell from the best one (the one-standard-error rule of Breiman et al. 1984), if it is no worse than
 * the weights alone: rows like the training rows hardly tell precisions apart near the optimum, and rows unlike them are where width is for. */
static const candidate *widest_of_the_best(size_t n_rows, size_t best, const candidate *candidates) {
    size_t widest;
    for (widest = best; widest > 0; widest--) {
        const candidate *next = &candidates[widest - 1];
        if (next->log_lik == NULL || next->mean < candidates[STEPS - 1].mean || !is_within(1, n_rows, &candidates[best], next)) break;
    }
    return &candidates[widest];
}

/* From the narrowest on, until one is beyond doubt worse than the best so far: from there on they only get worse. */
static bnn_status choose_by_validation(bnn_laplace_state *p) {
    candidate candidates[STEPS] = {{0}};
    size_t best = STEPS - 1, n = p->valid->n_rows;
    for (size_t c = STEPS; c-- > 0;) {
        candidate *at = &candidates[c];
        at->tau = pow(10, 0.25 * (LOWEST_STEP + (int)c));
        bnn_status status = score(p, at);
        if (status != BNN_OK) return status;
        if (at->log_lik == NULL || (c < best && !is_within(LOST, n, &candidates[best], at))) break;
        if (at->mean > candidates[best].mean) best = c;
    }
    set_all(p, candidates[best].log_lik == NULL ? 1 : widest_of_the_best(n, best, candidates)->tau);
    return BNN_OK;
}

/* ---- the choice ------------------------------------------------------------------------------------------------------ */

static bnn_status choose_by_evidence(bnn_laplace_state *p) {
    for (size_t g = 0; g < p->n_groups; g++) {
        if (p->groups[g].lowest < 0)
            return BNN_FAIL(BNN_ERR_NUMERIC, "the Hessian of the likelihood has negative eigenvalues, for which no precision has the highest evidence: "
                            "use prior_precision = fixed or validation, or curvature = ggn");
        p->groups[g].tau = bnn_precision_by_evidence(&p->groups[g].group);
    }
    return BNN_OK;
}

bnn_status bnn_laplace_choose_precision(bnn_laplace_state *p) {
    if (p->options.prior_precision == BNN_LAPLACE_BY_VALIDATION) return choose_by_validation(p);
    return p->options.prior_precision == BNN_LAPLACE_BY_EVIDENCE ? choose_by_evidence(p) : BNN_OK;
}
