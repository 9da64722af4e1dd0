/* The Laplace posterior: curvature at the map weights, the prior precision around them, and the normal that comes of both.
 *
 * The model's posterior becomes one of the structure's kind at once, with the map weights as its mean, and nothing as large as all weights is
 * held beside it but what the structure needs: for diag, three arrays of `real` at the peak (mean, curvature, log sd). */
#include "method/laplace.h"
#include "base/fail.h"
#include "base/text.h"
#include "method/laplace_state.h"
#include "method/map.h"
#include "problem/problem.h"

#include <string.h>

real *bnn_laplace_theta(const bnn_laplace_state *p) { return p->model->posterior.arrays[0].at; }

/* ---- before the work ------------------------------------------------------------------------------------------------- */

static bnn_status check_parent(const bnn_model *model) {
    if (model->posterior.row == &bnn_draws_posterior && model->posterior.n_draws == 1) return BNN_OK;
    return BNN_FAIL(BNN_ERR_CONFIG, "Laplace goes around one best weight vector: the run must be a finished map run, not %s",
                    json_string_value(json_object_get(model->facts, "method")));
}

/* Everything that can be refused. */
static bnn_status prepare(bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    bnn_config_fill(p->config, "method", bnn_laplace_rows, &p->options);
    bnn_status status = check_parent(model);
    if (status == BNN_OK)
        status = bnn_laplace_refuse(&p->options, p->config, &model->net, model->likelihood.row, &model->prior, p->valid != NULL);
    if (status == BNN_OK) p->lowest = bnn_laplace_lowest(&p->options, &model->net);
    return status;
}

bnn_status bnn_laplace_check(bnn_laplace_need *need, bnn_model *model, const bnn_config *config, const bnn_dataset *valid) {
    bnn_laplace_state p = { .model = model, .config = config, .valid = valid };
    bnn_status status = prepare(&p);
    if (status == BNN_OK)
        *need = (bnn_laplace_need){ .n_span = model->net.n_weights - model->net.layers[p.lowest].weight,
                                    .bytes = bnn_laplace_bytes(&p.options, &model->net, config) };
    return status;
}

static bnn_status laplace_check(const bnn_config *config, const bnn_net *net, bool has_valid_rows) {
    bnn_laplace_options options;
    bnn_prior prior;
    bnn_config_fill(config, "method", bnn_laplace_rows, &options);
    bnn_status status = bnn_prior_make(&prior, config);
    if (status != BNN_OK) return status;
    const bnn_likelihood_row *likelihood = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    status = bnn_laplace_refuse(&options, config, net, likelihood, &prior, has_valid_rows);
    bnn_prior_free(&prior);
    return status;
}

/* ---- steps ----------------------------------------------------------------------------------------------------------- */

/* The structure's kind of posterior around the map weights. */
static bnn_status replace_posterior(bnn_laplace_state *p) {
    bnn_model *model = p->model;
    bnn_posterior made;
    bnn_status status = bnn_posterior_make(&made, bnn_laplace_structure(&p->options)->posterior, model->net.n_weights, model->likelihood.n_noise, 0);
    if (status != BNN_OK) return status;
    model->posterior.row->mean(&model->posterior, made.arrays[0].at);
    bnn_posterior_free(&model->posterior);
    model->posterior = made;
    return BNN_OK;
}

static bnn_status fill_p0(bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    p->p0 = BNN_TAKE(&p->arena, model->net.n_blocks, double);
    p->precisions = BNN_TAKE(&p->arena, model->net.n_blocks, double);
    if (p->arena.has_failed) return BNN_FAIL_MEMORY("the prior of Laplace");
    for (size_t b = 0; b < model->net.n_blocks; b++)
        p->p0[b] = model->prior.row->precision(&model->prior, bnn_problem_prior_scale(&model->net, &model->prior, b));
    return BNN_OK;
}

bnn_status bnn_laplace_add_curvature(bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    bnn_curvature_free(&p->curvature);
    bnn_status status = bnn_curvature_make(&p->curvature, bnn_laplace_structure(&p->options), &model->net, &model->likelihood, p->team, p->lowest,
                                           bnn_laplace_source(&p->options), (size_t)p->options.ggn_samples, model->seed);
    return status == BNN_OK ? bnn_curvature_add(&p->curvature, p->train, &model->scaling, bnn_laplace_theta(p)) : status;
}

