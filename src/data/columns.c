/* What each column of a table is for: a feature, a target, the weight or nothing. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bnn_columns_free(bnn_columns *columns) {
    bnn_names_free(columns->n, columns->names);
    free(columns->at);
    *columns = (bnn_columns){0};
}

/* ---- by name or index ------------------------------------------------------------------------------------------------ */

/* true: `word` is a 0-based index below n. */
static bool is_index(const char *word, size_t n, size_t *index) {
    size_t value = 0;
    if (*word == '\0' || strspn(word, "0123456789") != strlen(word) || strlen(word) > 9) return false;
    for (; *word != '\0'; word++) value = value * 10 + (size_t)(*word - '0');
    *index = value;
    return value < n;
}

static bool find_column(const bnn_columns *columns, const char *word, size_t *index) {
    for (size_t c = 0; columns->names != NULL && c < columns->n; c++)
        if (strcmp(columns->names[c], word) == 0) {
            *index = c;
            return true;
        }
    return is_index(word, columns->n, index);
}

static bnn_status no_such_column(const bnn_columns *columns, const char *path, const char *what, const char *word) {
    char shown[BNN_SHOWN_SIZE], list[BNN_LIST_SIZE];
    if (columns->names == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s%s: no %s column '%s': the file has no header and %zu columns, numbered from 0",
                        path, columns->where, what, word, columns->n);
    const char *nearest = bnn_text_nearest(word, columns->n, (const char *const *)columns->names);
    if (nearest != NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s%s: no %s column '%s', the nearest name is '%s'",
                        path, columns->where, what, word, bnn_shown(shown, nearest));
    return BNN_FAIL(BNN_ERR_DATA, "%s%s: no %s column '%s', the columns are: %s", path, columns->where, what, word,
                    bnn_list_names(list, columns->n, columns->names));
}

static bnn_status mark_ignored(bnn_columns *columns, const bnn_read *request) {
    const bnn_words *ignore = &request->options->ignore;
    for (size_t i = 0; i < ignore->n; i++) {
        size_t c;
        if (!find_column(columns, ignore->at[i], &c)) return no_such_column(columns, request->path, "ignored", ignore->at[i]);
        columns->at[c].use = BNN_COLUMN_SKIP;
    }
    return BNN_OK;
}

/* Gives column `word` (NULL: the last) its use; it must have none yet. */
static bnn_status mark(bnn_columns *columns, const bnn_read *request, const char *what, const char *word, bnn_column column) {
    static const char *const uses[] = { "ignored", "a feature", "a target", "the weight" };
    size_t c = columns->n - 1;
    if (word != NULL && !find_column(columns, word, &c)) return no_such_column(columns, request->path, what, word);
    bnn_column_use use = columns->at[c].use;
    if (use != BNN_COLUMN_FEATURE)
        return BNN_FAIL(BNN_ERR_DATA, "%s%s: %s column '%s' is also %s", request->path, columns->where, what,
                        word != NULL ? word : "(the last)",
                        use == BNN_COLUMN_TARGET && column.use == BNN_COLUMN_TARGET ? "another target" : uses[use]);
    columns->at[c] = column;
    return BNN_OK;
}

static bool has_weight(const bnn_data_options *options) { return options->weight != NULL && *options->weight != '\0'; }

static bnn_status mark_targets(bnn_columns *columns, const bnn_read *request) {
    const bnn_words *target = &request->options->target;
    bnn_status status = BNN_OK;
    columns->has_targets = true;
    for (size_t t = 0; t < columns->n_outside; t++) columns->at[columns->n + t] = (bnn_column){ BNN_COLUMN_TARGET, t };
    if (columns->n_outside > 0) return BNN_OK;
    if (target->n == 0) return mark(columns, request, "target", NULL, (bnn_column){ BNN_COLUMN_TARGET, 0 });
    for (size_t t = 0; t < target->n && status == BNN_OK; t++)
        status = mark(columns, request, "target", target->at[t], (bnn_column){ BNN_COLUMN_TARGET, t });
    return status;
}

