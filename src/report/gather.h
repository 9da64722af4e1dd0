/* What a report is made of, read and predicted once: the runs, their rows, their predictions, their records. */
#ifndef BNN_REPORT_GATHER_H
#define BNN_REPORT_GATHER_H

#include "run/run.h"
#include <limits.h>

typedef struct bnn_report_request {
    size_t n_runs;
    const char *const *runs;               /* run folders                                          */
    const char *ood;                       /* rows from elsewhere, or NULL                         */
    size_t n_sets;
    const char *const *sets;               /* as bnn_run_open takes them                           */
    const char *output;                    /* NULL: RUN/report.html, of several report.html here   */
} bnn_report_request;

/* metrics.csv: columns by name. */
typedef struct bnn_history { size_t n_columns, n_rows; char **columns; double *at; } bnn_history;

typedef struct bnn_report_run {
    bnn_run          run;
    char            *label;                /* run.name                                             */
    bnn_data_parts   parts;
    const bnn_dataset *rows;               /* scored: test rows, else validation, else training    */
    const char      *split;                /* "test", "validation", "training"                     */
    bnn_prediction  *prediction, *baseline;   /* of rows; levels .05 .25 .5 .75 .95                */
    bnn_dataset     *ood_rows;             /* or NULL                                              */
    bnn_prediction  *ood;
    json_t          *manifest;             /* or NULL                                              */
    char            *config, *log;         /* config.ini and log.txt as they are; "" if there is none */
    bnn_history      history;
} bnn_report_run;

typedef struct bnn_report {
    size_t n_runs;
    bnn_report_run *runs;
} bnn_report;

/* Levels of the quantiles of every prediction in a report, by position. */
enum { BNN_Q05, BNN_Q25, BNN_Q50, BNN_Q75, BNN_Q95, BNN_QUANTILES };

/* Statuses of bnn_run_open, data and bnn_predict. */
bnn_status bnn_report_gather(bnn_report *report, const bnn_report_request *request);
void       bnn_report_free(bnn_report *report);

/* "runs/a" and "runs/a/." -> "a". False: no such folder. */
bool bnn_report_name(char name[PATH_MAX], const char *folder);

/* Predicts rows that are not the run's own, x [n x n_features]; targets are not known. */
bnn_status bnn_report_predict(bnn_prediction **prediction, const bnn_report_run *run, size_t n, const double *x);

/* Column of the history, or n_columns. */
size_t bnn_history_column(const bnn_history *history, const char *name);

/* Exactly n features, all of them plain numbers: something to draw on axes. */
bool bnn_report_has_plain_features(const bnn_schema *schema, size_t n);

/* Value of feature j of row i, bytes or numbers. */
double bnn_report_feature(const bnn_dataset *rows, size_t i, size_t j);

/* Smallest and largest value of feature j. */
void bnn_report_range(const bnn_dataset *rows, size_t j, double *low, double *high);

#endif
