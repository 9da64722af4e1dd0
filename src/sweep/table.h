/* The results of a sweep gathered from its run folders, and what is made of them. */
#ifndef BNN_SWEEP_TABLE_H
#define BNN_SWEEP_TABLE_H

#include "sweep/plan.h"

typedef enum bnn_run_state { BNN_RUN_WAITING, BNN_RUN_FINISHED, BNN_RUN_FAILED, BNN_RUN_STOPPED } bnn_run_state;

typedef struct bnn_sweep_table {
    const bnn_plan *plan;
    bnn_arena       arena;
    size_t          n_runs, n_metrics;
    bnn_run_state  *state;           /* [n_runs]                                                             */
    const char    **reason;          /* [n_runs] of a failure, or NULL                                       */
    long long      *rows;            /* [n_runs] that the run was judged by                                  */
    double         *value, *se;      /* [n_runs x n_metrics] NaN: none; metrics as bnn_result_metric_name    */
    bool           *has_metric;      /* [n_metrics] some run has it                                          */
    const char    **tuned;           /* [n_runs x choices.n_axes] "" : none                                  */
    const char    **timing;          /* [n_runs] "seconds,processor_seconds,memory_mb,threads,host"          */
} bnn_sweep_table;

/* All runs waiting. `table` starts zeroed; the plan is borrowed. */
bnn_status bnn_sweep_table_make(bnn_sweep_table *table, const bnn_plan *plan);
void       bnn_sweep_table_free(bnn_sweep_table *table);

/* Takes the result of a run over, if there is one with its settings: whether there was. */
bool bnn_sweep_table_take(bnn_sweep_table *table, size_t run);

/* results.csv and timings.csv. */
void bnn_sweep_results_print(bnn_text *csv, const bnn_sweep_table *table);
void bnn_sweep_timings_print(bnn_text *csv, const bnn_sweep_table *table);

/* The summary: as CSV (one line for each group and metric), as Markdown, for a terminal. A group is all runs that differ in the replicate
 * axes alone; se = sd / sqrt(n) over them. Differences are taken run by run: same axes but for the baseline's. */
typedef enum bnn_summary_form { BNN_SUMMARY_CSV, BNN_SUMMARY_MARKDOWN, BNN_SUMMARY_TERMINAL } bnn_summary_form;
bnn_status bnn_sweep_summary_print(bnn_text *text, const bnn_sweep_table *table, bnn_summary_form form);

/* Baseline, replicates and metrics name what there is. BNN_ERR_CONFIG. */
bnn_status bnn_sweep_summary_check(const bnn_plan *plan);

#endif
