/* Do the predicted distributions of numbers mean what they say? The probability integral transform, and the coverage of all intervals. */
#include "predict/reliability.h"
#include "report/figure.h"

#include <math.h>

enum { BINS = 10, FEW_BINS = 5, FEW_ROWS = 60, LEVELS = 20 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->prediction->n_classes == 0;
}

/* The band: where 95 % of the bins lie if the predictions are right, sqrt(p (1 - p) / n) to each side, normal. */
static bnn_status draw_pit(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_prediction *p = run->prediction;
    size_t n_bins = p->n_rows < FEW_ROWS ? FEW_BINS : BINS;
    double share[BINS], level = 1 / (double)n_bins, reach = 1.96 * sqrt(level * (1 - level) / (double)p->n_rows);
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    (void)report, (void)i;
    bnn_pit_histogram(p, n_bins, share);
    BNN_SHEET(sheet, "pit", "from", "to", "share of targets");
    for (size_t b = 0; b < n_bins; b++) BNN_ROW(sheet, (double)b * level, (double)(b + 1) * level, share[b]);
    bnn_text_add(&figure->title, "Where targets fall in their predicted distribution");
    bnn_text_add(&figure->caption, "Probability integral transform: 0 is the far low end of a prediction, 1 the far high end. "
                 "Flat is right, and 95 %% of honest bars end in the grey band. A hump: too unsure; a valley: too sure; a slope: "
                 "off to one side.");
    bnn_figure_axes(figure, "predicted probability below the target", "share of targets");
    bnn_text_add(&figure->script, "set key off\nset xrange [0:1]\nset yrange [0:*]\nset grid noxtics\n"
                 "plot '+' using 1:(%.9g):(%.9g) with filledcurves linecolor rgb '#e2e2e2', "
                 "$pit using (($2+$3)/2):4:(0.96*($3-$2)) with boxes fillstyle transparent solid 0.8 linecolor rgb '#56b4e9', "
                 "%.9g with lines linewidth 1.5 linecolor rgb '#000000'\n", fmax(level - reach, 0), level + reach, level);
    return BNN_OK;
}

static bnn_status draw_coverage(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    (void)report, (void)i;
    BNN_SHEET(sheet, "coverage", "nominal", "actual", "standard error");
    for (size_t l = 1; l < LEVELS; l++) {
        double level = (double)l / LEVELS;
        bnn_score score = bnn_score_coverage(run->prediction, level);
        BNN_ROW(sheet, level, score.value, score.se);
    }
    double actual = bnn_score_coverage(run->prediction, 0.9).value;
    bnn_text_add(&figure->title, "Coverage of the intervals");
    bnn_text_add(&figure->caption, "Share of the %zu %s rows inside the central interval of each level, with twice its standard "
                 "error. On the line is right; above it intervals are too wide, below too narrow. The 90 %% interval holds %.1f "
                 "%%.", run->rows->n_rows, run->split, 100 * actual);
    bnn_figure_axes(figure, "nominal coverage", "actual coverage");
    bnn_text_add(&figure->script, "set key off\nset xrange [0:1]\nset yrange [0:1]\n"
                 "clip(y) = y < 0 ? 0 : y > 1 ? 1 : y\n"
                 "plot $coverage using 2:(clip($3-2*$4)):(clip($3+2*$4)) with filledcurves linecolor rgb '#cfe8f7', "
                 "x with lines linewidth 1.5 linecolor rgb '#8a8a8a', "
                 "$coverage using 2:3 with linespoints linewidth 2 pointtype 7 pointsize 0.4 linecolor rgb '#0072b2'\n");
    return BNN_OK;
}

const bnn_figure_row bnn_figure_pit = { .name = "pit", .count = count, .draw = draw_pit };
const bnn_figure_row bnn_figure_coverage = { .name = "coverage", .count = count, .draw = draw_coverage };
