/* Data sets in memory: made from arrays, taken apart by rows. */
#include "base/fail.h"
#include "data/read.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t bnn_dataset_rows(const bnn_dataset *dataset) { return dataset->n_rows; }

size_t bnn_dataset_features(const bnn_dataset *dataset) { return dataset->schema.n_features; }

void bnn_dataset_free(bnn_dataset *dataset) {
    if (dataset == NULL) return;
    bnn_schema_free(&dataset->schema);
    free(dataset->x);
    free(dataset->x_bytes);
    free(dataset->y);
    free(dataset->weights);
    free(dataset->file_rows);
    free(dataset->lines);
    for (size_t i = 0; i < dataset->n_faults; i++) free(dataset->faults[i].sentence);
    free(dataset->faults);
    free(dataset->path);
    free(dataset);
}

bnn_status bnn_dataset_number_rows(bnn_dataset *set) {
    set->file_rows = malloc((set->n_rows + 1) * sizeof *set->file_rows);
    if (set->file_rows == NULL) return BNN_FAIL_MEMORY("row numbers");
    for (size_t i = 0; i < set->n_rows; i++) set->file_rows[i] = i;
    return BNN_OK;
}

char *bnn_dataset_where(char where[BNN_WHERE_SIZE], const bnn_dataset *set, size_t i) {
    if (set->lines != NULL) snprintf(where, BNN_WHERE_SIZE, ":%zu", set->lines[i]);
    else snprintf(where, BNN_WHERE_SIZE, ": row %zu", set->file_rows[i]);
    return where;
}

bnn_status bnn_dataset_check_weights(const bnn_dataset *set) {
    double sum = 0;
    for (size_t i = 0; i < set->n_rows && set->weights != NULL; i++) sum += set->weights[i];
    if (set->weights == NULL || (sum > 0 && isfinite(sum))) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: the weights (data.weight) of %zu row(s) sum to %g, which must be above 0", set->path,
                    set->n_rows, sum);
}

/* ---- from memory ----------------------------------------------------------------------------------------------------- */

static bnn_status check_finite(const char *name, size_t n_rows, size_t n_columns, const double *at) {
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++)
            if (!isfinite(at[i * n_columns + j]))
                return BNN_FAIL(BNN_ERR_DATA, "%s[%zu][%zu] = %g is not finite", name, i, j, at[i * n_columns + j]);
    return BNN_OK;
}

static bnn_status check_classes(size_t n_rows, const double *y, size_t n_classes) {
    for (size_t i = 0; i < n_rows; i++)
        if (y[i] < 0 || y[i] >= (double)n_classes || y[i] != floor(y[i]))
            return BNN_FAIL(BNN_ERR_DATA, "y[%zu] = %g is not a class number, allowed 0 to %zu", i, y[i], n_classes - 1);
    return BNN_OK;
}

static bool name_all(bnn_schema *schema, size_t n_features, size_t n_targets, size_t n_classes) {
    *schema = (bnn_schema){ .n_features = n_features, .n_targets = n_targets, .n_classes = n_classes };
    return (schema->feature_names = bnn_names_make(n_features, "x", 1)) != NULL &&
           (schema->target_names = bnn_names_targets(n_targets)) != NULL &&
           (n_classes == 0 || (schema->class_names = bnn_names_make(n_classes, "", 0)) != NULL);
}

static void *copy_of(const void *from, size_t n, size_t size) {
    void *copy = reallocarray(NULL, n, size);
    return copy == NULL ? NULL : memcpy(copy, from, n * size);
}

