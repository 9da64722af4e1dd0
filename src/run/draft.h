/* A run that is made in one go, without epochs: everything is worked out first, then its folder is written. */
#ifndef BNN_RUN_DRAFT_H
#define BNN_RUN_DRAFT_H

#include "run/folder.h"
#include "run/manifest.h"

typedef struct bnn_draft {
    const bnn_run_request *request;
    bnn_setup    setup;
    bnn_folder   folder;
    bnn_manifest manifest;
    bnn_text     log;
} bnn_draft;

/* Reads configuration and data, checks the folder, writes nothing. `draft` starts zeroed; the request is borrowed. */
bnn_status bnn_draft_start(bnn_draft *draft, const bnn_run_request *request);

/* A line for the listener and log.txt. */
void bnn_draft_note(bnn_draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the folder, or nothing. run: opened on the result; takes *model over. */
bnn_status bnn_draft_save(bnn_draft *draft, bnn_model **model, bnn_run *run);

void bnn_draft_free(bnn_draft *draft);

#endif
