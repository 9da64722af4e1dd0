/* Columns of the Jacobian by backprop of unit vectors, then the sums per layer. */
#include "posterior/output_cov.h"
#include "base/fail.h"
#include "base/product.h"

#include <math.h>
#include <string.h>

/* ---- by layers ------------------------------------------------------------------------------------------------------- */

/* v [m x n] <- v vectors', in place through `work`. */
static void rotate(const bnn_output_cov *of, size_t m, size_t n, const double *vectors, double *v, double *work) {
    if (vectors == NULL) return;
    bnn_product_double(of->team, BNN_PLAIN, BNN_TRANSPOSED, m, n, n, v, vectors, work);
    memcpy(v, work, m * n * sizeof *v);
}

/* a is squared. m [n x n_out]: work space. */
static void add_own_terms(const bnn_output_cov *of, size_t n_in, size_t n_out, const double *g, double *a, const double *var, double *m) {
    size_t k = of->posterior->net->n_outputs, n = of->n;
    for (size_t i = 0; i < n * n_in; i++) a[i] *= a[i];
    bnn_product_double(of->team, BNN_PLAIN, BNN_TRANSPOSED, n, n_out, n_in, a, var, m);
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < k; c++) {
            const double *left = g + (c * n + i) * n_out;
            for (size_t e = 0; e <= c; e++) {
                const double *right = g + (e * n + i) * n_out;
                double sum = 0;
                for (size_t o = 0; o < n_out; o++) sum += left[o] * right[o] * m[i * n_out + o];
                of->cov[(i * k + c) * k + e] += sum;
            }
        }
    }
}

/* The lower triangle of cov += sum_o g_o g_o' q (a sqrt V_o)(a sqrt V_o)', g_o [n k] of output o; q: elementwise, by rows. b [n x n_in],
 * gram [n x n], g_o: work space. */
static void add_joint_terms(const bnn_output_cov *of, size_t n_in, size_t n_out, const double *g, const double *a, const double *var,
                            double *b, double *gram, double *g_o) {
    size_t n = of->n, k = of->posterior->net->n_outputs;
    for (size_t o = 0; o < n_out; o++) {
        for (size_t i = 0; i < n * n_in; i++) b[i] = a[i] * sqrt(var[o * n_in + i % n_in]);
        bnn_product_double(of->team, BNN_PLAIN, BNN_TRANSPOSED, n, n, n_in, b, b, gram);
        for (size_t r = 0; r < n * k; r++) g_o[r] = g[(r % k * n + r / k) * n_out + o];
        for (size_t r = 0; r < n * k; r++) {
            double *row = of->cov + r * n * k;
            for (size_t q = 0; q <= r; q++) row[q] += g_o[r] * g_o[q] * gram[r / k * n + q / k];
        }
    }
}

static bnn_status add_layer(const bnn_output_cov *of, size_t l) {
    const bnn_layer *layer = &of->posterior->net->layers[l];
    size_t n = of->n, k = of->posterior->net->n_outputs, n_in = layer->n_in + layer->has_bias, n_out = layer->n_out;
    size_t wide = n_in > n_out * k ? n_in : n_out * k;
    bnn_arena arena = {0};
    bnn_layer_spread spread = { .var = BNN_TAKE(&arena, n_out * n_in, double) };
    double *a = BNN_TAKE(&arena, n * n_in, double), *work = BNN_TAKE(&arena, n * wide, double);
    double *m = BNN_TAKE(&arena, n * (of->is_joint ? n : n_out), double), *g_o = BNN_TAKE(&arena, n * k, double);
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the covariance of the outputs") : BNN_OK;
    if (status == BNN_OK) {
        of->posterior->row->linear->spread(of->posterior, l, &spread);
        bnn_output_cov_inputs(of, l, 0, n, a);
        rotate(of, n, n_in, spread.in_vectors, a, work);
        rotate(of, n * k, n_out, spread.out_vectors, of->g[l], work);
        if (of->is_joint) add_joint_terms(of, n_in, n_out, of->g[l], a, spread.var, work, m, g_o);
        else add_own_terms(of, n_in, n_out, of->g[l], a, spread.var, m);
    }
    bnn_arena_free(&arena);
    return status;
}

