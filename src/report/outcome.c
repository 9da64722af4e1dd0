/* Reading the tables of a sweep. */
#include "report/outcome_groups.h"
#include "base/fail.h"
#include "config/ini.h"
#include "report/gather.h"
#include "run/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files ------------------------------------------------------------------------------------------------------- */

static const char *path_in(bnn_outcome *o, const char *name) { return bnn_phrase_format(&o->arena, "%s/%s", o->folder, name); }

bool bnn_outcome_is_there(const char *folder) {
    char *path = bnn_folder_join(folder, "sweep.ini");
    bool is_there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return is_there;
}

static bnn_status read_results(bnn_outcome *o) {
    const char *path = path_in(o, "results.csv");
    if (access(path, F_OK) != 0)
        return BNN_FAIL(BNN_ERR_DATA, "%s: this sweep has no results.csv yet: `bnn sweep` of its file gathers what its runs have come to",
                        o->folder);
    bnn_status status = bnn_cells_read(&o->results, path);
    if (status != BNN_OK) return status;
    size_t at = bnn_cells_find(&o->results, "status");
    if (at > 0 && at < o->results.n_columns && strcmp(bnn_cells_name(&o->results, 0), "run") == 0) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: its columns are not those of a sweep (run, axes, status, ...): `bnn sweep` writes it anew", path);
}

