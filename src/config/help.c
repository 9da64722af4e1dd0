/* `bnn help`: every page is made from the option rows. Plain text, at most 100 columns. */
#include "config/catalogue.h"
#include "config/config.h"
#include "config/value.h"
#include "base/fail.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 100, INDENT = 2, LEFT_MOST = 28 };

typedef struct page {
    bnn_arena   arena;
    bnn_text    out;
    bnn_choice *choices;    /* every section, ended by {0} */
} page;

/* Adds the words of `text`, going on at `column` and breaking lines, which then begin at `indent`. */
static void wrap_add(bnn_text *out, const char *text, size_t column, size_t indent) {
    for (bool is_first = true; *(text += strspn(text, " ")) != '\0'; is_first = false) {
        size_t length = strcspn(text, " ");
        if (!is_first && column + 1 + length > COLUMNS) {
            bnn_text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_first) {
            bnn_text_add(out, " ");
            column++;
        }
        bnn_text_add(out, "%.*s", (int)length, text);
        column += length;
        text   += length;
    }
    bnn_text_add(out, "\n");
}

/* `left` in a column of `width`, `right` wrapped beside it; a longer left stands on a line of its own. */
static void item_add(page *p, size_t indent, const char *left, size_t width, const char *right) {
    size_t start = indent + width + 2;
    bool is_long = strlen(left) > width;
    bnn_text_add(&p->out, "%*s%-*s", (int)indent, "", is_long ? 0 : (int)width + 2, left);
    if (is_long) bnn_text_add(&p->out, "\n%*s", (int)start, "");
    wrap_add(&p->out, right, start, start);
}

static const char *key_left(page *p, const bnn_option *row) {
    const char *value = bnn_option_fallback(row);
    return bnn_phrase_format(&p->arena, "%s =%s%s", row->name, *value != '\0' ? " " : "", value);
}

static size_t wider(size_t width, const char *left) {
    size_t length = strlen(left);
    return length > width && length <= LEFT_MOST ? length : width;
}

static void keys_add(page *p, const bnn_option *rows, size_t n, size_t indent) {
    size_t width = 0;
    for (size_t i = 0; i < n; i++) width = wider(width, key_left(p, &rows[i]));
    for (size_t i = 0; i < n; i++)
        item_add(p, indent, key_left(p, &rows[i]), width, bnn_option_summary(&rows[i], &p->arena));
}

static const char *variant_left(page *p, const bnn_axis *axis, const bnn_variant *variant) {
    return bnn_phrase_format(&p->arena, "%s%s", variant->name, variant == axis->variants[0] ? " (default)" : "");
}

static void variant_add(page *p, const bnn_axis *axis, const bnn_variant *variant, size_t width) {
    item_add(p, INDENT, variant_left(p, axis, variant), width, variant->help);
    keys_add(p, variant->options, bnn_rows_count(variant->options), 3 * INDENT);
}

/* A table: the axis, its variants and their keys. */
static void axis_add(page *p, const bnn_section *section, const bnn_axis *axis) {
    size_t width = 0;
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) width = wider(width, variant_left(p, axis, *at));
    wrap_add(&p->out, bnn_phrase_format(&p->arena, "Table %s, chosen by [%s] %s: %s", axis->topic, section->name, axis->key,
                                        axis->help), 0, INDENT);
    bnn_text_add(&p->out, "\n");
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) variant_add(p, axis, *at, width);
}

static void blank_line(page *p) {
    if (p->out.length > 0) bnn_text_add(&p->out, "\n");
}

/* The axis keys and the section's own, aligned as one list. */
static void section_keys_add(page *p, const bnn_choice *choice) {
    size_t n = choice->n_axes + bnn_rows_count(choice->section->options);
    bnn_option *rows = BNN_TAKE(&p->arena, n, bnn_option);
    for (size_t i = 0; i < n && rows != NULL; i++)
        rows[i] = i < choice->n_axes ? choice->axis_rows[i] : choice->section->options[i - choice->n_axes];
    if (rows != NULL) keys_add(p, rows, n, INDENT);
}

static void section_add(page *p, const bnn_choice *choice) {
    const bnn_section *section = choice->section;
    wrap_add(&p->out, bnn_phrase_format(&p->arena, "Section [%s]: %s", section->name, section->help), 0, INDENT);
    bnn_text_add(&p->out, "\n");
    section_keys_add(p, choice);
    for (size_t a = 0; a < choice->n_axes; a++) {
        blank_line(p);
        axis_add(p, section, &section->axes[a]);
    }
}

