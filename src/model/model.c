/* Making a model from a configuration; its facts. */
#include "model/model.h"
#include "base/fail.h"
#include "base/text.h"
#include "problem/problem.h"

#include <stdlib.h>
#include <string.h>

const bnn_section bnn_model_catalogue[] = {
    { "net", "the network", bnn_net_rows, bnn_net_axes },
    { "likelihood", "how a target depends on the outputs of the net", NULL, bnn_likelihood_axes },
    { "prior", "what is believed of the weights before data", bnn_prior_rows, bnn_prior_axes },
    {0}
};

static bnn_status copy_section(bnn_config *copy, const bnn_config *config, const char *section) {
    const char *key;
    for (size_t i = 0; (key = bnn_config_key(config, section, i)) != NULL; i++) {
        const char *value = bnn_config_text(config, section, key);
        if (strcmp(key, "init") == 0 && !bnn_net_is_init_rule(value)) continue;     /* a path: no part of what the model is */
        bnn_status status = bnn_config_set(copy, section, key, value);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

static bnn_status copy_config(bnn_model *model, const bnn_config *config) {
    bnn_status status = bnn_config_read_catalogue(&model->config, bnn_model_catalogue, NULL, 0, NULL);
    for (const bnn_section *section = bnn_model_catalogue; status == BNN_OK && section->name != NULL; section++)
        status = copy_section(model->config, config, section->name);
    return status;
}

static bnn_status copy_scaling(bnn_scaling *copy, const bnn_scaling *scaling) {
    json_t *json = bnn_scaling_to_json(scaling);
    bnn_status status = json == NULL ? BNN_FAIL_MEMORY("the scaling") : bnn_scaling_from_json(copy, json);
    json_decref(json);
    return status;
}

bnn_status bnn_model_make(bnn_model **model, const bnn_config *config, const bnn_schema *schema, const bnn_scaling *scaling) {
    bnn_status status;
    bnn_model *made = calloc(1, sizeof *made);
    if (made == NULL || (made->facts = json_object()) == NULL) {
        free(made);
        return BNN_FAIL_MEMORY("the model");
    }
    if ((status = copy_config(made, config))                                                        != BNN_OK) goto fail;
    if ((status = bnn_schema_copy(&made->schema, schema))                                           != BNN_OK) goto fail;
    if ((status = copy_scaling(&made->scaling, scaling))                                            != BNN_OK) goto fail;
    if ((status = bnn_likelihood_make(&made->likelihood, made->config, schema->n_targets, schema->n_classes)) != BNN_OK) goto fail;
    if ((status = bnn_prior_make(&made->prior, made->config))                                       != BNN_OK) goto fail;
    status = bnn_net_make(&made->net, made->config, bnn_scaling_width(scaling), made->likelihood.n_outputs);
    if (status == BNN_OK) status = bnn_problem_check_prior(&made->net, &made->prior, config);
    if (status != BNN_OK) goto fail;
    *model = made;
    return BNN_OK;
fail:
    bnn_model_free(made);
    return status;
}

void bnn_model_free(bnn_model *model) {
    if (model == NULL) return;
    bnn_posterior_free(&model->posterior);
    bnn_net_free(&model->net);
    bnn_prior_free(&model->prior);
    bnn_likelihood_free(&model->likelihood);
    bnn_scaling_free(&model->scaling);
    bnn_schema_free(&model->schema);
    bnn_config_free(model->config);
    json_decref(model->facts);
    free(model);
}

bnn_status bnn_model_note_text(bnn_model *model, const char *name, const char *value) {
    return json_object_set_new(model->facts, name, json_string(value)) == 0 ? BNN_OK : BNN_FAIL_MEMORY("the model's facts");
}

bnn_status bnn_model_note_number(bnn_model *model, const char *name, double value) {
    char text[32];
    return bnn_model_note_text(model, name, bnn_text_number(text, value));
}

bnn_block bnn_model_noise_block(const bnn_model *model) {
    size_t n = model->likelihood.n_noise;
    bnn_block block = { .name = "likelihood.log_noise_sd", .first = model->net.n_weights, .n = n, .n_dims = 1, .shape = { n },
                        .role = BNN_ROLE_NOISE };
    return block;
}
