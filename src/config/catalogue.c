/* Walking a catalogue, and checking that one is sound: its rows are ours, so a fault in them is a programming fault that
 * the tests find with bnn_catalogue_check. */
#include "config/catalogue.h"
#include "config/config.h"
#include "config/value.h"
#include "base/fail.h"

#include <string.h>

size_t bnn_catalogue_count(const bnn_section *catalogue) {
    size_t n = 0;
    while (catalogue[n].name != NULL) n++;
    return n;
}

const bnn_section *bnn_catalogue_find(const bnn_section *catalogue, const char *name) {
    for (; catalogue->name != NULL; catalogue++)
        if (strcmp(catalogue->name, name) == 0) return catalogue;
    return NULL;
}

size_t bnn_rows_count(const bnn_option *rows) {
    size_t n = 0;
    while (rows != NULL && rows[n].name != NULL) n++;
    return n;
}

const bnn_option *bnn_rows_find(const bnn_option *rows, const char *name) {
    for (; rows != NULL && rows->name != NULL; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

const bnn_variant *bnn_axis_find(const bnn_axis *axis, const char *variant) {
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++)
        if (strcmp((*at)->name, variant) == 0) return *at;
    return NULL;
}

bnn_option bnn_axis_row(const bnn_axis *axis, bnn_arena *arena) {
    bnn_phrases names = {0};
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) bnn_phrases_push(&names, arena, (*at)->name);
    return (bnn_option){.name = axis->key, .kind = BNN_OPTION_CHOICE, .fallback = names.n > 0 ? names.at[0] : NULL,
                        .words = bnn_phrases_join(&names, arena, "|"), .help = axis->help};
}

static size_t axes_count(const bnn_section *section) {
    size_t n = 0;
    while (section->axes != NULL && section->axes[n].key != NULL) n++;
    return n;
}

static bool choice_make(bnn_choice *choice, const bnn_section *section, bnn_arena *arena) {
    size_t n = axes_count(section);
    *choice = (bnn_choice){section, n, BNN_TAKE(arena, n, bnn_option), BNN_TAKE(arena, n, const bnn_variant *)};
    if (choice->axis_rows == NULL || choice->variants == NULL) return false;
    for (size_t a = 0; a < n; a++) {
        choice->axis_rows[a] = bnn_axis_row(&section->axes[a], arena);
        choice->variants[a]  = section->axes[a].variants[0];
    }
    return true;
}

bnn_choice *bnn_choices_make(const bnn_section *catalogue, bnn_arena *arena) {
    size_t n = bnn_catalogue_count(catalogue);
    bnn_choice *choices = BNN_TAKE(arena, n + 1, bnn_choice);
    for (size_t s = 0; s < n && choices != NULL; s++)
        if (!choice_make(&choices[s], &catalogue[s], arena)) return NULL;
    return choices;
}

bool bnn_choice_has_axis(const bnn_choice *choice, size_t a) {
    const char *of = choice->section->axes[a].of;
    return of == NULL || strcmp(of, choice->variants[0]->name) == 0;
}

const bnn_option *bnn_choice_row(const bnn_choice *choice, size_t i) {
    for (size_t a = 0; a < choice->n_axes; a++) {
        if (!bnn_choice_has_axis(choice, a)) continue;
        if (i == 0) return &choice->axis_rows[a];
        i--;
    }
    size_t n = bnn_rows_count(choice->section->options);
    if (i < n) return &choice->section->options[i];
    i -= n;
    for (size_t a = 0; a < choice->n_axes; a++) {
        const bnn_option *rows = choice->variants[a]->options;
        if (!bnn_choice_has_axis(choice, a)) continue;
        if (i < (n = bnn_rows_count(rows))) return &rows[i];
        i -= n;
    }
    return NULL;
}

const bnn_option *bnn_choice_find(const bnn_choice *choice, const char *key) {
    const bnn_option *row;
    for (size_t i = 0; (row = bnn_choice_row(choice, i)) != NULL; i++)
        if (strcmp(row->name, key) == 0) return row;
    return NULL;
}

size_t bnn_choice_owner(const bnn_choice *choice, const char *key) {
    for (size_t a = 0; a < choice->n_axes; a++)
        for (const bnn_variant *const *at = choice->section->axes[a].variants; *at != NULL; at++)
            if (bnn_rows_find((*at)->options, key) != NULL) return a;
    return choice->n_axes;
}

