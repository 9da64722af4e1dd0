/* A run folder: one fit and everything needed to use it, resume it or make it again.
 *
 *     config.ini              every key resolved; feeding it back reproduces the run
 *     posterior.safetensors   the model; its presence says the run is finished
 *     manifest.json           version, commit, argv, seed, sha256 of data, BLAS core, threads, times, status
 *     metrics.csv             one row per epoch, no times; of bbb also the KL of each layer; laplace and import have no epochs and no such
 *                             file
 *     log.txt                 what was said while training
 *     calibration.json        what bnn calibrate has fitted on the validation rows (run/calibration.h)
 *     checkpoint/             while the run is not finished: all that it needs to go on (run/checkpoint.h)
 *
 * A folder that holds something is never overwritten: with `force` everything is checked first, the old folder is renamed NAME.old when
 * the first step has been done, removed (if it is a run) once the new run is finished, and put back if the new run ends without a
 * checkpoint. A run that ends with one leaves both folders: no finished posterior is given up for an unfinished run, and resuming removes
 * nothing outside its own folder. A run that fails in its first step leaves no folder behind.
 *
 * Checkpoints are made every train.checkpoint_minutes, when the listener says so, and when it or train.time_limit ends the run. A run
 * that goes on from one ends with the bytes of posterior.safetensors and metrics.csv that it would have had without the stop. */
#ifndef BNN_RUN_RUN_H
#define BNN_RUN_RUN_H

#include "base/text.h"
#include "data/data.h"
#include "method/catalogue.h"
#include "method/fit.h"
#include "model/model.h"
#include "predict/predict.h"

#define BNN_RUN_CONFIG    "config.ini"
#define BNN_RUN_POSTERIOR "posterior.safetensors"
#define BNN_RUN_MANIFEST  "manifest.json"
#define BNN_RUN_METRICS   "metrics.csv"
#define BNN_RUN_LOG       "log.txt"

typedef struct bnn_run {
    char       *folder;
    bnn_config *config;
    bnn_model  *model;
} bnn_run;

/* ---- following a fit ------------------------------------------------------------------------------------------------- */

typedef struct bnn_progress {
    const bnn_epoch *record;
    bool             is_point;    /* no posterior spread: the penalty is -log prior, the elbo the log joint */
    bool             is_due;      /* one of about 20 epochs of the run, spread evenly; also in log.txt      */
    double           seconds;     /* since the fit began or went on,                                         */
    long             epochs_before;   /* and the epochs that were done by then                               */
} bnn_progress;

/* Appends "epoch 20/100  elbo ...", no newline. */
void bnn_progress_print(bnn_text *line, const bnn_progress *progress);

/* Whom a run tells; any member may be NULL. */
typedef struct bnn_listener {
    void *context;
    void (*note)(void *context, const char *line);                       /* also in log.txt; no newline */
    void (*progress)(void *context, const bnn_progress *progress);       /* after every epoch           */
    bnn_answer (*ask)(void *context);                                    /* after every step            */
} bnn_listener;

/* ---- making a run ---------------------------------------------------------------------------------------------------- */

typedef struct bnn_run_request {
    const char *config_path;                /* NULL: defaults and sets only                      */
    size_t      n_sets;
    const char *const *sets;                /* "section.key=value"                               */
    const char *folder;                     /* -o: the run folder itself; NULL: run.out/run.name */
    bool        force;
    int         argc;                       /* for the manifest                                  */
    char      **argv;
    const bnn_listener *listener;           /* or NULL                                           */
} bnn_run_request;

/* The configuration of a request, with run.name set (to the file's stem unless it is given). *config must be NULL. */
bnn_status bnn_run_read_config(bnn_config **config, const bnn_run_request *request);

/* Reads and checks everything, fits, writes the folder. run: opened on the result. Statuses of bnn_config_read, data and bnn_fit;
 * BNN_ERR_CONFIG if the folder holds something and force is not set; BNN_STOPPED: the listener said so, or the time is over, and there is a
 * checkpoint. */
