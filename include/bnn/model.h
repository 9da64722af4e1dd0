/* A model: what posterior.safetensors holds - net, likelihood, prior, scaling, names and a posterior over its weights. */
#ifndef BNN_MODEL_H
#define BNN_MODEL_H

#include "bnn/status.h"
#include <stddef.h>

typedef struct bnn_model bnn_model;

/* Writes atomically. Equal models give equal bytes: no path, time, thread count or host goes in. BNN_ERR_FILE. */
bnn_status bnn_model_write(const bnn_model *model, const char *path);

/* *model must be NULL. BNN_ERR_DATA names the file and what is wrong with it. */
bnn_status bnn_model_read(bnn_model **model, const char *path);

void bnn_model_free(bnn_model *model);

#endif
