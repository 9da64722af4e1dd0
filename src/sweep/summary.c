/* Means over replicates and paired differences from a baseline. */
#include "base/fail.h"
#include "sweep/pairs.h"
#include "sweep/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it is about ------------------------------------------------------------------------------------------------ */

static bool is_replicate(const bnn_plan *plan, const bnn_grid_axis *axis) {
    for (size_t i = 0; i < plan->options.replicates.n; i++)
        if (strcmp(plan->options.replicates.at[i], axis->column) == 0) return true;
    return false;
}

/* Replicates that are no axes: only those that stand there by default may be. */
static bnn_status check_replicates(const bnn_plan *plan) {
    for (size_t i = 0; i < plan->options.replicates.n; i++) {
        const char *name = plan->options.replicates.at[i];
        bool is_axis = strcmp(name, "run.seed") == 0 || strcmp(name, "data.split") == 0;
        for (size_t a = 0; a < plan->grid.n_axes; a++) is_axis = is_axis || strcmp(plan->grid.axes[a].column, name) == 0;
        if (!is_axis) return BNN_FAIL(BNN_ERR_CONFIG, "%s: [sweep] replicates: %s is no axis of this sweep", plan->path, name);
    }
    return BNN_OK;
}

static bool is_metric(const char *name) {
    for (size_t k = 0; bnn_result_metric_name(k) != NULL; k++)
        if (strcmp(bnn_result_metric_name(k), name) == 0) return true;
    return false;
}

bnn_status bnn_sweep_summary_check(const bnn_plan *plan) {
    bnn_baseline baseline;
    bnn_status status = check_replicates(plan);
    for (size_t i = 0; status == BNN_OK && i < plan->options.metrics.n; i++)
        if (!is_metric(plan->options.metrics.at[i]))
            status = BNN_FAIL(BNN_ERR_CONFIG, "%s: [sweep] metrics: no metric \"%s\"", plan->path, plan->options.metrics.at[i]);
    return status == BNN_OK ? bnn_baseline_find(&baseline, plan) : status;
}

/* ---- groups ---------------------------------------------------------------------------------------------------------- */

typedef struct summary {
    const bnn_sweep_table *table;
    bnn_arena    arena;
    bnn_baseline baseline;
    size_t       n_groups, *first;     /* [n_groups] a run of each            */
    size_t      *group_of;             /* [n_runs]                            */
    bool        *is_key;               /* [n_axes] tells groups apart         */
    size_t      *partner;              /* [n_runs] run to compare with        */
} summary;

static bool is_same_group(const summary *s, size_t a, size_t b) {
    const bnn_grid *grid = &s->table->plan->grid;
    for (size_t i = 0; i < grid->n_axes; i++)
        if (s->is_key[i] && grid->at[a * grid->n_axes + i] != grid->at[b * grid->n_axes + i]) return false;
    return true;
}

static void group_runs(summary *s) {
    for (size_t run = 0; run < s->table->n_runs; run++) {
        size_t g = 0;
        while (g < s->n_groups && !is_same_group(s, s->first[g], run)) g++;
        if (g == s->n_groups) s->first[s->n_groups++] = run;
        s->group_of[run] = g;
    }
}

static bnn_status summary_make(summary *s, const bnn_sweep_table *t) {
    const bnn_plan *plan = t->plan;
    *s = (summary){ .table = t };
    s->first    = BNN_TAKE(&s->arena, t->n_runs, size_t);
    s->group_of = BNN_TAKE(&s->arena, t->n_runs, size_t);
    s->partner  = BNN_TAKE(&s->arena, t->n_runs, size_t);
    s->is_key   = BNN_TAKE(&s->arena, plan->grid.n_axes, bool);
    if (s->arena.has_failed) return BNN_FAIL_MEMORY("the summary of a sweep");
    for (size_t i = 0; i < plan->grid.n_axes; i++)
        s->is_key[i] = bnn_grid_axis_varies(&plan->grid.axes[i]) && !is_replicate(plan, &plan->grid.axes[i]);
    group_runs(s);
    bnn_status status = bnn_baseline_find(&s->baseline, plan);
    if (status == BNN_OK) bnn_baseline_pair(s->partner, &s->baseline, plan);
    return status;
}

/* ---- moments --------------------------------------------------------------------------------------------------------- */

typedef struct moments { size_t n; double mean, se; } moments;

/* Of metric k, or of its difference from the partners, over the runs of a group. Two passes: sums in the order of runs. */
static double term(const summary *s, size_t run, size_t k, bool is_difference) {
    const bnn_sweep_table *t = s->table;
    double value = t->state[run] == BNN_RUN_FINISHED ? t->value[run * t->n_metrics + k] : NAN;
    size_t partner = s->partner[run];
    if (!is_difference) return value;
    if (partner == BNN_NO_VALUE || partner == run || t->state[partner] != BNN_RUN_FINISHED) return NAN;
    return value - t->value[partner * t->n_metrics + k];
}

