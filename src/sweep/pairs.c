/* Pairing runs with those of the baseline. */
#include "sweep/pairs.h"
#include "base/fail.h"

#include <string.h>

static bool is_stem(const char *path, const char *word) {
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1, *dot = strrchr(name, '.');
    size_t length = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return strlen(word) == length && strncmp(name, word, length) == 0;
}

static bool is_value(const bnn_grid_axis *axis, size_t v, const char *word) {
    bool is_base = *axis->section == '\0' && strcmp(axis->key, "config") == 0;
    return strcmp(axis->values[v], word) == 0 || (is_base && is_stem(axis->values[v], word));
}

static bool names_axis(const bnn_grid_axis *axis, const char *word, size_t length) {
    return (strlen(axis->column) == length && strncmp(axis->column, word, length) == 0) ||
           (strlen(axis->label) == length && strncmp(axis->label, word, length) == 0);
}

bnn_status bnn_baseline_find(bnn_baseline *baseline, const bnn_plan *plan) {
    const char *text = plan->options.baseline, *equals = strchr(text, '=');
    *baseline = (bnn_baseline){0};
    if (*text == '\0') return BNN_OK;
    size_t length = equals == NULL ? 0 : (size_t)(equals - text);
    while (length > 0 && bnn_is_blank(text[length - 1])) length--;
    const char *value = equals == NULL ? "" : equals + 1 + strspn(equals + 1, " \t");
    for (size_t a = 0; a < plan->grid.n_axes; a++)
        for (size_t v = 0; names_axis(&plan->grid.axes[a], text, length) && v < plan->grid.axes[a].n; v++)
            if (is_value(&plan->grid.axes[a], v, value)) {
                *baseline = (bnn_baseline){ true, a, v };
                return BNN_OK;
            }
    return BNN_FAIL(BNN_ERR_CONFIG, "%s: [sweep] baseline = %s: write AXIS=VALUE with an axis of this sweep and one of its values", plan->path, text);
}

/* 2: same values but for the baseline's axis; 1: but for axes that only one of the two has; 0: not. */
static int closeness(const bnn_grid *grid, const bnn_baseline *baseline, size_t run, size_t other) {
    int close = 2;
    for (size_t a = 0; a < grid->n_axes; a++) {
        size_t x = grid->at[run * grid->n_axes + a], y = grid->at[other * grid->n_axes + a];
        if (a == baseline->axis || x == y) continue;
        if (x != BNN_NO_VALUE && y != BNN_NO_VALUE) return 0;
        close = 1;
    }
    return close;
}

static size_t find_partner(const bnn_grid *grid, const bnn_baseline *baseline, size_t run) {
    size_t found = BNN_NO_VALUE, n = 0;
    for (size_t other = 0; other < grid->n_points; other++) {
        if (grid->at[other * grid->n_axes + baseline->axis] != baseline->value) continue;
        int close = closeness(grid, baseline, run, other);
        if (close == 2) return other;
        if (close == 1) found = other, n++;
    }
    return n == 1 ? found : BNN_NO_VALUE;
}

void bnn_baseline_pair(size_t *partner, const bnn_baseline *baseline, const bnn_plan *plan) {
    for (size_t run = 0; run < plan->grid.n_points; run++)
        partner[run] = baseline->is_set ? find_partner(&plan->grid, baseline, run) : BNN_NO_VALUE;
}

void bnn_csv_field(bnn_text *csv, const char *field) {
    if (strpbrk(field, ",\"\n") == NULL) {
        bnn_text_add(csv, "%s", field);
        return;
    }
    bnn_text_add(csv, "\"");
    for (; *field != '\0'; field++) {
        if (*field == '"') bnn_text_add(csv, "\"\"");
        else bnn_text_add(csv, "%c", *field);
    }
    bnn_text_add(csv, "\"");
}
