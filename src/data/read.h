/* What the readers of this folder share; other folders include data.h only.
 *
 * The way of a text table: fields.c cuts it into fields and rows, delimited.c takes those, columns.c says what each column is for,
 * number.c and labels.c turn a field into a value. Images come through idx.c. read.c picks the format. */
#ifndef BNN_DATA_READ_H
#define BNN_DATA_READ_H

#include "data/data.h"

/* What bnn_dataset_read_file was asked for. path is the name for messages. */
typedef struct bnn_read {
    const bnn_data_options *options;
    const char             *path, *labels;   /* labels: NULL or "": none */
    bool                    wants_classes;
    const bnn_schema       *schema;          /* NULL: the file defines columns and classes */
} bnn_read;

/* Both fill a zeroed dataset but for path and sha256; on failure it is half-built, to be freed. */
bnn_status bnn_dataset_read_delimited(bnn_dataset *set, const bnn_read *request, bnn_data_format format, char *data, size_t size);
bnn_status bnn_dataset_read_idx(bnn_dataset *set, const bnn_read *request, char **data, size_t size);   /* takes *data over */

/* ---- fields.c -------------------------------------------------------------------------------------------------------- */

/* Receives fields (NUL-terminated, gone after the call) and ends of rows that have at least one field. */
typedef struct bnn_field_sink {
    void       (*field)(void *context, const char *text, size_t length);
    bnn_status (*row)(void *context, size_t line);   /* line: 1-based physical line the row starts in; a failure stops reading */
    void        *context;
} bnn_field_sink;

bnn_status bnn_fields_read_separated(const char *path, char separator, const char *data, size_t size, const bnn_field_sink *sink);
bnn_status bnn_fields_read_blank(char *data, size_t size, const bnn_field_sink *sink);   /* writes NULs into data */

/* ---- number.c -------------------------------------------------------------------------------------------------------- */

/* Like bnn_text_to_number, several times faster for short decimals. text[length] must be NUL. */
bool bnn_field_to_number(const char *text, size_t length, double *value);

/* ---- columns.c ------------------------------------------------------------------------------------------------------- */

typedef enum bnn_column_use { BNN_COLUMN_SKIP, BNN_COLUMN_FEATURE, BNN_COLUMN_TARGET } bnn_column_use;
typedef struct bnn_column  { bnn_column_use use; size_t index; } bnn_column;   /* index: which feature or target */
typedef struct bnn_columns {
    size_t      n;
    bnn_column *at;            /* [n] */
    char      **names;         /* [n] of the file's header, or NULL: no header; owned */
    size_t      line;          /* of the first row, for messages */
    bool        has_targets;
} bnn_columns;

/* Fills at and has_targets from n, names and line. define: as the options say, and writes the schema's names and counts.
 * match: as the schema of a model says. */
bnn_status bnn_columns_define(bnn_columns *columns, const bnn_read *request, bnn_schema *schema);
bnn_status bnn_columns_match(bnn_columns *columns, const bnn_read *request);
void       bnn_columns_free(bnn_columns *columns);

/* ---- labels.c -------------------------------------------------------------------------------------------------------- */

/* Class labels and their numbers; starts as {0}. */
typedef struct bnn_labels {
    void   *tree;
    size_t  n, room;
    char  **names;             /* [n] in the order they were added; owned */
    bool    is_fixed;          /* the classes are those of a model */
} bnn_labels;

bool   bnn_labels_find(const bnn_labels *labels, const char *name, size_t *number);
bool   bnn_labels_add(bnn_labels *labels, const char *name);                      /* false: out of memory */
/* Puts the labels in class order: numeric if all are numbers, else bytewise. order [n]: the new number of each old one. */
bnn_status bnn_labels_sort(bnn_labels *labels, const char *path, size_t *order);
void   bnn_labels_free(bnn_labels *labels);

/* ---- schema.c, dataset.c --------------------------------------------------------------------------------------------- */

enum { BNN_SHOWN_SIZE = 48, BNN_LIST_SIZE = 256 };
char *bnn_shown(char shown[BNN_SHOWN_SIZE], const char *text);                   /* cut, control characters replaced, for messages */
char *bnn_list_names(char list[BNN_LIST_SIZE], size_t n, char *const *names);    /* "a, b, c, ..." */

char **bnn_names_make(size_t n, const char *stem, size_t first);                 /* x1, x2, ...; NULL: out of memory */
char **bnn_names_targets(size_t n);                                              /* y, or y1, y2, ... */
char **bnn_names_copy(size_t n, char *const *names);
void   bnn_names_free(size_t n, char **names);

bnn_status bnn_dataset_number_rows(bnn_dataset *set);                            /* file_rows = 0, 1, 2, ... */

#endif
