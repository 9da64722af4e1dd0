/* `bnn prune`: a new run with the weights of least |mean| / sd removed, and what removing them costs. */
#ifndef BNN_RUN_PRUNE_H
#define BNN_RUN_PRUNE_H

#include "model/prune.h"
#include "run/run.h"

typedef struct bnn_prune_request {
    const char     *parent;
    double          keep;          /* share of the weights, in (0, 1]: see bnn_model_prune */
    bnn_run_request run;           /* folder NULL: PARENT-pruned-25 for keep = .25; sets and config_path are not used */
    bool            is_dry;        /* checks everything, tells the listener, writes nothing */
} bnn_prune_request;

/* No data files are needed. The configuration is the parent's but for run.name: trained anew it gives the parent. run: opened on the result, left
 * alone in a dry run. Statuses of bnn_run_open and bnn_model_prune; BNN_ERR_CONFIG if the folder holds something and force is not set. */
bnn_status bnn_run_prune(bnn_run *run, const bnn_prune_request *request);

typedef struct bnn_prune_point {
    double    removed;             /* share of the weights   */
    size_t    n_kept;
    bnn_score error;               /* of numbers: rmse       */
    bnn_score log_lik;
} bnn_prune_point;

/* Scores of rows (with targets) for each share in points[].removed, in rising order from 0 to below 1, by the run's own [predict] settings without
 * calibration. The run's model ends up pruned as the last point says. */
bnn_status bnn_run_prune_curve(bnn_run *run, const bnn_dataset *rows, size_t n, bnn_prune_point *points);

#endif
