/* manifest.json: how a run came about, and how it ended. The only file of a run that knows times, paths and the machine. */
#ifndef BNN_RUN_MANIFEST_H
#define BNN_RUN_MANIFEST_H

#include "run/setup.h"

typedef struct bnn_manifest {
    json_t *json;
    double  processor_start;     /* seconds; what earlier parts of the run took counts as negative */
} bnn_manifest;

/* status: running. BNN_ERR_DATA if a data file cannot be hashed. */
bnn_status bnn_manifest_make(bnn_manifest *manifest, const bnn_setup *setup, const bnn_run_request *request);

/* Of a run made from a finished one without its data: what the parent's says, and how and by what this one is made. BNN_ERR_DATA if the parent
 * has no readable one. */
bnn_status bnn_manifest_derive(bnn_manifest *manifest, const char *parent, const bnn_run_request *request);

/* Takes over from the manifest of the earlier parts of a run that now goes on after `step`: how and when it began, and a list "resumed". */
void bnn_manifest_continue(bnn_manifest *manifest, const char *folder, uint64_t step);

/* {"key of [data]": "sha256", ...}. New reference; NULL: out of memory. */
json_t *bnn_manifest_data(const bnn_manifest *manifest);

/* Where a run that is not a fit of its own comes from: role "parent" or "imported", its name, the file that was read (sha256). */
bnn_status bnn_manifest_note_origin(bnn_manifest *manifest, const char *role, const char *name, const char *path);

/* status "finished", "failed" or "stopped"; reason: a sentence or NULL. */
void bnn_manifest_end(bnn_manifest *manifest, const char *status, const char *reason);

bnn_status bnn_manifest_write(const bnn_manifest *manifest, const char *folder);
void       bnn_manifest_free(bnn_manifest *manifest);

/* Says "finished" in the manifest of a run that was killed just after its posterior was saved. */
bnn_status bnn_manifest_mend(const char *folder);

/* The manifest in a folder; NULL: none that can be read. New reference. */
json_t *bnn_manifest_read(const char *folder);

/* The "status" of the manifest in a folder and, if there is one, its reason: "failed: step 7 ...". Caller frees; NULL: no manifest. */
char *bnn_manifest_status(const char *folder);

#endif
