/* Do probabilities of classes mean what they say? Confidence against accuracy, with how many rows stand behind each bar. */
#include "predict/reliability.h"
#include "report/figure.h"

#include <math.h>

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->prediction->n_classes > 0;
}

/* Two plots, one above the other, on one horizontal axis. */
static const char script[] =
    "edge(y) = y < 0 ? 0 : y > 1 ? 1 : y\nset multiplot\nset key off\nset xrange [0:1]\nset lmargin at screen 0.16\nset rmargin "
    "at screen 0.97\n"
    "set tmargin at screen 0.97\nset bmargin at screen 0.40\nset yrange [0:1]\nset format x ''\nunset xlabel\nset ylabel "
    "'accuracy' offset 0.4,0\n"
    "plot x with lines linewidth 1.5 linecolor rgb '#8a8a8a', "
    "$bins using 4:(edge($8-2*$6)):(0):(edge($8+2*$6)-edge($8-2*$6)) with vectors nohead linewidth 2 linecolor rgb '#8cc9ec', "
    "$bins using 4:5 with points pointtype 7 pointsize 0.6 linecolor rgb '#0072b2'\n"
    "set tmargin at screen 0.34\nset bmargin at screen 0.16\nset yrange [0:*]\nset format x '%g'\nset format y '%.0s%c'\nset "
    "xlabel 'confidence' offset 0,0.4\n"
    "set ylabel 'rows' offset 0.4,0\nset ytics 0,step\nset grid noxtics\n"
    "plot $bins using (($2+$3)/2):7:(0.96*($3-$2)) with boxes linecolor rgb '#56b4e9'\nunset multiplot\n";

/* Half of `most`, rounded up to 1, 2, 5 or 10 times a power of ten: the low axis has room for three numbers. */
static double step_of(double most) {
    double power = pow(10, floor(log10(fmax(most / 2, 1)))), digit = most / 2 / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/* Standard errors as if one right and one wrong row were added: three right rows out of three do not prove much. */
static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_bin bins[BNN_RELIABILITY_BINS];
    size_t most = 0;
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    (void)report, (void)i;
    bnn_reliability_equal_width(run->prediction, BNN_RELIABILITY_BINS, bins);
    BNN_SHEET(sheet, "bins", "from", "to", "mean confidence", "accuracy", "standard error", "rows", "centre of the error bar");
    for (size_t b = 0; b < BNN_RELIABILITY_BINS; b++) {
        double a = bins[b].accuracy, n = (double)bins[b].n_rows, centre = (a * n + 1) / (n + 2);
        BNN_ROW(sheet, bins[b].low, bins[b].high, bins[b].confidence, a, sqrt(centre * (1 - centre) / (n + 2)), n, centre);
        if (bins[b].n_rows > most) most = bins[b].n_rows;
    }
    bnn_text_add(&figure->title, "Do the probabilities mean what they say?");
    bnn_text_add(&figure->caption, "Of rows that were given a class with 80 %% confidence, 80 %% should have it. Points below "
                 "the line: too sure; above: too modest. Bars: two standard errors; below: how many rows there are. Expected "
                 "calibration error %.4f.",
                 bnn_calibration_error(BNN_RELIABILITY_BINS, bins));
    bnn_text_add(&figure->script, "step = %g\n%s", step_of((double)most), script);
    return BNN_OK;
}

const bnn_figure_row bnn_figure_reliability = { .name = "reliability", .count = count, .draw = draw };
