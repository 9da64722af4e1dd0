/* From a request to checked options, rows and a net. */
#include "run/setup.h"
#include "base/fail.h"
#include "run/folder.h"

#include <stdlib.h>
#include <string.h>

/* "configs/yacht.ini" -> "yacht". */
static char *stem_of(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1, *dot = strrchr(name, '.');
    return strndup(name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name));
}

static bnn_status name_run(bnn_config *config, const char *path) {
    const char *name = bnn_config_text(config, "run", "name");
    if (path == NULL || *name != '\0') return BNN_OK;
    char *stem = stem_of(path);
    bnn_status status = stem == NULL ? BNN_FAIL_MEMORY("the name of the run") : bnn_config_set(config, "run", "name", stem);
    if (status == BNN_ERR_CONFIG)
        BNN_FAIL(status, "%s: the file's stem \"%s\" is no name for a run: set run.name", path, stem);
    free(stem);
    return status;
}

bnn_status bnn_run_read_config(bnn_config **config, const bnn_run_request *request) {
    bnn_config *made = NULL;
    bnn_status status = bnn_config_read(&made, request->config_path, request->n_sets, request->sets);
    if (status == BNN_OK) status = name_run(made, request->config_path);
    if (status == BNN_OK) *config = made;
    else bnn_config_free(made);
    return status;
}

bool bnn_setup_data(const bnn_config *config, bnn_data_options *options) {
    const bnn_likelihood_row *likelihood = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    bnn_config_fill(config, "data", bnn_data_rows, options);
    return likelihood->wants_classes;
}

bnn_status bnn_setup_read(bnn_setup *setup, const bnn_run_request *request) {
    bnn_status status = bnn_run_read_config(&setup->config, request);
    if (status != BNN_OK) return status;
    bnn_config_fill(setup->config, "run", bnn_run_rows, &setup->run);
    setup->wants_classes = bnn_setup_data(setup->config, &setup->data);
    setup->folder = request->folder != NULL ? strdup(request->folder) : bnn_folder_join(setup->run.out, setup->run.name);
    return setup->folder == NULL ? BNN_FAIL_MEMORY("the name of the run folder") : BNN_OK;
}

bnn_status bnn_setup_read_data(bnn_setup *setup) {
    return bnn_data_parts_read(&setup->parts, &setup->data, (uint64_t)setup->run.seed, setup->wants_classes);
}

void bnn_setup_free(bnn_setup *setup) {
    bnn_data_parts_free(&setup->parts);
    free(setup->folder);
    bnn_config_free(setup->config);
    *setup = (bnn_setup){0};
}

bnn_status bnn_setup_write(const bnn_setup *setup, const char *folder) {
    char *text = bnn_config_print(setup->config, NULL, false), *path = bnn_folder_join(folder, BNN_RUN_CONFIG);
    bnn_status status = text == NULL || path == NULL ? BNN_FAIL_MEMORY("the configuration") : bnn_file_write(path, text, strlen(text));
    free(path);
    free(text);
    return status;
}

/* Of every part: test rows with bad targets should not wait for the end of the training to be found. */
static bnn_status check_targets(const bnn_likelihood *likelihood, const bnn_data_parts *parts) {
    const bnn_dataset *all[] = { parts->train, parts->valid, parts->test };
    bnn_status status = BNN_OK;
    for (size_t i = 0; status == BNN_OK && i < 3; i++)
        if (all[i] != NULL) status = bnn_likelihood_check_targets(likelihood, all[i]);
    return status;
}

bnn_status bnn_setup_model(bnn_model **model, const bnn_setup *setup) {
    const bnn_dataset *train = setup->parts.train;
    bnn_scaling scaling = {0};
    bnn_model *made = NULL;
    bnn_status status = bnn_scaling_fit(&scaling, train, setup->data.scale_x, bnn_likelihood_scale_y(setup->config));
    if (status == BNN_OK) status = bnn_model_make(&made, setup->config, &train->schema, &scaling);
    if (status == BNN_OK) status = check_targets(&made->likelihood, &setup->parts);
    if (status == BNN_OK) {
        made->scaling.n_constant = scaling.n_constant;
        *model = made;
    } else {
        bnn_model_free(made);
    }
    bnn_scaling_free(&scaling);
    return status;
}

char *bnn_setup_layers(const bnn_net *net) {
    bnn_text text = {0};
    bnn_text_add(&text, "%zu", net->n_inputs);
    for (size_t l = 0; l < net->n_layers; l++) bnn_text_add(&text, "-%zu", net->layers[l].n_out);
    if (text.has_failed) bnn_text_free(&text);
    return text.at;
}
