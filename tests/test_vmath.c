/* The polynomials of vmath.h against libm in double (or long double), through loops that gcc vectorises in the clone of
 * this processor. The sample is every 1009th of all 2^32 floats, denormals, infinities and NaNs among them. */
#include "harness.h"
#include "base/vmath.h"

#include <float.h>

enum { CHUNK = 4096, STRIDE = 1009 };

typedef struct function {
    const char *name;
    void      (*run)(const float *x, float *y);      /* CHUNK values  */
    double    (*want)(double x);
    double      max_ulps;                            /* a little above the largest that vmath.h states */
} function;

#define CHUNK_OF(name, expression)                                                                                      \
    BNN_CLONES static void run_##name(const float *in, float *out) {                                                    \
        for (int i = 0; i < CHUNK; i++) {                                                                               \
            float x = in[i];                                                                                            \
            out[i] = (expression);                                                                                      \
        }                                                                                                               \
    }

CHUNK_OF(exp, bnn_expf(x))
CHUNK_OF(exp_bounded, (x < -87.6f && x > -87.8f) || x > 88.0f ? 0.0f : bnn_exp_boundedf(x))
CHUNK_OF(log, bnn_logf(x))
CHUNK_OF(log1p, bnn_log1pf(x))
CHUNK_OF(tanh, bnn_tanhf(x))
CHUNK_OF(sigmoid, bnn_sigmoidf(x))
CHUNK_OF(softplus, bnn_softplusf(x))
CHUNK_OF(log_normal, bnn_logf_normal(x))
CHUNK_OF(exp_4_ulps_off, bnn_bits_float(bnn_float_bits(bnn_expf(x)) + 4))
CHUNK_OF(exp_without_nan, bnn_expf(x == x ? x : 0.0f))
CHUNK_OF(log_wrong_denormals, x >= 0.0f ? bnn_logf(x < FLT_MIN ? FLT_MIN : x) : NAN)

/* where it is promised; it ends between -87.6 and -87.8 */
static double exp_bounded(double x) { return x < -87.6f || x > 88 ? 0 : exp(x); }
static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }
static double softplus(double x) { return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x))); }

static const function functions[] = {
    { "exp",      run_exp,      exp,      1.0 },
    { "exp_bounded", run_exp_bounded, exp_bounded, 1.0 },
    { "log",      run_log,      log,      1.0 },
    { "log1p",    run_log1p,    log1p,    1.6 },
    { "tanh",     run_tanh,     tanh,     1.5 },
    { "sigmoid",  run_sigmoid,  sigmoid,  2.5 },
    { "softplus", run_softplus, softplus, 1.9 },
};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

/* Distance in units of the last place of a float near `want`; huge if only one is NaN. An infinity counts as 2^128. */
static double ulps(float got, double want) {
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0.0 : HUGE_VAL;
    double from = isinf(got) ? copysign(0x1p128, got) : (double)got;
    double to = fabs(want) > 0x1p128 ? copysign(0x1p128, want) : want;
    int exponent;
    frexp(to, &exponent);
    if (to == 0.0 || exponent < FLT_MIN_EXP) exponent = FLT_MIN_EXP;
    return fabs(from - to) / ldexp(1.0, exponent - FLT_MANT_DIG);
}

static double worst_ulps(const function *f, float *at) {
    static float x[CHUNK], y[CHUNK];
    double worst = 0.0;
    for (uint64_t start = 0; start < UINT64_C(1) << 32; start += (uint64_t)CHUNK * STRIDE) {
        for (uint64_t i = 0; i < CHUNK; i++) x[i] = bnn_bits_float((uint32_t)(start + i * STRIDE));
        f->run(x, y);
        for (int i = 0; i < CHUNK; i++) {
            double error = ulps(y[i], f->want(x[i]));
            if (error > worst) worst = error, *at = x[i];
        }
    }
    return worst;
}

static float value_of(const function *f, float x) {
    static float in[CHUNK], out[CHUNK];
    for (int i = 0; i < CHUNK; i++) in[i] = x;
    f->run(in, out);
    return out[CHUNK - 1];
}

static void functions_match_libm_over_all_floats(void **state) {
    (void)state;
    for (int k = 0; k < N_FUNCTIONS; k++) {
        float at = 0.0f;
        double worst = worst_ulps(&functions[k], &at);
        if (!(worst <= functions[k].max_ulps)) fail_msg("%s(%a) is %g ulps off", functions[k].name, (double)at, worst);
    }
}

