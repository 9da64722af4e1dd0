/* The page: head, words, scores, figures, configuration, and all numbers once more as JSON. */
#include "report/report.h"
#include "base/fail.h"
#include "report/figure.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"
#include "run/folder.h"

#include <stdlib.h>
#include <string.h>

static void open_page(bnn_text *page, const bnn_report *report) {
    bnn_text title = {0};
    bnn_text_add(&title, "%s", report->runs[0].label);
    if (report->n_runs > 1) bnn_text_add(&title, " and %zu more", report->n_runs - 1);
    page->has_failed |= title.has_failed;
    bnn_page_open(page, title.at == NULL ? "" : title.at);
    bnn_text_free(&title);
}

/* The figures that are shared by all runs (is_shared), or those of one. */
static bnn_status put_figures(bnn_text *page, json_t *json, const bnn_report *report, size_t r, bool is_shared) {
    const bnn_report_run *run = &report->runs[r];
    bnn_status status = BNN_OK;
    bnn_text_add(page, "<div class=\"figures\">\n");
    for (size_t k = 0; bnn_figures[k] != NULL; k++) {
        const bnn_figure_row *row = bnn_figures[k];
        size_t n = row->is_shared == is_shared ? row->count(report, run) : 0;
        for (size_t i = 0; i < n && status == BNN_OK; i++) {
            char prefix[64];
            snprintf(prefix, sizeof prefix, "f%zu-%s-%zu", is_shared ? 0 : r + 1, row->name, i + 1);
            status = bnn_figure_put(page, json, row, report, run, i, prefix);
        }
    }
    bnn_text_add(page, "</div>\n");
    return status;
}

static void put_log(bnn_text *page, const bnn_report_run *run) {
    bnn_page_put(page, "<details><summary>Configuration, with every key resolved</summary>\n<pre>", run->config, "</pre></details>");
    if (run->log[0] != '\0') bnn_page_put(page, "<details><summary>What was said while training</summary>\n<pre>", run->log, "</pre></details>");
}

/* Training curves belong to the one run of a page; of several they stand above them all. */
static bnn_status put_run(bnn_text *page, json_t *json, json_t *shared, const bnn_report *report, size_t r) {
    const bnn_report_run *run = &report->runs[r];
    json_t *figures = json_object();
    json_array_append_new(json, json_pack("{s:o, s:s, s:I, s:o, s:o}", "run", bnn_json_text(run->label), "split", run->split, "rows",
                                          (json_int_t)run->rows->n_rows, "metrics", bnn_scores_json(run), "figures", figures));
    if (report->n_runs > 1) {
        bnn_page_put(page, "<h2>", run->label, "</h2>");
        bnn_words_put(page, run);
    }
    bnn_status status = put_figures(page, figures, report, r, false);
    if (status == BNN_OK && report->n_runs == 1) status = put_figures(page, shared, report, r, true);
    put_log(page, run);
    return status;
}

static void put_head(bnn_text *page, const bnn_report *report) {
    bnn_text_add(page, "<header>\n<p class=\"kind\">Bayesian neural network%s</p>\n", report->n_runs > 1 ? "s side by side" : "");
    bnn_text_add(page, "<h1>");
    for (size_t r = 0; r < report->n_runs; r++) bnn_page_put(page, r == 0 ? "" : " &middot; ", report->runs[r].label, "");
    bnn_text_add(page, "</h1>\n");
    if (report->n_runs == 1) {
        bnn_words_put(page, &report->runs[0]);
        bnn_scores_put_cards(page, &report->runs[0]);
    }
    bnn_text_add(page, "</header>\n");
}

static void put_scores(bnn_text *page, const bnn_report *report) {
    if (report->n_runs > 1) bnn_text_add(page, "<h2>Scores</h2>\n");
    else bnn_text_add(page, "<details class=\"all\"><summary>All scores, with standard errors</summary>\n");
    bnn_scores_put_table(page, report);
    if (report->n_runs == 1) bnn_text_add(page, "</details>\n");
}

static bnn_status put_page(bnn_text *page, const bnn_report *report) {
    json_t *runs = json_array(), *shared = json_object(), *json = json_pack("{s:o, s:o}", "runs", runs, "shared", shared);
    bnn_status status = BNN_OK;
    open_page(page, report);
    put_head(page, report);
    put_scores(page, report);
    if (report->n_runs > 1) status = put_figures(page, shared, report, 0, true);
    for (size_t r = 0; r < report->n_runs && status == BNN_OK; r++) status = put_run(page, runs, shared, report, r);
    if (status == BNN_OK) bnn_page_close(page, json);
    if (status == BNN_OK && (page->has_failed || json == NULL)) status = BNN_FAIL_MEMORY("the report");
    json_decref(json);
    return status;
}

static char *path_of(const bnn_report_request *request) {
    if (request->output != NULL) return strdup(request->output);
    return request->n_runs == 1 ? bnn_folder_join(request->runs[0], "report.html") : strdup("report.html");
}

bnn_status bnn_report_write(const bnn_report_request *request, char **path) {
    bnn_report report = {0};
    bnn_text page = {0};
    char *target = path_of(request);
    bnn_status status = target == NULL ? BNN_FAIL_MEMORY("a file name") : bnn_report_gather(&report, request);
    if (status == BNN_OK) status = put_page(&page, &report);
    if (status == BNN_OK) status = bnn_file_write(target, page.at, page.length);
    if (status == BNN_OK && path != NULL) {
        *path = target;
        target = NULL;
    }
    free(target);
    bnn_text_free(&page);
    bnn_report_free(&report);
    return status;
}
