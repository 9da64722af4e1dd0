/* svmlight files: a row is `label index:value index:value ... # comment`, features not named are 0.
 *
 * Format: https://www.cs.cornell.edu/people/tj/svm_light/ (section "How to use"). Indices ascend within a row and start at 1
 * (data.first_index). The training file's largest index says how many features there are. Rows become dense. Labels may be absent
 * in rows to predict, from all of them. Not here: `qid:` and several labels in one row. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FEATURES = 1000000, INDEX_DIGITS = 7 };

typedef struct builder {
    const bnn_read *request;
    bnn_table  table;
    size_t     n_features, first_index;
    size_t     n_fields, next;             /* of this row; next: least index - first_index that may follow */
    bool       has_label;
    const char *why;                       /* what is wrong with a field of this row, told at its end, where its line is known */
    char       bad[BNN_SHOWN_SIZE];
} builder;

/* The index before the colon; false if that is no number of up to INDEX_DIGITS digits. */
static bool read_index(const char *text, size_t length, size_t *index) {
    if (length == 0 || length > INDEX_DIGITS || strspn(text, "0123456789") != length) return false;
    *index = (size_t)strtoul(text, NULL, 10);
    return true;
}

/* ---- a first look ---------------------------------------------------------------------------------------------------- */

static void blank_comments(char *data, size_t size) {
    for (char *at = data; (at = memchr(at, '#', size - (size_t)(at - data))) != NULL;)
        for (; at < data + size && *at != '\n'; at++) *at = ' ';
}

/* Of all that stands before a colon; what is no index is told when its row is read. */
static size_t find_largest_index(const char *data, size_t size) {
    size_t largest = 0, index;
    for (const char *colon = data; (colon = memchr(colon, ':', size - (size_t)(colon - data))) != NULL; colon++) {
        const char *start = colon;
        while (start > data && start[-1] >= '0' && start[-1] <= '9' && colon - start <= INDEX_DIGITS) start--;
        if (read_index(start, (size_t)(colon - start), &index) && index > largest) largest = index;
    }
    return largest;
}

/* Whether the first row starts with a label: with a word that has no colon. */
static bool starts_with_label(const char *data) {
    const char *word = data + strspn(data, " \t\r\n\v\f");
    return memchr(word, ':', strcspn(word, " \t\r\n\v\f")) == NULL;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static void refuse(builder *b, const char *text, const char *why) {
    if (b->why != NULL) return;
    b->why = why;
    bnn_shown(b->bad, text);
}

static void take_value(builder *b, const char *text, size_t length) {
    const char *colon = memchr(text, ':', length);
    size_t index;
    if (colon == NULL) {
        refuse(b, text, b->has_label ? "is no index:value" : "is no index:value (the first row has no label, so none may)");
    } else if (strncmp(text, "qid:", 4) == 0) {
        refuse(b, text, "belongs to rankings, which are not supported: remove it");
    } else if (!read_index(text, (size_t)(colon - text), &index)) {
        refuse(b, text, "does not start with a feature's index");
    } else if (index < b->first_index) {
        refuse(b, text, "has index 0, but features count from 1: set data.first_index = 0 if this file's count from 0");
    } else if (index - b->first_index >= b->n_features) {
        refuse(b, text, "has an index beyond the features of the training file");
    } else if (index - b->first_index < b->next) {
        refuse(b, text, "comes after an index as large: indices must ascend");
    } else {
        b->next = index - b->first_index + 1;
        bnn_table_take(&b->table, index - b->first_index, colon + 1, length - (size_t)(colon + 1 - text));
    }
}

static void take_field(void *context, const char *text, size_t length) {
    builder *b = context;
    bnn_dataset *set = b->table.set;
    if (b->n_fields == 0) memset(set->x + set->n_rows * b->n_features, 0, b->n_features * sizeof *set->x);
    if (b->n_fields++ > 0 || !b->has_label) take_value(b, text, length);
    else if (memchr(text, ':', length) != NULL) refuse(b, text, "stands where the first row has its label");
    else bnn_table_take(&b->table, b->n_features, text, length);
}

static bnn_status take_row(void *context, size_t line) {
    builder *b = context;
    b->n_fields = b->next = 0;
    if (b->why == NULL) return bnn_table_end_row(&b->table, line);
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: '%s' %s", b->request->path, line, b->bad, b->why);
}

/* ---- the whole file -------------------------------------------------------------------------------------------------- */

static bnn_status count_features(builder *b, const char *data, size_t size) {
    const bnn_schema *schema = b->request->schema;
    size_t largest = find_largest_index(data, size);
    b->n_features = schema != NULL ? bnn_schema_source_count(schema) : largest + 1 - b->first_index;
    if (schema == NULL && (largest < b->first_index || largest > MOST_FEATURES))
        return BNN_FAIL(BNN_ERR_DATA, "%s: the largest feature index is %zu, allowed from %zu to %d (rows are stored dense)", b->request->path,
                        largest, b->first_index, MOST_FEATURES);
    if (schema == NULL && !b->has_label)
        return BNN_FAIL(BNN_ERR_DATA, "%s: rows to learn from start with a label, the first one does not", b->request->path);
    return BNN_OK;
}

bnn_status bnn_dataset_read_svmlight(bnn_dataset *set, const bnn_read *request, char *data, size_t size) {
    builder b = { .request = request, .first_index = request->options->first_index == 0 ? 1 : 0 };
    const bnn_field_sink sink = { take_field, take_row, &b };
    bnn_status status;
    if ((status = bnn_read_refuse_columns(request, "svmlight"))            != BNN_OK) return status;
    if ((status = bnn_text_check_zeros(request->path, data, size))         != BNN_OK) return status;
    blank_comments(data, size);
    b.has_label = starts_with_label(data);
    if ((status = count_features(&b, data, size))                          != BNN_OK) return status;
    if ((status = bnn_table_begin(&b.table, request, set))                 != BNN_OK) goto done;
    b.table.columns.n = b.n_features;
    b.table.columns.n_outside = b.has_label;
    b.table.columns.line = b.table.first_number = 1;
    if ((status = bnn_table_choose_columns(&b.table))                      != BNN_OK) goto done;
    if ((status = bnn_fields_read_blank(data, size, &sink))                != BNN_OK) goto done;
    if (set->n_rows == 0) status = BNN_FAIL(BNN_ERR_DATA, "%s:1: no rows of data", request->path);
    else status = bnn_table_end(&b.table);
done:
    bnn_table_free(&b.table);
    return status;
}
