/* Tensor files, first half: types, conversion and writing. tensors_read.c reads.
 *
 * The layout is that of the reference implementation (huggingface/safetensors), byte for byte: metadata first,
 * tensors by type and then name, wide types first so that each tensor is aligned to its type; the header is compact
 * JSON padded with blanks. What it leaves to chance, the order of the metadata's keys, is sorted here: equal contents
 * give equal bytes. float16 and bfloat16 are IEEE 754 binary16 and the upper half of binary32. */
#include "base/tensors.h"
#include "base/fail.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor files are little endian; big-endian hosts need swaps");

static const struct { const char *name; size_t size; int order; } types[] = {
    [BNN_I64]  = {"I64",  8, 0},
    [BNN_F64]  = {"F64",  8, 1},
    [BNN_F32]  = {"F32",  4, 2},
    [BNN_BF16] = {"BF16", 2, 3},
    [BNN_F16]  = {"F16",  2, 4},
    [BNN_U8]   = {"U8",   1, 5},
};

size_t bnn_tensor_type_size(bnn_tensor_type type) { return types[type].size; }

const char *bnn_tensor_type_name(bnn_tensor_type type) { return types[type].name; }

size_t bnn_tensor_count(const bnn_tensor *tensor) {
    size_t count = 1;
    for (int i = 0; i < tensor->n_dims; i++) count *= tensor->shape[i];
    return count;
}

static size_t byte_count(const bnn_tensor *tensor) { return bnn_tensor_count(tensor) * types[tensor->type].size; }

/* 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static double half_to_double(uint16_t bits) {
    int    exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 0  ? ldexp(fraction, -24)
                : exponent == 31 ? (fraction == 0 ? (double)INFINITY : (double)NAN)
                                 : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

static double bfloat_to_double(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

static double element(const bnn_tensor *tensor, size_t i) {
    switch (tensor->type) {
    case BNN_F64:  return ((const double *)tensor->data)[i];
    case BNN_F32:  return (double)((const float *)tensor->data)[i];
    case BNN_F16:  return half_to_double(((const uint16_t *)tensor->data)[i]);
    case BNN_BF16: return bfloat_to_double(((const uint16_t *)tensor->data)[i]);
    case BNN_I64:  return (double)((const int64_t *)tensor->data)[i];
    case BNN_U8:   return (double)((const uint8_t *)tensor->data)[i];
    }
    return (double)NAN;
}

void bnn_tensor_to_double(const bnn_tensor *tensor, double *out) {
    size_t n = bnn_tensor_count(tensor);
    for (size_t i = 0; i < n; i++) out[i] = element(tensor, i);
}

void bnn_tensor_to_real(const bnn_tensor *tensor, real *out) {
    size_t n = bnn_tensor_count(tensor);
    for (size_t i = 0; i < n; i++) out[i] = (real)element(tensor, i);
}

static int compare(const void *a, const void *b) {
    const bnn_tensor *left = *(const bnn_tensor *const *)a, *right = *(const bnn_tensor *const *)b;
    int by_type = types[left->type].order - types[right->type].order;
    return by_type != 0 ? by_type : strcmp(left->name, right->name);
}

/* NULL: out of memory. Caller frees. */
static const bnn_tensor **sort_tensors(size_t n, const bnn_tensor *tensors) {
    const bnn_tensor **sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted == NULL) return NULL;
    for (size_t i = 0; i < n; i++) sorted[i] = &tensors[i];
    qsort(sorted, n, sizeof *sorted, compare);
    return sorted;
}

/* jansson keeps the order of insertion, so sorting is printing sorted and reading back. NULL: out of memory. */
static json_t *sort_metadata(const json_t *metadata) {
    char   *text = json_dumps(metadata, JSON_SORT_KEYS);
    json_t *sorted = text == NULL ? NULL : json_loads(text, 0, NULL);
    free(text);
    return sorted;
}

