/* Matrix products, ours and OpenBLAS', against a triple loop, and that it is OpenBLAS that is linked, on the calling thread alone. */
#include "harness.h"
#include "base/arena.h"
#include "base/linalg.h"
#include "base/product.h"
#include "base/rng.h"

#include <dlfcn.h>

enum { MOST = 300 * 300 };

static void fill(uint32_t step, size_t n, real *a) { bnn_rng_normals(bnn_key_make(5, BNN_PURPOSE_TEST, step, 0, 0), 0, n, a); }

typedef struct product { bnn_op op_a, op_b; size_t m, n, k, lda, ldb, ldc; } product;

static double naive_entry(const product *p, const real *a, const real *b, size_t i, size_t j) {
    double sum = 0;
    for (size_t l = 0; l < p->k; l++) {
        double left = (double)(p->op_a ? a[l * p->lda + i] : a[i * p->lda + l]);
        sum += left * (double)(p->op_b ? b[j * p->ldb + l] : b[l * p->ldb + j]);
    }
    return sum;
}

/* Largest |C - op(A) op(B)|, over all entries; what lies between the rows of C must keep its bits (else infinity). */
static double worst_error(const product *p, const real *a, const real *b, const real *c0, const real *c) {
    double worst = 0;
    for (size_t i = 0; i < p->m; i++) {
        for (size_t j = 0; j < p->n; j++) {
            double error = fabs((double)c[i * p->ldc + j] - naive_entry(p, a, b, i, j));
            if (!(error <= worst)) worst = isnan(error) ? INFINITY : error;
        }
        if (memcmp(c + i * p->ldc + p->n, c0 + i * p->ldc + p->n, (p->ldc - p->n) * sizeof *c) != 0) return INFINITY;
    }
    return worst;
}

static const double tolerance = sizeof(real) == sizeof(float) ? 1e-4 : 1e-12;   /* 300 terms of size 1 */

static void product_matches_triple_loop(void **state) {
    (void)state;
    static real a[MOST], b[MOST], c0[MOST], c[MOST];
    const size_t shapes[][3] = { { 1, 1, 1 }, { 1, 7, 3 }, { 5, 1, 9 }, { 96, 97, 50 }, { 129, 64, 257 }, { 5, 300, 280 } };    /* the last one by BLAS */
    const size_t pads[] = { 0, 5 };
    fill(1, MOST, a);
    fill(2, MOST, b);
    fill(3, MOST, c0);
    for (int way = 0; way < 6 * 2 * 4; way++) {
        const size_t *s = shapes[way % 6], pad = pads[way / 6 % 2];
        product p = { .op_a = (bnn_op)(way / 12 % 2), .op_b = (bnn_op)(way / 24 % 2), .m = s[0], .n = s[1], .k = s[2] };
        p.lda = (p.op_a ? p.m : p.k) + pad;
        p.ldb = (p.op_b ? p.k : p.n) + pad;
        p.ldc = p.n + pad;
        memcpy(c, c0, sizeof c);
        bnn_gemm(p.op_a, p.op_b, p.m, p.n, p.k, a, p.lda, b, p.ldb, c, p.ldc);
        double error = worst_error(&p, a, b, c0, c);
        if (!(error <= tolerance))
            fail_msg("op %d %d, %zu x %zu x %zu, pad %zu: off by %g", p.op_a, p.op_b, p.m, p.n, p.k, pad, error);
        c[(p.m - 1) * p.ldc] += (real)0.01;      /* a planted fault in one entry */
        assert_true(worst_error(&p, a, b, c0, c) > tolerance);
    }
}

