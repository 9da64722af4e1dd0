/* The place of a run on disk: made without ever losing what was there. */
#ifndef BNN_RUN_FOLDER_H
#define BNN_RUN_FOLDER_H

#include "bnn/status.h"
#include <stdbool.h>

typedef struct bnn_folder {
    char *path, *old;       /* old: path.old                                 */
    bool  is_made;          /* the folder is there and ours to write to      */
    bool  has_old;          /* what was there before waits in `old`          */
} bnn_folder;

/* Looks and changes nothing. BNN_ERR_CONFIG if `path` holds something and force is not set, or it cannot be moved away. */
bnn_status bnn_folder_check(bnn_folder *folder, const char *path, bool force);

/* Moves what is there to `old` (a still earlier run there is removed first) and makes the folder and those above it. */
bnn_status bnn_folder_make(bnn_folder *folder, bool force);

void bnn_folder_settle(bnn_folder *folder);     /* the new run is saved: removes an earlier run       */
void bnn_folder_undo(bnn_folder *folder);       /* removes the new run and puts `old` back            */
void bnn_folder_free(bnn_folder *folder);

/* "folder/name". Caller frees; NULL: out of memory. */
char *bnn_folder_join(const char *folder, const char *name);

/* It has what every run has from its first step on. */
bool bnn_folder_is_run(const char *path);

#endif
