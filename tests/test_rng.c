/* The generators against Random123's published vectors (file kat_vectors of its distribution), the arrays against the layout
 * that rng.h and rng.c promise, and their distribution. Keys are fixed, so the statistical tests give one and the same answer
 * each time; every statistic is also shown a faulty sample that it must reject. */
#include "harness.h"
#include "base/rng.h"

#include <Random123/philox.h>
#include <Random123/threefry.h>
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>

enum { N = 1000000, GRANULE = 32, N_ORDERS = 120 };

static const double Z_BOUND = 5.0;          /* standard errors */
static const double KS_BOUND = 1.95;        /* sqrt(n) D has probability .001 of passing it */

static bnn_key test_key(uint32_t step) { return bnn_key_make(20240607, BNN_PURPOSE_TEST, step, 0, 0); }

static void fill_normals(uint32_t step, double x[N]) {
    static real z[N];
    bnn_rng_normals(test_key(step), 0, N, z);
    for (int i = 0; i < N; i++) x[i] = z[i];
}

/* ---- published vectors ---- */

static void key_is_published_philox(void **state) {
    (void)state;
    const struct { uint64_t seed; uint32_t counter[4], want[2]; } cases[] = {
        { 0, { 0, 0, 0, 0 }, { 0x6627e8d5, 0xe169c58d } },
        { UINT64_MAX, { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0x408f276d, 0x41c83b0e } },
        { 0x299f31d0a4093822, { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xd16cfe09, 0x94fdcceb } },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const uint32_t *c = cases[k].counter;
        bnn_key key = bnn_key_make(cases[k].seed, (bnn_purpose)c[0], c[1], c[2], c[3]);
        assert_memory_equal(key.v, cases[k].want, sizeof key.v);
    }
}

static void gsl_words_are_published_philox(void **state) {
    (void)state;
    const uint32_t want[] = { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 };
    gsl_rng *rng = bnn_rng_gsl((bnn_key){{ 0, 0 }});
    assert_non_null(rng);
    for (int i = 0; i < 4; i++) assert_int_equal(gsl_rng_get(rng), want[i]);
    philox4x32_ctr_t next = philox4x32_R(10, (philox4x32_ctr_t){{ 1, 0, 0, 0 }}, (philox4x32_key_t){{ 0, 0 }});
    for (int i = 0; i < 4; i++) assert_int_equal(gsl_rng_get(rng), next.v[i]);
    gsl_rng_free(rng);
}

static void uniforms_are_published_threefry(void **state) {
    (void)state;
    const struct { uint64_t counter; bnn_key key; uint32_t want[2]; } cases[] = {
        { 0, {{ 0, 0 }}, { 0x9d1c5ec6, 0x8bd50731 } },
        { UINT64_MAX, {{ 0xffffffff, 0xffffffff }}, { 0xfd36d048, 0x2d17272c } },
        { 0x85a308d3243f6a88, {{ 0x13198a2e, 0x03707344 }}, { 0xba3e4725, 0xf27d669e } },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double u;
        uint64_t word = (uint64_t)cases[k].want[0] << 32 | cases[k].want[1];
        bnn_rng_uniforms(cases[k].key, cases[k].counter, 1, &u);
        /* the upper 27 bits of one word and 26 of the other */
        assert_true(u == ldexp((double)((word >> 37) << 26 | (uint32_t)word >> 6), -53));
    }
}

/* ---- layout ---- */

/* Number j of the array, from Random123's words and libm, by the formulas at the top of rng.c. */
static double naive_normal(bnn_key key, uint64_t j) {
    uint64_t counter = j / GRANULE * (GRANULE / 2) + j % (GRANULE / 2);
    threefry2x32_ctr_t c = {{ (uint32_t)counter, (uint32_t)(counter >> 32) }};
    c = threefry2x32_R(13, c, (threefry2x32_key_t){{ key.v[0], key.v[1] }});
    double radius = sqrt(-2.0 * log(((double)c.v[0] + 1.0) * 0x1p-32)), angle = 2.0 * M_PI * 0x1p-32 * c.v[1];
    return radius * (j / (GRANULE / 2) % 2 == 0 ? cos(angle) : sin(angle));
}

