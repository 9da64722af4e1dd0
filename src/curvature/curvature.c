/* The passes over the data: outputs, columns of the factor source, and their backprop into the structure. */
#include "curvature/hessian.h"
#include "base/fail.h"

#include <math.h>
#include <string.h>

const bnn_variant *const bnn_structures[] = { &bnn_kron_structure.head, &bnn_diag_structure.head, &bnn_full_structure.head, NULL };

bnn_status bnn_curvature_make(bnn_curvature *curvature, const bnn_structure_row *row, const bnn_net *net, const bnn_likelihood *likelihood,
                              bnn_team *team, size_t lowest, bnn_factor_source source, size_t n_samples, uint64_t seed) {
    if (likelihood->row->curvature_root == NULL)
        return BNN_FAIL(BNN_ERR_CONFIG, "likelihood %s has no curvature in its outputs, so no Laplace posterior", likelihood->row->head.name);
    if (source == BNN_SOURCE_HESSIAN && row->hessian == NULL)
        return BNN_FAIL(BNN_ERR_CONFIG, "structure %s cannot hold the exact Hessian: use diag or full", row->head.name);
    size_t first = net->layers[lowest].weight;
    *curvature = (bnn_curvature){ .row = row, .net = net, .likelihood = likelihood, .team = team, .source = source, .n_samples = n_samples,
                                  .seed = seed, .lowest = lowest, .first = first, .n = net->n_weights - first,
                                  .max_rows = source == BNN_SOURCE_HESSIAN ? BNN_HESSIAN_ROWS : row->max_rows };
    curvature->layer_work = BNN_TAKE(&curvature->arena, net->n_layers, real *);
    if (curvature->layer_work != NULL) row->start(curvature);
    if (source == BNN_SOURCE_HESSIAN) bnn_hessian_take(curvature);
    if (!curvature->arena.has_failed) return BNN_OK;
    bnn_curvature_free(curvature);
    return BNN_FAIL_MEMORY("the curvature");
}

size_t bnn_curvature_bytes(const bnn_structure_row *row, const bnn_net *net, size_t lowest, bnn_factor_source source, int n_threads) {
    size_t hessian = source == BNN_SOURCE_HESSIAN ? bnn_hessian_bytes(row, net, lowest, n_threads) : 0;
    return row->bytes(net, lowest, n_threads) + row->later_bytes(net, lowest) + hessian;
}

void bnn_curvature_free(bnn_curvature *curvature) {
    bnn_arena_free(&curvature->arena);
    *curvature = (bnn_curvature){0};
}

/* ---- one pass -------------------------------------------------------------------------------------------------------- */

typedef struct rows_pass {
    bnn_curvature *curvature;
    const bnn_dataset *data;
    const real    *theta;
    size_t         first, n;
    const real    *x, *y;
    const real    *f;
    real          *d;
    double        *nll;
    bnn_workspace *workspace;
} rows_pass;

static const real *noise_of(const rows_pass *p) { return p->theta + p->curvature->net->n_weights; }

/* The gradient at a label drawn from the model, over sqrt(n_samples): its outer product has the Fisher information as its mean. */
static void sampled_column(const rows_pass *p, size_t c) {
    const bnn_likelihood *likelihood = p->curvature->likelihood;
    size_t k = likelihood->n_outputs, t = likelihood->n_targets;
    double label[t], dnoise[likelihood->n_noise + 1];
    real y[t];
    gsl_rng *rng = bnn_rng_gsl(bnn_key_make(p->curvature->seed, BNN_PURPOSE_LABELS, (uint32_t)p->first, (uint32_t)c, 0));
    real scale = (real)(1 / sqrt((double)p->curvature->n_samples));
    for (size_t i = 0; rng != NULL && i < p->n; i++) {
        likelihood->row->sample(likelihood, noise_of(p), p->f + i * k, rng, label);
        for (size_t j = 0; j < t; j++) y[j] = (real)label[j];
        likelihood->row->nll(likelihood, noise_of(p), 1, p->f + i * k, y, p->nll, p->d + i * k, dnoise);
        for (size_t j = 0; j < k; j++) p->d[i * k + j] *= scale;
    }
    gsl_rng_free(rng);
}

static size_t column_count(const bnn_curvature *curvature) {
    if (curvature->source == BNN_SOURCE_EMPIRICAL_FISHER) return 1;
    if (curvature->source == BNN_SOURCE_HESSIAN) return 0;
    return curvature->n_samples > 0 ? curvature->n_samples : curvature->likelihood->n_outputs;
}

