/* cblas.h does not compile beside several GSL headers, so it is included here and nowhere else. OpenMP's functions are looked up
 * at run time: they are there exactly when an OpenMP build of OpenBLAS brought them along. */
#include "base/linalg.h"

#include <assert.h>
#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>

void bnn_gemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb,
              real beta, real *c, size_t ldc) {
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    CBLAS_TRANSPOSE ta = op_a ? CblasTrans : CblasNoTrans, tb = op_b ? CblasTrans : CblasNoTrans;
#ifdef BNN_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#endif
}

typedef int  omp_get_fn(void);
typedef void omp_set_fn(int);

static int omp_threads(void) {
    omp_get_fn *get = (omp_get_fn *)(uintptr_t)dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    return get == NULL ? 0 : get();
}

static void set_omp_threads(int n) {
    omp_set_fn *set = (omp_set_fn *)(uintptr_t)dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set != NULL && n > 0) set(n);
}

void bnn_blas_single_thread(void) {
    set_omp_threads(1);
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
}

bnn_blas_threads bnn_blas_enter(void) {
    bnn_blas_threads saved = { .blas = openblas_get_num_threads(), .omp = omp_threads() };
    bnn_blas_single_thread();
    return saved;
}

void bnn_blas_leave(bnn_blas_threads saved) {
    set_omp_threads(saved.omp);
    if (openblas_get_num_threads() != saved.blas) openblas_set_num_threads(saved.blas);
}

const char *bnn_blas_core(void) { return openblas_get_corename(); }

const char *bnn_blas_config(void) { return openblas_get_config(); }