static void comparison_rejects_planted_faults(void **state) {
    (void)state;
    const function faulty[] = {
        { "4 ulps off",            run_exp_4_ulps_off,      exp, 1.0 },
        { "NaN lost",              run_exp_without_nan,     exp, 1.0 },
        { "denormal argument cut", run_log_wrong_denormals, log, 1.0 },
    };
    for (size_t k = 0; k < sizeof faulty / sizeof *faulty; k++) {
        float at;       /* every bound in the table above is below 2.6 */
        if (worst_ulps(&faulty[k], &at) <= 2.6) fail_msg("not seen: %s", faulty[k].name);
    }
}

/* Values of IEEE 754-2019, section 9.2.1, and of the limits for the two that it does not list. */
static void special_arguments_give_exact_results(void **state) {
    (void)state;
    const float inf = INFINITY, nan = NAN;
    const struct { const char *name; float x, want; } cases[] = {
        { "exp", 0.0f, 1.0f },       { "exp", -0.0f, 1.0f },       { "exp", inf, inf },          { "exp", -inf, 0.0f },
        { "exp", 88.73f, inf },      { "exp", FLT_MAX, inf },      { "exp", -104.0f, 0.0f },     { "exp", -FLT_MAX, 0.0f },
        { "exp", nan, nan },         { "exp", -nan, nan },
        { "exp_bounded", -inf, 0.0f }, { "exp_bounded", -88.0f, 0.0f }, { "exp_bounded", 0.0f, 1.0f }, { "exp_bounded", nan, nan },
        { "log", 0.0f, -inf },       { "log", -0.0f, -inf },       { "log", 1.0f, 0.0f },        { "log", inf, inf },
        { "log", -inf, nan },        { "log", -1.0f, nan },        { "log", -FLT_TRUE_MIN, nan },{ "log", nan, nan },
        { "log1p", 0.0f, 0.0f },     { "log1p", -0.0f, -0.0f },    { "log1p", -1.0f, -inf },     { "log1p", inf, inf },
        { "log1p", -1.5f, nan },     { "log1p", -inf, nan },       { "log1p", nan, nan },
        { "log1p", FLT_TRUE_MIN, FLT_TRUE_MIN },
        { "tanh", 0.0f, 0.0f },      { "tanh", -0.0f, -0.0f },     { "tanh", inf, 1.0f },        { "tanh", -inf, -1.0f },
        { "tanh", nan, nan },        { "tanh", FLT_MAX, 1.0f },    { "tanh", FLT_TRUE_MIN, FLT_TRUE_MIN },
        { "sigmoid", 0.0f, 0.5f },   { "sigmoid", -0.0f, 0.5f },   { "sigmoid", inf, 1.0f },     { "sigmoid", -inf, 0.0f },
        { "sigmoid", nan, nan },     { "sigmoid", 1e4f, 1.0f },    { "sigmoid", -1e4f, 0.0f },
        { "softplus", inf, inf },    { "softplus", -inf, 0.0f },   { "softplus", nan, nan },     { "softplus", 1e4f, 1e4f },
        { "softplus", -1e4f, 0.0f }, { "softplus", FLT_MAX, FLT_MAX },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const function *f = functions;
        while (strcmp(f->name, cases[c].name) != 0) f++;
        float got = value_of(f, cases[c].x), want = cases[c].want;
        bool is_same = isnan(want) ? isnan(got) : got == want && signbit(got) == signbit(want);
        if (!is_same) fail_msg("%s(%a) = %a, expected %a", f->name, (double)cases[c].x, (double)got, (double)want);
    }
}

static void log_normal_is_right_where_box_muller_needs_it(void **state) {
    (void)state;
    static float u[CHUNK], y[CHUNK];
    for (uint64_t start = 1; start < UINT64_C(1) << 32; start += UINT64_C(4093) * CHUNK) {
        for (uint64_t i = 0; i < CHUNK; i++) u[i] = fminf((float)(start + i * 4093) * 0x1p-32f, 1.0f);
        run_log_normal(u, y);
        for (int i = 0; i < CHUNK; i++)
            if (!(ulps(y[i], log(u[i])) <= 1.0) || y[i] > 0.0f) fail_msg("log(%a) = %a", (double)u[i], (double)y[i]);
    }
}

