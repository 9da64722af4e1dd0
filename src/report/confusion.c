/* Which classes are taken for which: a table whose cells are the darker the more of their row they hold. */
#include "predict/confusion.h"
#include "report/figure.h"
#include "report/html.h"

enum { MAX_CLASSES = 30 };

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->prediction->n_classes > 0 && run->prediction->n_classes <= MAX_CLASSES;
}

static void add_heading(bnn_text *html, const char *scope, const char *name) {
    bnn_text_add(html, "<th scope=\"%s\">", scope);
    bnn_html_escape(html, name);
    bnn_text_add(html, "</th>");
}

static void add_row(bnn_text *html, const bnn_confusion *c, const bnn_prediction *p, size_t truth) {
    const double *row = c->count + truth * c->n_classes;
    double sum = 0;
    for (size_t k = 0; k < c->n_classes; k++) sum += row[k];
    bnn_text_add(html, "<tr>");
    add_heading(html, "row", p->class_names[truth]);
    for (size_t k = 0; k < c->n_classes; k++) {
        bnn_text_add(html, "<td class=\"%s\" style=\"--v:%.3f\">", k == truth ? "hit" : "miss", sum > 0 ? row[k] / sum : 0);
        if (row[k] > 0) bnn_html_number(html, row[k]);
        bnn_text_add(html, "</td>");
    }
    bnn_text_add(html, "</tr>\n");
}

static void add_table(bnn_text *html, const bnn_confusion *c, const bnn_prediction *p) {
    bnn_text_add(html, "<div class=\"scroll\" tabindex=\"0\"><table class=\"confusion\"><thead><tr><th scope=\"col\">truth</th>");
    for (size_t k = 0; k < c->n_classes; k++) add_heading(html, "col", p->class_names[k]);
    bnn_text_add(html, "</tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < c->n_classes; k++) add_row(html, c, p, k);
    bnn_text_add(html, "</tbody></table></div>\n");
}

static void add_classes(bnn_sheet *sheet, const bnn_confusion *c, const bnn_prediction *p) {
    BNN_SHEET(sheet, "classes", "recall", "precision", "brier");
    sheet->label_heading = "class";
    for (size_t k = 0; k < c->n_classes; k++) BNN_NAMED_ROW(sheet, p->class_names[k], c->recall[k], c->precision[k], c->brier[k]);
}

static void add_counts(bnn_sheet *sheet, const bnn_confusion *c) {
    sheet->is_hidden = true;
    BNN_SHEET(sheet, "counts", "true class", "taken for", "rows");
    for (size_t i = 0; i < c->n_classes * c->n_classes; i++)
        BNN_ROW(sheet, (double)(i / c->n_classes), (double)(i % c->n_classes), c->count[i]);
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_confusion confusion = {0};
    bnn_status status = bnn_confusion_make(&confusion, run->prediction);
    (void)report, (void)i;
    if (status == BNN_OK) {
        add_table(&figure->html, &confusion, run->prediction);
        add_classes(bnn_figure_sheet(figure), &confusion, run->prediction);
        add_counts(bnn_figure_sheet(figure), &confusion);
    }
    bnn_text_add(&figure->title, "Which classes are taken for which");
    bnn_text_add(&figure->caption, "Each line holds the rows of one true class, each column what they were taken for. Blue, on "
                 "the diagonal: right; orange: wrong.");
    bnn_confusion_free(&confusion);
    return status;
}

const bnn_figure_row bnn_figure_confusion = { .name = "confusion", .count = count, .draw = draw };
