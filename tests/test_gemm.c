/* Our products against a triple loop, every instruction set that this processor has, around the sizes of their blocks. All numbers are small
 * integers, so that every sum is exact in any order, unless a test is about the order. */
#include "harness.h"
#include "base/gemm.h"
#include "base/rng.h"

#define CANARY ((real)12345)

typedef struct shape { bnn_op op_a, op_b; size_t m, n, k, pad; } shape;

static real integer(size_t i) { return (real)((int)(i * 7919 % 9) - 4); }

/* Exactly as long as its last row reaches: what lies behind belongs to somebody else (address sanitizer sees it). */
static real *matrix(size_t rows, size_t cols, size_t ld, size_t salt) {
    size_t n = (rows - 1) * ld + cols;
    real *made = malloc(n * sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < n; i++) made[i] = integer(i + salt);
    return made;
}

static real expected_at(const shape *s, const real *a, size_t lda, const real *b, size_t ldb, size_t i, size_t j) {
    real sum = 0;
    for (size_t p = 0; p < s->k; p++) sum += (s->op_a ? a[p * lda + i] : a[i * lda + p]) * (s->op_b ? b[j * ldb + p] : b[p * ldb + j]);
    return sum;
}

/* Entries of C that are wrong, gaps between rows and what follows the last row included. */
static size_t count_wrong(const shape *s, const real *a, size_t lda, const real *b, size_t ldb, const real *c, size_t n_c) {
    size_t wrong = 0, ldc = s->n + s->pad;
    for (size_t at = 0; at < n_c; at++) {
        size_t i = at / ldc, j = at % ldc;
        wrong += c[at] != (i < s->m && j < s->n ? expected_at(s, a, lda, b, ldb, i, j) : CANARY);
    }
    return wrong;
}

static size_t wrong_entries(const bnn_gemm_kernel *by, const shape *s) {
    size_t lda = (s->op_a ? s->m : s->k) + s->pad, ldb = (s->op_b ? s->k : s->n) + s->pad, ldc = s->n + s->pad, n_c = s->m * ldc + 32;
    real *a = matrix(s->op_a ? s->k : s->m, lda - s->pad, lda, 3), *b = matrix(s->op_b ? s->n : s->k, ldb - s->pad, ldb, 5);
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

static void every_kernel_is_exact_on_integers(void **state) {
    (void)state;
    static const size_t ms[] = { 1, 5, 6, 7, 8, 9, 50 }, ks[] = { 1, 3, 8, 13, 33 }, bytes[] = { 64, 32 };
    for (size_t way = 0; way < 2 * 2 * 2 * 2 * 7 * 5 * 36; way++) {
        shape s = { .op_a = (bnn_op)(way % 2), .op_b = (bnn_op)(way / 2 % 2), .pad = 3 * (way / 4 % 2), .m = ms[way / 16 % 7],
                    .k = ks[way / 112 % 5], .n = 1 + way / 560 };
        const bnn_gemm_kernel *by = bnn_gemm_kernel_find(bytes[way / 8 % 2]);
        size_t wrong = by == NULL ? 0 : wrong_entries(by, &s);
        if (wrong > 0)
            fail_msg("ops %d %d, %zu x %zu x %zu, pad %zu, %zu bytes: %zu entries wrong", s.op_a, s.op_b, s.m, s.n, s.k, s.pad,
                     bytes[way / 8 % 2], wrong);
    }
}

/* 10 classes after 1200 units: 32 rows forward, and two units of dW for a batch of 128, whose B is read where it lies. */
static void parts_of_a_classifiers_output_layer_are_small(void **state) {
    (void)state;
    static const shape parts[] = { { BNN_PLAIN, BNN_TRANSPOSED, 32, 10, 1200, 0 }, { BNN_TRANSPOSED, BNN_PLAIN, 2, 1200, 128, 8 } };
    const bnn_gemm_kernel *by = bnn_gemm_kernel_find(64);
    for (size_t i = 0; i < 2 && by != NULL; i++) assert_int_equal(wrong_entries(by, &parts[i]), 0);
}

/* Tiles of a training step: whole panels, panels that overlap, one narrower than a vector, the longest sums. */
static void tiles_of_a_step_are_exact_on_integers(void **state) {
    (void)state;
    static const size_t shapes[][3] = { { 128, 96, 200 }, { 96, 257, 33 }, { 21, 41, 500 }, { 100, 5, 900 }, { 9, 17, 4096 } };
    for (size_t way = 0; way < 5 * 2 * 2 * 2 * 2; way++) {
        const size_t *of = shapes[way / 16];
        shape s = { .op_a = (bnn_op)(way % 2), .op_b = (bnn_op)(way / 2 % 2), .pad = 3 * (way / 4 % 2), .m = of[0], .n = of[1], .k = of[2] };
        const bnn_gemm_kernel *by = bnn_gemm_kernel_find(way / 8 % 2 ? 64 : 32);
        size_t wrong = by == NULL ? 0 : wrong_entries(by, &s);
        if (wrong > 0) fail_msg("ops %d %d, %zu x %zu x %zu, pad %zu: %zu entries wrong", s.op_a, s.op_b, s.m, s.n, s.k, s.pad, wrong);
    }
}

enum { M = 70, N = 50, K = 300 };

/* C = A B of numbers whose sums round, by columns [first, first + n). */
static void multiply_columns(size_t most_bytes, const real *a, const real *b, size_t first, size_t n, real *c) {
    assert_true(bnn_gemm_by(bnn_gemm_kernel_find(most_bytes), BNN_PLAIN, BNN_PLAIN, M, n, K, a, K, b + first, N, c + first, N));
}

/* By AVX2 as by AVX-512, by one call as by two, one of which is small: the same bits. */
static void neither_instruction_set_nor_cut_changes_a_bit(void **state) {
    (void)state;
    static real a[M * K], b[K * N], c[M * N], other[M * N];
    if (bnn_gemm_kernel_find(32) == NULL) skip();
    bnn_rng_normals(bnn_key_make(1, BNN_PURPOSE_WEIGHTS, 0, 0, 0), 0, M * K, a);
    bnn_rng_normals(bnn_key_make(2, BNN_PURPOSE_WEIGHTS, 0, 0, 0), 0, K * N, b);
    multiply_columns(64, a, b, 0, N, c);
    multiply_columns(32, a, b, 0, N, other);
    assert_memory_equal(c, other, sizeof c);
    memset(other, 0, sizeof other);
    multiply_columns(64, a, b, 0, N - 19, other);
    multiply_columns(64, a, b, N - 19, 19, other);
    assert_memory_equal(c, other, sizeof c);
}

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
        cmocka_unit_test(neither_instruction_set_nor_cut_changes_a_bit),
        cmocka_unit_test(what_has_no_kernel_is_left_alone),
        cmocka_unit_test(there_is_no_kernel_for_narrow_vectors),
    };
    return RUN(tests);
}
