/* Checkpoints of a run on disk: RUN/checkpoint/step-000000001234.safetensors, the last two of them.
 *
 * Each is whole by itself: the fit's tensors and facts, the run's own facts, and the sha256 of all of that under the fact "sha256", so
 * that a damaged file is known for one. */
#ifndef BNN_RUN_CHECKPOINT_H
#define BNN_RUN_CHECKPOINT_H

#include "base/tensors.h"
#include <stdbool.h>

#define BNN_RUN_CHECKPOINTS "checkpoint"

typedef struct bnn_checkpoint_list { size_t n; uint64_t *steps; } bnn_checkpoint_list;     /* newest first */

/* The checkpoints of a run folder by their names; none if there is no such folder. Free the list. */
bnn_status bnn_checkpoint_find(bnn_checkpoint_list *list, const char *folder);
void       bnn_checkpoint_list_free(bnn_checkpoint_list *list);
bool       bnn_checkpoint_exists(const char *folder);

/* Caller frees; NULL: out of memory. */
char *bnn_checkpoint_path(const char *folder, uint64_t step);

/* Writes the checkpoint of a step atomically, then removes those before the one before it, and those of later steps, which a run that has
 * gone back leaves behind. facts: object of strings; "sha256" is added. BNN_ERR_FILE. */
bnn_status bnn_checkpoint_write(const char *folder, uint64_t step, size_t n, const bnn_tensor *tensors, json_t *facts);

/* BNN_ERR_DATA with the path if the file is not just as it was written. */
bnn_status bnn_checkpoint_read(bnn_tensor_file *file, const char *path);

/* Removes all of them, once the run is finished. */
void bnn_checkpoint_remove(const char *folder);

#endif
