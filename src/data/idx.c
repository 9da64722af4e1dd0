/* IDX files (the format of MNIST): magic 00 00 TYPE NDIM, NDIM big-endian 32-bit sizes, then the values.
 *
 * Images are unsigned bytes in 2 or 3 dimensions (rows x features, or rows x height x width), labels unsigned bytes in one.
 * Format: http://yann.lecun.com/exdb/mnist/. Other element types and more dimensions are refused. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIMS = 3, N_LABELS = 256 };

typedef struct idx { int n_dims; size_t shape[MAX_DIMS]; size_t offset, count; } idx;

static bnn_status check_magic(const char *path, const unsigned char *at, size_t size, int min_dims, int max_dims) {
    const char *what = max_dims > 1 ? "images (00 00 08 02 or 00 00 08 03)" : "labels (00 00 08 01)";
    if (size < 4) return BNN_FAIL(BNN_ERR_DATA, "%s: %zu bytes are no IDX file of %s", path, size, what);
    if (at[0] == 0 && at[1] == 0 && at[2] == 8 && at[3] >= min_dims && at[3] <= max_dims) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: wrong IDX magic %02x %02x %02x %02x, expected %s", path, at[0], at[1], at[2], at[3], what);
}

static bnn_status read_header(idx *header, const char *path, const char *data, size_t size, int min_dims, int max_dims) {
    const unsigned char *at = (const unsigned char *)data;
    bnn_status status = check_magic(path, at, size, min_dims, max_dims);
    if (status != BNN_OK) return status;
    *header = (idx){ .n_dims = at[3], .offset = 4 + 4 * (size_t)at[3], .count = 1 };
    if (size < header->offset) return BNN_FAIL(BNN_ERR_DATA, "%s: the IDX header is cut short", path);
    for (int d = 0; d < header->n_dims; d++) {
        const unsigned char *s = at + 4 + 4 * d;
        header->shape[d] = (size_t)s[0] << 24 | (size_t)s[1] << 16 | (size_t)s[2] << 8 | s[3];
        if (header->shape[d] == 0) return BNN_FAIL(BNN_ERR_DATA, "%s: an empty data set (size %d of the header is 0)", path, d);
        if (__builtin_mul_overflow(header->count, header->shape[d], &header->count)) header->count = SIZE_MAX;
    }
    if (size - header->offset == header->count) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: %zu bytes of values, the IDX header says %zu", path, size - header->offset, header->count);
}

/* ---- labels ---------------------------------------------------------------------------------------------------------- */

/* number [256]: class of each label value, or -1. */
static void number_labels(const bnn_schema *schema, int *number) {
    for (int value = 0; value < N_LABELS; value++) {
        char name[16];
        snprintf(name, sizeof name, "%d", value);
        number[value] = -1;
        for (size_t k = 0; k < schema->n_classes; k++)
            if (strcmp(name, schema->class_names[k]) == 0) number[value] = (int)k;
    }
}

/* Every label of the file is a class, in numeric order. */
static bnn_status define_classes(bnn_schema *schema, size_t n, const unsigned char *labels) {
    bool occurs[N_LABELS] = { false };
    for (size_t i = 0; i < n; i++) occurs[labels[i]] = true;
    if ((schema->class_names = calloc(N_LABELS, sizeof *schema->class_names)) == NULL) return BNN_FAIL_MEMORY("class labels");
    for (int value = 0; value < N_LABELS; value++) {
        if (!occurs[value]) continue;
        if (asprintf(&schema->class_names[schema->n_classes], "%d", value) < 0) return BNN_FAIL_MEMORY("class labels");
        schema->n_classes++;
    }
    return BNN_OK;
}

static bnn_status fill_targets(bnn_dataset *set, const bnn_read *request, const unsigned char *labels) {
    int number[N_LABELS];
    char list[BNN_LIST_SIZE];
    const bnn_schema *schema = &set->schema;
    if ((set->y = malloc(set->n_rows * sizeof *set->y)) == NULL) return BNN_FAIL_MEMORY("labels");
    number_labels(schema, number);
    for (size_t i = 0; i < set->n_rows; i++) {
        if (schema->n_classes > 0 && number[labels[i]] < 0)
            return BNN_FAIL(BNN_ERR_DATA, "%s: row %zu: unknown class '%d', the model knows: %s", request->labels, i, labels[i],
                            bnn_list_names(list, schema->n_classes, schema->class_names));
        set->y[i] = schema->n_classes > 0 ? number[labels[i]] : labels[i];
    }
    return BNN_OK;
}

static bnn_status read_labels(bnn_dataset *set, const bnn_read *request) {
    char *data = NULL;
    size_t size;
    idx header;
    bnn_status status = bnn_file_read(request->labels, &data, &size);
    if (status != BNN_OK) return status;
    if ((status = read_header(&header, request->labels, data, size, 1, 1)) != BNN_OK) goto done;
    if (header.count != set->n_rows) {
        status = BNN_FAIL(BNN_ERR_DATA, "%s: %zu labels for the %zu images of %s", request->labels, header.count, set->n_rows,
                          request->path);
        goto done;
    }
    const unsigned char *labels = (const unsigned char *)data + header.offset;
    if (request->schema == NULL && request->wants_classes) status = define_classes(&set->schema, set->n_rows, labels);
    if (status == BNN_OK) status = fill_targets(set, request, labels);
done:
    free(data);
    return status;
}

/* ---- images ---------------------------------------------------------------------------------------------------------- */

static bnn_status settle_schema(bnn_dataset *set, const bnn_read *request, const idx *header) {
    size_t n_features = header->count / header->shape[0];
    bnn_schema *schema = &set->schema;
    if (request->schema == NULL) {
        *schema = (bnn_schema){ .n_features = n_features, .n_targets = 1, .target_names = bnn_names_targets(1) };
        if (header->n_dims == 3) {
            schema->image_rows = header->shape[1];
            schema->image_cols = header->shape[2];
        }
        return schema->target_names != NULL ? BNN_OK : BNN_FAIL_MEMORY("the names of columns");
    }
    if (n_features != request->schema->n_features)
        return BNN_FAIL(BNN_ERR_DATA, "%s: images of %zu values, the model expects %zu", request->path, n_features,
                        request->schema->n_features);
    return bnn_schema_copy(schema, request->schema);
}

bnn_status bnn_dataset_read_idx(bnn_dataset *set, const bnn_read *request, char **data, size_t size) {
    idx header;
    bool has_labels = bnn_read_has_labels(request);
    bnn_status status = read_header(&header, request->path, *data, size, 2, MAX_DIMS);
    if (status != BNN_OK || (status = bnn_read_refuse_columns(request, "IDX")) != BNN_OK) return status;
    if (!has_labels && request->schema == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: images to learn from need a file of labels: set data.train_labels", request->path);
    if ((status = settle_schema(set, request, &header)) != BNN_OK) return status;
    if (has_labels && set->schema.n_targets != 1)
        return BNN_FAIL(BNN_ERR_DATA, "%s: one label a row, the model has %zu targets", request->labels, set->schema.n_targets);
    set->n_rows = header.shape[0];
    memmove(*data, *data + header.offset, header.count);   /* the file's own buffer becomes x_bytes */
    set->x_bytes = (uint8_t *)*data;
    *data = NULL;
    if (has_labels && (status = read_labels(set, request)) != BNN_OK) return status;
    return bnn_dataset_number_rows(set);
}