/* What follows checks a catalogue. `place` names a part of it in sentences: "[prior]", "[prior] name = laplace". */
typedef struct checker {
    bnn_arena  arena;
    bnn_status status;
    const char *place;
} checker;

static void complain(checker *c, const char *name, const char *what) {
    c->status = bnn_error_add(BNN_ERR_CONFIG, "catalogue: %s \"%s\" %s", c->place, name, what);
}

/* Names go into INI files, "a|b" lists and file names. */
static void name_check(checker *c, const char *name, const char *help) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (*name == '\0' || name[strspn(name, letters)] != '\0') complain(c, name, "is not a name of letters, digits, _ and -");
    if (help == NULL || *help == '\0') complain(c, name, "has no help");
}

static void row_check(checker *c, const bnn_option *row) {
    bnn_value value;
    name_check(c, row->name, row->help);
    const char *fault = bnn_value_read(&value, row, bnn_option_fallback(row), NULL, &c->arena);
    if (fault != NULL) complain(c, row->name, bnn_phrase_format(&c->arena, "has a default that %s", fault));
}

/* Checks each row and adds its name to `taken`, where it must not stand yet. */
static void rows_check(checker *c, const bnn_option *rows, bnn_phrases *taken) {
    for (; rows != NULL && rows->name != NULL; rows++) {
        row_check(c, rows);
        for (size_t i = 0; i < taken->n; i++)
            if (strcmp(taken->at[i], rows->name) == 0) complain(c, rows->name, "is the name of two keys");
        bnn_phrases_push(taken, &c->arena, rows->name);
    }
}

/* Variants of one axis never meet, so each may use a name of another; keys of all earlier axes may meet them: `taken`. */
static void axis_check(checker *c, const bnn_axis *axis, const bnn_axis *first, const char *section, bnn_phrases *taken) {
    size_t n_before = taken->n;
    bnn_phrases theirs = {0};
    if (axis->topic == NULL) complain(c, axis->key, "has no help topic");
    if (axis->variants[0] == NULL) complain(c, axis->key, "has no variants");
    if (axis->of != NULL && bnn_axis_find(first, axis->of) == NULL) complain(c, axis->key, "belongs to a variant that there is not");
    for (const bnn_variant *const *at = axis->variants; *at != NULL; at++) {
        const bnn_variant *variant = *at;
        name_check(c, variant->name, variant->help);
        if (bnn_axis_find(axis, variant->name) != variant) complain(c, variant->name, "is the name of two variants");
        const char *outer = c->place;
        c->place = bnn_phrase_format(&c->arena, "[%s] %s = %s:", section, axis->key, variant->name);
        rows_check(c, variant->options, taken);
        for (const bnn_option *row = variant->options; row != NULL && row->name != NULL; row++) {
            if (row->offset >= variant->size) complain(c, row->name, "lies outside the options struct");
            bnn_phrases_push(&theirs, &c->arena, row->name);
        }
        c->place = outer;
        taken->n = n_before;
    }
    for (size_t i = 0; i < theirs.n; i++) bnn_phrases_push(taken, &c->arena, theirs.at[i]);
}

static void section_check(checker *c, const bnn_section *section) {
    bnn_phrases taken = {0};
    c->place = bnn_phrase_format(&c->arena, "[%s]", section->name);
    for (size_t a = 0; a < axes_count(section); a++) {
        const bnn_option axis_row[] = {bnn_axis_row(&section->axes[a], &c->arena), {0}};
        rows_check(c, axis_row, &taken);
    }
    rows_check(c, section->options, &taken);
    for (size_t a = 0; a < axes_count(section); a++) axis_check(c, &section->axes[a], section->axes, section->name, &taken);
}

bnn_status bnn_catalogue_check(const bnn_section *catalogue) {
    checker c = {.status = BNN_OK};
    bnn_error_clear();
    for (const bnn_section *section = catalogue; section->name != NULL; section++) {
        c.place = "section";
        name_check(&c, section->name, section->help);
        if (bnn_catalogue_find(catalogue, section->name) != section) complain(&c, section->name, "stands twice");
        section_check(&c, section);
    }
    if (c.arena.has_failed) c.status = BNN_FAIL_MEMORY("the check of the catalogue");
    bnn_arena_free(&c.arena);
    return c.status;
}
