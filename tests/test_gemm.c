/* Our products against a triple loop, every instruction set that this processor has, around the sizes of their blocks. All numbers are small
 * integers, so that every sum is exact in any order, unless a test is about the order. */
#include "harness.h"
#include "base/gemm.h"
#include "base/rng.h"

#define CANARY ((real)12345)

/* pad_*: behind each row of A, B and C. */
typedef struct shape { bnn_op op_a, op_b; size_t m, n, k, pad_a, pad_b, pad_c; } shape;

static real integer(size_t i) { return (real)((int)(i * 7919 % 9) - 4); }

/* Exactly as long as its last row reaches: what lies behind belongs to somebody else (address sanitizer sees it). */
static real *matrix(size_t rows, size_t cols, size_t ld, size_t salt) {
    size_t n = (rows - 1) * ld + cols;
    real *made = malloc(n * sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < n; i++) made[i] = integer(i + salt);
    return made;
}

static real fused(real a, real b, real c) { return sizeof(real) == sizeof(float) ? (real)fmaf((float)a, (float)b, (float)c) : (real)fma(a, b, c); }

/* One chain of fused sums in the order of k. */
static real expected_at(const shape *s, const real *a, size_t lda, const real *b, size_t ldb, size_t i, size_t j) {
    real sum = 0;
    for (size_t p = 0; p < s->k; p++) sum = fused(s->op_a ? a[p * lda + i] : a[i * lda + p], s->op_b ? b[j * ldb + p] : b[p * ldb + j], sum);
    return sum;
}

/* Entries of C that are wrong, gaps between rows and what follows the last row included. */
static size_t count_wrong(const shape *s, const real *a, size_t lda, const real *b, size_t ldb, const real *c, size_t n_c) {
    size_t wrong = 0, ldc = s->n + s->pad_c;
    for (size_t at = 0; at < n_c; at++) {
        size_t i = at / ldc, j = at % ldc;
        wrong += c[at] != (i < s->m && j < s->n ? expected_at(s, a, lda, b, ldb, i, j) : CANARY);
    }
    return wrong;
}

static size_t wrong_entries(const bnn_gemm_kernel *by, const shape *s) {
    size_t lda = (s->op_a ? s->m : s->k) + s->pad_a, ldb = (s->op_b ? s->k : s->n) + s->pad_b, ldc = s->n + s->pad_c, n_c = s->m * ldc + 32;
    real *a = matrix(s->op_a ? s->k : s->m, lda - s->pad_a, lda, 3), *b = matrix(s->op_b ? s->n : s->k, ldb - s->pad_b, ldb, 5);
    real *c = malloc(n_c * sizeof *c);
    assert_non_null(c);
    for (size_t i = 0; i < n_c; i++) c[i] = CANARY;
    assert_true(bnn_gemm_by(by, s->op_a, s->op_b, s->m, s->n, s->k, a, lda, b, ldb, c, ldc));
    size_t wrong = count_wrong(s, a, lda, b, ldb, c, n_c);
    free(a);
    free(b);
    free(c);
    return wrong;
}

/* Operations and paddings number `way` of 32. */
static shape every_way(size_t way) {
    return (shape){ .op_a = (bnn_op)(way % 2), .op_b = (bnn_op)(way / 2 % 2), .pad_a = 3 * (way / 4 % 2), .pad_b = 3 * (way / 8 % 2),
                    .pad_c = 3 * (way / 16 % 2) };
}

static void assert_exact(size_t bytes, const shape *s) {
    const bnn_gemm_kernel *by = bnn_gemm_kernel_find(bytes);
    size_t wrong = by == NULL ? 0 : wrong_entries(by, s);
    if (wrong > 0)
        fail_msg("ops %d %d, %zu x %zu x %zu, pads %zu %zu %zu, %zu bytes: %zu entries wrong", s->op_a, s->op_b, s->m, s->n, s->k, s->pad_a,
                 s->pad_b, s->pad_c, bytes, wrong);
}

static void every_kernel_is_exact_on_integers(void **state) {
    (void)state;
    static const size_t ms[] = { 1, 2, 3, 5, 6, 7, 8, 9, 50 }, ks[] = { 1, 3, 8, 13, 33 }, bytes[] = { 64, 32 };
    for (size_t way = 0; way < 32 * 2 * 9 * 5 * 36; way++) {
        shape s = every_way(way % 32);
        s.m = ms[way / 64 % 9], s.k = ks[way / 576 % 5], s.n = 1 + way / 2880;
        assert_exact(bytes[way / 32 % 2], &s);
    }
}

/* 10 classes after 1200 units: 32 rows forward, and two units of dW for a batch of 128, whose B is read where it lies. */
static void parts_of_a_classifiers_output_layer_are_small(void **state) {
    (void)state;
    static const shape parts[] = { { .op_b = BNN_TRANSPOSED, .m = 32, .n = 10, .k = 1200 },
                                   { .op_a = BNN_TRANSPOSED, .m = 2, .n = 1200, .k = 128, .pad_a = 8 } };
    for (size_t i = 0; i < 2; i++) assert_exact(64, &parts[i]);
}

