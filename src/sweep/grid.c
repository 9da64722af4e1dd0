/* All combinations of the values of some axes, and the names of runs that come from them. */
#include "sweep/grid.h"
#include "base/fail.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- which axes apply ------------------------------------------------------------------------------------------------ */

/* Whether each axis applies depends on the values of the structural ones alone: worked out once for each combination of those. */
typedef struct expansion {
    bnn_grid         *grid;
    bnn_grid_resolve *resolve;
    void             *context;
    bnn_arena        *arena;
    size_t            n_known, room;
    size_t          **known;         /* [n_known] structural part of a point, [n_axes], then [n_axes] whether each axis applies */
    bool             *is_used;       /* [n_axes] it applies to some point */
} expansion;

static bool is_same_structure(const bnn_grid *grid, const size_t *a, const size_t *b) {
    for (size_t i = 0; i < grid->n_axes; i++)
        if (grid->axes[i].is_structural && a[i] != b[i]) return false;
    return true;
}

/* Marks the conditional axes (the structural ones, or the others) whose keys the configuration of `part` has. */
static bnn_status mark(expansion *e, const size_t *part, bool is_structural, size_t *applies) {
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    bnn_status status = e->resolve(e->context, &config, &strings, part);
    for (size_t i = 0; i < e->grid->n_axes && status == BNN_OK; i++) {
        const bnn_grid_axis *axis = &e->grid->axes[i];
        if (axis->is_conditional && axis->is_structural == is_structural)
            applies[i] = bnn_config_text(config, axis->section, axis->key) != NULL;
    }
    bnn_config_free(config);
    bnn_arena_free(&strings);
    return status;
}

/* First with the structural axes that always apply, then with those that these bring with them. */
static bnn_status work_out(expansion *e, const size_t *point, size_t *part, size_t *applies) {
    size_t n = e->grid->n_axes;
    for (size_t i = 0; i < n; i++) {
        const bnn_grid_axis *axis = &e->grid->axes[i];
        applies[i] = !axis->is_conditional;
        part[i] = axis->is_structural && applies[i] ? point[i] : BNN_NO_VALUE;
    }
    bnn_status status = mark(e, part, true, applies);
    for (size_t i = 0; i < n; i++)
        if (e->grid->axes[i].is_structural && applies[i]) part[i] = point[i];
    if (status == BNN_OK) status = mark(e, part, false, applies);
    for (size_t i = 0; i < n; i++) e->is_used[i] = e->is_used[i] || applies[i];
    return status;
}

static bool remember(expansion *e, size_t *entry) {
    if (e->n_known == e->room) {
        size_t room = 2 * e->room + 8, **known = BNN_TAKE(e->arena, room, size_t *);
        if (known == NULL) return false;
        if (e->n_known > 0) memcpy(known, e->known, e->n_known * sizeof *known);
        e->known = known;
        e->room = room;
    }
    e->known[e->n_known++] = entry;
    return true;
}

static bnn_status find_applying(expansion *e, const size_t *point, const size_t **applies) {
    size_t n = e->grid->n_axes;
    for (size_t k = 0; k < e->n_known; k++)
        if (is_same_structure(e->grid, e->known[k], point)) {
            *applies = e->known[k] + n;
            return BNN_OK;
        }
    size_t *entry = BNN_TAKE(e->arena, 2 * n, size_t), *part = BNN_TAKE(e->arena, n, size_t);
    if (entry == NULL || part == NULL || !remember(e, entry)) return BNN_FAIL_MEMORY("the grid of a sweep");
    memcpy(entry, point, n * sizeof *entry);
    *applies = entry + n;
    return work_out(e, point, part, entry + n);
}

/* ---- all points ------------------------------------------------------------------------------------------------------ */

static bool has_conditional(const bnn_grid *grid) {
    for (size_t i = 0; i < grid->n_axes; i++)
        if (grid->axes[i].is_conditional) return true;
    return false;
}

/* The first of the points that differ only where axes do not apply stands for all of them. */
static bnn_status add_point(expansion *e, const size_t *point, bool is_checked) {
    bnn_grid *grid = e->grid;
    const size_t *applies = NULL;
    size_t *out = grid->at + grid->n_points * grid->n_axes;
    bnn_status status = is_checked ? find_applying(e, point, &applies) : BNN_OK;
    if (status != BNN_OK) return status;
    for (size_t i = 0; i < grid->n_axes; i++) {
        bool is_in = applies == NULL || applies[i];
        if (!is_in && point[i] != 0) return BNN_OK;
        out[i] = is_in ? point[i] : BNN_NO_VALUE;
    }
    grid->n_points++;
    return BNN_OK;
}

static bool next_point(const bnn_grid *grid, size_t *point) {
    for (size_t i = grid->n_axes; i-- > 0; point[i] = 0)
        if (++point[i] < grid->axes[i].n) return true;
    return false;
}

static bnn_status count_points(const bnn_grid *grid, size_t *n) {
    *n = 1;
    for (size_t i = 0; i < grid->n_axes; i++) {
        *n *= grid->axes[i].n;
        if (*n > BNN_GRID_MOST)
            return BNN_FAIL(BNN_ERR_CONFIG, "%s: with this axis there are more than %d combinations: divide them among several files",
                            grid->axes[i].where, BNN_GRID_MOST);
    }
    return BNN_OK;
}

static bnn_status check_used(const expansion *e) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t i = 0; i < e->grid->n_axes; i++)
        if (!e->is_used[i])
            status = bnn_error_add(BNN_ERR_CONFIG, "%s: %s applies to no run: no variant chosen here has that key", e->grid->axes[i].where,
                                   e->grid->axes[i].column);
    return status;
}

