/* Elementwise work on spans of weights that several layers share. */
#ifndef BNN_BASE_SPAN_H
#define BNN_BASE_SPAN_H

#include "base/real.h"

/* w [n] <- mean + exp(log_sd) sign w: from standard normals to draws; sign -1 gives the mirrored draw. */
void bnn_span_spread(size_t n, const real *mean, const real *log_sd, real sign, real *w);

/* sum [n] += g */
void bnn_span_add(size_t n, const real *g, real *sum);

/* out [n] = factor * g */
void bnn_span_scale(size_t n, real factor, const real *g, real *out);

/* Brings a span near before it is needed: at the end of a page the processor's own look-ahead ends. */
static inline void bnn_span_fetch(size_t n, const real *at) {
    enum { LINE = 64 / sizeof(real) };
    for (size_t i = 0; i < n; i += LINE) __builtin_prefetch(at + i, 1, 2);
}

#endif
