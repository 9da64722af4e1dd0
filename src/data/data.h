/* Data sets: rows of numbers with named columns, as read, before any scaling.
 *
 * Three steps, none of which edits the one before: a dataset (raw values), a split (which rows train, validate and test) and a
 * scaling (fitted on training rows only). Images stay bytes: a row costs what it costs in the file. */
#ifndef BNN_DATA_DATA_H
#define BNN_DATA_DATA_H

#include "base/real.h"
#include "bnn/data.h"
#include "bnn/status.h"
#include "config/config.h"
#include <jansson.h>

/* ---- the [data] section ---------------------------------------------------------------------------------------------- */

typedef enum bnn_data_format {
    BNN_FORMAT_AUTO, BNN_FORMAT_CSV, BNN_FORMAT_TSV, BNN_FORMAT_TABLE, BNN_FORMAT_IDX, BNN_FORMAT_NPY, BNN_FORMAT_SVMLIGHT
} bnn_data_format;

typedef enum bnn_data_missing { BNN_MISSING_ERROR, BNN_MISSING_DROP, BNN_MISSING_MEAN, BNN_MISSING_MEAN_INDICATOR } bnn_data_missing;

typedef struct bnn_data_options {
    const char *train, *valid, *test;           /* paths; "" : none                                            */
    const char *train_labels, *valid_labels, *test_labels;   /* IDX and NPY                                    */
    int         format;                         /* bnn_data_format                                             */
    int         header;                         /* auto | yes | no                                             */
    bnn_words   target;                         /* names or 0-based indices; empty: the last column            */
    bnn_words   ignore;                         /* columns left out                                            */
    bnn_words   categorical;                    /* columns of levels: one 0/1 feature each                     */
    const char *weight;                         /* column of case weights; "" : none                           */
    int         missing;                        /* bnn_data_missing                                            */
    const char *expand;                         /* none | polynomial D                                         */
    int         first_index;                    /* svmlight: 0 is the word "1", 1 the word "0"                 */
    const char *test_rows;                      /* file of 0-based row numbers: the test part, all others train */
    const char *splits;                         /* printf pattern with one %d-like field, e.g. splits/test_%02d.txt */
    long long   split;                          /* the number that goes into `splits`                          */
    double      test_fraction, valid_fraction;  /* random parts of the rows that are left, drawn from run.seed */
    long long   folds, fold;                    /* > 0: the test part is fold `fold` of the other rows, see data.h's order */
    double      fold_fraction;                  /* or one random part of them                                  */
    long long   rows;                           /* random subset of this many rows first; 0: all               */
    const char *scale_x, *scale_y;              /* standardize | none | divide:126                             */
} bnn_data_options;

extern const bnn_option bnn_data_rows[];     /* of bnn_data_options */

enum { BNN_MAX_DEGREE = 100 };

/* D of "polynomial D", 1 of "none" (or "", or NULL), 0 of anything else. */
size_t bnn_data_degree(const char *expand);

/* ---- what a model remembers of its data ------------------------------------------------------------------------------ */

/* A column of the file that became features: the number itself, or a 0/1 feature "name=level" for each level; then, where values
 * were missing in training, a 0/1 feature "name missing". */
typedef struct bnn_source {
    char  *name;
    bool   is_categorical;
    size_t n_levels;
    char **levels;              /* [n_levels] in the order of classes */
    bool   has_indicator;
} bnn_source;

/* Columns and classes by name: what is needed to read further rows for the same model. */
typedef struct bnn_schema {
    size_t n_features, n_targets;
    char **feature_names;       /* [n_features]; a file without header: "x1", "x2", ...; IDX: NULL        */
    size_t n_sources;
    bnn_source *sources;        /* [n_sources] in the order of their features; NULL: each feature is a column as it stands */
    double *fills;              /* [n_features] what stands in a missing field's features (means of the training rows, 1 for
                                   "missing"); NULL: a missing field is an error */
    char **target_names;        /* [n_targets];  a file without header: "y" or "y1", "y2", ...            */
    size_t n_classes;           /* 0: the targets are numbers                                             */
    char **class_names;         /* [n_classes] numeric order if all are numbers, else bytewise            */
    size_t image_rows, image_cols;   /* IDX images; 0 otherwise                                           */
} bnn_schema;

bnn_status bnn_schema_copy(bnn_schema *copy, const bnn_schema *schema);
void       bnn_schema_free(bnn_schema *schema);
json_t    *bnn_schema_to_json(const bnn_schema *schema);                     /* new reference; NULL: out of memory */
bnn_status bnn_schema_from_json(bnn_schema *schema, const json_t *json);     /* BNN_ERR_DATA when malformed         */

