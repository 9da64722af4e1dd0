/* Fields into rows: what text tables, svmlight and NPY files hand their values to.
 *
 * A field goes straight into its place in x, y or weights. A fault of a field waits for the end of its row: where a field is absent,
 * the count of fields explains more than the text that slipped into a number's place. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one field ------------------------------------------------------------------------------------------------------- */

bool bnn_field_is_missing(const char *text) {
    double value;
    if (*text == '\0' || strcmp(text, "?") == 0 || strcmp(text, "NA") == 0) return true;
    return bnn_text_to_number(text, &value) && isnan(value);
}

static bnn_fault fault_of(double value) {
    if (isfinite(value)) return BNN_FAULT_NONE;
    return isnan(value) ? BNN_FAULT_MISSING : BNN_FAULT_NOT_FINITE;
}

static bnn_fault read_number(const char *text, size_t length, double *value) {
    if (bnn_field_to_number(text, length, value)) return fault_of(*value);
    return bnn_field_is_missing(text) ? BNN_FAULT_MISSING : BNN_FAULT_NOT_A_NUMBER;
}

static bnn_fault read_label(bnn_labels *labels, const char *text, double *value) {
    size_t number;
    if (!bnn_labels_find(labels, text, &number)) {
        if (bnn_field_is_missing(text)) return BNN_FAULT_MISSING;
        if (labels->is_fixed) return BNN_FAULT_UNKNOWN;
        if (!bnn_is_utf8(text)) return BNN_FAULT_NOT_UTF8;
        number = labels->n;
        if (!bnn_labels_add(labels, text)) return BNN_FAULT_MEMORY;
    }
    *value = (double)number;
    return BNN_FAULT_NONE;
}

/* Where the value goes in the current row; NULL: nowhere. */
static double *place_of(const bnn_table *t, bnn_column column) {
    const bnn_dataset *set = t->set;
    switch (column.use) {
    case BNN_COLUMN_FEATURE: return &set->x[set->n_rows * t->width + column.index];
    case BNN_COLUMN_TARGET:  return &set->y[set->n_rows * set->schema.n_targets + column.index];
    case BNN_COLUMN_WEIGHT:  return &set->weights[set->n_rows];
    case BNN_COLUMN_SKIP:    break;
    }
    return NULL;
}

/* The labels that a column's fields are among; NULL: they are numbers. */
static bnn_labels *labels_of(bnn_table *t, bnn_column column) {
    if (column.use == BNN_COLUMN_TARGET) return t->has_classes ? &t->classes : NULL;
    if (column.use != BNN_COLUMN_FEATURE || t->levels == NULL) return NULL;
    return t->set->schema.sources[column.index].is_categorical ? &t->levels[column.index] : NULL;
}

static bool may_be_missing(const bnn_table *t, bnn_column_use use) {
    const bnn_schema *schema = t->request->schema;
    bool is_dropped = t->request->options->missing == BNN_MISSING_DROP && (schema == NULL || t->request->may_drop);
    if (is_dropped || use != BNN_COLUMN_FEATURE) return is_dropped;
    return schema != NULL ? schema->fills != NULL : t->request->options->missing != BNN_MISSING_ERROR;
}

static void note_fault(bnn_table *t, size_t c, bnn_fault kind, double *value, const char *text) {
    if (kind == BNN_FAULT_MISSING && may_be_missing(t, t->columns.at[c].use)) {
        *value = NAN;
        return;
    }
    if (t->fault != BNN_FAULT_NONE) return;
    t->fault = kind;
    t->fault_column = c;
    bnn_shown(t->fault_text, text);
}

void bnn_table_take(bnn_table *t, size_t c, const char *text, size_t length) {
    bnn_column column = t->columns.at[c];
    double *value = place_of(t, column);
    if (value == NULL) return;
    bnn_labels *labels = labels_of(t, column);
    bnn_fault kind = labels != NULL ? read_label(labels, text, value) : read_number(text, length, value);
    if (kind == BNN_FAULT_NONE && column.use == BNN_COLUMN_WEIGHT && *value < 0) kind = BNN_FAULT_NEGATIVE;
    if (kind != BNN_FAULT_NONE) note_fault(t, c, kind, value, text);
}

void bnn_table_take_number(bnn_table *t, size_t c, double number) {
    bnn_column column = t->columns.at[c];
    char text[32];
    if (isfinite(number) && column.use == BNN_COLUMN_FEATURE && t->levels == NULL) {
        *place_of(t, column) = number;
        return;
    }
    bnn_text_number(text, number);
    bnn_table_take(t, c, text, strlen(text));
}

/* ---- one row --------------------------------------------------------------------------------------------------------- */

