/* The 25 images the net is least sure of, by entropy, with what it takes them for. */
#include "report/figure.h"
#include "report/html.h"
#include "report/png.h"

#include <gsl/gsl_sort.h>

enum { IMAGES = 25, GUESSES = 3, MAX_SHOWN = BNN_SHEET_COLUMNS - 1 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->rows->schema.image_rows > 0 && run->rows->x_bytes != NULL && run->prediction->n_classes > 0;
}

/* Classes of row i by falling probability. */
static void rank_classes(const bnn_prediction *p, size_t i, size_t guesses[GUESSES]) {
    gsl_sort_largest_index(guesses, p->n_classes < GUESSES ? p->n_classes : GUESSES, p->p + i * p->n_classes, 1, p->n_classes);
}

static void add_guess(bnn_text *html, const bnn_prediction *p, size_t i, size_t k) {
    double probability = p->p[i * p->n_classes + k];
    bnn_text_add(html, "<span class=\"%s\" style=\"--p:%.3f\"><b>", (double)k == p->target[i] ? "bar right" : "bar", probability);
    bnn_html_escape(html, p->class_names[k]);
    bnn_text_add(html, "</b> %.0f %%</span>", 100 * probability);
}

static void add_image(bnn_text *html, const bnn_dataset *rows, const bnn_prediction *p, size_t i) {
    const char *truth = p->class_names[(size_t)p->target[i]];
    size_t guesses[GUESSES] = {0};
    rank_classes(p, i, guesses);
    bnn_text_add(html, "<li><img alt=\"row %zu, in truth ", i);
    bnn_html_escape(html, truth);
    bnn_text_add(html, "\" src=\"");
    bnn_png_embed(html, rows->schema.image_rows, rows->schema.image_cols, rows->x_bytes + i * rows->schema.n_features);
    bnn_text_add(html, "\"><div>");
    for (size_t g = 0; g < GUESSES && g < p->n_classes; g++) add_guess(html, p, i, guesses[g]);
    bnn_text_add(html, "</div><small>row %zu, in truth <b>", i);
    bnn_html_escape(html, truth);
    bnn_text_add(html, "</b></small></li>\n");
}

/* Truth, entropy and the probabilities of the classes, as many as there is room for. */
static void add_rows(bnn_sheet *sheet, const bnn_prediction *p, size_t n, const size_t *rows) {
    size_t n_shown = p->n_classes < MAX_SHOWN ? p->n_classes : MAX_SHOWN;
    const char *headings[BNN_SHEET_COLUMNS] = { "entropy" };
    for (size_t k = 0; k < n_shown; k++) headings[1 + k] = p->class_names[k];
    bnn_sheet_start(sheet, "images", 1 + n_shown, headings);
    sheet->label_heading = "row: truth";
    for (size_t r = 0; r < n; r++) {
        double row[BNN_SHEET_COLUMNS] = { p->entropy[rows[r]] };
        bnn_text label = {0};
        for (size_t k = 0; k < n_shown; k++) row[1 + k] = p->p[rows[r] * p->n_classes + k];
        bnn_text_add(&label, "%zu: %s", rows[r], p->class_names[(size_t)p->target[rows[r]]]);
        bnn_sheet_add(sheet, label.at, row);
        bnn_text_free(&label);
    }
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_prediction *p = run->prediction;
    size_t rows[IMAGES], n = p->n_rows < IMAGES ? p->n_rows : IMAGES;
    (void)report, (void)i;
    gsl_sort_largest_index(rows, n, p->entropy, 1, p->n_rows);
    bnn_text_add(&figure->title, "The %zu images the net is least sure of", n);
    bnn_text_add(&figure->caption, "Highest entropy first, of the %zu %s rows; beside each the most probable classes, the true "
                 "one in green.", p->n_rows,
                 run->split);
    bnn_text_add(&figure->html, "<ul class=\"images\">\n");
    for (size_t r = 0; r < n; r++) add_image(&figure->html, run->rows, p, rows[r]);
    bnn_text_add(&figure->html, "</ul>\n");
    add_rows(bnn_figure_sheet(figure), p, n, rows);
    return BNN_OK;
}

const bnn_figure_row bnn_figure_images = { .name = "images", .is_wide = true, .count = count, .draw = draw };
