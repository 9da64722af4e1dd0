/* bnn inspect RUN | FILE.safetensors: what a model is made of and how sure it is of its weights. */
#include "cli/cli.h"
#include "base/fail.h"
#include "base/tensors.h"
#include "layer/activation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* sd and share NaN without spread. nonzero: numbers that some draw has; the others were pruned. */
typedef struct summary { const bnn_block *block; size_t nonzero; double mean_abs, mean_sd, share; } summary;

typedef struct inspection {
    const char     *path;
    bnn_model      *model;
    bnn_tensor_file file;
    bnn_block       noise;
    size_t          n_blocks;
    summary        *blocks;
} inspection;

/* ---- gathering ------------------------------------------------------------------------------------------------------- */

/* share: of weights with |mean| > sd, those the data have moved out of the fog. */
static summary summarise(const bnn_posterior *posterior, const bnn_block *block, const real *mean, real *sd) {
    summary s = { .block = block, .mean_sd = NAN, .share = NAN };
    double n = (double)block->n, sum_sd = 0, above = 0;
    for (size_t i = 0; i < block->n; i++) {
        s.mean_abs += fabs((double)mean[block->first + i]) / n;
        s.nonzero += mean[block->first + i] != 0;
    }
    if (posterior->row->sd == NULL || block->role == BNN_ROLE_NOISE) return s;
    posterior->row->sd(posterior, block->first, block->n, sd);
    for (size_t i = 0; i < block->n; i++) {
        sum_sd += (double)sd[i];
        s.nonzero += mean[block->first + i] == 0 && sd[i] > 0;
        above += fabs((double)mean[block->first + i]) > (double)sd[i];
    }
    s.mean_sd = sum_sd / n;
    if (sum_sd > 0) s.share = above / n;      /* certain weights, outside the span of a Laplace, are above nothing */
    return s;
}

static bnn_status summarise_all(inspection *in) {
    const bnn_model *model = in->model;
    const bnn_posterior *posterior = &model->posterior;
    size_t n = model->net.n_blocks;
    in->noise = bnn_model_noise_block(model);
    in->n_blocks = n + (in->noise.n > 0);
    in->blocks = calloc(in->n_blocks, sizeof *in->blocks);
    real *mean = calloc(posterior->n_params, sizeof *mean), *sd = calloc(posterior->n_params, sizeof *sd);
    bnn_status status = in->blocks == NULL || mean == NULL || sd == NULL ? BNN_FAIL_MEMORY("a summary") : BNN_OK;
    if (status == BNN_OK) posterior->row->mean(posterior, mean);
    for (size_t b = 0; status == BNN_OK && b < in->n_blocks; b++)
        in->blocks[b] = summarise(posterior, b < n ? &model->net.blocks[b] : &in->noise, mean, sd);
    free(mean);
    free(sd);
    return status;
}

static bnn_status read_model(inspection *in, const char *word) {
    struct stat info;
    char *inside = NULL;
    bool is_folder = stat(word, &info) == 0 && S_ISDIR(info.st_mode);
    if (is_folder && asprintf(&inside, "%s/%s", word, BNN_RUN_POSTERIOR) < 0) return BNN_FAIL_MEMORY("a file name");
    const char *path = is_folder ? inside : word;
    bnn_status status = bnn_model_read(&in->model, path);
    if (status == BNN_OK) status = bnn_tensors_read(&in->file, path);
    free(inside);
    return status;
}

static const char *activation_of(const bnn_layer *layer) { return layer->activation == NULL ? "identity" : layer->activation->head.name; }

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void print_model(const inspection *in) {
    const bnn_model *m = in->model;
    printf("net         %zu layers, %zu weights%s\n", m->net.n_layers, m->net.n_weights, in->noise.n > 0 ? " and learnt noise" : "");
    for (size_t l = 0; l < m->net.n_layers; l++) {
        const bnn_layer *layer = &m->net.layers[l];
        printf("  %zu  %s %zu -> %zu, %s\n", l, layer->row->head.name, layer->n_in, layer->n_out, activation_of(layer));
    }
    printf("likelihood  %s\nprior       %s\nposterior   %s", m->likelihood.row->head.name, m->prior.row->head.name,
           m->posterior.row->head.name);
    if (m->posterior.n_draws > 1) printf(", %zu %s", m->posterior.n_draws, m->posterior.row->is_list ? "draws" : "members");
    printf("\nseed        %llu\n", (unsigned long long)m->seed);
}