static void normals_are_box_muller_of_threefry_words(void **state) {
    (void)state;
    const uint64_t firsts[] = { 0, 7, (UINT64_C(1) << 33) - 500, UINT64_C(1) << 40 };      /* carry into the upper word too */
    /* float: u near 1 is rounded to 2^-24, which moves a small radius (here down to .02) by up to 3e-6 */
    const double tolerance = sizeof(real) == sizeof(float) ? 1e-5 : 1e-14;
    real z[1000];
    for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++) {
        bnn_rng_normals(test_key(1), firsts[k], 1000, z);
        for (uint64_t i = 0; i < 1000; i++) assert_close(z[i], naive_normal(test_key(1), firsts[k] + i), tolerance);
    }
}

/* The counters of key 0 that give these words were found by running Threefry's rounds backwards. */
static void extreme_words_give_finite_normals_and_open_uniforms(void **state) {
    (void)state;
    const bnn_key zero = {{ 0, 0 }};
    const uint64_t all_zero = 0x146aefaacf87b9d8, first_ones = 0x076e6a1880b1e34c, all_ones = 0x407fd56f055faf43;
    const double tolerance = sizeof(real) == sizeof(float) ? FLT_EPSILON : 1e-14;
    real   z;
    double u;
    bnn_rng_normals(zero, all_zero / 16 * 32 + all_zero % 16, 1, &z);
    assert_close(z, 6.6604368892615815, tolerance);      /* sqrt(64 log 2), times cos 0 */
    bnn_rng_normals(zero, first_ones / 16 * 32 + first_ones % 16, 1, &z);
    assert_true(z == 0);                                 /* sqrt(-2 log 1) */
    bnn_rng_uniforms(zero, all_zero, 1, &u);
    assert_true(u == 0x1p-54);
    bnn_rng_uniforms(zero, all_ones, 1, &u);
    assert_true(u == 1.0 - 0x1p-53);
}

/* Makes (first, n) of both kinds in two calls and compares with one; nothing else may be written. */
static void check_cut(uint64_t first, size_t n, size_t cut) {
    enum { ROOM = 300 };
    real   whole[ROOM], parts[ROOM + 2];
    double whole_u[ROOM], parts_u[ROOM + 2];
    parts[0] = parts[n + 1] = 99;
    parts_u[0] = parts_u[n + 1] = 99;
    bnn_rng_normals(test_key(2), first, n, whole);
    bnn_rng_normals(test_key(2), first, cut, parts + 1);
    bnn_rng_normals(test_key(2), first + cut, n - cut, parts + 1 + cut);
    bnn_rng_uniforms(test_key(2), first, n, whole_u);
    bnn_rng_uniforms(test_key(2), first, cut, parts_u + 1);
    bnn_rng_uniforms(test_key(2), first + cut, n - cut, parts_u + 1 + cut);
    bool is_same = memcmp(whole, parts + 1, n * sizeof(real)) == 0 && memcmp(whole_u, parts_u + 1, n * sizeof(double)) == 0;
    bool is_inside = parts[0] == 99 && parts[n + 1] == 99 && parts_u[0] == 99 && parts_u[n + 1] == 99;
    if (!is_same || !is_inside)
        fail_msg("first %llu, n %zu, cut %zu: %s", (unsigned long long)first, n, cut, is_same ? "outside" : "bits differ");
}

static void cutting_an_array_keeps_its_bits(void **state) {
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (int k = 0; k < 20000; k++) {
        size_t   n = gsl_rng_uniform_int(rng, 300), cut = gsl_rng_uniform_int(rng, n + 1);
        uint64_t first = gsl_rng_uniform_int(rng, 100);
        check_cut(k % 2 == 0 ? first : (UINT64_C(1) << 33) - first, n, cut);
    }
    gsl_rng_free(rng);
}

static void stretches_of_one_array_agree(void **state) {
    (void)state;
    static real whole[5000];
    real part[100];
    bnn_rng_normals(test_key(3), 0, 5000, whole);
    for (size_t first = 0; first <= 4900; first += 49) {
        bnn_rng_normals(test_key(3), first, 100, part);
        assert_memory_equal(part, whole + first, sizeof part);
    }
}

