/* Text tables (CSV, TSV, separated by blanks) into a data set, in one pass.
 *
 * The first row is kept as text until it is known whether it is a header and what each column is for; after that a field
 * goes straight into its place in x or y. A fault of a field waits for the end of its row: where a field is missing, the count of
 * fields explains more than the text that slipped into a number's place. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum fault { FINE, EMPTY, NOT_A_NUMBER, NOT_FINITE, NOT_UTF8, UNKNOWN_CLASS, NO_MEMORY } fault;
enum { HEADER_AUTO, HEADER_YES, HEADER_NO };   /* as in the option row */

typedef struct builder {
    const bnn_read *request;
    bnn_dataset *set;
    bnn_columns  columns;
    bnn_labels   labels;
    bool         has_classes;
    char       **first;          /* [n_first] fields of the first row, until the columns are known */
    size_t       n_first, first_room;
    size_t       column, room;   /* the next field's column; rows there is room for */
    fault        fault;          /* first one of this row, and where */
    size_t       fault_column;
    char         fault_text[BNN_SHOWN_SIZE];
} builder;

/* ---- one field ------------------------------------------------------------------------------------------------------- */

static fault read_number(const char *text, size_t length, double *value) {
    if (!bnn_field_to_number(text, length, value)) return length == 0 ? EMPTY : NOT_A_NUMBER;
    return isfinite(*value) ? FINE : NOT_FINITE;
}

static bool is_utf8(const char *text) {   /* names travel in JSON, which takes nothing else */
    json_t *string = json_string(text);
    json_decref(string);
    return string != NULL;
}

static fault read_label(builder *b, const char *text, double *value) {
    size_t number;
    double as_number;
    if (!bnn_labels_find(&b->labels, text, &number)) {
        if (*text == '\0') return EMPTY;
        if (b->labels.is_fixed) return UNKNOWN_CLASS;
        if (!is_utf8(text)) return NOT_UTF8;
        if (bnn_text_to_number(text, &as_number) && isnan(as_number)) return NOT_FINITE;
        number = b->labels.n;
        if (!bnn_labels_add(&b->labels, text)) return NO_MEMORY;
    }
    *value = (double)number;
    return FINE;
}

static fault read_field(builder *b, bnn_column column, const char *text, size_t length) {
    const bnn_dataset *set = b->set;
    switch (column.use) {
    case BNN_COLUMN_FEATURE:
        return read_number(text, length, &set->x[set->n_rows * set->schema.n_features + column.index]);
    case BNN_COLUMN_TARGET: {
        double *y = &set->y[set->n_rows * set->schema.n_targets + column.index];
        return b->has_classes ? read_label(b, text, y) : read_number(text, length, y);
    }
    case BNN_COLUMN_SKIP: break;
    }
    return FINE;
}

static void note_fault(builder *b, fault kind, size_t column, const char *text) {
    if (b->fault != FINE) return;
    b->fault = kind;
    b->fault_column = column;
    bnn_shown(b->fault_text, text);
}

static bool keep_first(builder *b, const char *text) {
    if (b->n_first == b->first_room) {
        size_t room = b->first_room == 0 ? 64 : 2 * b->first_room;
        char **first = reallocarray(b->first, room, sizeof *first);
        if (first == NULL) return false;
        b->first = first;
        b->first_room = room;
    }
    if ((b->first[b->n_first] = strdup(text)) == NULL) return false;
    b->n_first++;
    return true;
}

static void take_field(void *context, const char *text, size_t length) {
    builder *b = context;
    size_t c = b->column++;
    if (b->columns.at == NULL) {
        if (!keep_first(b, text)) note_fault(b, NO_MEMORY, c, text);
        return;
    }
    if (c >= b->columns.n) return;
    fault kind = read_field(b, b->columns.at[c], text, length);
    if (kind != FINE) note_fault(b, kind, c, text);
}

/* ---- one row --------------------------------------------------------------------------------------------------------- */

static bool grow(void *array, size_t room, size_t size) {
    void *old, *grown;
    memcpy(&old, array, sizeof old);
    if ((grown = reallocarray(old, room, size)) == NULL) return false;
    memcpy(array, &grown, sizeof grown);
    return true;
}

