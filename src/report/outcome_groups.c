/* Axes of a sweep, groups of its runs, panels of groups: who stands beside whom. */
#include "report/outcome_groups.h"
#include "base/fail.h"
#include "config/phrase.h"

#include <math.h>
#include <string.h>

/* ---- axes -------------------------------------------------------------------------------------------------------- */

static const char *stem_of(const char *path, bnn_arena *arena) {
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1, *dot = strrchr(name, '.');
    return bnn_phrase_trim(arena, name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name));
}

/* "method" for method.name, "split" for data.split. */
static const char *word_of(const char *name, bnn_arena *arena) {
    const char *dot = strchr(name, '.');
    if (dot == NULL) return name;
    return strcmp(dot, ".name") == 0 ? bnn_phrase_trim(arena, name, (size_t)(dot - name)) : dot + 1;
}

static size_t value_number(bnn_outcome_key *key, const char *text) {
    size_t v = 0;
    while (v < key->n && strcmp(key->values[v], text) != 0) v++;
    if (v == key->n) key->values[key->n++] = text;
    return v;
}

static void find_numbers(bnn_outcome_key *key, bnn_arena *arena) {
    double *numbers = BNN_TAKE(arena, key->n, double);
    bool are_all = numbers != NULL;
    for (size_t v = 0; are_all && v < key->n; v++) {
        bool applies = *key->values[v] != '\0';
        numbers[v] = NAN;
        are_all = !applies || (bnn_text_to_number(key->values[v], &numbers[v]) && isfinite(numbers[v]));
    }
    key->numbers = are_all ? numbers : NULL;
}

/* "sd=0.3" where the bare number would not say of what. */
static const char *label_of(const bnn_outcome_key *key, size_t v, bnn_arena *arena) {
    const char *value = key->values[v];
    if (*value == '\0') return "";
    if (strcmp(key->name, "config") == 0) return stem_of(value, arena);
    return key->numbers != NULL ? bnn_phrase_format(arena, "%s=%s", key->word, value) : value;
}

static bool name_values(bnn_outcome_key *key, bnn_arena *arena) {
    find_numbers(key, arena);
    if ((key->labels = BNN_TAKE(arena, key->n, const char *)) == NULL) return false;
    for (size_t v = 0; v < key->n; v++) key->labels[v] = label_of(key, v, arena);
    return !arena->has_failed;
}

bool bnn_outcome_key_read(bnn_outcome_key *key, bnn_outcome *o, size_t column) {
    const char *name = bnn_cells_name(&o->results, column);
    *key = (bnn_outcome_key){ .name = name, .word = word_of(name, &o->arena), .values = BNN_TAKE(&o->arena, o->n_runs, const char *),
                              .of_run = BNN_TAKE(&o->arena, o->n_runs, size_t) };
    if (o->arena.has_failed) return false;
    for (size_t run = 0; run < o->n_runs; run++) key->of_run[run] = value_number(key, bnn_cells_at(&o->results, run, column));
    key->is_data = strncmp(name, "data.", 5) == 0 || (strchr(name, '.') == NULL && strcmp(name, "config") != 0);
    return name_values(key, &o->arena);
}

