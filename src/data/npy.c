/* NPY files, the arrays of numpy.save, versions 1 to 3.
 *
 * "\x93NUMPY", major, minor, length of the header (2 bytes little-endian, from version 2 on 4), the header (a Python dictionary of
 * descr, fortran_order and shape), then the values. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * Features have 2 dimensions, labels 1 or 2. Float32 and 64, integers, unsigned and bool, little-endian; Fortran order is transposed
 * while reading. Not here: big-endian, float16, complex, text, records. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, MAX_DIMS = 2, TEXT_SIZE = 4096 };

typedef struct npy {
    const char *path;
    char        type[4];             /* "<f4" */
    size_t      item;                /* bytes of a value */
    bool        is_fortran;
    int         n_dims;
    size_t      rows, cols;          /* one dimension: cols = 1 */
    const char *at;                  /* the values */
} npy;

/* ---- the header ------------------------------------------------------------------------------------------------------ */

static bnn_status refuse(const npy *a, const char *why) { return BNN_FAIL(BNN_ERR_DATA, "%s: NPY: %s", a->path, why); }

static bnn_status check_type(npy *a, const char *quoted) {
    static const char *const known[] = { "<f4", "<f8", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1" };
    char shown[BNN_SHOWN_SIZE];
    size_t length = *quoted == '\'' || *quoted == '"' ? strcspn(quoted + 1, "'\"") : 0;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (length != 3 || strncmp(quoted + 1, known[k], 3) != 0) continue;
        memcpy(a->type, known[k], sizeof a->type);
        a->item = (size_t)(known[k][2] - '0');
        return BNN_OK;
    }
    return BNN_FAIL(BNN_ERR_DATA, "%s: NPY: values of type %.16s, allowed are little-endian float32, float64, integers and bool "
                    "(convert with .astype('<f8'))", a->path, bnn_shown(shown, quoted));
}

/* What stands behind 'key': in the header. */
static const char *find_key(const char *header, const char *key) {
    const char *at = strstr(header, key);
    if (at == NULL) return NULL;
    at += strlen(key);
    at += strspn(at, " ");
    if (*at != ':') return NULL;
    return at + 1 + strspn(at + 1, " ");
}

/* "(3, 4)" or "(3,)". */
static bnn_status read_shape(npy *a, const char *at) {
    size_t sizes[MAX_DIMS] = { 1, 1 };
    if (at == NULL || *at++ != '(') return refuse(a, "the header has no shape");
    for (a->n_dims = 0;; a->n_dims++) {
        at += strspn(at, " ,L");   /* Python 2 wrote 3L */
        if (*at == ')') break;
        size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 18) return refuse(a, "the shape is malformed");
        if (a->n_dims == MAX_DIMS) return refuse(a, "more than 2 dimensions: reshape it to [rows, features]");
        sizes[a->n_dims] = (size_t)strtoull(at, NULL, 10);
        at += digits;
    }
    if (a->n_dims == 0) return refuse(a, "a single number, not an array");
    a->rows = sizes[0];
    a->cols = sizes[1];
    return a->rows > 0 && a->cols > 0 ? BNN_OK : refuse(a, "an empty array");
}

static bnn_status read_dictionary(npy *a, const char *header) {
    const char *type = find_key(header, "'descr'"), *order = find_key(header, "'fortran_order'");
    bnn_status status;
    if (type == NULL || order == NULL) return refuse(a, "the header is malformed");
    if ((status = check_type(a, type)) != BNN_OK) return status;
    a->is_fortran = strncmp(order, "True", 4) == 0;
    if (!a->is_fortran && strncmp(order, "False", 5) != 0) return refuse(a, "the header is malformed");
    return read_shape(a, find_key(header, "'shape'"));
}

static bnn_status read_header(npy *a, const char *path, const char *data, size_t size) {
    const unsigned char *u = (const unsigned char *)data;
    char header[TEXT_SIZE];
    size_t bytes, expected;
    *a = (npy){ .path = path };
    if (size < MAGIC + 4 || memcmp(data, "\x93NUMPY", MAGIC) != 0) return refuse(a, "the file does not begin like one");
    if (u[6] < 1 || u[6] > 3) return BNN_FAIL(BNN_ERR_DATA, "%s: NPY version %d.%d, allowed are 1 to 3", path, u[6], u[7]);
    size_t start = u[6] == 1 ? 10 : 12, length = u[8] | (size_t)u[9] << 8;
    if (u[6] > 1 && size >= start) length |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
    if (size < start || length > size - start) return refuse(a, "the header is cut short");
    if (length >= TEXT_SIZE) return refuse(a, "the header is too long for an array of numbers");
    memcpy(header, data + start, length);
    header[length] = '\0';
    bnn_status status = read_dictionary(a, header);
    if (status != BNN_OK) return status;
    a->at = data + start + length;
    bytes = size - start - length;
    if (__builtin_mul_overflow(a->rows, a->cols, &expected) || __builtin_mul_overflow(expected, a->item, &expected)) expected = SIZE_MAX;
    if (bytes == expected) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: NPY: %zu bytes of values, the header says %zu x %zu of %zu bytes", path, bytes, a->rows,
                    a->cols, a->item);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

#define VALUE_AS(T) { T v; memcpy(&v, at, sizeof v); return (double)v; }