static void weigh_rows(const rows_pass *p) {
    size_t k = p->curvature->likelihood->n_outputs;
    const double *weights = p->curvature->pass_weights;
    for (size_t i = 0; weights != NULL && i < p->n; i++) {
        real root = (real)sqrt(weights[i]);
        for (size_t j = 0; j < k; j++) p->d[i * k + j] *= root;
    }
}

static void fill_column(const rows_pass *p, size_t c) {
    const bnn_curvature *curvature = p->curvature;
    const bnn_likelihood *likelihood = curvature->likelihood;
    double dnoise[likelihood->n_noise + 1];
    if (curvature->source == BNN_SOURCE_EMPIRICAL_FISHER)
        likelihood->row->nll(likelihood, noise_of(p), p->n, p->f, p->y, p->nll, p->d, dnoise);
    else if (curvature->n_samples > 0) sampled_column(p, c);
    else likelihood->row->curvature_root(likelihood, noise_of(p), p->n, p->f, c, p->d);
    weigh_rows(p);
}

static void visit(void *context, size_t l, bnn_mat x, bnn_mat dz) {
    bnn_curvature *curvature = context;
    curvature->row->column(curvature, l, x, dz);
}

static bool is_finite(size_t n, const real *v) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

static void add_hessian(rows_pass *p) {
    bnn_curvature *curvature = p->curvature;
    double dnoise[curvature->likelihood->n_noise + 1];
    curvature->likelihood->row->nll(curvature->likelihood, noise_of(p), p->n, p->f, p->y, p->nll, p->d, dnoise);
    bnn_hessian_fill(curvature, p->theta, p->workspace, p->n, p->x, p->y, p->d);
    curvature->row->hessian(curvature);
}

static void begin_rows(rows_pass *p) {
    bnn_curvature *curvature = p->curvature;
    curvature->pass_weights = p->data->weights == NULL ? NULL : p->data->weights + p->first;
    curvature->n_rows += p->n;
    for (size_t i = 0; i < p->n; i++) curvature->weight_sum += curvature->pass_weights == NULL ? 1 : curvature->pass_weights[i];
}

static bnn_status run_pass(rows_pass *p) {
    bnn_curvature *curvature = p->curvature;
    const bnn_net *net = curvature->net;
    size_t k = net->n_outputs;
    begin_rows(p);
    p->f = bnn_net_forward(net, p->workspace, curvature->team, p->theta, p->n, p->x).at;
    if (!is_finite(p->n * k, p->f))
        return BNN_FAIL(BNN_ERR_NUMERIC, "an output is not finite in rows %zu to %zu: no curvature there", p->first, p->first + p->n - 1);
    if (curvature->source == BNN_SOURCE_HESSIAN) add_hessian(p);
    for (size_t c = 0; c < column_count(curvature); c++) {
        fill_column(p, c);
        bnn_net_backprop(net, p->workspace, curvature->team, p->theta, p->n, p->x, p->d, curvature->lowest, visit, curvature);
        if (curvature->row->end_column != NULL) curvature->row->end_column(curvature, p->n);
    }
    for (size_t l = curvature->lowest; curvature->row->end_pass != NULL && l < net->n_layers; l++) {
        if (!bnn_layer_has_weights(&net->layers[l])) continue;
        bnn_mat x = { p->n, net->layers[l].n_in, l == 0 ? (real *)(uintptr_t)p->x : p->workspace->y[l - 1] };
        curvature->row->end_pass(curvature, l, x);
    }
    return BNN_OK;
}

bnn_status bnn_curvature_add(bnn_curvature *curvature, const bnn_dataset *data, const bnn_scaling *scaling, const real *theta) {
    const bnn_net *net = curvature->net;
    size_t rows = curvature->max_rows, t = curvature->likelihood->n_targets;
    bnn_arena arena = {0};
    bnn_workspace workspace;
    real *x = BNN_TAKE(&arena, rows * net->n_inputs, real), *y = BNN_TAKE(&arena, rows * t, real);
    size_t *list = BNN_TAKE(&arena, rows, size_t);
    rows_pass p = { .curvature = curvature, .data = data, .theta = theta, .x = x, .y = y, .d = BNN_TAKE(&arena, rows * net->n_outputs, real),
                    .nll = BNN_TAKE(&arena, rows, double), .workspace = &workspace };
    bnn_workspace_take(&workspace, &arena, net, rows, bnn_team_size(curvature->team));
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the passes of the curvature") : BNN_OK;
    for (p.first = 0; status == BNN_OK && p.first < data->n_rows; p.first += rows) {
        p.n = data->n_rows - p.first < rows ? data->n_rows - p.first : rows;
        for (size_t i = 0; i < p.n; i++) list[i] = p.first + i;
        bnn_scaling_gather(scaling, data, p.n, list, x, y);
        status = run_pass(&p);
    }
    bnn_arena_free(&arena);
    return status;
}
