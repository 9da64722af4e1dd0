/* A resolved configuration: every key of every section of a catalogue, with its value and where that came from.
 *
 * INI: `[section]`, `key = value`, `#` and `;` comments at line start or after a blank, `${NAME}` is an environment variable.
 * In values $$, $# and $; are the plain characters $, # and ;. Sections may be split and come in any order; a key may be set
 * once per file. Precedence: default, file, command line. Keys of the variant that the file names are dropped when the command
 * line names another. Every fault of a file and of the command line is reported at once, each with file:line, what was read,
 * what is allowed and the nearest name. */
#ifndef BNN_CONFIG_CONFIG_H
#define BNN_CONFIG_CONFIG_H

#include "bnn/status.h"
#include "bnn/config.h"
#include "config/option.h"

/* Reads and checks `path` (NULL: defaults and `sets` only). sets: "section.key=value" words of the command line, later ones win;
 * paths among them are relative to the current folder. *config must be NULL; free with bnn_config_free. BNN_ERR_CONFIG. */
bnn_status bnn_config_read_catalogue(bnn_config **config, const bnn_section *catalogue, const char *path,
                                     size_t n_sets, const char *const *sets);

/* The same from settings that have been read already (config/ini.h); the first n_earlier may name keys of a variant that a later one
 * replaces, as those of a file may before the command line. Their strings are borrowed and must outlive the config. */
struct bnn_setting;
bnn_status bnn_config_read_settings(bnn_config **config, const bnn_section *catalogue, size_t n, const struct bnn_setting *settings,
                                    size_t n_earlier);

const bnn_section *bnn_config_catalogue(const bnn_config *config);

/* Checks the rows themselves, which are trusted everywhere else: every default of every variant reads and lies in its range,
 * names are unique in a section whatever variants are chosen, help is there. BNN_ERR_CONFIG with every fault. For tests. */
bnn_status bnn_catalogue_check(const bnn_section *catalogue);

/* The resolved value in canonical text; NULL if no such key belongs to the section with its present variants. */
const char *bnn_config_text(const bnn_config *config, const char *section, const char *key);

/* Key i of a section in the order of printing; NULL past the last. */
const char *bnn_config_key(const bnn_config *config, const char *section, size_t i);

/* Replaces one value after reading; checked like any other, taken literally (no ${NAME}), paths relative to the current folder.
 * Naming another variant drops the keys of the old one. Nothing changes on a fault. What was filled before stays valid. */
bnn_status bnn_config_set(bnn_config *config, const char *section, const char *key, const char *value);

/* The variant that axis `key` of `section` names. Never NULL for an axis in the catalogue. */
const bnn_variant *bnn_config_variant(const bnn_config *config, const char *section, const char *key);

/* Fills an options struct from the resolved values of `rows` (ended by {0}). Pointers in it are borrowed from config. */
void bnn_config_fill(const bnn_config *config, const char *section, const bnn_option *rows, void *options);

/* "file:line", "command line" or "default": where a value was set. Borrowed. */
const char *bnn_config_where(const bnn_config *config, const char *section, const char *key);

/* Leaves the sentence "WHERE: [section] key = value: <message>" and returns BNN_ERR_CONFIG. */
bnn_status bnn_config_fail(const bnn_config *config, const char *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Every key resolved, as a valid INI in catalogue order: reading it again and printing gives the same bytes. section NULL: all.
 * with_help: each key preceded by its help as a comment. Caller frees; NULL: out of memory. */
char *bnn_config_print(const bnn_config *config, const char *section, bool with_help);

/* `bnn help` for a topic: NULL (list of sections and tables), "section", "table", "table.variant", "section.key". Caller frees.
 * BNN_ERR_USAGE with the nearest topic if there is none of that name. */
bnn_status bnn_config_help(const bnn_section *catalogue, const char *topic, char **text);

#endif
