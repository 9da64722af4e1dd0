/* A run folder: one fit and everything needed to use it, resume it or make it again.
 *
 *     config.ini              every key resolved; feeding it back reproduces the run
 *     posterior.safetensors   the model; its presence says the run is finished
 *     manifest.json           version, commit, argv, seed, sha256 of data, BLAS core, threads, times, status
 *     metrics.csv             one row per epoch, no times
 *     log.txt                 what was said while training
 *
 * A folder that holds something is never overwritten: with `force` everything is checked first, the old folder is renamed NAME.old
 * and removed once the new run is saved. A run that fails before its first epoch leaves no folder behind. */
#ifndef BNN_RUN_RUN_H
#define BNN_RUN_RUN_H

#include "data/data.h"
#include "method/catalogue.h"
#include "method/fit.h"
#include "model/model.h"

typedef struct bnn_run {
    char       *folder;
    bnn_config *config;
    bnn_model  *model;          /* NULL until read */
} bnn_run;

typedef struct bnn_run_request {
    const char *config_path;                /* NULL: defaults and sets only                     */
    size_t      n_sets;
    const char *const *sets;                /* "section.key=value"                              */
    const char *folder;                     /* -o: the run folder itself; NULL: run.out/run.name */
    bool        force;
    int         argc;                       /* for the manifest                                 */
    const char *const *argv;
    const bnn_observer *observer;           /* told of epochs after they are in metrics.csv; NULL: nobody */
    void      (*started)(void *context, const char *folder, const bnn_config *config, const bnn_data_parts *data);  /* or NULL */
    void       *context;
} bnn_run_request;

/* Reads and checks everything, fits, writes the folder. run: opened on the result. Statuses of bnn_config_read, data and bnn_fit;
 * BNN_ERR_CONFIG "... exists" when the folder holds something and force is not set. */
bnn_status bnn_run_train(bnn_run *run, const bnn_run_request *request);

/* Reads and checks config and data and sizes, and writes nothing (-n). */
typedef struct bnn_run_forecast { size_t n_train, n_valid, n_test, n_features, n_outputs, n_weights, n_steps; double bytes; } bnn_run_forecast;
bnn_status bnn_run_check(const bnn_run_request *request, bnn_run_forecast *forecast);

/* Opens a finished run: config and model. BNN_ERR_DATA if `folder` is no run folder or not finished. */
bnn_status bnn_run_open(bnn_run *run, const char *folder);
void       bnn_run_free(bnn_run *run);

/* The rows of split "train", "valid" or "test" of the run's own configuration; NULL: test, else valid, else an error that says so. The
 * name of the one taken comes back in *taken (may be NULL). */
bnn_status bnn_run_read_split(bnn_dataset **rows, const bnn_run *run, const char *split, const char **taken);

/* Rows of another file, matched to the model's columns and classes. labels: IDX labels or NULL. */
bnn_status bnn_run_read_rows(bnn_dataset **rows, const bnn_run *run, const char *path, const char *labels);

/* version.c: "0.1.0", the commit the program was built from, and library versions, one per line. */
const char *bnn_version(void);
const char *bnn_commit(void);
char       *bnn_version_text(void);        /* caller frees; NULL: out of memory */

#endif
