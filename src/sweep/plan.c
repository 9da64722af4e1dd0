/* Reading a sweep file. */
#include "sweep/plan.h"
#include "base/fail.h"
#include "config/catalogue.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 200 };        /* bytes of a folder's name, with room for endings */

const bnn_option bnn_sweep_rows[] = {
    BNN_OPTION_TEXT_ROW(bnn_sweep_options, config, "", NULL, "base configurations, separated by |"),
    BNN_OPTION_INT_ROW(bnn_sweep_options, jobs, "1", 0, 4096, "", "runs at a time; 0: one for each processor"),
    BNN_OPTION_TEXT_ROW(bnn_sweep_options, baseline, "", NULL, "AXIS=VALUE that the summary compares with"),
    BNN_OPTION_WORDS_ROW(bnn_sweep_options, replicates, "run.seed, data.split", "axes that the summary averages over"),
    BNN_OPTION_WORDS_ROW(bnn_sweep_options, metrics, "", "metrics of the summary on a terminal; empty: the usual ones"),
    {0}
};

const bnn_option bnn_tune_rows[] = {
    BNN_OPTION_INT_ROW(bnn_tune_options, folds, "0", 0, 1000, "", "parts of each training part for cross-validation"),
    BNN_OPTION_NUMBER_ROW(bnn_tune_options, fraction, "0", 0, 0.9, "", "share of each training part that is held out once, instead of folds"),
    BNN_OPTION_TEXT_ROW(bnn_tune_options, score, "log_lik", NULL, "metric that is best for the values chosen"),
    {0}
};

/* ---- one section with keys of ours and axes -------------------------------------------------------------------------- */

typedef struct section_reader {
    bnn_plan         *plan;
    const char       *name;
    const bnn_option *rows;
    void             *options;
    bnn_grid         *grid;
    bnn_settings      seen;
    bnn_status        status;
} section_reader;

static void fill_defaults(section_reader *r) {
    for (const bnn_option *row = r->rows; row->name != NULL; row++) {
        bnn_value value;
        if (bnn_value_read(&value, row, row->fallback, NULL, &r->plan->arena) == NULL) bnn_value_store(&value, row, r->options);
    }
}

static void read_option(section_reader *r, const bnn_setting *setting, const bnn_option *row) {
    bnn_value value;
    const char *fault = bnn_value_read(&value, row, setting->value, setting->file, &r->plan->arena);
    if (fault == NULL) bnn_value_store(&value, row, r->options);
    else r->status = bnn_error_add(BNN_ERR_CONFIG, "%s: [%s] %s = %s %s", setting->where, r->name, setting->key, setting->value, fault);
}

static void read_axis(section_reader *r, const bnn_setting *setting) {
    bnn_grid_axis axis;
    bnn_status status = bnn_grid_axis_read(&axis, setting, &r->plan->arena);
    if (status != BNN_OK) r->status = status;
    else r->grid->axes[r->grid->n_axes++] = axis;
}

static bool check_new(section_reader *r, const bnn_setting *setting) {
    for (size_t i = 0; i < r->seen.n; i++)
        if (strcmp(r->seen.at[i].key, setting->key) == 0) {
            r->status = bnn_error_add(BNN_ERR_CONFIG, "%s: duplicate key \"%s\" in [%s]; first set in line %d", setting->where, setting->key,
                                      r->name, r->seen.at[i].line);
            return false;
        }
    bnn_settings_push(&r->seen, *setting, &r->plan->arena);
    return true;
}

