/* A table of numbers, the one source of a figure: gnuplot draws it, the page lists it, the embedded JSON holds it. */
#ifndef BNN_REPORT_SHEET_H
#define BNN_REPORT_SHEET_H

#include "base/text.h"
#include <jansson.h>

enum { BNN_SHEET_COLUMNS = 12, BNN_SHEET_SHOWN = 100 };

typedef struct bnn_sheet {
    const char *name;                           /* of the gnuplot data block, [a-z_]+; borrowed                 */
    size_t      n_columns;
    char       *columns[BNN_SHEET_COLUMNS];     /* headings                                                     */
    const char *label_heading;                  /* rows have names, under this heading; NULL: they have none; borrowed */
    bool        is_hidden;                      /* pixels of maps and the like: no list on the page             */
    size_t      n_rows, room;
    double     *at;                             /* [n_rows x n_columns]                                         */
    char      **labels;                         /* [n_rows], or NULL                                            */
    bool        has_failed;                     /* out of memory; sticks                                        */
} bnn_sheet;

/* sheet is zeroed; headings [n_columns] are copied. */
void bnn_sheet_start(bnn_sheet *sheet, const char *name, size_t n_columns, const char *const *headings);

/* Adds a row; label is copied, NULL where rows have no names. */
void bnn_sheet_add(bnn_sheet *sheet, const char *label, const double *row);
void bnn_sheet_free(bnn_sheet *sheet);

#define BNN_SHEET(sheet, name, ...) bnn_sheet_start(sheet, name, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
                                                    (const char *const[]){ __VA_ARGS__ })
#define BNN_ROW(sheet, ...) bnn_sheet_add(sheet, NULL, (const double[]){ __VA_ARGS__ })
#define BNN_NAMED_ROW(sheet, label, ...) bnn_sheet_add(sheet, label, (const double[]){ __VA_ARGS__ })

/* "$name << EOD ...": one line per row, first the row's number from 0 (gnuplot's column 1), then the columns. */
void bnn_sheet_plot(const bnn_sheet *sheet, bnn_text *script);

/* A <table>, of its first BNN_SHEET_SHOWN rows if there are more. */
void bnn_sheet_html(const bnn_sheet *sheet, bnn_text *page);

/* {"columns": [...], "labels": [...], "rows": [[...], ...]} */
json_t *bnn_sheet_json(const bnn_sheet *sheet);

#endif
