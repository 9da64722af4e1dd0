/* A run in the making: what train.c prepares and ends, and follow.c looks after while the fit goes on. */
#ifndef BNN_RUN_TRAINING_H
#define BNN_RUN_TRAINING_H

#include "run/folder.h"
#include "run/resume.h"

typedef struct bnn_training {
    const bnn_run_request *request;
    bnn_listener      listener;
    bnn_setup         setup;
    bnn_train_options options;
    bnn_folder        folder;
    bnn_manifest      manifest;
    bnn_journal       journal;
    bnn_resume        resume;
    bool              is_resumed;
    double            begun, start, saved;    /* seconds on base/clock.h: the run, the fit, the last checkpoint (or the fit) */
    bool              has_epochs;             /* of this part of the run                            */
    long              epochs_before;          /* it                                                 */
    uint64_t          step;
    bnn_answer        answer;                 /* to the last step,                                  */
    bool              is_asked, is_timed_out; /* and why                                            */
    bool              has_checkpoint;
    bnn_status        trouble;                /* of writing, with its sentence: the fit only hears "stop" */
    char             *sentence;
} bnn_training;

/* A line for the log and the listener; the text is freed, an empty one says nothing. */
void bnn_training_note(bnn_training *t, const char *line);
void bnn_training_note_text(bnn_training *t, bnn_text *line);

/* advice.c: the terms of a bbb fit before it begins (fills the posterior of `model`, which has none), and warnings at its end. */
void bnn_training_note_start(bnn_training *t, bnn_model *model);
void bnn_training_note_end(bnn_training *t, const bnn_model *model);

/* Makes the folder, or goes on with that of a run that is resumed; the first call alone does anything. The trouble, if there is any. */
bnn_status bnn_training_open_folder(bnn_training *t);

/* Fits, with checkpoints. BNN_STOPPED comes with how to go on. */
bnn_status bnn_training_fit(bnn_training *t, bnn_model **model);

#endif
