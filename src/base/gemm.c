/* C is made in panels of two vectors of columns: blocks of it stay in registers while k passes by. The panel of B is copied before, into rows
 * that follow each other, where it is transposed, narrower than a vector, or not small and so read from cache many times. Matrix times vector:
 * by dot products, or as row times matrix, whichever needs no copy. */
#include "base/gemm.h"
#include "base/vmath.h"

#include <string.h>

/* A copy of a panel takes at most 512 KB of the stack; up to FEW_STEPS 32 KB, since a compiler may be told to touch every page of a frame. */
enum { MOST_LANES = 64 / sizeof(real), MOST_STEPS = 4096, FEW_STEPS = 256, FEW_ROWS = 8 };

/* C [m x n] = A [m x k] B [k x n]: element (i, p) of A at a[i a_row + p a_step]; is_transposed: B' [n x k] is what is stored. */
typedef struct product {
    size_t m, n, k;
    const real *a;
    size_t a_row, a_step;
    const real *b;
    size_t ldb;
    real *c;
    size_t ldc;
    bool is_transposed;
} product;

/* One or two vectors of columns of C, the first from column `first`, the second `gap` behind, and where the same columns of B are. */
typedef struct panel {
    const real *b;
    size_t ldb, first, gap;
} panel;

struct bnn_gemm_kernel {
    size_t lanes;
    void (*panels)(const product *s, real *scratch);
    void (*dots)(const product *s);
};

#ifdef __x86_64__

#include <immintrin.h>

#ifdef BNN_DOUBLE
#define FMADD(bits) _mm##bits##_fmadd_pd
#else
#define FMADD(bits) _mm##bits##_fmadd_ps
#endif

#define NAME(x) x##_avx512
#define TARGET  __attribute__((target("avx512f,avx512vl,fma")))
#define BYTES   64
#define FUSED   FMADD(512)
#define ROWS    8
#include "base/gemm_kernel.h"
#undef NAME
#undef TARGET
#undef BYTES
#undef FUSED
#undef ROWS

#define NAME(x) x##_avx2
#define TARGET  __attribute__((target("avx2,fma")))
#define BYTES   32
#define FUSED   FMADD(256)
#define ROWS    6
#include "base/gemm_kernel.h"

const bnn_gemm_kernel *bnn_gemm_kernel_find(size_t most_bytes) {
    if (most_bytes >= 64 && __builtin_cpu_supports("avx512vl")) return &kernel_avx512;
    return most_bytes >= 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernel_avx2 : NULL;
}

#else

const bnn_gemm_kernel *bnn_gemm_kernel_find(size_t most_bytes) {
    (void)most_bytes;
    return NULL;
}

#endif

const char *bnn_gemm_kernel_name(const bnn_gemm_kernel *kernel) {
    return kernel == NULL ? "BLAS" : kernel->lanes * sizeof(real) == 64 ? "AVX-512" : "AVX2";
}

static void multiply_few_steps(const bnn_gemm_kernel *by, const product *s) {
    _Alignas(64) real scratch[FEW_STEPS * 2 * MOST_LANES];
    by->panels(s, scratch);
}

static void multiply_steps(const bnn_gemm_kernel *by, const product *s) {
    _Alignas(64) real scratch[MOST_STEPS * 2 * MOST_LANES];
    by->panels(s, scratch);
}

bool bnn_gemm_by(const bnn_gemm_kernel *by, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda,
                 const real *b, size_t ldb, real *c, size_t ldc) {
    if (by == NULL || m == 0 || n == 0 || k == 0) return false;
    if (m == 1 && op_b && !op_a) return bnn_gemm_by(by, BNN_PLAIN, BNN_PLAIN, n, 1, k, b, ldb, a, 1, c, 1);
    bool is_small = m <= BNN_SMALL_SUMS / n / k, is_column = op_b || ldb == 1;       /* with n = 1: are the numbers of B next to each other? */
    product s = { m, n, k, a, op_a ? 1 : lda, op_a ? lda : 1, b, ldb, c, ldc, op_b };
    if (k > MOST_STEPS || (m < FEW_ROWS && !is_small)) return false;
    if (n == 1 && !op_a && is_column) {
        by->dots(&s);
    } else if (n == 1 && op_a && ldc == 1 && m >= by->lanes) {
        product row = { 1, m, k, b, 0, op_b ? 1 : ldb, a, lda, c, m, false };
        by->panels(&row, NULL);
    } else if (!op_b && n >= by->lanes && is_small) {
        by->panels(&s, NULL);
    } else if (k <= FEW_STEPS) {
        multiply_few_steps(by, &s);
    } else {
        multiply_steps(by, &s);
    }
    return true;
}
