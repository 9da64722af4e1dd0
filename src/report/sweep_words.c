/* Head and summary of a sweep. */
#include "report/sweep_words.h"
#include "report/html.h"
#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_VALUES = 12, SHOWN_GROUPS = 100, SHORT_GROUPS = 20 };

/* ---- head ------------------------------------------------------------------------------------------------------------ */

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static void add_time(bnn_text *page, double seconds) {
    if (seconds < 120) bnn_text_add(page, "%.3g s", seconds);
    else if (seconds < 7200) bnn_text_add(page, "%.0f min", seconds / 60);
    else bnn_text_add(page, "%.1f h", seconds / 3600);
}

static void add_counts(bnn_text *page, const bnn_outcome *o) {
    double seconds = 0;
    for (size_t run = 0; run < o->n_runs; run++) seconds += isfinite(o->seconds.of_run[run]) ? o->seconds.of_run[run] : 0;
    bnn_text_add(page, "<p><b>%zu of %zu runs</b> finished", o->n_in_state[BNN_OUTCOME_FINISHED], o->n_runs);
    if (o->n_in_state[BNN_OUTCOME_FAILED] > 0) bnn_text_add(page, ", %zu failed", o->n_in_state[BNN_OUTCOME_FAILED]);
    if (o->n_in_state[BNN_OUTCOME_WAITING] > 0) bnn_text_add(page, ", %zu waiting", o->n_in_state[BNN_OUTCOME_WAITING]);
    bnn_text_add(page, ", in %zu group%s", o->n_groups, plural(o->n_groups));
    if (seconds > 0) {
        bnn_text_add(page, ". The runs took ");
        add_time(page, seconds);
        bnn_text_add(page, " in all, added up; ");
        add_time(page, o->processor_seconds);
        bnn_text_add(page, " of processor time");
    }
    bnn_text_add(page, ".</p>\n");
}

/* "0.1, 0.3, 1", of many values the first and the last ones. */
static void add_values(bnn_text *page, const bnn_outcome_key *key) {
    for (size_t v = 0; v < key->n; v++) {
        if (key->n > SHOWN_VALUES && v == SHOWN_VALUES - 1) bnn_text_add(page, ", ... ");
        if (key->n > SHOWN_VALUES && v >= SHOWN_VALUES - 1 && v < key->n - 1) continue;
        bnn_text_add(page, "%s", v > 0 && v < SHOWN_VALUES ? ", " : "");
        if (*key->values[v] == '\0') bnn_text_add(page, "<small>none</small>");
        else bnn_html_escape(page, key->values[v]);
    }
}

static void add_axes(bnn_text *page, const bnn_outcome *o) {
    if (o->n_keys == 0) return;
    bnn_text_add(page, "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">axis</th><th scope=\"col\">values</th>"
                 "<th scope=\"col\" class=\"words\"></th></tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < o->n_keys; k++) {
        const bnn_outcome_key *key = &o->keys[k];
        bnn_page_put(page, "<tr><th scope=\"row\">", key->name, "</th>");
        bnn_text_add(page, "<td>%zu</td><td class=\"words\">", key->n);
        add_values(page, key);
        bnn_text_add(page, "%s</td></tr>\n", key->is_replicate ? " <small>(replicates: averaged over)</small>" : "");
    }
    bnn_text_add(page, "</tbody></table></div>\n");
}

void bnn_sweep_put_head(bnn_text *page, const bnn_outcome *o) {
    bnn_text_add(page, "<header>\n<p class=\"kind\">Bayesian neural networks: a sweep</p>\n");
    bnn_page_put(page, "<h1>", o->name, "</h1>");
    add_counts(page, o);
    if (*o->baseline != '\0') bnn_page_put(page, "<p>Compared in pairs with the baseline <b>", o->baseline, "</b>.</p>");
    if (o->n_in_state[BNN_OUTCOME_WAITING] > 0)
        bnn_text_add(page, "<p class=\"warning\"><b>Not finished.</b> %zu of %zu runs are waiting, and this page shows those that are not: the sweep's "
                     "command goes on with them.</p>\n", o->n_in_state[BNN_OUTCOME_WAITING], o->n_runs);
    if (o->n_in_state[BNN_OUTCOME_FAILED] > 0)
        bnn_text_add(page, "<p class=\"warning\"><b>Failed.</b> %zu run%s missing from all means; the reasons stand <a href=\"#failed\">below</a>."
                     "</p>\n", o->n_in_state[BNN_OUTCOME_FAILED], o->n_in_state[BNN_OUTCOME_FAILED] == 1 ? " is" : "s are");
    add_axes(page, o);
    bnn_text_add(page, "</header>\n");
}

/* ---- summary --------------------------------------------------------------------------------------------------------- */

static const bnn_panel *panel_of(const bnn_outcome *o, size_t group) {
    for (size_t p = 0; p < o->n_panels; p++)
        for (size_t i = 0; i < o->panels[p].n; i++)
            if (o->panels[p].groups[i] == group) return &o->panels[p];
    return &o->panels[0];
}

