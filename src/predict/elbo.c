/* The evidence lower bound of a mean-field posterior on its training set: ELBO = -(E_q[nll] + KL(q || prior)). */
#include "predict/predict.h"
#include "problem/problem.h"

#include <math.h>

static double kl_of_draw(const bnn_model *model, uint32_t s) {
    bnn_key key = bnn_key_make(model->seed, BNN_PURPOSE_EVALUATE, 1, s, 0);     /* step 0 is the bootstrap's */
    const real *mean = model->posterior.arrays[0].at, *log_sd = model->posterior.arrays[1].at;
    double sum = 0;
    for (size_t b = 0; b < model->net.n_blocks; b++) {
        const bnn_block *block = &model->net.blocks[b];
        double scale = bnn_problem_prior_scale(&model->net, &model->prior, b);
        sum += bnn_prior_kl(&model->prior, scale, block->first, block->n, mean + block->first, log_sd + block->first, false, 1, &key);
    }
    return sum;
}

double bnn_predict_kl(const bnn_model *model, size_t n_draws) {
    if (model->posterior.row != &bnn_diag_posterior) return NAN;
    if (model->prior.row->kl != NULL) n_draws = 1;      /* the closed form needs no draws */
    double sum = 0;
    for (size_t s = 0; s < n_draws; s++) sum += kl_of_draw(model, (uint32_t)s);
    return sum / (double)n_draws;
}

bnn_elbo bnn_predict_elbo(const bnn_model *model, const bnn_prediction *train) {
    bnn_elbo elbo = { .nll = 0, .kl = bnn_predict_kl(model, train->n_draws) };
    elbo.has_kl = isfinite(elbo.kl);
    for (size_t i = 0; i < train->n_rows; i++) elbo.nll += train->expected_nll[i];
    elbo.elbo = -(elbo.nll + elbo.kl);
    return elbo;
}