static bnn_status measure_nll(bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    bnn_problem problem = {0};
    bnn_status status = bnn_problem_make(&problem, &model->net, &model->likelihood, &model->prior, p->train, &model->scaling, p->team, 0);
    if (status == BNN_OK) status = bnn_problem_nll(&problem, bnn_laplace_theta(p), 0, NULL, NULL, &p->nll);
    bnn_problem_free(&problem);
    return status;
}

static bnn_status decompose(bnn_laplace_state *p) {
    bnn_status status = p->curvature.row->decompose(&p->curvature, p->p0);
    if (status == BNN_OK) status = bnn_posterior_lay_out(&p->model->posterior, &p->model->net, p->lowest);
    return status == BNN_OK ? bnn_laplace_group_layers(p) : status;
}

/* ---- facts ----------------------------------------------------------------------------------------------------------- */

static bnn_status note_facts(const bnn_laplace_state *p) {
    bnn_model *model = p->model;
    double terms = 0, gamma = 0;
    bnn_text taus = {0};
    char text[32];
    for (size_t g = 0; g < p->n_groups; g++) {
        terms += bnn_precision_evidence(&p->groups[g].group, p->groups[g].tau);
        gamma += bnn_precision_gamma(&p->groups[g].group, p->groups[g].tau);
        bnn_text_add(&taus, "%s%s", g == 0 ? "" : ", ", bnn_text_number(text, p->groups[g].tau));
    }
    bnn_status status = taus.has_failed ? BNN_FAIL_MEMORY("the facts of Laplace") : BNN_OK;
    if (status == BNN_OK) status = bnn_model_note_text(model, "method", "laplace");
    if (status == BNN_OK) status = bnn_model_note_text(model, "predictive", bnn_laplace_predictive(&p->options));
    if (status == BNN_OK) status = bnn_model_note_text(model, "prior_precision_factor", taus.at);
    if (status == BNN_OK) status = bnn_model_note_number(model, "nll", p->nll);
    if (status == BNN_OK) status = bnn_model_note_number(model, "log_evidence", -p->nll + terms);
    if (status == BNN_OK) status = bnn_model_note_number(model, "occam", terms);
    if (status == BNN_OK) status = bnn_model_note_number(model, "well_determined", gamma);
    if (status == BNN_OK && p->curvature.jitter > 0) status = bnn_model_note_number(model, "jitter", p->curvature.jitter);
    if (status == BNN_OK && p->n_newton_steps > 0) status = bnn_model_note_number(model, "newton_steps", (double)p->n_newton_steps);
    bnn_text_free(&taus);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

bnn_status bnn_laplace(bnn_model *model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid, bnn_team *team) {
    bnn_laplace_state p = { .model = model, .config = config, .train = train, .valid = valid, .team = team };
    bnn_status status;
    bnn_blas_threads saved = bnn_blas_enter();
    if ((status = prepare(&p))                                                          != BNN_OK) goto done;
    if ((status = bnn_model_note_text(model, "predictive", bnn_laplace_predictive(&p.options))) != BNN_OK) goto done;
    if ((status = fill_p0(&p))                                                          != BNN_OK) goto done;
    if ((status = replace_posterior(&p))                                                != BNN_OK) goto done;
    if ((status = bnn_laplace_add_curvature(&p))                                        != BNN_OK) goto done;
    if ((status = bnn_laplace_newton(&p))                                               != BNN_OK) goto done;
    if ((status = measure_nll(&p))                                                      != BNN_OK) goto done;
    if ((status = decompose(&p))                                                        != BNN_OK) goto done;
    if ((status = bnn_laplace_choose_precision(&p))                                     != BNN_OK) goto done;
    if ((status = bnn_laplace_set_posterior(&p))                                        != BNN_OK) goto done;
    status = note_facts(&p);
done:
    bnn_curvature_free(&p.curvature);
    bnn_arena_free(&p.arena);
    bnn_blas_leave(saved);
    return status;
}

const bnn_method_row bnn_laplace_method = {
    .head = { "laplace", "a normal around one best weight vector, from the curvature there: quick, keeps map's predictions", bnn_laplace_rows,
              sizeof(bnn_laplace_options) },
    .posterior = &bnn_draws_posterior, BNN_MAP_FIT, .check = laplace_check, .refine = bnn_laplace,
};
