/* `bnn import`: a net trained elsewhere becomes a finished map run. */
#ifndef BNN_RUN_IMPORT_H
#define BNN_RUN_IMPORT_H

#include "run/run.h"

/* Outputs agree if they differ by at most this much of the largest: what float arithmetic leaves. */
#define BNN_IMPORT_TOLERANCE 1e-5

typedef struct bnn_import_request {
    const char     *weights, *map;         /* tensor file; names, see model/import.h                                  */
    const char     *inputs, *outputs;      /* NPY: raw features [n x d] and the net's raw outputs f [n x k]; or both NULL */
    bnn_run_request run;                   /* its configuration gives data, net, likelihood and prior; the method is map  */
    bool            is_dry;
} bnn_import_request;

/* Learnt Gaussian noise that the file does not hold is the maximum-likelihood one on the training rows. run: opened on the result, left
 * alone in a dry run. BNN_ERR_DATA for tensors that do not fit the net, and for outputs that disagree; nothing is written then. */
bnn_status bnn_run_import(bnn_run *run, const bnn_import_request *request);

#endif
