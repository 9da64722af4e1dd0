/* Pruning by signal to noise (Graves 2011, "Practical variational inference for neural networks"; Blundell et al. 2015, section 5.1): weights
 * whose |mean| / sd is small say nothing that the prior would not. */
#ifndef BNN_MODEL_PRUNE_H
#define BNN_MODEL_PRUNE_H

#include "model/model.h"

/* Keeps a share of the weights, in (0, 1]: the round(keep n) with the largest |mean| / sd of all n in all layers together; the others are
 * exactly 0 in every draw from now on (mean 0, log sd -infinity, as the file says of any weight that is certain). Biases stay and do not
 * count. Weights without a spread (outside the span of a Laplace) go last, by |mean|. Kept sets are nested: pruning a pruned model further
 * gives what pruning once would. Facts of the whole posterior (elbo, kl, nll, log_evidence, ...) go, "kept_share" comes. Status of
 * bnn_model_check_prunable. */
bnn_status bnn_model_prune(bnn_model *model, double keep);

/* BNN_ERR_CONFIG if the posterior is not diag. */
bnn_status bnn_model_check_prunable(const bnn_model *model);

typedef struct bnn_weight_count { size_t n, n_kept; } bnn_weight_count;

/* Of the weights that bnn_model_prune chooses from: all, and those that are not certainly 0. Kind diag. */
bnn_weight_count bnn_model_count_weights(const bnn_model *model);

#endif
