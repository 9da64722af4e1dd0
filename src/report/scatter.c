/* Predicted against true: every row a point with its 90 % interval, the perfect prediction a diagonal. */
#include "report/figure.h"
#include "report/plot.h"

#include <math.h>

enum { MAX_TARGETS = 4, MAX_POINTS = 400 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    size_t n_targets = run->prediction->n_classes > 0 ? 0 : run->prediction->n_targets;
    (void)report;
    return n_targets < MAX_TARGETS ? n_targets : MAX_TARGETS;
}

static size_t add_rows(bnn_sheet *sheet, const bnn_prediction *p, size_t target) {
    size_t step = (p->n_rows - 1) / MAX_POINTS + 1, n_outside = 0;
    BNN_SHEET(sheet, "rows", "true", "mean", "5 %", "95 %", "sd");
    for (size_t i = 0; i < p->n_rows; i += step) {
        size_t at = i * p->n_targets + target;
        const double *q = p->quantiles + at * p->n_quantiles;
        BNN_ROW(sheet, p->target[at], p->mean[at], q[BNN_Q05], q[BNN_Q95], p->sd[at]);
        n_outside += p->target[at] < q[BNN_Q05] || p->target[at] > q[BNN_Q95];
    }
    return n_outside;
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const char *target = run->prediction->target_names[i];
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    bnn_text x = {0}, y = {0};
    (void)report;
    size_t n_outside = add_rows(sheet, run->prediction, i);
    bnn_text_add(&figure->title, "Predicted against true");
    if (run->prediction->n_targets > 1) bnn_text_add(&figure->title, ": %s", target);
    bnn_text_add(&figure->caption, "%zu %s rows, each with its mean and central 90 %% interval; a perfect prediction lies on the line. "
                 "%zu of the intervals (%.0f %%) miss the line; 10 %% should.", sheet->n_rows, run->split, n_outside,
                 100.0 * (double)n_outside / (double)sheet->n_rows);
    bnn_text_add(&x, "true %s", target);
    bnn_text_add(&y, "predicted %s", target);
    bnn_figure_axes(figure, x.at, y.at);
    bnn_text_add(&figure->script, "set key off\nplot $rows using 2:2 with lines linewidth 1 linecolor rgb '#8a8a8a', "
                 "$rows using 2:4:(0):($5-$4) with vectors nohead linewidth 1.5 linecolor rgb '#8cc9ec', "
                 "$rows using 2:3 with points pointtype 7 pointsize 0.4 linecolor rgb '#0072b2'\n");
    bnn_text_free(&x);
    bnn_text_free(&y);
    return BNN_OK;
}

const bnn_figure_row bnn_figure_scatter = { .name = "scatter", .count = count, .draw = draw };
