/* The working precision: `real` is float, or double with `make PRECISION=double`.
 *
 * theta, activations and gradients are real; every sum over data or weights, every log density, every factorisation and
 * all metrics are double. BNN_CLONES marks hot loops: gcc on x86-64 then compiles them for three instruction sets and
 * picks at load time. Level names (x86-64-v3), not processor names: those pick the default on other makers' processors. */
#ifndef BNN_BASE_REAL_H
#define BNN_BASE_REAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#ifdef BNN_DOUBLE
typedef double real;
#define BNN_REAL_NAME "double"
#else
typedef float real;
#define BNN_REAL_NAME "float"
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(BNN_SANITIZED) && !defined(__AVX2__)
#define BNN_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define BNN_CLONES
#endif

#endif
