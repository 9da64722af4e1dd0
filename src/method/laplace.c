/* The Laplace posterior: curvature at the map weights, prior precision by a fixed value, the evidence or validation rows, and the normal that
 * comes of them. */
#include "method/laplace.h"
#include "base/fail.h"
#include "base/text.h"
#include "method/catalogue.h"
#include "method/map.h"
#include "method/precision.h"
#include "posterior/output_cov.h"
#include "predict/predict.h"
#include "problem/problem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SPAN_ALL, SPAN_LAST_LAYER };
enum { BY_EVIDENCE, FIXED, BY_VALIDATION };

typedef struct laplace_options {
    int       structure, curvature, span, prior_precision, predictive;
    long long ggn_samples;
    bool      per_layer;
} laplace_options;

static const bnn_option rows[] = {
    BNN_OPTION_CHOICE_ROW(laplace_options, structure, "kron", "kron|diag|full", "shape of the curvature: kron, two factors per layer; diag, one "
                          "number per weight; full, all pairs (small nets, or span = last_layer)"),
    BNN_OPTION_CHOICE_ROW(laplace_options, curvature, "ggn", "ggn|empirical_fisher|hessian", "generalised Gauss-Newton (the better one), the "
                          "empirical Fisher (cheaper: one backprop per batch), or the exact Hessian (diag, full; needs a true minimum)"),
    BNN_OPTION_INT_ROW(laplace_options, ggn_samples, "0", 0, 10000, "labels", "estimate the ggn from this many labels drawn per row; 0: exact"),
    BNN_OPTION_CHOICE_ROW(laplace_options, span, "all", "all|last_layer", "the layers whose weights are uncertain"),
    BNN_OPTION_CHOICE_ROW(laplace_options, prior_precision, "evidence", "evidence|fixed|validation", "precision of the prior around the fit: the "
                          "one of highest evidence, that of [prior], or the best on the validation rows"),
    BNN_OPTION_BOOL_ROW(laplace_options, per_layer, "no", "with evidence: a precision for each layer (diag, kron)"),
    BNN_OPTION_CHOICE_ROW(laplace_options, predictive, "linearised", "linearised|probit|sampling", "how it predicts: through the linearised net "
                          "(weights drawn around a linearised curvature do not suit the net itself), the probit formula for classes, or drawn weights"),
    {0}
};

static const bnn_structure_row *const structures[] = { &bnn_kron_structure, &bnn_diag_structure, &bnn_full_structure };
static const bnn_factor_source sources[] = { BNN_SOURCE_GGN, BNN_SOURCE_EMPIRICAL_FISHER, BNN_SOURCE_HESSIAN };
static const char *const predictives[] = { "linearised", "probit", "sampling" };

/* A group of weights with one multiplier, and where its numbers lie. */
typedef struct laplace_group { bnn_precision_group group; double tau; } laplace_group;

typedef struct laplace {
    bnn_model        *model;
    const bnn_config *config;
    const bnn_dataset *train, *valid;
    bnn_team         *team;
    laplace_options   options;
    size_t            lowest;
    real             *theta;           /* [n_params] the map weights                       */
    double            nll;
    double           *p0;              /* [span] prior precision of each weight            */
    bnn_curvature     curvature;
    double          **values_in, **values_out;   /* kron: [n_layers], eigenvalues          */
    size_t            n_groups;
    laplace_group    *groups;
    size_t           *group_of_layer;  /* [n_layers]                                       */
    double            jitter;          /* full: what the Cholesky factor needed            */
    bnn_arena         arena;
} laplace;

/* ---- needs ----------------------------------------------------------------------------------------------------------- */

