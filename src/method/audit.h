/* Numbers that tell whether a Bayes-by-Backprop fit makes sense: before it, how its terms weigh against each other; after it, whether the
 * spreads have moved, which layers the data have not reached, and learnt noise that has run into its bound. */
#ifndef BNN_METHOD_AUDIT_H
#define BNN_METHOD_AUDIT_H

#include "model/model.h"

typedef struct bnn_audit_layer {
    size_t n_weights;      /* biases included                                                                              */
    double kl;             /* KL(q || prior), nats                                                                         */
    double idle;           /* share of weights where q is the prior: |mu| < .1 sd and the sds within 5 %; NaN: prior not gaussian */
} bnn_audit_layer;

typedef struct bnn_audit {
    size_t           n_layers;     /* those with weights */
    bnn_audit_layer *layers;
    double           kl;           /* of all             */
} bnn_audit;

/* A model with a posterior of the kind diag. Free the audit. */
bnn_status bnn_audit_make(bnn_audit *audit, const bnn_model *model);
void       bnn_audit_free(bnn_audit *audit);

/* Gives `model`, which has no posterior yet, the one that bbb begins with under this configuration; *nll: at its means, in nats of the whole
 * training set, estimated from at most BNN_AUDIT_ROWS of its rows. BNN_ERR_USAGE if net.init names a run. */
enum { BNN_AUDIT_ROWS = 512 };
bnn_status bnn_audit_start(bnn_model *model, const bnn_config *config, const bnn_dataset *train, double *nll);

/* Median over weights of |log sd - log init_sd|. NaN: out of memory. */
double bnn_audit_spread(const bnn_model *model, double init_sd);

/* Where learnt noise j of any posterior stands, in one draw at least: -1 at its lower bound, 1 at its upper, 0 between. */
int bnn_audit_noise(const bnn_model *model, size_t j);

#endif
