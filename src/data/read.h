/* What the readers of this folder share; other folders include data.h only.
 *
 * The way of a text table: fields.c cuts it into fields and rows, delimited.c tells header from rows, columns.c says what each column
 * is for, table.c takes the fields (number.c and labels.c turn a field into a value), encode.c makes columns features. NPY and
 * svmlight files join in at table.c; images come through idx.c. read.c picks the format.
 *
 * A data set read without a schema is unsettled: x has one column for each source, with NaN where a value is missing and levels by
 * number; classes and levels are numbered by first appearance. bnn_dataset_settle ends that once the training rows are known. */
#ifndef BNN_DATA_READ_H
#define BNN_DATA_READ_H

#include "data/data.h"

enum { BNN_SHOWN_SIZE = 48, BNN_LIST_SIZE = 256, BNN_WHERE_SIZE = 32 };

/* What bnn_dataset_read was asked for. path is the name for messages inside the readers. */
typedef struct bnn_read {
    const bnn_data_options *options;
    const char             *path, *labels;   /* labels: NULL or "": none */
    bool                    wants_classes;
    const bnn_schema       *schema;          /* NULL: the file defines columns and classes */
    bool                    may_drop;        /* missing = drop applies */
    bool                    skips_targets;   /* target columns are not read; with a schema only */
    const char             *text;            /* [text_size] the content itself, path being its name alone; NULL: it is read from path */
    size_t                  text_size;
    size_t                  lines_before;    /* the rows of a text table come so many lines later than they stand in it, for messages */
    bool                    may_be_empty;    /* a text table may have a header alone */
    bool                    defers_faults;   /* a row that cannot be read becomes NaN, with a bnn_row_fault for later */
} bnn_read;

/* path "-": standard input. With a schema the set is settled, without it is not. *dataset must be NULL. */
bnn_status bnn_dataset_read(bnn_dataset **dataset, const bnn_read *request);

/* The format of content that bnn_dataset_read finds under this name. data[size] is NUL. */
bnn_data_format bnn_read_format(const bnn_data_options *options, const char *path, const char *data, size_t size);

/* All fill a zeroed dataset but for path and degree; on failure it is half-built, to be freed. */
bnn_status bnn_dataset_read_delimited(bnn_dataset *set, const bnn_read *request, bnn_data_format format, char *data, size_t size);
bnn_status bnn_dataset_read_svmlight(bnn_dataset *set, const bnn_read *request, char *data, size_t size);   /* writes into data */
bnn_status bnn_dataset_read_npy(bnn_dataset *set, const bnn_read *request, const char *data, size_t size);
bnn_status bnn_dataset_read_idx(bnn_dataset *set, const bnn_read *request, char **data, size_t size);   /* takes *data over */

/* Formats that say themselves what the target is, and have no names: target, ignore, categorical and weight are refused. */
bnn_status bnn_read_refuse_columns(const bnn_read *request, const char *format);

static inline bool bnn_read_has_labels(const bnn_read *request) { return request->labels != NULL && *request->labels != '\0'; }

/* ---- encode.c -------------------------------------------------------------------------------------------------------- */

typedef enum bnn_part { BNN_PART_TRAIN, BNN_PART_VALID, BNN_PART_TEST, BNN_PART_DROPPED } bnn_part;

/* to [n_rows], a bnn_part each (NULL: all train): classes, levels and fills from the training rows, then bnn_dataset_encode. A class or
 * level that only rows of other parts have is an error; dropped rows may hold anything, before and after. */
bnn_status bnn_dataset_settle(bnn_dataset *set, const bnn_data_options *options, const unsigned char *to);

/* x from one column for each source of the schema to one for each feature. */
bnn_status bnn_dataset_encode(bnn_dataset *set);

/* Whether row i misses a feature, a target or its weight. */
bool       bnn_dataset_is_incomplete(const bnn_dataset *set, size_t i);
bnn_status bnn_dataset_drop_incomplete(bnn_dataset **set);
bnn_status bnn_dataset_check_weights(const bnn_dataset *set);

/* ---- fields.c -------------------------------------------------------------------------------------------------------- */

/* Receives fields (NUL-terminated, gone after the call) and ends of rows that have at least one field. */
typedef struct bnn_field_sink {
    void       (*field)(void *context, const char *text, size_t length);
    bnn_status (*row)(void *context, size_t line);   /* line: 1-based physical line the row starts in; a failure stops reading */
    void        *context;
} bnn_field_sink;

/* Both write NULs into data, up to data[size]. */
bnn_status bnn_fields_read_separated(const char *path, char separator, char *data, size_t size, const bnn_field_sink *sink);
bnn_status bnn_fields_read_blank(char *data, size_t size, const bnn_field_sink *sink);

/* ---- number.c -------------------------------------------------------------------------------------------------------- */

/* Like bnn_text_to_number, several times faster for short decimals. text[length] must be NUL. */
bool bnn_field_to_number(const char *text, size_t length, double *value);

/* ---- columns.c ------------------------------------------------------------------------------------------------------- */

