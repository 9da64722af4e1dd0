/* Named tensors in one file: the safetensors format (8 bytes header length, JSON header, raw little-endian data).
 *
 * Written with tensors sorted by type and name, the header padded with blanks to a multiple of 8 bytes, __metadata__ holding
 * strings with sorted keys: equal contents give equal bytes. Read with every check a hostile file needs: header length against
 * file size and a 100 MB limit, types, shapes, offsets inside the file, contiguous and without overlap or holes. */
#ifndef BNN_BASE_TENSORS_H
#define BNN_BASE_TENSORS_H

#include "base/real.h"
#include "bnn/status.h"
#include <jansson.h>

enum { BNN_TENSOR_DIMS = 4 };

typedef enum bnn_tensor_type { BNN_F64, BNN_F32, BNN_F16, BNN_BF16, BNN_I64, BNN_U8 } bnn_tensor_type;

#ifdef BNN_DOUBLE
#define BNN_TENSOR_REAL BNN_F64
#else
#define BNN_TENSOR_REAL BNN_F32
#endif

typedef struct bnn_tensor {
    const char     *name;
    bnn_tensor_type type;
    int             n_dims;
    size_t          shape[BNN_TENSOR_DIMS];
    const void     *data;    /* borrowed when writing; inside the file's buffer when reading (aligned to the type) */
} bnn_tensor;

typedef struct bnn_tensor_file {
    size_t      n;
    bnn_tensor *tensors;     /* in the file's order */
    json_t     *metadata;    /* object of strings, never NULL after a read */
    void       *storage;     /* owned */
} bnn_tensor_file;

size_t bnn_tensor_count(const bnn_tensor *tensor);          /* product of the shape */
size_t bnn_tensor_type_size(bnn_tensor_type type);
const char *bnn_tensor_type_name(bnn_tensor_type type);     /* "F32", ... */

/* Writes atomically (bnn_file_write). The order of `tensors` does not matter; two of one name are refused.
 * metadata: JSON object whose values are all strings, or NULL. */
bnn_status bnn_tensors_write(const char *path, size_t n, const bnn_tensor *tensors, const json_t *metadata);

/* BNN_ERR_DATA with path and reason for anything that is not a well-formed file of these types. *file starts zeroed. */
bnn_status bnn_tensors_read(bnn_tensor_file *file, const char *path);
void bnn_tensors_free(bnn_tensor_file *file);

/* NULL if there is none of that name. */
const bnn_tensor *bnn_tensors_find(const bnn_tensor_file *file, const char *name);

/* Converts all elements of any floating type to double / real, in order. */
void bnn_tensor_to_double(const bnn_tensor *tensor, double *out);
void bnn_tensor_to_real(const bnn_tensor *tensor, real *out);

#endif
