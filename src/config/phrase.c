/* Short texts owned by an arena. */
#include "config/phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXCERPT = 60 };

static const char *copy(bnn_arena *arena, const char *at, size_t length) {
    char *text = BNN_TAKE(arena, length + 1, char);
    if (text == NULL) return "";
    memcpy(text, at, length);
    return text;
}

const char *bnn_phrase_format(bnn_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int   n    = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        arena->has_failed = true;
        return "";
    }
    const char *kept = copy(arena, text, (size_t)n);
    free(text);
    return kept;
}

const char *bnn_phrase_trim(bnn_arena *arena, const char *at, size_t length) {
    while (length > 0 && bnn_is_blank(at[0])) at++, length--;
    while (length > 0 && bnn_is_blank(at[length - 1])) length--;
    return copy(arena, at, length);
}

const char *bnn_phrase_take(bnn_arena *arena, bnn_text *text) {
    if (text->has_failed) arena->has_failed = true;
    const char *kept = text->at == NULL ? "" : copy(arena, text->at, text->length);
    bnn_text_free(text);
    return kept;
}

const char *bnn_phrase_excerpt(bnn_arena *arena, const char *text) {
    size_t length = strlen(text), shown = length > EXCERPT ? EXCERPT : length;
    while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) shown--;   /* whole UTF-8 letters */
    char *excerpt = BNN_TAKE(arena, shown + 4, char);
    if (excerpt == NULL) return "";
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        excerpt[i] = c < ' ' || c == 127 ? '?' : text[i];
    }
    if (shown < length) memcpy(excerpt + shown, "...", 4);
    return excerpt;
}

void bnn_phrases_push(bnn_phrases *phrases, bnn_arena *arena, const char *phrase) {
    if (phrases->n == phrases->room) {
        size_t room = 2 * phrases->room + 8;
        const char **at = BNN_TAKE(arena, room, const char *);
        if (at == NULL) return;
        if (phrases->n > 0) memcpy(at, phrases->at, phrases->n * sizeof *at);
        phrases->at   = at;
        phrases->room = room;
    }
    phrases->at[phrases->n++] = phrase;
}

bnn_phrases bnn_phrases_split(bnn_arena *arena, const char *text, char separator) {
    bnn_phrases pieces = {0};
    while (text != NULL && *text != '\0') {
        const char *end = strchr(text, separator);
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        bnn_phrases_push(&pieces, arena, bnn_phrase_trim(arena, text, length));
        if (end != NULL && end[1] == '\0') bnn_phrases_push(&pieces, arena, "");
        text = end != NULL ? end + 1 : NULL;
    }
    return pieces;
}

const char *bnn_phrases_join(const bnn_phrases *phrases, bnn_arena *arena, const char *separator) {
    bnn_text all = {0};
    for (size_t i = 0; i < phrases->n; i++) bnn_text_add(&all, "%s%s", i > 0 ? separator : "", phrases->at[i]);
    return bnn_phrase_take(arena, &all);
}

const char *bnn_phrases_suggest(const bnn_phrases *candidates, bnn_arena *arena, const char *word) {
    const char *nearest = bnn_text_nearest(word, candidates->n, candidates->at);
    return nearest == NULL ? "" : bnn_phrase_format(arena, "; did you mean \"%s\"?", nearest);
}
