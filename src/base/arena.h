/* A workspace: many arrays, laid out once, 64-byte aligned and zeroed, freed together.
 *
 * A failed allocation sets `has_failed`, which sticks: lay everything out, then test the flag once. */
#ifndef BNN_BASE_ARENA_H
#define BNN_BASE_ARENA_H

#include "base/real.h"

typedef struct bnn_arena {
    struct bnn_arena_piece *last;
    size_t bytes;            /* handed out so far */
    bool   has_failed;
} bnn_arena;

/* n elements of `size` bytes; NULL (and has_failed) when out of memory or n * size overflows. n = 0 gives a valid pointer. */
void *bnn_arena_take(bnn_arena *arena, size_t n, size_t size);

#define BNN_TAKE(arena, n, type) ((type *)bnn_arena_take((arena), (n), sizeof(type)))

/* A copy of a string, owned by the arena. */
char *bnn_arena_text(bnn_arena *arena, const char *text);

void bnn_arena_free(bnn_arena *arena);

#endif
