/* Labels of classes and levels: a balanced tree from text to number (glibc's tsearch), so that a column of many labels stays fast. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

typedef struct label {
    const char *name;      /* borrowed from names[number] */
    size_t      number;
} label;

static int compare_labels(const void *a, const void *b) {
    return strcmp(((const label *)a)->name, ((const label *)b)->name);
}

bool bnn_labels_find(const bnn_labels *labels, const char *name, size_t *number) {
    label key = { .name = name };
    void *node = tfind(&key, &labels->tree, compare_labels);
    if (node == NULL) return false;
    *number = (*(label **)node)->number;
    return true;
}

static bool reserve(bnn_labels *labels) {
    if (labels->n < labels->room) return true;
    size_t room = labels->room == 0 ? 16 : 2 * labels->room;
    char **names = reallocarray(labels->names, room, sizeof *names);
    if (names == NULL) return false;
    labels->names = names;
    labels->room = room;
    return true;
}

bool bnn_labels_add(bnn_labels *labels, const char *name) {
    label *e = malloc(sizeof *e);
    char *copy = strdup(name);
    if (e == NULL || copy == NULL || !reserve(labels)) goto failed;
    *e = (label){ copy, labels->n };
    if (tsearch(e, &labels->tree, compare_labels) == NULL) goto failed;
    labels->names[labels->n++] = copy;
    return true;
failed:
    free(e);
    free(copy);
    return false;
}

typedef struct sortable { char *name; double value; size_t old; } sortable;

static int compare_values(const void *a, const void *b) {
    double u = ((const sortable *)a)->value, v = ((const sortable *)b)->value;
    return (u > v) - (u < v);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const sortable *)a)->name, ((const sortable *)b)->name);
}

/* Two spellings of one number would silently become two classes. */
static bnn_status check_distinct(size_t n, const sortable *sorted, const char *path) {
    for (size_t k = 1; k < n; k++)
        if (sorted[k].value <= sorted[k - 1].value)
            return BNN_FAIL(BNN_ERR_DATA, "%s: the labels '%s' and '%s' are the same number: write them alike",
                            path, sorted[k - 1].name, sorted[k].name);
    return BNN_OK;
}

bnn_status bnn_names_sort(size_t n, char **names, const char *path, size_t *order) {
    bnn_status status = BNN_OK;
    bool are_numbers = true;
    sortable *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted == NULL) return BNN_FAIL_MEMORY("class labels");
    for (size_t k = 0; k < n; k++) {
        sorted[k] = (sortable){ names[k], 0, k };
        are_numbers = are_numbers && bnn_text_to_number(names[k], &sorted[k].value);
    }
    qsort(sorted, n, sizeof *sorted, are_numbers ? compare_values : compare_names);
    if (are_numbers) status = check_distinct(n, sorted, path);
    for (size_t k = 0; k < n; k++) {
        names[k] = sorted[k].name;
        order[sorted[k].old] = k;
    }
    free(sorted);
    return status;
}

void bnn_labels_free(bnn_labels *labels) {
    tdestroy(labels->tree, free);
    bnn_names_free(labels->n, labels->names);
    *labels = (bnn_labels){0};
}
