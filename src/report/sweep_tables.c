/* What stands below the pictures of a sweep: values chosen, failures, all runs; and its numbers as JSON. */
#include "report/html.h"
#include "report/page.h"
#include "report/sweep_words.h"
#include "run/folder.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_GROUPS = 100, SHOWN_RUNS = 2000 };

/* ---- values chosen --------------------------------------------------------------------------------------------------- */

static const char *state_name(bnn_outcome_state state) {
    static const char *const names[] = { "finished", "failed", "waiting" };
    return names[state];
}

/* group n_groups: of all of them. */
static size_t count_chosen(const bnn_outcome *o, const bnn_outcome_key *key, size_t v, size_t group) {
    size_t n = 0;
    for (size_t run = 0; run < o->n_runs; run++)
        n += o->states[run] == BNN_OUTCOME_FINISHED && key->of_run[run] == v && (group == o->n_groups || o->group_of[run] == group);
    return n;
}

/* The values in order: numbers by size, words as they came. */
static void order_values(size_t *order, const bnn_outcome_key *key) {
    for (size_t v = 0; v < key->n; v++) {
        size_t at = v;
        while (key->numbers != NULL && at > 0 && key->numbers[order[at - 1]] > key->numbers[v]) at--;
        memmove(order + at + 1, order + at, (v - at) * sizeof *order);
        order[at] = v;
    }
}

static void add_name(bnn_text *page, const bnn_outcome *o, size_t group) {
    bnn_text name = {0};
    bnn_outcome_label(&name, o, &(bnn_panel){ .is_whole = true }, group, o->n_keys);
    bnn_page_put(page, "<tr><th scope=\"row\">", name.at, "</th>");
    bnn_text_free(&name);
}

static void add_row(bnn_text *page, const bnn_outcome *o, const bnn_outcome_key *key, const size_t *order, size_t group) {
    double all = 0;
    if (group == o->n_groups) bnn_text_add(page, "<tr><th scope=\"row\">all runs</th>");
    else add_name(page, o, group);
    for (size_t v = 0; v < key->n; v++) all += *key->values[v] == '\0' ? 0 : (double)count_chosen(o, key, v, group);
    for (size_t i = 0; i < key->n; i++) {
        if (*key->values[order[i]] == '\0') continue;
        size_t n = count_chosen(o, key, order[i], group);
        bnn_text_add(page, "<td%s style=\"--v:%.2f\">%zu</td>", n > 0 ? " class=\"hit\"" : "", all > 0 ? (double)n / all : 0, n);
    }
    bnn_text_add(page, "</tr>\n");
}

static void put_key(bnn_text *page, json_t *json, const bnn_outcome *o, const bnn_outcome_key *key, const size_t *order) {
    json_t *counts = json_object();
    bnn_page_put(page, "<div class=\"scroll\" tabindex=\"0\"><table class=\"confusion\">\n<thead><tr><th scope=\"col\">", key->name, "</th>");
    for (size_t i = 0; i < key->n; i++) {
        const char *value = key->values[order[i]];
        if (*value == '\0') continue;
        bnn_page_put(page, "<th scope=\"col\">", value, "</th>");
        json_object_set_new(counts, value, json_integer((json_int_t)count_chosen(o, key, order[i], o->n_groups)));
    }
    bnn_text_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t g = 0; o->n_groups > 1 && g < o->n_groups && g < SHOWN_GROUPS; g++) add_row(page, o, key, order, g);
    add_row(page, o, key, order, o->n_groups);
    bnn_text_add(page, "</tbody></table></div>\n");
    json_object_set_new(json, key->name, counts);
}

void bnn_sweep_put_tuned(bnn_text *page, json_t *json, const bnn_outcome *o) {
    json_t *tuned = json_object();
    if (o->n_tuned > 0)
        bnn_text_add(page, "<h2>Values chosen by tuning</h2>\n<p>How many runs of each group chose which value inside their training part. Where the "
                     "first or last of a row of numbers is chosen most, the best may lie beyond what was offered.</p>\n");
    for (size_t t = 0; t < o->n_tuned; t++) {
        size_t *order = calloc(o->tuned[t].n + 1, sizeof *order);
        page->has_failed |= order == NULL;
        if (order != NULL) {
            order_values(order, &o->tuned[t]);
            put_key(page, tuned, o, &o->tuned[t], order);
        }
        free(order);
    }
    json_object_set_new(json, "tuned", tuned);
}

/* ---- runs ------------------------------------------------------------------------------------------------------------ */

void bnn_sweep_put_failures(bnn_text *page, const bnn_outcome *o) {
    if (o->n_in_state[BNN_OUTCOME_FAILED] == 0) return;
    bnn_text_add(page, "<h2 id=\"failed\">Failed runs</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">run</th>"
                 "<th scope=\"col\" class=\"words\">why</th></tr></thead>\n<tbody>\n");
    for (size_t run = 0; run < o->n_runs; run++) {
        if (o->reasons[run] == NULL) continue;
        bnn_page_put(page, "<tr><th scope=\"row\">", o->runs[run], "</th>");
        bnn_page_put(page, "<td class=\"words\">", o->reasons[run], "</td></tr>");
    }
    bnn_text_add(page, "</tbody></table></div>\n");
}

static bool has_report(const bnn_outcome *o, size_t run) {
    char *folder = bnn_folder_join(o->folder, o->runs[run]), *path = folder == NULL ? NULL : bnn_folder_join(folder, "report.html");
    bool is_there = path != NULL && access(path, F_OK) == 0;
    free(path);
    free(folder);
    return is_there;
}