bnn_status bnn_grid_expand(bnn_grid *grid, bnn_arena *arena, bnn_grid_resolve *resolve, void *context) {
    expansion e = { .grid = grid, .resolve = resolve, .context = context, .arena = arena };
    size_t n, *point = BNN_TAKE(arena, grid->n_axes + 1, size_t);
    bnn_status status = count_points(grid, &n);
    if (status != BNN_OK) return status;
    bool is_checked = has_conditional(grid);
    grid->at = BNN_TAKE(arena, n * grid->n_axes, size_t);
    e.is_used = BNN_TAKE(arena, grid->n_axes, bool);
    if (point == NULL || grid->at == NULL || e.is_used == NULL) return BNN_FAIL_MEMORY("the grid of a sweep");
    grid->n_points = 0;
    do status = add_point(&e, point, is_checked);
    while (status == BNN_OK && next_point(grid, point));
    return status == BNN_OK && is_checked ? check_used(&e) : status;
}

/* ---- texts ----------------------------------------------------------------------------------------------------------- */

const char *bnn_grid_text(const bnn_grid *grid, size_t point, size_t a) {
    size_t value = grid->at[point * grid->n_axes + a];
    return value == BNN_NO_VALUE ? "" : grid->axes[a].values[value];
}

/* "method" for method.name, "split" for data.split. */
static const char *short_label(const bnn_grid_axis *axis) { return strcmp(axis->key, "name") == 0 && *axis->section != '\0' ? axis->section : axis->key; }

void bnn_grid_label(bnn_grid *grid, bnn_arena *arena) {
    for (size_t i = 0; i < grid->n_axes; i++) {
        bnn_grid_axis *axis = &grid->axes[i];
        bool is_shared = false;
        for (size_t k = 0; k < grid->n_axes; k++)
            is_shared = is_shared || (k != i && strcmp(short_label(axis), short_label(&grid->axes[k])) == 0);
        axis->label = is_shared && *axis->section != '\0' ? bnn_phrase_format(arena, "%s.%s", axis->section, axis->key) : short_label(axis);
    }
}

/* Letters that need no quotes in a shell; anything else is '_', a run of them one. A comma and an equals sign divide a name. */
static void add_plain(bnn_text *name, const char *value) {
    bool has_gap = false;
    if (*value == '\0') bnn_text_add(name, "none");
    for (; *value != '\0'; value++) {
        bool is_plain = isalnum((unsigned char)*value) || strchr("._+-:", *value) != NULL;
        if (is_plain) bnn_text_add(name, "%s%c", has_gap ? "_" : "", *value);
        has_gap = !is_plain;
    }
    if (has_gap) bnn_text_add(name, "_");
}

/* A base file goes by its stem. */
static void add_base(bnn_text *name, const char *path) {
    const char *slash = strrchr(path, '/'), *stem = slash == NULL ? path : slash + 1, *dot = strrchr(stem, '.');
    char *plain = strndup(stem, dot == NULL || dot == stem ? strlen(stem) : (size_t)(dot - stem));
    if (plain == NULL) name->has_failed = true;
    else add_plain(name, plain);
    free(plain);
}

const char *bnn_grid_name(const bnn_grid *grid, const size_t *point, bnn_arena *arena) {
    bnn_text name = {0};
    for (size_t i = 0; i < grid->n_axes; i++) {
        const bnn_grid_axis *axis = &grid->axes[i];
        if (!bnn_grid_axis_varies(axis) || point[i] == BNN_NO_VALUE) continue;
        if (name.length > 0) bnn_text_add(&name, ",");
        if (*axis->section == '\0' && strcmp(axis->key, "config") == 0) {
            add_base(&name, axis->values[point[i]]);
            continue;
        }
        bnn_text_add(&name, "%s=", axis->label);
        add_plain(&name, axis->values[point[i]]);
    }
    return bnn_phrase_take(arena, &name);
}

/* The axis that a {name} of `length` letters means, or n_axes. */
static size_t find_name(const bnn_grid *grid, const char *name, size_t length) {
    for (size_t i = 0; i < grid->n_axes; i++) {
        const bnn_grid_axis *axis = &grid->axes[i];
        if (*axis->section == '\0' && strlen(axis->key) == length && strncmp(axis->key, name, length) == 0) return i;
    }
    return grid->n_axes;
}

const char *bnn_grid_substitute(const bnn_grid *grid, const size_t *point, const char *text, bnn_arena *arena) {
    bnn_text out = {0};
    if (strchr(text, '{') == NULL) return text;
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        bnn_text_add(&out, "%.*s", (int)plain, text);
        text += plain;
        if (*text == '\0') break;
        size_t length = strcspn(text + 1, "}"), a = text[1 + length] == '}' ? find_name(grid, text + 1, length) : grid->n_axes;
        bool is_name = a < grid->n_axes && point[a] != BNN_NO_VALUE;
        if (is_name) bnn_text_add(&out, "%s", grid->axes[a].values[point[a]]);
        else bnn_text_add(&out, "{");
        text += is_name ? length + 2 : 1;
    }
    return bnn_phrase_take(arena, &out);
}

void bnn_grid_push(bnn_settings *settings, const bnn_grid *grid, const size_t *point, bnn_arena *arena) {
    for (size_t i = 0; i < grid->n_axes; i++) {
        const bnn_grid_axis *axis = &grid->axes[i];
        if (*axis->section == '\0' || point[i] == BNN_NO_VALUE) continue;
        const char *value = bnn_grid_substitute(grid, point, axis->values[point[i]], arena);
        bnn_settings_push(settings, (bnn_setting){ .section = axis->section, .key = axis->key, .value = value, .where = axis->where,
                                                   .file = axis->file }, arena);
    }
}
