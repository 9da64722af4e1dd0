/* A sweep file read: the runs it describes, in a fixed order, and the configuration of each.
 *
 *     [sweep]
 *     config      = a.ini | b.ini          base configurations; none: the other sections of this very file
 *     jobs        = 2
 *     baseline    = method.name=map        what the summary compares with, in pairs
 *     replicates  = run.seed, data.split   axes that the summary averages over
 *     metrics     = rmse, log_lik          columns of the summary on a terminal; empty: the usual ones
 *     data.split  = 0:4                    everything else is an axis (sweep/grid.h)
 *
 *     [tune]
 *     folds       = 3                      or fraction = 0.2: inside the training part
 *     score       = log_lik
 *     prior.sd    = 0.1 | 0.3 | 1          everything else is an axis
 *
 * Other sections of the file hold for all runs, before the axes and after the base configurations. */
#ifndef BNN_SWEEP_PLAN_H
#define BNN_SWEEP_PLAN_H

#include "run/run.h"
#include "sweep/grid.h"

typedef struct bnn_sweep_options {
    const char *config;
    long long   jobs;
    const char *baseline;
    bnn_words   replicates, metrics;
} bnn_sweep_options;

typedef struct bnn_tune_options {
    long long   folds;
    double      fraction;
    const char *score;
} bnn_tune_options;

extern const bnn_option bnn_sweep_rows[];      /* of bnn_sweep_options */
extern const bnn_option bnn_tune_rows[];       /* of bnn_tune_options  */

typedef struct bnn_plan {
    bnn_arena         arena;
    const char       *path, *folder;    /* of the file; of the sweep                                  */
    bnn_settings      own;              /* of its other sections                                      */
    bnn_settings      sets;             /* of the command line                                        */
    bnn_settings     *bases;            /* one for each value of the axis `config`; NULL: there is none */
    size_t            base_axis;        /* number of the axis `config`                                */
    bnn_sweep_options options;
    bnn_grid          grid;
    const char      **names;            /* [grid.n_points] folders of the runs in `folder`            */
    bool              has_tune;
    bnn_tune_options  tune;
    bnn_grid          choices;          /* axes of [tune]; its points depend on the run               */
} bnn_plan;

/* folder NULL: run.out/NAME, where NAME is run.name of the file's own sections, else the file's stem. `plan` starts zeroed; free it
 * in any case. BNN_ERR_CONFIG with every fault of the file. */
bnn_status bnn_plan_make(bnn_plan *plan, const char *path, size_t n_sets, const char *const *sets, const char *folder);
void       bnn_plan_free(bnn_plan *plan);

/* Number of runs. */
static inline size_t bnn_plan_size(const bnn_plan *plan) { return plan->grid.n_points; }

/* "folder/name". Caller frees; NULL: out of memory. */
char *bnn_plan_folder(const bnn_plan *plan, size_t run);

/* The configuration of a run, with the settings of a choice of [tune] and `more` (may be NULL) after its own. *config must be NULL;
 * its strings are in `arena`. choice NULL: none. */
bnn_status bnn_plan_config(bnn_config **config, bnn_arena *arena, const bnn_plan *plan, size_t run, const size_t *choice,
                           const bnn_settings *more);

/* The choices of [tune] for a run: its axes with the points that apply, in `arena`. */
bnn_status bnn_plan_choices(bnn_grid *choices, bnn_arena *arena, const bnn_plan *plan, size_t run);

/* Reads and checks configuration and data of every run, each kind of data once; nothing is written. The test rows of a sweep with [tune]
 * stay unread. BNN_ERR_CONFIG, BNN_ERR_DATA; BNN_ERR_CONFIG for a folder of a run that was made with other settings. */
bnn_status bnn_plan_check(const bnn_plan *plan);

/* SHA-256 of all settings of a run that its result depends on, [tune] included. */
void bnn_plan_digest(char hex[65], const bnn_plan *plan, const bnn_config *config);

#endif
