/* Predictions from a CSV: which columns there are decides what they are of. */
#include "base/fail.h"
#include "data/cells.h"
#include "predict/calibration.h"
#include "predict/prediction.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    bnn_cells       cells;
    bool           *is_used;     /* [n_columns] */
    bnn_prediction *p;
    bnn_status      status;      /* the first fault sticks */
} reader;

/* ---- columns --------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static size_t count_prefix(const reader *r, const char *prefix) {
    size_t n = 0;
    for (size_t c = 0; c < r->cells.n_columns; c++) n += begins(bnn_cells_name(&r->cells, c), prefix);
    return n;
}

/* What follows the prefix in each such column, in their order. */
static char **take_names(reader *r, size_t n, const char *prefix) {
    char **names = BNN_TAKE(&r->p->arena, n, char *);
    for (size_t c = 0, i = 0; names != NULL && i < n; c++) {
        const char *name = bnn_cells_name(&r->cells, c);
        if (begins(name, prefix)) names[i++] = bnn_arena_text(&r->p->arena, name + strlen(prefix));
    }
    return names;
}

static void fail_missing(reader *r, const char *name) {
    if (r->status == BNN_OK)
        r->status = BNN_FAIL(BNN_ERR_DATA, "%s: no column '%s': predictions to be calibrated have p_CLASS for each class and target, or mean, sd and "
                             "target", r->cells.path, name);
}

/* "sd", or "sd_NAME" of target j where there are several. */
static size_t find_column(reader *r, const char *stem, size_t j, bool must_be) {
    char *name = NULL;
    bool is_plain = r->p->n_classes > 0 || *r->p->target_names[j] == '\0';
    if (asprintf(&name, is_plain ? "%s%s" : "%s_%s", stem, is_plain ? "" : r->p->target_names[j]) < 0) {
        r->status = BNN_FAIL_MEMORY("the name of a column");
        return r->cells.n_columns;
    }
    size_t c = bnn_cells_find(&r->cells, name);
    if (c < r->cells.n_columns) r->is_used[c] = true;
    else if (must_be) fail_missing(r, name);
    free(name);
    return c;
}

/* out[i * stride] of every row i. */
static void take_column(reader *r, size_t column, double *out, size_t stride) {
    for (size_t i = 0; r->status == BNN_OK && out != NULL && i < r->p->n_rows; i++)
        r->status = bnn_cells_number(&r->cells, i, column, &out[i * stride]);
}

static double *take_array(reader *r, size_t n) {
    double *at = BNN_TAKE(&r->p->arena, n, double);
    if (at == NULL && r->status == BNN_OK) r->status = BNN_FAIL_MEMORY("the predictions");
    return at;
}

/* [n_rows x n_targets] of columns STEM_NAME. Those that may be missing are taken for all targets or none. */
static double *take_columns(reader *r, const char *stem, bool must_be) {
    size_t n = r->p->n_targets, columns[n];
    for (size_t j = 0; j < n; j++)
        if ((columns[j] = find_column(r, stem, j, must_be)) == r->cells.n_columns) return NULL;
    double *at = take_array(r, r->p->n_rows * n);
    for (size_t j = 0; r->status == BNN_OK && j < n; j++) take_column(r, columns[j], at + j, n);
    return at;
}

/* ---- classes --------------------------------------------------------------------------------------------------------- */

static size_t line_of(const reader *r, size_t row) { return r->cells.lines[row + 1]; }

static void normalise(reader *r, size_t row) {
    double *p = r->p->p + row * r->p->n_classes, sum = 0;
    bool is_fine = true;
    for (size_t k = 0; k < r->p->n_classes; k++) {
        is_fine = is_fine && p[k] >= 0;
        sum += p[k];
    }
    if (!is_fine || fabs(sum - 1) > 0.01)
        r->status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: %s: they are to be at least 0 and to add up to 1", r->cells.path, line_of(r, row),
                             is_fine ? "the probabilities do not add up" : "a probability is below 0");
    for (size_t k = 0; k < r->p->n_classes; k++) p[k] /= sum;
}