static void read_key(section_reader *r, const bnn_setting *setting) {
    const bnn_option *row = bnn_rows_find(r->rows, setting->key);
    if (!check_new(r, setting)) return;
    bool is_base = r->grid == &r->plan->grid && strcmp(setting->key, "config") == 0;
    if (is_base) r->plan->base_axis = r->grid->n_axes;
    if (row != NULL && !is_base) read_option(r, setting, row);
    else read_axis(r, setting);
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

typedef struct file_reader { section_reader sweep, tune; bool has_sweep; bnn_status status; } file_reader;

static void read_setting(file_reader *f, const bnn_setting *setting) {
    bool is_sweep = strcmp(setting->section, "sweep") == 0, is_tune = strcmp(setting->section, "tune") == 0;
    f->has_sweep = f->has_sweep || is_sweep;
    f->tune.plan->has_tune = f->tune.plan->has_tune || is_tune;
    if (setting->fault != NULL) f->status = bnn_error_add(BNN_ERR_CONFIG, "%s: %s", setting->where, setting->fault);
    else if (!is_sweep && !is_tune) bnn_settings_push(&f->sweep.plan->own, *setting, &f->sweep.plan->arena);
    else if (setting->key != NULL) read_key(is_sweep ? &f->sweep : &f->tune, setting);
}

static bnn_status status_of(const file_reader *f) {
    if (f->status != BNN_OK) return f->status;
    return f->sweep.status != BNN_OK ? f->sweep.status : f->tune.status;
}

static bnn_status read_file(bnn_plan *plan) {
    bnn_settings settings = {0};
    bnn_status status = bnn_ini_read(&settings, plan->path, &plan->arena);
    if (status != BNN_OK) return status == BNN_ERR_DATA ? BNN_ERR_CONFIG : status;
    file_reader f = { .sweep = { .plan = plan, .name = "sweep", .rows = bnn_sweep_rows, .options = &plan->options, .grid = &plan->grid },
                      .tune = { .plan = plan, .name = "tune", .rows = bnn_tune_rows, .options = &plan->tune, .grid = &plan->choices } };
    plan->grid.axes    = BNN_TAKE(&plan->arena, settings.n, bnn_grid_axis);
    plan->choices.axes = BNN_TAKE(&plan->arena, settings.n, bnn_grid_axis);
    if (plan->grid.axes == NULL || plan->choices.axes == NULL) return BNN_FAIL_MEMORY("a sweep file");
    bnn_error_clear();
    fill_defaults(&f.sweep);
    fill_defaults(&f.tune);
    for (size_t i = 0; i < settings.n; i++) read_setting(&f, &settings.at[i]);
    if (!f.has_sweep && !plan->has_tune && status_of(&f) == BNN_OK)
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: neither [sweep] nor [tune] in it: name axes there, or use bnn train", plan->path);
    bnn_grid_label(&plan->grid, &plan->arena);
    bnn_grid_label(&plan->choices, &plan->arena);
    return status_of(&f);
}

/* ---- names of its own ------------------------------------------------------------------------------------------------ */

static bool uses(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *at = text; (at = strchr(at, '{')) != NULL; at++)
        if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '}') return true;
    return false;
}

static bool is_used(const bnn_plan *plan, const char *name) {
    for (size_t i = 0; i < plan->own.n; i++)
        if (plan->own.at[i].key != NULL && uses(plan->own.at[i].value, name)) return true;
    for (size_t i = 0; i < plan->grid.n_axes; i++)
        for (size_t k = 0; k < plan->grid.axes[i].n; k++)
            if (uses(plan->grid.axes[i].values[k], name)) return true;
    return false;
}

static bnn_status fail_name(bnn_plan *plan, const bnn_grid_axis *axis, const char *section, const bnn_option *rows) {
    bnn_phrases names = {0};
    for (; rows->name != NULL; rows++) bnn_phrases_push(&names, &plan->arena, rows->name);
    return bnn_error_add(BNN_ERR_CONFIG, "%s: unknown key \"%s\" in [%s]%s (an axis is section.key; a name of its own in [sweep] has to be "
                         "used as {%s})", axis->where, axis->key, section, bnn_phrases_suggest(&names, &plan->arena, axis->key), axis->key);
}

static bnn_status check_names(bnn_plan *plan) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t i = 0; i < plan->grid.n_axes; i++) {
        const bnn_grid_axis *axis = &plan->grid.axes[i];
        if (*axis->section == '\0' && strcmp(axis->key, "config") != 0 && !is_used(plan, axis->key))
            status = fail_name(plan, axis, "sweep", bnn_sweep_rows);
    }
    for (size_t i = 0; i < plan->choices.n_axes; i++)
        if (*plan->choices.axes[i].section == '\0') status = fail_name(plan, &plan->choices.axes[i], "tune", bnn_tune_rows);
    return status;
}

/* ---- base configurations --------------------------------------------------------------------------------------------- */

static bool has_base(const bnn_plan *plan) { return plan->base_axis < plan->grid.n_axes; }

static bnn_status read_base(bnn_plan *plan, const bnn_grid_axis *axis, size_t i) {
    char *path = bnn_path_resolve(axis->file, axis->values[i]);
    if (path == NULL) return BNN_FAIL_MEMORY("the name of a base configuration");
    bnn_status status = bnn_ini_read(&plan->bases[i], path, &plan->arena);
    if (status == BNN_ERR_DATA) {
        const char *sentence = bnn_phrase_format(&plan->arena, "%s", bnn_error_text());
        status = BNN_FAIL(BNN_ERR_CONFIG, "%s: [sweep] config: %s", axis->where, sentence);
    }
    free(path);
    return status;
}

