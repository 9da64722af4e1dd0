/* The standard normal distribution in double for hot loops: branch-free, so that a plain loop over it inside a BNN_CLONES function becomes
 * vector code (gsl's and libm's are calls).
 *
 *     P(-a) = exp(-a^2 / 2) R(t) / (1 + 1.25 a),   t = (a - 4) / (a + 4),   a = |z|,
 *
 * with R a polynomial of degree 22 (the form of Shepherd & Laframboise 1981; the coefficients are our own Chebyshev fit, relative error
 * 6e-16). Both results keep their relative accuracy far into the tails, 2e-15 (1 + z^2 / 5); beyond 37.5 sd they stay where
 * they are there, next to 1e-307. NaN in, NaN out. */
#ifndef BNN_BASE_NORMAL_H
#define BNN_BASE_NORMAL_H

#include "base/vmath.h"

/* exp(x) for -708 <= x <= 0: 2^n exp(r), |r| <= ln 2 / 2, and thirteen terms of the series. */
BNN_INLINE double bnn_exp_of_negative(double x) {
    const double round_to_integer = 0x1.8p52;                       /* adding it leaves the integer in the low bits */
    union { double value; uint64_t bits; } shifted = { .value = x * 0x1.71547652b82fep0 + round_to_integer }, power;
    double n = shifted.value - round_to_integer;
    double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;       /* ln 2 in two parts: the first product is exact */
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    power.bits = (shifted.bits + 1023) << 52;
    return p * power.value;
}

/* *cdf = P(Z <= z) and *pdf, the density at z. */
BNN_INLINE void bnn_normal(double z, double *cdf, double *pdf) {
    double a = fabs(z);
    a = a > 37.5 ? 37.5 : a;
    double t = (a - 4) / (a + 4), e = bnn_exp_of_negative(-0.5 * a * a);
    double p = -1.9725963217924468e-09;
    p = p * t + 2.205082022373438e-09;
    p = p * t + 2.220620315209956e-08;
    p = p * t - 1.2494239531768241e-08;
    p = p * t - 1.4108346904658477e-07;
    p = p * t - 6.7899704817308654e-09;
    p = p * t + 7.132220327719842e-07;
    p = p * t + 4.734723910266521e-07;
    p = p * t - 3.43114507135935e-06;
    p = p * t - 4.094079885447913e-06;
    p = p * t + 1.8109277606110085e-05;
    p = p * t + 2.5408905123760597e-05;
    p = p * t - 0.00011697850601013897;
    p = p * t - 0.0001066501238110997;
    p = p * t + 0.0009154174381189785;
    p = p * t - 0.0005167321820075748;
    p = p * t - 0.006379863756736423;
    p = p * t + 0.024543145707401064;
    p = p * t - 0.0479634978117118;
    p = p * t + 0.05367730690186082;
    p = p * t - 0.013595270429284169;
    p = p * t - 0.07827991627104895;
    p = p * t + 0.5664638478118136;
    double tail = e * p / (1 + 1.25 * a);
    *cdf = z > 0 ? 1 - tail : tail;
    *pdf = e * 0x1.9884533d43651p-2;                                /* 1 / sqrt(2 pi) */
}

#endif
