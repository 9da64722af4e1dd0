/* One numeric input: the data, the mean and the bands of the prediction over a range wider than the data.
 *
 * The bands are quantiles of the predictive mixture. Model uncertainty alone is mean +- 1.645 sd_epistemic: 90 % if the draws' means are
 * normal. Powers of a feature may grow without bounds outside the data: the picture ends at three times the height of the targets. */
#include "report/figure.h"

#include <math.h>

enum { POINTS = 201, MAX_TARGETS = 4, MAX_DATA = 600 };
enum { X, MEAN, Q05, Q25, Q75, Q95, NOISE_SD, MODEL_SD, COLUMNS };     /* of the bands */

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    const bnn_schema *schema = &run->run.model->schema;
    (void)report;
    if (schema->n_classes > 0 || !bnn_report_has_plain_features(schema, 1)) return 0;
    return schema->n_targets < MAX_TARGETS ? schema->n_targets : MAX_TARGETS;
}

static void add_data(bnn_figure *figure, const bnn_dataset *rows, const char *name, size_t target) {
    if (rows == NULL || rows->y == NULL) return;
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    size_t step = rows->n_rows / MAX_DATA + 1;
    BNN_SHEET(sheet, name, "x", "y");
    for (size_t i = 0; i < rows->n_rows; i += step)
        BNN_ROW(sheet, bnn_report_feature(rows, i, 0), rows->y[i * rows->schema.n_targets + target]);
}

/* The band, three times the height of the targets at most; gnuplot loses areas and lines that leave the picture by millions. */
static void add_range(bnn_figure *figure, const bnn_dataset *train, size_t target, const bnn_sheet *bands) {
    double low = INFINITY, high = -INFINITY, least = INFINITY, most = -INFINITY;
    char text[2][32];
    for (size_t i = 0; i < train->n_rows; i++) {
        low = fmin(low, train->y[i * train->schema.n_targets + target]);
        high = fmax(high, train->y[i * train->schema.n_targets + target]);
    }
    for (size_t i = 0; i < bands->n_rows; i++) {
        least = fmin(least, bands->at[i * COLUMNS + Q05]);
        most = fmax(most, bands->at[i * COLUMNS + Q95]);
    }
    double height = high > low ? high - low : 1, bottom = fmax(fmin(low, least), low - height), top = fmin(fmax(high, most), high + height);
    bnn_text_add(&figure->script, "low = %s\nhigh = %s\nset yrange [low:high]\n", bnn_text_number(text[0], bottom - 0.03 * height),
                 bnn_text_number(text[1], top + 0.03 * height));
    bnn_text_add(&figure->script, "edge(y) = y < low ? low : y > high ? high : y\nnear(y) = abs(y) < 100 * (high - low) ? y : NaN\n");
}

static void add_bands(bnn_sheet *sheet, const bnn_prediction *p, const double *x, size_t target) {
    BNN_SHEET(sheet, "bands", "x", "mean", "5 %", "25 %", "75 %", "95 %", "sd of the noise", "sd of the model");
    for (size_t i = 0; i < p->n_rows; i++) {
        size_t at = i * p->n_targets + target;
        const double *q = p->quantiles + at * p->n_quantiles;
        BNN_ROW(sheet, x[i], p->mean[at], q[BNN_Q05], q[BNN_Q25], q[BNN_Q75], q[BNN_Q95], p->sd_aleatoric[at], p->sd_epistemic[at]);
    }
}

/* On both sides three quarters as far again as the training rows reach. */
static bnn_status predict_grid(bnn_figure *figure, const bnn_report_run *run, size_t target) {
    double x[POINTS], low, high;
    bnn_prediction *prediction = NULL;
    bnn_report_range(run->parts.train, 0, &low, &high);
    double reach = high > low ? high - low : 1;
    for (size_t i = 0; i < POINTS; i++) x[i] = low - 0.75 * reach + 2.5 * reach * (double)i / (POINTS - 1);
    bnn_status status = bnn_report_predict(&prediction, run, POINTS, x);
    if (status == BNN_OK) add_bands(bnn_figure_sheet(figure), prediction, x, target);
    bnn_prediction_free(prediction);
    return status;
}

/* Bands, axes and range; what is left is the plot command. */
static bnn_status begin(bnn_figure *figure, const bnn_report_run *run, size_t target) {
    const bnn_schema *schema = &run->run.model->schema;
    bnn_status status = predict_grid(figure, run, target);
    if (status != BNN_OK) return status;
    add_range(figure, run->parts.train, target, &figure->sheets[0]);
    const bnn_sheet *bands = &figure->sheets[0];
    bnn_text_add(&figure->script, "set xrange [%.9g:%.9g]\n", bands->at[X], bands->at[(POINTS - 1) * COLUMNS + X]);
    bnn_figure_axes(figure, schema->feature_names[0], schema->target_names[target]);
    add_data(figure, run->parts.train, "train", target);
    return BNN_OK;
}

/* A picture of the bands: what is filled below the mean and the data, and what it means. */
typedef struct band_view { const char *title, *caption, *areas; } band_view;

static const band_view prediction_view = {
    "What the net predicts",
    "Mean and central 50 % and 90 % bands of the prediction over a wider range than the training data. About half of new points belong "
    "into the inner band and nine in ten into the outer one.",
    "$bands using 2:(edge($4)):(edge($7)) with filledcurves linecolor rgb '#cfe8f7' title '90 %', "
    "$bands using 2:(edge($5)):(edge($6)) with filledcurves linecolor rgb '#8cc9ec' title '50 %'",
};

static const band_view source_view = {
    "Where the uncertainty comes from",
    "The 90 % band taken apart. Blue: what the model does not know; more data there would narrow it, and it widens away from the data. "
    "Orange: noise that comes on top and that no further data remove.",
    "$bands using 2:(edge($4)):(edge($7)) with filledcurves linecolor rgb '#f6d79a' title 'model and noise', "
    "$bands using 2:(edge($3-1.645*$9)):(edge($3+1.645*$9)) with filledcurves linecolor rgb '#8cc9ec' title 'model alone'",
};

static bnn_status draw(bnn_figure *figure, const bnn_report_run *run, size_t target, const band_view *view) {
    bnn_status status = begin(figure, run, target);
    if (status != BNN_OK) return status;
    bnn_text_add(&figure->title, "%s", view->title);
    bnn_text_add(&figure->caption, "%s", view->caption);
    bnn_text_add(&figure->script, "plot %s, $bands using 2:(near($3)) with lines linewidth 2 linecolor rgb '#0072b2' title 'mean', "
                 "$train using 2:3 with points pointtype 7 pointsize 0.35 linecolor rgb '#000000' title 'training'", view->areas);
    return BNN_OK;
}

static bnn_status draw_curve(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_status status = draw(figure, run, i, &prediction_view);
    (void)report;
    if (status != BNN_OK || run->parts.test == NULL) return status;
    add_data(figure, run->parts.test, "test", i);
    bnn_text_add(&figure->script, ", $test using 2:3 with points pointtype 6 pointsize 0.55 linewidth 1.5 linecolor rgb '#d55e00' "
                 "title 'test'");
    return BNN_OK;
}

static bnn_status draw_sources(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    (void)report;
    return draw(figure, run, i, &source_view);
}

const bnn_figure_row bnn_figure_curve = { .name = "curve", .count = count, .draw = draw_curve };
const bnn_figure_row bnn_figure_sources = { .name = "sources", .count = count, .draw = draw_sources };