/* Marks all columns as the options say and counts the features that are left. */
static bnn_status mark_by_options(bnn_columns *columns, const bnn_read *request, size_t *n_features) {
    const bnn_data_options *options = request->options;
    bnn_status status;
    for (size_t c = 0; c < columns->n; c++) columns->at[c].use = BNN_COLUMN_FEATURE;
    if ((status = mark_ignored(columns, request)) != BNN_OK) return status;
    columns->has_weights = has_weight(options);
    if (columns->has_weights &&
        (status = mark(columns, request, "weight", options->weight, (bnn_column){ BNN_COLUMN_WEIGHT, 0 })) != BNN_OK) return status;
    if ((status = mark_targets(columns, request)) != BNN_OK) return status;
    *n_features = 0;
    for (size_t c = 0; c < columns->n; c++)
        if (columns->at[c].use == BNN_COLUMN_FEATURE) columns->at[c].index = (*n_features)++;
    return BNN_OK;
}

/* ---- a file that defines the columns --------------------------------------------------------------------------------- */

static bnn_status check_names(const bnn_columns *columns, const char *path) {
    bnn_labels seen = {0};
    bnn_status status = BNN_OK;
    char shown[BNN_SHOWN_SIZE];
    for (size_t c = 0; c < columns->n && status == BNN_OK; c++) {
        size_t number;
        if (columns->at[c].use == BNN_COLUMN_SKIP) continue;
        if (bnn_labels_find(&seen, columns->names[c], &number))
            status = BNN_FAIL(BNN_ERR_DATA, "%s%s: two columns are named '%s': rename one, or ignore one by its 0-based index",
                              path, columns->where, bnn_shown(shown, columns->names[c]));
        else if (!bnn_labels_add(&seen, columns->names[c])) status = BNN_FAIL_MEMORY("the names of columns");
    }
    bnn_labels_free(&seen);
    return status;
}

static char **names_of(const bnn_columns *columns, bnn_column_use use, size_t n) {
    char **names = calloc(n + 1, sizeof *names);
    for (size_t c = 0; names != NULL && c < columns->n; c++) {
        const bnn_column *column = &columns->at[c];
        if (column->use != use || (names[column->index] = strdup(columns->names[c])) != NULL) continue;
        bnn_names_free(n, names);
        return NULL;
    }
    return names;
}

static bnn_status mark_categorical(const bnn_columns *columns, const bnn_read *request, bnn_schema *schema) {
    const bnn_words *categorical = &request->options->categorical;
    for (size_t i = 0; i < categorical->n; i++) {
        size_t c;
        if (!find_column(columns, categorical->at[i], &c))
            return no_such_column(columns, request->path, "categorical", categorical->at[i]);
        if (columns->at[c].use != BNN_COLUMN_FEATURE)
            return BNN_FAIL(BNN_ERR_DATA, "%s%s: categorical column '%s' is no feature but a target, the weight or ignored",
                            request->path, columns->where, categorical->at[i]);
        schema->sources[columns->at[c].index].is_categorical = true;
    }
    return BNN_OK;
}

/* Sources with the names of the columns, where features will not simply be the columns. */
static bnn_status define_sources(const bnn_columns *columns, const bnn_read *request, bnn_schema *schema) {
    int missing = request->options->missing;
    if (request->options->categorical.n == 0 && missing != BNN_MISSING_MEAN && missing != BNN_MISSING_MEAN_INDICATOR) return BNN_OK;
    if ((schema->sources = calloc(schema->n_features, sizeof *schema->sources)) == NULL) return BNN_FAIL_MEMORY("columns");
    for (; schema->n_sources < schema->n_features; schema->n_sources++) {
        bnn_source *source = &schema->sources[schema->n_sources];
        if ((source->name = strdup(schema->feature_names[schema->n_sources])) == NULL) return BNN_FAIL_MEMORY("the names of columns");
    }
    return mark_categorical(columns, request, schema);
}

static bnn_status define_names(const bnn_columns *columns, bnn_schema *schema) {
    size_t n_features = schema->n_features, n_targets = schema->n_targets;
    bool has_names = columns->names != NULL;
    schema->feature_names = has_names ? names_of(columns, BNN_COLUMN_FEATURE, n_features) : bnn_names_make(n_features, "x", 1);
    schema->target_names = has_names ? names_of(columns, BNN_COLUMN_TARGET, n_targets) : bnn_names_targets(n_targets);
    return schema->feature_names != NULL && schema->target_names != NULL ? BNN_OK : BNN_FAIL_MEMORY("the names of columns");
}