static void print_facts(const bnn_model *model) {
    const char *name;
    json_t *value;
    int width = 10;
    json_object_foreach(model->facts, name, value)
        if ((int)strlen(name) > width) width = (int)strlen(name);
    json_object_foreach(model->facts, name, value) {
        const char *text = json_string_value(value);
        if (text != NULL && text[0] != '{') printf("%-*s  %s\n", width, name, text);
    }
}

static void print_tensors(const inspection *in) {
    printf("\n%-28s  %-4s  %s\n", "tensor", "type", "shape");
    for (size_t i = 0; i < in->file.n; i++) {
        const bnn_tensor *tensor = &in->file.tensors[i];
        printf("%-28s  %-4s  [", tensor->name, bnn_tensor_type_name(tensor->type));
        for (int d = 0; d < tensor->n_dims; d++) printf("%s%zu", d > 0 ? ", " : "", tensor->shape[d]);
        printf("]\n");
    }
}

static void print_number(double value) {
    if (isnan(value)) printf("  %9s", "-");
    else printf("  %9.4g", value);
}

static void print_blocks(const inspection *in) {
    printf("\n%-23s  %9s  %9s  %9s  %9s  %9s\n", "block", "numbers", "mean |mu|", "mean sd", "|mu| > sd", "nonzero");
    for (size_t b = 0; b < in->n_blocks; b++) {
        const summary *s = &in->blocks[b];
        printf("%-23s  %9zu", s->block->name, s->block->n);
        print_number(s->mean_abs);
        print_number(s->mean_sd);
        print_number(s->share);
        printf("  %9zu\n", s->nonzero);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *layers_json(const bnn_net *net) {
    json_t *list = json_array();
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:b}", "kind", layer->row->head.name, "inputs", (json_int_t)layer->n_in,
                                              "outputs", (json_int_t)layer->n_out, "activation", activation_of(layer), "bias",
                                              (int)layer->has_bias));
    }
    return list;
}

static json_t *tensors_json(const bnn_tensor_file *file) {
    json_t *list = json_object();
    for (size_t i = 0; i < file->n; i++) {
        const bnn_tensor *tensor = &file->tensors[i];
        json_t *shape = json_array();
        for (int d = 0; d < tensor->n_dims; d++) json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d]));
        json_object_set_new(list, tensor->name, json_pack("{s:s, s:o}", "type", bnn_tensor_type_name(tensor->type), "shape", shape));
    }
    return list;
}

static json_t *blocks_json(const inspection *in) {
    json_t *list = json_object();
    for (size_t b = 0; b < in->n_blocks; b++) {
        const summary *s = &in->blocks[b];
        json_object_set_new(list, s->block->name,
                            json_pack("{s:I, s:I, s:o, s:o, s:o}", "numbers", (json_int_t)s->block->n, "nonzero",
                                      (json_int_t)s->nonzero, "mean_abs_mean", cli_number(s->mean_abs),
                                      "mean_sd", cli_number(s->mean_sd), "share_above_sd", cli_number(s->share)));
    }
    return list;
}

/* Numbers as numbers, objects as objects, the rest as text. */
static json_t *fact_json(const char *text) {
    double number;
    json_t *json = text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    if (json != NULL) return json;
    if (!bnn_text_to_number(text, &number)) return json_string(text);
    return fabs(number) < 1e15 && trunc(number) == number ? json_integer((json_int_t)number) : cli_number(number);
}

static json_t *facts_json(const bnn_model *model) {
    json_t *facts = json_object(), *value;
    const char *name;
    json_object_foreach(model->facts, name, value) json_object_set_new(facts, name, fact_json(json_string_value(value)));
    return facts;
}

static bnn_status print_json(const inspection *in) {
    const bnn_model *m = in->model;
    return cli_json_print(json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "path", in->path,
                                    "weights", (json_int_t)m->net.n_weights, "parameters", (json_int_t)m->posterior.n_params,
                                    "likelihood", m->likelihood.row->head.name, "prior", m->prior.row->head.name,
                                    "posterior", m->posterior.row->head.name, "seed", (json_int_t)m->seed,
                                    "layers", layers_json(&m->net), "facts", facts_json(m), "blocks", blocks_json(in),
                                    "tensors", tensors_json(&in->file)));
}

bnn_status cli_inspect(const cli_args *args) {
    inspection in = { .path = args->words.at[0] };
    bnn_status status;
    if ((status = read_model(&in, in.path)) != BNN_OK) goto done;
    if ((status = summarise_all(&in))       != BNN_OK) goto done;
    if (args->json) {
        status = print_json(&in);
        goto done;
    }
    print_model(&in);
    print_facts(in.model);
    print_tensors(&in);
    print_blocks(&in);
done:
    bnn_tensors_free(&in.file);
    bnn_model_free(in.model);
    free(in.blocks);
    return status;
}