/* Of a configuration, before a map fit as well as after it. */
static bnn_status check_choices(const bnn_config *config, const laplace_options *options, const bnn_likelihood_row *likelihood,
                                const bnn_prior_row *prior, bool has_valid_rows) {
    if (options->prior_precision == BY_VALIDATION && !has_valid_rows)
        return bnn_config_fail(config, "method", "prior_precision", "needs validation rows: add data.valid or data.valid_fraction");
    if (likelihood->curvature_root == NULL)
        return bnn_config_fail(config, "likelihood", "name", "has no curvature in its outputs, so no Laplace posterior");
    if (prior->precision == NULL)
        return bnn_config_fail(config, "prior", "name", "Laplace needs a gaussian prior: the curvature of this one is not constant");
    if (sources[options->curvature] == BNN_SOURCE_HESSIAN && structures[options->structure]->hessian == NULL)
        return bnn_config_fail(config, "method", "curvature", "the exact Hessian has no Kronecker factors: use structure = diag or full");
    return BNN_OK;
}

static bnn_status check(const laplace *p) {
    const bnn_model *model = p->model;
    if (model->posterior.row != &bnn_draws_posterior || model->posterior.n_draws != 1)
        return BNN_FAIL(BNN_ERR_CONFIG, "Laplace goes around one best weight vector: the run must be a finished map run, not %s",
                        json_string_value(json_object_get(model->facts, "method")));
    return check_choices(p->config, &p->options, model->likelihood.row, model->prior.row, p->valid != NULL);
}

