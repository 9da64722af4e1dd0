/* Columns of the Jacobian by backprop of unit vectors, then the sums per layer. */
#include "posterior/output_cov.h"
#include "base/fail.h"
#include "base/product.h"

#include <math.h>
#include <string.h>

enum { MOST_DOUBLES = (64 << 20) / sizeof(double), MOST_ROWS = 512 };

typedef struct linear_job {
    const bnn_posterior *posterior;
    bnn_workspace *workspace;
    bnn_team *team;
    size_t    n, k, c;
    const real *x;
    double  **g;             /* [n_layers][k x n x n_out] */
    double   *rows;          /* [n x k x span] for solve  */
    double   *cov;
    bool      is_joint;      /* cov is that of all rows together */
    bnn_arena arena;
} linear_job;

static size_t span_of(const bnn_posterior *posterior) { return posterior->n_weights - posterior->net->layers[posterior->lowest].weight; }

size_t bnn_posterior_cov_rows(const bnn_posterior *posterior) {
    if (posterior->row->linear->solve == NULL) return MOST_ROWS;
    size_t rows = MOST_DOUBLES / (span_of(posterior) * posterior->net->n_outputs);
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : rows;
}

/* ---- by layers ------------------------------------------------------------------------------------------------------- */

static void keep_dz(void *context, size_t l, bnn_mat x, bnn_mat dz) {
    linear_job *job = context;
    double *g = job->g[l] + job->c * job->n * dz.cols;
    (void)x;
    for (size_t i = 0; i < dz.rows * dz.cols; i++) g[i] = (double)dz.at[i];
}

/* a [n x n_in] = the layer's inputs, a column of ones for the bias. */
static void inputs_with_bias(const linear_job *job, size_t l, size_t n_in, double *a) {
    const bnn_layer *layer = &job->posterior->net->layers[l];
    const real *x = l == 0 ? job->x : job->workspace->y[l - 1];
    for (size_t i = 0; i < job->n; i++) {
        for (size_t j = 0; j < layer->n_in; j++) a[i * n_in + j] = (double)x[i * layer->n_in + j];
        if (layer->has_bias) a[i * n_in + layer->n_in] = 1;
    }
}

/* v [m x n] <- v vectors', in place through `work`. */
static void rotate(const linear_job *job, size_t m, size_t n, const double *vectors, double *v, double *work) {
    if (vectors == NULL) return;
    bnn_product_double(job->team, BNN_PLAIN, BNN_TRANSPOSED, m, n, n, v, vectors, 0, work);
    memcpy(v, work, m * n * sizeof *v);
}

/* a is squared. m [n x n_out]: work space. */
static void add_own_terms(const linear_job *job, size_t n_in, size_t n_out, const double *g, double *a, const double *var, double *m) {
    size_t k = job->k, n = job->n;
    for (size_t i = 0; i < n * n_in; i++) a[i] *= a[i];
    bnn_product_double(job->team, BNN_PLAIN, BNN_TRANSPOSED, n, n_out, n_in, a, var, 0, m);
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < k; c++) {
            const double *left = g + (c * n + i) * n_out;
            for (size_t e = 0; e <= c; e++) {
                const double *right = g + (e * n + i) * n_out;
                double sum = 0;
                for (size_t o = 0; o < n_out; o++) sum += left[o] * right[o] * m[i * n_out + o];
                job->cov[(i * k + c) * k + e] += sum;
            }
        }
    }
}

/* The lower triangle of cov += sum_o g_o g_o' q (a sqrt V_o)(a sqrt V_o)', g_o [n k] of output o; q: elementwise, by rows. b [n x n_in],
 * gram [n x n], g_o: work space. */
static void add_joint_terms(const linear_job *job, size_t n_in, size_t n_out, const double *g, const double *a, const double *var,
                            double *b, double *gram, double *g_o) {
    size_t n = job->n, k = job->k;
    for (size_t o = 0; o < n_out; o++) {
        for (size_t i = 0; i < n * n_in; i++) b[i] = a[i] * sqrt(var[o * n_in + i % n_in]);
        bnn_product_double(job->team, BNN_PLAIN, BNN_TRANSPOSED, n, n, n_in, b, b, 0, gram);
        for (size_t r = 0; r < n * k; r++) g_o[r] = g[(r % k * n + r / k) * n_out + o];
        for (size_t r = 0; r < n * k; r++) {
            double *row = job->cov + r * n * k;
            for (size_t q = 0; q <= r; q++) row[q] += g_o[r] * g_o[q] * gram[r / k * n + q / k];
        }
    }
}

static void add_layer(linear_job *job, size_t l) {
    const bnn_layer *layer = &job->posterior->net->layers[l];
    size_t n = job->n, k = job->k, n_in = layer->n_in + layer->has_bias, n_out = layer->n_out, wide = n_in > n_out * k ? n_in : n_out * k;
    bnn_arena arena = {0};
    bnn_layer_spread spread = { .var = BNN_TAKE(&arena, n_out * n_in, double) };
    double *a = BNN_TAKE(&arena, n * n_in, double), *work = BNN_TAKE(&arena, n * wide, double);
    double *m = BNN_TAKE(&arena, n * (job->is_joint ? n : n_out), double), *g_o = BNN_TAKE(&arena, n * k, double);
    if (!arena.has_failed) {
        job->posterior->row->linear->spread(job->posterior, l, &spread);
        inputs_with_bias(job, l, n_in, a);
        rotate(job, n, n_in, spread.in_vectors, a, work);
        rotate(job, n * k, n_out, spread.out_vectors, job->g[l], work);
        if (job->is_joint) add_joint_terms(job, n_in, n_out, job->g[l], a, spread.var, work, m, g_o);
        else add_own_terms(job, n_in, n_out, job->g[l], a, spread.var, m);
    }
    job->arena.has_failed |= arena.has_failed;
    bnn_arena_free(&arena);
}

