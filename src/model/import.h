/* Weights trained elsewhere as the one point of a model's posterior. */
#ifndef BNN_MODEL_IMPORT_H
#define BNN_MODEL_IMPORT_H

#include "base/tensors.h"
#include "model/model.h"

/* Takes N.weight [out, in] and N.bias [out] for growing N (torch.nn.Sequential counts activations too) as the weights of the net's layers,
 * whose numbers are 0, 1, 2...; any floating type. likelihood.log_noise_sd, if the likelihood has learnt noise, is taken where it is
 * there: *has_noise. map: "NAME=NEW,..." renames tensors first, "NAME=" leaves one out; NULL or "": none. path: for the sentences.
 * BNN_ERR_USAGE: the map; BNN_ERR_DATA: a name, number of layers, shape, type or value that does not fit, with what was expected. */
bnn_status bnn_model_import(bnn_model *model, const bnn_tensor_file *file, const char *path, const char *map, bool *has_noise);

#endif