static moments moments_of(const summary *s, size_t group, size_t k, bool is_difference) {
    moments m = { 0, NAN, NAN };
    double sum = 0, squares = 0;
    for (size_t run = 0; run < s->table->n_runs; run++) {
        double value = s->group_of[run] == group ? term(s, run, k, is_difference) : NAN;
        if (isfinite(value)) sum += value, m.n++;
    }
    if (m.n > 0) m.mean = sum / (double)m.n;
    for (size_t run = 0; run < s->table->n_runs; run++) {
        double value = s->group_of[run] == group ? term(s, run, k, is_difference) : NAN;
        if (isfinite(value)) squares += (value - m.mean) * (value - m.mean);
    }
    if (m.n > 1) m.se = sqrt(squares / (double)(m.n - 1) / (double)m.n);
    return m;
}

/* ---- CSV ------------------------------------------------------------------------------------------------------------- */

static void add_number(bnn_text *csv, double value) {
    char number[32];
    bnn_text_add(csv, ",%s", isfinite(value) ? bnn_text_number(number, value) : "");
}

static void print_csv_line(bnn_text *csv, const summary *s, size_t g, size_t k) {
    const bnn_grid *grid = &s->table->plan->grid;
    moments value = moments_of(s, g, k, false), difference = moments_of(s, g, k, true);
    for (size_t a = 0; a < grid->n_axes; a++) {
        if (!s->is_key[a]) continue;
        bnn_csv_field(csv, bnn_grid_text(grid, s->first[g], a));
        bnn_text_add(csv, ",");
    }
    bnn_text_add(csv, "%s,%zu", bnn_result_metric_name(k), value.n);
    add_number(csv, value.mean);
    add_number(csv, value.se);
    bnn_text_add(csv, ",%zu", difference.n);
    add_number(csv, difference.mean);
    add_number(csv, difference.se);
    bnn_text_add(csv, "\n");
}

static void print_csv(bnn_text *csv, const summary *s) {
    const bnn_grid *grid = &s->table->plan->grid;
    for (size_t a = 0; a < grid->n_axes; a++)
        if (s->is_key[a]) bnn_text_add(csv, "%s,", grid->axes[a].column);
    bnn_text_add(csv, "metric,runs,mean,se,pairs,difference,difference_se\n");
    for (size_t g = 0; g < s->n_groups; g++)
        for (size_t k = 0; k < s->table->n_metrics; k++)
            if (s->table->has_metric[k]) print_csv_line(csv, s, g, k);
}

/* ---- tables to read -------------------------------------------------------------------------------------------------- */

typedef struct grid_of_cells { size_t n_rows, n_columns; const char **at; bnn_arena *arena; } cells;

static void set(cells *c, size_t row, size_t column, const char *text) { c->at[row * c->n_columns + column] = text; }

static bool is_shown(const summary *s, size_t k) {
    const bnn_words *wanted = &s->table->plan->options.metrics;
    const char *name = bnn_result_metric_name(k);
    if (!s->table->has_metric[k]) return false;
    for (size_t i = 0; i < wanted->n; i++)
        if (strcmp(wanted->at[i], name) == 0) return true;
    return wanted->n == 0 && bnn_result_metric_is_usual(name);
}

/* Four digits of the mean; the error to as many places. */
static const char *cell_of(moments m, bool is_difference, const char *plus_minus, bnn_arena *arena) {
    if (m.n == 0) return "-";
    double size = fmax(fabs(m.mean), isfinite(m.se) ? m.se : 0);
    int places = size > 0 ? 3 - (int)floor(log10(size)) : 3;
    places = places < 0 ? 0 : places > 9 ? 9 : places;
    const char *mean = bnn_phrase_format(arena, is_difference ? "%+.*f" : "%.*f", places, m.mean);
    return isfinite(m.se) ? bnn_phrase_format(arena, "%s %s %.*f", mean, plus_minus, places, m.se) : mean;
}

static void fill_keys(cells *c, const summary *s) {
    const bnn_grid *grid = &s->table->plan->grid;
    size_t column = 0;
    for (size_t a = 0; a < grid->n_axes; a++) {
        if (!s->is_key[a]) continue;
        set(c, 0, column, grid->axes[a].label);
        for (size_t g = 0; g < s->n_groups; g++) set(c, g + 1, column, bnn_grid_text(grid, s->first[g], a));
        column++;
    }
    set(c, 0, column, "runs");
    for (size_t g = 0; g < s->n_groups; g++) {
        size_t n = 0;
        for (size_t run = 0; run < s->table->n_runs; run++) n += s->group_of[run] == g && s->table->state[run] == BNN_RUN_FINISHED;
        set(c, g + 1, column, bnn_phrase_format(c->arena, "%zu", n));
    }
}

static size_t count_shown(const summary *s) {
    size_t n = 0;
    for (size_t k = 0; k < s->table->n_metrics; k++) n += is_shown(s, k);
    return n;
}

