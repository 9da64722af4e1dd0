/* Reading runs for a report. Rows that were scored best come first: test, else validation, else (a run without either) training. */
#include "report/gather.h"
#include "base/fail.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/setup.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const levels = "predict.quantiles=0.05, 0.25, 0.5, 0.75, 0.95";

/* ---- records of training --------------------------------------------------------------------------------------------- */

/* The text of a file of the run; "" if there is none. NULL: out of memory. */
static char *read_text(const char *folder, const char *name) {
    char *path = bnn_folder_join(folder, name), *text = NULL;
    size_t size;
    if (path == NULL) return NULL;
    if (access(path, R_OK) != 0 || bnn_file_read(path, &text, &size) != BNN_OK) text = strdup("");
    free(path);
    return text;
}

static size_t count_of(const char *text, char c) {
    size_t n = 0;
    for (; *text != '\0'; text++) n += *text == c;
    return n;
}

/* Cuts `line` into fields; false if one is no number. */
static bool read_row(bnn_history *h, char *line) {
    double *row = h->at + h->n_rows * h->n_columns;
    for (size_t c = 0; c < h->n_columns; c++) {
        const char *field = strsep(&line, ",");
        if (field == NULL || !bnn_text_to_number(field, &row[c])) return false;
    }
    h->n_rows++;
    return true;
}

/* `text` is cut up. A last line that is not whole (a run that was killed) is left out. */
static bnn_status read_history(bnn_history *h, char *text) {
    size_t n_lines = count_of(text, '\n');
    char *header = strsep(&text, "\n"), *line;
    if (n_lines < 2) return BNN_OK;
    size_t n_columns = count_of(header, ',') + 1;
    h->columns = calloc(n_columns, sizeof *h->columns);
    h->at = calloc(n_lines * n_columns, sizeof *h->at);
    if (h->columns == NULL || h->at == NULL) return BNN_FAIL_MEMORY("the training curves");
    while (h->n_columns < n_columns)
        if ((h->columns[h->n_columns++] = strdup(strsep(&header, ","))) == NULL) return BNN_FAIL_MEMORY("the training curves");
    while ((line = strsep(&text, "\n")) != NULL && h->n_rows < n_lines - 1 && read_row(h, line)) {}
    return BNN_OK;
}

static void free_history(bnn_history *h) {
    for (size_t c = 0; c < h->n_columns; c++) free(h->columns[c]);
    free(h->columns);
    free(h->at);
}

size_t bnn_history_column(const bnn_history *history, const char *name) {
    size_t c = 0;
    while (c < history->n_columns && strcmp(history->columns[c], name) != 0) c++;
    return c;
}

static bnn_status read_records(bnn_report_run *r, const char *folder) {
    char *metrics = read_text(folder, BNN_RUN_METRICS);
    r->log = read_text(folder, BNN_RUN_LOG);
    r->config = read_text(folder, BNN_RUN_CONFIG);
    r->manifest = bnn_manifest_read(folder);
    bool is_whole = metrics != NULL && r->log != NULL && r->config != NULL;
    bnn_status status = is_whole ? read_history(&r->history, metrics) : BNN_FAIL_MEMORY("the records of a run");
    free(metrics);
    return status;
}

/* ---- rows and predictions -------------------------------------------------------------------------------------------- */

static bnn_status read_rows(bnn_report_run *r) {
    bnn_data_options options;
    bnn_run_options run;
    bool wants_classes = bnn_setup_data(r->run.config, &options);
    bnn_config_fill(r->run.config, "run", bnn_run_rows, &run);
    bnn_status status = bnn_data_parts_read(&r->parts, &options, (uint64_t)run.seed, wants_classes);
    r->rows = r->parts.test != NULL ? r->parts.test : r->parts.valid != NULL ? r->parts.valid : r->parts.train;
    r->split = r->parts.test != NULL ? "test" : r->parts.valid != NULL ? "validation" : "training";
    return status == BNN_OK ? bnn_run_check_features(&r->run, r->rows) : status;
}

static bnn_status read_ood(bnn_report_run *r, const char *path) {
    if (path == NULL) return BNN_OK;
    bnn_status status = bnn_run_read_features(&r->ood_rows, &r->run, path);
    return status == BNN_OK ? bnn_run_predict(&r->ood, &r->run, r->ood_rows) : status;
}

