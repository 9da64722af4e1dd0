/* Elementary functions for hot loops: libm's are calls, which gcc does not vectorise without -ffast-math.
 *
 * Each function here is a branch-free scalar polynomial; a plain `for` loop over it inside a BNN_CLONES function becomes
 * 16 lanes wide with AVX-512. The f-functions are float whatever the build; below them stand the real-typed names that the
 * library uses: the polynomials in the float build, libm in the double build.
 *
 * Largest error in units of the last place, over every 7th float, with SSE2 and with AVX-512 and FMA, against libm in double:
 *     expf .89   logf .85   log1pf 1.44   tanhf 1.34   sigmoidf 2.33   softplusf 1.68   sincosf_turn 2.76
 * Denormal arguments and results are handled, not flushed. NaN in, NaN out. Every coefficient is our own minimax fit (relative
 * error, rounded to float one after the other); the number beside it is the error left, in 2^-24. */
#ifndef BNN_BASE_VMATH_H
#define BNN_BASE_VMATH_H

#include "base/real.h"
#include <float.h>
#include <math.h>

/* Past gcc's usual size limit for inlining; a call inside a loop would stop its vectorisation. */
#define BNN_INLINE static inline __attribute__((always_inline))

BNN_INLINE uint32_t bnn_float_bits(float x) {
    union { float value; uint32_t bits; } u = { .value = x };
    return u.bits;
}

BNN_INLINE float bnn_bits_float(uint32_t bits) {
    union { uint32_t bits; float value; } u = { .bits = bits };
    return u.value;
}

/* 2^n for -126 <= n <= 127. */
BNN_INLINE float bnn_power_of_two(int32_t n) { return bnn_bits_float((uint32_t)(n + 127) << 23); }

/* ln 2 in two parts: the first has 10 bits, so that its product with an exponent is exact. */
#define BNN_LN2_HIGH  0.693359375f
#define BNN_LN2_LOW  -2.12194440e-4f

/* exp(x) = 2^n exp(r), |r| <= ln 2 / 2: exp(r), and *n from the bits of 1.5 2^23 + n. |x| < 2^21. */
BNN_INLINE float bnn_expf_reduced(float x, int32_t *n) {
    const float round_to_integer = 0x1.8p23f;             /* adding it leaves the integer in the low bits */
    float   shifted = x * 1.44269504f + round_to_integer;
    float   whole = shifted - round_to_integer;
    float   high = x - whole * BNN_LN2_HIGH, low = whole * BNN_LN2_LOW;       /* high is exact: only its sum with the rest rounds */
    float   r = high - low;
    float   p = 0.00138189446f;                           /* .05 */
    p = p * r + 0.00836870354f;
    p = p * r + 0.0416682884f;
    p = p * r + 0.166665211f;
    p = p * r + 0.49999994f;
    *n = (int32_t)(bnn_float_bits(shifted) - 0x4b400000u);
    return ((p * (r * r) - low) + high) + 1.0f;
}

/* exp(x). Overflows to inf, underflows through the denormals to 0. */
BNN_INLINE float bnn_expf(float x) {
    int32_t n;
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    float   y = bnn_expf_reduced(x, &n);
    /* n reaches -150 and 128: scaling in two steps rounds once more only where the result is denormal */
    return y * bnn_power_of_two(n >> 1) * bnn_power_of_two(n - (n >> 1));
}

/* exp(x) for x <= 88, 0 below -87.6 where denormals begin: a third faster, for spreads and their squares. */
BNN_INLINE float bnn_exp_boundedf(float x) {
    int32_t n;
    float   y = bnn_expf_reduced(x < -88.0f ? -88.0f : x, &n);
    return y * bnn_power_of_two(n);
}

/* e of x = m 2^e with sqrt(1/2) <= m < sqrt(2), from the bits of a positive normal x. */
BNN_INLINE int32_t bnn_exponent(uint32_t bits) { return (int32_t)(bits - 0x3f3504f3u) >> 23; }

/* log((1 + f) 2^e) for sqrt(1/2) <= 1 + f <= sqrt(2). */
BNN_INLINE float bnn_logf_reduced(float f, float e) {
    float p = -0.0763636231f;                             /* .10 */
    p = p * f + 0.127621427f;
    p = p * f - 0.131595984f;
    p = p * f + 0.142015859f;
    p = p * f - 0.166234106f;
    p = p * f + 0.200012416f;
    p = p * f - 0.250008196f;
    p = p * f + 0.333333313f;
    float f2 = f * f;
    float small = f * f2 * p + e * BNN_LN2_LOW;
    return (f + (small - 0.5f * f2)) + e * BNN_LN2_HIGH;
}

/* log(x) of a positive, normal, finite x: for callers that know. */
BNN_INLINE float bnn_logf_normal(float x) {
    uint32_t bits = bnn_float_bits(x);
    int32_t  e = bnn_exponent(bits);
    return bnn_logf_reduced(bnn_bits_float(bits - ((uint32_t)e << 23)) - 1.0f, (float)e);
}

