/* Tensor files, second half: reading, with every check that a hostile or damaged file needs.
 *
 * Nothing from the file is believed before it is checked: the header's length against the file's, JSON without
 * duplicate names, types, shapes whose product does not overflow, offsets inside the data that hold just the shape's
 * bytes, and tensors that cover the data without overlap or hole. Files of other writers may leave tensors
 * misaligned: those are laid out anew. */
#include "base/tensors.h"
#include "base/fail.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, HEADER_MOST = 100000000 };    /* the reference implementation's limit */

typedef struct source {
    const char *path;
    char       *header;    /* text [header_size], not NUL-terminated */
    size_t      header_size;
    char       *data;
    size_t      data_size;
} source;

/* Sets the header's and the data's span in the file's bytes. */
static bnn_status cut(source *from, char *bytes, size_t size) {
    uint64_t length = 0;
    if (size < LENGTH_BYTES)
        return BNN_FAIL(BNN_ERR_DATA, "%s: not a tensor file: only %zu bytes", from->path, size);
    memcpy(&length, bytes, LENGTH_BYTES);
    if (length > HEADER_MOST)
        return BNN_FAIL(BNN_ERR_DATA, "%s: not a tensor file: header length %llu, allowed up to %d", from->path,
                        (unsigned long long)length, HEADER_MOST);
    if (length > size - LENGTH_BYTES)
        return BNN_FAIL(BNN_ERR_DATA, "%s: header length %llu, but only %zu bytes follow: truncated?", from->path,
                        (unsigned long long)length, size - LENGTH_BYTES);
    from->header      = bytes + LENGTH_BYTES;
    from->header_size = (size_t)length;
    from->data        = from->header + length;
    from->data_size   = size - LENGTH_BYTES - (size_t)length;
    return BNN_OK;
}

static bnn_status parse_header(json_t **header, const source *from) {
    json_error_t error;
    *header = json_loadb(from->header, from->header_size, JSON_REJECT_DUPLICATES, &error);
    if (*header == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: tensor header is not JSON: %s", from->path, error.text);
    if (!json_is_object(*header)) return BNN_FAIL(BNN_ERR_DATA, "%s: tensor header is not a JSON object", from->path);
    return BNN_OK;
}

static bnn_status take_metadata(bnn_tensor_file *file, json_t *header, const source *from) {
    const char *key;
    json_t *value, *found = json_object_get(header, "__metadata__");
    file->metadata = found != NULL ? json_incref(found) : json_object();
    if (file->metadata == NULL) return BNN_FAIL_MEMORY("tensor metadata");
    if (!json_is_object(file->metadata))
        return BNN_FAIL(BNN_ERR_DATA, "%s: __metadata__ is not a JSON object", from->path);
    json_object_foreach(file->metadata, key, value)
        if (!json_is_string(value)) return BNN_FAIL(BNN_ERR_DATA, "%s: metadata %s is not a text", from->path, key);
    json_object_del(header, "__metadata__");    /* what remains are tensors */
    return BNN_OK;
}

static bnn_status parse_type(bnn_tensor *tensor, const char *dtype, const source *from) {
    for (tensor->type = BNN_F64; tensor->type <= BNN_U8; tensor->type++)
        if (strcmp(dtype, bnn_tensor_type_name(tensor->type)) == 0) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: dtype %s, known are F64, F32, F16, BF16, I64, U8", from->path,
                    tensor->name, dtype);
}

/* *size: the shape's bytes. */
static bnn_status parse_shape(bnn_tensor *tensor, size_t *size, const json_t *shape, const source *from) {
    if (!json_is_array(shape) || json_array_size(shape) > BNN_TENSOR_DIMS)
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: shape is not a list of at most %d numbers", from->path, tensor->name,
                        BNN_TENSOR_DIMS);
    tensor->n_dims = (int)json_array_size(shape);
    *size = bnn_tensor_type_size(tensor->type);
    for (int i = 0; i < tensor->n_dims; i++) {
        const json_t *length = json_array_get(shape, (size_t)i);
        if (!json_is_integer(length) || json_integer_value(length) < 0)
            return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: shape is not of whole numbers >= 0", from->path, tensor->name);
        tensor->shape[i] = (size_t)json_integer_value(length);
        if (__builtin_mul_overflow(*size, tensor->shape[i], size))
            return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: shape is too large", from->path, tensor->name);
    }
    return BNN_OK;
}

static bnn_status parse_offsets(bnn_tensor *tensor, json_int_t begin, json_int_t end, size_t size, const source *from) {
    if (begin < 0 || end < begin || (size_t)end > from->data_size)
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: data_offsets [%lld, %lld] in %zu bytes of data: truncated?",
                        from->path, tensor->name, (long long)begin, (long long)end, from->data_size);
    if ((size_t)(end - begin) != size)
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: data_offsets [%lld, %lld], but its shape takes %zu bytes",
                        from->path, tensor->name, (long long)begin, (long long)end, size);
    tensor->data = from->data + begin;
    return BNN_OK;
}