static size_t count_targets(const bnn_columns *columns, const bnn_data_options *options) {
    if (columns->n_outside > 0) return columns->n_outside;
    return options->target.n > 0 ? options->target.n : 1;
}

static bnn_status begin(bnn_columns *columns) {
    if (columns->line > 0) snprintf(columns->where, sizeof columns->where, ":%zu", columns->line);
    columns->at = calloc(columns->n + columns->n_outside, sizeof *columns->at);
    return columns->at != NULL ? BNN_OK : BNN_FAIL_MEMORY("columns");
}

bnn_status bnn_columns_define(bnn_columns *columns, const bnn_read *request, bnn_schema *schema) {
    bnn_status status;
    size_t n_features, n_targets = count_targets(columns, request->options);
    char list[BNN_LIST_SIZE];
    if ((status = begin(columns)) != BNN_OK) return status;
    if (columns->n_outside > 0 && request->options->target.n > 0)
        return BNN_FAIL(BNN_ERR_DATA, "%s: the targets come from outside its columns, so data.target must be empty", request->path);
    if ((status = mark_by_options(columns, request, &n_features)) != BNN_OK) return status;
    if (n_features == 0)
        return BNN_FAIL(BNN_ERR_DATA, "%s%s: no column is left for features beside the target%s%s (is data.format right?)",
                        request->path, columns->where, columns->names != NULL ? ": " : "",
                        columns->names != NULL ? bnn_list_names(list, columns->n, columns->names) : "");
    if (request->wants_classes && n_targets > 1)
        return BNN_FAIL(BNN_ERR_DATA, "%s%s: classes need one target column, not %zu", request->path, columns->where, n_targets);
    if (columns->names != NULL && (status = check_names(columns, request->path)) != BNN_OK) return status;
    schema->n_features = n_features;
    schema->n_targets = n_targets;
    status = define_names(columns, schema);
    return status == BNN_OK ? define_sources(columns, request, schema) : status;
}

/* ---- a file for a model that knows its columns ----------------------------------------------------------------------- */

/* Columns by position: the features alone, or the file as in training, or that without its ignored and weight columns; in the last
 * case an index would not say which file it counts in, so the target must be the last. */
static bnn_status match_positions(bnn_columns *columns, const bnn_read *request) {
    bnn_data_options options = *request->options;
    bnn_read adapted = *request;
    bool is_outside = columns->n_outside > 0;
    size_t width = bnn_schema_source_count(request->schema), n_features = 0;
    size_t n_targets = is_outside ? 0 : request->schema->n_targets, n_others = options.ignore.n + has_weight(&options);
    if (columns->n == width && !is_outside) {
        for (size_t c = 0; c < columns->n; c++) columns->at[c] = (bnn_column){ BNN_COLUMN_FEATURE, c };
        return BNN_OK;
    }
    if (columns->n == width + n_targets && (options.target.n == 0 || is_outside)) {
        options.ignore.n = n_others = 0;
        options.weight = NULL;
    }
    adapted.options = &options;
    if (columns->n == width + n_targets + n_others) {
        bnn_status status = mark_by_options(columns, &adapted, &n_features);
        if (status != BNN_OK) return status;
    }
    if (n_features == width) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s%s: %zu column(s), the model expects %zu (features) or %zu (with target%s%s)", request->path,
                    columns->where, columns->n, width, width + n_targets + n_others, n_targets > 1 ? "s" : "",
                    n_others > 0 ? " and the columns of data.ignore and data.weight" : "");
}

static bool is_ignored(const bnn_columns *columns, const bnn_words *ignore, size_t c) {
    size_t index;
    for (size_t i = 0; i < ignore->n; i++)
        if (find_column(columns, ignore->at[i], &index) && index == c) return true;
    return false;
}