static void each_part_of_the_key_gives_another_array(void **state) {
    (void)state;
    const bnn_key keys[] = {
        bnn_key_make(1, BNN_PURPOSE_INIT, 0, 0, 0), bnn_key_make(1, BNN_PURPOSE_WEIGHTS, 0, 0, 0),
        bnn_key_make(1, BNN_PURPOSE_INIT, 1, 0, 0), bnn_key_make(1, BNN_PURPOSE_INIT, 0, 1, 0),
        bnn_key_make(1, BNN_PURPOSE_INIT, 0, 0, 1), bnn_key_make(2, BNN_PURPOSE_INIT, 0, 0, 0),
        bnn_key_make(1 + (UINT64_C(1) << 32), BNN_PURPOSE_INIT, 0, 0, 0),
    };
    enum { N_KEYS = sizeof keys / sizeof *keys, LENGTH = 64 };
    real z[N_KEYS][LENGTH];
    for (int a = 0; a < N_KEYS; a++) {
        bnn_rng_normals(keys[a], 0, LENGTH, z[a]);
        for (int b = 0; b < a; b++)
            for (int i = 0; i < LENGTH; i++) assert_true(z[a][i] != z[b][i]);
    }
}

/* ---- distribution ---- */

/* The largest of the first four moments' distances from a standard normal's, in standard errors. */
static double moments_z(const double *x) {
    const double want[] = { 0.0, 1.0, 0.0, 3.0 }, var[] = { 1.0, 2.0, 15.0, 96.0 };      /* E x^k, E x^2k - (E x^k)^2 */
    double sum[4] = { 0.0 }, worst = 0.0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++) sum[k] += pow(x[i], k + 1);
    for (int k = 0; k < 4; k++) worst = fmax(worst, fabs(sum[k] / N - want[k]) / sqrt(var[k] / N));
    return worst;
}

/* sqrt(n) times the Kolmogorov-Smirnov distance; sorts x. */
static double ks_distance(double *x, double cdf(double)) {
    double distance = 0.0;
    gsl_sort(x, 1, N);
    for (int i = 0; i < N; i++) {
        double p = cdf(x[i]);
        distance = fmax(distance, fmax(p - (double)i / N, (i + 1.0) / N - p));
    }
    return sqrt(N) * distance;
}

/* Correlation of x[a(i)] and x[b(i)] (of their squares too) over the pairs of a granule, in standard errors. */
static double correlation_z(const double *x, int n_a, int step_a, int offset) {
    double sum = 0.0, sum_squares = 0.0;
    int n = 0;
    for (int start = 0; start + GRANULE + offset <= N; start += GRANULE)
        for (int i = 0; i < n_a; i++, n++) {
            double a = x[start + i * step_a], b = x[start + i * step_a + offset];
            sum += a * b;
            sum_squares += (a * a - 1.0) * (b * b - 1.0);
        }
    return fmax(fabs(sum) / sqrt(n), fabs(sum_squares) / sqrt(4.0 * n));      /* variances 1 and 2 x 2 */
}
static double neighbours_z(const double *x) { return correlation_z(x, GRANULE, 1, 1); }
static double halves_z(const double *x) { return correlation_z(x, GRANULE / 2, 1, GRANULE / 2); }
static double granules_z(const double *x) { return correlation_z(x, GRANULE, 1, GRANULE); }

static void normals_have_normal_moments(void **state) {
    (void)state;
    static double x[N];
    fill_normals(4, x);
    assert_true(moments_z(x) < Z_BOUND);
    for (int i = 0; i < N; i++) x[i] *= 1.01;
    assert_true(moments_z(x) > Z_BOUND);
    fill_normals(4, x);
    for (int i = 0; i < N; i++) x[i] *= i % 2 == 0 ? 1.1 : sqrt(2.0 - 1.21);      /* variance 1, fourth moment wrong */
    assert_true(moments_z(x) > Z_BOUND);
}

static void normals_pass_kolmogorov_smirnov(void **state) {
    (void)state;
    static double x[N];
    fill_normals(5, x);
    assert_true(ks_distance(x, gsl_cdf_ugaussian_P) < KS_BOUND);
    for (int i = 0; i < N; i++) x[i] += 0.01;
    assert_true(ks_distance(x, gsl_cdf_ugaussian_P) > KS_BOUND);
}

