/* Going on with a run that has stopped: from its newest checkpoint that is whole, with the same data and settings.
 *
 * What may be another than before: run.threads, train.checkpoint_minutes, train.time_limit, [predict], and where the data files are. */
#ifndef BNN_RUN_RESUME_H
#define BNN_RUN_RESUME_H

#include "run/journal.h"
#include "run/manifest.h"

typedef struct bnn_resume {
    bnn_tensor_file  file;      /* the checkpoint, for bnn_fit_hooks */
    uint64_t         step;      /* after which it was made           */
    bnn_journal_mark mark;      /* where metrics.csv and log.txt were */
} bnn_resume;

/* What the run adds to the facts of a fit: marks, settings, sums of the data. New reference; NULL: out of memory. */
json_t *bnn_resume_facts(const json_t *facts, const bnn_setup *setup, const bnn_manifest *manifest, const bnn_journal_mark *mark);

/* The checkpoint to go on from. warnings: a line for each one that is no good. BNN_ERR_DATA: there is none, or a data file has changed;
 * BNN_ERR_CONFIG: a setting has, each is named with both values. */
bnn_status bnn_resume_find(bnn_resume *resume, const bnn_setup *setup, const bnn_manifest *manifest, bnn_text *warnings);
void       bnn_resume_free(bnn_resume *resume);

/* BNN_ERR_CONFIG if `now` has other settings than `then` in what a run keeps. */
bnn_status bnn_resume_compare(const bnn_config *then, const bnn_config *now);

#endif
