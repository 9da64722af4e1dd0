/* One run of a sweep: trained or gone on with, judged, its result kept. What is done already is not done again. */
#ifndef BNN_SWEEP_WORK_H
#define BNN_SWEEP_WORK_H

#include "sweep/plan.h"
#include "sweep/result.h"

typedef struct bnn_work {
    const char       *folder;
    const bnn_config *config;
    const char       *digest;
    bool              is_cache;          /* a folder made with other settings is made anew, without asking */
    const bnn_run_request *request;      /* its argv and listener */
} bnn_work;

/* *result: a new reference, status "finished" or "failed" (BNN_ERR_NUMERIC, kept too). Anything else leaves no result. BNN_STOPPED: there is
 * a checkpoint. A result made here is written only if `keeps`: a tuned run has more to say first. */
bnn_status bnn_work_do(json_t **result, const bnn_work *work, bool keeps);

/* Run `run` of a sweep with its tuning. request: argv and listener; the rest comes from the plan. */
bnn_status bnn_sweep_run(const bnn_plan *plan, size_t run, const bnn_run_request *request);

#endif
