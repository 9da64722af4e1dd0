/* Data sets: rows of numbers with named columns. */
#ifndef BNN_DATA_H
#define BNN_DATA_H

#include "bnn/status.h"
#include <stddef.h>

typedef struct bnn_dataset bnn_dataset;

/* A data set from memory; everything is copied.
 * x [n_rows x n_features] row-major; y [n_rows x n_targets], or NULL; with n_classes > 0, y holds 0-based class numbers and
 * n_targets is 1. Columns are named x1, x2, ... and y (y1, y2, ...), classes "0", "1", ...
 * BNN_ERR_DATA for no rows, a value that is not finite or a class out of range. *dataset must be NULL. */
bnn_status bnn_dataset_make(bnn_dataset **dataset, size_t n_rows, size_t n_features, const double *x,
                            size_t n_targets, const double *y, size_t n_classes);

size_t bnn_dataset_rows(const bnn_dataset *dataset);
size_t bnn_dataset_features(const bnn_dataset *dataset);
void   bnn_dataset_free(bnn_dataset *dataset);

#endif
