/* From settings to values, with every fault on the way.
 *
 * Resolving goes in two steps, because the keys that exist depend on the variants that are chosen: first the axis keys pick
 * the variants, then every setting is checked against the rows of those, and each row takes its last setting or its default.
 * A setting that fitted before another variant was chosen by a later layer (file, then command line, then bnn_config_set) is
 * dropped in silence; one that never fitted is a fault. */
#include "config/resolve.h"
#include "base/fail.h"

#include <string.h>

/* One pass over the settings; the first n_earlier are those of the layers before. */
typedef struct resolver {
    bnn_config *config;
    bnn_state  *next;
    bnn_choice *earlier;
    size_t      n_earlier, n_faults;
} resolver;

size_t bnn_config_section(const bnn_config *config, const char *name) {
    const bnn_section *section = bnn_catalogue_find(config->catalogue, name);
    return section != NULL ? (size_t)(section - config->catalogue) : config->n_sections;
}

static bool is_setting_of(const bnn_setting *setting, const char *section, const char *key) {
    return setting->fault == NULL && setting->key != NULL && strcmp(setting->key, key) == 0 &&
           strcmp(setting->section, section) == 0;
}

/* The one that counts among the first n settings, or NULL. */
static const bnn_setting *setting_last(const bnn_config *config, size_t n, const char *section, const char *key) {
    while (n > 0)
        if (is_setting_of(&config->settings.at[--n], section, key)) return &config->settings.at[n];
    return NULL;
}

/* Every section with the variants that the first n settings name; a word that names none leaves the default. */
static bnn_choice *choose(const bnn_config *config, size_t n, bnn_arena *arena) {
    bnn_choice *choices = bnn_choices_make(config->catalogue, arena);
    for (size_t s = 0; s < config->n_sections && choices != NULL; s++)
        for (size_t a = 0; a < choices[s].n_axes; a++) {
            const bnn_axis    *axis    = &choices[s].section->axes[a];
            const bnn_setting *setting = setting_last(config, n, choices[s].section->name, axis->key);
            const bnn_variant *variant = setting != NULL ? bnn_axis_find(axis, setting->value) : NULL;
            if (variant != NULL) choices[s].variants[a] = variant;
        }
    return choices;
}

static void fault_add(resolver *r, const char *where, const char *sentence) {
    bnn_error_add(BNN_ERR_CONFIG, "%s: %s", where, sentence);
    r->n_faults++;
}

/* A header is reported once; the keys below it would only say the same again. */
static void section_unknown(resolver *r, const bnn_setting *setting) {
    bnn_arena  *arena = &r->next->arena;
    bnn_phrases names = {0};
    if (setting->key != NULL && setting->line > 0) return;
    for (size_t s = 0; s < r->config->n_sections; s++) bnn_phrases_push(&names, arena, r->config->catalogue[s].name);
    const char *nearest = bnn_text_nearest(setting->section, names.n, names.at);
    const char *hint = nearest != NULL ? bnn_phrase_format(arena, "; did you mean [%s]?", nearest) : "";
    fault_add(r, setting->where, bnn_phrase_format(arena, "unknown section [%s]%s",
                                                   bnn_phrase_excerpt(arena, setting->section), hint));
}

static bool names_no_variant(const bnn_config *config, const char *section, const bnn_axis *axis) {
    for (size_t i = 0; i < config->settings.n; i++) {
        const bnn_setting *setting = &config->settings.at[i];
        if (is_setting_of(setting, section, axis->key) && bnn_axis_find(axis, setting->value) == NULL) return true;
    }
    return false;
}

