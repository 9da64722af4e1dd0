/* The INI reader: a file, or words of the command line, as a list of settings in the order they stand.
 *
 *     [section]                # a comment begins at line start or after a blank
 *     key = value ; comment
 *
 * In values ${NAME} is an environment variable; $$, $# and $; are the plain characters $, # and ;. A fault is a setting too,
 * so that whoever knows the keys can report all of them in the order of the file. */
#ifndef BNN_CONFIG_INI_H
#define BNN_CONFIG_INI_H

#include "bnn/status.h"
#include "config/phrase.h"

typedef struct bnn_setting {
    const char *section;    /* "" before the first header                                      */
    const char *key;        /* NULL: this is the header [section]                              */
    const char *value;      /* trimmed, variables expanded                                     */
    const char *fault;      /* what is wrong with the line, or NULL                            */
    const char *where;      /* "file:line" or "command line"                                   */
    const char *file;       /* what relative paths start from; NULL: the current folder        */
    int         line;       /* 0: not from a file                                              */
} bnn_setting;

typedef struct bnn_settings { size_t n, room; bnn_setting *at; } bnn_settings;

/* Appends the lines of a file. The file's own status if it cannot be read; BNN_ERR_CONFIG if it is too large for one. */
bnn_status bnn_ini_read(bnn_settings *settings, const char *path, bnn_arena *arena);

/* Appends one word "section.key=value" of the command line. */
void bnn_ini_word(bnn_settings *settings, const char *word, bnn_arena *arena);

void bnn_settings_push(bnn_settings *settings, bnn_setting setting, bnn_arena *arena);

/* Writes a value so that reading it gives the same text. */
void bnn_ini_escape(bnn_text *out, const char *value);

#endif