static void normals_are_uncorrelated(void **state) {
    (void)state;
    static double x[N];
    fill_normals(6, x);
    assert_true(neighbours_z(x) < Z_BOUND);
    assert_true(halves_z(x) < Z_BOUND);
    assert_true(granules_z(x) < Z_BOUND);
    for (int i = N - 1; i >= GRANULE; i--) x[i] += 0.01 * x[i - 1] + 0.01 * x[i - GRANULE];
    assert_true(neighbours_z(x) > Z_BOUND);
    assert_true(granules_z(x) > Z_BOUND);
    fill_normals(6, x);
    for (int i = 0; i < N; i++) x[i] = i / 16 % 2 == 0 ? x[i] : fabs(x[i - 16]) * (x[i] > 0.0 ? 1.0 : -1.0);
    assert_true(halves_z(x) > Z_BOUND);      /* uncorrelated but dependent: only the squares show it */
}

static void tails_are_finite_and_as_heavy_as_they_should_be(void **state) {
    (void)state;
    enum { CALLS = 10 };
    static double x[N];
    int n_beyond = 0;
    for (uint32_t call = 0; call < CALLS; call++) {
        fill_normals(1000 + call, x);
        for (int i = 0; i < N; i++) {
            assert_true(fabs(x[i]) < 6.661);      /* sqrt(-2 log 2^-32) = 6.6604 */
            n_beyond += fabs(x[i]) > 4.0;
        }
    }
    double want = CALLS * N * 2.0 * gsl_cdf_ugaussian_Q(4.0);
    assert_true(fabs(n_beyond - want) < Z_BOUND * sqrt(want));
}

static double unit_cdf(double u) { return u < 0.0 ? 0.0 : u > 1.0 ? 1.0 : u; }

static void uniforms_are_uniform_and_open(void **state) {
    (void)state;
    static double u[N];
    bnn_rng_uniforms(test_key(7), 0, N, u);
    for (int i = 0; i < N; i++) assert_true(u[i] > 0.0 && u[i] < 1.0);
    assert_true(ks_distance(u, unit_cdf) < KS_BOUND);
    for (int i = 0; i < N; i++) u[i] *= u[i] < 0.5 ? 1.01 : 1.0;
    assert_true(ks_distance(u, unit_cdf) > KS_BOUND);
}

/* ---- GSL generator ---- */

static void gsl_generator_follows_its_key(void **state) {
    (void)state;
    gsl_rng *a = bnn_rng_gsl(test_key(8)), *b = bnn_rng_gsl(test_key(8)), *other = bnn_rng_gsl(test_key(9));
    int n_shared = 0;
    for (int i = 0; i < 100; i++) {
        unsigned long word = gsl_rng_get(a);
        assert_true(word == gsl_rng_get(b));
        n_shared += word == gsl_rng_get(other);
    }
    assert_int_equal(n_shared, 0);
    assert_true(gsl_rng_max(a) == UINT32_MAX && gsl_rng_min(a) == 0);
    gsl_rng_memcpy(other, a);
    for (int i = 0; i < 10; i++) assert_true(gsl_rng_uniform(a) == gsl_rng_uniform(other));
    gsl_rng_free(a);
    gsl_rng_free(b);
    gsl_rng_free(other);
}

static void gsl_generator_is_uniform_and_serves_gsl_ran(void **state) {
    (void)state;
    static double x[N];
    gsl_rng *rng = bnn_rng_gsl(test_key(10));
    for (int i = 0; i < N; i++) x[i] = gsl_rng_uniform(rng);
    assert_true(ks_distance(x, unit_cdf) < KS_BOUND);
    for (int i = 0; i < N; i++) x[i] = (double)gsl_rng_get(rng) * 0x1p-32;
    assert_true(ks_distance(x, unit_cdf) < KS_BOUND);
    for (int i = 0; i < N; i++) x[i] = gsl_ran_ugaussian(rng);
    assert_true(moments_z(x) < Z_BOUND);
    gsl_rng_free(rng);
}

/* ---- shuffles ---- */

static void shuffle_is_a_permutation(void **state) {
    (void)state;
    static size_t order[5000], again[5000];
    static bool   is_seen[5000];
    bnn_rng_shuffle(test_key(11), 0, NULL);
    bnn_rng_shuffle(test_key(11), 1, order);
    assert_int_equal(order[0], 0);
    bnn_rng_shuffle(test_key(11), 5000, order);
    for (int i = 0; i < 5000; i++) {
        assert_true(order[i] < 5000 && !is_seen[order[i]]);
        is_seen[order[i]] = true;
    }
    bnn_rng_shuffle(test_key(11), 5000, again);
    assert_memory_equal(order, again, sizeof order);
    bnn_rng_shuffle(test_key(12), 5000, again);
    assert_memory_not_equal(order, again, sizeof order);
}

