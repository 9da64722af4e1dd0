/* The resolved configuration as the rest of the program sees it: reading, looking up, setting, filling, printing. */
#include "config/resolve.h"
#include "base/fail.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bnn_status bnn_config_read_catalogue(bnn_config **config, const bnn_section *catalogue, const char *path,
                                     size_t n_sets, const char *const *sets) {
    assert(*config == NULL);
    bnn_status  status = BNN_OK;
    bnn_config *made   = calloc(1, sizeof *made);
    if (made == NULL) return BNN_FAIL_MEMORY("the configuration");
    made->catalogue  = catalogue;
    made->n_sections = bnn_catalogue_count(catalogue);
    if (path != NULL) {
        made->path = bnn_phrase_format(&made->arena, "%s", path);
        status = bnn_ini_read(&made->settings, path, &made->arena);
        if (status == BNN_ERR_DATA) status = BNN_ERR_CONFIG;    /* a configuration that cannot be read */
    }
    size_t n_file = made->settings.n;
    for (size_t i = 0; i < n_sets; i++) bnn_ini_word(&made->settings, sets[i], &made->arena);
    if (status == BNN_OK) status = bnn_config_resolve(made, n_file);
    if (status == BNN_OK) *config = made;
    else bnn_config_free(made);
    return status;
}

bnn_status bnn_config_read_settings(bnn_config **config, const bnn_section *catalogue, size_t n, const bnn_setting *settings,
                                    size_t n_earlier) {
    assert(*config == NULL);
    bnn_config *made = calloc(1, sizeof *made);
    if (made == NULL) return BNN_FAIL_MEMORY("the configuration");
    made->catalogue  = catalogue;
    made->n_sections = bnn_catalogue_count(catalogue);
    for (size_t i = 0; i < n; i++) bnn_settings_push(&made->settings, settings[i], &made->arena);
    bnn_status status = bnn_config_resolve(made, n_earlier);
    if (status == BNN_OK) *config = made;
    else bnn_config_free(made);
    return status;
}

void bnn_config_free(bnn_config *config) {
    if (config == NULL) return;
    bnn_arena_free(&config->now.arena);
    bnn_arena_free(&config->arena);
    free(config);
}

bnn_status bnn_config_set(bnn_config *config, const char *section, const char *key, const char *value) {
    size_t     n     = config->settings.n;
    bnn_arena *arena = &config->arena;
    bnn_setting setting = {.where = "command line"};
    setting.section = bnn_phrase_format(arena, "%s", section);
    setting.key     = bnn_phrase_format(arena, "%s", key);
    setting.value   = bnn_phrase_trim(arena, value, strlen(value));
    bnn_settings_push(&config->settings, setting, arena);
    bnn_status status = bnn_config_resolve(config, n);
    if (status != BNN_OK) config->settings.n = n;
    return status;
}

const bnn_section *bnn_config_catalogue(const bnn_config *config) { return config->catalogue; }

static const bnn_entry *entry_find(const bnn_config *config, const char *section, const char *key) {
    for (size_t i = 0; i < config->now.n; i++) {
        const bnn_entry *at = &config->now.entries[i];
        if (strcmp(at->section, section) == 0 && strcmp(at->row->name, key) == 0) return at;
    }
    return NULL;
}

const char *bnn_config_text(const bnn_config *config, const char *section, const char *key) {
    const bnn_entry *found = entry_find(config, section, key);
    return found != NULL ? found->value.text : NULL;
}

const char *bnn_config_where(const bnn_config *config, const char *section, const char *key) {
    const bnn_entry *found = entry_find(config, section, key);
    return found != NULL ? found->where : "default";
}

const char *bnn_config_key(const bnn_config *config, const char *section, size_t i) {
    for (size_t e = 0; e < config->now.n; e++)
        if (strcmp(config->now.entries[e].section, section) == 0 && i-- == 0) return config->now.entries[e].row->name;
    return NULL;
}

const bnn_variant *bnn_config_variant(const bnn_config *config, const char *section, const char *key) {
    size_t s = bnn_config_section(config, section), a = 0;
    assert(s < config->n_sections);
    const bnn_choice *choice = &config->now.choices[s];
    while (a < choice->n_axes && strcmp(choice->section->axes[a].key, key) != 0) a++;
    assert(a < choice->n_axes);
    return choice->variants[a];
}

void bnn_config_fill(const bnn_config *config, const char *section, const bnn_option *rows, void *options) {
    for (; rows != NULL && rows->name != NULL; rows++) {
        const bnn_entry *found = entry_find(config, section, rows->name);
        assert(found != NULL && found->row->kind == rows->kind);
        bnn_value_store(&found->value, rows, options);
    }
}

bnn_status bnn_config_fail(const bnn_config *config, const char *section, const char *key, const char *format, ...) {
    const char *value = bnn_config_text(config, section, key);
    char *message = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&message, format, args);
    va_end(args);
    bool has_value = value != NULL && *value != '\0';
    BNN_FAIL(BNN_ERR_CONFIG, "%s: [%s] %s%s%s: %s", bnn_config_where(config, section, key), section, key,
             has_value ? " = " : "", has_value ? value : "", n >= 0 ? message : format);
    if (n >= 0) free(message);
    return BNN_ERR_CONFIG;
}

static void entry_print(bnn_text *out, const bnn_entry *printed, bool with_help, bnn_arena *arena) {
    const bnn_option *row = printed->row;
    if (with_help) bnn_text_add(out, "# %s\n", bnn_option_summary(row, arena));
    bnn_text_add(out, "%s =%s", row->name, *printed->value.text != '\0' ? " " : "");
    bnn_ini_escape(out, printed->value.text);
    bnn_text_add(out, "\n");
}

char *bnn_config_print(const bnn_config *config, const char *section, bool with_help) {
    bnn_text  out   = {0};
    bnn_arena words = {0};
    for (const bnn_section *at = config->catalogue; at->name != NULL; at++) {
        if (section != NULL && strcmp(section, at->name) != 0) continue;
        bnn_text_add(&out, "%s", out.length > 0 ? "\n" : "");
        if (with_help) bnn_text_add(&out, "# %s\n", at->help);
        bnn_text_add(&out, "[%s]\n", at->name);
        for (size_t i = 0; i < config->now.n; i++)
            if (strcmp(config->now.entries[i].section, at->name) == 0)
                entry_print(&out, &config->now.entries[i], with_help, &words);
    }
    if (out.at == NULL) bnn_text_add(&out, "%s", "");
    if (out.has_failed || words.has_failed) bnn_text_free(&out);
    bnn_arena_free(&words);
    return out.at;
}
