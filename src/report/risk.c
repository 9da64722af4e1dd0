/* Risk against coverage: how wrong the net is on the rows it is surest of. */
#include "predict/risk.h"
#include "base/fail.h"
#include "report/figure.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS = 200 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->prediction->n_rows > 1;
}

/* At most POINTS of them, the last among them. Risk of numbers: the root, in units of the target. */
static void add_points(bnn_sheet *sheet, size_t n, const bnn_risk_point *points, bool is_numbers) {
    size_t n_kept = n < POINTS ? n : POINTS;
    BNN_SHEET(sheet, "risk", "share kept", is_numbers ? "rmse" : "error", is_numbers ? "log sd" : "1 - probability");
    for (size_t k = 1; k <= n_kept; k++) {
        const bnn_risk_point *point = &points[k * n / n_kept - 1];
        BNN_ROW(sheet, point->coverage, is_numbers ? sqrt(point->risk) : point->risk, point->uncertainty);
    }
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_prediction *p = run->prediction;
    bool is_numbers = p->n_classes == 0;
    size_t n = 0;
    bnn_risk_point *points = calloc(p->n_rows, sizeof *points);
    bnn_status status = points == NULL ? BNN_FAIL_MEMORY("a figure") : bnn_risk_curve(p, points, &n);
    (void)report, (void)i;
    if (status == BNN_OK) add_points(bnn_figure_sheet(figure), n, points, is_numbers);
    free(points);
    bnn_text_add(&figure->title, "Leaving the doubtful rows to somebody else");
    bnn_text_add(&figure->caption, "%s of the rows the net is surest of, against the share of rows it keeps. Uncertainty is "
                 "worth something if the curve rises to the right: the rows given away first are the ones it gets wrong.",
                 is_numbers ? "Root mean squared error" : "Error");
    bnn_figure_axes(figure, "share of rows kept", is_numbers ? "rmse" : "error");
    bnn_text_add(&figure->script, "set key off\nset xrange [0:1]\nset yrange [0:*]\nplot $risk using 2:3 with filledcurves y1=0 linecolor rgb '#cfe8f7', "
                 "$risk using 2:3 with lines linewidth 2 linecolor rgb '#0072b2'\n");
    return status;
}

const bnn_figure_row bnn_figure_risk = { .name = "risk", .count = count, .draw = draw };