static bnn_status reserve_row(builder *b) {
    bnn_dataset *set = b->set;
    if (set->n_rows < b->room) return BNN_OK;
    size_t room = b->room == 0 ? 64 : 2 * b->room;
    if (!grow(&set->x, room, set->schema.n_features * sizeof *set->x) || !grow(&set->lines, room, sizeof *set->lines) ||
        (b->columns.has_targets && !grow(&set->y, room, set->schema.n_targets * sizeof *set->y)))
        return BNN_FAIL_MEMORY("the rows of a table");
    b->room = room;
    return BNN_OK;
}

static bnn_status fail_field(const builder *b, size_t line) {
    const char *path = b->request->path, *text = b->fault_text;
    char name[BNN_SHOWN_SIZE + 8] = "'", list[BNN_LIST_SIZE];
    size_t c = b->fault_column;
    if (b->columns.names == NULL) snprintf(name, sizeof name, "%zu (counted from 0)", c);
    else strcat(bnn_shown(name + 1, b->columns.names[c]), "'");
    switch (b->fault) {
    case FINE:         break;
    case NO_MEMORY:    return BNN_FAIL_MEMORY("a row of a table");
    case EMPTY:        return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column %s: empty field", path, line, name);
    case NOT_A_NUMBER: return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column %s: '%s' is not a number", path, line, name, text);
    case NOT_FINITE:   return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column %s: '%s' is not a finite value", path, line, name, text);
    case NOT_UTF8:     return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column %s: '%s' is not UTF-8 text", path, line, name, text);
    case UNKNOWN_CLASS:
        return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column %s: unknown class '%s', the model knows: %s", path, line, name, text,
                        bnn_list_names(list, b->labels.n, b->labels.names));
    }
    return BNN_OK;
}

static bnn_status finish_row(builder *b, size_t line) {
    size_t n = b->column;
    b->column = 0;
    if (n != b->columns.n)
        return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: %zu field%s, but %zu in line %zu", b->request->path, line, n, n == 1 ? "" : "s",
                        b->columns.n, b->columns.line);
    if (b->fault != FINE) return fail_field(b, line);
    b->set->lines[b->set->n_rows++] = line;
    return reserve_row(b);
}

/* ---- the first row --------------------------------------------------------------------------------------------------- */

/* Whether column c is where the options expect the target of a file without header. */
static bool may_be_target(const builder *b, size_t c) {
    const bnn_words *target = &b->request->options->target;
    double index;
    if (target->n == 0) return c == b->n_first - 1;
    return bnn_text_to_number(target->at[0], &index) && index == (double)c;
}

/* auto: a header if any field is not a number. But a text in the target column alone may as well be the first row's class. */
static bnn_status decide_header(const builder *b, size_t line, bool *has_header) {
    size_t n_texts = 0, c_text = 0, number;
    double value;
    for (size_t c = 0; c < b->n_first; c++)
        if (!bnn_text_to_number(b->first[c], &value)) {
            n_texts++;
            c_text = c;
        }
    *has_header = b->request->options->header == HEADER_YES || (b->request->options->header == HEADER_AUTO && n_texts > 0);
    if (b->request->options->header != HEADER_AUTO || !b->has_classes || n_texts != 1 || b->n_first == 1 ||
        !may_be_target(b, c_text))
        return BNN_OK;
    if (b->labels.is_fixed) {
        *has_header = !bnn_labels_find(&b->labels, b->first[c_text], &number);
        return BNN_OK;
    }
    char shown[BNN_SHOWN_SIZE];
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: '%s' among numbers may be a column's name or a class: set data.header = yes or no",
                    b->request->path, line, bnn_shown(shown, b->first[c_text]));
}

static bnn_status check_header(const builder *b, size_t line) {
    char shown[BNN_SHOWN_SIZE];
    for (size_t c = 0; c < b->n_first; c++)
        if (!is_utf8(b->first[c]))
            return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: the column name '%s' is not UTF-8 text: convert the file", b->request->path,
                            line, bnn_shown(shown, b->first[c]));
    return BNN_OK;
}