/* The page of one word: a section with its tables, and tables of that name in other sections. */
static void word_add(page *p, const char *word) {
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++) {
        bool is_section = strcmp(choice->section->name, word) == 0;
        if (is_section) {
            blank_line(p);
            section_add(p, choice);
        }
        for (size_t a = 0; a < choice->n_axes && !is_section; a++) {
            if (strcmp(choice->section->axes[a].topic, word) != 0) continue;
            blank_line(p);
            axis_add(p, choice->section, &choice->section->axes[a]);
        }
    }
}

/* All facts about one row. owners: "name = gaussian" where variants have it, NULL for a key of the whole section. */
static void key_add(page *p, const char *section, const bnn_option *row, const char *owners) {
    bool has_unit = row->unit != NULL && *row->unit != '\0';
    const char *fallback = bnn_option_fallback(row);
    blank_line(p);
    wrap_add(&p->out, bnn_phrase_format(&p->arena, "[%s] %s: %s", section, row->name, row->help), 0, INDENT);
    bnn_text_add(&p->out, "\n");
    item_add(p, INDENT, "value", 10, bnn_option_allowed(row, &p->arena));
    item_add(p, INDENT, "default", 10, *fallback != '\0' ? fallback : "(empty)");
    if (has_unit) item_add(p, INDENT, "unit", 10, row->unit);
    if (owners != NULL) item_add(p, INDENT, "belongs to", 10, owners);
}

static bool is_same_row(const bnn_option *a, const bnn_option *b) {
    return a->kind == b->kind && strcmp(bnn_option_fallback(a), bnn_option_fallback(b)) == 0 && a->min == b->min &&
           a->max == b->max && a->excludes_min == b->excludes_min && a->check == b->check &&
           strcmp(a->words != NULL ? a->words : "", b->words != NULL ? b->words : "") == 0 &&
           strcmp(a->help, b->help) == 0;
}

/* Variants that have the key in the same form share one entry. */
static void variant_keys_add(page *p, const bnn_section *section, const bnn_axis *axis, const char *key) {
    const bnn_variant *const *variants = axis->variants;
    for (size_t i = 0; variants[i] != NULL; i++) {
        const bnn_option *row = bnn_rows_find(variants[i]->options, key);
        bnn_phrases owners = {0};
        bool is_told = row == NULL;
        for (size_t j = 0; variants[j] != NULL && !is_told; j++) {
            const bnn_option *other = bnn_rows_find(variants[j]->options, key);
            if (other == NULL || !is_same_row(row, other)) continue;
            is_told = j < i;
            bnn_phrases_push(&owners, &p->arena, variants[j]->name);
        }
        const char *names = bnn_phrases_join(&owners, &p->arena, ", ");
        if (!is_told) key_add(p, section->name, row, bnn_phrase_format(&p->arena, "%s = %s", axis->key, names));
    }
}

/* "name = bbb" for an axis that only that variant has. */
static const char *axis_owner(page *p, const bnn_section *section, const bnn_axis *axis) {
    return axis->of == NULL ? NULL : bnn_phrase_format(&p->arena, "%s = %s", section->axes[0].key, axis->of);
}

/* The page of "first.second": a key of a section, a variant of a table, or both. */
static void pair_add(page *p, const char *first, const char *second) {
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++) {
        const bnn_section *section = choice->section;
        bool is_section = strcmp(section->name, first) == 0;
        const bnn_option *own = is_section ? bnn_rows_find(section->options, second) : NULL;
        if (own != NULL) key_add(p, section->name, own, NULL);
        for (size_t a = 0; a < choice->n_axes; a++) {
            const bnn_axis *axis = &section->axes[a];
            const bnn_variant *variant = strcmp(axis->topic, first) == 0 ? bnn_axis_find(axis, second) : NULL;
            if (is_section && strcmp(axis->key, second) == 0) key_add(p, section->name, &choice->axis_rows[a], axis_owner(p, section, axis));
            if (is_section) variant_keys_add(p, section, axis, second);
            if (variant == NULL) continue;
            blank_line(p);
            wrap_add(&p->out, bnn_phrase_format(&p->arena, "[%s] %s = %s: %s", section->name, axis->key, second,
                                                variant->help), 0, INDENT);
            keys_add(p, variant->options, bnn_rows_count(variant->options), INDENT);
        }
    }
}

