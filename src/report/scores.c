/* Metrics as cards, as a table and as JSON. */
#include "report/html.h"
#include "report/words.h"
#include "run/compare.h"

#include <math.h>
#include <string.h>

static bool fits(const bnn_metric *metric, const bnn_report_run *run) { return bnn_metric_fits(metric, run->prediction); }

/* The constant predictor has no intervals or sets of its own: NaN. */
static double baseline_of(const bnn_metric *metric, const bnn_report_run *run) {
    return bnn_metric_fits(metric, run->baseline) ? metric->score(run->baseline).value : NAN;
}

static void add_score(bnn_text *page, bnn_score score) { bnn_html_measured(page, score.value, score.se); }

void bnn_scores_put_cards(bnn_text *page, const bnn_report_run *run) {
    static const struct { const char *name, *words; } cards[] = {
        { "rmse", "root mean squared error" }, { "coverage_90", "of targets inside the 90 % band" }, { "accuracy", "of rows classified rightly" },
        { "ece", "calibration error" }, { "log_lik", "log likelihood, nats a row" },
    };
    bnn_text_add(page, "<ul class=\"scores\">\n");
    for (size_t c = 0; c < sizeof cards / sizeof *cards; c++)
        for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
            if (strcmp(metric->name, cards[c].name) != 0 || !fits(metric, run)) continue;
            bnn_text_add(page, "<li><b>");
            add_score(page, metric->score(run->prediction));
            bnn_text_add(page, "</b><span>%s</span></li>\n", cards[c].words);
        }
    bnn_text_add(page, "</ul>\n");
}

static void add_cell(bnn_text *page, const bnn_metric *metric, const bnn_report_run *run) {
    bnn_text_add(page, "<td>");
    if (fits(metric, run)) add_score(page, metric->score(run->prediction));
    bnn_text_add(page, "</td>");
}

static bool is_used(const bnn_metric *metric, const bnn_report *report) {
    for (size_t r = 0; r < report->n_runs; r++)
        if (fits(metric, &report->runs[r])) return true;
    return false;
}

static void add_heading(bnn_text *page, const bnn_report *report) {
    bnn_text_add(page, "<thead><tr><th scope=\"col\">metric</th>");
    for (size_t r = 0; r < report->n_runs; r++) {
        bnn_text_add(page, "<th scope=\"col\">");
        bnn_html_escape(page, report->n_runs == 1 ? "value" : report->runs[r].label);
        bnn_text_add(page, "</th>");
    }
    bnn_text_add(page, "<th scope=\"col\">constant predictor%s</th><th scope=\"col\" class=\"words\">what it is</th></tr></thead>\n",
                 report->n_runs == 1 ? "" : ", first run");
}

static bool has_other_rows(const bnn_report *report) {
    const bnn_dataset *first = report->runs[0].rows;
    bool is_other = false;
    for (size_t r = 1; r < report->n_runs; r++) {
        const bnn_dataset *rows = report->runs[r].rows;
        is_other = is_other || rows->n_rows != first->n_rows || strcmp(rows->path, first->path) != 0 || bnn_rows_differ(first, rows);
    }
    return is_other;
}

void bnn_scores_put_table(bnn_text *page, const bnn_report *report) {
    const bnn_report_run *first = &report->runs[0];
    bnn_text_add(page, "<div class=\"scroll\" tabindex=\"0\"><table>\n");
    add_heading(page, report);
    bnn_text_add(page, "<tbody>\n");
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!is_used(metric, report)) continue;
        bnn_text_add(page, "<tr><th scope=\"row\">%s</th>", metric->name);
        for (size_t r = 0; r < report->n_runs; r++) add_cell(page, metric, &report->runs[r]);
        bnn_text_add(page, "<td>");
        if (fits(metric, first)) bnn_html_number(page, baseline_of(metric, first));
        bnn_text_add(page, "</td><td class=\"words\">%s</td></tr>\n", metric->help);
    }
    bnn_text_add(page, "</tbody></table></div>\n");
    if (has_other_rows(report))
        bnn_text_add(page, "<p class=\"warning\"><b>Not the same rows.</b> Some of the runs are scored on other rows than the first: part of what "
                     "sets their figures apart is the choice of rows.</p>\n");
}

json_t *bnn_scores_json(const bnn_report_run *run) {
    json_t *scores = json_object();
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!fits(metric, run)) continue;
        bnn_score score = metric->score(run->prediction);
        json_object_set_new(scores, metric->name, json_pack("{s:o, s:o, s:o}", "value", bnn_json_number(score.value), "se",
                                                            bnn_json_number(score.se), "baseline",
                                                            bnn_json_number(baseline_of(metric, run))));
    }
    return scores;
}
