/* Options are rows: each part of the program lists its keys once, and parsing, defaults, ranges, error messages, did-you-mean,
 * `bnn help`, `bnn config` and the resolved config.ini all come from those rows.
 *
 *     typedef struct adam_options { double beta1, beta2, epsilon; } adam_options;
 *     static const bnn_option adam_rows[] = {
 *         BNN_OPTION_NUMBER_ROW(adam_options, beta1, "0.9", 0, 1, "", "decay of the mean gradient"),
 *         ...
 *         {0}
 *     };
 *
 * A variant (one likelihood, one optimizer, ...) has a name, a sentence of help and its own rows; every row struct of a table
 * begins with a bnn_variant. An axis is a key whose value names a variant; a section is a list of rows and axes; a catalogue
 * is the list of sections. */
#ifndef BNN_CONFIG_OPTION_H
#define BNN_CONFIG_OPTION_H

#include <stddef.h>
#include <stdbool.h>

typedef enum bnn_option_kind {
    BNN_OPTION_END = 0,
    BNN_OPTION_INT,         /* long long; bounds inclusive                                                  */
    BNN_OPTION_NUMBER,      /* double                                                                       */
    BNN_OPTION_BOOL,        /* bool: yes no true false on off 1 0; canonical yes | no                       */
    BNN_OPTION_CHOICE,      /* int: index into `words`                                                      */
    BNN_OPTION_INT_WORD,    /* bnn_number_word: an integer or one of `words`                                */
    BNN_OPTION_NUMBER_WORD, /* bnn_number_word: a number or one of `words`                                  */
    BNN_OPTION_TEXT,        /* const char *: anything; `check` may restrict it                              */
    BNN_OPTION_PATH,        /* const char *: an input path, made absolute from the file's folder ("" stays, and so does what `check`
                               finds fine: a word in place of a path) */
    BNN_OPTION_NUMBERS,     /* bnn_numbers: comma-separated numbers, may be empty                           */
    BNN_OPTION_WORDS        /* bnn_words: comma-separated, blanks around each trimmed, may be empty         */
} bnn_option_kind;

typedef struct bnn_number_word { double number; int word; } bnn_number_word;   /* word: index into words, or -1: number */
typedef struct bnn_numbers { size_t n; const double *at; } bnn_numbers;
typedef struct bnn_words   { size_t n; const char *const *at; } bnn_words;

typedef struct bnn_option {
    const char     *name;
    bnn_option_kind kind;
    size_t          offset;        /* of the field in the options struct                             */
    const char     *fallback;      /* default value as text                                          */
    double          min, max;      /* INT, NUMBER, each of NUMBERS; both 0: any finite value         */
    bool            excludes_min;  /* (min, max] instead of [min, max]                               */
    const char     *words;         /* "a|b|c" for CHOICE and the _WORD kinds                         */
    const char     *unit;          /* "nats", "epochs", ...; "" or NULL: none                        */
    const char     *help;          /* one sentence, no full stop                                     */
    const char   *(*check)(const char *value);   /* TEXT: NULL if fine, else what is allowed ("he, glorot, normal:SD") */
} bnn_option;

typedef struct bnn_variant {
    const char       *name;        /* the config value                                               */
    const char       *help;        /* one sentence: what it is and when to use it                    */
    const bnn_option *options;     /* rows ended by {0}; NULL: none                                  */
    size_t            size;        /* of the options struct; 0: none                                 */
} bnn_variant;

typedef struct bnn_axis {
    const char               *key;       /* "name", "schedule", ...                                         */
    const bnn_variant *const *variants;  /* ended by NULL; the first is the default                         */
    const char               *help;
    const char               *topic;     /* what `bnn help` calls the table: "likelihood", "schedule", ...   */
    const char               *of;        /* only with this variant of the section's first axis; NULL: always */
} bnn_axis;

typedef struct bnn_section {
    const char       *name;        /* NULL ends a catalogue */
    const char       *help;
    const bnn_option *options;     /* rows ended by {0}; NULL: none */
    const bnn_axis   *axes;        /* ended by {0}; NULL: none      */
} bnn_section;

#define BNN_OPTION_INT_ROW(T, field, def, lo, hi, unit_, help_) \
    { #field, BNN_OPTION_INT, offsetof(T, field), def, lo, hi, false, NULL, unit_, help_, NULL }
#define BNN_OPTION_NUMBER_ROW(T, field, def, lo, hi, unit_, help_) \
    { #field, BNN_OPTION_NUMBER, offsetof(T, field), def, lo, hi, false, NULL, unit_, help_, NULL }
#define BNN_OPTION_POSITIVE_ROW(T, field, def, hi, unit_, help_) \
    { #field, BNN_OPTION_NUMBER, offsetof(T, field), def, 0, hi, true, NULL, unit_, help_, NULL }
#define BNN_OPTION_BOOL_ROW(T, field, def, help_) \
    { #field, BNN_OPTION_BOOL, offsetof(T, field), def, 0, 0, false, NULL, NULL, help_, NULL }
#define BNN_OPTION_CHOICE_ROW(T, field, def, words_, help_) \
    { #field, BNN_OPTION_CHOICE, offsetof(T, field), def, 0, 0, false, words_, NULL, help_, NULL }
#define BNN_OPTION_INT_WORD_ROW(T, field, def, lo, hi, words_, unit_, help_) \
    { #field, BNN_OPTION_INT_WORD, offsetof(T, field), def, lo, hi, false, words_, unit_, help_, NULL }
#define BNN_OPTION_NUMBER_WORD_ROW(T, field, def, lo, hi, words_, unit_, help_) \
    { #field, BNN_OPTION_NUMBER_WORD, offsetof(T, field), def, lo, hi, false, words_, unit_, help_, NULL }
#define BNN_OPTION_TEXT_ROW(T, field, def, check_, help_) \
    { #field, BNN_OPTION_TEXT, offsetof(T, field), def, 0, 0, false, NULL, NULL, help_, check_ }
#define BNN_OPTION_PATH_ROW(T, field, def, help_) \
    { #field, BNN_OPTION_PATH, offsetof(T, field), def, 0, 0, false, NULL, NULL, help_, NULL }
#define BNN_OPTION_NUMBERS_ROW(T, field, def, lo, hi, unit_, help_) \
    { #field, BNN_OPTION_NUMBERS, offsetof(T, field), def, lo, hi, false, NULL, unit_, help_, NULL }
#define BNN_OPTION_WORDS_ROW(T, field, def, help_) \
    { #field, BNN_OPTION_WORDS, offsetof(T, field), def, 0, 0, false, NULL, NULL, help_, NULL }

#endif