static void print_bytes(char text[32], double bytes) {
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    int unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++) bytes /= 1000;
    snprintf(text, 32, bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static size_t lowest_layer(const laplace_options *options, const bnn_net *net) {
    return options->span == SPAN_ALL ? bnn_net_first_with_weights(net) : net->n_layers - 1;
}

/* The structure's own memory, twice for its decomposition. */
static double bytes_needed(const laplace_options *options, const bnn_net *net) {
    return 2 * (double)structures[options->structure]->bytes(net, lowest_layer(options, net));
}

/* Against run.max_memory or 80 % of what is free. */
static bnn_status check_memory(const bnn_config *config, const laplace_options *options, const bnn_net *net) {
    double limit = 0, most = bytes_needed(options, net);
    size_t lowest = lowest_layer(options, net);
    const char *text = bnn_config_text(config, "run", "max_memory");
    if (text != NULL) bnn_text_to_number(text, &limit);
    limit = limit > 0 ? limit * 1e6 : 0.8 * (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (most <= limit) return BNN_OK;
    char needs[32], has[32], kron[32], diag[32];
    print_bytes(needs, most);
    print_bytes(has, limit);
    print_bytes(kron, 2 * (double)bnn_kron_structure.bytes(net, lowest));
    print_bytes(diag, 2 * (double)bnn_diag_structure.bytes(net, lowest));
    return BNN_FAIL(BNN_ERR_MEMORY, "structure = %s needs %s, %s may be used; kron needs %s, diag %s, or use span = last_layer",
                    structures[options->structure]->head.name, needs, has, kron, diag);
}

/* ---- prior and curvature --------------------------------------------------------------------------------------------- */

static bnn_status fill_p0(laplace *p) {
    const bnn_model *model = p->model;
    const bnn_net *net = &model->net;
    size_t first = net->layers[p->lowest].weight;
    double layer_precision = 0;
    p->p0 = BNN_TAKE(&p->arena, net->n_weights - first, double);
    if (p->p0 == NULL) return BNN_FAIL_MEMORY("the prior of Laplace");
    for (size_t b = 0; b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        if (block->first < first) continue;
        double precision = model->prior.row->precision(&model->prior, bnn_problem_prior_scale(net, &model->prior, b));
        if (block->role == BNN_ROLE_BIAS && p->options.structure == 0 && precision != layer_precision)
            return bnn_config_fail(p->config, "method", "structure", "kron needs one prior width per layer, biases included: leave prior.fan_in and "
                                   "prior.bias_scale alone, or use structure = diag");
        layer_precision = precision;
        for (size_t i = 0; i < block->n; i++) p->p0[block->first - first + i] = precision;
    }
    return BNN_OK;
}

static double p0_of_layer(const laplace *p, size_t l) {
    return p->p0[p->model->net.layers[l].weight - p->model->net.layers[p->lowest].weight];
}

static bnn_status add_curvature(laplace *p) {
    const bnn_model *model = p->model;
    bnn_status status = bnn_curvature_make(&p->curvature, structures[p->options.structure], &model->net, &model->likelihood, p->team, p->lowest,
                                           sources[p->options.curvature], (size_t)p->options.ggn_samples, model->seed);
    return status == BNN_OK ? bnn_curvature_add(&p->curvature, p->train, &model->scaling, p->theta) : status;
}

/* ---- eigenvalues relative to the prior ------------------------------------------------------------------------------- */

static double quadratic(const laplace *p, size_t from, size_t n) {
    size_t first = p->model->net.layers[p->lowest].weight;
    double sum = 0;
    for (size_t i = from; i < from + n; i++) sum += p->p0[i - first] * (double)p->theta[i] * (double)p->theta[i];
    return sum;
}

static double not_negative(double v) { return v > 0 ? v : 0; }

/* kron: A and G become their eigenvectors; G is a mean over rows. */
static bnn_status decompose_layer(laplace *p, size_t l, double *e) {
    bnn_kron_factors *f = &p->curvature.kron[l];
    double *in = p->values_in[l] = BNN_TAKE(&p->arena, f->n_in, double), *out = p->values_out[l] = BNN_TAKE(&p->arena, f->n_out, double);
    if (p->arena.has_failed) return BNN_FAIL_MEMORY("the eigenvalues of the curvature");
    for (size_t i = 0; i < f->n_out * f->n_out; i++) f->g[i] /= p->curvature.weight_sum;
    if (!bnn_eigen(f->n_in, f->a, in) || !bnn_eigen(f->n_out, f->g, out))
        return BNN_FAIL(BNN_ERR_NUMERIC, "the curvature of layer %zu has no eigenvalues: it is not finite", l);
    for (size_t i = 0; i < f->n_out; i++) out[i] = not_negative(out[i]);
    for (size_t j = 0; j < f->n_in; j++) in[j] = not_negative(in[j]);
    for (size_t i = 0; i < f->n_out * f->n_in; i++) e[i] = out[i / f->n_in] * in[i % f->n_in] / p0_of_layer(p, l);
    return BNN_OK;
}

#define ROUNDING (sizeof(real) == sizeof(double) ? 1e-12 : 1e-5)     /* of an eigenvalue of 0, as a part of the largest */

static bnn_status decompose_full(laplace *p, double *e) {
    size_t n = p->curvature.n;
    double *scaled = BNN_TAKE(&p->arena, n * n, double);
    if (scaled == NULL) return BNN_FAIL_MEMORY("the eigenvalues of the curvature");
    for (size_t i = 0; i < n * n; i++) scaled[i] = p->curvature.full[i] / sqrt(p->p0[i / n] * p->p0[i % n]);
    if (!bnn_eigen(n, scaled, e)) return BNN_FAIL(BNN_ERR_NUMERIC, "the curvature has no eigenvalues: it is not finite");
    double lost = p->curvature.source == BNN_SOURCE_HESSIAN ? ROUNDING * e[n - 1] : INFINITY;
    for (size_t i = 0; i < n; i++) e[i] = e[i] >= -lost ? not_negative(e[i]) : e[i];
    return BNN_OK;
}

/* e [span], layer after layer, then cut into groups. */
static bnn_status decompose(laplace *p) {
    const bnn_net *net = &p->model->net;
    size_t first = net->layers[p->lowest].weight, span = net->n_weights - first;
    bool is_split = p->options.per_layer && p->options.structure != 2;
    double *e = BNN_TAKE(&p->arena, span, double);
    p->values_in = BNN_TAKE(&p->arena, net->n_layers, double *);
    p->values_out = BNN_TAKE(&p->arena, net->n_layers, double *);
    p->groups = BNN_TAKE(&p->arena, net->n_layers, laplace_group);
    p->group_of_layer = BNN_TAKE(&p->arena, net->n_layers, size_t);
    if (p->arena.has_failed) return BNN_FAIL_MEMORY("the eigenvalues of the curvature");
    bnn_status status = p->options.structure == 2 ? decompose_full(p, e) : BNN_OK;
    for (size_t l = p->lowest; status == BNN_OK && l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        size_t from = layer->weight, n = layer->n_out * (layer->n_in + layer->has_bias);
        if (!bnn_layer_has_weights(layer)) continue;
        if (p->options.structure == 0) status = decompose_layer(p, l, e + from - first);
        for (size_t i = from - first; p->options.structure == 1 && i < from - first + n; i++) e[i] = (double)p->curvature.diag[i] / p->p0[i];
        if (p->n_groups == 0 || is_split) p->groups[p->n_groups++] = (laplace_group){ .group = { .e = e + from - first }, .tau = 1 };
        laplace_group *group = &p->groups[p->n_groups - 1];
        p->group_of_layer[l] = p->n_groups - 1;
        group->group.n += n;
        group->group.q += quadratic(p, from, n);
    }
    return status;
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

static double tau_of_layer(const laplace *p, size_t l) { return p->groups[p->group_of_layer[l]].tau; }

static void set_diag(laplace *p, bnn_posterior *posterior) {
    const bnn_net *net = &p->model->net;
    size_t first = net->layers[p->lowest].weight;
    real *log_sd = posterior->arrays[1].at;
    for (size_t i = 0; i < first; i++) log_sd[i] = (real)-INFINITY;     /* certain */
    for (size_t l = p->lowest; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        size_t n = layer->n_out * (layer->n_in + layer->has_bias);
        for (size_t i = layer->weight; i < layer->weight + n; i++)
            log_sd[i] = (real)(-0.5 * log((double)p->curvature.diag[i - first] + tau_of_layer(p, l) * p->p0[i - first]));
    }
}

static void set_kron(laplace *p, bnn_posterior *posterior) {
    const bnn_net *net = &p->model->net;
    bnn_factor *factor = posterior->factors;
    for (size_t l = p->lowest; l < net->n_layers; l++) {
        const bnn_kron_factors *f = &p->curvature.kron[l];
        if (!bnn_layer_has_weights(&net->layers[l])) continue;
        memcpy((factor++)->at, f->g, f->n_out * f->n_out * sizeof(double));
        memcpy((factor++)->at, p->values_out[l], f->n_out * sizeof(double));
        memcpy((factor++)->at, f->a, f->n_in * f->n_in * sizeof(double));
        memcpy((factor++)->at, p->values_in[l], f->n_in * sizeof(double));
        *(factor++)->at = tau_of_layer(p, l) * p0_of_layer(p, l);
    }
}

/* Jitter 0, then 1e-12, 1e-10, ... 1e-4 of the mean diagonal: a ladder for curvatures that rounding has made indefinite. */
static bnn_status set_full(laplace *p, bnn_posterior *posterior) {
    size_t n = p->curvature.n;
    double *l = posterior->factors->at, mean = 0;
    for (size_t i = 0; i < n; i++) mean += (p->curvature.full[i * n + i] + p->groups[0].tau * p->p0[i]) / (double)n;
    for (p->jitter = 0; p->jitter <= 1.01e-4; p->jitter = p->jitter == 0 ? 1e-12 : 100 * p->jitter) {
        memcpy(l, p->curvature.full, n * n * sizeof *l);
        for (size_t i = 0; i < n; i++) l[i * n + i] += p->groups[0].tau * p->p0[i] + p->jitter * mean;
        if (bnn_cholesky(n, l)) return BNN_OK;
    }
    return BNN_FAIL(BNN_ERR_NUMERIC, "the posterior precision is not positive definite, even with a jitter of 1e-4 of its mean diagonal: raise the "
                    "prior precision (a smaller prior.sd with prior_precision = fixed), or use structure = kron or diag");
}

/* Only an exact Hessian can fail here: every e + tau is above 0 at a minimum of the loss with its prior. */
static bool is_definite(const laplace *p) {
    for (size_t g = 0; g < p->n_groups; g++) {
        const laplace_group *group = &p->groups[g];
        for (size_t i = 0; i < group->group.n; i++)
            if (!(group->group.e[i] + group->tau > 0)) return false;
    }
    return true;
}

static bnn_status set_posterior(laplace *p) {
    static const bnn_posterior_row *const kinds[] = { &bnn_kron_posterior, &bnn_diag_posterior, &bnn_full_posterior };
    bnn_model *model = p->model;
    bnn_posterior *posterior = &model->posterior;
    if (!is_definite(p))
        return BNN_FAIL(BNN_ERR_NUMERIC, "the Hessian with the prior precision is not positive definite: the weights are no minimum (train on, with "
                        "optimizer.name = bfgs, and prior_precision = fixed), or use curvature = ggn");
    bnn_posterior_free(posterior);
    bnn_status status = bnn_posterior_make(posterior, kinds[p->options.structure], model->net.n_weights, model->likelihood.n_noise, 0);
    if (status == BNN_OK) status = bnn_posterior_lay_out(posterior, &model->net, p->lowest);
    if (status != BNN_OK) return status;
    memcpy(posterior->arrays[0].at, p->theta, posterior->n_params * sizeof(real));
    if (p->options.structure == 0) set_kron(p, posterior);
    if (p->options.structure == 1) set_diag(p, posterior);
    return p->options.structure == 2 ? set_full(p, posterior) : BNN_OK;
}

/* ---- choosing tau ---------------------------------------------------------------------------------------------------- */

static void set_all(laplace *p, double tau) {
    for (size_t g = 0; g < p->n_groups; g++) p->groups[g].tau = tau;
}

static bnn_status validation_log_lik(laplace *p, double *log_lik) {
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = 100, .seed = -1, .threads = bnn_team_size(p->team) };
    bnn_status status = set_posterior(p);
    if (status == BNN_OK) status = bnn_predict(&prediction, p->model, p->valid, &options);
    *log_lik = 0;
    for (size_t i = 0; status == BNN_OK && i < prediction->n_rows; i++) *log_lik += prediction->log_lik[i] / (double)prediction->n_rows;
    bnn_prediction_free(prediction);
    return status;
}

/* 10^-3 .. 10^5 times the prior's own precision, four to a decade. */
static bnn_status choose_by_validation(laplace *p) {
    double best = -INFINITY, best_tau = 1;
    for (int step = -12; step <= 20; step++) {
        double tau = pow(10, 0.25 * step), log_lik;
        set_all(p, tau);
        if (!is_definite(p)) continue;
        bnn_status status = validation_log_lik(p, &log_lik);
        if (status != BNN_OK) return status;
        if (log_lik > best) {
            best = log_lik;
            best_tau = tau;
        }
    }
    set_all(p, best_tau);
    return BNN_OK;
}

static double lowest_eigenvalue(const laplace *p) {
    double lowest = INFINITY;
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t i = 0; i < p->groups[g].group.n; i++) lowest = fmin(lowest, p->groups[g].group.e[i]);
    return lowest;
}

static bnn_status choose_precision(laplace *p) {
    if (p->options.prior_precision == BY_VALIDATION) return choose_by_validation(p);
    if (p->options.prior_precision == BY_EVIDENCE && lowest_eigenvalue(p) < 0)
        return BNN_FAIL(BNN_ERR_NUMERIC, "the Hessian of the likelihood has negative eigenvalues, for which no precision has the highest evidence: use "
                        "prior_precision = fixed or validation, or curvature = ggn");
    for (size_t g = 0; p->options.prior_precision == BY_EVIDENCE && g < p->n_groups; g++)
        p->groups[g].tau = bnn_precision_by_evidence(&p->groups[g].group);
    return BNN_OK;
}

/* ---- facts ----------------------------------------------------------------------------------------------------------- */

static bnn_status note_facts(const laplace *p) {
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
    if (status == BNN_OK) status = bnn_model_note_text(model, "predictive", predictives[p->options.predictive]);
    if (status == BNN_OK) status = bnn_model_note_text(model, "prior_precision_factor", taus.at);
    if (status == BNN_OK) status = bnn_model_note_number(model, "nll", p->nll);
    if (status == BNN_OK) status = bnn_model_note_number(model, "log_evidence", -p->nll + terms);
    if (status == BNN_OK) status = bnn_model_note_number(model, "occam", terms);
    if (status == BNN_OK) status = bnn_model_note_number(model, "well_determined", gamma);
    if (status == BNN_OK && p->jitter > 0) status = bnn_model_note_number(model, "jitter", p->jitter);
    bnn_text_free(&taus);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

/* Everything that can be refused before the work. */
static bnn_status prepare(laplace *p) {
    const bnn_net *net = &p->model->net;
    bnn_config_fill(p->config, "method", rows, &p->options);
    bnn_status status = check(p);
    if (status != BNN_OK) return status;
    p->lowest = lowest_layer(&p->options, net);
    status = check_memory(p->config, &p->options, net);
    return status == BNN_OK ? fill_p0(p) : status;
}

bnn_status bnn_laplace_check(bnn_laplace_need *need, bnn_model *model, const bnn_config *config, const bnn_dataset *valid) {
    laplace p = { .model = model, .config = config, .valid = valid };
    bnn_status status = prepare(&p);
    if (status == BNN_OK)
        *need = (bnn_laplace_need){ .n_span = model->net.n_weights - model->net.layers[p.lowest].weight, .bytes = bytes_needed(&p.options, &model->net) };
    bnn_arena_free(&p.arena);
    return status;
}

static bnn_status begin(laplace *p) {
    const bnn_model *model = p->model;
    bnn_problem problem = {0};
    bnn_status status = prepare(p);
    if (status != BNN_OK) return status;
    p->theta = BNN_TAKE(&p->arena, model->posterior.n_params, real);
    if (p->theta == NULL) return BNN_FAIL_MEMORY("the weights of Laplace");
    model->posterior.row->mean(&model->posterior, p->theta);
    status = bnn_problem_make(&problem, &model->net, &model->likelihood, &model->prior, p->train, &model->scaling, p->team, 0);
    if (status == BNN_OK) status = bnn_problem_nll(&problem, p->theta, 0, NULL, NULL, &p->nll);
    bnn_problem_free(&problem);
    return status;
}

bnn_status bnn_laplace(bnn_model *model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid, bnn_team *team) {
    laplace p = { .model = model, .config = config, .train = train, .valid = valid, .team = team };
    bnn_status status;
    bnn_blas_threads saved = bnn_blas_enter();
    if ((status = begin(&p))                                                            != BNN_OK) goto done;
    if ((status = bnn_model_note_text(model, "predictive", predictives[p.options.predictive])) != BNN_OK) goto done;
    if ((status = add_curvature(&p))                                                    != BNN_OK) goto done;
    if ((status = decompose(&p))                                                        != BNN_OK) goto done;
    if ((status = choose_precision(&p))                                                 != BNN_OK) goto done;
    if ((status = set_posterior(&p))                                                    != BNN_OK) goto done;
    status = note_facts(&p);
done:
    bnn_curvature_free(&p.curvature);
    bnn_arena_free(&p.arena);
    bnn_blas_leave(saved);
    return status;
}

static bnn_status laplace_check(const bnn_config *config, const bnn_net *net, bool has_valid_rows) {
    laplace_options options;
    bnn_config_fill(config, "method", rows, &options);
    bnn_status status = check_choices(config, &options, (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name"),
                                      (const bnn_prior_row *)bnn_config_variant(config, "prior", "name"), has_valid_rows);
    return status == BNN_OK ? check_memory(config, &options, net) : status;
}

const bnn_method_row bnn_laplace_method = {
    .head = { "laplace", "a normal around one best weight vector, from the curvature there: quick, keeps map's predictions", rows,
              sizeof(laplace_options) },
    .posterior = &bnn_draws_posterior, .state_size = sizeof(bnn_map_state), .check = laplace_check, .start = bnn_map_start,
    .step = bnn_map_step, .record = bnn_map_record, .point = bnn_map_point, .finish = bnn_map_finish, .arrays = bnn_map_arrays,
    .resumed = bnn_map_resumed, .refine = bnn_laplace, .free = bnn_map_free,
};
