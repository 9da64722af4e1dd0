/* From the columns of a file to features, once it is known which rows train.
 *
 * Classes and levels are those of the training rows, in class order. A categorical column becomes one 0/1 feature for each level
 * (no level is left out: a prior makes them identifiable). A missing value's features are the means of the training rows: for a
 * level its frequency; then, where training rows missed values, a feature that is 1 for missing, else 0. */
#include "base/fail.h"
#include "data/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- classes and levels ---------------------------------------------------------------------------------------------- */

/* Numbers of names in a column of x or y. */
typedef struct codes {
    const char *column, *what;   /* for messages */
    double     *at;              /* [n_rows], stride apart; NaN: missing */
    size_t      stride;
    size_t     *n;
    char     ***names;           /* [n] */
} codes;

static bnn_part part_of(const unsigned char *to, size_t i) { return to == NULL ? BNN_PART_TRAIN : (bnn_part)to[i]; }

/* number [n]: 0, 1, ... for the names that training rows have, n for the others. kept: those names. Returns how many. */
static size_t keep_trained(const codes *c, size_t n_rows, const unsigned char *to, size_t *number, char **kept) {
    size_t n = 0;
    for (size_t k = 0; k < *c->n; k++) number[k] = *c->n;
    for (size_t i = 0; i < n_rows; i++) {
        double code = c->at[i * c->stride];
        if (part_of(to, i) == BNN_PART_TRAIN && !isnan(code)) number[(size_t)code] = 0;
    }
    for (size_t k = 0; k < *c->n; k++) {
        if (number[k] != 0) continue;
        kept[n] = (*c->names)[k];
        number[k] = n++;
    }
    return n;
}

static bnn_status fail_untrained(const bnn_dataset *set, size_t i, const codes *c, size_t n, char *const *kept) {
    char shown[BNN_SHOWN_SIZE], column[BNN_SHOWN_SIZE], list[BNN_LIST_SIZE], where[BNN_WHERE_SIZE];
    const char *name = (*c->names)[(size_t)c->at[i * c->stride]];
    return BNN_FAIL(BNN_ERR_DATA, "%s%s: column '%s': %s '%s' occurs in no training row, these do: %s", set->path,
                    bnn_dataset_where(where, set, i), bnn_shown(column, c->column), c->what, bnn_shown(shown, name),
                    bnn_list_names(list, n, kept));
}

/* All codes by their new numbers; what only dropped rows have becomes n. */
static bnn_status renumber(const bnn_dataset *set, const unsigned char *to, const codes *c, const size_t *number, size_t n,
                           char *const *kept) {
    for (size_t i = 0; i < set->n_rows; i++) {
        double *code = &c->at[i * c->stride];
        if (isnan(*code)) continue;
        size_t to_number = number[(size_t)*code];
        if (to_number == *c->n && part_of(to, i) != BNN_PART_DROPPED) return fail_untrained(set, i, c, n, kept);
        *code = (double)(to_number == *c->n ? n : to_number);
    }
    return BNN_OK;
}

/* kept replaces the names. */
static void replace_names(const codes *c, const size_t *number, size_t n, char **kept) {
    for (size_t k = 0; k < *c->n; k++)
        if (number[k] == *c->n) free((*c->names)[k]);
    free(*c->names);
    *c->names = kept;
    *c->n = n;
}

static bnn_status settle_codes(bnn_dataset *set, const unsigned char *to, const codes *c) {
    bnn_status status = BNN_ERR_MEMORY;
    size_t n_all = *c->n, *number = malloc((n_all + 1) * sizeof *number), *order = malloc((n_all + 1) * sizeof *order);
    char **kept = calloc(n_all + 1, sizeof *kept);
    if (number == NULL || order == NULL || kept == NULL) {
        status = BNN_FAIL_MEMORY("class labels");
        goto done;
    }
    size_t n = keep_trained(c, set->n_rows, to, number, kept);
    if ((status = bnn_names_sort(n, kept, set->path, order)) != BNN_OK) goto done;
    for (size_t k = 0; k < n_all; k++)
        if (number[k] < n_all) number[k] = order[number[k]];
    if ((status = renumber(set, to, c, number, n, kept)) != BNN_OK) goto done;
    replace_names(c, number, n, kept);
    kept = NULL;
done:
    free(kept);
    free(number);
    free(order);
    return status;
}

static bnn_status settle_classes(bnn_dataset *set, const unsigned char *to) {
    bnn_schema *schema = &set->schema;
    if (schema->n_classes == 0 || set->y == NULL) return BNN_OK;
    const codes c = { schema->target_names[0], "class", set->y, 1, &schema->n_classes, &schema->class_names };
    return settle_codes(set, to, &c);
}

/* ---- sources --------------------------------------------------------------------------------------------------------- */

/* means [features of the source but the indicator] of the training rows that have a value; returns how many those are. */
static size_t average(const bnn_dataset *set, const unsigned char *to, size_t s, double *means) {
    const bnn_source *source = &set->schema.sources[s];
    size_t n = 0;
    for (size_t i = 0; i < set->n_rows; i++) {
        double value = set->x[i * set->schema.n_sources + s];
        if (part_of(to, i) != BNN_PART_TRAIN || isnan(value)) continue;
        n++;
        if (source->is_categorical) means[(size_t)value]++;
        else means[0] += value;
    }
    for (size_t k = 0; k < (source->is_categorical ? source->n_levels : 1) && n > 0; k++) means[k] /= (double)n;
    return n;
}

