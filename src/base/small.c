/* Every kernel goes along rows of B: blocks of C stay in registers while k passes by. B is copied only where it must be, transposed or with
 * room behind it for whole vectors. Matrix times vector: by dot products, or as row times matrix, whichever needs no copy. */
#include "base/small.h"
#include "base/vmath.h"

#include <string.h>

enum { SCRATCH = 20480, MOST_LANES = 64 / sizeof(real) };    /* copies of B take at most SCRATCH reals of the stack */

/* C [m x n] = A [m x k] B [k x n]: element (i, p) of A at a[i a_row + p a_step]. */
typedef struct product {
    size_t m, n, k;
    const real *a;
    size_t a_row, a_step;
    const real *b;
    size_t ldb;
    real *c;
    size_t ldc;
} product;

struct bnn_small_kernel {
    size_t lanes;
    void (*blocks)(const product *s);
    void (*dots)(const product *s);
    void (*transpose)(size_t rows, size_t cols, const real *from, size_t ld, real *to, size_t ld_to);
};

#ifdef __x86_64__

#define NAME(x) x##_avx512
#define TARGET  __attribute__((target("avx512f,avx512vl,fma")))
#define BYTES   64
#define ROWS    8
#include "base/small_kernel.h"
#undef NAME
#undef TARGET
#undef BYTES
#undef ROWS

#define NAME(x) x##_avx2
#define TARGET  __attribute__((target("avx2,fma")))
#define BYTES   32
#define ROWS    6
#include "base/small_kernel.h"

const bnn_small_kernel *bnn_small_kernel_find(size_t most_bytes) {
    if (most_bytes >= 64 && __builtin_cpu_supports("avx512vl")) return &kernel_avx512;
    return most_bytes >= 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernel_avx2 : NULL;
}

#else

const bnn_small_kernel *bnn_small_kernel_find(size_t most_bytes) {
    (void)most_bytes;
    return NULL;
}

#endif

static size_t round_up(size_t n) { return (n + MOST_LANES - 1) / MOST_LANES * MOST_LANES; }

static bool is_small(size_t m, size_t n, size_t k) {
    bool is_short = m <= BNN_SMALL_SUMS && n <= BNN_SMALL_SUMS && k <= BNN_SMALL_SUMS;      /* so that the product cannot overflow */
    return is_short && m * n <= BNN_SMALL_SUMS && m * n * k <= BNN_SMALL_SUMS && m * n * k > 0;
}

static void multiply_transposed(const bnn_small_kernel *by, product s) {
    _Alignas(64) real scratch[SCRATCH];
    const real *b = s.b;
    size_t ld = s.ldb;
    s.b = scratch;
    s.ldb = round_up(s.n);
    by->transpose(s.n, s.k, b, ld, scratch, s.ldb);
    by->blocks(&s);
}

/* Rows shorter than a vector: a copy may be read beyond its end. */
static void multiply_narrow(const bnn_small_kernel *by, product s) {
    _Alignas(64) real scratch[SCRATCH];
    memcpy(scratch, s.b, ((s.k - 1) * s.ldb + s.n) * sizeof *scratch);
    s.b = scratch;
    by->blocks(&s);
}

bool bnn_small_gemm(const bnn_small_kernel *by, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda,
                    const real *b, size_t ldb, real *c, size_t ldc) {
    bool is_column = op_b || ldb == 1;       /* with n = 1: are the numbers of B next to each other? */
    product s = { m, n, k, a, op_a ? 1 : lda, op_a ? lda : 1, b, ldb, c, ldc };
    size_t copied = op_b ? k * round_up(n) : n < MOST_LANES ? k * ldb + MOST_LANES : 0;
    if (by == NULL || !is_small(m, n, k) || copied > SCRATCH) return false;
    if (n == 1 && !op_a && is_column) {
        by->dots(&s);
    } else if (n == 1 && op_a && ldc == 1 && m >= by->lanes) {
        product row = { 1, m, k, b, 0, op_b ? 1 : ldb, a, lda, c, m };
        by->blocks(&row);
    } else if (op_b) {
        multiply_transposed(by, s);
    } else if (n < by->lanes) {
        multiply_narrow(by, s);
    } else {
        by->blocks(&s);
    }
    return true;
}
