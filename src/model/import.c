/* From the tensors of a file to theta: names, order, shapes, values. Every tensor of the file must find its place or be left out by name: a
 * net with a layer of another kind would otherwise be taken for one without it. */
#include "model/import.h"
#include "base/fail.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOISE "likelihood.log_noise_sd"

/* A tensor of the file on its way into theta. */
typedef struct entry {
    const bnn_tensor *tensor;
    const char       *name;         /* after the map; NULL: left out       */
    bool              is_weight;    /* else a bias, or the noise            */
    unsigned long     number;       /* of its layer in the file             */
} entry;

typedef struct import {
    bnn_model            *model;
    const bnn_tensor_file *file;
    const char           *path;
    size_t                n;
    entry                *entries;   /* [n], first weights and then biases, each by number; the noise last */
    size_t                n_weights, n_biases;
    real                 *theta;
    bnn_arena             arena;
} import;

/* ---- names ----------------------------------------------------------------------------------------------------------- */

static bnn_status fail_no_tensor(const import *im, const char *name) {
    const char **names = calloc(im->n + 1, sizeof *names), *nearest = NULL;
    for (size_t i = 0; names != NULL && i < im->n; i++) names[i] = im->entries[i].tensor->name;
    if (names != NULL) nearest = bnn_text_nearest(name, im->n, names);
    BNN_FAIL(BNN_ERR_USAGE, "--map: %s has no tensor %s%s%s%s", im->path, name, nearest == NULL ? "" : "; did you mean ",
             nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    free(names);
    return BNN_ERR_USAGE;
}

/* One "NAME=NEW", cut in two. */
static bnn_status rename_one(import *im, char *item) {
    char *equals = strchr(item, '=');
    if (equals == NULL) return BNN_FAIL(BNN_ERR_USAGE, "--map: \"%s\" is not NAME=NEW", item);
    *equals = '\0';
    for (size_t i = 0; i < im->n; i++) {
        if (strcmp(im->entries[i].tensor->name, item) != 0) continue;
        im->entries[i].name = equals[1] == '\0' ? NULL : equals + 1;
        return BNN_OK;
    }
    return fail_no_tensor(im, item);
}

static bnn_status rename_all(import *im, const char *map) {
    char *text = bnn_arena_text(&im->arena, map == NULL ? "" : map), *rest = text, *item;
    bnn_status status = text == NULL ? BNN_FAIL_MEMORY("the map of names") : BNN_OK;
    while (status == BNN_OK && (item = strsep(&rest, ",")) != NULL)
        if (*item != '\0') status = rename_one(im, item);
    return status;
}

/* "12.weight", "12.bias". */
static bool parse_name(entry *e) {
    char *end;
    if (!isdigit((unsigned char)e->name[0]) || strspn(e->name, "0123456789") > 9) return false;
    e->number = strtoul(e->name, &end, 10);
    e->is_weight = strcmp(end, ".weight") == 0;
    return e->is_weight || strcmp(end, ".bias") == 0;
}

static bool is_noise(const import *im, const entry *e) { return im->model->likelihood.n_noise > 0 && strcmp(e->name, NOISE) == 0; }

static bnn_status check_entry(const import *im, entry *e) {
    if (!is_noise(im, e) && !parse_name(e))
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s: expected names like 0.weight and 0.bias of dense layers: say which one it is with --map "
                        "%s=0.weight, or leave it out with --map %s=", im->path, e->name, e->tensor->name, e->tensor->name);
    if (e->tensor->type == BNN_I64 || e->tensor->type == BNN_U8)
        return BNN_FAIL(BNN_ERR_DATA, "%s: tensor %s is %s; expected F16, BF16, F32 or F64", im->path, e->tensor->name,
                        bnn_tensor_type_name(e->tensor->type));
    return BNN_OK;
}

static int compare_entries(const void *a, const void *b) {
    const entry *p = a, *q = b;
    bool p_is_noise = strcmp(p->name, NOISE) == 0, q_is_noise = strcmp(q->name, NOISE) == 0;
    if (p_is_noise != q_is_noise) return p_is_noise - q_is_noise;
    if (p->is_weight != q->is_weight) return q->is_weight - p->is_weight;
    return (p->number > q->number) - (p->number < q->number);
}

