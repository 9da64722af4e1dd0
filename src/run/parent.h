/* A run made from another one: its place beside it, and what its manifest says of it. */
#ifndef BNN_RUN_PARENT_H
#define BNN_RUN_PARENT_H

#include "base/arena.h"
#include "run/manifest.h"

/* The parent's path without slashes at its end; with a name where it is only dots. Owned by the arena, whose has_failed sticks. */
const char *bnn_parent_path(bnn_arena *arena, const char *parent);

/* BNN_ERR_CONFIG if `folder` is the parent itself: --force onto it would end with neither. */
bnn_status bnn_parent_check_place(const char *parent, const char *folder);

/* "parent": name and sha256 of its posterior. */
bnn_status bnn_parent_note(bnn_manifest *manifest, const char *parent);

#endif
