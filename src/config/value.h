/* One value: read by its option row, in canonical text, and stored in an options struct. */
#ifndef BNN_CONFIG_VALUE_H
#define BNN_CONFIG_VALUE_H

#include "config/option.h"
#include "config/phrase.h"

typedef struct bnn_value {
    const char *text;               /* canonical: reading it again gives the same value and text */
    union {
        long long       integer;
        double          number;
        bool            truth;
        int             word;
        bnn_number_word number_word;
        const char     *text;
        bnn_numbers     numbers;
        bnn_words       words;
    } as;
} bnn_value;

/* Reads `text` (trimmed, borrowed) by `row`. base_file: what a relative PATH starts from (NULL: the current folder).
 * NULL if it is fine, else the fault as the end of a sentence: "is out of range: a number in (0, 10]". */
const char *bnn_value_read(bnn_value *value, const bnn_option *row, const char *text, const char *base_file,
                           bnn_arena *arena);

/* Sets the field of `row` in an options struct; what it points to stays the arena's. */
void bnn_value_store(const bnn_value *value, const bnn_option *row, void *options);

/* "a number in (0, 10]", "yes or no", "one of adam, sgd", ... */
const char *bnn_option_allowed(const bnn_option *row, bnn_arena *arena);

/* Help, what is allowed and the unit: "widths of the hidden layers (numbers >= 1, separated by commas; units)". */
const char *bnn_option_summary(const bnn_option *row, bnn_arena *arena);

/* The default as text; "" if the row has none. */
static inline const char *bnn_option_fallback(const bnn_option *row) {
    return row->fallback != NULL ? row->fallback : "";
}

#endif
