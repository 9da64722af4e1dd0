/* One table, three ways to write it. */
#include "report/sheet.h"
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void bnn_sheet_start(bnn_sheet *sheet, const char *name, size_t n_columns, const char *const *headings) {
    sheet->name = name;
    sheet->n_columns = n_columns < BNN_SHEET_COLUMNS ? n_columns : BNN_SHEET_COLUMNS;
    for (size_t c = 0; c < sheet->n_columns; c++) {
        sheet->columns[c] = strdup(headings[c]);
        sheet->has_failed |= sheet->columns[c] == NULL;
    }
}

static bool make_room(bnn_sheet *sheet) {
    if (sheet->has_failed || sheet->n_rows < sheet->room) return !sheet->has_failed;
    size_t room = sheet->room == 0 ? 64 : 2 * sheet->room;
    double *at = reallocarray(sheet->at, room * sheet->n_columns, sizeof *at);
    if (at != NULL) sheet->at = at;
    char **labels = reallocarray(sheet->labels, room, sizeof *labels);
    if (labels != NULL) sheet->labels = labels;
    sheet->has_failed = at == NULL || labels == NULL;
    if (!sheet->has_failed) sheet->room = room;
    return !sheet->has_failed;
}

void bnn_sheet_add(bnn_sheet *sheet, const char *label, const double *row) {
    if (!make_room(sheet)) return;
    char *copy = label == NULL ? NULL : strdup(label);
    if (label != NULL && copy == NULL) {
        sheet->has_failed = true;
        return;
    }
    memcpy(sheet->at + sheet->n_rows * sheet->n_columns, row, sheet->n_columns * sizeof *row);
    sheet->labels[sheet->n_rows++] = copy;
}

void bnn_sheet_free(bnn_sheet *sheet) {
    for (size_t i = 0; i < sheet->n_rows; i++) free(sheet->labels[i]);
    for (size_t c = 0; c < sheet->n_columns; c++) free(sheet->columns[c]);
    free(sheet->labels);
    free(sheet->at);
    *sheet = (bnn_sheet){0};
}

void bnn_sheet_plot(const bnn_sheet *sheet, bnn_text *script) {
    char number[32];
    bnn_text_add(script, "$%s << EOD\n", sheet->name);
    for (size_t i = 0; i < sheet->n_rows; i++) {
        bnn_text_add(script, "%zu", i);
        for (size_t c = 0; c < sheet->n_columns; c++) {
            double value = sheet->at[i * sheet->n_columns + c];
            bnn_text_add(script, " %s", isfinite(value) ? bnn_text_number(number, value) : "NaN");
        }
        bnn_text_add(script, "\n");
    }
    bnn_text_add(script, "EOD\n");
}

static void add_heading(bnn_text *page, const char *heading) {
    bnn_text_add(page, "<th scope=\"col\">");
    bnn_html_escape(page, heading);
    bnn_text_add(page, "</th>");
}

static void add_row(const bnn_sheet *sheet, size_t i, bnn_text *page) {
    bnn_text_add(page, "<tr>");
    if (sheet->label_heading != NULL) {
        bnn_text_add(page, "<th scope=\"row\">");
        bnn_html_escape(page, sheet->labels[i]);
        bnn_text_add(page, "</th>");
    }
    for (size_t c = 0; c < sheet->n_columns; c++) {
        bnn_text_add(page, "<td>");
        bnn_html_number(page, sheet->at[i * sheet->n_columns + c]);
        bnn_text_add(page, "</td>");
    }
    bnn_text_add(page, "</tr>\n");
}

void bnn_sheet_html(const bnn_sheet *sheet, bnn_text *page) {
    size_t n = sheet->n_rows < BNN_SHEET_SHOWN ? sheet->n_rows : BNN_SHEET_SHOWN;
    bnn_text_add(page, "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    if (sheet->label_heading != NULL) add_heading(page, sheet->label_heading);
    for (size_t c = 0; c < sheet->n_columns; c++) add_heading(page, sheet->columns[c]);
    bnn_text_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n; i++) add_row(sheet, i, page);
    bnn_text_add(page, "</tbody></table></div>\n");
    if (n < sheet->n_rows)
        bnn_text_add(page, "<p class=\"more\">The first %zu of %zu rows; the JSON at the end of this page has all of them.</p>\n", n,
                     sheet->n_rows);
}

static json_t *row_json(const bnn_sheet *sheet, size_t i) {
    json_t *row = json_array();
    for (size_t c = 0; c < sheet->n_columns; c++) json_array_append_new(row, bnn_json_number(sheet->at[i * sheet->n_columns + c]));
    return row;
}

json_t *bnn_sheet_json(const bnn_sheet *sheet) {
    json_t *columns = json_array(), *labels = json_array(), *rows = json_array();
    for (size_t c = 0; c < sheet->n_columns; c++) json_array_append_new(columns, bnn_json_text(sheet->columns[c]));
    for (size_t i = 0; i < sheet->n_rows; i++) {
        if (sheet->label_heading != NULL) json_array_append_new(labels, bnn_json_text(sheet->labels[i]));
        json_array_append_new(rows, row_json(sheet, i));
    }
    json_t *json = json_pack("{s:o, s:o}", "columns", columns, "rows", rows);
    if (sheet->label_heading != NULL) json_object_set_new(json, "labels", labels);
    else json_decref(labels);
    return json;
}
