/* J Sigma J' = (J R)(J R)' for a posterior with Sigma = R R', R [span x span] upper triangular.
 *
 * Unit by unit, output c's row of J is g_c a' with the unit's dz and its layer's inputs a (1 for the bias), so that
 *
 *     J_c R = sum over units of g_c u,   u = a' R_unit,
 *
 * and the u of a block of rows are one product that all outputs share: as many times cheaper as there are outputs than products of rows of J. */
#include "posterior/output_cov.h"
#include "base/fail.h"
#include "base/product.h"

#include <string.h>

enum { MOST_DOUBLES = (16 << 20) / sizeof(double), MOST_BLOCK = 64, ROOT_ROWS = 64 };

typedef struct bnn_root_scratch {
    double *a;         /* [block x n_in], the bias included */
    double *u;         /* [block x span]                    */
    double *v;         /* [block x k x span] J R            */
} bnn_root_scratch;

static size_t first_of(const bnn_output_cov *of) { return of->posterior->net->layers[of->posterior->lowest].weight; }

static size_t span_of(const bnn_output_cov *of) { return of->posterior->n_weights - first_of(of); }

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* ---- once ------------------------------------------------------------------------------------------------------------ */

static size_t widest_of(const bnn_output_cov *of) {
    const bnn_net *net = of->posterior->net;
    size_t widest = 0;
    for (size_t l = of->posterior->lowest; l < net->n_layers; l++) widest = net->layers[l].n_in > widest ? net->layers[l].n_in : widest;
    return widest + 1;
}

static void root_tile(void *context, size_t tile, int thread) {
    const bnn_output_cov *of = context;
    size_t first = tile * ROOT_ROWS, span = span_of(of);
    (void)thread;
    of->posterior->row->linear->root(of->posterior, first, min_size(ROOT_ROWS, span - first), of->root + first * span);
}

void bnn_output_root_take(bnn_output_cov *of, bnn_arena *arena) {
    size_t k = of->posterior->net->n_outputs, span = span_of(of), threads = (size_t)bnn_team_size(of->team);
    of->block = min_size(1 + MOST_DOUBLES / (k * span), MOST_BLOCK);
    of->root = BNN_TAKE(arena, span * span, double);
    of->scratch = BNN_TAKE(arena, threads, bnn_root_scratch);
    for (size_t t = 0; of->scratch != NULL && t < threads; t++)
        of->scratch[t] = (bnn_root_scratch){ .a = BNN_TAKE(arena, of->block * widest_of(of), double), .u = BNN_TAKE(arena, of->block * span, double),
                                             .v = BNN_TAKE(arena, of->block * k * span, double) };
    if (!arena->has_failed) bnn_team_run(of->team, (span + ROOT_ROWS - 1) / ROOT_ROWS, root_tile, of);
}

/* ---- every pass ------------------------------------------------------------------------------------------------------ */

/* u [n x span] of unit o, from column `weight` of R on; a [n x n_in]. */
static void fill_unit(const bnn_output_cov *of, const bnn_layer *layer, size_t o, size_t n, const bnn_root_scratch *scratch) {
    size_t span = span_of(of), n_in = layer->n_in, stride = n_in + layer->has_bias;
    size_t weight = layer->weight - first_of(of) + o * n_in, bias = layer->bias - first_of(of) + o;
    bnn_dgemm(BNN_PLAIN, BNN_PLAIN, n, span - weight, n_in, scratch->a, stride, of->root + weight * span + weight, span, 0, scratch->u + weight, span);
    for (size_t i = 0; layer->has_bias && i < n; i++)
        for (size_t j = bias; j < span; j++) scratch->u[i * span + j] += of->root[bias * span + j];
}

/* v += g_c u for all outputs; dead units and other outputs' last units have g = 0. */
static void add_unit(const bnn_output_cov *of, size_t l, size_t o, size_t first, size_t n, const double *all_u, double *all_v) {
    const bnn_layer *layer = &of->posterior->net->layers[l];
    size_t k = of->posterior->net->n_outputs, span = span_of(of), from = layer->weight - first_of(of) + o * layer->n_in;
    for (size_t i = 0; i < n; i++) {
        const double *u = all_u + i * span;
        for (size_t c = 0; c < k; c++) {
            double g = of->g[l][(c * of->n + first + i) * layer->n_out + o], *v = all_v + (i * k + c) * span;
            for (size_t j = from; g != 0 && j < span; j++) v[j] += g * u[j];
        }
    }
}

/* v [n x k x span] = J R of rows first .. first + n */
static void fill_rows(const bnn_output_cov *of, size_t first, size_t n, const bnn_root_scratch *scratch, double *v) {
    const bnn_net *net = of->posterior->net;
    memset(v, 0, n * net->n_outputs * span_of(of) * sizeof *v);
    for (size_t l = of->posterior->lowest; l < net->n_layers; l++) {
        if (!bnn_layer_has_weights(&net->layers[l])) continue;
        bnn_output_cov_inputs(of, l, first, n, scratch->a);
        for (size_t o = 0; o < net->layers[l].n_out; o++) {
            fill_unit(of, &net->layers[l], o, n, scratch);
            add_unit(of, l, o, first, n, scratch->u, v);
        }
    }
}

static void block_tile(void *context, size_t tile, int thread) {
    const bnn_output_cov *of = context;
    const bnn_root_scratch *scratch = &of->scratch[thread];
    size_t k = of->posterior->net->n_outputs, span = span_of(of), first = tile * of->block, n = min_size(of->block, of->n - first);
    double *v = of->is_joint ? of->rows + first * k * span : scratch->v;
    fill_rows(of, first, n, scratch, v);
    for (size_t i = 0; !of->is_joint && i < n; i++, v += k * span)
        bnn_dgemm(BNN_PLAIN, BNN_TRANSPOSED, k, k, span, v, span, v, span, 0, of->cov + (first + i) * k * k, k);
}

bnn_status bnn_output_root_fill(bnn_output_cov *of) {
    size_t nk = of->n * of->posterior->net->n_outputs, span = span_of(of);
    bnn_arena arena = {0};
    of->rows = of->is_joint ? BNN_TAKE(&arena, nk * span, double) : NULL;
    if (arena.has_failed) return BNN_FAIL_MEMORY("the joint covariance of the outputs");
    bnn_team_run(of->team, (of->n + of->block - 1) / of->block, block_tile, of);
    if (of->is_joint) bnn_product_double(of->team, BNN_PLAIN, BNN_TRANSPOSED, nk, nk, span, of->rows, of->rows, of->cov);
    bnn_arena_free(&arena);
    return BNN_OK;
}