static size_t count_training(const bnn_dataset *set, const unsigned char *to) {
    size_t n = 0;
    for (size_t i = 0; i < set->n_rows; i++) n += part_of(to, i) == BNN_PART_TRAIN;
    return n;
}

static bnn_status fail_source(const bnn_dataset *set, size_t s, const char *what) {
    char shown[BNN_SHOWN_SIZE];
    return BNN_FAIL(BNN_ERR_DATA, "%s: column '%s' %s", set->path, bnn_shown(shown, set->schema.sources[s].name), what);
}

/* The schema's fills, source by source, which also tells the indicators. */
static bnn_status learn_fills(bnn_dataset *set, const unsigned char *to, bool wants_indicators) {
    bnn_schema *schema = &set->schema;
    size_t n_training = count_training(set, to), most = 0, first = 0;
    for (size_t s = 0; s < schema->n_sources; s++) most += bnn_source_width(&schema->sources[s]) + 1;
    if ((schema->fills = calloc(most, sizeof *schema->fills)) == NULL) return BNN_FAIL_MEMORY("the means of columns");
    for (size_t s = 0; s < schema->n_sources; s++) {
        bnn_source *source = &schema->sources[s];
        size_t n = average(set, to, s, schema->fills + first);
        if (n == 0) return fail_source(set, s, "has no value in any training row, so missing ones cannot get a mean: ignore it");
        if (!isfinite(schema->fills[first])) return fail_source(set, s, "holds values too large for a mean");
        source->has_indicator = wants_indicators && n < n_training;
        first += bnn_source_width(source);
        if (source->has_indicator) schema->fills[first - 1] = 1;
    }
    return BNN_OK;
}

static bool name_features_of(const bnn_source *source, char **names) {
    size_t n = 0;
    bool is_good = true;
    for (size_t k = 0; k < source->n_levels && is_good; k++)
        is_good = asprintf(&names[n++], "%s=%s", source->name, source->levels[k]) >= 0;
    if (!source->is_categorical) is_good = (names[n++] = strdup(source->name)) != NULL;
    if (is_good && source->has_indicator) is_good = asprintf(&names[n], "%s missing", source->name) >= 0;
    return is_good;
}

static bnn_status name_features(bnn_schema *schema) {
    size_t n = 0, first = 0;
    bool is_good = true;
    for (size_t s = 0; s < schema->n_sources; s++) n += bnn_source_width(&schema->sources[s]);
    char **names = calloc(n + 1, sizeof *names);
    for (size_t s = 0; s < schema->n_sources && names != NULL && is_good; s++) {
        is_good = name_features_of(&schema->sources[s], names + first);
        first += bnn_source_width(&schema->sources[s]);
    }
    if (names == NULL || !is_good) {
        bnn_names_free(names == NULL ? 0 : n, names);
        return BNN_FAIL_MEMORY("the names of columns");
    }
    bnn_names_free(schema->n_features, schema->feature_names);
    schema->feature_names = names;
    schema->n_features = n;
    return BNN_OK;
}

bnn_status bnn_dataset_settle(bnn_dataset *set, const bnn_data_options *options, const unsigned char *to) {
    bnn_schema *schema = &set->schema;
    bnn_status status = settle_classes(set, to);
    for (size_t s = 0; s < schema->n_sources && status == BNN_OK; s++) {
        bnn_source *source = &schema->sources[s];
        const codes c = { source->name, "level", set->x + s, schema->n_sources, &source->n_levels, &source->levels };
        if (source->is_categorical) status = settle_codes(set, to, &c);
    }
    if (status != BNN_OK || schema->sources == NULL) return status;
    if (options->missing == BNN_MISSING_MEAN || options->missing == BNN_MISSING_MEAN_INDICATOR)
        status = learn_fills(set, to, options->missing == BNN_MISSING_MEAN_INDICATOR);
    if (status == BNN_OK) status = name_features(schema);
    return status == BNN_OK ? bnn_dataset_encode(set) : status;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

/* x [n_features], zero on entry. What is missing and has no fill stays missing; levels of dropped rows may be unknown. */
static void encode_row(const bnn_schema *schema, const double *raw, double *x) {
    const double *fills = schema->fills;
    for (size_t s = 0; s < schema->n_sources; s++) {
        const bnn_source *source = &schema->sources[s];
        size_t width = bnn_source_width(source);
        if (isnan(raw[s])) {
            for (size_t k = 0; k < width; k++) x[k] = fills != NULL ? fills[k] : NAN;
        } else if (!source->is_categorical) {
            x[0] = raw[s];
        } else if (raw[s] < (double)source->n_levels) {
            x[(size_t)raw[s]] = 1;
        }
        x += width;
        if (fills != NULL) fills += width;
    }
}

bnn_status bnn_dataset_encode(bnn_dataset *set) {
    const bnn_schema *schema = &set->schema;
    size_t size;
    if (schema->sources == NULL || set->x == NULL) return BNN_OK;
    if (__builtin_mul_overflow(schema->n_features, sizeof(double), &size)) return BNN_FAIL_MEMORY("the features of levels");
    double *x = calloc(set->n_rows, size);
    if (x == NULL) return BNN_FAIL_MEMORY("the features of levels");
    for (size_t i = 0; i < set->n_rows; i++) encode_row(schema, set->x + i * schema->n_sources, x + i * schema->n_features);
    free(set->x);
    set->x = x;
    return BNN_OK;
}