static bool grow(void *array, size_t room, size_t width, size_t size) {
    void *old, *grown;
    memcpy(&old, array, sizeof old);
    if (__builtin_mul_overflow(width, size, &size) || (grown = reallocarray(old, room, size)) == NULL) return false;
    memcpy(array, &grown, sizeof grown);
    return true;
}

static bnn_status reserve_row(bnn_table *t) {
    bnn_dataset *set = t->set;
    if (set->n_rows < t->room) return BNN_OK;
    size_t room = t->room == 0 ? 64 : 2 * t->room;
    if ((!t->has_bytes && !grow(&set->x, room, t->width, sizeof *set->x)) ||
        (t->columns.line > 0 && !grow(&set->lines, room, 1, sizeof *set->lines)) ||
        (t->columns.has_targets && !grow(&set->y, room, set->schema.n_targets, sizeof *set->y)) ||
        (t->columns.has_weights && !grow(&set->weights, room, 1, sizeof *set->weights)))
        return BNN_FAIL_MEMORY("the rows of a table");
    t->room = room;
    return BNN_OK;
}

/* What can be done about a missing value. */
static const char *advice(const bnn_table *t) {
    bool is_feature = t->columns.at[t->fault_column].use == BNN_COLUMN_FEATURE, drops = t->request->options->missing == BNN_MISSING_DROP;
    if (t->request->schema != NULL && drops) return "data.missing = drop leaves out rows in training only, rows to predict must be whole";
    if (!is_feature) return "only data.missing = drop allows that in a target or weight";
    if (t->request->schema != NULL) return "the model was trained without data.missing = mean and does not know what to put in";
    return "data.missing says what to do with it";
}

static char *name_column(const bnn_table *t, char name[BNN_SHOWN_SIZE + 16]) {
    char shown[BNN_SHOWN_SIZE];
    size_t c = t->fault_column;
    if (c >= t->columns.n) snprintf(name, BNN_SHOWN_SIZE + 16, "label");
    else if (t->columns.names != NULL) snprintf(name, BNN_SHOWN_SIZE + 16, "column '%s'", bnn_shown(shown, t->columns.names[c]));
    else snprintf(name, BNN_SHOWN_SIZE + 16, "column %zu (counted from %zu)", c + t->first_number, t->first_number);
    return name;
}

static bnn_status fail_unknown(bnn_table *t, const char *where, const char *name) {
    bnn_column column = t->columns.at[t->fault_column];
    const bnn_labels *labels = labels_of(t, column);
    char list[BNN_LIST_SIZE];
    return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: unknown %s '%s', the model knows: %s", t->request->path, where, name,
                    column.use == BNN_COLUMN_TARGET ? "class" : "level", t->fault_text,
                    bnn_list_names(list, labels->n, labels->names));
}

static bnn_status fail_field(bnn_table *t, size_t line) {
    const char *path = t->request->path, *text = t->fault_text;
    char name[BNN_SHOWN_SIZE + 16], where[BNN_WHERE_SIZE], quoted[BNN_SHOWN_SIZE + 32] = "empty field";
    double value;
    snprintf(where, sizeof where, line > 0 ? ":%zu" : ": row %zu", line > 0 ? line : t->set->n_rows);
    if (*text != '\0')
        snprintf(quoted, sizeof quoted, "'%s' is %s", text, bnn_text_to_number(text, &value) ? "not a finite value" : "a missing value");
    name_column(t, name);
    switch (t->fault) {
    case BNN_FAULT_NONE:       break;
    case BNN_FAULT_MEMORY:     return BNN_FAIL_MEMORY("a row of a table");
    case BNN_FAULT_MISSING:    return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: %s; %s", path, where, name, quoted, advice(t));
    case BNN_FAULT_NOT_A_NUMBER: return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: '%s' is not a number", path, where, name, text);
    case BNN_FAULT_NOT_FINITE: return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: '%s' is not a finite value", path, where, name, text);
    case BNN_FAULT_NEGATIVE:   return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: weight %s, allowed from 0", path, where, name, text);
    case BNN_FAULT_NOT_UTF8:   return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s: '%s' is not UTF-8 text", path, where, name, text);
    case BNN_FAULT_UNKNOWN:    return fail_unknown(t, where, name);
    }
    return BNN_OK;
}

static void blank_row(bnn_table *t) {
    bnn_dataset *set = t->set;
    for (size_t j = 0; j < t->width && set->x != NULL; j++) set->x[set->n_rows * t->width + j] = NAN;
    for (size_t j = 0; j < set->schema.n_targets && set->y != NULL; j++) set->y[set->n_rows * set->schema.n_targets + j] = NAN;
    if (set->weights != NULL) set->weights[set->n_rows] = NAN;
}

