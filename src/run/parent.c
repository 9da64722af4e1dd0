/* Names and places of parents. */
#include "run/parent.h"
#include "base/fail.h"
#include "config/phrase.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *bnn_parent_path(bnn_arena *arena, const char *parent) {
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/') length--;
    const char *plain = bnn_phrase_format(arena, "%.*s", (int)length, parent), *slash = strrchr(plain, '/');
    const char *last = slash == NULL ? plain : slash + 1;
    if (strcmp(last, ".") != 0 && strcmp(last, "..") != 0) return plain;
    char *whole = bnn_path_resolve(NULL, plain);
    const char *named = whole == NULL ? plain : bnn_phrase_format(arena, "%s", whole);
    free(whole);
    return named;
}

bnn_status bnn_parent_check_place(const char *parent, const char *folder) {
    struct stat old, place;
    bool is_parent = stat(parent, &old) == 0 && stat(folder, &place) == 0 && old.st_dev == place.st_dev && old.st_ino == place.st_ino;
    return is_parent ? BNN_FAIL(BNN_ERR_CONFIG, "%s: is the parent itself: choose another folder with -o", folder) : BNN_OK;
}

bnn_status bnn_parent_note(bnn_manifest *manifest, const char *parent) {
    bnn_arena arena = {0};
    const char *path = bnn_parent_path(&arena, parent), *slash = strrchr(path, '/');
    const char *posterior = bnn_phrase_format(&arena, "%s/%s", parent, BNN_RUN_POSTERIOR);
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the parent's name")
                                         : bnn_manifest_note_origin(manifest, "parent", slash == NULL ? path : slash + 1, posterior);
    bnn_arena_free(&arena);
    return status;
}
