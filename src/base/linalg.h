/* Dense linear algebra: the only door to BLAS and LAPACK (OpenBLAS). Every call here runs on the calling thread alone. */
#ifndef BNN_BASE_LINALG_H
#define BNN_BASE_LINALG_H

#include "base/real.h"

/* A row-major view that owns nothing. */
typedef struct bnn_mat { size_t rows, cols; real *at; } bnn_mat;

typedef enum bnn_op { BNN_PLAIN = 0, BNN_TRANSPOSED = 1 } bnn_op;

/* C [m x n] = op(A) [m x k] op(B) [k x n] + beta C, row-major; ld*: distance between rows as stored. */
void bnn_gemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb,
              real beta, real *c, size_t ldc);

/* From now on BLAS calls of this thread run on it alone. The OpenMP build of OpenBLAS takes the count from OpenMP's own
 * per-thread setting, the others from OpenBLAS's. */
void bnn_blas_single_thread(void);

/* The same for the thread that enters the library, with the old setting put back on leaving. */
typedef struct bnn_blas_threads { int blas, omp; } bnn_blas_threads;
bnn_blas_threads bnn_blas_enter(void);
void             bnn_blas_leave(bnn_blas_threads saved);

/* "SkylakeX", "Haswell", ... and the build's own description. Borrowed. */
const char *bnn_blas_core(void);
const char *bnn_blas_config(void);

#endif
