/* Text tables (CSV, TSV, separated by blanks) into a data set, in one pass.
 *
 * The first row is kept as text until it is known whether it is a header and what each column is for; after that each field goes to
 * the table as it comes. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_AUTO, HEADER_YES, HEADER_NO };   /* as in the option row */

typedef struct builder {
    const bnn_read *request;
    bnn_table    table;
    char       **first;          /* [n_first] fields of the first row, until the columns are known */
    size_t       n_first, first_room;
    size_t       column;         /* of the next field */
    bool         has_failed;     /* out of memory for the first row */
} builder;

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
    if (b->table.columns.at == NULL) b->has_failed = b->has_failed || !keep_first(b, text);
    else if (c < b->table.columns.n) bnn_table_take(&b->table, c, text, length);
}

static bnn_status finish_row(builder *b, size_t line) {
    size_t n = b->column, expected = b->table.columns.n;
    b->column = 0;
    if (n == expected) return bnn_table_end_row(&b->table, line);
    bnn_status status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: %zu field%s, but %zu in line %zu", b->request->path, line, n, n == 1 ? "" : "s",
                                 expected, b->table.columns.line);
    return (status = bnn_table_defer(&b->table, status)) == BNN_OK ? bnn_table_end_row(&b->table, line) : status;
}

/* ---- the first row --------------------------------------------------------------------------------------------------- */

/* Whether column c is where the options expect the target of a file without header. */
static bool may_be_target(const builder *b, size_t c) {
    const bnn_words *target = &b->request->options->target;
    double index;
    if (target->n == 0) return c == b->n_first - 1;
    return bnn_text_to_number(target->at[0], &index) && index == (double)c;
}

static bool is_text(const builder *b, const char *field) {
    double value;
    if (bnn_text_to_number(field, &value)) return false;
    return b->request->options->missing == BNN_MISSING_ERROR || !bnn_field_is_missing(field);
}

/* auto: a header if any field is text. But a text in the target column alone may as well be the first row's class. */
static bnn_status decide_header(const builder *b, size_t line, bool *has_header) {
    size_t n_texts = 0, c_text = 0, number;
    for (size_t c = 0; c < b->n_first; c++)
        if (is_text(b, b->first[c])) {
            n_texts++;
            c_text = c;
        }
    *has_header = b->request->options->header == HEADER_YES || (b->request->options->header == HEADER_AUTO && n_texts > 0);
    if (b->request->options->header != HEADER_AUTO || !b->table.has_classes || n_texts != 1 || b->n_first == 1 ||
        !may_be_target(b, c_text))
        return BNN_OK;
    if (b->table.classes.is_fixed) {
        *has_header = !bnn_labels_find(&b->table.classes, b->first[c_text], &number);
        return BNN_OK;
    }
    char shown[BNN_SHOWN_SIZE];
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: '%s' among numbers may be a column's name or a class: set data.header = yes or no",
                    b->request->path, line, bnn_shown(shown, b->first[c_text]));
}

static bnn_status check_header(const builder *b, size_t line) {
    char shown[BNN_SHOWN_SIZE];
    for (size_t c = 0; c < b->n_first; c++)
        if (!bnn_is_utf8(b->first[c]))
            return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: the column name '%s' is not UTF-8 text: convert the file", b->request->path,
                            line, bnn_shown(shown, b->first[c]));
    return BNN_OK;
}

static bnn_status finish_first(builder *b, size_t line) {
    size_t row_line = line + b->request->lines_before;
    bool has_header;
    bnn_status status = decide_header(b, line, &has_header);
    if (status != BNN_OK || (has_header && (status = check_header(b, line)) != BNN_OK)) return status;
    b->table.columns.n = b->n_first;
    b->table.columns.line = has_header ? line : row_line;
    if (has_header) {
        b->table.columns.names = b->first;
        b->first = NULL;
    }
    if ((status = bnn_table_choose_columns(&b->table)) != BNN_OK) return status;
    b->column = 0;
    if (has_header) return BNN_OK;
    for (size_t c = 0; c < b->n_first; c++) take_field(b, b->first[c], strlen(b->first[c]));
    return finish_row(b, row_line);
}

static bnn_status take_row(void *context, size_t line) {
    builder *b = context;
    if (b->table.columns.at != NULL) return finish_row(b, line + b->request->lines_before);
    return b->has_failed ? BNN_FAIL_MEMORY("the first row of a table") : finish_first(b, line);
}

/* ---- the whole file -------------------------------------------------------------------------------------------------- */

bnn_status bnn_dataset_read_delimited(bnn_dataset *set, const bnn_read *request, bnn_data_format format, char *data, size_t size) {
    builder b = { .request = request };
    const bnn_field_sink sink = { take_field, take_row, &b };
    const char *path = request->path;
    bnn_status status;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {   /* the byte-order mark is no part of the first name */
        data += 3;
        size -= 3;
    }
    if ((status = bnn_text_check_zeros(path, data, size))     != BNN_OK) return status;
    if ((status = bnn_table_begin(&b.table, request, set))    != BNN_OK) goto done;
    status = format == BNN_FORMAT_TABLE ? bnn_fields_read_blank(data, size, &sink)
                                        : bnn_fields_read_separated(path, format == BNN_FORMAT_TSV ? '\t' : ',', data, size, &sink);
    if (status == BNN_OK && set->n_rows == 0 && !(request->may_be_empty && b.table.columns.at != NULL))
        status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: no rows of data%s", path, b.table.columns.line > 0 ? b.table.columns.line : 1,
                          b.table.columns.at != NULL ? " after the header" : ": the file is empty");
    if (status == BNN_OK) status = bnn_table_end(&b.table);
done:
    bnn_names_free(b.n_first, b.first);
    bnn_table_free(&b.table);
    return status;
}
