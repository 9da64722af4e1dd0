/* The floor of a step: its matrix products with the shapes and tiles of the dense layer, and nothing else. The first layer has no dx. By
 * OpenBLAS, called directly, or as bnn_gemm makes them, by our own kernels where these take over. */
#include "serve.h"
#include "base/arena.h"
#include "base/fail.h"
#include "layer/dense.h"

#include <cblas.h>

/* C [m x n] = op(A) op(B), arguments as those of bnn_gemm. */
typedef void multiply_fn(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb,
                         real *c, size_t ldc);

typedef struct products {
    multiply_fn *multiply;
    size_t     n_layers, batch, widths[BENCH_WIDTHS], layer;
    real      *w[BENCH_WIDTHS], *dw[BENCH_WIDTHS];   /* [n_out x n_in]                */
    real      *y[BENCH_WIDTHS];             /* [batch x width]                        */
    bnn_team  *team;
    bnn_arena  arena;
} products;

enum { SERIAL_FLOPS = 1500000 };            /* as in layer/net.c */

static void by_blas(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                    size_t ldc) {
    CBLAS_TRANSPOSE ta = op_a ? CblasTrans : CblasNoTrans, tb = op_b ? CblasTrans : CblasNoTrans;
#ifdef BNN_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, 0, c, (int)ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, 0, c, (int)ldc);
#endif
}

static void by_bnn(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
                   size_t ldc) {
    bnn_gemm(op_a, op_b, m, n, k, a, lda, b, ldb, c, ldc);
}

static void forward_tile(void *context, size_t tile, int thread) {
    const products *p = context;
    size_t n_in = p->widths[p->layer], n_out = p->widths[p->layer + 1];
    range u = tile_range(tile, UNITS, n_out);
    (void)thread;
    p->multiply(BNN_PLAIN, BNN_TRANSPOSED, p->batch, u.n, n_in, p->y[p->layer], n_in, p->w[p->layer] + u.first * n_in, n_in,
                p->y[p->layer + 1] + u.first, n_out);
}

static void dx_tile(void *context, size_t tile, int thread) {
    const products *p = context;
    size_t n_in = p->widths[p->layer], n_out = p->widths[p->layer + 1];
    range c = tile_range(tile, UNITS, n_in);
    (void)thread;
    p->multiply(BNN_PLAIN, BNN_PLAIN, p->batch, c.n, n_out, p->y[p->layer + 1], n_out, p->w[p->layer] + c.first, n_in,
                p->y[p->layer] + c.first, n_in);
}

static void dw_tile(void *context, size_t tile, int thread) {
    const products *p = context;
    size_t n_in = p->widths[p->layer], n_out = p->widths[p->layer + 1];
    range u = tile_range(tile, UNITS, n_out);
    (void)thread;
    p->multiply(BNN_TRANSPOSED, BNN_PLAIN, u.n, n_in, p->batch, p->y[p->layer + 1] + u.first, n_out, p->y[p->layer], n_in,
                p->dw[p->layer] + u.first * n_in, n_in);
}

static void all_products(products *p) {
    for (p->layer = 0; p->layer < p->n_layers; p->layer++)
        bnn_team_run(p->team, tiles(p->widths[p->layer + 1], UNITS), forward_tile, p);
    while (p->layer-- > 0) {
        if (p->layer > 0) bnn_team_run(p->team, tiles(p->widths[p->layer], UNITS), dx_tile, p);
        bnn_team_run(p->team, tiles(p->widths[p->layer + 1], UNITS), dw_tile, p);
    }
}

static bnn_status make(products *p, const bench_request *request) {
    size_t all = 0;
    p->n_layers = bench_widths(request->net, p->widths) - 1;
    p->batch = p->widths[0] == 784 ? 128 : 32;
    for (size_t l = 0; l < p->n_layers; l++) {
        size_t n = p->widths[l] * p->widths[l + 1];
        p->w[l] = BNN_TAKE(&p->arena, n, real);
        p->dw[l] = BNN_TAKE(&p->arena, n, real);
        all += n;
    }
    for (size_t l = 0; l <= p->n_layers; l++) p->y[l] = BNN_TAKE(&p->arena, p->batch * p->widths[l], real);
    if (p->arena.has_failed) return BNN_FAIL_MEMORY("the products");
    return bnn_team_make(&p->team, p->batch * all < SERIAL_FLOPS ? 1 : request->threads);
}

static bnn_status time_products(const bench_request *request, multiply_fn *multiply, double *seconds) {
    products p = { .multiply = multiply };
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = make(&p, request);
    if (status == BNN_OK) {
        size_t n = 0, every = p.widths[0] * p.widths[1] < 10000 ? 400 : 2;
        for (size_t i = 0; i < every; i++) all_products(&p);
        double start = bench_now();
        do {
            for (size_t i = 0; i < every; i++, n++) all_products(&p);
            *seconds = bench_now() - start;
        } while (*seconds < BENCH_SECONDS);
        *seconds /= (double)n;
    }
    bnn_team_free(p.team);
    bnn_arena_free(&p.arena);
    bnn_blas_leave(saved);
    return status;
}

static bnn_status products_blas(const bench_request *request, double *seconds) { return time_products(request, by_blas, seconds); }
static bnn_status products_bnn(const bench_request *request, double *seconds) { return time_products(request, by_bnn, seconds); }

const bench_job bench_product_jobs[] = { { "products", products_blas }, { "products_own", products_bnn }, {0} };
