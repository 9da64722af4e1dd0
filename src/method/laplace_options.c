/* Rows, needs and the memory forecast. */
#include "method/laplace_options.h"
#include "base/fail.h"
#include "method/catalogue.h"
#include "problem/problem.h"

#include <stdio.h>
#include <unistd.h>

enum { SPAN_ALL, SPAN_LAST_LAYER };

const bnn_option bnn_laplace_rows[] = {
    BNN_OPTION_CHOICE_ROW(bnn_laplace_options, structure, "kron", "kron|diag|full", "shape of the curvature: kron, two factors per layer; diag, one "
                          "number per weight; full, all pairs (small nets, or span = last_layer)"),
    BNN_OPTION_CHOICE_ROW(bnn_laplace_options, curvature, "ggn", "ggn|empirical_fisher|hessian", "generalised Gauss-Newton (the better one), the "
                          "empirical Fisher (cheaper: one backprop per batch), or the exact Hessian (diag, full; needs a true minimum)"),
    BNN_OPTION_INT_ROW(bnn_laplace_options, ggn_samples, "0", 0, 10000, "labels", "estimate the ggn from this many labels drawn per row; 0: exact"),
    BNN_OPTION_CHOICE_ROW(bnn_laplace_options, span, "all", "all|last_layer", "the layers whose weights are uncertain"),
    BNN_OPTION_CHOICE_ROW(bnn_laplace_options, prior_precision, "evidence", "evidence|fixed|validation", "precision of the prior around the fit: the "
                          "one of highest evidence, that of [prior], or by the validation rows: the smallest whose mean log_lik there is within one "
                          "standard error of the best, and not below that of the weights alone"),
    BNN_OPTION_BOOL_ROW(bnn_laplace_options, per_layer, "no", "with evidence: a precision for each layer (diag, kron)"),
    BNN_OPTION_INT_ROW(bnn_laplace_options, newton_steps, "3", 0, 100, "steps", "full: at most so many Newton steps onto the minimum of the loss with "
                       "its prior, where the map fit has stopped less than 0.001 nats beside it; kept while the gradient shrinks"),
    BNN_OPTION_CHOICE_ROW(bnn_laplace_options, predictive, "linearised", "linearised|probit|sampling", "how it predicts: through the linearised net "
                          "(weights drawn around a linearised curvature do not suit the net itself), the probit formula for classes, or drawn weights"),
    {0}
};

static const bnn_factor_source sources[] = { BNN_SOURCE_GGN, BNN_SOURCE_EMPIRICAL_FISHER, BNN_SOURCE_HESSIAN };
static const char *const predictives[] = { "linearised", "probit", "sampling" };

const bnn_structure_row *bnn_laplace_structure(const bnn_laplace_options *options) {
    return (const bnn_structure_row *)bnn_structures[options->structure];
}

bnn_factor_source bnn_laplace_source(const bnn_laplace_options *options) { return sources[options->curvature]; }

const char *bnn_laplace_predictive(const bnn_laplace_options *options) { return predictives[options->predictive]; }

size_t bnn_laplace_lowest(const bnn_laplace_options *options, const bnn_net *net) {
    return options->span == SPAN_ALL ? bnn_net_first_with_weights(net) : net->n_layers - 1;
}

/* ---- needs ----------------------------------------------------------------------------------------------------------- */

static bool has_equal_precisions(const bnn_net *net, const bnn_prior *prior, size_t lowest) {
    for (size_t b = 1; b < net->n_blocks; b++) {
        const bnn_block *bias = &net->blocks[b];
        if (bias->role != BNN_ROLE_BIAS || bias->first < net->layers[lowest].weight) continue;
        if (bnn_problem_prior_scale(net, prior, b) != bnn_problem_prior_scale(net, prior, b - 1)) return false;
    }
    return true;
}

