/* From result.json of every run to results.csv and timings.csv. */
#include "base/fail.h"
#include "sweep/pairs.h"
#include "sweep/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_metrics(void) {
    size_t n = 0;
    while (bnn_result_metric_name(n) != NULL) n++;
    return n;
}

bnn_status bnn_sweep_table_make(bnn_sweep_table *t, const bnn_plan *plan) {
    size_t n = bnn_plan_size(plan), m = count_metrics();
    *t = (bnn_sweep_table){ .plan = plan, .n_runs = n, .n_metrics = m };
    t->state  = BNN_TAKE(&t->arena, n, bnn_run_state);
    t->reason = BNN_TAKE(&t->arena, n, const char *);
    t->rows   = BNN_TAKE(&t->arena, n, long long);
    t->value  = BNN_TAKE(&t->arena, n * m, double);
    t->se     = BNN_TAKE(&t->arena, n * m, double);
    t->has_metric = BNN_TAKE(&t->arena, m, bool);
    t->tuned  = BNN_TAKE(&t->arena, n * plan->choices.n_axes, const char *);
    t->timing = BNN_TAKE(&t->arena, n, const char *);
    if (t->arena.has_failed) return BNN_FAIL_MEMORY("the results of a sweep");
    for (size_t i = 0; i < n * m; i++) t->value[i] = t->se[i] = NAN;
    return BNN_OK;
}

void bnn_sweep_table_free(bnn_sweep_table *table) {
    bnn_arena_free(&table->arena);
    *table = (bnn_sweep_table){0};
}

/* ---- one run --------------------------------------------------------------------------------------------------------- */

static void take_metrics(bnn_sweep_table *t, size_t run, const json_t *result) {
    for (size_t k = 0; k < t->n_metrics; k++) {
        size_t at = run * t->n_metrics + k;
        t->value[at] = bnn_result_metric(result, bnn_result_metric_name(k), &t->se[at]);
        t->has_metric[k] = t->has_metric[k] || !isnan(t->value[at]);
    }
}

static void take_tuned(bnn_sweep_table *t, size_t run, const json_t *result) {
    const bnn_grid *choices = &t->plan->choices;
    for (size_t a = 0; a < choices->n_axes; a++) {
        const char *value = json_string_value(json_object_get(json_object_get(result, "tuned"), choices->axes[a].column));
        t->tuned[run * choices->n_axes + a] = value == NULL ? "" : bnn_arena_text(&t->arena, value);
    }
}

static const char *timing_of(const json_t *timing, bnn_arena *arena) {
    const char *host = json_string_value(json_object_get(timing, "host"));
    return bnn_phrase_format(arena, "%.3f,%.3f,%.1f,%lld,%s", json_number_value(json_object_get(timing, "seconds")),
                             json_number_value(json_object_get(timing, "processor_seconds")),
                             json_number_value(json_object_get(timing, "memory_mb")),
                             (long long)json_integer_value(json_object_get(timing, "threads")), host == NULL ? "" : host);
}

static void take(bnn_sweep_table *t, size_t run, const json_t *result) {
    const char *status = json_string_value(json_object_get(result, "status")), *reason = json_string_value(json_object_get(result, "reason"));
    bool is_finished = status != NULL && strcmp(status, "finished") == 0;
    t->state[run] = is_finished ? BNN_RUN_FINISHED : BNN_RUN_FAILED;
    if (!is_finished) t->reason[run] = bnn_arena_text(&t->arena, reason == NULL ? "" : reason);
    t->rows[run] = json_integer_value(json_object_get(result, "rows"));
    take_metrics(t, run, result);
    take_tuned(t, run, result);
    const json_t *timing = json_object_get(result, "timing");
    if (timing != NULL) t->timing[run] = timing_of(timing, &t->arena);
}

bool bnn_sweep_table_take(bnn_sweep_table *t, size_t run) {
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    json_t *result = NULL;
    char digest[65], *folder = bnn_plan_folder(t->plan, run);
    if (folder != NULL && bnn_plan_config(&config, &strings, t->plan, run, NULL, NULL) == BNN_OK) {
        bnn_plan_digest(digest, t->plan, config);
        result = bnn_result_read(folder, digest);
    }
    if (result != NULL) take(t, run, result);
    bool is_there = result != NULL;
    json_decref(result);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    free(folder);
    return is_there;
}

/* ---- CSV ------------------------------------------------------------------------------------------------------------- */

static void add_number(bnn_text *csv, double value) {
    char number[32];
    bnn_text_add(csv, ",%s", isfinite(value) ? bnn_text_number(number, value) : "");
}

static const char *state_name(bnn_run_state state) {
    static const char *const names[] = { "waiting", "finished", "failed", "stopped" };
    return names[state];
}

static void print_header(bnn_text *csv, const bnn_sweep_table *t) {
    bnn_text_add(csv, "run");
    for (size_t a = 0; a < t->plan->grid.n_axes; a++) {
        if (!bnn_grid_axis_varies(&t->plan->grid.axes[a])) continue;
        bnn_text_add(csv, ",");
        bnn_csv_field(csv, t->plan->grid.axes[a].column);
    }
    bnn_text_add(csv, ",status");
    for (size_t a = 0; a < t->plan->choices.n_axes; a++) bnn_text_add(csv, ",tuned.%s", t->plan->choices.axes[a].column);
    bnn_text_add(csv, ",rows");
    for (size_t k = 0; k < t->n_metrics; k++)
        if (t->has_metric[k]) bnn_text_add(csv, ",%s,%s_se", bnn_result_metric_name(k), bnn_result_metric_name(k));
    bnn_text_add(csv, "\n");
}

static void print_run(bnn_text *csv, const bnn_sweep_table *t, size_t run) {
    const bnn_grid *grid = &t->plan->grid;
    size_t n_choices = t->plan->choices.n_axes;
    bool is_finished = t->state[run] == BNN_RUN_FINISHED;
    bnn_csv_field(csv, t->plan->names[run]);
    for (size_t a = 0; a < grid->n_axes; a++) {
        if (!bnn_grid_axis_varies(&grid->axes[a])) continue;
        bnn_text_add(csv, ",");
        bnn_csv_field(csv, bnn_grid_text(grid, run, a));
    }
    bnn_text_add(csv, ",%s", state_name(t->state[run]));
    for (size_t a = 0; a < n_choices; a++) {
        const char *value = t->tuned[run * n_choices + a];
        bnn_text_add(csv, ",");
        bnn_csv_field(csv, value == NULL ? "" : value);
    }
    if (is_finished) bnn_text_add(csv, ",%lld", t->rows[run]);
    else bnn_text_add(csv, ",");
    for (size_t k = 0; k < t->n_metrics; k++) {
        if (!t->has_metric[k]) continue;
        add_number(csv, t->value[run * t->n_metrics + k]);
        add_number(csv, t->se[run * t->n_metrics + k]);
    }
    bnn_text_add(csv, "\n");
}

void bnn_sweep_results_print(bnn_text *csv, const bnn_sweep_table *t) {
    print_header(csv, t);
    for (size_t run = 0; run < t->n_runs; run++) print_run(csv, t, run);
}

void bnn_sweep_timings_print(bnn_text *csv, const bnn_sweep_table *t) {
    bnn_text_add(csv, "run,seconds,processor_seconds,memory_mb,threads,host\n");
    for (size_t run = 0; run < t->n_runs; run++) {
        bnn_csv_field(csv, t->plan->names[run]);
        bnn_text_add(csv, ",%s\n", t->timing[run] == NULL ? ",,,," : t->timing[run]);
    }
}
