/* A figure on the page of a sweep: of one metric in one panel of groups.
 *
 * A new one: one const row in a file of its own, and its name in the list in sweep_figure.c. */
#ifndef BNN_REPORT_SWEEP_FIGURE_H
#define BNN_REPORT_SWEEP_FIGURE_H

#include "report/figure.h"
#include "report/outcome.h"

enum { BNN_SWEEP_GROUPS = 24 };            /* that one picture shows at most */

typedef struct bnn_sweep_view {
    const bnn_outcome        *outcome;
    const bnn_outcome_metric *metric;      /* or its seconds, whose sign is 0 */
    const bnn_panel          *panel;
} bnn_sweep_view;

typedef struct bnn_sweep_figure_row {
    const char *name;                      /* [a-z-]+, for ids and JSON       */
    size_t    (*count)(const bnn_sweep_view *view);
    void      (*draw)(bnn_figure *figure, const bnn_sweep_view *view, size_t i);
} bnn_sweep_figure_row;

/* The kinds in the order of the page, ended by NULL; the first shows groups and runs of any metric. */
extern const bnn_sweep_figure_row *const bnn_sweep_figures[];

/* Groups of a panel as lines of a picture, best first where the metric has a better side. */
typedef struct bnn_sweep_lines { size_t n, n_all; size_t groups[BNN_SWEEP_GROUPS]; } bnn_sweep_lines;

/* Those with a mean, or (is_difference) with pairs: the best BNN_SWEEP_GROUPS of n_all. */
bnn_sweep_lines bnn_sweep_lines_of(const bnn_sweep_view *view, bool is_difference);

/* A range that grows by what it is shown; NaN changes nothing. */
typedef struct bnn_sweep_range { double low, high; } bnn_sweep_range;
void bnn_sweep_widen(bnn_sweep_range *range, double value);

/* Shrinks a linear range a thousand times as wide as what half of the groups come to; the number of groups left outside. */
size_t bnn_sweep_clip(bnn_sweep_range *range, size_t n, const size_t *groups, const bnn_outcome_mean *means);
void   bnn_sweep_tell_outside(bnn_figure *figure, size_t n);

/* Size of the picture, group names at its left edge, line 0 at the top. */
void bnn_sweep_lines_put(bnn_figure *figure, const bnn_sweep_view *view, const bnn_sweep_lines *lines);

/* Range and numbers of an axis ('x' or 'y'), at most five; logarithmic (and true) if all is positive and spread over two decades. gnuplot's
 * inside_x(value) or inside_y(value) is then NaN for what the range leaves out. */
bool bnn_sweep_axis_put(bnn_figure *figure, char axis, const bnn_sweep_range *range);

/* "rmse", "rmse: boston" */
void bnn_sweep_title_put(bnn_figure *figure, const bnn_sweep_view *view, const char *what);

#endif