static bnn_status parse_tensor(bnn_tensor *tensor, json_t *entry, const source *from) {
    const char *dtype;
    json_t     *shape;
    json_int_t  begin, end;
    size_t      size = 0;
    bnn_status  status;
    if (json_unpack(entry, "{s:s, s:o, s:[I, I!]}", "dtype", &dtype, "shape", &shape, "data_offsets", &begin, &end) != 0)
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: needs dtype (text), shape (list), data_offsets (two integers)",
                        from->path, tensor->name);
    if ((status = parse_type(tensor, dtype, from))         != BNN_OK) return status;
    if ((status = parse_shape(tensor, &size, shape, from)) != BNN_OK) return status;
    return parse_offsets(tensor, begin, end, size, from);
}

/* The names are kept behind the tensors. In the header each had two quotes: with a NUL for those, all fit its size. */
static bnn_status parse_tensors(bnn_tensor_file *file, json_t *header, const source *from) {
    const char *name;
    json_t     *entry;
    file->tensors = calloc(1, json_object_size(header) * sizeof *file->tensors + from->header_size);
    if (file->tensors == NULL) return BNN_FAIL_MEMORY("tensors");
    char *names = (char *)(file->tensors + json_object_size(header));
    json_object_foreach(header, name, entry) {
        bnn_tensor *tensor = &file->tensors[file->n++];
        tensor->name = strcpy(names, name);
        names += strlen(name) + 1;
        bnn_status status = parse_tensor(tensor, entry, from);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

static size_t byte_count(const bnn_tensor *tensor) {
    return bnn_tensor_count(tensor) * bnn_tensor_type_size(tensor->type);
}

/* By place; of two at one place the empty one comes first. */
static int compare(const void *a, const void *b) {
    const bnn_tensor *left = a, *right = b;
    const char *l = left->data, *r = right->data;
    size_t l_size = byte_count(left), r_size = byte_count(right);
    return l != r ? (l > r) - (l < r) : (l_size > r_size) - (l_size < r_size);
}

/* Sorts the tensors by place and checks that they cover the data. */
static bnn_status check_cover(bnn_tensor_file *file, const source *from) {
    const char *next = from->data, *end = from->data + from->data_size;
    qsort(file->tensors, file->n, sizeof *file->tensors, compare);
    for (size_t i = 0; i < file->n; i++) {
        const bnn_tensor *tensor = &file->tensors[i];
        if ((const char *)tensor->data != next)
            return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: %s the tensor before it in the data", from->path, tensor->name,
                            (const char *)tensor->data < next ? "overlaps" : "leaves a hole after");
        next += byte_count(tensor);
    }
    if (next != end)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %td bytes at the end belong to no tensor", from->path, end - next);
    return BNN_OK;
}

static size_t round_up(size_t size) { return (size + 7) / 8 * 8; }

static bnn_status align(bnn_tensor_file *file) {
    bool   is_aligned = true;
    size_t size = 1;    /* never nothing: malloc(0) may be NULL */
    for (size_t i = 0; i < file->n; i++) {
        const bnn_tensor *tensor = &file->tensors[i];
        is_aligned = is_aligned && (uintptr_t)tensor->data % bnn_tensor_type_size(tensor->type) == 0;
        size += round_up(byte_count(tensor));
    }
    if (is_aligned) return BNN_OK;
    char *fresh = malloc(size), *at = fresh;
    if (fresh == NULL) return BNN_FAIL_MEMORY("tensors");
    for (size_t i = 0; i < file->n; i++) {
        bnn_tensor *tensor = &file->tensors[i];
        tensor->data = memcpy(at, tensor->data, byte_count(tensor));
        at += round_up(byte_count(tensor));
    }
    free(file->storage);
    file->storage = fresh;
    return BNN_OK;
}

bnn_status bnn_tensors_read(bnn_tensor_file *file, const char *path) {
    source  from = {.path = path};
    json_t *header = NULL;
    char   *bytes;
    size_t  size;
    bnn_status status = bnn_file_read(path, &bytes, &size);
    if (status != BNN_OK) return status;
    file->storage = bytes;
    if ((status = cut(&from, bytes, size))              != BNN_OK) goto done;
    if ((status = parse_header(&header, &from))         != BNN_OK) goto done;
    if ((status = take_metadata(file, header, &from))   != BNN_OK) goto done;
    if ((status = parse_tensors(file, header, &from))   != BNN_OK) goto done;
    if ((status = check_cover(file, &from))             != BNN_OK) goto done;
    status = align(file);
done:
    json_decref(header);
    if (status != BNN_OK) bnn_tensors_free(file);
    return status;
}

void bnn_tensors_free(bnn_tensor_file *file) {
    json_decref(file->metadata);
    free(file->tensors);
    free(file->storage);
    *file = (bnn_tensor_file){0};
}

const bnn_tensor *bnn_tensors_find(const bnn_tensor_file *file, const char *name) {
    for (size_t i = 0; i < file->n; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}