/* A path from the page's own folder: "./" so that no name is taken for a scheme, anything unusual by its bytes. */
static void add_link(bnn_text *page, const char *run) {
    bnn_text_add(page, "<a href=\"./");
    for (const char *at = run; *at != '\0'; at++) {
        bool is_plain = isalnum((unsigned char)*at) || strchr("._+-:,=", *at) != NULL;
        bnn_text_add(page, is_plain ? "%c" : "%%%02X", (unsigned char)*at);
    }
    bnn_text_add(page, "/report.html\">");
    bnn_html_escape(page, run);
    bnn_text_add(page, "</a>");
}

static void add_run(bnn_text *page, const bnn_outcome *o, size_t run, bool has_links) {
    bnn_text_add(page, "<tr><th scope=\"row\">");
    if (has_links && has_report(o, run)) add_link(page, o->runs[run]);
    else bnn_html_escape(page, o->runs[run]);
    bnn_text_add(page, "</th><td>%s</td>", state_name(o->states[run]));
    for (size_t m = 0; m < o->n_metrics; m++) {
        if (!o->metrics[m].is_shown) continue;
        bnn_text_add(page, "<td>");
        bnn_html_number(page, o->metrics[m].of_run[run]);
        bnn_text_add(page, "</td>");
    }
    bnn_text_add(page, "<td>");
    bnn_html_number(page, o->seconds.of_run[run]);
    bnn_text_add(page, "</td></tr>\n");
}

void bnn_sweep_put_runs(bnn_text *page, const bnn_outcome *o, bool has_links) {
    size_t n = o->n_runs < SHOWN_RUNS ? o->n_runs : SHOWN_RUNS;
    bnn_text_add(page, "<h2>Runs</h2>\n<details><summary>All runs%s</summary>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"
                 "<th scope=\"col\">run</th><th scope=\"col\">status</th>",
                 has_links ? ", with links to their own reports where there are any" : "");
    for (size_t m = 0; m < o->n_metrics; m++)
        if (o->metrics[m].is_shown) bnn_page_put(page, "<th scope=\"col\">", o->metrics[m].name, "</th>");
    bnn_text_add(page, "<th scope=\"col\">seconds</th></tr></thead>\n<tbody>\n");
    for (size_t run = 0; run < n; run++) add_run(page, o, run, has_links);
    bnn_text_add(page, "</tbody></table></div>\n</details>\n");
    if (n < o->n_runs) bnn_text_add(page, "<p class=\"more\">The first %zu of %zu runs; results.csv has all of them.</p>\n", n, o->n_runs);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *values_json(const bnn_outcome *o, size_t run, bool with_replicates) {
    json_t *values = json_object();
    for (size_t k = 0; k < o->n_keys; k++)
        if (with_replicates || !o->keys[k].is_replicate)
            json_object_set_new(values, o->keys[k].name, bnn_json_text(o->keys[k].values[o->keys[k].of_run[run]]));
    return values;
}

static json_t *mean_json(const bnn_outcome_mean *mean, const bnn_outcome_mean *difference) {
    return json_pack("{s:I, s:o, s:o, s:I, s:o, s:o}", "runs", (json_int_t)mean->n, "mean", bnn_json_number(mean->value), "se",
                     bnn_json_number(mean->se), "pairs", (json_int_t)difference->n, "difference", bnn_json_number(difference->value), "difference_se",
                     bnn_json_number(difference->se));
}

static json_t *group_json(const bnn_outcome *o, size_t group) {
    json_t *metrics = json_object();
    for (size_t m = 0; m < o->n_metrics; m++)
        json_object_set_new(metrics, o->metrics[m].name, mean_json(&o->metrics[m].mean[group], &o->metrics[m].difference[group]));
    return json_pack("{s:o, s:b, s:o, s:o}", "values", values_json(o, o->first[group], false), "is_baseline", o->is_baseline[group], "seconds",
                     bnn_json_number(o->seconds.mean[group].value), "metrics", metrics);
}

static json_t *run_json(const bnn_outcome *o, size_t run) {
    json_t *metrics = json_object();
    for (size_t m = 0; m < o->n_metrics; m++)
        if (isfinite(o->metrics[m].of_run[run])) json_object_set_new(metrics, o->metrics[m].name, json_real(o->metrics[m].of_run[run]));
    return json_pack("{s:o, s:s, s:o, s:o, s:o}", "run", bnn_json_text(o->runs[run]), "status", state_name(o->states[run]), "values",
                     values_json(o, run, true), "seconds", bnn_json_number(o->seconds.of_run[run]), "metrics", metrics);
}

json_t *bnn_sweep_json(const bnn_outcome *o) {
    json_t *groups = json_array(), *runs = json_array();
    for (size_t g = 0; g < o->n_groups; g++) json_array_append_new(groups, group_json(o, g));
    for (size_t run = 0; run < o->n_runs; run++) json_array_append_new(runs, run_json(o, run));
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "sweep", bnn_json_text(o->name), "baseline", bnn_json_text(o->baseline),
                     "finished", (json_int_t)o->n_in_state[BNN_OUTCOME_FINISHED], "failed", (json_int_t)o->n_in_state[BNN_OUTCOME_FAILED], "waiting",
                     (json_int_t)o->n_in_state[BNN_OUTCOME_WAITING], "groups", groups, "runs", runs);
}