static double value_at(const npy *a, size_t i, size_t j) {
    const char *at = a->at + (a->is_fortran ? j * a->rows + i : i * a->cols + j) * a->item;
    switch (a->type[1] << 8 | a->type[2]) {
    case 'f' << 8 | '4': VALUE_AS(float)
    case 'f' << 8 | '8': VALUE_AS(double)
    case 'i' << 8 | '8': VALUE_AS(int64_t)
    case 'i' << 8 | '4': VALUE_AS(int32_t)
    case 'i' << 8 | '2': VALUE_AS(int16_t)
    case 'i' << 8 | '1': VALUE_AS(int8_t)
    case 'u' << 8 | '8': VALUE_AS(uint64_t)
    case 'u' << 8 | '4': VALUE_AS(uint32_t)
    case 'u' << 8 | '2': VALUE_AS(uint16_t)
    default:             VALUE_AS(uint8_t)
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

/* Bytes stay bytes where the file is nothing but features that the net sees as they are. */
static bool stays_bytes(const npy *a, const bnn_table *table) {
    const bnn_columns *columns = &table->columns;
    if (strcmp(a->type, "|u1") != 0 || table->set->degree > 1 || table->set->schema.sources != NULL) return false;
    for (size_t c = 0; c < columns->n; c++)
        if (columns->at[c].use != BNN_COLUMN_FEATURE) return false;
    return true;
}

/* The table's own x gives way to bytes. */
static bnn_status take_bytes(bnn_dataset *set, const npy *a) {
    if ((set->x_bytes = reallocarray(NULL, a->rows, a->cols)) == NULL) return BNN_FAIL_MEMORY("the values of an array");
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->cols; j++) set->x_bytes[i * a->cols + j] = (uint8_t)value_at(a, i, j);
    free(set->x);
    set->x = NULL;
    return BNN_OK;
}

/* labels NULL: none. */
static bnn_status take_rows(bnn_table *t, const npy *a, const npy *labels) {
    bnn_status status = BNN_OK;
    for (size_t i = 0; i < a->rows && status == BNN_OK; i++) {
        for (size_t j = 0; j < a->cols && !t->has_bytes; j++) bnn_table_take_number(t, j, value_at(a, i, j));
        for (size_t k = 0; labels != NULL && k < labels->cols; k++) bnn_table_take_number(t, a->cols + k, value_at(labels, i, k));
        status = bnn_table_end_row(t, 0);
    }
    return status;
}

static bnn_status read_rows(bnn_dataset *set, const bnn_read *request, const npy *a, const npy *labels) {
    bnn_table table;
    bnn_status status;
    if ((status = bnn_table_begin(&table, request, set)) != BNN_OK) goto done;
    table.columns.n = a->cols;
    table.columns.n_outside = labels != NULL ? labels->cols : 0;
    if ((status = bnn_table_choose_columns(&table)) != BNN_OK) goto done;
    table.has_bytes = stays_bytes(a, &table);
    if (table.has_bytes && (status = take_bytes(set, a)) != BNN_OK) goto done;
    if ((status = take_rows(&table, a, labels)) != BNN_OK) goto done;
    status = bnn_table_end(&table);
done:
    bnn_table_free(&table);
    return status;
}

static bnn_status read_labels(npy *labels, const npy *a, const bnn_read *request, char **data) {
    size_t size;
    bnn_status status = bnn_file_read(request->labels, data, &size);
    if (status == BNN_OK) status = read_header(labels, request->labels, *data, size);
    if (status != BNN_OK || labels->rows == a->rows) return status;
    return BNN_FAIL(BNN_ERR_DATA, "%s: %zu labels for the %zu rows of %s", request->labels, labels->rows, a->rows, request->path);
}

bnn_status bnn_dataset_read_npy(bnn_dataset *set, const bnn_read *request, const char *data, size_t size) {
    npy a, labels;
    char *label_data = NULL;
    bool has_labels = bnn_read_has_labels(request);
    bnn_status status = read_header(&a, request->path, data, size);
    if (status == BNN_OK && a.n_dims != 2) status = refuse(&a, "features need 2 dimensions, [rows, features]: use reshape(-1, 1)");
    if (status == BNN_OK && has_labels) status = read_labels(&labels, &a, request, &label_data);
    if (status == BNN_OK) status = read_rows(set, request, &a, has_labels ? &labels : NULL);
    free(label_data);
    return status;
}

/* ---- the bare array -------------------------------------------------------------------------------------------------- */

bnn_status bnn_npy_read(const char *path, size_t *rows, size_t *cols, double **at) {
    npy a;
    char *data = NULL;
    size_t size;
    bnn_status status = bnn_file_read(path, &data, &size);
    if (status == BNN_OK) status = read_header(&a, path, data, size);
    if (status == BNN_OK && (*at = reallocarray(NULL, a.rows * a.cols, sizeof **at)) == NULL) status = BNN_FAIL_MEMORY("an array");
    for (size_t i = 0; status == BNN_OK && i < a.rows; i++)
        for (size_t j = 0; j < a.cols; j++) (*at)[i * a.cols + j] = value_at(&a, i, j);
    if (status == BNN_OK) {
        *rows = a.rows;
        *cols = a.cols;
    }
    free(data);
    return status;
}