static bool is_best(const bnn_outcome_metric *metric, const bnn_panel *panel, size_t group) {
    if (metric->sign == 0 || metric->mean[group].n == 0 || panel->n < 2) return false;
    for (size_t i = 0; i < panel->n; i++) {
        const bnn_outcome_mean *other = &metric->mean[panel->groups[i]];
        if (other->n > 0 && metric->sign * (other->value - metric->mean[group].value) > 0) return false;
    }
    return true;
}

static void add_heading(bnn_text *page, const bnn_outcome *o) {
    bnn_text_add(page, "<thead><tr>");
    for (size_t k = 0; k < o->n_keys; k++)
        if (!o->keys[k].is_replicate) bnn_page_put(page, "<th scope=\"col\">", o->keys[k].word, "</th>");
    bnn_text_add(page, "<th scope=\"col\">runs</th>");
    for (size_t m = 0; m < o->n_metrics; m++)
        if (o->metrics[m].is_shown) bnn_page_put(page, "<th scope=\"col\">", o->metrics[m].name, "</th>");
    bnn_text_add(page, "</tr></thead>\n");
}

static size_t count_finished(const bnn_outcome *o, size_t group) {
    size_t n = 0;
    for (size_t run = 0; run < o->n_runs; run++) n += o->group_of[run] == group && o->states[run] == BNN_OUTCOME_FINISHED;
    return n;
}

static const char *value_or_dash(const char *value) { return *value == '\0' ? "\xe2\x80\x93" : value; }

static void add_group(bnn_text *page, const bnn_outcome *o, size_t group) {
    const bnn_panel *panel = panel_of(o, group);
    bnn_text_add(page, "<tr>");
    for (size_t k = 0; k < o->n_keys; k++)
        if (!o->keys[k].is_replicate) bnn_page_put(page, "<th scope=\"row\">", value_or_dash(bnn_outcome_value(&o->keys[k], o, group)), "</th>");
    bnn_text_add(page, "<td>%zu</td>", count_finished(o, group));
    for (size_t m = 0; m < o->n_metrics; m++) {
        const bnn_outcome_mean *mean = &o->metrics[m].mean[group];
        if (!o->metrics[m].is_shown) continue;
        bool is_bold = is_best(&o->metrics[m], panel, group);
        bnn_text_add(page, "<td>%s", is_bold ? "<b>" : "");
        bnn_html_measured(page, mean->value, mean->se);
        bnn_text_add(page, "%s</td>", is_bold ? "</b>" : "");
    }
    bnn_text_add(page, "</tr>\n");
}

/* The metric that a long summary is sorted by: the first shown with a better side, or NULL. */
static const bnn_outcome_metric *find_leading(const bnn_outcome *o) {
    for (size_t m = 0; m < o->n_metrics; m++)
        if (o->metrics[m].is_shown && o->metrics[m].sign != 0) return &o->metrics[m];
    return NULL;
}

static int compare(const void *a, const void *b, void *context) {
    const bnn_outcome_metric *metric = context;
    size_t g = *(const size_t *)a, h = *(const size_t *)b;
    double x = metric->mean[g].n > 0 ? metric->sign * metric->mean[g].value : -INFINITY;
    double y = metric->mean[h].n > 0 ? metric->sign * metric->mean[h].value : -INFINITY;
    return x > y ? -1 : x < y ? 1 : g < h ? -1 : 1;
}

/* In the order of the sweep if all are shown, else the best. */
static void add_groups(bnn_text *page, const bnn_outcome *o, size_t n, const bnn_outcome_metric *leading) {
    size_t *order = calloc(o->n_groups + 1, sizeof *order);
    page->has_failed |= order == NULL;
    if (order == NULL) return;
    for (size_t g = 0; g < o->n_groups; g++) order[g] = g;
    if (n < o->n_groups && leading != NULL) qsort_r(order, o->n_groups, sizeof *order, compare, (void *)leading);
    for (size_t i = 0; i < n; i++) add_group(page, o, order[i]);
    free(order);
}

void bnn_sweep_put_summary(bnn_text *page, const bnn_outcome *o) {
    size_t n = o->n_groups < SHOWN_GROUPS ? o->n_groups : SHOWN_GROUPS;
    const bnn_outcome_metric *leading = find_leading(o);
    bool is_long = n > SHORT_GROUPS;
    bnn_text_add(page, "<h2>Summary</h2>\n<p>Means over runs with standard errors over them; the best mean of each %s in bold.</p>\n%s"
                 "<div class=\"scroll\" tabindex=\"0\"><table id=\"summary\">\n",
                 o->n_panels > 1 ? "data set" : "metric", is_long ? "<details><summary>Table of the groups</summary>\n" : "");
    add_heading(page, o);
    bnn_text_add(page, "<tbody>\n");
    add_groups(page, o, n, leading);
    bnn_text_add(page, "</tbody></table></div>\n");
    if (is_long) bnn_text_add(page, "</details>\n");
    if (n < o->n_groups)
        bnn_text_add(page, "<p class=\"more\">%zu of %zu groups, by %s; summary.csv and the JSON at the end of this page have all of them.</p>\n",
                     n, o->n_groups, leading == NULL ? "the order of the sweep" : leading->name);
}