/* The key of a variant that is not chosen. Says nothing if the axis itself has a bad word: that is the fault to mend. */
static void key_of_other_variant(resolver *r, const bnn_setting *setting, const bnn_choice *choice, size_t a) {
    bnn_arena      *arena  = &r->next->arena;
    const bnn_axis *axis   = &choice->section->axes[a];
    bnn_phrases     owners = {0};
    if (names_no_variant(r->config, setting->section, axis)) return;
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++)
        if (bnn_rows_find((*at)->options, setting->key) != NULL) bnn_phrases_push(&owners, arena, (*at)->name);
    fault_add(r, setting->where,
              bnn_phrase_format(arena, "%s belongs to [%s] %s = %s, not %s", setting->key, setting->section, axis->key,
                                bnn_phrases_join(&owners, arena, " or "), choice->variants[a]->name));
}

/* The nearest key of the section, else the section that has this very key. */
static const char *key_hint(resolver *r, const bnn_setting *setting, const bnn_choice *choice) {
    bnn_arena  *arena = &r->next->arena;
    bnn_phrases keys  = {0};
    const bnn_option *row;
    for (size_t i = 0; (row = bnn_choice_row(choice, i)) != NULL; i++) bnn_phrases_push(&keys, arena, row->name);
    const char *hint = bnn_phrases_suggest(&keys, arena, setting->key);
    for (size_t s = 0; s < r->config->n_sections && *hint == '\0'; s++)
        if (bnn_choice_find(&r->next->choices[s], setting->key) != NULL)
            hint = bnn_phrase_format(arena, "; it is a key of [%s]", r->config->catalogue[s].name);
    return hint;
}

/* The axis behind a key of the section that does not apply now: the key is its own, or one of its variants'. n_axes: none. */
static size_t axis_that_rests(const bnn_choice *choice, const char *key) {
    for (size_t a = 0; a < choice->n_axes; a++)
        if (!bnn_choice_has_axis(choice, a) &&
            (strcmp(choice->section->axes[a].key, key) == 0 || bnn_choice_owner(choice, key) == a)) return a;
    return choice->n_axes;
}

static void key_of_resting_axis(resolver *r, const bnn_setting *setting, const bnn_choice *choice, size_t a) {
    const bnn_axis *axes = choice->section->axes;
    if (names_no_variant(r->config, setting->section, &axes[0])) return;
    fault_add(r, setting->where, bnn_phrase_format(&r->next->arena, "%s belongs to [%s] %s = %s, not %s", setting->key,
                                                   setting->section, axes[0].key, axes[a].of, choice->variants[0]->name));
}

static void key_unknown(resolver *r, const bnn_setting *setting, const bnn_choice *choice) {
    bnn_arena *arena = &r->next->arena;
    size_t     a     = bnn_choice_owner(choice, setting->key), resting = axis_that_rests(choice, setting->key);
    if (resting < choice->n_axes) key_of_resting_axis(r, setting, choice, resting);
    else if (a < choice->n_axes) key_of_other_variant(r, setting, choice, a);
    else fault_add(r, setting->where, bnn_phrase_format(arena, "unknown key \"%s\" in [%s]%s",
                                                        bnn_phrase_excerpt(arena, setting->key), setting->section,
                                                        key_hint(r, setting, choice)));
}

/* The line of the file where the key of setting i was set before; 0: nowhere. Later words of the command line simply win. */
static int line_of_first(const bnn_config *config, size_t i) {
    const bnn_setting *setting = &config->settings.at[i];
    for (size_t j = 0; j < i && setting->line > 0; j++)
        if (is_setting_of(&config->settings.at[j], setting->section, setting->key)) return config->settings.at[j].line;
    return 0;
}

static void key_duplicate(resolver *r, const bnn_setting *setting, int first) {
    fault_add(r, setting->where, bnn_phrase_format(&r->next->arena, "duplicate key \"%s\" in [%s]; first set in line %d",
                                                   setting->key, setting->section, first));
}

static void value_check(resolver *r, const bnn_setting *setting, const bnn_option *row) {
    bnn_arena *arena = &r->next->arena;
    bnn_value  value;
    const char *fault = bnn_value_read(&value, row, setting->value, setting->file, arena);
    if (fault != NULL)
        fault_add(r, setting->where, bnn_phrase_format(arena, "[%s] %s%s%s %s", setting->section, setting->key,
                                                       *setting->value != '\0' ? " = " : "",
                                                       bnn_phrase_excerpt(arena, setting->value), fault));
}