/* Beside a base, the file's own settings are a later layer: they may set again what the base sets. */
static bnn_status read_bases(bnn_plan *plan) {
    bnn_status status = BNN_OK;
    if (!has_base(plan)) return BNN_OK;
    const bnn_grid_axis *axis = &plan->grid.axes[plan->base_axis];
    plan->bases = BNN_TAKE(&plan->arena, axis->n, bnn_settings);
    if (plan->bases == NULL) return BNN_FAIL_MEMORY("base configurations");
    for (size_t i = 0; i < axis->n && status == BNN_OK; i++) status = read_base(plan, axis, i);
    for (size_t i = 0; i < plan->own.n; i++)
        if (plan->own.at[i].key != NULL) plan->own.at[i].line = 0;
    return status;
}

/* ---- configurations of runs ------------------------------------------------------------------------------------------ */

static void push_all(bnn_settings *settings, const bnn_settings *from, bnn_arena *arena) {
    for (size_t i = 0; i < from->n; i++) bnn_settings_push(settings, from->at[i], arena);
}

static void push_own(bnn_settings *settings, const bnn_plan *plan, const size_t *point, bnn_arena *arena) {
    for (size_t i = 0; i < plan->own.n; i++) {
        bnn_setting setting = plan->own.at[i];
        if (setting.key != NULL) setting.value = bnn_grid_substitute(&plan->grid, point, setting.value, arena);
        bnn_settings_push(settings, setting, arena);
    }
}

/* Base, own sections and command line count as one layer before the axes: an axis may name a variant that drops keys of theirs. */
static bnn_status resolve(bnn_config **config, bnn_arena *arena, const bnn_plan *plan, const size_t *point, const size_t *choice,
                          const bnn_settings *more) {
    bnn_settings all = {0};
    if (plan->bases != NULL) push_all(&all, &plan->bases[point[plan->base_axis]], arena);
    push_own(&all, plan, point, arena);
    push_all(&all, &plan->sets, arena);
    size_t n_earlier = all.n;
    bnn_grid_push(&all, &plan->grid, point, arena);
    if (choice != NULL) bnn_grid_push(&all, &plan->choices, choice, arena);
    if (more != NULL) push_all(&all, more, arena);
    if (arena->has_failed) return BNN_FAIL_MEMORY("the configuration of a run");
    return bnn_config_read_settings(config, bnn_catalogue, all.n, all.at, n_earlier);
}

static bnn_status resolve_point(void *context, bnn_config **config, bnn_arena *arena, const size_t *point) {
    return resolve(config, arena, context, point, NULL, NULL);
}

static const size_t *point_of(const bnn_plan *plan, size_t run) { return plan->grid.at + run * plan->grid.n_axes; }

bnn_status bnn_plan_config(bnn_config **config, bnn_arena *arena, const bnn_plan *plan, size_t run, const size_t *choice,
                           const bnn_settings *more) {
    bnn_settings last = {0};
    if (more != NULL) push_all(&last, more, arena);
    bnn_settings_push(&last, (bnn_setting){ .section = "run", .key = "name", .value = plan->names[run], .where = plan->path }, arena);
    return resolve(config, arena, plan, point_of(plan, run), choice, &last);
}

typedef struct choice_context { const bnn_plan *plan; size_t run; } choice_context;

static bnn_status resolve_choice(void *context, bnn_config **config, bnn_arena *arena, const size_t *choice) {
    const choice_context *c = context;
    return resolve(config, arena, c->plan, point_of(c->plan, c->run), choice, NULL);
}

bnn_status bnn_plan_choices(bnn_grid *choices, bnn_arena *arena, const bnn_plan *plan, size_t run) {
    choice_context context = { plan, run };
    *choices = plan->choices;
    return bnn_grid_expand(choices, arena, resolve_choice, &context);
}

/* ---- names of runs --------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b, void *context) {
    const bnn_plan *naming = context;
    return strcmp(naming->names[*(const size_t *)a], naming->names[*(const size_t *)b]);
}

/* The last axis that tells the two runs apart has the line to look at. */
static bnn_status fail_shared(const bnn_plan *plan, size_t a, size_t b) {
    size_t axis = 0;
    for (size_t i = 0; i < plan->grid.n_axes; i++)
        if (point_of(plan, a)[i] != point_of(plan, b)[i]) axis = i;
    return BNN_FAIL(BNN_ERR_CONFIG, "%s: two runs would share the folder %s: %s = \"%s\" and \"%s\"; leave one out, or write them so that their "
                    "letters and digits differ", plan->grid.axes[axis].where, plan->names[a], plan->grid.axes[axis].column,
                    bnn_grid_text(&plan->grid, a, axis), bnn_grid_text(&plan->grid, b, axis));
}

static bnn_status check_distinct(const bnn_plan *plan) {
    size_t n = bnn_plan_size(plan), *order = malloc((n + 1) * sizeof *order);
    bnn_status status = order == NULL ? BNN_FAIL_MEMORY("the names of runs") : BNN_OK;
    for (size_t i = 0; order != NULL && i < n; i++) order[i] = i;
    if (order != NULL) qsort_r(order, n, sizeof *order, compare_names, (void *)plan);
    for (size_t i = 1; i < n && status == BNN_OK; i++)
        if (strcmp(plan->names[order[i - 1]], plan->names[order[i]]) == 0) status = fail_shared(plan, order[i - 1], order[i]);
    free(order);
    return status;
}

