/* From a row of the list of figures to a <figure> on the page. */
#include "report/figure.h"
#include "base/fail.h"
#include "report/html.h"
#include "report/plot.h"

#include <assert.h>

/* Greys and black are turned into the page's own by its style sheet (style.c). */
static const char preamble[] =
    "set encoding utf8\n"
    "set border 3 linewidth 1 linecolor rgb '#8a8a8a'\n"
    "set tics nomirror scale 0.4 textcolor rgb '#5b6672'\n"
    "set grid linewidth 1 linetype 1 linecolor rgb '#e2e2e2'\n"
    "set key outside top center horizontal Left reverse samplen 1.5 width 1\n"
    "set style fill solid 1 noborder\n"
    "set datafile missing 'NaN'\n";

bnn_sheet *bnn_figure_sheet(bnn_figure *figure) {
    assert(figure->n_sheets < BNN_FIGURE_SHEETS);
    return &figure->sheets[figure->n_sheets++];
}

const char *bnn_figure_colour(size_t i) {
    static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9" };
    return colours[i % (sizeof colours / sizeof *colours)];
}

void bnn_figure_axes(bnn_figure *figure, const char *x_label, const char *y_label) {
    bnn_text_add(&figure->script, "set xlabel ");
    bnn_plot_quote(&figure->script, x_label);
    bnn_text_add(&figure->script, " offset 0,0.4\nset ylabel ");
    bnn_plot_quote(&figure->script, y_label);
    bnn_text_add(&figure->script, " offset 0.8,0\n");
}

void bnn_figure_free(bnn_figure *figure) {
    for (size_t t = 0; t < figure->n_sheets; t++) bnn_sheet_free(&figure->sheets[t]);
    bnn_text_free(&figure->title);
    bnn_text_free(&figure->caption);
    bnn_text_free(&figure->script);
    bnn_text_free(&figure->html);
}

static bool has_failed(const bnn_figure *figure) {
    bool failed = figure->title.has_failed || figure->caption.has_failed || figure->script.has_failed || figure->html.has_failed;
    for (size_t t = 0; t < figure->n_sheets; t++) failed |= figure->sheets[t].has_failed;
    return failed;
}

static bnn_status put_picture(bnn_text *page, const bnn_figure *figure, const char *prefix) {
    bnn_text script = {0}, svg = {0};
    bnn_text_add(&script, "set terminal svg size %d,%d font 'Arial,13' noenhanced linewidth 1\n%s",
                 figure->width > 0 ? figure->width : BNN_FIGURE_WIDTH, figure->height > 0 ? figure->height : BNN_FIGURE_HEIGHT, preamble);
    for (size_t t = 0; t < figure->n_sheets; t++) bnn_sheet_plot(&figure->sheets[t], &script);
    bnn_text_add(&script, "%s", figure->script.at);
    bnn_status status = script.has_failed ? BNN_FAIL_MEMORY("a figure") : bnn_plot_run(&svg, script.at);
    if (status == BNN_OK) bnn_svg_embed(page, svg.at, prefix, figure->title.at, figure->caption.at);
    bnn_text_free(&svg);
    bnn_text_free(&script);
    return status;
}

static void put_tables(bnn_text *page, const bnn_figure *figure) {
    size_t n_shown = 0;
    for (size_t t = 0; t < figure->n_sheets; t++) n_shown += !figure->sheets[t].is_hidden;
    if (n_shown == 0) return;
    bnn_text_add(page, "<details><summary>Numbers</summary>\n");
    for (size_t t = 0; t < figure->n_sheets; t++)
        if (!figure->sheets[t].is_hidden) bnn_sheet_html(&figure->sheets[t], page);
    bnn_text_add(page, "</details>\n");
}

static bnn_status put_figure(bnn_text *page, const bnn_figure *figure, bool is_wide, const char *prefix) {
    bnn_status status = BNN_OK;
    bnn_text_add(page, "<figure id=\"%s\"%s>\n<h3>", prefix, is_wide ? " class=\"wide\"" : "");
    bnn_html_escape(page, figure->title.at);
    bnn_text_add(page, "</h3>\n");
    if (figure->script.length > 0) status = put_picture(page, figure, prefix);
    if (figure->html.length > 0) bnn_text_add(page, "%s", figure->html.at);
    bnn_text_add(page, "<figcaption>");
    bnn_html_escape(page, figure->caption.at);
    bnn_text_add(page, "</figcaption>\n");
    put_tables(page, figure);
    bnn_text_add(page, "</figure>\n");
    return status;
}

static void put_json(json_t *json, const bnn_figure *figure, const char *name, size_t i) {
    char key[64];
    json_t *tables = json_object();
    snprintf(key, sizeof key, i == 0 ? "%s" : "%s-%zu", name, i + 1);
    for (size_t t = 0; t < figure->n_sheets; t++) json_object_set_new(tables, figure->sheets[t].name, bnn_sheet_json(&figure->sheets[t]));
    json_object_set_new(json, key, json_pack("{s:o, s:o}", "title", bnn_json_text(figure->title.at), "tables", tables));
}

bnn_status bnn_figure_end(bnn_text *page, json_t *json, bnn_figure *figure, const bnn_figure_place *place) {
    bnn_status status = has_failed(figure) ? BNN_FAIL_MEMORY("a figure") : put_figure(page, figure, place->is_wide, place->prefix);
    if (status == BNN_OK) put_json(json, figure, place->name, place->i);
    bnn_figure_free(figure);
    return status;
}

bnn_status bnn_figure_put(bnn_text *page, json_t *json, const bnn_figure_row *row, const bnn_report *report, const bnn_report_run *run,
                          size_t i, const char *prefix) {
    bnn_figure figure = {0};
    bnn_status status = row->draw(&figure, report, run, i);
    if (status == BNN_OK) return bnn_figure_end(page, json, &figure, &(bnn_figure_place){ row->name, prefix, i, row->is_wide });
    bnn_figure_free(&figure);
    return status;
}