static void take_class(reader *r, size_t column, size_t row) {
    const char *text = bnn_cells_at(&r->cells, row, column);
    size_t k = 0;
    while (k < r->p->n_classes && strcmp(r->p->class_names[k], text) != 0) k++;
    r->p->target[row] = (double)k;
    if (k == r->p->n_classes)
        r->status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: target '%.40s': there is no column p_%.40s", r->cells.path, line_of(r, row), text, text);
}

static void take_probabilities(reader *r) {
    bnn_prediction *p = r->p;
    p->p = take_array(r, p->n_rows * p->n_classes);
    for (size_t c = 0, k = 0; r->status == BNN_OK && k < p->n_classes; c++) {
        if (!begins(bnn_cells_name(&r->cells, c), "p_")) continue;
        r->is_used[c] = true;
        take_column(r, c, p->p + k++, p->n_classes);
    }
    for (size_t i = 0; r->status == BNN_OK && i < p->n_rows; i++) normalise(r, i);
}

static void take_classes(reader *r) {
    bnn_prediction *p = r->p;
    p->n_targets = 1;
    p->class_names = take_names(r, p->n_classes, "p_");
    if (p->n_classes < 2) fail_missing(r, "p_CLASS");
    size_t target = find_column(r, "target", 0, true);
    take_probabilities(r);
    p->target = take_array(r, p->n_rows);
    p->log_lik = take_array(r, p->n_rows);
    p->entropy = take_array(r, p->n_rows);
    p->label = BNN_TAKE(&p->arena, p->n_rows, size_t);
    p->mutual_information = take_columns(r, "mutual_information", false);
    if (p->mutual_information != NULL) p->entropy_aleatoric = take_array(r, p->n_rows);
    for (size_t i = 0; r->status == BNN_OK && !p->arena.has_failed && i < p->n_rows; i++) take_class(r, target, i);
    if (r->status == BNN_OK && !p->arena.has_failed) bnn_temperature_apply(p, bnn_all_rows, 1);      /* fills in label, entropies, log_lik */
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

/* "q05", or "q05_NAME" of the first target: .05; else NaN. */
static double level_of(const reader *r, const char *column) {
    const char *first = r->p->target_names[0];
    size_t digits = column[0] == 'q' ? strspn(column + 1, "0123456789") : 0;
    const char *rest = column + 1 + digits;
    if (digits == 0 || digits > 17 || (*first == '\0' ? *rest != '\0' : *rest != '_' || strcmp(rest + 1, first) != 0)) return NAN;
    char text[24];
    snprintf(text, sizeof text, "0.%.*s", (int)digits, column + 1);
    double level = strtod(text, NULL);
    return level > 0 && level < 1 ? level : NAN;
}

static size_t count_quantiles(const reader *r) {
    size_t n = 0;
    for (size_t c = 0; c < r->cells.n_columns; c++)
        if (!isnan(level_of(r, bnn_cells_name(&r->cells, c)))) n++;
    return n;
}

/* Column c says that there is such a quantile of the first target; the others must have it too. */
static void take_quantile(reader *r, size_t c, size_t q) {
    bnn_prediction *p = r->p;
    const char *name = bnn_cells_name(&r->cells, c);
    char stem[24];
    snprintf(stem, sizeof stem, "q%.*s", (int)strspn(name + 1, "0123456789"), name + 1);
    p->quantile_levels[q] = level_of(r, name);
    for (size_t j = 0; r->status == BNN_OK && j < p->n_targets; j++) {
        size_t column = find_column(r, stem, j, true);
        take_column(r, column, p->quantiles + j * p->n_quantiles + q, p->n_targets * p->n_quantiles);
    }
}

static void take_quantiles(reader *r) {
    bnn_prediction *p = r->p;
    p->n_quantiles = count_quantiles(r);
    p->quantile_levels = take_array(r, p->n_quantiles);
    p->quantiles = take_array(r, p->n_rows * p->n_targets * p->n_quantiles);
    for (size_t c = 0, q = 0; r->status == BNN_OK && q < p->n_quantiles; c++)
        if (!isnan(level_of(r, bnn_cells_name(&r->cells, c)))) take_quantile(r, c, q++);
}

static void check_sds(reader *r) {
    const bnn_prediction *p = r->p;
    for (size_t at = 0; r->status == BNN_OK && at < p->n_rows * p->n_targets; at++)
        if (!(p->sd[at] > 0))
            r->status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: sd = %g; a spread that can be scaled is above 0", r->cells.path,
                                 line_of(r, at / p->n_targets), p->sd[at]);
}

