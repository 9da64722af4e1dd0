/* Many runs from one file: `bnn sweep`.
 *
 *     SWEEP/sweep.ini      the file, as it was
 *     SWEEP/RUN/           one run folder each, named after its axes: yacht-bbb,split=3; with result.json (sweep/result.h)
 *     SWEEP/tune/RUN/      the runs inside training parts that [tune] needed: a cache
 *     SWEEP/results.csv    one row a run: axes, status, values chosen, metrics with standard errors. No times, no host: the same bytes
 *                          however the sweep was run on processors of one kind
 *     SWEEP/timings.csv    what results.csv leaves out; these tables are there from the start and follow the runs every few seconds
 *     SWEEP/summary.csv    means over the replicates, differences from the baseline (long form); summary.md: the same to read
 *     SWEEP/failures.txt   why runs failed, if any did
 *
 * Runs are processes of their own: this program again with --index, started by posix_spawn. A run that is killed or that finds the disk
 * full costs itself alone; the next start goes on with it. */
#ifndef BNN_SWEEP_SWEEP_H
#define BNN_SWEEP_SWEEP_H

#include "sweep/plan.h"
#include "sweep/table.h"
#include "sweep/work.h"

typedef struct bnn_sweep_progress {
    size_t n, n_done, n_failed, n_running;     /* n_done: without the failed ones                         */
    double seconds, seconds_left;              /* left: NaN until a run has ended                         */
    const char *ended;                         /* the run that has just ended, or NULL                    */
    const char *sentence;                      /* and why it failed, or NULL                              */
} bnn_sweep_progress;

typedef struct bnn_sweep_listener {
    void *context;
    void (*progress)(void *context, const bnn_sweep_progress *progress);   /* several times a second; may be NULL */
    bool (*wants_stop)(void *context);                                     /* may be NULL                         */
} bnn_sweep_listener;

typedef struct bnn_sweep_request {
    const char        *program;                /* what a child executes                                    */
    size_t             n_arguments;
    const char *const *arguments;              /* its words up to "--index", which follow from the plan     */
    size_t             jobs;                   /* at a time                                                */
    const bnn_sweep_listener *listener;        /* or NULL                                                  */
} bnn_sweep_request;

/* A child of a sweep knows it by this variable: the number of its parent, at whose end it stops with a checkpoint. */
#define BNN_SWEEP_PARENT "BNN_SWEEP_PARENT"

/* Makes the folder with sweep.ini. BNN_ERR_CONFIG if it holds something else. */
bnn_status bnn_sweep_open(const bnn_plan *plan);

/* Does every run that is not done, `jobs` at a time, then gathers: table and files are written in any case. `table` starts zeroed. BNN_OK;
 * BNN_ERR_FILE with a line for each run that failed (the exit code of a run-time failure); BNN_STOPPED if some runs have only got to a
 * checkpoint; BNN_ERR_USAGE if another bnn is at work in the folder. */
bnn_status bnn_sweep_do(bnn_sweep_table *table, const bnn_plan *plan, const bnn_sweep_request *request);

/* A script that does the runs as a job array ("slurm"), with GNU parallel or xargs ("parallel"), or one line a run ("list"). jobs: at a
 * time. arguments as in bnn_sweep_request. BNN_ERR_USAGE for another kind. */
bnn_status bnn_sweep_emit(bnn_text *script, const bnn_plan *plan, const char *kind, const bnn_sweep_request *request);

#endif