static void sincos_turn_matches_libm(void **state) {
    (void)state;
    for (uint64_t turn = 1; turn < UINT64_C(1) << 32; turn += 10007) {      /* odd steps: the quarters, below, stay out */
        float sine, cosine;
        bnn_sincosf_turn((uint32_t)turn, &sine, &cosine);
        long double angle = (long double)turn * (2.0L * M_PIl * 0x1p-32L);  /* long double: sin near pi has few digits */
        double of_sine = ulps(sine, (double)sinl(angle)), of_cosine = ulps(cosine, (double)cosl(angle));
        if (!(of_sine <= 2.9 && of_cosine <= 2.9)) fail_msg("turn %#x: %g, %g ulps", (unsigned)turn, of_sine, of_cosine);
    }
}

static void sincos_turn_is_exact_at_the_quarters(void **state) {
    (void)state;
    const real want_sine[] = { 0, 1, 0, -1 }, want_cosine[] = { 1, 0, -1, 0 };
    for (uint32_t quarter = 0; quarter < 4; quarter++) {
        float sine, cosine;
        real  real_sine, real_cosine;
        bnn_sincosf_turn(quarter << 30, &sine, &cosine);
        bnn_sincos_turn(quarter << 30, &real_sine, &real_cosine);
        assert_true(sine == (float)want_sine[quarter] && cosine == (float)want_cosine[quarter]);
        assert_close(real_sine, want_sine[quarter], 1e-15);       /* libm of a rounded pi in the double build */
        assert_close(real_cosine, want_cosine[quarter], 1e-15);
    }
}

/* Relative error in units of the working precision's epsilon. */
static void check_real(const char *name, real x, real got, long double want) {
    long double epsilon = sizeof(real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
    if (!(fabsl((long double)got - want) <= 3.0L * epsilon * fabsl(want)))
        fail_msg("%s(%.17g) = %.17g, expected %.20Lg", name, (double)x, (double)got, want);
}

static void real_functions_match_long_double_libm(void **state) {
    (void)state;
    for (int k = -850; k <= 850; k++) {
        real x = (real)k / 10 + (real)0.013;      /* within +-87: no denormal results in float either */
        long double z = expl(-fabsl((long double)x));
        check_real("exp", x, bnn_exp(x), expl(x));
        check_real("tanh", x, bnn_tanh(x), tanhl(x));
        check_real("sigmoid", x, bnn_sigmoid(x), (x < 0 ? z : 1.0L) / (1.0L + z));
        check_real("softplus", x, bnn_softplus(x), (x > 0 ? x : 0.0L) + log1pl(z));
        if (x <= 0) continue;
        check_real("log", x, bnn_log(x), logl(x));
        check_real("log_normal", x, bnn_log_normal(x), logl(x));
        check_real("log1p", x, bnn_log1p(x), log1pl(x));
        check_real("sqrt", x, bnn_sqrt(x), sqrtl(x));
    }
}

static void sigmoid_and_softplus_are_stable_far_out(void **state) {
    (void)state;
    assert_true(bnn_sigmoid(1000) == 1 && bnn_sigmoid(-1000) == 0);
    assert_true(bnn_softplus(1000) == 1000 && bnn_softplus(-1000) == 0);
    assert_true(isnan(bnn_sigmoid(NAN)) && isnan(bnn_softplus(NAN)));
    check_real("sigmoid", -80, bnn_sigmoid(-80), expl(-80.0L));      /* exp(x) / (1 + exp(x)) to 35 digits */
    check_real("softplus", -80, bnn_softplus(-80), expl(-80.0L));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_match_libm_over_all_floats),
        cmocka_unit_test(comparison_rejects_planted_faults),
        cmocka_unit_test(special_arguments_give_exact_results),
        cmocka_unit_test(log_normal_is_right_where_box_muller_needs_it),
        cmocka_unit_test(sincos_turn_matches_libm),
        cmocka_unit_test(sincos_turn_is_exact_at_the_quarters),
        cmocka_unit_test(real_functions_match_long_double_libm),
        cmocka_unit_test(sigmoid_and_softplus_are_stable_far_out),
    };
    return RUN(tests);
}
