/* Runs to compare: opened, read, checked, predicted. */
#include "run/compare.h"
#include "base/fail.h"

#include <stdlib.h>
#include <string.h>

static bnn_status read_rows(bnn_comparison *c, size_t i, const bnn_comparison_request *request) {
    const bnn_run *run = &c->runs[i];
    if (request->data != NULL) {
        c->split = request->data;
        return bnn_run_read_rows(&c->rows[i], run, request->data, request->labels);
    }
    return bnn_run_read_split(&c->rows[i], run, i == 0 ? request->split : c->split, &c->split);
}

bool bnn_rows_differ(const bnn_dataset *a, const bnn_dataset *b) {
    size_t n = a->n_rows < b->n_rows ? a->n_rows : b->n_rows;
    if (a->file_rows == NULL || b->file_rows == NULL || strcmp(a->path, b->path) != 0) return false;
    for (size_t row = 0; row < n; row++)
        if (a->file_rows[row] != b->file_rows[row]) return true;
    return false;
}

static bnn_status check_rows(const bnn_comparison *c, size_t i) {
    if (!bnn_rows_differ(c->rows[0], c->rows[i])) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "the %s rows of %s and %s are different rows of %s: give all runs the same ones (--data FILE)", c->split,
                    c->runs[0].folder, c->runs[i].folder, c->rows[0]->path);
}

static bnn_status open_all(bnn_comparison *c, const bnn_comparison_request *request) {
    for (size_t i = 0; i < c->n; i++) {
        bnn_status status = bnn_run_open(&c->runs[i], request->folders[i], request->n_sets, request->sets);
        if (status == BNN_OK) status = read_rows(c, i, request);
        if (status == BNN_OK) status = check_rows(c, i);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

static bnn_status predict_all(bnn_comparison *c) {
    for (size_t i = 0; i < c->n; i++) {
        bnn_status status = bnn_run_predict(&c->predictions[i], &c->runs[i], c->rows[i]);
        if (status == BNN_OK)
            status = bnn_compare_check(c->predictions[0], c->runs[0].folder, c->predictions[i], c->runs[i].folder);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

bnn_status bnn_comparison_make(bnn_comparison *comparison, const bnn_comparison_request *request) {
    bnn_status status;
    *comparison = (bnn_comparison){ .n = request->n };
    comparison->runs = calloc(request->n, sizeof *comparison->runs);
    comparison->rows = calloc(request->n, sizeof *comparison->rows);
    comparison->predictions = calloc(request->n, sizeof *comparison->predictions);
    if (comparison->runs == NULL || comparison->rows == NULL || comparison->predictions == NULL)
        status = BNN_FAIL_MEMORY("the runs to compare");
    else if ((status = open_all(comparison, request)) == BNN_OK) status = predict_all(comparison);
    if (status != BNN_OK) bnn_comparison_free(comparison);
    return status;
}

void bnn_comparison_free(bnn_comparison *comparison) {
    for (size_t i = 0; i < comparison->n; i++) {
        if (comparison->predictions != NULL) bnn_prediction_free(comparison->predictions[i]);
        if (comparison->rows != NULL) bnn_dataset_free(comparison->rows[i]);
        if (comparison->runs != NULL) bnn_run_free(&comparison->runs[i]);
    }
    free(comparison->predictions);
    free(comparison->rows);
    free(comparison->runs);
    *comparison = (bnn_comparison){0};
}
