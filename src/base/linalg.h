/* Dense linear algebra: the only door to BLAS and LAPACK (OpenBLAS) and to our own products. Every call here runs on the calling thread alone. */
#ifndef BNN_BASE_LINALG_H
#define BNN_BASE_LINALG_H

#include "base/real.h"

/* A row-major view that owns nothing. */
typedef struct bnn_mat { size_t rows, cols; real *at; } bnn_mat;

typedef enum bnn_op { BNN_PLAIN = 0, BNN_TRANSPOSED = 1 } bnn_op;

/* C [m x n] <- op(A) [m x k] op(B) [k x n], row-major; ld*: distance between rows as stored. By kernels of our own where these have one
 * (gemm.h), by the shape alone. */
void bnn_gemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb, real *c,
              size_t ldc);

/* C [m x n] <- op(A) [m x k] op(B) [k x n] + beta C in double, whatever real is; by BLAS. */
void bnn_dgemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
               double beta, double *c, size_t ldc);

/* a [n x n] symmetric <- its lower Cholesky factor (the strict upper triangle is set to 0). False: not positive definite. */
bool bnn_cholesky(size_t n, double *a);

/* b [m x n] <- the rows x of b with x solving L x = b (BNN_PLAIN) or L' x = b (BNN_TRANSPOSED), L [n x n] lower; ld*: distance between rows
 * as stored. */
void bnn_solve_lower(bnn_op op, size_t n, const double *l, size_t ldl, size_t m, double *b, size_t ldb);

/* a [n x n] symmetric, whose lower triangle is read, = V' diag(values) V: a <- V, its rows the eigenvectors; values [n] ascending. False: no
 * convergence or memory. */
bool bnn_eigen(size_t n, double *a, double *values);

/* From now on BLAS calls of this thread run on it alone. The OpenMP build of OpenBLAS takes the count from OpenMP's own
 * per-thread setting, the others from OpenBLAS's. */
void bnn_blas_single_thread(void);

/* The same for the thread that enters the library, with the old setting put back on leaving. */
typedef struct bnn_blas_threads { int blas, omp; } bnn_blas_threads;
bnn_blas_threads bnn_blas_enter(void);
void             bnn_blas_leave(bnn_blas_threads saved);

/* Who makes the products of bnn_gemm: "AVX-512" or "AVX2" for kernels of our own, "BLAS" without them. Borrowed. */
const char *bnn_gemm_core(void);

/* "SkylakeX", "Haswell", ... and the build's own description. Borrowed. */
const char *bnn_blas_core(void);
const char *bnn_blas_config(void);

#endif
