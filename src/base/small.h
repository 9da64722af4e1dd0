/* Small products by kernels of our own: below some tens of microseconds BLAS spends more on locks, packing and clearing than on sums. */
#ifndef BNN_BASE_SMALL_H
#define BNN_BASE_SMALL_H

#include "base/linalg.h"

/* A set of kernels for one instruction set. */
typedef struct bnn_small_kernel bnn_small_kernel;

/* The widest one that this processor can run with vectors of at most so many bytes (64: AVX-512, 32: AVX2); NULL: none. */
const bnn_small_kernel *bnn_small_kernel_find(size_t most_bytes);

/* A product of at most so many sums, m n k, is small: far enough for every one that ends within some microseconds, where our kernels take about
 * half of the time of BLAS (tests/bench/README.md). */
enum { BNN_SMALL_SUMS = 400000 };

/* C [m x n] <- op(A) [m x k] op(B) [k x n], row-major, arguments as those of bnn_gemm. False, with C as it was: `by` is NULL or the product is
 * not small, which depends on its shape alone. */
bool bnn_small_gemm(const bnn_small_kernel *by, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda,
                    const real *b, size_t ldb, real *c, size_t ldc);

#endif
