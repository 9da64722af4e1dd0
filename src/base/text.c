/* Growing strings, numbers as text and "did you mean".
 *
 * Numbers are read and written in the C locale whatever the caller has set: a decimal comma in a CSV or INI file
 * would change its meaning. newlocale of "C" hands out the C library's own constant, so asking each time costs
 * nothing. The edit distance counts insertions, deletions, replacements and swaps of neighbours (Damerau 1964; the
 * restricted form, which edits no letter twice). */
#include "base/text.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR_LENGTH = 128 };     /* longer candidates are never near: keeps the rows on the stack */

bool bnn_text_reserve(bnn_text *text, size_t extra) {
    bool is_possible = !text->has_failed && extra < SIZE_MAX / 2 - text->length;
    if (is_possible && text->length + extra < text->room) return true;
    size_t need = text->length + extra + 1, room = need > 2 * text->room ? need : 2 * text->room;
    char  *at = is_possible ? realloc(text->at, room) : NULL;
    if (at == NULL) {
        text->has_failed = true;
        return false;
    }
    at[text->length] = '\0';
    text->at   = at;
    text->room = room;
    return true;
}

void bnn_text_add(bnn_text *text, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) text->has_failed = true;
    else if (bnn_text_reserve(text, (size_t)n)) {
        vsnprintf(text->at + text->length, (size_t)n + 1, format, again);
        text->length += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void bnn_text_free(bnn_text *text) {
    free(text->at);
    *text = (bnn_text){0};
}

static locale_t c_locale(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

char *bnn_text_number(char buffer[32], double value) {
    if (isnan(value)) return strcpy(buffer, "nan");    /* printf would show the sign: "-nan" */
    locale_t users = uselocale(c_locale());
    bool is_integer = fabs(value) <= 1e15 && trunc(value) == value;
    snprintf(buffer, 32, is_integer ? "%.0f" : "%.15g", value);
    for (int digits = 16; digits <= 17 && strtod(buffer, NULL) != value; digits++)
        snprintf(buffer, 32, "%.*g", digits, value);
    uselocale(users);
    return buffer;
}

bool bnn_text_to_number(const char *text, double *value) {
    if (strpbrk(text, "xX(") != NULL) return false;    /* strtod would take "0x1p3" and "nan(7)" */
    char *end;
    double number = strtod_l(text, &end, c_locale());
    if (end == text || end[strspn(end, " \t\r\n\v\f")] != '\0') return false;
    *value = number;
    return true;
}

static bool same_letter(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* Number of edits between a and b, which is at most NEAR_LENGTH long. rows[i % 3][j]: between the first i letters of a
 * and the first j of b; a swap looks two rows back. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][NEAR_LENGTH + 1], n = strlen(a), m = strlen(b);
    for (size_t j = 0; j <= m; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = min_size(replaced, 1 + min_size(above[j], row[j - 1]));
            bool is_swap = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
            if (is_swap) row[j] = min_size(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *bnn_text_nearest(const char *word, size_t n, const char *const *candidates) {
    size_t length = strlen(word), limit = 1 + length / 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strlen(candidates[i]) > NEAR_LENGTH) continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance > limit || (nearest != NULL && distance == limit)) continue;
        nearest = candidates[i];
        limit   = distance;
    }
    return nearest;
}
