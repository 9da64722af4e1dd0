/* The place of a run on disk: made without ever losing what was there. */
#ifndef BNN_RUN_FOLDER_H
#define BNN_RUN_FOLDER_H

#include "bnn/status.h"
#include <jansson.h>
#include <stdbool.h>

typedef struct bnn_folder {
    char *path, *old;       /* old: path.old                                 */
    bool  is_made;          /* the folder is there and ours to write to      */
    bool  has_old;          /* what was there before waits in `old`          */
    bool  is_locked;        /* until it is freed, or the process ends in whatever way */
    int   lock;             /* file descriptor                               */
} bnn_folder;

/* Looks and changes nothing. BNN_ERR_CONFIG if `path` holds something and force is not set, or it cannot be moved away: a run in `old` is
 * in the way if it is finished and the one in `path` could still be resumed, since one of the two would be lost. */
bnn_status bnn_folder_check(bnn_folder *folder, const char *path, bool force);

/* Moves what is there to `old` (a still earlier run there is removed first) and makes the folder and those above it. */
bnn_status bnn_folder_make(bnn_folder *folder, bool force);

/* The folder of a run that is to go on: names and locks it. BNN_ERR_DATA if it is no run, BNN_ERR_USAGE if another process is at it. */
bnn_status bnn_folder_open(bnn_folder *folder, const char *path);

void bnn_folder_settle(bnn_folder *folder);     /* the new run is saved: removes an earlier run       */
void bnn_folder_undo(bnn_folder *folder);       /* removes the new run and puts `old` back            */
void bnn_folder_free(bnn_folder *folder);

/* "folder/name". Caller frees; NULL: out of memory. */
char *bnn_folder_join(const char *folder, const char *name);

/* Atomically, indented; flags: more of jansson's JSON_*. BNN_ERR_FILE. */
bnn_status bnn_folder_write_json(const char *folder, const char *name, const json_t *json, size_t flags);

/* Like mkdir -p; path is whole again afterwards. */
bool bnn_folder_make_path(char *path);

/* It has what every run has from its first step on. */
bool bnn_folder_is_run(const char *path);

/* That, and its posterior. */
bool bnn_folder_is_finished(const char *path);

bool bnn_folder_remove(const char *path);       /* with everything in it */
void bnn_folder_sync(const char *path);         /* its list of names reaches the disk */
void bnn_folder_sweep(const char *path);        /* removes half-written temporary files of bnn_file_write */

#endif