bnn_status bnn_dataset_make(bnn_dataset **dataset, size_t n_rows, size_t n_features, const double *x,
                            size_t n_targets, const double *y, size_t n_classes) {
    bnn_status status;
    bnn_dataset *set = NULL;
    assert(*dataset == NULL);
    if (n_rows == 0 || n_features == 0) return BNN_FAIL(BNN_ERR_DATA, "a data set without rows or features");
    if (y != NULL && n_targets == 0) return BNN_FAIL(BNN_ERR_DATA, "targets without columns");
    if (n_classes > 0 && n_targets != 1) return BNN_FAIL(BNN_ERR_DATA, "classes need one target column, not %zu", n_targets);
    if ((status = check_finite("x", n_rows, n_features, x)) != BNN_OK) return status;
    if (y != NULL && (status = check_finite("y", n_rows, n_targets, y)) != BNN_OK) return status;
    if (y != NULL && n_classes > 0 && (status = check_classes(n_rows, y, n_classes)) != BNN_OK) return status;
    if ((set = calloc(1, sizeof *set)) == NULL) return BNN_FAIL_MEMORY("a data set");
    set->n_rows = n_rows;
    if ((set->path = strdup("memory")) == NULL || !name_all(&set->schema, n_features, n_targets, n_classes) ||
        (set->x = copy_of(x, n_rows * n_features, sizeof *x)) == NULL ||
        (y != NULL && (set->y = copy_of(y, n_rows * n_targets, sizeof *y)) == NULL) || bnn_dataset_number_rows(set) != BNN_OK) {
        bnn_dataset_free(set);
        return BNN_FAIL_MEMORY("a data set");
    }
    *dataset = set;
    return BNN_OK;
}

/* ---- rows that miss a value ------------------------------------------------------------------------------------------ */

static bool has_missing(size_t n, const double *values) {
    for (size_t j = 0; j < n; j++)
        if (isnan(values[j])) return true;
    return false;
}

bool bnn_dataset_is_incomplete(const bnn_dataset *set, size_t i) {
    size_t d = set->schema.n_features, t = set->schema.n_targets;
    return (set->x != NULL && has_missing(d, set->x + i * d)) || (set->y != NULL && has_missing(t, set->y + i * t)) ||
           (set->weights != NULL && isnan(set->weights[i]));
}

bnn_status bnn_dataset_drop_incomplete(bnn_dataset **set) {
    bnn_dataset *all = *set, *whole = NULL;
    bnn_status status = BNN_OK;
    size_t n = 0, *rows = malloc((all->n_rows + 1) * sizeof *rows);
    if (rows == NULL) return BNN_FAIL_MEMORY("row numbers");
    for (size_t i = 0; i < all->n_rows; i++)
        if (!bnn_dataset_is_incomplete(all, i)) rows[n++] = i;
    if (n == 0) status = BNN_FAIL(BNN_ERR_DATA, "%s: each row misses a value, so data.missing = drop leaves none", all->path);
    else if (n < all->n_rows) status = bnn_dataset_select(&whole, all, n, rows);
    free(rows);
    if (whole == NULL) return status;
    bnn_dataset_free(all);
    *set = whole;
    return BNN_OK;
}

/* ---- parts ----------------------------------------------------------------------------------------------------------- */

/* *to = the given rows of `from`, each `size` bytes; nothing where there is nothing. */
static bool select_rows(void *to, const void *from, size_t size, size_t n, const size_t *rows) {
    if (from == NULL) return true;
    char *part = reallocarray(NULL, n + 1, size);
    if (part == NULL) return false;
    for (size_t i = 0; i < n; i++) memcpy(part + i * size, (const char *)from + rows[i] * size, size);
    memcpy(to, &part, sizeof part);
    return true;
}

bnn_status bnn_dataset_select(bnn_dataset **part, const bnn_dataset *dataset, size_t n, const size_t *rows) {
    const bnn_dataset *d = dataset;
    size_t n_features = d->schema.n_features;
    assert(*part == NULL);
    bnn_dataset *set = calloc(1, sizeof *set);
    if (set == NULL) return BNN_FAIL_MEMORY("a part of the data");
    set->n_rows = n;
    set->degree = d->degree;
    if (bnn_schema_copy(&set->schema, &d->schema) != BNN_OK || (set->path = strdup(d->path)) == NULL ||
        !select_rows(&set->x, d->x, n_features * sizeof *d->x, n, rows) ||
        !select_rows(&set->x_bytes, d->x_bytes, n_features, n, rows) ||
        !select_rows(&set->y, d->y, d->schema.n_targets * sizeof *d->y, n, rows) ||
        !select_rows(&set->weights, d->weights, sizeof *d->weights, n, rows) ||
        !select_rows(&set->file_rows, d->file_rows, sizeof *d->file_rows, n, rows) ||
        !select_rows(&set->lines, d->lines, sizeof *d->lines, n, rows)) {
        bnn_dataset_free(set);
        return BNN_FAIL_MEMORY("a part of the data");
    }
    *part = set;
    return BNN_OK;
}
