/* Rows from elsewhere (--ood): does the net know that it does not know them? Histograms of its uncertainty on both kinds of rows. */
#include "base/fail.h"
#include "predict/detection.h"
#include "report/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 40 };

/* 1 - the largest probability says nearly what the entropy says; a single weight vector has no model uncertainty. */
static bool is_drawn(const bnn_uncertainty *u, const bnn_report_run *run) {
    bool is_of_model = strcmp(u->name, "mutual_information") == 0 || strcmp(u->name, "sd_epistemic") == 0;
    if (is_of_model && run->prediction->n_draws < 2) return false;
    return (run->prediction->n_classes > 0 ? u->for_classes : u->for_numbers) && strcmp(u->name, "max_probability") != 0;
}

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    size_t n = 0;
    (void)report;
    for (const bnn_uncertainty *u = bnn_uncertainties; run->ood != NULL && u->name != NULL; u++) n += is_drawn(u, run);
    return n;
}

static const bnn_uncertainty *pick(const bnn_report_run *run, size_t i) {
    const bnn_uncertainty *u = bnn_uncertainties;
    while (!is_drawn(u, run) || i-- > 0) u++;
    return u;
}

static void widen(size_t n, const double *values, double *low, double *high) {
    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
}

static void add_shares(size_t n, const double *values, double low, double width, double *shares) {
    for (size_t i = 0; i < n; i++) {
        double bin = floor((values[i] - low) / width);
        shares[2 * (size_t)fmin(fmax(bin, 0), BINS - 1)] += 1 / (double)n;
    }
}

static void add_histogram(bnn_sheet *sheet, const bnn_prediction *in, const double *at_home, const bnn_prediction *out,
                          const double *elsewhere) {
    double low = INFINITY, high = -INFINITY, shares[2 * BINS] = {0};
    widen(in->n_rows, at_home, &low, &high);
    widen(out->n_rows, elsewhere, &low, &high);
    double width = high > low ? (high - low) / BINS : 1;
    add_shares(in->n_rows, at_home, low, width, shares);
    add_shares(out->n_rows, elsewhere, low, width, shares + 1);
    BNN_SHEET(sheet, "elsewhere", "from", "to", "own rows", "rows from elsewhere");
    for (size_t b = 0; b < BINS; b++)
        BNN_ROW(sheet, low + (double)b * width, low + (double)(b + 1) * width, shares[2 * b], shares[2 * b + 1]);
}

static bnn_status fill(bnn_figure *figure, const bnn_report_run *run, const bnn_uncertainty *u) {
    double *at_home = calloc(run->prediction->n_rows, sizeof *at_home), *elsewhere = calloc(run->ood->n_rows, sizeof *elsewhere);
    bnn_status status = at_home == NULL || elsewhere == NULL ? BNN_FAIL_MEMORY("a figure") : BNN_OK;
    if (status == BNN_OK) {
        bnn_uncertainty_fill(u, run->prediction, at_home);
        bnn_uncertainty_fill(u, run->ood, elsewhere);
        add_histogram(bnn_figure_sheet(figure), run->prediction, at_home, run->ood, elsewhere);
    }
    free(elsewhere);
    free(at_home);
    return status;
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_uncertainty *u = pick(run, i);
    bnn_detection detection = {0};
    bnn_text axis = {0};
    (void)report;
    bnn_status status = fill(figure, run, u);
    if (status == BNN_OK) status = bnn_detection_by(&detection, u, run->prediction, run->ood);
    bnn_text_add(&axis, "%s%s", run->prediction->n_classes > 0 ? "" : "log ", u->name);
    for (char *at = axis.at; at != NULL && *at != '\0'; at++)
        if (*at == '_') *at = ' ';
    bnn_text_add(&figure->title, "Own rows and rows from elsewhere, by %s", axis.at == NULL ? "" : axis.at);
    bnn_text_add(&figure->caption, "The further apart, the better the net knows what it has never seen. Drawn at random, a row "
                 "from elsewhere is the less certain one of a pair with a probability (AUROC) of %.4f; to catch 95 %% of them, "
                 "%.1f %% of the own rows are suspected too.",
                 detection.auroc.value, 100 * detection.fpr95.value);
    bnn_figure_axes(figure, axis.at == NULL ? "" : axis.at, "share of rows");
    bnn_text_add(&figure->script, "set yrange [0:*]\nplot "
                 "$elsewhere using (($2+$3)/2):4 with fillsteps fillstyle transparent solid 0.55 linecolor rgb '#56b4e9' title 'own rows', "
                 "$elsewhere using (($2+$3)/2):5 with fillsteps fillstyle transparent solid 0.55 linecolor rgb '#e69f00' title 'from elsewhere'\n");
    bnn_text_free(&axis);
    bnn_detection_free(&detection);
    return status;
}

const bnn_figure_row bnn_figure_elsewhere = { .name = "elsewhere", .count = count, .draw = draw };
