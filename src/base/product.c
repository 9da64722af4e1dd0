/* One tile per block of rows of C. */
#include "base/product.h"
#include "base/span.h"

enum { BLOCK = 96 };

typedef struct product_job {
    bnn_op op_a, op_b;
    size_t m, n, k;
    const void *a, *b;
    void  *c;
} product_job;

typedef struct place { size_t first, rows, lda, ldb; } place;

/* Where block `tile` of op(A) begins and how rows lie. */
static place block_of(const product_job *job, size_t tile) {
    size_t first = tile * BLOCK, left = job->m - first;
    return (place){ first, left < BLOCK ? left : BLOCK, job->op_a ? job->m : job->k, job->op_b ? job->k : job->n };
}

/* Square by square, each made apart and then added. */
static void add_tile(void *context, size_t tile, int thread) {
    const product_job *job = context;
    place p = block_of(job, tile);
    const real *a = (const real *)job->a + (job->op_a ? p.first : p.first * job->k);
    (void)thread;
    for (size_t j = 0; j < job->n; j += BLOCK) {
        size_t cols = job->n - j < BLOCK ? job->n - j : BLOCK;
        const real *b = (const real *)job->b + (job->op_b ? j * p.ldb : j);
        real part[BLOCK * BLOCK], *c = (real *)job->c + p.first * job->n + j;
        bnn_gemm(job->op_a, job->op_b, p.rows, cols, job->k, a, p.lda, b, p.ldb, part, cols);
        for (size_t i = 0; i < p.rows; i++) bnn_span_add(cols, part + i * cols, c + i * job->n);
    }
}

static void double_tile(void *context, size_t tile, int thread) {
    const product_job *job = context;
    place p = block_of(job, tile);
    const double *a = (const double *)job->a + (job->op_a ? p.first : p.first * job->k);
    (void)thread;
    bnn_dgemm(job->op_a, job->op_b, p.rows, job->n, job->k, a, p.lda, job->b, p.ldb, 0, (double *)job->c + p.first * job->n, job->n);
}

void bnn_product_add(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, const real *b, real *c) {
    product_job job = { op_a, op_b, m, n, k, a, b, c };
    if (n > 0) bnn_team_run(team, (m + BLOCK - 1) / BLOCK, add_tile, &job);
}

void bnn_product_double(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const double *a, const double *b, double *c) {
    product_job job = { op_a, op_b, m, n, k, a, b, c };
    if (n > 0) bnn_team_run(team, (m + BLOCK - 1) / BLOCK, double_tile, &job);
}
