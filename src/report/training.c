/* Training curves: the objective, its parts and the validation score against epochs, all runs in one picture.
 *
 * A run may have thousands of noisy epochs. They are drawn as at most 150 groups of neighbours: a line through the medians, a band around
 * the middle 80 % of each group. */
#include "base/fail.h"
#include "report/figure.h"
#include "report/plot.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 150, MAX_RUNS = BNN_FIGURE_SHEETS };

typedef struct curve_row { const char *column, *also, *title, *also_title, *axis, *caption; } curve_row;

/* also: what stands in its place for a single weight vector. */
static const curve_row curves[] = {
    { "elbo", "log_joint", "Evidence lower bound", "Log joint probability", "nats", "What training maximises: the log "
      "probability of the training data and the prior or KL term together, for the whole training set. It should rise and level "
      "off." },
    { "nll", NULL, "Negative log likelihood", NULL, "nats", "How badly the net explains the training targets, for the whole "
      "training set, without the prior. Lower is better." },
    { "kl", "neg_log_prior", "KL to the prior", "Negative log prior", "nats", "How far the posterior has moved from the prior "
      "(or -log prior of a single weight vector): the price of what was learnt." },
    { "valid_nll", NULL, "Validation score", NULL, "nats a row", "Mean negative log likelihood of the validation rows at the "
      "mean weights. A rise after a fall means overfitting." },
};

enum { CURVES = sizeof curves / sizeof *curves };

static size_t find_column(const bnn_history *h, const curve_row *curve) {
    size_t c = bnn_history_column(h, curve->column);
    return c == h->n_columns && curve->also != NULL ? bnn_history_column(h, curve->also) : c;
}

static bool has_curve(const bnn_report *report, const curve_row *curve) {
    for (size_t r = 0; r < report->n_runs; r++) {
        const bnn_history *h = &report->runs[r].history;
        if (h->n_rows > 1 && find_column(h, curve) < h->n_columns) return true;
    }
    return false;
}

static bool has_column(const bnn_report *report, const char *name) {
    for (size_t r = 0; r < report->n_runs; r++)
        if (bnn_history_column(&report->runs[r].history, name) < report->runs[r].history.n_columns) return true;
    return false;
}

/* Runs of both kinds stand side by side. */
static void add_title(bnn_text *title, const bnn_report *report, const curve_row *curve) {
    bool has_first = has_column(report, curve->column), has_also = curve->also != NULL && has_column(report, curve->also);
    bnn_text_add(title, "%s%s%s", has_first ? curve->title : "", has_first && has_also ? " or " : "", has_also ? curve->also_title : "");
}

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    size_t n = 0;
    (void)run;
    for (size_t k = 0; k < CURVES; k++) n += has_curve(report, &curves[k]);
    return n;
}

/* Members of an ensemble or a mixture are fitted one after the other, and their epochs counted on. */
static bool has_members(const bnn_report *report) {
    bool has_some = false;
    for (size_t r = 0; r < report->n_runs; r++) {
        const char *members = bnn_config_text(report->runs[r].run.config, "method", "members");
        has_some = has_some || (members != NULL && strcmp(members, "1") != 0);
    }
    return has_some;
}

/* The i-th curve that any run has. */
static const curve_row *pick(const bnn_report *report, size_t i) {
    size_t k = 0;
    while (!has_curve(report, &curves[k]) || i-- > 0) k++;
    return &curves[k];
}

/* Rows: epoch, median and the ends of the middle 80 % of each group. */
static bnn_status add_groups(bnn_sheet *sheet, const bnn_history *h, size_t column) {
    size_t n_groups = h->n_rows < GROUPS ? h->n_rows : GROUPS, epoch = bnn_history_column(h, "epoch");
    double *values = malloc((h->n_rows / n_groups + 2) * sizeof *values);
    if (values == NULL) return BNN_FAIL_MEMORY("a training curve");
    for (size_t g = 0; g < n_groups; g++) {
        size_t first = g * h->n_rows / n_groups, end = (g + 1) * h->n_rows / n_groups, n = end - first;
        for (size_t i = 0; i < n; i++) values[i] = h->at[(first + i) * h->n_columns + column];
        gsl_sort(values, 1, n);
        BNN_ROW(sheet, h->at[(end - 1) * h->n_columns + epoch], gsl_stats_median_from_sorted_data(values, 1, n),
                gsl_stats_quantile_from_sorted_data(values, 1, n, 0.1), gsl_stats_quantile_from_sorted_data(values, 1, n, 0.9));
    }
    free(values);
    return BNN_OK;
}

/* What comes after the first groups decides: a fit often begins far outside of where anything can be seen. */
static void widen(const bnn_sheet *sheet, double *low, double *high) {
    for (size_t g = sheet->n_rows / 30; g < sheet->n_rows; g++) {
        const double *row = sheet->at + g * sheet->n_columns;
        *low = fmin(*low, row[2]);
        *high = fmax(*high, row[3]);
    }
}

static void add_range(bnn_figure *figure) {
    double low = INFINITY, high = -INFINITY;
    char text[2][32];
    for (size_t t = 0; t < figure->n_sheets; t++) widen(&figure->sheets[t], &low, &high);
    double pad = 0.06 * (high - low);
    if (pad > 0 && isfinite(pad))
        bnn_text_add(&figure->script, "set yrange [%s:%s]\n", bnn_text_number(text[0], low - pad), bnn_text_number(text[1], high + pad));
}

/* Appends one run's part of the plot command. */
static bnn_status add_curve(bnn_text *plot, bnn_figure *figure, const bnn_report *report, size_t r, size_t column) {
    static const char *const names[MAX_RUNS] = { "run1", "run2", "run3", "run4", "run5", "run6" };
    const char *colour = bnn_figure_colour(r), *name = names[figure->n_sheets];
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    BNN_SHEET(sheet, name, "epoch", "median of neighbouring epochs", "10 %", "90 %");
    bnn_text_add(plot, "%s$%s using 2:4:5 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '%s' notitle, $%s "
                 "using 2:3 with lines linewidth 2 linecolor rgb '%s' title ",
                 plot->length == 0 ? "plot " : ", ", name, colour, name, colour);
    bnn_plot_quote(plot, report->runs[r].label);
    return add_groups(sheet, &report->runs[r].history, column);
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const curve_row *curve = pick(report, i);
    bnn_text plot = {0};
    bnn_status status = BNN_OK;
    (void)run;
    add_title(&figure->title, report, curve);
    bnn_text_add(&figure->caption, "%s%s", curve->caption, has_members(report) ? " At each jump the next member begins anew." : "");
    for (size_t r = 0; r < report->n_runs && figure->n_sheets < MAX_RUNS && status == BNN_OK; r++) {
        const bnn_history *h = &report->runs[r].history;
        size_t column = find_column(h, curve);
        if (h->n_rows > 1 && column < h->n_columns) status = add_curve(&plot, figure, report, r, column);
    }
    bnn_figure_axes(figure, "epoch", curve->axis);
    add_range(figure);
    bnn_text_add(&figure->script, "%s%s\n", report->n_runs == 1 ? "set key off\n" : "", plot.at == NULL ? "" : plot.at);
    bnn_text_free(&plot);
    return status;
}

const bnn_figure_row bnn_figure_training = { .name = "training", .is_shared = true, .count = count, .draw = draw };
