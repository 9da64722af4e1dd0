/* Files of row numbers, and the pattern that names many of them. */
#include "data/rows.h"

#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct row_list {
    bool       *chosen;
    size_t      n_rows;
    const char *path;
    const char *why;                   /* what is wrong with the first bad number of the line, or NULL */
    char        bad[BNN_SHOWN_SIZE];
} row_list;

static bool to_row(const char *text, size_t length, size_t *row) {
    if (length > 18 || strspn(text, "0123456789") != length) return false;
    *row = (size_t)strtoull(text, NULL, 10);
    return true;
}

static void take_row_number(void *context, const char *text, size_t length) {
    row_list *list = context;
    size_t row;
    if (list->why != NULL) return;
    if (!to_row(text, length, &row)) list->why = "is not a 0-based row number";
    else if (row >= list->n_rows) list->why = "is out of range";
    else if (list->chosen[row]) list->why = "occurs twice";
    else list->chosen[row] = true;
    if (list->why != NULL) bnn_shown(list->bad, text);
}

static bnn_status finish_line(void *context, size_t line) {
    const row_list *list = context;
    if (list->why == NULL) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: row number '%s' %s, the data have rows 0 to %zu", list->path, line, list->bad,
                    list->why, list->n_rows - 1);
}

bnn_status bnn_rows_read(bool *chosen, size_t n_rows, const char *path) {
    char *data = NULL;
    size_t size;
    row_list list = { .chosen = chosen, .n_rows = n_rows, .path = path };
    const bnn_field_sink sink = { take_row_number, finish_line, &list };
    bnn_status status = bnn_file_read(path, &data, &size);
    if (status == BNN_OK) status = bnn_fields_read_blank(data, size, &sink);
    free(data);
    return status;
}

/* Length of a %d, %3d or %03d at `at`, else 0. */
static size_t conversion_length(const char *at, int *width, bool *has_zeros) {
    const char *c = at;
    if (*c++ != '%') return 0;
    *has_zeros = *c == '0';
    for (*width = 0; *c >= '0' && *c <= '9' && *width < 100; c++) *width = *width * 10 + (*c - '0');
    return *c == 'd' && *width < 100 ? (size_t)(c + 1 - at) : 0;
}

bnn_status bnn_rows_path(char **path, const char *pattern, long long split) {
    const char *found = NULL;
    size_t length = 0, n_found = 0;
    int width = 0, written;
    bool has_zeros = false;
    for (const char *at = pattern; *at != '\0'; at++) {
        int w;
        bool zeros;
        size_t n = conversion_length(at, &w, &zeros);
        if (n == 0) continue;
        n_found++;
        found = at, length = n, width = w, has_zeros = zeros;
    }
    if (n_found != 1)
        return BNN_FAIL(BNN_ERR_CONFIG, "data.splits = %s: %zu places for the number of the split, expected one, such as %%d "
                        "or %%02d", pattern, n_found);
    int before = (int)(found - pattern);
    const char *after = found + length;
    written = asprintf(path, has_zeros ? "%.*s%0*lld%s" : "%.*s%*lld%s", before, pattern, width, split, after);
    return written >= 0 ? BNN_OK : BNN_FAIL_MEMORY("a path");
}
