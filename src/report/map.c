/* Two numeric inputs: the plane seen from above, a third wider than the data. Classes: which one wins and how clearly; numbers: the mean.
 * Beside it what the model does not know: mutual information, or the epistemic sd of the first target. */
#include "report/figure.h"
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>

enum { GRID = 49, MAX_DATA = 400, MAX_CLASSES = 6 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return bnn_report_has_plain_features(&run->run.model->schema, 2) ? 1 + (run->prediction->n_draws > 1) : 0;
}

static void fill_grid(double x[GRID * GRID * 2], const bnn_dataset *train) {
    for (size_t j = 0; j < 2; j++) {
        double low, high;
        bnn_report_range(train, j, &low, &high);
        double width = high > low ? high - low : 1;
        for (size_t i = 0; i < GRID * GRID; i++) {
            size_t step = j == 0 ? i % GRID : i / GRID;
            x[2 * i + j] = low - width / 3 + width * 5 / 3 * (double)step / (GRID - 1);
        }
    }
}

/* Colour of the winning class, the more opaque the surer. */
static void add_class_pixel(bnn_sheet *sheet, const bnn_prediction *p, size_t i, const double *x) {
    size_t label = p->label[i];
    double chance = 1 / (double)p->n_classes, sure = (p->p[i * p->n_classes + label] - chance) / (1 - chance);
    long rgb = strtol(bnn_figure_colour(label % MAX_CLASSES) + 1, NULL, 16);
    BNN_ROW(sheet, x[0], x[1], (double)(rgb >> 16), (double)(rgb >> 8 & 255), (double)(rgb & 255), round(20 + 190 * sure));
}

static void add_pixels(bnn_sheet *sheet, const bnn_prediction *p, const double *x, bool is_class_map, bool is_model) {
    sheet->is_hidden = true;
    if (is_class_map) BNN_SHEET(sheet, "map", "x", "y", "red", "green", "blue", "opacity");
    else BNN_SHEET(sheet, "map", "x", "y", "value");
    for (size_t i = 0; i < p->n_rows; i++) {
        size_t at = i * p->n_targets;
        if (is_class_map) add_class_pixel(sheet, p, i, x + 2 * i);
        else if (p->n_classes > 0) BNN_ROW(sheet, x[2 * i], x[2 * i + 1], p->mutual_information[i]);
        else BNN_ROW(sheet, x[2 * i], x[2 * i + 1], is_model ? p->sd_epistemic[at] : p->mean[at]);
    }
}

static void add_data(bnn_sheet *sheet, const bnn_dataset *rows) {
    size_t step = (rows->n_rows - 1) / MAX_DATA + 1;
    BNN_SHEET(sheet, "train", "x", "y", "target");
    for (size_t i = 0; i < rows->n_rows; i += step)
        BNN_ROW(sheet, bnn_report_feature(rows, i, 0), bnn_report_feature(rows, i, 1), rows->y[i * rows->schema.n_targets]);
}

/* Points in the colour of their class with a rim around them. */
static void plot_classes(bnn_figure *figure, const bnn_schema *schema) {
    bnn_text_add(&figure->script, "plot $map using 2:3:4:5:6:7 with rgbalpha notitle, "
                 "$train using 2:3 with points pointtype 7 pointsize 0.55 linecolor rgb '#000000' notitle");
    for (size_t k = 0; k < schema->n_classes; k++) {
        bnn_text_add(&figure->script, ", $train using 2:($4==%zu?$3:NaN) with points pointtype 7 pointsize 0.38 linecolor rgb '%s' %s", k,
                     bnn_figure_colour(k % MAX_CLASSES), k < MAX_CLASSES ? "title " : "notitle");
        if (k < MAX_CLASSES) bnn_plot_quote(&figure->script, schema->class_names[k]);
    }
    bnn_text_add(&figure->script, "\n");
}

/* Viridis, in 32 steps. */
static void plot_numbers(bnn_figure *figure) {
    bnn_text_add(&figure->script, "set key off\nset palette maxcolors 32 defined (0 '#440154', 1 '#414487', 2 '#2a788e', 3 '#22a884', "
                 "4 '#7ad151', 5 '#fde725')\nset colorbox noborder\nset format cb '%%.3g'\n"
                 "plot $map using 2:3:4 with image, $train using 2:3 with points pointtype 7 pointsize 0.5 linecolor rgb '#101010', "
                 "$train using 2:3 with points pointtype 7 pointsize 0.3 linecolor rgb '#fefefe'\n");
}

static void describe(bnn_figure *figure, const bnn_schema *schema, bool is_model) {
    if (schema->n_classes > 0 && !is_model) {
        bnn_text_add(&figure->title, "Which class wins where");
        bnn_text_add(&figure->caption, "Each place has the colour of its most probable class; the fainter, the closer the "
                     "decision. Points are training rows.");
    } else if (is_model) {
        bnn_text_add(&figure->title, "What the model does not know");
        bnn_text_add(&figure->caption, "%s Bright: further data there would tell the model most. It should grow away from the "
                     "training rows (points).",
                     schema->n_classes > 0 ? "Mutual information between class and weights, in nats."
                                           : "Epistemic standard deviation, in units of the target.");
    } else {
        bnn_text_add(&figure->title, "What the net predicts");
        bnn_text_add(&figure->caption, "Predictive mean of %s. Points are training rows.", schema->target_names[0]);
    }
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_schema *schema = &run->run.model->schema;
    bnn_prediction *prediction = NULL;
    double x[GRID * GRID * 2];
    bool is_model = i == 1;
    (void)report;
    fill_grid(x, run->parts.train);
    bnn_status status = bnn_report_predict(&prediction, run, GRID * GRID, x);
    if (status != BNN_OK) return status;
    add_pixels(bnn_figure_sheet(figure), prediction, x, schema->n_classes > 0 && !is_model, is_model);
    add_data(bnn_figure_sheet(figure), run->parts.train);
    describe(figure, schema, is_model);
    bnn_figure_axes(figure, schema->feature_names[0], schema->feature_names[1]);
    bnn_text_add(&figure->script, "set autoscale fix\nset grid noxtics noytics\n");
    if (schema->n_classes > 0 && !is_model) plot_classes(figure, schema);
    else plot_numbers(figure);
    bnn_prediction_free(prediction);
    return BNN_OK;
}

const bnn_figure_row bnn_figure_map = { .name = "map", .count = count, .draw = draw };
