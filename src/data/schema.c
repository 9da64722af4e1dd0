/* What a model remembers of its data: names of columns and classes, levels, fills, image shape; and as JSON. */
#include "base/fail.h"
#include "data/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists of names -------------------------------------------------------------------------------------------------- */

void bnn_names_free(size_t n, char **names) {
    if (names == NULL) return;
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
}

char **bnn_names_make(size_t n, const char *stem, size_t first) {
    char **names = calloc(n + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < n; i++) {
        if (asprintf(&names[i], "%s%zu", stem, first + i) >= 0) continue;
        bnn_names_free(i, names);
        return NULL;
    }
    return names;
}

char **bnn_names_targets(size_t n) {
    static char y[] = "y";
    return n == 1 ? bnn_names_copy(1, (char *[]){ y }) : bnn_names_make(n, y, 1);
}

char **bnn_names_copy(size_t n, char *const *names) {
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n; i++) {
        if ((copy[i] = strdup(names[i])) != NULL) continue;
        bnn_names_free(i, copy);
        return NULL;
    }
    return copy;
}

bool bnn_is_utf8(const char *text) {
    json_t *string = json_string(text);
    json_decref(string);
    return string != NULL;
}

char *bnn_shown(char shown[BNN_SHOWN_SIZE], const char *text) {
    size_t n = strnlen(text, BNN_SHOWN_SIZE);
    bool is_cut = n == BNN_SHOWN_SIZE;
    if (is_cut) n = BNN_SHOWN_SIZE - 4;
    for (size_t i = 0; i < n; i++) shown[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
    strcpy(shown + n, is_cut ? "..." : "");
    return shown;
}

char *bnn_list_names(char list[BNN_LIST_SIZE], size_t n, char *const *names) {
    size_t at = 0;
    char shown[BNN_SHOWN_SIZE];
    list[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (at + BNN_SHOWN_SIZE + 8 > BNN_LIST_SIZE) {
            strcpy(list + at, ", ...");
            break;
        }
        at += (size_t)sprintf(list + at, "%s%s", i > 0 ? ", " : "", bnn_shown(shown, names[i]));
    }
    return list;
}

/* ---- the schema ------------------------------------------------------------------------------------------------------ */

static bool copy_names(char ***copy, size_t n, char *const *names) {
    if (names == NULL) return true;
    return (*copy = bnn_names_copy(n, names)) != NULL;
}

static bool copy_fills(double **copy, size_t n, const double *fills) {
    if (fills == NULL) return true;
    if ((*copy = reallocarray(NULL, n, sizeof **copy)) == NULL) return false;
    memcpy(*copy, fills, n * sizeof **copy);
    return true;
}

bnn_status bnn_schema_copy(bnn_schema *copy, const bnn_schema *schema) {
    *copy = *schema;
    copy->feature_names = copy->target_names = copy->class_names = NULL;
    copy->sources = NULL;
    copy->fills = NULL;
    if (copy_names(&copy->feature_names, schema->n_features, schema->feature_names) &&
        copy_names(&copy->target_names, schema->n_targets, schema->target_names) &&
        copy_names(&copy->class_names, schema->n_classes, schema->class_names) &&
        copy_fills(&copy->fills, schema->n_features, schema->fills) &&
        (schema->sources == NULL || bnn_sources_copy(&copy->sources, schema->n_sources, schema->sources) == BNN_OK))
        return BNN_OK;
    bnn_schema_free(copy);
    return BNN_FAIL_MEMORY("the names of columns");
}

void bnn_schema_free(bnn_schema *schema) {
    bnn_names_free(schema->n_features, schema->feature_names);
    bnn_names_free(schema->n_targets, schema->target_names);
    bnn_names_free(schema->n_classes, schema->class_names);
    bnn_sources_free(schema->n_sources, schema->sources);
    free(schema->fills);
    *schema = (bnn_schema){0};
}

size_t bnn_schema_source_count(const bnn_schema *schema) { return schema->sources != NULL ? schema->n_sources : schema->n_features; }

char **bnn_schema_source_names(const bnn_schema *schema) {
    if (schema->sources == NULL && schema->feature_names == NULL) return bnn_names_make(schema->n_features, "x", 1);
    if (schema->sources == NULL) return bnn_names_copy(schema->n_features, schema->feature_names);
    char **names = calloc(schema->n_sources + 1, sizeof *names);
    for (size_t s = 0; names != NULL && s < schema->n_sources; s++) {
        if ((names[s] = strdup(schema->sources[s].name)) != NULL) continue;
        bnn_names_free(s, names);
        return NULL;
    }
    return names;
}

static json_t *names_to_json(size_t n, char *const *names) {
    if (names == NULL) return json_null();
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < n; i++) {
        if (json_array_append_new(list, json_string(names[i])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *fills_to_json(size_t n, const double *fills) {
    json_t *list = json_array();
    for (size_t j = 0; list != NULL && j < n; j++) {
        if (json_array_append_new(list, json_real(fills[j])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* Sources and fills only where there are any, so that a plain model's file is what it always was. */
json_t *bnn_schema_to_json(const bnn_schema *schema) {
    json_t *json = json_pack("{s:I, s:o, s:I, s:o, s:I, s:o, s:I, s:I}",
                     "n_features", (json_int_t)schema->n_features,
                     "feature_names", names_to_json(schema->n_features, schema->feature_names),
                     "n_targets", (json_int_t)schema->n_targets,
                     "target_names", names_to_json(schema->n_targets, schema->target_names),
                     "n_classes", (json_int_t)schema->n_classes,
                     "class_names", names_to_json(schema->n_classes, schema->class_names),
                     "image_rows", (json_int_t)schema->image_rows, "image_cols", (json_int_t)schema->image_cols);
    bool is_whole = json != NULL &&
        (schema->sources == NULL || json_object_set_new(json, "sources", bnn_sources_to_json(schema->n_sources, schema->sources)) == 0) &&
        (schema->fills == NULL || json_object_set_new(json, "fills", fills_to_json(schema->n_features, schema->fills)) == 0);
    if (is_whole) return json;
    json_decref(json);
    return NULL;
}

static bnn_status malformed(const char *key) { return BNN_FAIL(BNN_ERR_DATA, "schema: '%s' is missing or malformed", key); }

static bnn_status read_count(size_t *count, const json_t *json, const char *key) {
    const json_t *value = json_object_get(json, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) return malformed(key);
    *count = (size_t)json_integer_value(value);
    return BNN_OK;
}

/* Reads the count and the list of names; the two must agree. The list may be null. */
static bnn_status read_names(size_t *count, char ***names, const json_t *json, const char *count_key, const char *key) {
    const json_t *list = json_object_get(json, key);
    size_t n = 0;
    bnn_status status = read_count(&n, json, count_key);
    if (status != BNN_OK) return status;
    if (json_is_null(list)) {
        *count = n;
        return BNN_OK;
    }
    if (!json_is_array(list) || json_array_size(list) != n) return malformed(key);
    for (size_t i = 0; i < n; i++)
        if (!json_is_string(json_array_get(list, i))) return malformed(key);
    if ((*names = calloc(n + 1, sizeof **names)) == NULL) return BNN_FAIL_MEMORY("the names of columns");
    for (; *count < n; ++*count)
        if (((*names)[*count] = strdup(json_string_value(json_array_get(list, *count)))) == NULL)
            return BNN_FAIL_MEMORY("the names of columns");
    return BNN_OK;
}

/* Absent in older files and in those of plain models. */
static bnn_status read_sources(bnn_schema *schema, const json_t *json) {
    const json_t *list = json_object_get(json, "sources");
    if (list == NULL) return BNN_OK;
    bnn_status status = bnn_sources_from_json(&schema->n_sources, &schema->sources, list);
    size_t n = 0;
    for (size_t s = 0; s < schema->n_sources && status == BNN_OK; s++) n += bnn_source_width(&schema->sources[s]);
    return status != BNN_OK || (n == schema->n_features && schema->feature_names != NULL) ? status : malformed("sources");
}

static bnn_status read_fills(bnn_schema *schema, const json_t *json) {
    const json_t *list = json_object_get(json, "fills");
    size_t n = schema->n_features;
    if (list == NULL) return BNN_OK;
    if (!json_is_array(list) || json_array_size(list) != n || schema->sources == NULL) return malformed("fills");
    if ((schema->fills = reallocarray(NULL, n, sizeof *schema->fills)) == NULL) return BNN_FAIL_MEMORY("fills");
    for (size_t j = 0; j < n; j++) {
        schema->fills[j] = json_number_value(json_array_get(list, j));
        if (!json_is_number(json_array_get(list, j)) || !isfinite(schema->fills[j])) return malformed("fills");
    }
    return BNN_OK;
}

/* What other code relies on: a model has features, and classes have names and one target. */
static bnn_status check_counts(const bnn_schema *schema) {
    if (schema->n_features == 0) return malformed("n_features");
    if (schema->n_targets == 0 || (schema->n_targets > 1 && schema->n_classes > 0)) return malformed("n_targets");
    if (schema->target_names == NULL) return malformed("target_names");
    if (schema->n_classes > 0 && schema->class_names == NULL) return malformed("class_names");
    if (schema->image_rows == 0 && schema->image_cols == 0) return BNN_OK;
    size_t size;
    if (__builtin_mul_overflow(schema->image_rows, schema->image_cols, &size) || size != schema->n_features)
        return malformed("image_rows");
    return BNN_OK;
}

bnn_status bnn_schema_from_json(bnn_schema *schema, const json_t *json) {
    bnn_status status;
    bnn_schema s = {0};
    if ((status = read_names(&s.n_features, &s.feature_names, json, "n_features", "feature_names")) != BNN_OK) goto failed;
    if ((status = read_names(&s.n_targets, &s.target_names, json, "n_targets", "target_names"))     != BNN_OK) goto failed;
    if ((status = read_names(&s.n_classes, &s.class_names, json, "n_classes", "class_names"))       != BNN_OK) goto failed;
    if ((status = read_count(&s.image_rows, json, "image_rows"))                                    != BNN_OK) goto failed;
    if ((status = read_count(&s.image_cols, json, "image_cols"))                                    != BNN_OK) goto failed;
    if ((status = read_sources(&s, json))                                                           != BNN_OK) goto failed;
    if ((status = read_fills(&s, json))                                                             != BNN_OK) goto failed;
    if ((status = check_counts(&s))                                                                 != BNN_OK) goto failed;
    *schema = s;
    return BNN_OK;
failed:
    bnn_schema_free(&s);
    return status;
}
