/* Plain loops, compiled for several instruction sets. */
#include "base/span.h"
#include "base/vmath.h"

BNN_CLONES void bnn_span_spread(size_t n, const real *mean, const real *log_sd, real sign, real *w) {
    for (size_t i = 0; i < n; i++) w[i] = mean[i] + bnn_exp_bounded(log_sd[i]) * (sign * w[i]);
}

BNN_CLONES void bnn_span_add(size_t n, const real *g, real *sum) {
    for (size_t i = 0; i < n; i++) sum[i] += g[i];
}

BNN_CLONES void bnn_span_scale(size_t n, real factor, real *v) {
    for (size_t i = 0; i < n; i++) v[i] *= factor;
}