static bnn_status name_runs(bnn_plan *plan) {
    size_t n = bnn_plan_size(plan);
    plan->names = BNN_TAKE(&plan->arena, n, const char *);
    if (plan->names == NULL) return BNN_FAIL_MEMORY("the names of runs");
    for (size_t i = 0; i < n; i++) {
        const char *name = bnn_grid_name(&plan->grid, point_of(plan, i), &plan->arena);
        plan->names[i] = *name == '\0' ? "run" : name;
        if (strlen(name) > NAME_MOST)
            return BNN_FAIL(BNN_ERR_CONFIG, "%s: the folder name %.40s... has %zu bytes, at most %d are allowed: shorten values, or give them "
                            "names of their own", plan->path, name, strlen(name), NAME_MOST);
    }
    return check_distinct(plan);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static const char *last_value(const bnn_settings *settings, const char *section, const char *key) {
    for (size_t i = settings->n; i-- > 0;) {
        const bnn_setting *at = &settings->at[i];
        if (at->key != NULL && strcmp(at->section, section) == 0 && strcmp(at->key, key) == 0) return at->value;
    }
    return NULL;
}

static const char *stem_of(const char *path, bnn_arena *arena) {
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1, *dot = strrchr(name, '.');
    return bnn_phrase_trim(arena, name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name));
}

static void name_folder(bnn_plan *plan) {
    const char *name = last_value(&plan->sets, "run", "name"), *out = last_value(&plan->sets, "run", "out");
    if (name == NULL) name = last_value(&plan->own, "run", "name");
    if (out == NULL) out = last_value(&plan->own, "run", "out");
    plan->folder = bnn_phrase_format(&plan->arena, "%s/%s", out == NULL ? "runs" : out, name == NULL ? stem_of(plan->path, &plan->arena) : name);
}

static bnn_status check_sets(const bnn_plan *plan) {
    for (size_t s = 0; s < plan->sets.n; s++) {
        const bnn_setting *set = &plan->sets.at[s];
        if (set->fault != NULL) return BNN_FAIL(BNN_ERR_CONFIG, "%s: %s", set->where, set->fault);
        for (size_t i = 0; i < plan->grid.n_axes; i++)
            if (strcmp(plan->grid.axes[i].section, set->section) == 0 && strcmp(plan->grid.axes[i].key, set->key) == 0)
                return BNN_FAIL(BNN_ERR_CONFIG, "command line: %s.%s is an axis of the sweep: change it there", set->section, set->key);
    }
    return BNN_OK;
}

static bnn_status check_tune(const bnn_plan *plan) {
    const bnn_tune_options *o = &plan->tune;
    if (!plan->has_tune) return BNN_OK;
    if (plan->choices.n_axes == 0) return BNN_FAIL(BNN_ERR_CONFIG, "%s: [tune] has no axis: nothing to choose", plan->path);
    if ((o->folds > 1) == (o->fraction > 0) || o->folds == 1)
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: [tune] needs folds = K (2 or more) or fraction = F, one of them", plan->path);
    return BNN_OK;
}

bnn_status bnn_plan_make(bnn_plan *plan, const char *path, size_t n_sets, const char *const *sets, const char *folder) {
    bnn_status status;
    plan->path = bnn_phrase_format(&plan->arena, "%s", path);
    plan->base_axis = BNN_NO_VALUE;
    for (size_t i = 0; i < n_sets; i++) bnn_ini_word(&plan->sets, sets[i], &plan->arena);
    if ((status = read_file(plan))   != BNN_OK) return status;
    if ((status = check_names(plan)) != BNN_OK) return status;
    if ((status = check_sets(plan))  != BNN_OK) return status;
    if ((status = check_tune(plan))  != BNN_OK) return status;
    if ((status = read_bases(plan))  != BNN_OK) return status;
    if ((status = bnn_grid_expand(&plan->grid, &plan->arena, resolve_point, plan)) != BNN_OK) return status;
    if (folder != NULL) plan->folder = bnn_phrase_format(&plan->arena, "%s", folder);
    else name_folder(plan);
    status = name_runs(plan);
    return plan->arena.has_failed ? BNN_FAIL_MEMORY("a sweep file") : status;
}

void bnn_plan_free(bnn_plan *plan) {
    bnn_arena_free(&plan->arena);
    *plan = (bnn_plan){0};
}

char *bnn_plan_folder(const bnn_plan *plan, size_t run) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", plan->folder, plan->names[run]) < 0 ? NULL : path;
}