typedef enum bnn_column_use { BNN_COLUMN_SKIP, BNN_COLUMN_FEATURE, BNN_COLUMN_TARGET, BNN_COLUMN_WEIGHT } bnn_column_use;
typedef struct bnn_column  { bnn_column_use use; size_t index; } bnn_column;   /* index: which source or target */
typedef struct bnn_columns {
    size_t      n;
    size_t      n_outside;     /* targets that are no columns (a file of labels), numbered n, n + 1, ... */
    bnn_column *at;            /* [n + n_outside] */
    char      **names;         /* [n] of the file's header, or NULL: no header; owned */
    size_t      line;          /* of the first row; 0: not a text file */
    char        where[BNN_WHERE_SIZE];   /* ":line" or "", for messages */
    bool        has_targets, has_weights;
} bnn_columns;

/* Fills at, has_targets and has_weights from n, n_outside, names and line. define: as the options say, and writes the schema's names
 * and counts, and its sources where features will not simply be the columns. match: as the schema of a model says. */
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
void   bnn_labels_free(bnn_labels *labels);

/* Puts names in class order: numeric if all are numbers, else bytewise. order [n]: the new number of each old one. */
bnn_status bnn_names_sort(size_t n, char **names, const char *path, size_t *order);

/* ---- table.c --------------------------------------------------------------------------------------------------------- */

typedef enum bnn_fault {
    BNN_FAULT_NONE, BNN_FAULT_MISSING, BNN_FAULT_NOT_A_NUMBER, BNN_FAULT_NOT_FINITE, BNN_FAULT_NEGATIVE, BNN_FAULT_NOT_UTF8,
    BNN_FAULT_UNKNOWN, BNN_FAULT_MEMORY
} bnn_fault;

/* Rows on their way into a data set: begin; columns.n, n_outside, names and line; choose_columns; then for each row take all its
 * fields and end_row; end. */
typedef struct bnn_table {
    const bnn_read *request;
    bnn_dataset *set;
    bnn_columns  columns;
    size_t       width;          /* sources: columns of x until it is encoded */
    bool         has_bytes;      /* the reader itself puts features into x_bytes */
    bool         has_classes;
    bnn_labels   classes;
    bnn_labels  *levels;         /* [width] of the categorical sources; NULL: there are none */
    size_t       room;           /* rows there is room for */
    size_t       first_number;   /* of the first column, in messages about a file without names */
    bnn_fault    fault;          /* first one of this row, and where */
    size_t       fault_column;
    char         fault_text[BNN_SHOWN_SIZE];
} bnn_table;

bnn_status bnn_table_begin(bnn_table *table, const bnn_read *request, bnn_dataset *set);
bnn_status bnn_table_choose_columns(bnn_table *table);
void       bnn_table_take(bnn_table *table, size_t c, const char *text, size_t length);   /* text[length] is NUL */
void       bnn_table_take_number(bnn_table *table, size_t c, double value);
bnn_status bnn_table_defer(bnn_table *table, bnn_status fault);   /* the row's fault waits if the request says so: BNN_OK */
bnn_status bnn_table_end_row(bnn_table *table, size_t line);   /* the first fault of the row's fields; line as columns.line */
bnn_status bnn_table_end(bnn_table *table);
void       bnn_table_free(bnn_table *table);

bool       bnn_field_is_missing(const char *text);
bnn_status bnn_text_check_zeros(const char *path, const char *data, size_t size);

/* ---- schema.c, sources.c, dataset.c ---------------------------------------------------------------------------------- */

char *bnn_shown(char shown[BNN_SHOWN_SIZE], const char *text);                   /* cut, control characters replaced, for messages */
char *bnn_list_names(char list[BNN_LIST_SIZE], size_t n, char *const *names);    /* "a, b, c, ..." */

bool  bnn_is_utf8(const char *text);                                             /* names travel in JSON, which takes nothing else */

char **bnn_names_make(size_t n, const char *stem, size_t first);                 /* x1, x2, ...; NULL: out of memory */
char **bnn_names_targets(size_t n);                                              /* y, or y1, y2, ... */
char **bnn_names_copy(size_t n, char *const *names);
void   bnn_names_free(size_t n, char **names);

size_t      bnn_source_width(const bnn_source *source);                          /* how many features it becomes */
bnn_status  bnn_sources_copy(bnn_source **copy, size_t n, const bnn_source *sources);
void        bnn_sources_free(size_t n, bnn_source *sources);
json_t     *bnn_sources_to_json(size_t n, const bnn_source *sources);
bnn_status  bnn_sources_from_json(size_t *n, bnn_source **sources, const json_t *list);
size_t      bnn_schema_source_count(const bnn_schema *schema);
char      **bnn_schema_source_names(const bnn_schema *schema);                   /* a copy; NULL: out of memory */

/* ":12" or ": row 11", to follow a path. */
char      *bnn_dataset_where(char where[BNN_WHERE_SIZE], const bnn_dataset *set, size_t i);
bnn_status bnn_dataset_number_rows(bnn_dataset *set);                            /* file_rows = 0, 1, 2, ... */

#endif
