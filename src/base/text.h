/* Small text tools: growing strings, whole files, number formats, edit distance for "did you mean". */
#ifndef BNN_BASE_TEXT_H
#define BNN_BASE_TEXT_H

#include "bnn/status.h"
#include <stddef.h>
#include <stdbool.h>

/* A growing string; starts as {0}. After an allocation failure `has_failed` sticks and appends do nothing. */
typedef struct bnn_text {
    char  *at;          /* NUL-terminated, or NULL while empty */
    size_t length, room;
    bool   has_failed;
} bnn_text;

void bnn_text_add(bnn_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bnn_text_free(bnn_text *text);

/* Makes room for `extra` more bytes and the NUL, at least doubling; false (and has_failed) when out of memory. Who then writes
 * into `at` moves `length` and ends with NUL. */
bool bnn_text_reserve(bnn_text *text, size_t extra);

/* The shortest decimal form that reads back as the same double: "0.1", "1e-05", "3", "nan", "inf". Always with '.',
 * whatever the locale. `buffer` holds at least 32 bytes; returned. */
char *bnn_text_number(char buffer[32], double value);

/* Reads a whole field as a number ("1", "-2.5e3", ".5", "inf", "nan"); false if anything is left over or it is empty.
 * Independent of the locale. Blanks around it are allowed. Hexadecimal is not. */
bool bnn_text_to_number(const char *text, double *value);

/* The candidate nearest to `word` by edit distance (case-insensitive), or NULL if none is near (distance <= 1 + length / 3). */
const char *bnn_text_nearest(const char *word, size_t n, const char *const *candidates);

/* Reads a file, gunzipping it if it is gzip (by its magic bytes, not its name; path "-" is stdin), whole into *data,
 * NUL-terminated, with its length in *size. Caller frees. Missing, unreadable or truncated: BNN_ERR_DATA with the path and
 * the reason in the sentence. */
bnn_status bnn_file_read(const char *path, char **data, size_t *size);

/* Writes a file so that readers see the old one or the new one, never a part: temporary name in the same folder, write,
 * fsync, rename, fsync of the folder. BNN_ERR_FILE, with nothing left behind, when any of that fails. */
bnn_status bnn_file_write(const char *path, const void *data, size_t size);

/* The same for a file that lies in pieces, one after the other: large arrays need no copy. */
typedef struct bnn_piece { const void *at; size_t size; } bnn_piece;
bnn_status bnn_file_write_pieces(const char *path, size_t n, const bnn_piece *pieces);

/* hex [65]: SHA-256 of a memory span (libmd). */
void bnn_sha256(const void *data, size_t size, char hex[65]);

/* The directory of `base_file` joined with `path`, as an absolute path with "." and ".." folded (by text only; links are
 * not followed); an absolute `path` is only folded; base_file NULL: relative to the current folder. Caller frees; NULL: out of memory. */
char *bnn_path_resolve(const char *base_file, const char *path);

#endif
