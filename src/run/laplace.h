/* `bnn laplace`: a new run with a Laplace posterior around the weights of a finished map run. */
#ifndef BNN_RUN_LAPLACE_H
#define BNN_RUN_LAPLACE_H

#include "base/text.h"
#include "run/run.h"

typedef struct bnn_laplace_request {
    const char     *parent;        /* folder of the map run */
    /* The new run. sets: "section.key=value" of [method], [predict], run.threads, run.max_memory, and "key=value" of [method]. folder
     * NULL: parent-laplace, beside the parent. config_path is not used. */
    bnn_run_request run;
    bool            is_dry;        /* checks everything, tells the listener the forecast, writes nothing */
} bnn_laplace_request;

/* run: opened on the result, left alone in a dry run. BNN_ERR_DATA if the parent is no finished run or its data have changed; BNN_ERR_CONFIG
 * if it is no map run, for faults of the sets and all that bnn_laplace refuses; nothing is written then. */
bnn_status bnn_run_laplace(bnn_run *run, const bnn_laplace_request *request);

/* Lines on what a Laplace posterior says of itself: evidence with its parts, prior precision, jitter; nothing for other models. */
void bnn_laplace_describe(bnn_text *lines, const bnn_model *model, const bnn_config *config);

#endif