/* 0..119 for the 5! orders: digit i counts the later entries that are smaller. */
static int order_index(const size_t order[5]) {
    int index = 0;
    for (int i = 0; i < 5; i++) {
        int n_smaller = 0;
        for (int j = i + 1; j < 5; j++) n_smaller += order[j] < order[i];
        index = index * (5 - i) + n_smaller;
    }
    return index;
}

/* P(chi-square of so many or more) of 120,000 shuffles of five under "all orders equally likely". */
static double orders_p(void shuffle(bnn_key, size_t, size_t *)) {
    int    count[N_ORDERS] = { 0 };
    double chi2 = 0.0;
    for (uint32_t k = 0; k < N_ORDERS * 1000; k++) {
        size_t order[5];
        shuffle(test_key(100000 + k), 5, order);
        count[order_index(order)]++;
    }
    for (int i = 0; i < N_ORDERS; i++) chi2 += pow(count[i] - 1000.0, 2.0) / 1000.0;
    return gsl_cdf_chisq_Q(chi2, N_ORDERS - 1);
}

/* The well-known mistake: each entry is exchanged with any other, 5^5 equally likely ways to 5! orders. */
static void biased_shuffle(bnn_key key, size_t n, size_t *order) {
    double u[5];
    bnn_rng_uniforms(key, 0, n, u);
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = 0; i < n; i++) {
        size_t j = (size_t)(u[i] * (double)n), entry = order[i];
        order[i] = order[j];
        order[j] = entry;
    }
}

static void all_orders_are_equally_likely(void **state) {
    (void)state;
    assert_true(orders_p(bnn_rng_shuffle) > 0.001);
    assert_true(orders_p(biased_shuffle) < 1e-9);
}

/* ---- clones ---- */

#define TEXT_OF(x) TEXT_OF_EXPANDED(x)
#define TEXT_OF_EXPANDED(x) "" #x

/* With a = 1 + 2^-12, a a - (1 + 2^-11) is 2^-24 if the product is not rounded first: only the clones with FMA do so. */
BNN_CLONES static void multiply_subtract(volatile float *a, volatile float *b, volatile float *out) { *out = *a * *a - *b; }

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PROCESSOR_HAS_V3 (__builtin_cpu_supports("x86-64-v3") > 0)
#else
#define PROCESSOR_HAS_V3 false
#endif

static void clone_of_this_processor_runs(void **state) {
    (void)state;
    if (sizeof TEXT_OF(BNN_CLONES) == 1) skip();       /* no clones in this build */
    volatile float a = 1.0f + 0x1p-12f, b = 1.0f + 0x1p-11f, out;
    multiply_subtract(&a, &b, &out);
    assert_true(out == (PROCESSOR_HAS_V3 ? 0x1p-24f : 0.0f));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_published_philox),
        cmocka_unit_test(gsl_words_are_published_philox),
        cmocka_unit_test(uniforms_are_published_threefry),
        cmocka_unit_test(normals_are_box_muller_of_threefry_words),
        cmocka_unit_test(extreme_words_give_finite_normals_and_open_uniforms),
        cmocka_unit_test(cutting_an_array_keeps_its_bits),
        cmocka_unit_test(stretches_of_one_array_agree),
        cmocka_unit_test(each_part_of_the_key_gives_another_array),
        cmocka_unit_test(normals_have_normal_moments),
        cmocka_unit_test(normals_pass_kolmogorov_smirnov),
        cmocka_unit_test(normals_are_uncorrelated),
        cmocka_unit_test(tails_are_finite_and_as_heavy_as_they_should_be),
        cmocka_unit_test(uniforms_are_uniform_and_open),
        cmocka_unit_test(gsl_generator_follows_its_key),
        cmocka_unit_test(gsl_generator_is_uniform_and_serves_gsl_ran),
        cmocka_unit_test(shuffle_is_a_permutation),
        cmocka_unit_test(all_orders_are_equally_likely),
        cmocka_unit_test(clone_of_this_processor_runs),
    };
    return RUN(tests);
}
