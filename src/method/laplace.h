/* Laplace around a finished map fit: a normal with the curvature of the loss and a prior precision that may be tuned. */
#ifndef BNN_METHOD_LAPLACE_H
#define BNN_METHOD_LAPLACE_H

#include "curvature/curvature.h"
#include "model/model.h"

/* Replaces the point posterior of `model` by a Laplace posterior from [method] of `config` (whose method is laplace), and notes log_evidence
 * and its parts, the precision and the predictive among the facts. valid may be NULL unless the precision is chosen on it. A failure after what
 * bnn_laplace_check refuses leaves a model that can only be freed.
 * BNN_ERR_CONFIG: the likelihood or prior has no curvature, no point posterior, or a need is not met; BNN_ERR_MEMORY: above run.max_memory,
 * with what would fit; BNN_ERR_NUMERIC: no Cholesky factor even with jitter. */
bnn_status bnn_laplace(bnn_model *model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid, bnn_team *team);

/* What it would take. */
typedef struct bnn_laplace_need {
    size_t n_span;        /* weights that get a spread               */
    double bytes;         /* at the peak, with the exact Hessian's scratch and the posterior */
} bnn_laplace_need;

/* What bnn_laplace refuses before its work, with its statuses; nothing changes. */
bnn_status bnn_laplace_check(bnn_laplace_need *need, bnn_model *model, const bnn_config *config, const bnn_dataset *valid);

#endif