static bnn_status sort_entries(import *im) {
    size_t n = 0;
    for (size_t i = 0; i < im->n; i++)
        if (im->entries[i].name != NULL) im->entries[n++] = im->entries[i];
    im->n = n;
    for (size_t i = 0; i < n; i++) {
        bnn_status status = check_entry(im, &im->entries[i]);
        if (status != BNN_OK) return status;
    }
    qsort(im->entries, n, sizeof *im->entries, compare_entries);
    for (size_t i = 0; i + 1 < n; i++)
        if (compare_entries(&im->entries[i], &im->entries[i + 1]) == 0)
            return BNN_FAIL(BNN_ERR_USAGE, "--map: tensors %s and %s both become %s", im->entries[i].tensor->name,
                            im->entries[i + 1].tensor->name, im->entries[i].name);
    for (size_t i = 0; i < n; i++) {
        im->n_weights += im->entries[i].is_weight;
        im->n_biases += !im->entries[i].is_weight && !is_noise(im, &im->entries[i]);
    }
    return BNN_OK;
}

static bnn_status read_names(import *im, const char *map) {
    im->n = im->file->n;
    im->entries = BNN_TAKE(&im->arena, im->n, entry);
    im->theta = BNN_TAKE(&im->arena, im->model->posterior.n_params, real);
    if (im->arena.has_failed) return BNN_FAIL_MEMORY("the weights");
    for (size_t i = 0; i < im->n; i++) im->entries[i] = (entry){ .tensor = &im->file->tensors[i], .name = im->file->tensors[i].name };
    bnn_status status = rename_all(im, map);
    return status == BNN_OK ? sort_entries(im) : status;
}

/* ---- layers ---------------------------------------------------------------------------------------------------------- */

static size_t count_blocks(const bnn_net *net, bnn_role role) {
    size_t n = 0;
    for (size_t b = 0; b < net->n_blocks; b++) n += net->blocks[b].role == role;
    return n;
}

/* "3-5-2", the widths of the net. */
static const char *widths_of(bnn_arena *arena, const bnn_net *net) {
    bnn_text text = {0};
    bnn_text_add(&text, "%zu", net->n_inputs);
    for (size_t l = 0; l < net->n_layers; l++)
        if (bnn_layer_has_weights(&net->layers[l])) bnn_text_add(&text, "-%zu", net->layers[l].n_out);
    const char *kept = text.at == NULL ? NULL : bnn_arena_text(arena, text.at);
    bnn_text_free(&text);
    return kept == NULL ? "" : kept;
}

static bnn_status check_count(import *im) {
    const bnn_net *net = &im->model->net;
    size_t wanted = count_blocks(net, BNN_ROLE_WEIGHT);
    if (im->n_weights != wanted)
        return BNN_FAIL(BNN_ERR_DATA, "%s: %zu layers with weights; the net of the configuration has %zu (%s)", im->path, im->n_weights, wanted,
                        widths_of(&im->arena, net));
    for (size_t i = 0; i < im->n_biases; i++) {
        const entry *bias = &im->entries[im->n_weights + i];
        size_t k = 0;
        while (k < im->n_weights && im->entries[k].number != bias->number) k++;
        if (k == im->n_weights) return BNN_FAIL(BNN_ERR_DATA, "%s: %s has no %lu.weight beside it", im->path, bias->tensor->name, bias->number);
    }
    if (im->n_biases > 0 && count_blocks(net, BNN_ROLE_BIAS) == 0)
        return BNN_FAIL(BNN_ERR_DATA, "%s: has biases, but the net of the configuration has none: set net.bias = yes", im->path);
    return BNN_OK;
}

