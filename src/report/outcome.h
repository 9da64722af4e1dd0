/* What a sweep came to, read from the tables it leaves: results.csv, summary.csv, timings.csv, failures.txt, and [sweep] of sweep.ini;
 * with [tune] also one result.json of each group, for values that nobody chose.
 *
 * Means, standard errors and paired differences are those of summary.csv; nothing is averaged here but times. Its columns before `metric`
 * tell groups of runs apart; the other axes of results.csv are replicates. */
#ifndef BNN_REPORT_OUTCOME_H
#define BNN_REPORT_OUTCOME_H

#include "base/arena.h"
#include "bnn/status.h"
#include "data/cells.h"

/* An axis with several values, or a key that was tuned. */
typedef struct bnn_outcome_key {
    const char  *name, *word;              /* "method.name", "method"; "data.split", "split"       */
    size_t       n;
    const char **values;                   /* [n] in the order of runs; "": it does not apply      */
    const char **labels;                   /* [n] the same for the page                            */
    double      *numbers;                  /* [n] or NULL: not all of them are numbers             */
    size_t      *of_run;                   /* [n_runs] which value                                 */
    bool         is_replicate;
    bool         is_data;                  /* names data: scores of two values are not on one scale */
} bnn_outcome_key;

typedef struct bnn_outcome_mean { size_t n; double value, se; } bnn_outcome_mean;   /* n = 0: value is NaN; se may be NaN */

typedef struct bnn_outcome_metric {
    const char *name;
    int         sign;                      /* +1: more is better, -1: less is, 0: neither          */
    bool        is_shown;
    double     *of_run;                    /* [n_runs] or NaN                                      */
    bnn_outcome_mean *mean, *difference;   /* [n_groups] difference from the baseline, in pairs    */
} bnn_outcome_metric;

typedef enum bnn_outcome_state { BNN_OUTCOME_FINISHED, BNN_OUTCOME_FAILED, BNN_OUTCOME_WAITING, BNN_OUTCOME_STATES } bnn_outcome_state;

/* Groups that stand in one picture: all, or those on one data set. */
typedef struct bnn_panel {
    const char *title;                     /* "boston"; "" where there is one panel                */
    size_t      n;
    size_t     *groups;                    /* [n]                                                  */
    bool        is_whole;                  /* names of its groups say the data set, too            */
} bnn_panel;

typedef struct bnn_outcome {
    bnn_arena   arena;
    bnn_cells   results, timings;          /* texts live there                                     */
    const char *folder, *name;
    const char *baseline;                  /* "method.name=map" or ""                              */
    size_t      n_runs, n_keys, n_tuned, n_metrics, n_groups, n_panels;
    const char **runs, **reasons;          /* [n_runs] reason NULL: not failed                     */
    bnn_outcome_state *states;             /* [n_runs]                                             */
    size_t      n_in_state[BNN_OUTCOME_STATES];
    bnn_outcome_key    *keys, *tuned;
    bnn_outcome_metric *metrics;
    bnn_outcome_metric  seconds;           /* wall time of runs                                    */
    double      processor_seconds;         /* of all runs                                          */
    size_t     *group_of, *first;          /* [n_runs]; [n_groups] a run of each                   */
    bool       *is_baseline;               /* [n_groups]                                           */
    bnn_panel  *panels;
    bool       *is_panel_key;              /* [n_keys] its value is in the panels' titles          */
} bnn_outcome;

/* What only sweeps know of metrics. */
typedef struct bnn_outcome_lore {
    int  (*sign)(const char *metric);
    bool (*is_usual)(const char *metric);  /* shown unless [sweep] metrics says which              */
} bnn_outcome_lore;

/* A folder that a sweep has made. */
bool bnn_outcome_is_there(const char *folder);

/* outcome starts zeroed; free it in any case. BNN_ERR_DATA for tables that are missing, broken or do not fit together. */
bnn_status bnn_outcome_read(bnn_outcome *outcome, const char *folder, const bnn_outcome_lore *lore);
void       bnn_outcome_free(bnn_outcome *outcome);

/* The text of a key's value in a group; "": it does not apply. */
const char *bnn_outcome_value(const bnn_outcome_key *key, const bnn_outcome *outcome, size_t group);

/* Appends "bbb, sd=0.3": the values of a group, without those in the panel's title and without key `left_out` (n_keys: none). */
void bnn_outcome_label(bnn_text *label, const bnn_outcome *outcome, const bnn_panel *panel, size_t group, size_t left_out);

#endif