static bnn_status check_choices(const bnn_laplace_options *options, const bnn_config *config, const bnn_net *net,
                                const bnn_likelihood_row *likelihood, const bnn_prior *prior, bool has_valid_rows) {
    const bnn_structure_row *structure = bnn_laplace_structure(options);
    if (options->prior_precision == BNN_LAPLACE_BY_VALIDATION && !has_valid_rows)
        return bnn_config_fail(config, "method", "prior_precision", "needs validation rows: add data.valid or data.valid_fraction");
    if (options->per_layer && (!structure->splits || options->prior_precision != BNN_LAPLACE_BY_EVIDENCE))
        return bnn_config_fail(config, "method", "per_layer", "a precision for each layer needs structure = diag or kron, where layers are "
                               "independent, and prior_precision = evidence: change those, or leave per_layer out");
    if (likelihood->curvature_root == NULL)
        return bnn_config_fail(config, "likelihood", "name", "has no curvature in its outputs, so no Laplace posterior");
    if (prior->row->precision == NULL)
        return bnn_config_fail(config, "prior", "name", "Laplace needs a gaussian prior: the curvature of this one is not constant");
    if (bnn_laplace_source(options) == BNN_SOURCE_HESSIAN && structure->hessian == NULL)
        return bnn_config_fail(config, "method", "curvature", "the exact Hessian has no Kronecker factors: use structure = diag or full");
    if (structure->wants_equal_precisions && !has_equal_precisions(net, prior, bnn_laplace_lowest(options, net)))
        return bnn_config_fail(config, "method", "structure", "kron needs one prior width per layer, biases included: leave prior.fan_in and "
                               "prior.bias_scale alone, or use structure = diag");
    return BNN_OK;
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

static void print_bytes(char text[32], double bytes) {
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    int unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++) bytes /= 1000;
    snprintf(text, 32, bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

double bnn_laplace_bytes(const bnn_laplace_options *options, const bnn_net *net, const bnn_config *config) {
    bnn_run_options run;
    bnn_config_fill(config, "run", bnn_run_rows, &run);
    int threads = run.threads > 0 ? (int)run.threads : bnn_team_default_size();
    return (double)bnn_curvature_bytes(bnn_laplace_structure(options), net, bnn_laplace_lowest(options, net), bnn_laplace_source(options), threads);
}

static double bytes_of(const bnn_structure_row *structure, const bnn_net *net, size_t lowest) {
    return (double)bnn_curvature_bytes(structure, net, lowest, BNN_SOURCE_GGN, 1);
}

static bnn_status check_memory(const bnn_laplace_options *options, const bnn_config *config, const bnn_net *net) {
    bnn_run_options run;
    const bnn_structure_row *structure = bnn_laplace_structure(options);
    bool is_exact = bnn_laplace_source(options) == BNN_SOURCE_HESSIAN;
    size_t lowest = bnn_laplace_lowest(options, net);
    char needs[32], has[32], kron[32], diag[32];
    bnn_config_fill(config, "run", bnn_run_rows, &run);
    double most = bnn_laplace_bytes(options, net, config);
    double limit = run.max_memory > 0 ? 1e6 * run.max_memory : 0.8 * (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (most <= limit) return BNN_OK;
    print_bytes(needs, most);
    print_bytes(has, limit);
    print_bytes(kron, bytes_of(&bnn_kron_structure, net, lowest));
    print_bytes(diag, bytes_of(&bnn_diag_structure, net, lowest));
    return BNN_FAIL(BNN_ERR_MEMORY, "structure = %s%s needs %s, %s may be used; kron needs %s, diag %s%s, or use span = last_layer",
                    structure->head.name, is_exact ? " with curvature = hessian" : "", needs, has, kron, diag, is_exact ? " with curvature = ggn" : "");
}

bnn_status bnn_laplace_refuse(const bnn_laplace_options *options, const bnn_config *config, const bnn_net *net,
                              const bnn_likelihood_row *likelihood, const bnn_prior *prior, bool has_valid_rows) {
    bnn_status status = check_choices(options, config, net, likelihood, prior, has_valid_rows);
    return status == BNN_OK ? check_memory(options, config, net) : status;
}