bnn_status bnn_report_predict(bnn_prediction **prediction, const bnn_report_run *run, size_t n, const double *x) {
    bnn_dataset *rows = NULL;
    bnn_status status = bnn_dataset_make(&rows, n, run->run.model->schema.n_features, x, 0, NULL, 0);
    if (status == BNN_OK) status = bnn_run_predict(prediction, &run->run, rows);
    bnn_dataset_free(rows);
    return status;
}

bool bnn_report_has_plain_features(const bnn_schema *schema, size_t n) {
    if (schema->n_features != n || schema->image_rows > 0) return false;
    for (size_t s = 0; schema->sources != NULL && s < schema->n_sources; s++)
        if (schema->sources[s].is_categorical || schema->sources[s].has_indicator) return false;
    return true;
}

double bnn_report_feature(const bnn_dataset *rows, size_t i, size_t j) {
    size_t at = i * rows->schema.n_features + j;
    return rows->x != NULL ? rows->x[at] : rows->x_bytes[at];
}

void bnn_report_range(const bnn_dataset *rows, size_t j, double *low, double *high) {
    *low = *high = bnn_report_feature(rows, 0, j);
    for (size_t i = 1; i < rows->n_rows; i++) {
        double value = bnn_report_feature(rows, i, j);
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------------- */

bool bnn_report_name(char name[PATH_MAX], const char *folder) {
    char whole[PATH_MAX];
    if (realpath(folder, whole) == NULL) return false;
    strcpy(name, strrchr(whole, '/') + 1);
    return true;
}

/* A run is called by its folder's name, or by the folder as given where another run has the same name. */
static char *label_of(const bnn_report_request *request, size_t i) {
    char name[PATH_MAX], other[PATH_MAX];
    if (!bnn_report_name(name, request->runs[i])) return strdup(request->runs[i]);
    for (size_t k = 0; k < request->n_runs; k++)
        if (k != i && bnn_report_name(other, request->runs[k]) && strcmp(name, other) == 0) return strdup(request->runs[i]);
    return strdup(name);
}

static bnn_status gather_run(bnn_report_run *r, const bnn_report_request *request, size_t i) {
    size_t n_sets = request->n_sets;
    const char *sets[n_sets + 1];
    for (size_t k = 0; k < n_sets; k++) sets[k] = request->sets[k];
    sets[n_sets] = levels;
    bnn_status status;
    if ((status = bnn_run_open(&r->run, request->runs[i], n_sets + 1, sets))           != BNN_OK) return status;
    if ((r->label = label_of(request, i))                                              == NULL) return BNN_FAIL_MEMORY("a run's name");
    if ((status = read_records(r, request->runs[i]))                                   != BNN_OK) return status;
    if ((status = read_rows(r))                                                        != BNN_OK) return status;
    if ((status = bnn_run_predict(&r->prediction, &r->run, r->rows))                   != BNN_OK) return status;
    if ((status = bnn_predict_baseline(&r->baseline, r->run.model, r->rows))           != BNN_OK) return status;
    return read_ood(r, request->ood);
}

bnn_status bnn_report_gather(bnn_report *report, const bnn_report_request *request) {
    report->runs = calloc(request->n_runs, sizeof *report->runs);
    if (report->runs == NULL) return BNN_FAIL_MEMORY("the runs of a report");
    report->n_runs = request->n_runs;
    bnn_status status = BNN_OK;
    for (size_t i = 0; i < request->n_runs && status == BNN_OK; i++) status = gather_run(&report->runs[i], request, i);
    return status;
}

static void free_run(bnn_report_run *r) {
    bnn_prediction_free(r->ood);
    bnn_prediction_free(r->baseline);
    bnn_prediction_free(r->prediction);
    bnn_dataset_free(r->ood_rows);
    bnn_data_parts_free(&r->parts);
    free_history(&r->history);
    json_decref(r->manifest);
    free(r->config);
    free(r->log);
    free(r->label);
    bnn_run_free(&r->run);
}

void bnn_report_free(bnn_report *report) {
    for (size_t i = 0; i < report->n_runs; i++) free_run(&report->runs[i]);
    free(report->runs);
    *report = (bnn_report){0};
}
