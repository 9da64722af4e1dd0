/* Files of row numbers: which rows of a data set are for testing. */
#ifndef BNN_DATA_ROWS_H
#define BNN_DATA_ROWS_H

#include "bnn/status.h"
#include <stdbool.h>
#include <stddef.h>

/* chosen [n_rows]: set to true for each 0-based row number in the file (separated by blanks or newlines). Out of range, twice,
 * not a number: BNN_ERR_DATA with path:line. */
bnn_status bnn_rows_read(bool *chosen, size_t n_rows, const char *path);

/* "splits/test_%02d.txt" and 7 -> "splits/test_07.txt". Caller frees. BNN_ERR_CONFIG unless exactly one %d, %3d or %03d is in it;
 * any other % stands for itself. */
bnn_status bnn_rows_path(char **path, const char *pattern, long long split);

#endif
