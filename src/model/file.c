/* posterior.safetensors: tensors named as PyTorch names them (0.weight [out, in], 0.bias [out]), one per block and array of the
 * posterior, and what else the model needs as JSON strings in the metadata. */
#include "model/model.h"
#include "base/fail.h"
#include "base/tensors.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_VERSION "1"

enum { NAME_SIZE = 64 };

/* ---- tensors --------------------------------------------------------------------------------------------------------- */

/* Blocks of the net and, last, the noise if it is learnt. */
static size_t block_count(const bnn_model *model) { return model->net.n_blocks + (model->likelihood.n_noise > 0); }

static bnn_block block_at(const bnn_model *model, size_t b) {
    return b < model->net.n_blocks ? model->net.blocks[b] : bnn_model_noise_block(model);
}

static bool is_stored(const bnn_posterior_array *array, const bnn_block *block) {
    return block->role != BNN_ROLE_NOISE || array->has_noise;
}

/* Several copies become a leading dimension. */
static void describe(bnn_tensor *tensor, char name[NAME_SIZE], const bnn_posterior_array *array, const bnn_block *block) {
    bool has_suffix = array->suffix[0] != '\0' && !(array->copies == 1 && block->role == BNN_ROLE_NOISE);
    snprintf(name, NAME_SIZE, "%s%s%s", block->name, has_suffix ? "." : "", has_suffix ? array->suffix : "");
    *tensor = (bnn_tensor){ .name = name, .type = BNN_TENSOR_REAL };
    if (array->copies > 1) tensor->shape[tensor->n_dims++] = array->copies;
    for (int d = 0; d < block->n_dims; d++) tensor->shape[tensor->n_dims++] = block->shape[d];
}

static void describe_factor(bnn_tensor *tensor, const bnn_factor *factor) {
    *tensor = (bnn_tensor){ .name = factor->name, .type = BNN_F64, .n_dims = 2, .shape = { factor->rows, factor->cols }, .data = factor->at };
}

/* A block of every copy, one after the other; a single copy has it so. NULL: out of memory. */
static const real *gather_block(bnn_arena *arena, const bnn_posterior *posterior, const bnn_posterior_array *array, const bnn_block *block) {
    if (array->copies == 1) return array->at + block->first;
    real *out = BNN_TAKE(arena, array->copies * block->n, real);
    for (size_t c = 0; out != NULL && c < array->copies; c++)
        memcpy(out + c * block->n, array->at + c * posterior->n_params + block->first, block->n * sizeof *out);
    return out;
}

static void scatter_block(bnn_posterior *posterior, const bnn_posterior_array *array, const bnn_block *block, const real *in) {
    for (size_t c = 0; c < array->copies; c++)
        memcpy(array->at + c * posterior->n_params + block->first, in + c * block->n, block->n * sizeof *in);
}

/* ---- metadata -------------------------------------------------------------------------------------------------------- */

/* A section as an object of strings. */
static json_t *section_to_json(const bnn_config *config, const char *section) {
    json_t *json = json_object();
    const char *key;
    for (size_t i = 0; (key = bnn_config_key(config, section, i)) != NULL; i++) {
        if (json_object_set_new(json, key, json_string(bnn_config_text(config, section, key))) == 0) continue;
        json_decref(json);
        return NULL;
    }
    return json;
}

/* Takes the reference to `value`. */
static bool put_json(json_t *metadata, const char *name, json_t *value) {
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    bool is_put = text != NULL && json_object_set_new(metadata, name, json_string(text)) == 0;
    free(text);
    json_decref(value);
    return is_put;
}

