/* What local_reparam and flipout share: passes in which outputs are sampled, with (mu, second) in place of weights. */
#ifndef BNN_ESTIMATOR_NOISY_H
#define BNN_ESTIMATOR_NOISY_H

#include "estimator/estimator.h"

typedef struct bnn_noisy {
    bnn_noise_kind kind;
    bool depends_on_sample;      /* second must be made again for every sample                           */
    real chain;                  /* d second / d log_sd = chain * second                                 */
    /* estimator->draw [first .. first + n) = second for one sample */
    void (*prepare)(bnn_estimator *estimator, uint64_t step, size_t sample, size_t first, size_t n);
} bnn_noisy;

/* The functions of a row that has a bnn_noisy. */
bnn_status bnn_noisy_elbo_grad(bnn_estimator *estimator, uint64_t step, size_t n, const size_t *rows, double kl_weight,
                               const bnn_elbo_sink *sink, double *nll);
void       bnn_noisy_redraw(bnn_estimator *estimator, uint64_t step, size_t first, size_t n);

#endif
