/* What every fit needs before it can begin: configuration, data, the shape of the model. */
#ifndef BNN_RUN_SETUP_H
#define BNN_RUN_SETUP_H

#include "run/run.h"

typedef struct bnn_setup {
    bnn_config      *config;
    char            *folder;       /* where the run will be */
    bnn_run_options  run;
    bnn_data_options data;
    bool             wants_classes;
    bnn_data_parts   parts;
} bnn_setup;

/* The [data] options of a configuration and whether its likelihood wants classes. */
bool bnn_setup_data(const bnn_config *config, bnn_data_options *options);

/* Configuration and folder, then data. */
bnn_status bnn_setup_read(bnn_setup *setup, const bnn_run_request *request);
bnn_status bnn_setup_read_data(bnn_setup *setup);
void       bnn_setup_free(bnn_setup *setup);

/* config.ini in a run folder. */
bnn_status bnn_setup_write(const bnn_setup *setup, const char *folder);

/* A model as the fit will make it, without posterior. */
bnn_status bnn_setup_model(bnn_model **model, const bnn_setup *setup);

/* Sizes, and time and memory of a few steps of the fit. forecast is zeroed or filled; free it. */
bnn_status bnn_setup_forecast(bnn_run_forecast *forecast, const bnn_setup *setup);

/* "6-50-1". Caller frees; NULL: out of memory. */
char *bnn_setup_layers(const bnn_net *net);

#endif