/* Uses the known names up: known numbers features first, then targets. seen counts how often each occurs in the file. */
static size_t match_known(bnn_columns *columns, const bnn_read *request, const bnn_labels *known, unsigned char *seen) {
    size_t n_features = bnn_schema_source_count(request->schema), extra = columns->n, number;
    size_t weight = columns->n;
    columns->has_weights = has_weight(request->options) && find_column(columns, request->options->weight, &weight) &&
                           !bnn_labels_find(known, columns->names[weight], &number);
    for (size_t c = 0; c < columns->n; c++) {
        if (is_ignored(columns, &request->options->ignore, c)) continue;
        if (columns->has_weights && c == weight) {
            columns->at[c].use = BNN_COLUMN_WEIGHT;
            continue;
        }
        if (!bnn_labels_find(known, columns->names[c], &number)) {
            if (extra == columns->n) extra = c;
            continue;
        }
        if (seen[number] < 2) seen[number]++;
        columns->at[c] = number < n_features ? (bnn_column){ BNN_COLUMN_FEATURE, number }
                                             : (bnn_column){ BNN_COLUMN_TARGET, number - n_features };
    }
    return extra;
}

static bnn_status check_seen(bnn_columns *columns, const bnn_read *request, const bnn_labels *known, const unsigned char *seen) {
    size_t n_features = bnn_schema_source_count(request->schema), n_targets_seen = 0;
    for (size_t k = n_features; k < known->n; k++) n_targets_seen += seen[k] > 0;
    columns->has_targets = n_targets_seen > 0;
    for (size_t k = 0; k < known->n; k++) {
        if (seen[k] == 0 && (k < n_features || columns->has_targets))
            return no_such_column(columns, request->path, k < n_features ? "feature" : "target", known->names[k]);
        if (seen[k] > 1)
            return BNN_FAIL(BNN_ERR_DATA, "%s%s: two columns are named '%s'", request->path, columns->where, known->names[k]);
    }
    return BNN_OK;
}

static bool add_all(bnn_labels *known, size_t n, char *const *names) {
    bool is_good = names != NULL;
    for (size_t i = 0; i < n && is_good; i++) is_good = bnn_labels_add(known, names[i]);
    return is_good;
}

static bnn_status match_names(bnn_columns *columns, const bnn_read *request) {
    const bnn_schema *schema = request->schema;
    bnn_status status = BNN_ERR_MEMORY;
    bnn_labels known = {0};
    char shown[BNN_SHOWN_SIZE], list[BNN_LIST_SIZE];
    size_t width = bnn_schema_source_count(schema);
    char **names = bnn_schema_source_names(schema);
    unsigned char *seen = calloc(width + schema->n_targets + 1, 1);
    if (seen == NULL || !add_all(&known, width, names) || !add_all(&known, schema->n_targets, schema->target_names)) {
        status = BNN_FAIL_MEMORY("the names of columns");
        goto done;
    }
    size_t extra = match_known(columns, request, &known, seen);
    status = check_seen(columns, request, &known, seen);
    if (status == BNN_OK && extra < columns->n)
        status = BNN_FAIL(BNN_ERR_DATA, "%s%s: column '%s' is unknown to the model (remove it or name it in data.ignore), "
                          "its columns are: %s", request->path, columns->where, bnn_shown(shown, columns->names[extra]),
                          bnn_list_names(list, known.n, known.names));
done:
    bnn_names_free(width, names);
    bnn_labels_free(&known);
    free(seen);
    return status;
}

static void skip_targets(bnn_columns *columns) {
    for (size_t c = 0; c < columns->n; c++)
        if (columns->at[c].use == BNN_COLUMN_TARGET) columns->at[c].use = BNN_COLUMN_SKIP;
    columns->has_targets = false;
}

bnn_status bnn_columns_match(bnn_columns *columns, const bnn_read *request) {
    size_t n_targets = request->schema->n_targets, n_outside = columns->n_outside;
    bnn_status status = begin(columns);
    if (status != BNN_OK) return status;
    if (n_outside > 0 && n_outside != n_targets)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %zu label(s) a row, the model has %zu target(s)", request->path, n_outside, n_targets);
    status = columns->names != NULL ? match_names(columns, request) : match_positions(columns, request);
    if (status == BNN_OK && request->skips_targets) skip_targets(columns);
    return status;
}