bool bnn_outcome_key_offer(bnn_outcome_key *key, const char *value, bnn_arena *arena) {
    for (size_t v = 0; v < key->n; v++)
        if (strcmp(key->values[v], value) == 0) return true;
    const char **values = BNN_TAKE(arena, key->n + 1, const char *);
    if (values == NULL) return false;
    memcpy(values, key->values, key->n * sizeof *values);
    values[key->n++] = bnn_arena_text(arena, value);
    key->values = values;
    return name_values(key, arena);
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static bool is_same_group(const bnn_outcome *o, size_t a, size_t b) {
    for (size_t k = 0; k < o->n_keys; k++)
        if (!o->keys[k].is_replicate && o->keys[k].of_run[a] != o->keys[k].of_run[b]) return false;
    return true;
}

bnn_status bnn_outcome_group(bnn_outcome *o) {
    o->group_of = BNN_TAKE(&o->arena, o->n_runs, size_t);
    o->first    = BNN_TAKE(&o->arena, o->n_runs, size_t);
    if (o->arena.has_failed) return BNN_FAIL_MEMORY("the groups of a sweep");
    for (size_t run = 0; run < o->n_runs; run++) {
        size_t g = 0;
        while (g < o->n_groups && !is_same_group(o, o->first[g], run)) g++;
        if (g == o->n_groups) o->first[o->n_groups++] = run;
        o->group_of[run] = g;
    }
    return BNN_OK;
}

static bool is_value(const bnn_outcome_key *key, size_t v, const char *word) {
    bool is_stem = strcmp(key->name, "config") == 0 && strcmp(key->labels[v], word) == 0;
    return is_stem || strcmp(key->values[v], word) == 0;
}

/* "method.name=map" or "method=map". */
void bnn_outcome_mark_baseline(bnn_outcome *o) {
    const char *equals = strchr(o->baseline, '=');
    if (equals == NULL) return;
    const char *axis = bnn_phrase_trim(&o->arena, o->baseline, (size_t)(equals - o->baseline));
    const char *value = bnn_phrase_trim(&o->arena, equals + 1, strlen(equals + 1));
    for (size_t k = 0; k < o->n_keys; k++) {
        const bnn_outcome_key *key = &o->keys[k];
        if (strcmp(key->name, axis) != 0 && strcmp(key->word, axis) != 0) continue;
        for (size_t g = 0; g < o->n_groups; g++) o->is_baseline[g] = !key->is_replicate && is_value(key, key->of_run[o->first[g]], value);
    }
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

/* Data sets get panels of their own where there is something else to compare. */
static void choose_panel_keys(bnn_outcome *o) {
    bool has_other = false;
    for (size_t k = 0; k < o->n_keys; k++) has_other |= !o->keys[k].is_data && !o->keys[k].is_replicate;
    for (size_t k = 0; k < o->n_keys; k++) o->is_panel_key[k] = has_other && o->keys[k].is_data && !o->keys[k].is_replicate;
}

static const char *panel_title(bnn_outcome *o, size_t group) {
    bnn_text title = {0};
    for (size_t k = 0; k < o->n_keys; k++) {
        const char *label = o->keys[k].labels[o->keys[k].of_run[o->first[group]]];
        if (o->is_panel_key[k] && *label != '\0') bnn_text_add(&title, "%s%s", title.length > 0 ? ", " : "", label);
    }
    return title.at == NULL ? "" : bnn_phrase_take(&o->arena, &title);
}

bnn_status bnn_outcome_divide(bnn_outcome *o) {
    o->is_panel_key = BNN_TAKE(&o->arena, o->n_keys, bool);
    o->panels = BNN_TAKE(&o->arena, o->n_groups, bnn_panel);
    if (o->arena.has_failed) return BNN_FAIL_MEMORY("the groups of a sweep");
    choose_panel_keys(o);
    for (size_t g = 0; g < o->n_groups; g++) {
        const char *title = panel_title(o, g);
        size_t p = 0;
        while (p < o->n_panels && strcmp(o->panels[p].title, title) != 0) p++;
        if (p == o->n_panels) {
            o->panels[p] = (bnn_panel){ .title = title, .groups = BNN_TAKE(&o->arena, o->n_groups - g, size_t) };
            o->n_panels++;
        }
        if (o->arena.has_failed) return BNN_FAIL_MEMORY("the groups of a sweep");
        o->panels[p].groups[o->panels[p].n++] = g;
    }
    return BNN_OK;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

const char *bnn_outcome_value(const bnn_outcome_key *key, const bnn_outcome *outcome, size_t group) {
    return key->values[key->of_run[outcome->first[group]]];
}

void bnn_outcome_label(bnn_text *label, const bnn_outcome *o, const bnn_panel *panel, size_t group, size_t left_out) {
    size_t before = label->length;
    for (size_t k = 0; k < o->n_keys; k++) {
        const bnn_outcome_key *key = &o->keys[k];
        const char *text = key->labels[key->of_run[o->first[group]]];
        if (key->is_replicate || (o->is_panel_key[k] && !panel->is_whole) || k == left_out || *text == '\0') continue;
        bnn_text_add(label, "%s%s", label->length > before ? ", " : "", text);
    }
    if (label->length == before) bnn_text_add(label, "all runs");
}