bnn_status bnn_table_defer(bnn_table *t, bnn_status fault) {
    bnn_dataset *set = t->set;
    if (!t->request->defers_faults || fault != BNN_ERR_DATA) return fault;
    void *faults = reallocarray(set->faults, set->n_faults + 1, sizeof *set->faults);
    if (faults == NULL) return BNN_FAIL_MEMORY("rows with faults");
    set->faults = faults;
    set->faults[set->n_faults++] = (struct bnn_row_fault){ set->n_rows, strdup(bnn_error_text()) };
    blank_row(t);
    t->fault = BNN_FAULT_NONE;
    return BNN_OK;
}

bnn_status bnn_table_end_row(bnn_table *t, size_t line) {
    bnn_status status = t->fault != BNN_FAULT_NONE ? bnn_table_defer(t, fail_field(t, line)) : BNN_OK;
    if (status != BNN_OK) return status;
    if (t->set->lines != NULL) t->set->lines[t->set->n_rows] = line;
    t->set->n_rows++;
    return reserve_row(t);
}

/* ---- before and after ------------------------------------------------------------------------------------------------ */

static bnn_status fix_labels(bnn_labels *labels, size_t n, char *const *names) {
    labels->is_fixed = true;
    for (size_t k = 0; k < n; k++)
        if (!bnn_labels_add(labels, names[k])) return BNN_FAIL_MEMORY("class labels");
    return BNN_OK;
}

bnn_status bnn_table_begin(bnn_table *t, const bnn_read *request, bnn_dataset *set) {
    const bnn_schema *schema = request->schema;
    *t = (bnn_table){ .request = request, .set = set };
    t->has_classes = schema != NULL ? schema->n_classes > 0 : request->wants_classes;
    return schema != NULL ? fix_labels(&t->classes, schema->n_classes, schema->class_names) : BNN_OK;
}

static bnn_status begin_levels(bnn_table *t) {
    const bnn_schema *schema = &t->set->schema;
    bnn_status status = BNN_OK;
    bool has_levels = false;
    for (size_t j = 0; j < schema->n_sources; j++) has_levels = has_levels || schema->sources[j].is_categorical;
    if (!has_levels) return BNN_OK;
    if ((t->levels = calloc(t->width, sizeof *t->levels)) == NULL) return BNN_FAIL_MEMORY("the levels of columns");
    for (size_t j = 0; j < t->width && status == BNN_OK && t->request->schema != NULL; j++)
        status = fix_labels(&t->levels[j], schema->sources[j].n_levels, schema->sources[j].levels);
    return status;
}

bnn_status bnn_table_choose_columns(bnn_table *t) {
    const bnn_read *request = t->request;
    bnn_schema *schema = &t->set->schema;
    bnn_status status;
    if (request->schema == NULL) status = bnn_columns_define(&t->columns, request, schema);
    else if ((status = bnn_columns_match(&t->columns, request)) == BNN_OK) status = bnn_schema_copy(schema, request->schema);
    if (status != BNN_OK) return status;
    t->width = bnn_schema_source_count(schema);
    return (status = begin_levels(t)) == BNN_OK ? reserve_row(t) : status;
}

/* A file that defines its labels gives them to the schema, still unsettled. */
static bnn_status hand_over(const bnn_labels *labels, size_t *n, char ***names) {
    if ((*names = bnn_names_copy(labels->n, labels->names)) == NULL) return BNN_FAIL_MEMORY("class labels");
    *n = labels->n;
    return BNN_OK;
}

bnn_status bnn_table_end(bnn_table *t) {
    bnn_schema *schema = &t->set->schema;
    bnn_status status = BNN_OK;
    if (t->request->schema == NULL && t->has_classes) status = hand_over(&t->classes, &schema->n_classes, &schema->class_names);
    for (size_t j = 0; j < t->width && status == BNN_OK && t->request->schema == NULL && t->levels != NULL; j++)
        status = hand_over(&t->levels[j], &schema->sources[j].n_levels, &schema->sources[j].levels);
    return status == BNN_OK ? bnn_dataset_number_rows(t->set) : status;
}

void bnn_table_free(bnn_table *t) {
    for (size_t j = 0; j < t->width && t->levels != NULL; j++) bnn_labels_free(&t->levels[j]);
    free(t->levels);
    bnn_labels_free(&t->classes);
    bnn_columns_free(&t->columns);
}

bnn_status bnn_text_check_zeros(const char *path, const char *data, size_t size) {
    const char *zero = memchr(data, '\0', size);
    size_t line = 1;
    if (zero == NULL) return BNN_OK;
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(zero - at))) != NULL; at++) line++;
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: a zero byte, so this is not a text table", path, line);
}