/* Tiles of a training step: whole panels, panels that overlap, one narrower than a vector, the longest sums. */
static void tiles_of_a_step_are_exact_on_integers(void **state) {
    (void)state;
    static const size_t shapes[][3] = { { 128, 96, 200 }, { 96, 257, 33 }, { 21, 41, 500 }, { 100, 5, 900 }, { 9, 17, 4096 } };
    for (size_t way = 0; way < 32 * 2 * 5; way++) {
        const size_t *of = shapes[way / 64];
        shape s = every_way(way % 32);
        s.m = of[0], s.n = of[1], s.k = of[2];
        assert_exact(way / 32 % 2 ? 64 : 32, &s);
    }
}

/* Whatever the instruction set, the path through the kernels and the place in C: the bits of fused sums in the order of k, of numbers that round. */
static void every_element_is_one_chain_of_fused_sums(void **state) {
    (void)state;
    enum { MOST_M = 130, MOST_N = 70, MOST_K = 300 };
    static const size_t ms[] = { 2, 5, 9, MOST_M }, ns[] = { 2, 13, 40, MOST_N }, ks[] = { 3, 33, MOST_K }, bytes[] = { 64, 32 };
    static real a[MOST_M * MOST_K], b[MOST_K * MOST_N], c[MOST_M * MOST_N];
    bnn_rng_normals(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, MOST_M * MOST_K, a);
    bnn_rng_normals(bnn_key_make(2, BNN_PURPOSE_TEST, 0, 0, 0), 0, MOST_K * MOST_N, b);
    for (size_t way = 0; way < 4 * 2 * 4 * 4 * 3; way++) {
        shape s = every_way(way % 4);
        s.m = ms[way / 8 % 4], s.n = ns[way / 32 % 4], s.k = ks[way / 128];
        size_t lda = s.op_a ? s.m : s.k, ldb = s.op_b ? s.k : s.n;
        const bnn_gemm_kernel *by = bnn_gemm_kernel_find(bytes[way / 4 % 2]);
        if (by == NULL) continue;
        assert_true(bnn_gemm_by(by, s.op_a, s.op_b, s.m, s.n, s.k, a, lda, b, ldb, c, s.n));
        for (size_t at = 0; at < s.m * s.n; at++) {
            real sum = expected_at(&s, a, lda, b, ldb, at / s.n, at % s.n);
            if (memcmp(&sum, &c[at], sizeof sum) != 0)
                fail_msg("ops %d %d, %zu x %zu x %zu, %zu bytes: entry %zu is %.9g, not %.9g", s.op_a, s.op_b, s.m, s.n, s.k,
                         bytes[way / 4 % 2], at, (double)c[at], (double)sum);
        }
    }
}

/* By shape alone, the same for every instruction set. */
static void what_has_no_kernel_is_left_alone(void **state) {
    (void)state;
    static const size_t shapes[][3] = { { 5, 1200, 784 }, { 8, 8, 4097 }, { 1, 1, 5000 }, { 2, 1u << 20, 1 }, { 3, 0, 3 }, { 0, 3, 3 }, { 3, 3, 0 },
                                        { 2, 1ul << 33, 2 } };
    real one = CANARY;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t *s = shapes[i];
        assert_false(bnn_gemm_by(bnn_gemm_kernel_find(64), BNN_PLAIN, BNN_PLAIN, s[0], s[1], s[2], &one, s[2], &one, s[1], &one, s[1]));
    }
    assert_true(one == CANARY);
    shape last = { .m = 5, .n = 80, .k = 1000 };         /* 400,000 sums; one step more is BLAS' */
    assert_exact(64, &last);
    assert_exact(32, &last);
    assert_false(bnn_gemm_by(bnn_gemm_kernel_find(32), BNN_PLAIN, BNN_PLAIN, 5, 80, 1001, &one, 1001, &one, 80, &one, 80));
    assert_false(bnn_gemm_by(bnn_gemm_kernel_find(32), BNN_PLAIN, BNN_PLAIN, 7, 1200, 784, &one, 784, &one, 1200, &one, 1200));
}

static void there_is_no_kernel_for_narrow_vectors(void **state) {
    (void)state;
    real one = 2, product = CANARY;
    assert_null(bnn_gemm_kernel_find(16));
    assert_false(bnn_gemm_by(NULL, BNN_PLAIN, BNN_PLAIN, 1, 1, 1, &one, 1, &one, 1, &product, 1));
    assert_true(product == CANARY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_is_exact_on_integers),
        cmocka_unit_test(parts_of_a_classifiers_output_layer_are_small),
        cmocka_unit_test(tiles_of_a_step_are_exact_on_integers),
        cmocka_unit_test(every_element_is_one_chain_of_fused_sums),
        cmocka_unit_test(what_has_no_kernel_is_left_alone),
        cmocka_unit_test(there_is_no_kernel_for_narrow_vectors),
    };
    return RUN(tests);
}
