/* The keys of [method] for Laplace, and what can be refused knowing them, before a map fit as well as after it. */
#ifndef BNN_METHOD_LAPLACE_OPTIONS_H
#define BNN_METHOD_LAPLACE_OPTIONS_H

#include "curvature/curvature.h"
#include "prior/prior.h"

typedef enum bnn_laplace_rule { BNN_LAPLACE_BY_EVIDENCE, BNN_LAPLACE_FIXED, BNN_LAPLACE_BY_VALIDATION } bnn_laplace_rule;

typedef struct bnn_laplace_options {
    int       structure, curvature, span, prior_precision, predictive;      /* places in their rows' words */
    long long ggn_samples, newton_steps;
    bool      per_layer;
} bnn_laplace_options;

extern const bnn_option bnn_laplace_rows[];     /* of bnn_laplace_options */

const bnn_structure_row *bnn_laplace_structure(const bnn_laplace_options *options);
bnn_factor_source        bnn_laplace_source(const bnn_laplace_options *options);
const char              *bnn_laplace_predictive(const bnn_laplace_options *options);     /* as the model notes it */

/* The lowest layer whose weights are uncertain. */
size_t bnn_laplace_lowest(const bnn_laplace_options *options, const bnn_net *net);

/* Bytes at the peak, with the threads that [run] asks for. */
double bnn_laplace_bytes(const bnn_laplace_options *options, const bnn_net *net, const bnn_config *config);

/* BNN_ERR_CONFIG: what likelihood, prior or structure cannot do; BNN_ERR_MEMORY: above run.max_memory or 80 % of what is free. */
bnn_status bnn_laplace_refuse(const bnn_laplace_options *options, const bnn_config *config, const bnn_net *net,
                              const bnn_likelihood_row *likelihood, const bnn_prior *prior, bool has_valid_rows);

#endif