static void take_numbers(reader *r) {
    bnn_prediction *p = r->p;
    size_t n_named = count_prefix(r, "mean_");
    bool is_plain = bnn_cells_find(&r->cells, "mean") < r->cells.n_columns || n_named == 0;
    p->n_targets = is_plain ? 1 : n_named;
    p->target_names = is_plain ? BNN_TAKE(&p->arena, 1, char *) : take_names(r, n_named, "mean_");
    if (is_plain && p->target_names != NULL) p->target_names[0] = bnn_arena_text(&p->arena, "");
    if (p->arena.has_failed) return;
    p->mean = take_columns(r, "mean", true);
    p->sd = take_columns(r, "sd", true);
    p->target = take_columns(r, "target", true);
    p->sd_aleatoric = take_columns(r, "sd_aleatoric", false);
    p->sd_epistemic = take_columns(r, "sd_epistemic", false);
    if (r->status == BNN_OK) check_sds(r);
    if (r->status == BNN_OK) take_quantiles(r);
    p->log_lik_moment = take_array(r, p->n_rows);
    for (size_t at = 0; r->status == BNN_OK && at < p->n_rows * p->n_targets; at++)
        p->log_lik_moment[at / p->n_targets] += bnn_gaussian_log_density(p->target[at], p->mean[at], p->sd[at]);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static void name_left_out(const reader *r, bnn_text *left_out) {
    static const char *const derived[] = { "label", "entropy", "entropy_aleatoric", "lower", "upper", "set", NULL };
    bool has_log_lik = r->p->n_classes > 0;       /* of numbers it would take the whole distribution */
    for (size_t c = 0; left_out != NULL && c < r->cells.n_columns; c++) {
        const char *name = bnn_cells_name(&r->cells, c);
        size_t d = 0;
        while (derived[d] != NULL && strcmp(derived[d], name) != 0) d++;
        bool is_derived = derived[d] != NULL || (has_log_lik && strcmp(name, "log_lik") == 0);
        if (!r->is_used[c] && !is_derived) bnn_text_add(left_out, "%s%s", left_out->length > 0 ? ", " : "", name);
    }
}

static void take_all(reader *r) {
    r->p->n_rows = r->cells.n_rows;
    r->p->n_classes = count_prefix(r, "p_");
    (r->p->n_classes > 0 ? take_classes : take_numbers)(r);
    if (r->status == BNN_OK && r->p->arena.has_failed) r->status = BNN_FAIL_MEMORY("the predictions");
}

bnn_status bnn_prediction_read(bnn_prediction **prediction, const char *path, bnn_text *left_out) {
    reader r = { .p = calloc(1, sizeof *r.p) };
    bnn_status status = r.p == NULL ? BNN_FAIL_MEMORY("the predictions") : bnn_cells_read(&r.cells, path);
    if (status == BNN_OK && (r.is_used = BNN_TAKE(&r.p->arena, r.cells.n_columns, bool)) == NULL) status = BNN_FAIL_MEMORY("the predictions");
    if (status == BNN_OK) {
        take_all(&r);
        name_left_out(&r, left_out);
        status = r.status;
    }
    if (status == BNN_OK) *prediction = r.p;
    else bnn_prediction_free(r.p);
    bnn_cells_free(&r.cells);
    return status;
}
