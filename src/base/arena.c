/* Pieces are separate aligned blocks chained together: large arrays stay page-granular and sanitizers see their ends. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

struct bnn_arena_piece {
    struct bnn_arena_piece *next;
    char padding[ALIGNMENT - sizeof(void *)];
};

void *bnn_arena_take(bnn_arena *arena, size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2) {
        arena->has_failed = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct bnn_arena_piece *piece = aligned_alloc(ALIGNMENT, sizeof *piece + bytes);
    if (piece == NULL) {
        arena->has_failed = true;
        return NULL;
    }
    memset(piece, 0, sizeof *piece + bytes);
    piece->next = arena->last;
    arena->last = piece;
    arena->bytes += bytes;
    return piece + 1;
}

char *bnn_arena_text(bnn_arena *arena, const char *text) {
    char *copy = bnn_arena_take(arena, strlen(text) + 1, 1);
    if (copy != NULL) strcpy(copy, text);
    return copy;
}

void bnn_arena_free(bnn_arena *arena) {
    while (arena->last != NULL) {
        struct bnn_arena_piece *next = arena->last->next;
        free(arena->last);
        arena->last = next;
    }
    *arena = (bnn_arena){0};
}
