/* What adam and adamw share. */
#ifndef BNN_OPTIMIZER_ADAM_H
#define BNN_OPTIMIZER_ADAM_H

#include "optimizer/optimizer.h"

typedef struct bnn_adam_options {
    double beta1, beta2, epsilon;
    double weight_decay;           /* adam: 0, it has no such key */
} bnn_adam_options;

#define BNN_ADAM_ROWS                                                                                                   \
    BNN_OPTION_NUMBER_ROW(bnn_adam_options, beta1, "0.9", 0, 0.999999, "", "decay of the mean gradient"),               \
    BNN_OPTION_NUMBER_ROW(bnn_adam_options, beta2, "0.999", 0, 0.9999999, "", "decay of the mean squared gradient"),    \
    BNN_OPTION_POSITIVE_ROW(bnn_adam_options, epsilon, "1e-08", 1, "", "added to the root mean square")

void bnn_adam_begin(bnn_optimizer *optimizer);
void bnn_adam_step(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta);

#endif