static bool fill_cells(cells *c, const summary *s, bool is_difference, const char *plus_minus, bnn_arena *arena) {
    size_t n_keys = 0;
    for (size_t a = 0; a < s->table->plan->grid.n_axes; a++) n_keys += s->is_key[a];
    *c = (cells){ .n_rows = s->n_groups + 1, .n_columns = n_keys + 1 + count_shown(s), .arena = arena };
    if ((c->at = BNN_TAKE(arena, c->n_rows * c->n_columns, const char *)) == NULL) return false;
    fill_keys(c, s);
    size_t column = n_keys + 1;
    for (size_t k = 0; k < s->table->n_metrics; k++) {
        if (!is_shown(s, k)) continue;
        set(c, 0, column, bnn_result_metric_name(k));
        for (size_t g = 0; g < s->n_groups; g++) set(c, g + 1, column, cell_of(moments_of(s, g, k, is_difference), is_difference, plus_minus, arena));
        column++;
    }
    return true;
}

static size_t width_of(const cells *c, size_t column) {
    size_t width = 0;
    for (size_t r = 0; r < c->n_rows; r++) {
        size_t length = strlen(c->at[r * c->n_columns + column]);
        width = length > width ? length : width;
    }
    return width;
}

static void print_plain(bnn_text *text, const cells *c) {
    for (size_t r = 0; r < c->n_rows; r++) {
        for (size_t k = 0; k < c->n_columns; k++)
            bnn_text_add(text, "%s%-*s", k > 0 ? "  " : "", k + 1 < c->n_columns ? (int)width_of(c, k) : 0, c->at[r * c->n_columns + k]);
        bnn_text_add(text, "\n");
    }
}

static void print_markdown(bnn_text *text, const cells *c) {
    for (size_t r = 0; r < c->n_rows; r++) {
        for (size_t k = 0; k < c->n_columns; k++) bnn_text_add(text, "| %s ", c->at[r * c->n_columns + k]);
        bnn_text_add(text, "|\n");
        for (size_t k = 0; r == 0 && k < c->n_columns; k++) bnn_text_add(text, "|---");
        bnn_text_add(text, "%s", r == 0 ? "|\n" : "");
    }
}

static bnn_status print_table(bnn_text *text, const summary *s, bnn_summary_form form, bool is_difference) {
    bnn_arena arena = {0};
    cells c;
    bool is_markdown = form == BNN_SUMMARY_MARKDOWN;
    if (is_difference) bnn_text_add(text, "\nDifference from %s, in pairs, +- its standard error:\n\n", s->table->plan->options.baseline);
    else bnn_text_add(text, "%s: mean over replicates +- its standard error\n\n", is_markdown ? "Sweep" : s->table->plan->folder);
    bool is_filled = fill_cells(&c, s, is_difference, is_markdown ? "±" : "+-", &arena);
    if (is_filled && is_markdown) print_markdown(text, &c);
    else if (is_filled) print_plain(text, &c);
    bool has_memory = !arena.has_failed;
    bnn_arena_free(&arena);
    return has_memory ? BNN_OK : BNN_FAIL_MEMORY("the summary of a sweep");
}

/* Which values each group chose, and how often: "prior.sd: 0.3 (4), 1 (1)". */
static void print_tuned(bnn_text *text, const summary *s) {
    const bnn_sweep_table *t = s->table;
    const bnn_grid *choices = &t->plan->choices;
    for (size_t a = 0; a < choices->n_axes; a++) {
        bnn_text_add(text, "\nChosen %s, number of runs:", choices->axes[a].column);
        for (size_t v = 0; v < choices->axes[a].n; v++) {
            size_t n = 0;
            for (size_t run = 0; run < t->n_runs; run++) {
                const char *value = t->tuned[run * choices->n_axes + a];
                n += t->state[run] == BNN_RUN_FINISHED && value != NULL && strcmp(value, choices->axes[a].values[v]) == 0;
            }
            bnn_text_add(text, "%s %s (%zu)", v > 0 ? "," : "", choices->axes[a].values[v], n);
        }
        bnn_text_add(text, "\n");
    }
}

static void print_failed(bnn_text *text, const bnn_sweep_table *t) {
    for (size_t run = 0; run < t->n_runs; run++)
        if (t->state[run] == BNN_RUN_FAILED) bnn_text_add(text, "\nFailed: %s\n", t->plan->names[run]);
}

bnn_status bnn_sweep_summary_print(bnn_text *text, const bnn_sweep_table *table, bnn_summary_form form) {
    summary s;
    bnn_status status = summary_make(&s, table);
    if (status == BNN_OK && form == BNN_SUMMARY_CSV) {
        print_csv(text, &s);
    } else if (status == BNN_OK) {
        status = print_table(text, &s, form, false);
        if (status == BNN_OK && s.baseline.is_set) status = print_table(text, &s, form, true);
        print_tuned(text, &s);
        print_failed(text, table);
    }
    bnn_arena_free(&s.arena);
    return status;
}
