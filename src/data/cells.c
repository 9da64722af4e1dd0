/* One growing text holds all cells; where each begins is a number, since the text moves as it grows. */
#include "data/cells.h"
#include "base/fail.h"
#include "data/read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool grow(size_t **at, size_t n, size_t *room) {
    if (n < *room) return true;
    size_t wanted = *room == 0 ? 256 : 2 * *room, *grown = reallocarray(*at, wanted, sizeof *grown);
    if (grown == NULL) return false;
    *at = grown;
    *room = wanted;
    return true;
}

static void take_cell(void *context, const char *text, size_t length) {
    bnn_cells *cells = context;
    bool is_whole = grow(&cells->starts, cells->n_starts, &cells->room) && bnn_text_reserve(&cells->text, length + 1);
    cells->text.has_failed = !is_whole;
    if (!is_whole) return;
    cells->starts[cells->n_starts++] = cells->text.length;
    memcpy(cells->text.at + cells->text.length, text, length + 1);
    cells->text.length += length + 1;
}

static bnn_status end_row(void *context, size_t line) {
    bnn_cells *cells = context;
    size_t row = cells->n_rows++;       /* the header counts until the end */
    if (cells->text.has_failed || !grow(&cells->lines, row, &cells->lines_room)) return BNN_FAIL_MEMORY("a table");
    cells->lines[row] = line;
    if (row == 0) cells->n_columns = cells->n_starts;
    size_t n = cells->n_starts - row * cells->n_columns;
    if (n == cells->n_columns) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: %zu field%s, but the header has %zu", cells->path, line, n, n == 1 ? "" : "s", cells->n_columns);
}

static bnn_status check_names(const bnn_cells *cells) {
    char shown[BNN_SHOWN_SIZE];
    for (size_t c = 0; c < cells->n_columns; c++) {
        const char *name = bnn_cells_name(cells, c);
        if (!bnn_is_utf8(name)) return BNN_FAIL(BNN_ERR_DATA, "%s: the column name '%s' is not UTF-8 text: convert the file", cells->path,
                                                bnn_shown(shown, name));
        if (bnn_cells_find(cells, name) != c)
            return BNN_FAIL(BNN_ERR_DATA, "%s: two columns are called '%s'", cells->path, bnn_shown(shown, name));
    }
    return BNN_OK;
}

bnn_status bnn_cells_read(bnn_cells *cells, const char *path) {
    const bnn_field_sink sink = { take_cell, end_row, cells };
    char *data = NULL;
    size_t size = 0, mark = 0;
    *cells = (bnn_cells){ .path = path };
    bnn_status status = bnn_file_read(path, &data, &size);
    if (status != BNN_OK) return status;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) mark = 3;      /* a byte-order mark is no part of the first name */
    status = bnn_text_check_zeros(path, data, size);
    if (status == BNN_OK) status = bnn_fields_read_separated(path, ',', data + mark, size - mark, &sink);
    if (status == BNN_OK && cells->n_rows < 2)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: %s", path, cells->n_rows == 0 ? "the file is empty" : "no rows after the header");
    if (status == BNN_OK) status = check_names(cells);
    cells->n_rows -= cells->n_rows > 0;
    free(data);
    return status;
}

void bnn_cells_free(bnn_cells *cells) {
    bnn_text_free(&cells->text);
    free(cells->starts);
    free(cells->lines);
    *cells = (bnn_cells){0};
}

const char *bnn_cells_name(const bnn_cells *cells, size_t column) { return cells->text.at + cells->starts[column]; }

const char *bnn_cells_at(const bnn_cells *cells, size_t row, size_t column) {
    return cells->text.at + cells->starts[(row + 1) * cells->n_columns + column];
}

size_t bnn_cells_find(const bnn_cells *cells, const char *name) {
    size_t c = 0;
    while (c < cells->n_columns && strcmp(bnn_cells_name(cells, c), name) != 0) c++;
    return c;
}

bnn_status bnn_cells_number(const bnn_cells *cells, size_t row, size_t column, double *value) {
    char shown[BNN_SHOWN_SIZE], name[BNN_SHOWN_SIZE];
    const char *text = bnn_cells_at(cells, row, column);
    if (bnn_text_to_number(text, value) && isfinite(*value)) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: column '%s': '%s' is not a finite number", cells->path, cells->lines[row + 1],
                    bnn_shown(name, bnn_cells_name(cells, column)), bnn_shown(shown, text));
}
