/* Columns of the file that became features: copying, freeing, and as JSON. */
#include "base/fail.h"
#include "data/read.h"

#include <stdlib.h>
#include <string.h>

size_t bnn_source_width(const bnn_source *source) {
    return (source->is_categorical ? source->n_levels : 1) + source->has_indicator;
}

void bnn_sources_free(size_t n, bnn_source *sources) {
    for (size_t s = 0; s < n && sources != NULL; s++) {
        free(sources[s].name);
        bnn_names_free(sources[s].n_levels, sources[s].levels);
    }
    free(sources);
}

bnn_status bnn_sources_copy(bnn_source **copy, size_t n, const bnn_source *sources) {
    bnn_source *made = calloc(n + 1, sizeof *made);
    bool is_whole = made != NULL;
    for (size_t s = 0; s < n && is_whole; s++) {
        made[s] = sources[s];
        made[s].name = strdup(sources[s].name);
        made[s].levels = sources[s].levels == NULL ? NULL : bnn_names_copy(sources[s].n_levels, sources[s].levels);
        is_whole = made[s].name != NULL && (made[s].levels != NULL || sources[s].levels == NULL);
    }
    if (is_whole) {
        *copy = made;
        return BNN_OK;
    }
    bnn_sources_free(n, made);
    return BNN_FAIL_MEMORY("the names of columns");
}

/* ---- JSON: [{"name": "colour", "levels": ["blue", "red"], "indicator": false}, ...]; levels null: numbers ------------ */

static json_t *source_to_json(const bnn_source *source) {
    json_t *levels = source->is_categorical ? json_array() : json_null();
    for (size_t k = 0; k < source->n_levels && levels != NULL; k++) {
        if (json_array_append_new(levels, json_string(source->levels[k])) == 0) continue;
        json_decref(levels);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:b}", "name", source->name, "levels", levels, "indicator", source->has_indicator);
}

json_t *bnn_sources_to_json(size_t n, const bnn_source *sources) {
    json_t *list = json_array();
    for (size_t s = 0; s < n && list != NULL; s++) {
        if (json_array_append_new(list, source_to_json(&sources[s])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static bnn_status malformed(void) { return BNN_FAIL(BNN_ERR_DATA, "schema: 'sources' is malformed"); }

static bnn_status read_levels(bnn_source *source, const json_t *list) {
    size_t n = json_array_size(list);
    source->is_categorical = !json_is_null(list);
    if (!source->is_categorical) return BNN_OK;
    if (n == 0) return malformed();
    if ((source->levels = calloc(n, sizeof *source->levels)) == NULL) return BNN_FAIL_MEMORY("levels");
    for (; source->n_levels < n; source->n_levels++) {
        const json_t *level = json_array_get(list, source->n_levels);
        if (!json_is_string(level)) return malformed();
        if ((source->levels[source->n_levels] = strdup(json_string_value(level))) == NULL) return BNN_FAIL_MEMORY("levels");
    }
    return BNN_OK;
}

static bnn_status read_source(bnn_source *source, const json_t *json) {
    const json_t *name = json_object_get(json, "name"), *indicator = json_object_get(json, "indicator");
    if (!json_is_string(name) || !json_is_boolean(indicator) || json_object_get(json, "levels") == NULL) return malformed();
    source->has_indicator = json_is_true(indicator);
    if ((source->name = strdup(json_string_value(name))) == NULL) return BNN_FAIL_MEMORY("the names of columns");
    return read_levels(source, json_object_get(json, "levels"));
}

bnn_status bnn_sources_from_json(size_t *n, bnn_source **sources, const json_t *list) {
    bnn_status status = BNN_OK;
    size_t size = json_array_size(list);
    if (size == 0) return malformed();
    if ((*sources = calloc(size, sizeof **sources)) == NULL) return BNN_FAIL_MEMORY("the names of columns");
    *n = size;
    for (size_t s = 0; s < size && status == BNN_OK; s++) status = read_source(&(*sources)[s], json_array_get(list, s));
    return status;
}