static bnn_status choose_columns(builder *b) {
    const bnn_read *request = b->request;
    bnn_status status;
    if (request->schema == NULL) return bnn_columns_define(&b->columns, request, &b->set->schema);
    if ((status = bnn_columns_match(&b->columns, request)) != BNN_OK) return status;
    return bnn_schema_copy(&b->set->schema, request->schema);
}

static bnn_status finish_first(builder *b, size_t line) {
    bool has_header;
    bnn_status status = decide_header(b, line, &has_header);
    if (status != BNN_OK || (has_header && (status = check_header(b, line)) != BNN_OK)) return status;
    b->columns.n = b->n_first;
    b->columns.line = line;
    if (has_header) {
        b->columns.names = b->first;
        b->first = NULL;
    }
    if ((status = choose_columns(b)) != BNN_OK || (status = reserve_row(b)) != BNN_OK) return status;
    b->column = 0;
    if (has_header) return BNN_OK;
    for (size_t c = 0; c < b->n_first; c++) take_field(b, b->first[c], strlen(b->first[c]));
    return finish_row(b, line);
}

static bnn_status take_row(void *context, size_t line) {
    builder *b = context;
    if (b->columns.at != NULL) return finish_row(b, line);
    return b->fault == FINE ? finish_first(b, line) : BNN_FAIL_MEMORY("the first row of a table");
}

/* ---- the whole file -------------------------------------------------------------------------------------------------- */

static bnn_status check_text(const char *path, const char *data, size_t size) {
    const char *zero = memchr(data, '\0', size);
    size_t line = 1;
    if (zero == NULL) return BNN_OK;
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(zero - at))) != NULL; at++) line++;
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: a zero byte, so this is not a text table", path, line);
}

static bnn_status know_classes(builder *b) {
    const bnn_schema *schema = b->request->schema;
    b->has_classes = schema != NULL ? schema->n_classes > 0 : b->request->wants_classes;
    b->labels.is_fixed = schema != NULL;
    for (size_t k = 0; b->labels.is_fixed && k < schema->n_classes; k++)
        if (!bnn_labels_add(&b->labels, schema->class_names[k])) return BNN_FAIL_MEMORY("class labels");
    return BNN_OK;
}

/* The labels that the file defined become the schema's classes, and y their numbers in class order. */
static bnn_status settle_classes(builder *b) {
    bnn_dataset *set = b->set;
    if (!b->has_classes || b->labels.is_fixed) return BNN_OK;
    size_t *order = malloc(b->labels.n * sizeof *order);
    if (order == NULL) return BNN_FAIL_MEMORY("class labels");
    bnn_status status = bnn_labels_sort(&b->labels, b->request->path, order);
    for (size_t i = 0; i < set->n_rows; i++) set->y[i] = (double)order[(size_t)set->y[i]];
    free(order);
    set->schema.n_classes = b->labels.n;
    set->schema.class_names = bnn_names_copy(b->labels.n, b->labels.names);
    return status != BNN_OK || set->schema.class_names != NULL ? status : BNN_FAIL_MEMORY("class labels");
}

bnn_status bnn_dataset_read_delimited(bnn_dataset *set, const bnn_read *request, bnn_data_format format, char *data, size_t size) {
    builder b = { .request = request, .set = set };
    const bnn_field_sink sink = { take_field, take_row, &b };
    const char *path = request->path;
    bnn_status status;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {   /* the byte-order mark is no part of the first name */
        data += 3;
        size -= 3;
    }
    if ((status = check_text(path, data, size)) != BNN_OK) return status;
    if ((status = know_classes(&b))             != BNN_OK) goto done;
    status = format == BNN_FORMAT_TABLE ? bnn_fields_read_blank(data, size, &sink)
                                        : bnn_fields_read_separated(path, format == BNN_FORMAT_TSV ? '\t' : ',', data, size, &sink);
    if (status == BNN_OK && set->n_rows == 0)
        status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: no rows of data%s", path, b.columns.line > 0 ? b.columns.line : 1,
                          b.columns.at != NULL ? " after the header" : ": the file is empty");
    if (status == BNN_OK) status = settle_classes(&b);
    if (status == BNN_OK) status = bnn_dataset_number_rows(set);
done:
    bnn_names_free(b.n_first, b.first);
    bnn_columns_free(&b.columns);
    bnn_labels_free(&b.labels);
    return status;
}
