/* Short texts owned by an arena: formatted, cut out, split, excerpted for error sentences.
 *
 * When memory runs out each gives "" (or no items) and the arena's has_failed sticks: test that once at the end. */
#ifndef BNN_CONFIG_PHRASE_H
#define BNN_CONFIG_PHRASE_H

#include "base/arena.h"
#include "base/text.h"

typedef struct bnn_phrases { size_t n, room; const char **at; } bnn_phrases;

static inline bool bnn_is_blank(char c) { return c == ' ' || c == '\t'; }

const char *bnn_phrase_format(bnn_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `length` characters from `at`, without the blanks around them. */
const char *bnn_phrase_trim(bnn_arena *arena, const char *at, size_t length);

/* A copy of a growing text, which is freed. */
const char *bnn_phrase_take(bnn_arena *arena, bnn_text *text);

/* What an error sentence shows of something that was read: at most about 60 bytes, control characters as '?'. */
const char *bnn_phrase_excerpt(bnn_arena *arena, const char *text);

/* The pieces between separators, each trimmed; no pieces if `text` is empty. */
bnn_phrases bnn_phrases_split(bnn_arena *arena, const char *text, char separator);

void bnn_phrases_push(bnn_phrases *phrases, bnn_arena *arena, const char *phrase);

/* "a, b, c" with `separator` between. */
const char *bnn_phrases_join(const bnn_phrases *phrases, bnn_arena *arena, const char *separator);

/* `; did you mean "x"?` for the nearest candidate, or "". */
const char *bnn_phrases_suggest(const bnn_phrases *candidates, bnn_arena *arena, const char *word);

#endif