static json_t *make_metadata(const bnn_model *model) {
    char seed[32], draws[32], lowest[32];
    json_t *metadata = json_copy(model->facts);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)model->seed);
    snprintf(draws, sizeof draws, "%zu", model->posterior.n_draws);
    snprintf(lowest, sizeof lowest, "%zu", model->posterior.lowest);
    bool is_whole = metadata != NULL && json_object_set_new(metadata, "format", json_string("bnn")) == 0
        && json_object_set_new(metadata, "version", json_string(FORMAT_VERSION)) == 0
        && json_object_set_new(metadata, "posterior", json_string(model->posterior.row->head.name)) == 0
        && json_object_set_new(metadata, "draws", json_string(draws)) == 0
        && json_object_set_new(metadata, "seed", json_string(seed)) == 0
        && json_object_set_new(metadata, "lowest", json_string(lowest)) == 0
        && put_json(metadata, "schema", bnn_schema_to_json(&model->schema))
        && put_json(metadata, "scaling", bnn_scaling_to_json(&model->scaling));
    for (const bnn_section *section = bnn_model_catalogue; is_whole && section->name != NULL; section++)
        is_whole = put_json(metadata, section->name, section_to_json(model->config, section->name));
    if (is_whole) return metadata;
    json_decref(metadata);
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

