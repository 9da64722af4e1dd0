/* Products by kernels of our own, for the tiles of a training step: of such a tile BLAS spends 5 to 20 % on locks, packing and clearing, of a
 * small net's products most (tests/bench/README.md). Where m > 1 and n > 1, every element of C that they make is one chain of fused sums in
 * the order of k: neither the instruction set nor the cut of C changes a bit. */
#ifndef BNN_BASE_GEMM_H
#define BNN_BASE_GEMM_H

#include "base/linalg.h"

/* A set of kernels for one instruction set. */
typedef struct bnn_gemm_kernel bnn_gemm_kernel;

/* The widest one that this processor can run with vectors of at most so many bytes (64: AVX-512, 32: AVX2); NULL: none. */
const bnn_gemm_kernel *bnn_gemm_kernel_find(size_t most_bytes);

/* "AVX-512", "AVX2", or "BLAS" for NULL. Borrowed. */
const char *bnn_gemm_kernel_name(const bnn_gemm_kernel *kernel);

/* A product of at most so many sums, m n k, is small: B is read where it lies, if it may. */
enum { BNN_SMALL_SUMS = 400000 };

/* C [m x n] <- op(A) [m x k] op(B) [k x n], row-major, arguments as those of bnn_gemm. False, with C as it was, for what is left to BLAS: k
 * above 4096, fewer than 8 rows of a product that is not small (but for one row times a transposed B), an empty one; or all, where `by` is
 * NULL. Takes up to half a megabyte of the stack. */
bool bnn_gemm_by(const bnn_gemm_kernel *by, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda,
                 const real *b, size_t ldb, real *c, size_t ldc);

#endif