static void list_add(page *p) {
    size_t width = 0;
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++) {
        width = wider(width, choice->section->name);
        for (size_t a = 0; a < choice->n_axes; a++) width = wider(width, choice->section->axes[a].topic);
    }
    bnn_text_add(&p->out, "Sections (help SECTION, help SECTION.KEY):\n\n");
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++)
        item_add(p, INDENT, choice->section->name, width, choice->section->help);
    bnn_text_add(&p->out, "\nTables of variants (help TABLE, help TABLE.VARIANT):\n\n");
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++)
        for (size_t a = 0; a < choice->n_axes; a++) {
            bnn_phrases names = bnn_phrases_split(&p->arena, choice->axis_rows[a].words, '|');
            item_add(p, INDENT, choice->section->axes[a].topic, width, bnn_phrases_join(&names, &p->arena, ", "));
        }
}

static void rows_collect(page *p, bnn_phrases *topics, const char *section, const bnn_option *rows, size_t n) {
    for (size_t i = 0; i < n; i++)
        bnn_phrases_push(topics, &p->arena, bnn_phrase_format(&p->arena, "%s.%s", section, rows[i].name));
}

/* Every topic there is. */
static bnn_phrases topics_collect(page *p) {
    bnn_phrases topics = {0};
    for (bnn_choice *choice = p->choices; choice->section != NULL; choice++) {
        const bnn_section *section = choice->section;
        bnn_phrases_push(&topics, &p->arena, section->name);
        rows_collect(p, &topics, section->name, choice->axis_rows, choice->n_axes);
        rows_collect(p, &topics, section->name, section->options, bnn_rows_count(section->options));
        for (size_t a = 0; a < choice->n_axes; a++) {
            const bnn_axis *axis = &section->axes[a];
            bnn_phrases_push(&topics, &p->arena, axis->topic);
            for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) {
                bnn_phrases_push(&topics, &p->arena, bnn_phrase_format(&p->arena, "%s.%s", axis->topic, (*at)->name));
                rows_collect(p, &topics, section->name, (*at)->options, bnn_rows_count((*at)->options));
            }
        }
    }
    return topics;
}

/* The topic whose last part is this very word ("lr": "optimizer.lr"), else the nearest by spelling. */
static bnn_status unknown_topic(page *p, const char *topic) {
    bnn_phrases topics = topics_collect(p);
    const char *nearest = NULL;
    for (size_t i = 0; i < topics.n && nearest == NULL; i++) {
        const char *dot = strchr(topics.at[i], '.');
        if (dot != NULL && strcmp(dot + 1, topic) == 0) nearest = topics.at[i];
    }
    if (nearest == NULL) nearest = bnn_text_nearest(topic, topics.n, topics.at);
    const char *shown = bnn_phrase_excerpt(&p->arena, topic);
    if (nearest == NULL) return BNN_FAIL(BNN_ERR_USAGE, "no help on \"%s\"; help alone lists the topics", shown);
    return BNN_FAIL(BNN_ERR_USAGE, "no help on \"%s\"; did you mean \"%s\"?", shown, nearest);
}

static bnn_status topic_add(page *p, const char *topic) {
    const char *dot = topic != NULL ? strchr(topic, '.') : NULL;
    if (topic == NULL) list_add(p);
    else if (dot == NULL) word_add(p, topic);
    else pair_add(p, bnn_phrase_format(&p->arena, "%.*s", (int)(dot - topic), topic), dot + 1);
    if (p->arena.has_failed || p->out.has_failed) return BNN_FAIL_MEMORY("help");
    return p->out.length > 0 ? BNN_OK : unknown_topic(p, topic);
}

bnn_status bnn_config_help(const bnn_section *catalogue, const char *topic, char **text) {
    page p = {0};
    p.choices = bnn_choices_make(catalogue, &p.arena);
    bnn_status status = p.choices != NULL ? topic_add(&p, topic) : BNN_FAIL_MEMORY("help");
    if (status == BNN_OK) *text = p.out.at;
    else bnn_text_free(&p.out);
    bnn_arena_free(&p.arena);
    return status;
}