static bnn_status add_layers(const bnn_output_cov *of) {
    const bnn_net *net = of->posterior->net;
    bnn_status status = BNN_OK;
    for (size_t l = of->posterior->lowest; status == BNN_OK && l < net->n_layers; l++)
        if (bnn_layer_has_weights(&net->layers[l])) status = add_layer(of, l);
    return status;
}

/* ---- both ------------------------------------------------------------------------------------------------------------ */

void bnn_output_cov_inputs(const bnn_output_cov *of, size_t l, size_t first, size_t n, double *a) {
    const bnn_layer *layer = &of->posterior->net->layers[l];
    const real *x = (l == 0 ? of->x : of->workspace.y[l - 1]) + first * layer->n_in;
    size_t n_in = layer->n_in + layer->has_bias;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < layer->n_in; j++) a[i * n_in + j] = (double)x[i * layer->n_in + j];
        if (layer->has_bias) a[i * n_in + layer->n_in] = 1;
    }
}

void bnn_output_cov_take(bnn_output_cov *of, bnn_arena *arena, const bnn_posterior *posterior, bnn_team *team, size_t max_rows) {
    const bnn_net *net = posterior->net;
    size_t k = net->n_outputs;
    *of = (bnn_output_cov){ .posterior = posterior, .team = team };
    of->theta = BNN_TAKE(arena, posterior->n_params, real);
    of->df = BNN_TAKE(arena, max_rows * k, real);
    of->g = BNN_TAKE(arena, net->n_layers, double *);
    for (size_t l = posterior->lowest; of->g != NULL && l < net->n_layers; l++)
        if (bnn_layer_has_weights(&net->layers[l])) of->g[l] = BNN_TAKE(arena, k * max_rows * net->layers[l].n_out, double);
    bnn_workspace_take(&of->workspace, arena, net, max_rows, bnn_team_size(team));
    if (!arena->has_failed) posterior->row->mean(posterior, of->theta);
    if (!arena->has_failed && posterior->row->linear->spread == NULL) bnn_output_root_take(of, arena);
}

static void keep_dz(void *context, size_t l, bnn_mat x, bnn_mat dz) {
    bnn_output_cov *of = context;
    double *g = of->g[l] + of->c * of->n * dz.cols;
    (void)x;
    for (size_t i = 0; i < dz.rows * dz.cols; i++) g[i] = (double)dz.at[i];
}

/* count matrices [k x k]: the upper triangle from the lower. */
static void mirror(size_t count, size_t k, double *cov) {
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < k; c++)
            for (size_t e = c + 1; e < k; e++) cov[(i * k + c) * k + e] = cov[(i * k + e) * k + c];
}

static void keep_outputs(bnn_output_cov *of, real *f) {
    const bnn_net *net = of->posterior->net;
    size_t n = of->n, k = net->n_outputs;
    memcpy(f, bnn_net_forward(net, &of->workspace, of->team, of->theta, n, of->x).at, n * k * sizeof *f);
    for (of->c = 0; of->c < k; of->c++) {
        for (size_t i = 0; i < n * k; i++) of->df[i] = i % k == of->c;
        bnn_net_backprop(net, &of->workspace, of->team, of->theta, n, of->x, of->df, of->posterior->lowest, keep_dz, of);
    }
}

/* count matrices [width x width] into cov. */
static bnn_status fill(bnn_output_cov *of, size_t count, size_t width, real *f) {
    keep_outputs(of, f);
    memset(of->cov, 0, count * width * width * sizeof *of->cov);
    bnn_status status = of->root != NULL ? bnn_output_root_fill(of) : add_layers(of);
    mirror(count, width, of->cov);
    return status;
}

bnn_status bnn_output_cov_fill(bnn_output_cov *of, size_t n, const real *x, real *f, double *cov) {
    of->n = n, of->x = x, of->cov = cov, of->is_joint = false;
    return fill(of, n, of->posterior->net->n_outputs, f);
}

bnn_status bnn_output_cov_fill_joint(bnn_output_cov *of, size_t n, const real *x, real *f, double *cov) {
    of->n = n, of->x = x, of->cov = cov, of->is_joint = true;
    return fill(of, 1, n * of->posterior->net->n_outputs, f);
}
