/* A model as the library sees it. */
#ifndef BNN_MODEL_MODEL_H
#define BNN_MODEL_MODEL_H

#include "bnn/model.h"
#include "data/data.h"
#include "layer/net.h"
#include "likelihood/likelihood.h"
#include "posterior/posterior.h"
#include "prior/prior.h"

struct bnn_model {
    bnn_config    *config;          /* [net], [likelihood] and [prior] alone */
    bnn_schema     schema;
    bnn_scaling    scaling;
    bnn_net        net;
    bnn_likelihood likelihood;
    bnn_prior      prior;
    bnn_posterior  posterior;
    uint64_t       seed;            /* of draws */
    json_t        *facts;           /* object of strings: method, n_rows, nll, kl, elbo, ... where they exist */
};

/* Sections that say what a model is; `bnn_catalogue` has them too. */
extern const bnn_section bnn_model_catalogue[];

/* A model with everything but the posterior's numbers, from a configuration that has the sections of bnn_model_catalogue. */
bnn_status bnn_model_make(bnn_model **model, const bnn_config *config, const bnn_schema *schema, const bnn_scaling *scaling);

/* One fact for the file's metadata; a number in its shortest exact form. */
bnn_status bnn_model_note_text(bnn_model *model, const char *name, const char *value);
bnn_status bnn_model_note_number(bnn_model *model, const char *name, double value);

/* The learnt noise as a block behind the weights (n = 0: none). */
bnn_block bnn_model_noise_block(const bnn_model *model);

#endif