/* ---- by whole rows --------------------------------------------------------------------------------------------------- */

static void keep_jacobian(void *context, size_t l, bnn_mat x, bnn_mat dz) {
    linear_job *job = context;
    const bnn_net *net = job->posterior->net;
    const bnn_layer *layer = &net->layers[l];
    size_t span = span_of(job->posterior), first = net->layers[job->posterior->lowest].weight;
    for (size_t i = 0; i < x.rows; i++) {
        double *row = job->rows + (i * job->k + job->c) * span, *w = row + (layer->weight - first);
        for (size_t o = 0; o < dz.cols; o++) {
            double d = (double)dz.at[i * dz.cols + o];
            for (size_t j = 0; j < x.cols; j++) *w++ = d * (double)x.at[i * x.cols + j];
            if (layer->has_bias) row[layer->bias - first + o] = d;
        }
    }
}

static void gram_of_rows(linear_job *job) {
    size_t k = job->k, span = span_of(job->posterior);
    job->posterior->row->linear->solve(job->posterior, job->n * k, job->rows);
    if (job->is_joint) bnn_product_double(job->team, BNN_PLAIN, BNN_TRANSPOSED, job->n * k, job->n * k, span, job->rows, job->rows, 0, job->cov);
    for (size_t i = 0; !job->is_joint && i < job->n; i++) {
        const double *rows = job->rows + i * k * span;
        bnn_dgemm(BNN_PLAIN, BNN_TRANSPOSED, k, k, span, rows, span, rows, span, 0, job->cov + i * k * k, k);
    }
}

/* ---- both ------------------------------------------------------------------------------------------------------------ */

static void take_arrays(linear_job *job, bool by_rows) {
    const bnn_net *net = job->posterior->net;
    job->g = BNN_TAKE(&job->arena, net->n_layers, double *);
    if (by_rows) job->rows = BNN_TAKE(&job->arena, job->n * job->k * span_of(job->posterior), double);
    for (size_t l = job->posterior->lowest; !by_rows && job->g != NULL && l < net->n_layers; l++)
        job->g[l] = BNN_TAKE(&job->arena, job->k * job->n * net->layers[l].n_out, double);
}

/* count matrices [k x k]: the upper triangle from the lower. */
static void mirror(size_t count, size_t k, double *cov) {
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < k; c++)
            for (size_t e = c + 1; e < k; e++) cov[(i * k + c) * k + e] = cov[(i * k + e) * k + c];
}

static bnn_status fill_cov(linear_job *job, const real *theta, real *f) {
    const bnn_posterior *posterior = job->posterior;
    const bnn_net *net = posterior->net;
    size_t n = job->n, k = job->k = net->n_outputs, count = job->is_joint ? 1 : n, width = job->is_joint ? n * k : k;
    bool by_rows = posterior->row->linear->solve != NULL;
    take_arrays(job, by_rows);
    real *df = BNN_TAKE(&job->arena, n * k, real);
    memset(job->cov, 0, count * width * width * sizeof *job->cov);
    if (!job->arena.has_failed) {
        bnn_mat out = bnn_net_forward(net, job->workspace, job->team, theta, n, job->x);
        memcpy(f, out.at, n * k * sizeof *f);
        for (job->c = 0; job->c < k; job->c++) {
            for (size_t i = 0; i < n * k; i++) df[i] = i % k == job->c;
            bnn_net_backprop(net, job->workspace, job->team, theta, n, job->x, df, posterior->lowest, by_rows ? keep_jacobian : keep_dz, job);
        }
        if (by_rows) gram_of_rows(job);
        for (size_t l = posterior->lowest; !by_rows && l < net->n_layers; l++)
            if (bnn_layer_has_weights(&net->layers[l])) add_layer(job, l);
        if (!by_rows) mirror(count, width, job->cov);
    }
    bnn_status status = job->arena.has_failed ? BNN_FAIL_MEMORY("the covariance of the outputs") : BNN_OK;
    bnn_arena_free(&job->arena);
    return status;
}

bnn_status bnn_posterior_output_cov(const bnn_posterior *posterior, const real *theta, bnn_workspace *workspace, bnn_team *team, size_t n,
                                    const real *x, real *f, double *cov) {
    linear_job job = { .posterior = posterior, .workspace = workspace, .team = team, .n = n, .x = x, .cov = cov };
    return fill_cov(&job, theta, f);
}

bnn_status bnn_posterior_joint_cov(const bnn_posterior *posterior, const real *theta, bnn_workspace *workspace, bnn_team *team, size_t n,
                                   const real *x, real *f, double *cov) {
    linear_job job = { .posterior = posterior, .workspace = workspace, .team = team, .n = n, .x = x, .cov = cov, .is_joint = true };
    return fill_cov(&job, theta, f);
}
