/* One axis: a key that some option row knows, and the list of its values. */
#include "base/fail.h"
#include "config/catalogue.h"
#include "method/catalogue.h"
#include "sweep/grid.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the catalogue knows of a key, over all variants. */
typedef struct key_facts { bool is_known, is_everywhere, is_structural, takes_list, is_text; } key_facts;

static void note_row(key_facts *facts, const bnn_option *row) {
    if (row == NULL) return;
    facts->is_known = true;
    facts->takes_list = facts->takes_list || row->kind == BNN_OPTION_NUMBERS || row->kind == BNN_OPTION_WORDS;
    facts->is_text = facts->is_text || row->kind == BNN_OPTION_TEXT || row->kind == BNN_OPTION_PATH;
}

static key_facts facts_of(const bnn_section *section, const char *key) {
    key_facts facts = {0};
    note_row(&facts, bnn_rows_find(section->options, key));
    facts.is_everywhere = facts.is_known;
    for (const bnn_axis *axis = section->axes; axis != NULL && axis->key != NULL; axis++) {
        bool is_it = strcmp(axis->key, key) == 0;
        facts.is_known = facts.is_known || is_it;
        facts.is_structural = facts.is_structural || is_it;
        facts.is_everywhere = facts.is_everywhere || (is_it && axis->of == NULL);
        for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) note_row(&facts, bnn_rows_find((*at)->options, key));
    }
    return facts;
}

/* ---- an unknown key -------------------------------------------------------------------------------------------------- */

static void push_keys(bnn_phrases *names, bnn_arena *arena, const bnn_section *section, const bnn_option *rows) {
    for (; rows != NULL && rows->name != NULL; rows++)
        bnn_phrases_push(names, arena, bnn_phrase_format(arena, "%s.%s", section->name, rows->name));
}

static bnn_phrases all_keys(bnn_arena *arena) {
    bnn_phrases names = {0};
    for (const bnn_section *section = bnn_catalogue; section->name != NULL; section++) {
        push_keys(&names, arena, section, section->options);
        for (const bnn_axis *axis = section->axes; axis != NULL && axis->key != NULL; axis++) {
            bnn_phrases_push(&names, arena, bnn_phrase_format(arena, "%s.%s", section->name, axis->key));
            for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) push_keys(&names, arena, section, (*at)->options);
        }
    }
    return names;
}

static bnn_status fail_unknown(const bnn_setting *setting, bnn_arena *arena) {
    bnn_phrases names = all_keys(arena);
    return bnn_error_add(BNN_ERR_CONFIG, "%s: [%s] no option is called \"%s\"%s", setting->where, setting->section,
                         bnn_phrase_excerpt(arena, setting->key), bnn_phrases_suggest(&names, arena, setting->key));
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

/* "3:7"; false if it is nothing like that. */
static bool is_range(const char *text, long long *first, long long *last) {
    char *end;
    errno = 0;
    *first = strtoll(text, &end, 10);
    if (end == text || *end != ':' || isspace((unsigned char)end[1])) return false;
    const char *second = end + 1;
    *last = strtoll(second, &end, 10);
    return end != second && *end == '\0' && errno == 0;
}

static bnn_status push_value(bnn_phrases *values, const bnn_setting *setting, const char *text, bool may_be_range, bnn_arena *arena) {
    long long first, last;
    if (!may_be_range || !is_range(text, &first, &last)) {
        bnn_phrases_push(values, arena, text);
        return BNN_OK;
    }
    if (first > last || last - first >= BNN_GRID_MOST)
        return bnn_error_add(BNN_ERR_CONFIG, "%s: [%s] %s = %s: lo:hi are the integers from lo to hi, at least one and at most %d of them",
                             setting->where, setting->section, setting->key, text, BNN_GRID_MOST);
    for (long long i = first; i <= last; i++) bnn_phrases_push(values, arena, bnn_phrase_format(arena, "%lld", i));
    return BNN_OK;
}

static bnn_status read_values(bnn_grid_axis *axis, const bnn_setting *setting, key_facts facts, bnn_arena *arena) {
    bnn_phrases pieces = bnn_phrases_split(arena, setting->value, '|'), values = {0};
    bnn_status status = BNN_OK;
    if (pieces.n == 0)
        return bnn_error_add(BNN_ERR_CONFIG, "%s: [%s] %s has no value: give at least one, several as a | b or lo:hi", setting->where,
                             setting->section, setting->key);
    for (size_t i = 0; i < pieces.n && status == BNN_OK; i++) {
        bnn_phrases parts = {0};
        if (!facts.takes_list) parts = bnn_phrases_split(arena, pieces.at[i], ',');
        if (parts.n == 0) bnn_phrases_push(&parts, arena, pieces.at[i]);     /* an empty list is a value: net.hidden =  | 50 */
        for (size_t k = 0; k < parts.n && status == BNN_OK; k++) status = push_value(&values, setting, parts.at[k], !facts.is_text, arena);
    }
    axis->n = values.n;
    axis->values = values.at;
    return status;
}

/* ---- the axis -------------------------------------------------------------------------------------------------------- */

/* The folders of runs are the sweep's own affair. */
static bnn_status check_key(const bnn_setting *setting) {
    if (strcmp(setting->key, "run.name") != 0 && strcmp(setting->key, "run.out") != 0) return BNN_OK;
    return bnn_error_add(BNN_ERR_CONFIG, "%s: [%s] %s is no axis: runs are named after their axes, in the folder of the sweep (-o)",
                         setting->where, setting->section, setting->key);
}

static bnn_status read_key(bnn_grid_axis *axis, const bnn_setting *setting, key_facts *facts, bnn_arena *arena) {
    const char *dot = strchr(setting->key, '.');
    if (dot == NULL) return BNN_OK;                 /* a name of its own: anything */
    axis->section = bnn_phrase_trim(arena, setting->key, (size_t)(dot - setting->key));
    axis->key     = bnn_phrase_trim(arena, dot + 1, strlen(dot + 1));
    const bnn_section *section = bnn_catalogue_find(bnn_catalogue, axis->section);
    if (section != NULL) *facts = facts_of(section, axis->key);
    if (section == NULL || !facts->is_known) return fail_unknown(setting, arena);
    return check_key(setting);
}

bnn_status bnn_grid_axis_read(bnn_grid_axis *axis, const bnn_setting *setting, bnn_arena *arena) {
    key_facts facts = { .is_known = true, .is_everywhere = true, .is_structural = true };
    *axis = (bnn_grid_axis){ .section = "", .key = setting->key, .column = setting->key, .where = setting->where, .file = setting->file };
    bnn_status status = read_key(axis, setting, &facts, arena);
    if (status != BNN_OK) return status;
    axis->is_conditional = !facts.is_everywhere;
    axis->is_structural  = facts.is_structural;
    return read_values(axis, setting, facts, arena);
}