struct bnn_dataset {
    bnn_schema schema;
    size_t     n_rows;
    double    *x;               /* [n_rows x n_features] row-major, or NULL                                  */
    uint8_t   *x_bytes;         /* the same for images, or NULL                                              */
    double    *y;               /* [n_rows x n_targets]: values, or 0-based class numbers; NULL: no targets  */
    double    *weights;         /* [n_rows] case weights >= 0, not all 0; NULL: each row counts once         */
    size_t     degree;          /* data.expand for a scaling fitted on this: powers 1..degree; 0 counts as 1 */
    size_t    *file_rows;       /* [n_rows] 0-based data row in the file it came from                        */
    size_t    *lines;           /* [n_rows] 1-based line of the file, for messages; NULL: not a text file    */
    char      *path;            /* as read, for messages                                                     */
    size_t     n_faults;        /* rows that could not be read and are NaN until it is known whether they count: see data.folds */
    struct bnn_row_fault { size_t row; char *sentence; } *faults;
};

/* ---- reading --------------------------------------------------------------------------------------------------------- */

/* Reads one file. wants_classes: targets are class labels, not numbers. labels: IDX or NPY label file, or NULL.
 * schema NULL: the file defines columns, classes and levels (all its rows train). Otherwise: columns are matched by name where
 * the file has a header, by position where not; a target column may be absent (y stays NULL), so may the weights; an unknown class
 * or level, an absent or an extra column is an error; schema's target and ignored columns are never features.
 * Missing is an empty field, "?", "NA" and NaN in any case. Rows of a file read with a schema are never dropped.
 * Errors (BNN_ERR_DATA) name path:line, the column and the text read: missing file, truncated gzip, ragged row, text in a number
 * column, missing or infinite value, no rows, no such target, wrong magic or sizes. */
bnn_status bnn_dataset_read_file(bnn_dataset **dataset, const bnn_data_options *options, const char *path, const char *labels,
                                 bool wants_classes, const bnn_schema *schema);

/* The same for a model's features alone: target columns may be there, and hold anything. */
bnn_status bnn_dataset_read_features(bnn_dataset **dataset, const bnn_data_options *options, const char *path, const bnn_schema *schema);

/* The numbers of an NPY file of 1 (cols = 1) or 2 dimensions: *at [rows x cols] row-major, which the caller frees. BNN_ERR_DATA. */
bnn_status bnn_npy_read(const char *path, size_t *rows, size_t *cols, double **at);

/* A new dataset of the given rows, in order. */
bnn_status bnn_dataset_select(bnn_dataset **part, const bnn_dataset *dataset, size_t n, const size_t *rows);

/* The three parts a configuration describes; valid and test may come out NULL (none asked for). Classes, levels and fills come from
 * the training rows: a class or level that only other rows have is an error with file:line. IDX sets without names get classes
 * "0".."9" the same way. missing = drop drops rows of all three parts; row numbers count them all the same.
 * Order: file(s) read -> rows dropped -> `rows` subset -> test part (test file, test_rows, splits or test_fraction) -> with folds or
 * fold_fraction: those test rows are dropped (a test file stays shut, rows of the training file may hold anything) and a fold of the
 * rest is the test part -> valid part
 * (valid file or valid_fraction of what is left) -> train. Random choices: BNN_PURPOSE_SPLIT with `seed`. A part that comes out
 * empty is an error. */
typedef struct bnn_data_parts { bnn_dataset *train, *valid, *test; } bnn_data_parts;
bnn_status bnn_data_parts_read(bnn_data_parts *parts, const bnn_data_options *options, uint64_t seed, bool wants_classes);
void       bnn_data_parts_free(bnn_data_parts *parts);

/* ---- scaling --------------------------------------------------------------------------------------------------------- */

/* scaled = (raw - shift) / scale; population sd; constant columns keep scale 1. Classes and 0/1 features of levels and missing values
 * are not scaled. The net sees the powers 1..degree of each scaled feature, no products of features. */
typedef struct bnn_scaling {
    size_t  n_features, n_targets;
    size_t  degree;             /* at least 1 */
    double *x_shift, *x_scale;  /* [n_features] */
    double *y_shift, *y_scale;  /* [n_targets]  */
    size_t  n_constant;         /* constant feature columns seen while fitting: worth a warning */
    real   *byte_shift, *byte_factor;   /* [n_features] x_shift and 1 / x_scale, for the loop over bytes */
} bnn_scaling;

/* scale_x, scale_y: "standardize", "none" or "divide:NUMBER" (already checked by the option row). */
bnn_status bnn_scaling_fit(bnn_scaling *scaling, const bnn_dataset *train, const char *scale_x, const char *scale_y);
void       bnn_scaling_free(bnn_scaling *scaling);
json_t    *bnn_scaling_to_json(const bnn_scaling *scaling);                  /* exact: 17 digits */
bnn_status bnn_scaling_from_json(bnn_scaling *scaling, const json_t *json);

/* How many inputs a net has: n_features * degree. */
size_t bnn_scaling_width(const bnn_scaling *scaling);

/* x [n x width] and y [n x n_targets] (either may be NULL): rows rows[0..n-1] of the dataset (rows NULL: 0..n-1), scaled; powers of one
 * feature lie side by side. */
void bnn_scaling_gather(const bnn_scaling *scaling, const bnn_dataset *dataset, size_t n, const size_t *rows, real *x, real *y);

#endif
