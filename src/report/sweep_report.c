/* The page of a sweep: head, summary, the pictures of each metric, values chosen, times, failures, runs, and all numbers once more as
 * JSON. */
#include "report/report.h"
#include "base/fail.h"
#include "report/html.h"
#include "report/page.h"
#include "report/sweep_figure.h"
#include "report/sweep_words.h"
#include "run/folder.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PANELS = 12 };

/* Where the next figure goes, and how many of each kind there are. */
typedef struct sweep_page { bnn_text text; const bnn_outcome *outcome; json_t *figures; size_t n_metrics; } sweep_page;

static bnn_status put_figure(sweep_page *p, json_t *json, const bnn_sweep_figure_row *row, const bnn_sweep_view *view, size_t i,
                             size_t number) {
    bnn_figure figure = {0};
    char prefix[64];
    snprintf(prefix, sizeof prefix, "m%zu-%s-%zu", p->n_metrics, row->name, number + 1);
    row->draw(&figure, view, i);
    return bnn_figure_end(&p->text, json, &figure, &(bnn_figure_place){ .name = row->name, .prefix = prefix, .i = number });
}

/* Kind by kind, so that the panels of one kind stand side by side. */
static bnn_status put_kind(sweep_page *p, json_t *json, const bnn_sweep_figure_row *row, const bnn_outcome_metric *metric) {
    const bnn_outcome *o = p->outcome;
    size_t number = 0;
    bnn_status status = BNN_OK;
    for (size_t panel = 0; panel < o->n_panels && panel < MAX_PANELS; panel++) {
        const bnn_sweep_view view = { o, metric, &o->panels[panel] };
        size_t n = row->count(&view);
        for (size_t i = 0; i < n && status == BNN_OK; i++) status = put_figure(p, json, row, &view, i, number++);
    }
    return status;
}

static bnn_status put_metric(sweep_page *p, const bnn_outcome_metric *metric) {
    static const char *const sides[] = { ": less is better</h2>", "</h2>", ": more is better</h2>" };
    json_t *json = json_object();
    bnn_status status = BNN_OK;
    p->n_metrics++;
    bnn_page_put(&p->text, "<h2>", metric->name, sides[metric->sign + 1]);
    if (p->outcome->n_panels > MAX_PANELS)
        bnn_text_add(&p->text, "<p class=\"more\">The first %d of %zu data sets.</p>\n", MAX_PANELS, p->outcome->n_panels);
    bnn_text_add(&p->text, "<div class=\"figures\">\n");
    for (size_t k = 0; bnn_sweep_figures[k] != NULL && status == BNN_OK; k++) status = put_kind(p, json, bnn_sweep_figures[k], metric);
    bnn_text_add(&p->text, "</div>\n");
    json_object_set_new(p->figures, metric->name, json);
    return status;
}

static bnn_status put_metrics(sweep_page *p) {
    const bnn_outcome *o = p->outcome;
    bnn_status status = BNN_OK;
    for (size_t m = 0; m < o->n_metrics && status == BNN_OK; m++)
        if (o->metrics[m].is_shown) status = put_metric(p, &o->metrics[m]);
    return status;
}

/* All groups in one picture: seconds are seconds on any data. */
static bnn_status put_times(sweep_page *p) {
    const bnn_outcome *o = p->outcome;
    size_t *groups = calloc(o->n_groups + 1, sizeof *groups);
    const bnn_panel all = { .title = "", .n = o->n_groups, .groups = groups, .is_whole = true };
    const bnn_sweep_view view = { o, &o->seconds, &all };
    bnn_status status = groups == NULL ? BNN_FAIL_MEMORY("the times of a sweep") : BNN_OK;
    for (size_t g = 0; groups != NULL && g < o->n_groups; g++) groups[g] = g;
    p->n_metrics++;
    if (status == BNN_OK && bnn_sweep_figures[0]->count(&view) > 0) {
        bnn_text_add(&p->text, "<h2>Time of a run</h2>\n<div class=\"figures\">\n");
        json_t *json = json_object();
        json_object_set_new(p->figures, "seconds", json);
        status = put_figure(p, json, bnn_sweep_figures[0], &view, 0, 0);
        bnn_text_add(&p->text, "</div>\n");
    }
    free(groups);
    return status;
}

static bnn_status put_page(bnn_text *page, const bnn_outcome *o, bool has_links) {
    json_t *json = bnn_sweep_json(o), *figures = json_object();
    sweep_page p = { .outcome = o, .figures = figures };
    json_object_set_new(json, "figures", figures);
    bnn_page_open(&p.text, o->name);
    bnn_sweep_put_head(&p.text, o);
    if (o->n_in_state[BNN_OUTCOME_FINISHED] > 0) bnn_sweep_put_summary(&p.text, o);
    bnn_status status = put_metrics(&p);
    bnn_sweep_put_tuned(&p.text, json, o);
    if (status == BNN_OK) status = put_times(&p);
    bnn_sweep_put_failures(&p.text, o);
    bnn_sweep_put_runs(&p.text, o, has_links);
    bnn_page_close(&p.text, json);
    if (status == BNN_OK && (p.text.has_failed || json == NULL)) status = BNN_FAIL_MEMORY("the report");
    json_decref(json);
    *page = p.text;
    return status;
}

bnn_status bnn_report_write_sweep(const char *folder, const char *output, const bnn_outcome_lore *lore, char **path) {
    bnn_outcome outcome = {0};
    bnn_text page = {0};
    char *target = output != NULL ? strdup(output) : bnn_folder_join(folder, "report.html");
    bnn_status status = target == NULL ? BNN_FAIL_MEMORY("a file name") : bnn_outcome_read(&outcome, folder, lore);
    if (status == BNN_OK) status = put_page(&page, &outcome, output == NULL);
    if (status == BNN_OK) status = bnn_file_write(target, page.at, page.length);
    if (status == BNN_OK && path != NULL) {
        *path = target;
        target = NULL;
    }
    free(target);
    bnn_text_free(&page);
    bnn_outcome_free(&outcome);
    return status;
}
