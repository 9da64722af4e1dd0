/* Elementwise work on spans of weights that several layers share. */
#ifndef BNN_BASE_SPAN_H
#define BNN_BASE_SPAN_H

#include "base/real.h"

/* w [n] <- mean + exp(log_sd) sign w: from standard normals to draws; sign -1 gives the mirrored draw. */
void bnn_span_spread(size_t n, const real *mean, const real *log_sd, real sign, real *w);

/* sum [n] += g */
void bnn_span_add(size_t n, const real *g, real *sum);

/* v [n] *= factor */
void bnn_span_scale(size_t n, real factor, real *v);

#endif
