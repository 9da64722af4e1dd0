/* A figure of the report: numbers in tables, commands that draw them, words that say what to look for.
 *
 * A new figure: one const row in a file of its own, and its name in the list in figures.c. Its row says how many of the kind a run calls
 * for (none: it does not apply) and fills one. */
#ifndef BNN_REPORT_FIGURE_H
#define BNN_REPORT_FIGURE_H

#include "report/gather.h"
#include "report/sheet.h"

/* 460 x 320 with letters of 13: what a phone's 330 pixels shrink to 9 and half a screen widens to 16. */
enum { BNN_FIGURE_SHEETS = 6, BNN_FIGURE_WIDTH = 460, BNN_FIGURE_HEIGHT = 320 };

typedef struct bnn_figure {
    bnn_text  title;
    bnn_text  caption;                      /* what is seen, and how to read it                      */
    bnn_text  script;                       /* gnuplot, after the data blocks; empty: no picture     */
    bnn_text  html;                         /* instead of one, ready for the page                    */
    int       width, height;                /* of the picture, in its own pixels; 0: as usual        */
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

/* Where a figure stands: id in the page, table in the JSON ("NAME" or "NAME-i"). */
typedef struct bnn_figure_place {
    const char *name, *prefix;              /* prefix: unique in the page                            */
    size_t      i;
    bool        is_wide;
} bnn_figure_place;

/* Puts a filled figure onto the page and its tables into json, and frees it, whatever the status. */
bnn_status bnn_figure_end(bnn_text *page, json_t *json, bnn_figure *figure, const bnn_figure_place *place);
void       bnn_figure_free(bnn_figure *figure);

/* Draws figure i of a kind onto the page, its tables into json under "NAME" or "NAME-i". prefix: unique in the page. */
bnn_status bnn_figure_put(bnn_text *page, json_t *json, const bnn_figure_row *row, const bnn_report *report, const bnn_report_run *run,
                          size_t i, const char *prefix);

/* Colours of runs and classes by number: Okabe & Ito's, told apart by the colour-blind. */
const char *bnn_figure_colour(size_t i);

/* What most scripts begin with. */
void bnn_figure_axes(bnn_figure *figure, const char *x_label, const char *y_label);

#endif