static void setting_check(resolver *r, size_t i) {
    const bnn_setting *setting = &r->config->settings.at[i];
    size_t s = bnn_config_section(r->config, setting->section);
    if (setting->fault != NULL) {
        fault_add(r, setting->where, setting->fault);
        return;
    }
    if (s == r->config->n_sections) {
        section_unknown(r, setting);
        return;
    }
    if (setting->key == NULL) return;
    const bnn_option *row = bnn_choice_find(&r->next->choices[s], setting->key);
    if (row == NULL && i < r->n_earlier) row = bnn_choice_find(&r->earlier[s], setting->key);
    int first = row != NULL ? line_of_first(r->config, i) : 0;
    if (row == NULL) key_unknown(r, setting, &r->next->choices[s]);
    else if (first > 0) key_duplicate(r, setting, first);
    else value_check(r, setting, row);
}

static void entry_add(resolver *r, const bnn_section *section, const bnn_option *row) {
    bnn_config *config = r->config;
    bnn_entry *added = &r->next->entries[r->next->n++];
    const bnn_setting *setting = setting_last(config, config->settings.n, section->name, row->name);
    *added = (bnn_entry){section->name, setting != NULL ? setting->where : "default", row, {0}};
    const char *text = setting != NULL ? setting->value : bnn_option_fallback(row);
    const char *file = setting != NULL ? setting->file : config->path;
    const char *fault = bnn_value_read(&added->value, row, text, file, &config->arena);
    if (fault != NULL && setting == NULL)
        fault_add(r, "default", bnn_phrase_format(&r->next->arena, "[%s] %s = %s %s", section->name, row->name, text,
                                                  fault));
}

static bool entries_make(resolver *r) {
    size_t n = 0;
    for (size_t s = 0; s < r->config->n_sections; s++)
        for (size_t i = 0; bnn_choice_row(&r->next->choices[s], i) != NULL; i++) n++;
    if ((r->next->entries = BNN_TAKE(&r->next->arena, n, bnn_entry)) == NULL) return false;
    for (size_t s = 0; s < r->config->n_sections; s++) {
        const bnn_option *row;
        for (size_t i = 0; (row = bnn_choice_row(&r->next->choices[s], i)) != NULL; i++)
            entry_add(r, &r->config->catalogue[s], row);
    }
    return true;
}

/* Takes over the new state, and forgets settings that belong to no row now: their variant, chosen again, starts afresh. */
static void commit(bnn_config *config, bnn_state *next) {
    bnn_settings *settings = &config->settings;
    size_t n_kept = 0;
    for (size_t i = 0; i < settings->n; i++) {
        const bnn_setting *setting = &settings->at[i];
        const bnn_choice  *choice  = &next->choices[bnn_config_section(config, setting->section)];
        if (setting->key != NULL && bnn_choice_find(choice, setting->key) != NULL) settings->at[n_kept++] = *setting;
    }
    settings->n = n_kept;
    bnn_arena_free(&config->now.arena);
    config->now = *next;
}

bnn_status bnn_config_resolve(bnn_config *config, size_t n_earlier) {
    bnn_state next = {0};
    resolver r = {config, &next, NULL, n_earlier, 0};
    bnn_error_clear();
    r.earlier    = choose(config, n_earlier, &next.arena);
    next.choices = choose(config, config->settings.n, &next.arena);
    bool has_memory = r.earlier != NULL && next.choices != NULL;
    for (size_t i = 0; i < config->settings.n && has_memory; i++) setting_check(&r, i);
    has_memory = has_memory && entries_make(&r) && !next.arena.has_failed && !config->arena.has_failed;
    if (has_memory && r.n_faults == 0) {
        commit(config, &next);
        return BNN_OK;
    }
    bnn_arena_free(&next.arena);
    return has_memory ? BNN_ERR_CONFIG : BNN_FAIL_MEMORY("the configuration");
}