/* More than one block of rows and of columns. */
static void shared_product_adds(void **state) {
    (void)state;
    enum { M = 130, N = 193, K = 40 };       /* the last column alone in its block */
    static real a[M * K], b[K * N], c0[M * N], c[M * N];
    fill(4, M * K, a);
    fill(5, K * N, b);
    fill(6, M * N, c0);
    for (int way = 0; way < 4; way++) {
        product p = { .op_a = (bnn_op)(way % 2), .op_b = (bnn_op)(way / 2), .m = M, .n = N, .k = K, .ldc = N };
        p.lda = p.op_a ? M : K;
        p.ldb = p.op_b ? K : N;
        memcpy(c, c0, sizeof c);
        bnn_product_add(NULL, p.op_a, p.op_b, M, N, K, a, b, c);
        for (size_t i = 0; i < M * N; i++) c[i] -= c0[i];
        assert_true(worst_error(&p, a, b, c0, c) <= tolerance);
    }
}

static void product_ignores_what_was_there(void **state) {
    (void)state;
    real a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 0, 0, 1 }, c[4] = { (real)NAN, (real)NAN, (real)INFINITY, 0 };
    bnn_gemm(BNN_PLAIN, BNN_PLAIN, 2, 2, 2, a, 2, b, 2, c, 2);
    assert_memory_equal(c, a, sizeof a);
}

/* gsl's own link line ends in -lgslcblas, which would replace OpenBLAS silently. */
static void products_come_from_openblas(void **state) {
    (void)state;
    const char *names[] = { "cblas_sgemm", "cblas_dgemm", "dpotrf_" };
    for (int i = 0; i < 3; i++) {
        Dl_info info;
        void *at = dlsym(RTLD_DEFAULT, names[i]);
        assert_non_null(at);
        assert_int_not_equal(dladdr(at, &info), 0);
        if (strstr(info.dli_fname, "openblas") == NULL) fail_msg("%s comes from %s", names[i], info.dli_fname);
    }
    assert_null(dlsym(RTLD_DEFAULT, "no_such_function_"));
    assert_true(strlen(bnn_blas_core()) > 0);
    assert_non_null(strstr(bnn_blas_config(), "OpenBLAS"));
}

static int blas_threads(void) {
    int (*get)(void) = (int (*)(void))(uintptr_t)dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
    return get();
}

static void set_blas_threads(int n) {
    void (*set)(int) = (void (*)(int))(uintptr_t)dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    set(n);
}

static void blas_is_single_threaded_inside_and_as_before_outside(void **state) {
    (void)state;
    set_blas_threads(2);
    int before = blas_threads();
    bnn_blas_threads saved = bnn_blas_enter();
    assert_int_equal(blas_threads(), 1);
    bnn_blas_leave(saved);
    assert_int_equal(blas_threads(), before);
}

static void arena_arrays_are_aligned_zeroed_and_apart(void **state) {
    (void)state;
    bnn_arena arena = {0};
    char *a = BNN_TAKE(&arena, 1, char);
    double *b = BNN_TAKE(&arena, 1000, double);
    assert_non_null(BNN_TAKE(&arena, 0, int));
    assert_true((uintptr_t)a % 64 == 0 && (uintptr_t)b % 64 == 0);
    for (int i = 0; i < 1000; i++) assert_true(b[i] == 0);
    *a = 1;
    b[0] = b[999] = 2;
    assert_int_equal(*a, 1);
    assert_string_equal(bnn_arena_text(&arena, "text"), "text");
    assert_false(arena.has_failed);
    bnn_arena_free(&arena);
    bnn_arena_free(&arena);
}

static void arena_failure_sticks(void **state) {
    (void)state;
    bnn_arena arena = {0};
    assert_null(bnn_arena_take(&arena, SIZE_MAX / 4, 8));
    assert_non_null(BNN_TAKE(&arena, 1, int));
    assert_true(arena.has_failed);
    bnn_arena_free(&arena);
    assert_false(arena.has_failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_matches_triple_loop),
        cmocka_unit_test(shared_product_adds),
        cmocka_unit_test(product_ignores_what_was_there),
        cmocka_unit_test(products_come_from_openblas),
        cmocka_unit_test(blas_is_single_threaded_inside_and_as_before_outside),
        cmocka_unit_test(arena_arrays_are_aligned_zeroed_and_apart),
        cmocka_unit_test(arena_failure_sticks),
    };
    return RUN(tests);
}
