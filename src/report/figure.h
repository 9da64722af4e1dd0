/* A figure of the report: numbers in tables, commands that draw them, words that say what to look for.
 *
 * A new figure: one const row in a file of its own, and its name in the list in figures.c. Its row says how many of the kind a run calls
 * for (none: it does not apply) and fills one. */
#ifndef BNN_REPORT_FIGURE_H
#define BNN_REPORT_FIGURE_H

#include "report/gather.h"
#include "report/sheet.h"

enum { BNN_FIGURE_SHEETS = 6 };

typedef struct bnn_figure {
    bnn_text  title;
    bnn_text  caption;                      /* what is seen, and how to read it                      */
    bnn_text  script;                       /* gnuplot, after the data blocks; empty: no picture     */
    bnn_text  html;                         /* instead of one, ready for the page                    */
    size_t    n_sheets;
    bnn_sheet sheets[BNN_FIGURE_SHEETS];
} bnn_figure;

typedef struct bnn_figure_row {
    const char *name;                       /* [a-z-]+, for ids and JSON                             */
    bool        is_shared;                  /* one for all runs of the page, not one for each        */
    bool        is_wide;                    /* takes a whole line of the page                        */
    size_t    (*count)(const bnn_report *report, const bnn_report_run *run);      /* run: the first one if shared */
    bnn_status (*draw)(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i);
} bnn_figure_row;

/* The kinds in the order of the page, ended by NULL. */
extern const bnn_figure_row *const bnn_figures[];

/* The next sheet of a figure, zeroed; at most BNN_FIGURE_SHEETS. */
bnn_sheet *bnn_figure_sheet(bnn_figure *figure);

/* Draws figure i of a kind onto the page, its tables into json under "NAME" or "NAME-i". prefix: unique in the page. */
bnn_status bnn_figure_put(bnn_text *page, json_t *json, const bnn_figure_row *row, const bnn_report *report, const bnn_report_run *run,
                          size_t i, const char *prefix);

/* Colours of runs and classes by number: Okabe & Ito's, told apart by the colour-blind. */
const char *bnn_figure_colour(size_t i);

/* What most scripts begin with. */
void bnn_figure_axes(bnn_figure *figure, const char *x_label, const char *y_label);

#endif
