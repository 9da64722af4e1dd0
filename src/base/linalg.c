/* cblas.h does not compile beside several GSL headers, so it is included here and nowhere else. OpenMP's functions are looked up
 * at run time: they are there exactly when an OpenMP build of OpenBLAS brought them along. */
#include "base/linalg.h"
#include "base/gemm.h"

#include <assert.h>
#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

static const bnn_gemm_kernel *kernel(void) { return bnn_gemm_kernel_find(64); }

const char *bnn_gemm_core(void) { return bnn_gemm_kernel_name(kernel()); }

void bnn_gemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b, size_t ldb,
              real *c, size_t ldc) {
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    if (bnn_gemm_by(kernel(), op_a, op_b, m, n, k, a, lda, b, ldb, c, ldc)) return;
    CBLAS_TRANSPOSE ta = op_a ? CblasTrans : CblasNoTrans, tb = op_b ? CblasTrans : CblasNoTrans;
#ifdef BNN_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0, a, (int)lda, b, (int)ldb, 0.0, c, (int)ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b, (int)ldb, 0.0f, c, (int)ldc);
#endif
}

void bnn_dgemm(bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
               double beta, double *c, size_t ldc) {
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    cblas_dgemm(CblasRowMajor, op_a ? CblasTrans : CblasNoTrans, op_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1.0, a, (int)lda,
                b, (int)ldb, beta, c, (int)ldc);
}

/* LAPACK in OpenBLAS: column-major, so a row-major lower triangle is its upper one. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork,
             int *iwork, const int *liwork, int *info, size_t jobz_length, size_t uplo_length);

bool bnn_cholesky(size_t n, double *a) {
    int size = (int)n, info = 0;
    assert(n <= INT_MAX);
    dpotrf_("U", &size, a, &size, &info, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) a[i * n + j] = 0;
    return info == 0;
}

void bnn_solve_lower(bnn_op op, size_t n, const double *l, size_t ldl, size_t m, double *b, size_t ldb) {
    assert(m <= INT_MAX && n <= INT_MAX);
    if (n == 0 || m == 0) return;
    /* rows x of b: L x = b' is X L' = B */
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, op ? CblasNoTrans : CblasTrans, CblasNonUnit, (int)m, (int)n, 1.0, l, (int)ldl, b, (int)ldb);
}

bool bnn_eigen(size_t n, double *a, double *values) {
    int size = (int)n, info = 0, lwork = -1, liwork = -1, best_iwork = 0;
    double best_work = 0;
    assert(n <= INT_MAX);
    dsyevd_("V", "U", &size, a, &size, values, &best_work, &lwork, &best_iwork, &liwork, &info, 1, 1);
    if (info != 0) return false;
    lwork = (int)best_work;
    liwork = best_iwork;
    double *work = malloc((size_t)lwork * sizeof *work);
    int *iwork = malloc((size_t)liwork * sizeof *iwork);
    if (work != NULL && iwork != NULL) dsyevd_("V", "U", &size, a, &size, values, work, &lwork, iwork, &liwork, &info, 1, 1);
    else info = 1;
    free(work);
    free(iwork);
    return info == 0;
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