bnn_status bnn_run_train(bnn_run *run, const bnn_run_request *request);

/* Goes on with the run in request->folder from its newest checkpoint that is whole; config_path, force are not used. The settings are the
 * run's own; sets and edits of its config.ini may change what run/resume.h lists, anything else is BNN_ERR_CONFIG. BNN_ERR_DATA: no run, no
 * checkpoint, or data files that have changed. A finished run is opened (the listener is told so). */
bnn_status bnn_run_resume(bnn_run *run, const bnn_run_request *request);

/* What a run would be like. The last two are measured by fitting for a few steps. */
typedef struct bnn_run_forecast {
    size_t n_train, n_valid, n_test;
    size_t n_features, n_outputs, n_weights, n_constant;   /* n_constant: features of one value only */
    double n_steps;
    double step_seconds;
    double bytes;                                          /* most memory of the process so far      */
    char  *layers;                                         /* "6-50-1"                               */
    char  *folder;
} bnn_run_forecast;

/* Reads and checks everything and writes nothing (-n). */
bnn_status bnn_run_check(bnn_run_forecast *forecast, const bnn_run_request *request);
void       bnn_run_forecast_free(bnn_run_forecast *forecast);

/* ---- using a run ----------------------------------------------------------------------------------------------------- */

/* Opens a finished run: config and model. sets change this use of it: keys of [predict], run.threads, data.format, data.header and data.ignore;
 * others would contradict the posterior (BNN_ERR_CONFIG). BNN_ERR_DATA if `folder` is no run folder or not finished. */
bnn_status bnn_run_open(bnn_run *run, const char *folder, size_t n_sets, const char *const *sets);
void       bnn_run_free(bnn_run *run);

/* The rows of split "train", "valid" or "test" of the run's own configuration; NULL: test, else valid, else an error that says so. The
 * name of the one taken comes back in *taken (may be NULL). */
bnn_status bnn_run_read_split(bnn_dataset **rows, const bnn_run *run, const char *split, const char **taken);

/* Whether rows of the run's own files have the model's features, by name. Such files are read as in training, by the configuration alone:
 * another data.ignore, or a file that has changed, may put one column in the place of another. BNN_ERR_DATA. */
bnn_status bnn_run_check_features(const bnn_run *run, const bnn_dataset *rows);

/* Rows of another file ("-": standard input), matched to the model's columns and classes. labels: IDX labels or NULL. */
bnn_status bnn_run_read_rows(bnn_dataset **rows, const bnn_run *run, const char *path, const char *labels);

/* The same without targets, even where the file has them: classes that the model does not know are no fault. */
bnn_status bnn_run_read_features(bnn_dataset **rows, const bnn_run *run, const char *path);

/* The [data] options for reading further rows of which columns `keep` are wanted as text: those that the model does not know are ignored. The
 * arena holds what options points to beside the run's own. BNN_ERR_MEMORY. */
bnn_status bnn_run_data_options(bnn_data_options *options, const bnn_run *run, bnn_words keep, bnn_arena *arena);

/* bnn_run_read_rows where columns `keep` may be there besides. */
bnn_status bnn_run_read_rows_keeping(bnn_dataset **rows, const bnn_run *run, const char *path, const char *labels, bnn_words keep);

/* What the run's [predict] and [run] sections ask of bnn_predict, without calibration. Quantiles are borrowed from the run. */
bnn_predict_options bnn_run_predict_options(const bnn_run *run);

/* Predicts rows as the run's [predict] section asks, its calibration included. *prediction must be NULL. */
bnn_status bnn_run_predict(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows);

/* The same with options that started as bnn_run_predict_options. */
bnn_status bnn_run_predict_as(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows, const bnn_predict_options *wanted);

/* version.c: "0.1.0", the commit the program was built from, and library versions, one per line. */
const char *bnn_version(void);
const char *bnn_commit(void);
char       *bnn_version_text(void);        /* caller frees; NULL: out of memory */

#endif