/* The tensor for a block of layer k (in order); NULL: there is none. */
static const entry *find_entry(const import *im, size_t k, bnn_role role) {
    if (role == BNN_ROLE_WEIGHT) return &im->entries[k];
    for (size_t i = im->n_weights; i < im->n_weights + im->n_biases; i++)
        if (im->entries[i].number == im->entries[k].number) return &im->entries[i];
    return NULL;
}

static void print_shape(char text[96], int n_dims, const size_t *shape) {
    size_t at = 1;
    strcpy(text, "[");
    for (int d = 0; d < n_dims; d++) at += (size_t)snprintf(text + at, 96 - at, "%s%zu", d > 0 ? ", " : "", shape[d]);
    snprintf(text + at, 96 - at, "]");
}

static bool has_shape(const bnn_tensor *tensor, int n_dims, const size_t *shape) {
    bool fits = tensor->n_dims == n_dims;
    for (int d = 0; fits && d < n_dims; d++) fits = tensor->shape[d] == shape[d];
    return fits;
}

static bnn_status take_tensor(import *im, const bnn_block *block, const bnn_tensor *tensor) {
    char got[96], wanted[96];
    real *out = im->theta + block->first;
    if (!has_shape(tensor, block->n_dims, block->shape)) {
        print_shape(got, tensor->n_dims, tensor->shape);
        print_shape(wanted, block->n_dims, block->shape);
        return BNN_FAIL(BNN_ERR_DATA, "%s: %s is %s; expected %s%s for %s of the net %s", im->path, tensor->name, got, wanted,
                        block->n_dims == 2 ? " ([out, in])" : "", block->name, widths_of(&im->arena, &im->model->net));
    }
    bnn_tensor_to_real(tensor, out);
    for (size_t i = 0; i < block->n; i++)
        if (!isfinite(out[i])) return BNN_FAIL(BNN_ERR_DATA, "%s: %s: number %zu is %g", im->path, tensor->name, i, (double)out[i]);
    return BNN_OK;
}

static bnn_status take_layers(import *im) {
    const bnn_net *net = &im->model->net;
    bnn_status status = BNN_OK;
    for (size_t b = 0, k = 0; status == BNN_OK && b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        const entry *found;
        k += block->role == BNN_ROLE_WEIGHT && b > 0;
        if ((found = find_entry(im, k, block->role)) == NULL)
            return BNN_FAIL(BNN_ERR_DATA, "%s: no %lu.bias, but every layer of the net has one: set net.bias = no, or add zeros [%zu]", im->path,
                            im->entries[k].number, block->n);
        status = take_tensor(im, block, found->tensor);
    }
    return status;
}

static bnn_status take_noise(import *im, bool *has_noise) {
    const bnn_block block = bnn_model_noise_block(im->model);
    *has_noise = block.n > 0 && im->n > 0 && is_noise(im, &im->entries[im->n - 1]);
    if (!*has_noise) return BNN_OK;
    bnn_status status = take_tensor(im, &block, im->entries[im->n - 1].tensor);
    if (status == BNN_OK) bnn_likelihood_bound_noise(block.n, im->theta + block.first);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static bnn_status read_weights(import *im, const char *map, bool *has_noise) {
    bnn_model *model = im->model;
    bnn_status status = bnn_posterior_make(&model->posterior, &bnn_draws_posterior, model->net.n_weights, model->likelihood.n_noise, 1);
    if (status != BNN_OK) return status;
    model->posterior.net = &model->net;
    if ((status = read_names(im, map))         != BNN_OK) return status;
    if ((status = check_count(im))             != BNN_OK) return status;
    if ((status = take_layers(im))             != BNN_OK) return status;
    if ((status = take_noise(im, has_noise))   != BNN_OK) return status;
    memcpy(model->posterior.arrays[0].at, im->theta, model->posterior.n_params * sizeof(real));
    return BNN_OK;
}

bnn_status bnn_model_import(bnn_model *model, const bnn_tensor_file *file, const char *path, const char *map, bool *has_noise) {
    import im = { .model = model, .file = file, .path = path };
    bnn_status status = read_weights(&im, map, has_noise);
    bnn_arena_free(&im.arena);
    return status;
}