/* An empty cell is NaN. */
static double number_at(const bnn_cells *cells, size_t row, size_t column) {
    double value;
    return column < cells->n_columns && bnn_text_to_number(bnn_cells_at(cells, row, column), &value) ? value : NAN;
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

static bnn_outcome_state state_of(const char *word) {
    return strcmp(word, "finished") == 0 ? BNN_OUTCOME_FINISHED : strcmp(word, "failed") == 0 ? BNN_OUTCOME_FAILED : BNN_OUTCOME_WAITING;
}

static bnn_status read_runs(bnn_outcome *o) {
    const bnn_cells *cells = &o->results;
    size_t status = bnn_cells_find(cells, "status");
    o->n_runs  = cells->n_rows;
    o->runs    = BNN_TAKE(&o->arena, o->n_runs, const char *);
    o->reasons = BNN_TAKE(&o->arena, o->n_runs, const char *);
    o->states  = BNN_TAKE(&o->arena, o->n_runs, bnn_outcome_state);
    o->keys    = BNN_TAKE(&o->arena, cells->n_columns, bnn_outcome_key);
    o->tuned   = BNN_TAKE(&o->arena, cells->n_columns, bnn_outcome_key);
    if (o->arena.has_failed) return BNN_FAIL_MEMORY("the results of a sweep");
    for (size_t run = 0; run < o->n_runs; run++) {
        o->runs[run] = bnn_cells_at(cells, run, 0);
        o->states[run] = state_of(bnn_cells_at(cells, run, status));
        o->n_in_state[o->states[run]]++;
    }
    bool is_read = true;
    for (size_t c = 1; c < status && is_read; c++) is_read = bnn_outcome_key_read(&o->keys[o->n_keys++], o, c);
    for (size_t c = status + 1; c < cells->n_columns && is_read && strncmp(bnn_cells_name(cells, c), "tuned.", 6) == 0; c++) {
        is_read = bnn_outcome_key_read(&o->tuned[o->n_tuned], o, c);
        o->tuned[o->n_tuned++].name += 6;
    }
    return is_read ? BNN_OK : BNN_FAIL_MEMORY("the results of a sweep");
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

/* The group of a line of the summary, looked for from `g` on: lines come in the order of groups. n_groups: none. */
static size_t find_group(const bnn_outcome *o, const bnn_cells *summary, size_t line, size_t g) {
    for (size_t tried = 0; tried < o->n_groups; tried++, g = (g + 1) % o->n_groups) {
        bool is_it = true;
        for (size_t k = 0; k < o->n_keys && is_it; k++) {
            const bnn_outcome_key *key = &o->keys[k];
            if (key->is_replicate) continue;
            is_it = strcmp(bnn_cells_at(summary, line, bnn_cells_find(summary, key->name)), bnn_outcome_value(key, o, g)) == 0;
        }
        if (is_it) return g;
    }
    return o->n_groups;
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

static bool metric_make(bnn_outcome *o, bnn_outcome_metric *metric, const char *name) {
    *metric = (bnn_outcome_metric){ .name = name, .of_run = BNN_TAKE(&o->arena, o->n_runs, double),
                                    .mean = BNN_TAKE(&o->arena, o->n_groups, bnn_outcome_mean),
                                    .difference = BNN_TAKE(&o->arena, o->n_groups, bnn_outcome_mean) };
    if (o->arena.has_failed) return false;
    for (size_t run = 0; run < o->n_runs; run++) metric->of_run[run] = NAN;
    for (size_t g = 0; g < o->n_groups; g++) metric->mean[g] = metric->difference[g] = (bnn_outcome_mean){ 0, NAN, NAN };
    return true;
}

/* Columns NAME, NAME_se after `rows`. */
static bnn_status read_metrics(bnn_outcome *o, const bnn_outcome_lore *lore) {
    const bnn_cells *cells = &o->results;
    o->metrics = BNN_TAKE(&o->arena, cells->n_columns, bnn_outcome_metric);
    if (o->metrics == NULL) return BNN_FAIL_MEMORY("the metrics of a sweep");
    for (size_t c = bnn_cells_find(cells, "rows") + 1; c + 1 < cells->n_columns; c += 2) {
        bnn_outcome_metric *metric = &o->metrics[o->n_metrics++];
        if (!metric_make(o, metric, bnn_cells_name(cells, c))) return BNN_FAIL_MEMORY("the metrics of a sweep");
        metric->sign = lore->sign(metric->name);
        metric->is_shown = lore->is_usual(metric->name);
        for (size_t run = 0; run < o->n_runs; run++)
            if (o->states[run] == BNN_OUTCOME_FINISHED) metric->of_run[run] = number_at(cells, run, c);
    }
    return BNN_OK;
}

static bnn_outcome_mean mean_at(const bnn_cells *summary, size_t line, const char *count, const char *mean, const char *se) {
    double n = number_at(summary, line, bnn_cells_find(summary, count));
    return (bnn_outcome_mean){ n > 0 ? (size_t)n : 0, number_at(summary, line, bnn_cells_find(summary, mean)),
                               number_at(summary, line, bnn_cells_find(summary, se)) };
}

static bnn_status take_lines(bnn_outcome *o, const bnn_cells *summary) {
    size_t named = bnn_cells_find(summary, "metric"), g = 0;
    for (size_t line = 0; line < summary->n_rows; line++) {
        size_t m = 0;
        while (m < o->n_metrics && strcmp(o->metrics[m].name, bnn_cells_at(summary, line, named)) != 0) m++;
        g = find_group(o, summary, line, g);
        if (m == o->n_metrics || g == o->n_groups)
            return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: does not belong to the results.csv beside it: `bnn sweep` of its file writes both anew",
                            summary->path, summary->lines[line + 1]);
        o->metrics[m].mean[g] = mean_at(summary, line, "runs", "mean", "se");
        o->metrics[m].difference[g] = mean_at(summary, line, "pairs", "difference", "difference_se");
    }
    return BNN_OK;
}

/* As long as no run has finished there is no line in the summary, and all axes tell groups apart. */
static bnn_status read_summary(bnn_outcome *o, const bnn_outcome_lore *lore) {
    bnn_cells summary = {0};
    bool is_there = o->n_in_state[BNN_OUTCOME_FINISHED] > 0;
    bnn_status status = is_there ? bnn_cells_read(&summary, path_in(o, "summary.csv")) : BNN_OK;
    if (status == BNN_OK && is_there && bnn_cells_find(&summary, "metric") == summary.n_columns)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: no column 'metric': `bnn sweep` writes it anew", summary.path);
    for (size_t k = 0; status == BNN_OK && is_there && k < o->n_keys; k++)
        o->keys[k].is_replicate = bnn_cells_find(&summary, o->keys[k].name) == summary.n_columns;
    if (status == BNN_OK) status = bnn_outcome_group(o);
    if (status == BNN_OK) status = read_metrics(o, lore);
    if (status == BNN_OK && is_there) status = take_lines(o, &summary);
    bnn_cells_free(&summary);
    return status;
}

/* ---- times and reasons ------------------------------------------------------------------------------------------- */

static void average_seconds(bnn_outcome *o) {
    for (size_t run = 0; run < o->n_runs; run++) {
        bnn_outcome_mean *mean = &o->seconds.mean[o->group_of[run]];
        double seconds = o->seconds.of_run[run];
        if (!isfinite(seconds)) continue;
        if (mean->n == 0) mean->value = 0;
        mean->n++;
        mean->value += (seconds - mean->value) / (double)mean->n;
    }
}

/* Rows stand in the order of results.csv. A sweep without timings is shown without them. */
static bnn_status read_timings(bnn_outcome *o) {
    const char *path = path_in(o, "timings.csv");
    if (!metric_make(o, &o->seconds, "seconds")) return BNN_FAIL_MEMORY("the times of a sweep");
    if (access(path, F_OK) != 0) return BNN_OK;
    bnn_status status = bnn_cells_read(&o->timings, path);
    if (status != BNN_OK) return status;
    size_t seconds = bnn_cells_find(&o->timings, "seconds"), processor = bnn_cells_find(&o->timings, "processor_seconds");
    for (size_t run = 0; run < o->n_runs && run < o->timings.n_rows; run++) {
        if (strcmp(bnn_cells_at(&o->timings, run, 0), o->runs[run]) != 0) continue;
        double used = number_at(&o->timings, run, processor);
        o->seconds.of_run[run] = number_at(&o->timings, run, seconds);
        o->processor_seconds += isfinite(used) ? used : 0;
    }
    average_seconds(o);
    return BNN_OK;
}

/* "NAME: reason" on a line each. */
static const char *find_reason(const char *lines, const char *run, bnn_arena *arena) {
    size_t length = strlen(run);
    for (const char *line = lines; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, run, length) == 0 && strncmp(line + length, ": ", 2) == 0)
            return bnn_phrase_trim(arena, line + length + 2, strcspn(line + length + 2, "\n"));
    return "failures.txt does not say why";
}

static bnn_status read_reasons(bnn_outcome *o) {
    const char *path = path_in(o, "failures.txt");
    char *lines = NULL;
    size_t size;
    bnn_status status = o->n_in_state[BNN_OUTCOME_FAILED] > 0 && access(path, F_OK) == 0 ? bnn_file_read(path, &lines, &size) : BNN_OK;
    for (size_t run = 0; status == BNN_OK && run < o->n_runs; run++)
        if (o->states[run] == BNN_OUTCOME_FAILED) o->reasons[run] = find_reason(lines == NULL ? "" : lines, o->runs[run], &o->arena);
    free(lines);
    return status;
}

/* ---- values offered ---------------------------------------------------------------------------------------------- */

/* {"tune": {"choices": [{"values": {"prior.sd": "0.3"}, "score": s}, ...]}} */
static bool take_choices(bnn_outcome *o, const json_t *result) {
    const json_t *choices = json_object_get(json_object_get(result, "tune"), "choices");
    bool is_taken = true;
    for (size_t c = 0; c < json_array_size(choices); c++)
        for (size_t t = 0; t < o->n_tuned && is_taken; t++) {
            const json_t *values = json_object_get(json_array_get(choices, c), "values");
            const char *value = json_string_value(json_object_get(values, o->tuned[t].name));
            is_taken = value == NULL || bnn_outcome_key_offer(&o->tuned[t], value, &o->arena);
        }
    return is_taken;
}

/* A value that no run has chosen is in no table: a finished run of each group knows what it chose from. */
static bnn_status read_choices(bnn_outcome *o) {
    bool is_taken = true;
    for (size_t g = 0; o->n_tuned > 0 && g < o->n_groups && is_taken; g++) {
        size_t run = 0;
        while (run < o->n_runs && (o->group_of[run] != g || o->states[run] != BNN_OUTCOME_FINISHED)) run++;
        if (run == o->n_runs) continue;
        const char *path = bnn_phrase_format(&o->arena, "%s/%s/result.json", o->folder, o->runs[run]);
        json_t *result = json_load_file(path, 0, NULL);
        is_taken = take_choices(o, result);
        json_decref(result);
    }
    return is_taken ? BNN_OK : BNN_FAIL_MEMORY("the results of a sweep");
}

/* ---- [sweep] ----------------------------------------------------------------------------------------------------- */

static void show_metrics(bnn_outcome *o, const char *wanted) {
    bnn_phrases names = bnn_phrases_split(&o->arena, wanted, ',');
    for (size_t m = 0; names.n > 0 && m < o->n_metrics; m++) {
        o->metrics[m].is_shown = false;
        for (size_t i = 0; i < names.n; i++) o->metrics[m].is_shown |= strcmp(names.at[i], o->metrics[m].name) == 0;
    }
}

static bnn_status read_settings(bnn_outcome *o) {
    bnn_settings settings = {0};
    o->baseline = "";
    o->is_baseline = BNN_TAKE(&o->arena, o->n_groups, bool);
    if (o->is_baseline == NULL) return BNN_FAIL_MEMORY("the baseline of a sweep");
    bnn_status status = bnn_ini_read(&settings, path_in(o, "sweep.ini"), &o->arena);
    for (size_t i = 0; status == BNN_OK && i < settings.n; i++) {
        const bnn_setting *at = &settings.at[i];
        if (at->key == NULL || at->fault != NULL || strcmp(at->section, "sweep") != 0) continue;
        if (strcmp(at->key, "baseline") == 0) o->baseline = at->value;
        if (strcmp(at->key, "metrics") == 0) show_metrics(o, at->value);
    }
    if (status == BNN_OK) bnn_outcome_mark_baseline(o);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

bnn_status bnn_outcome_read(bnn_outcome *o, const char *folder, const bnn_outcome_lore *lore) {
    char name[PATH_MAX];
    bnn_status status;
    o->folder = folder;
    o->name = bnn_phrase_format(&o->arena, "%s", bnn_report_name(name, folder) ? name : folder);
    if ((status = read_results(o))       != BNN_OK) return status;
    if ((status = read_runs(o))          != BNN_OK) return status;
    if ((status = read_summary(o, lore)) != BNN_OK) return status;
    if ((status = read_timings(o))       != BNN_OK) return status;
    if ((status = read_reasons(o))       != BNN_OK) return status;
    if ((status = read_choices(o))       != BNN_OK) return status;
    if ((status = read_settings(o))      != BNN_OK) return status;
    if ((status = bnn_outcome_divide(o))        != BNN_OK) return status;
    return o->arena.has_failed ? BNN_FAIL_MEMORY("the results of a sweep") : BNN_OK;
}

void bnn_outcome_free(bnn_outcome *outcome) {
    bnn_cells_free(&outcome->results);
    bnn_cells_free(&outcome->timings);
    bnn_arena_free(&outcome->arena);
    *outcome = (bnn_outcome){0};
}