static json_t *describe(const bnn_tensor *tensor, size_t begin) {
    assert(tensor->n_dims >= 0 && tensor->n_dims <= BNN_TENSOR_DIMS);
    json_t *shape = json_array();
    for (int i = 0; i < tensor->n_dims; i++) json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", bnn_tensor_type_name(tensor->type), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + byte_count(tensor)));
}

static bnn_status add_metadata(json_t *header, const json_t *metadata, const char *path) {
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)metadata;    /* the macro takes no const; it does not write there */
    json_object_foreach(object, key, value)
        if (!json_is_string(value)) return BNN_FAIL(BNN_ERR_USAGE, "%s: metadata %s is not a text", path, key);
    if (metadata != NULL && json_object_set_new(header, "__metadata__", sort_metadata(metadata)) != 0)
        return BNN_FAIL_MEMORY("tensor metadata");
    return BNN_OK;
}

static bnn_status add_tensors(json_t *header, size_t n, const bnn_tensor *const *sorted, const char *path) {
    for (size_t i = 0, begin = 0; i < n; begin += byte_count(sorted[i++])) {
        const char *name = sorted[i]->name;
        if (json_object_get(header, name) != NULL || strcmp(name, "__metadata__") == 0)
            return BNN_FAIL(BNN_ERR_USAGE, "%s: two tensors are named %s", path, name);
        if (json_object_set_new(header, name, describe(sorted[i], begin)) != 0)
            return BNN_FAIL(BNN_ERR_MEMORY, "%s: out of memory for tensor %s, or its name is not UTF-8", path, name);
    }
    return BNN_OK;
}

static void add_bytes(bnn_text *out, const void *data, size_t size) {
    if (size == 0 || !bnn_text_reserve(out, size)) return;
    memcpy(out->at + out->length, data, size);
    out->length += size;
}

/* Length, header and padding: what comes before the data. */
static bnn_status pack_header(bnn_text *out, const json_t *header) {
    char *text = json_dumps(header, JSON_COMPACT);
    if (text == NULL) return BNN_FAIL_MEMORY("a tensor header");
    size_t   length = strlen(text);
    uint64_t padded = (length + 7) / 8 * 8;
    add_bytes(out, &padded, sizeof padded);
    add_bytes(out, text, length);
    add_bytes(out, "       ", padded - length);
    free(text);
    return out->has_failed ? BNN_FAIL_MEMORY("a tensor header") : BNN_OK;
}

/* The data goes from where it lies into the file: a copy would double what a checkpoint takes. */
static bnn_status write_pieces(const char *path, const bnn_text *head, size_t n, const bnn_tensor *const *sorted) {
    bnn_piece *pieces = calloc(n + 1, sizeof *pieces);
    if (pieces == NULL) return BNN_FAIL_MEMORY("a tensor file");
    pieces[0] = (bnn_piece){ head->at, head->length };
    for (size_t i = 0; i < n; i++) pieces[i + 1] = (bnn_piece){ sorted[i]->data, byte_count(sorted[i]) };
    bnn_status status = bnn_file_write_pieces(path, n + 1, pieces);
    free(pieces);
    return status;
}

bnn_status bnn_tensors_write(const char *path, size_t n, const bnn_tensor *tensors, const json_t *metadata) {
    bnn_status status;
    bnn_text head = {0};
    json_t  *header = json_object();
    const bnn_tensor **sorted = sort_tensors(n, tensors);
    if (header == NULL || sorted == NULL) {
        status = BNN_FAIL_MEMORY("a tensor header");
        goto done;
    }
    if ((status = add_metadata(header, metadata, path))      != BNN_OK) goto done;
    if ((status = add_tensors(header, n, sorted, path))      != BNN_OK) goto done;
    if ((status = pack_header(&head, header))                != BNN_OK) goto done;
    status = write_pieces(path, &head, n, sorted);
done:
    bnn_text_free(&head);
    json_decref(header);
    free(sorted);
    return status;
}