/* log(x): -inf at 0, NaN below. */
BNN_INLINE float bnn_logf(float x) {
    bool     is_small = x < FLT_MIN;
    uint32_t bits = bnn_float_bits(is_small ? x * 0x1p23f : x);
    int32_t  e = bnn_exponent(bits);
    float    f = bnn_bits_float(bits - ((uint32_t)e << 23)) - 1.0f;
    float    y = bnn_logf_reduced(f, (float)(is_small ? e - 23 : e));
    float    special = x == 0.0f ? -INFINITY : x > 0.0f ? x : NAN;
    return x > 0.0f && x <= FLT_MAX ? y : special;
}

/* log(1 + x): what rounding 1 + x loses is put back into the reduced argument. */
BNN_INLINE float bnn_log1pf(float x) {
    float    u = 1.0f + x;
    float    lost = x - (u - 1.0f);
    uint32_t bits = bnn_float_bits(u);
    int32_t  e = bnn_exponent(bits);
    float    scale = bnn_power_of_two(e < 64 ? -e : -64);
    float    f = (bnn_bits_float(bits - ((uint32_t)e << 23)) - 1.0f) + lost * scale;
    float    y = bnn_logf_reduced(f, (float)e);
    float    special = x == -1.0f ? -INFINITY : x >= 0.0f ? x : NAN;
    return x > -1.0f && x <= FLT_MAX && x != 0.0f ? y : special;
}

/* An odd polynomial below .6, 1 - 2 / (exp(2|x|) + 1) above. */
BNN_INLINE float bnn_tanhf(float x) {
    float a = fabsf(x), z = x * x;
    float p = -0.00589796621f;                            /* .05 */
    p = p * z + 0.0207986254f;
    p = p * z - 0.0537847169f;
    p = p * z + 0.133319363f;
    p = p * z - 0.333332986f;
    float near = p * z * a + a;
    float far = 1.0f - 2.0f / (bnn_expf(2.0f * a) + 1.0f);
    return copysignf(a < 0.6f ? near : far, x);
}

/* 1 / (1 + exp(-x)), without overflow and with full relative accuracy on both sides. */
BNN_INLINE float bnn_sigmoidf(float x) {
    float z = bnn_expf(-fabsf(x));
    return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

/* log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
BNN_INLINE float bnn_softplusf(float x) {
    return (x > 0.0f ? x : 0.0f) + bnn_log1pf(bnn_expf(-fabsf(x)));
}

/* Sine and cosine of the angle 2 pi turn / 2^32. The angle is a fixed-point fraction of a turn, so the reduction to
 * an eighth turn on either side of a quarter is exact. */
BNN_INLINE void bnn_sincosf_turn(uint32_t turn, float *sine, float *cosine) {
    uint32_t quarter = (turn + 0x20000000u) >> 30;
    float    x = (float)(int32_t)(turn - (quarter << 30)) * 1.46291808e-9f;      /* 2 pi / 2^32 */
    float    z = x * x;
    float    s = ((-0.00019518286f * z + 0.00833218917f) * z - 0.166666552f) * z * x + x;                      /* .07 */
    float    c = ((2.44323273e-05f * z - 0.00138873095f) * z + 0.0416666456f) * z * z - 0.5f * z + 1.0f;       /* .002 */
    bool     is_swapped = (quarter & 1u) != 0;
    *sine   = bnn_bits_float(bnn_float_bits(is_swapped ? c : s) ^ ((quarter & 2u) << 30));
    *cosine = bnn_bits_float(bnn_float_bits(is_swapped ? s : c) ^ (((quarter + 1u) & 2u) << 30));
}

#ifdef BNN_DOUBLE

BNN_INLINE real bnn_exp(real x) { return exp(x); }
BNN_INLINE real bnn_exp_bounded(real x) { return exp(x); }
BNN_INLINE real bnn_log(real x) { return log(x); }
BNN_INLINE real bnn_log_normal(real x) { return log(x); }
BNN_INLINE real bnn_log1p(real x) { return log1p(x); }
BNN_INLINE real bnn_tanh(real x) { return tanh(x); }
BNN_INLINE real bnn_sqrt(real x) { return sqrt(x); }
BNN_INLINE real bnn_softplus(real x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

BNN_INLINE real bnn_sigmoid(real x) {
    real z = exp(-fabs(x));
    return (x < 0 ? z : 1) / (1 + z);
}

BNN_INLINE void bnn_sincos_turn(uint32_t turn, real *sine, real *cosine) {
    sincos((double)turn * (2.0 * M_PI * 0x1p-32), sine, cosine);
}

#else

BNN_INLINE real bnn_exp(real x) { return bnn_expf(x); }
BNN_INLINE real bnn_exp_bounded(real x) { return bnn_exp_boundedf(x); }
BNN_INLINE real bnn_log(real x) { return bnn_logf(x); }
BNN_INLINE real bnn_log_normal(real x) { return bnn_logf_normal(x); }
BNN_INLINE real bnn_log1p(real x) { return bnn_log1pf(x); }
BNN_INLINE real bnn_tanh(real x) { return bnn_tanhf(x); }
BNN_INLINE real bnn_sqrt(real x) { return sqrtf(x); }
BNN_INLINE real bnn_softplus(real x) { return bnn_softplusf(x); }
BNN_INLINE real bnn_sigmoid(real x) { return bnn_sigmoidf(x); }
BNN_INLINE void bnn_sincos_turn(uint32_t turn, real *sine, real *cosine) { bnn_sincosf_turn(turn, sine, cosine); }

#endif
#endif