bnn_status bnn_model_write(const bnn_model *model, const char *path) {
    const bnn_posterior *posterior = &model->posterior;
    size_t most = posterior->n_arrays * block_count(model) + posterior->n_factors, n = 0;
    bnn_arena arena = {0};
    bnn_tensor *tensors = BNN_TAKE(&arena, most, bnn_tensor);
    char (*names)[NAME_SIZE] = bnn_arena_take(&arena, most, NAME_SIZE);
    bnn_status status;
    json_t *metadata = make_metadata(model);
    for (size_t a = 0; a < posterior->n_arrays && !arena.has_failed; a++) {
        const bnn_posterior_array *array = &posterior->arrays[a];
        for (size_t b = 0; b < block_count(model) && !arena.has_failed; b++) {
            bnn_block block = block_at(model, b);
            if (!is_stored(array, &block)) continue;
            describe(&tensors[n], names[n], array, &block);
            tensors[n++].data = gather_block(&arena, posterior, array, &block);
        }
    }
    for (size_t i = 0; i < posterior->n_factors && !arena.has_failed; i++) describe_factor(&tensors[n++], &posterior->factors[i]);
    if (arena.has_failed || metadata == NULL) status = BNN_FAIL_MEMORY("writing the model");
    else status = bnn_tensors_write(path, n, tensors, metadata);
    json_decref(metadata);
    bnn_arena_free(&arena);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

typedef struct reader {
    const char     *path;
    bnn_tensor_file file;
    bnn_config     *config;
    bnn_schema      schema;
    bnn_scaling     scaling;
} reader;

static const char *text_of(const reader *r, const char *name) { return json_string_value(json_object_get(r->file.metadata, name)); }

static bnn_status fail_reading(const reader *r, const char *what) {
    return BNN_FAIL(BNN_ERR_DATA, "%s: not a model of this program: %s", r->path, what);
}

static bnn_status parse_json(const reader *r, const char *name, json_t **json) {
    const char *text = text_of(r, name);
    *json = text == NULL ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (*json != NULL) return BNN_OK;
    char what[128];
    snprintf(what, sizeof what, "its metadata has no readable \"%s\"", name);
    return fail_reading(r, what);
}

static bnn_status read_section(reader *r, const char *section) {
    json_t *json, *value;
    const char *key;
    bnn_status status = parse_json(r, section, &json);
    if (status != BNN_OK) return status;
    /* "name" first: it decides which other keys there are */
    const char *name = json_string_value(json_object_get(json, "name"));
    if (name != NULL) status = bnn_config_set(r->config, section, "name", name);
    json_object_foreach(json, key, value) {
        if (status != BNN_OK) break;
        if (!json_is_string(value)) status = fail_reading(r, "a setting is not text");
        else status = bnn_config_set(r->config, section, key, json_string_value(value));
    }
    json_decref(json);
    return status;
}

static bnn_status read_metadata(reader *r) {
    bnn_status status;
    json_t *json;
    const char *format = text_of(r, "format"), *version = text_of(r, "version");
    if (format == NULL || strcmp(format, "bnn") != 0) return fail_reading(r, "its metadata does not say format = bnn");
    if (version == NULL || strcmp(version, FORMAT_VERSION) != 0) return fail_reading(r, "its format version is not " FORMAT_VERSION);
    if ((status = parse_json(r, "schema", &json)) != BNN_OK) return status;
    status = bnn_schema_from_json(&r->schema, json);
    json_decref(json);
    if (status != BNN_OK || (status = parse_json(r, "scaling", &json)) != BNN_OK) return status;
    status = bnn_scaling_from_json(&r->scaling, json);
    json_decref(json);
    if (status != BNN_OK) return status;
    if (r->scaling.n_features != r->schema.n_features || r->scaling.n_targets != r->schema.n_targets)
        return fail_reading(r, "scaling and columns disagree");
    if ((status = bnn_config_read_catalogue(&r->config, bnn_model_catalogue, NULL, 0, NULL)) != BNN_OK) return status;
    for (const bnn_section *section = bnn_model_catalogue; status == BNN_OK && section->name != NULL; section++)
        status = read_section(r, section->name);
    return status;
}

static bnn_status check_tensor(const reader *r, const bnn_tensor *want) {
    const bnn_tensor *tensor = bnn_tensors_find(&r->file, want->name);
    if (tensor == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s is missing", r->path, want->name);
    bool has_shape = tensor->n_dims == want->n_dims;
    for (int d = 0; has_shape && d < want->n_dims; d++) has_shape = tensor->shape[d] == want->shape[d];
    if (has_shape && tensor->type != BNN_I64 && tensor->type != BNN_U8) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s does not have the shape that the net says", r->path, want->name);
}

/* The block of an array, as a tensor of the file; checked before. */
static bnn_status read_block(const reader *r, bnn_posterior *posterior, const bnn_posterior_array *array, const bnn_block *block) {
    bnn_tensor want;
    char name[NAME_SIZE];
    describe(&want, name, array, block);
    real *values = malloc(array->copies * block->n * sizeof *values);
    if (values == NULL) return BNN_FAIL_MEMORY("reading the model");
    bnn_tensor_to_real(bnn_tensors_find(&r->file, name), values);
    scatter_block(posterior, array, block, values);
    free(values);
    return BNN_OK;
}

/* A bound on the number of draws: the longest tensor has at least one number of each. */
static size_t most_draws(const reader *r) {
    size_t most = 0;
    for (size_t i = 0; i < r->file.n; i++) {
        size_t n = bnn_tensor_count(&r->file.tensors[i]);
        if (n > most) most = n;
    }
    return most;
}

static bnn_status check_block(const reader *r, bnn_posterior *outline, const bnn_posterior_array *array, const bnn_block *block) {
    bnn_tensor want;
    char name[NAME_SIZE];
    (void)outline;
    describe(&want, name, array, block);
    return check_tensor(r, &want);
}

/* Calls `visit` for every block of every array that the file stores, until one fails. */
static bnn_status each_block(const reader *r, const bnn_model *model, bnn_posterior *posterior,
                             bnn_status (*visit)(const reader *r, bnn_posterior *posterior, const bnn_posterior_array *array,
                                                 const bnn_block *block)) {
    bnn_status status = BNN_OK;
    for (size_t a = 0; a < posterior->n_arrays; a++) {
        for (size_t b = 0; status == BNN_OK && b < block_count(model); b++) {
            bnn_block block = block_at(model, b);
            if (is_stored(&posterior->arrays[a], &block)) status = visit(r, posterior, &posterior->arrays[a], &block);
        }
    }
    return status;
}

/* The file has every tensor of that posterior in its shape: what it will take is then no more than the file holds. */
static bnn_status check_tensors(const reader *r, const bnn_model *model, bnn_posterior *outline) {
    if (outline->arrays[0].copies == 0) return fail_reading(r, "its number of draws is absurd");
    bnn_status status = each_block(r, model, outline, check_block);
    for (size_t i = 0; status == BNN_OK && i < outline->n_factors; i++) {
        const bnn_factor *factor = &outline->factors[i];
        bnn_tensor want;
        describe_factor(&want, factor);
        status = check_tensor(r, &want);
    }
    return status;
}

static bnn_status fill_posterior(const reader *r, bnn_model *model) {
    bnn_posterior *posterior = &model->posterior;
    bnn_status status = each_block(r, model, posterior, read_block);
    for (size_t i = 0; status == BNN_OK && i < posterior->n_factors; i++)
        bnn_tensor_to_double(bnn_tensors_find(&r->file, posterior->factors[i].name), posterior->factors[i].at);
    return status;
}

static bnn_status read_posterior(const reader *r, bnn_model *model) {
    const char *kind = text_of(r, "posterior"), *draws = text_of(r, "draws"), *text = text_of(r, "lowest");
    const bnn_posterior_row *row = kind == NULL ? NULL : bnn_posterior_find(kind);
    size_t n_weights = model->net.n_weights, n_noise = model->likelihood.n_noise, lowest = text == NULL ? 0 : (size_t)strtoull(text, NULL, 10);
    bnn_posterior outline;
    if (row == NULL || draws == NULL) return fail_reading(r, "its kind of posterior is unknown");
    size_t n_draws = (size_t)strtoull(draws, NULL, 10);
    if (n_draws > most_draws(r)) return fail_reading(r, "its number of draws is absurd");
    bool has_span = lowest < model->net.n_layers && (row->lay_out == NULL || bnn_layer_has_weights(&model->net.layers[lowest]));
    if (!has_span) return fail_reading(r, "its span of layers does not exist");
    bnn_status status = bnn_posterior_outline(&outline, row, &model->net, n_weights, n_noise, n_draws, lowest);
    if (status != BNN_OK) return status;
    status = check_tensors(r, model, &outline);
    bnn_posterior_free(&outline);
    if (status == BNN_OK) status = bnn_posterior_make(&model->posterior, row, n_weights, n_noise, n_draws);
    if (status == BNN_OK) status = bnn_posterior_lay_out(&model->posterior, &model->net, lowest);
    return status == BNN_OK ? fill_posterior(r, model) : status;
}

/* Everything in the metadata that is not the model's structure. */
static bnn_status copy_facts(const reader *r, bnn_model *model) {
    static const char *const structure[] = { "format", "version", "posterior", "draws", "lowest", "seed", "schema", "scaling", "net",
                                             "likelihood", "prior", NULL };
    if (json_object_update(model->facts, r->file.metadata) != 0) return BNN_FAIL_MEMORY("the model's facts");
    for (size_t i = 0; structure[i] != NULL; i++) json_object_del(model->facts, structure[i]);
    const char *seed = text_of(r, "seed");
    model->seed = seed == NULL ? 0 : strtoull(seed, NULL, 10);
    return BNN_OK;
}

bnn_status bnn_model_read(bnn_model **model, const char *path) {
    reader r = { .path = path };
    bnn_model *made = NULL;
    bnn_status status;
    if ((status = bnn_tensors_read(&r.file, path))                                != BNN_OK) goto done;
    if ((status = read_metadata(&r))                                              != BNN_OK) goto done;
    if ((status = bnn_model_make(&made, r.config, &r.schema, &r.scaling))         != BNN_OK) goto done;
    if ((status = read_posterior(&r, made))                                       != BNN_OK) goto done;
    status = copy_facts(&r, made);
done:
    if (status == BNN_OK) *model = made;
    else bnn_model_free(made);
    bnn_config_free(r.config);
    bnn_schema_free(&r.schema);
    bnn_scaling_free(&r.scaling);
    bnn_tensors_free(&r.file);
    return status;
}
