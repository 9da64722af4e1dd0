/* Which rows train, validate and test.
 *
 * One byte per row of the training file says where the row goes; each step moves rows from the training bnn_part to another. The
 * order of rows within a part is that of the file. */
#include "base/fail.h"
#include "base/rng.h"
#include "data/read.h"
#include "data/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAW_SUBSET, DRAW_TEST, DRAW_VALID, DRAW_FOLD };   /* the step of the random key */

typedef struct deal {
    const bnn_data_options *options;
    uint64_t seed;
    const bnn_dataset *all;
    unsigned char *to;          /* [n_rows] a bnn_part */
} deal;

static bool has_folds(const bnn_data_options *o) { return o->folds > 0 || o->fold_fraction > 0; }

static bool is_set(const char *path) { return path != NULL && *path != '\0'; }

/* ---- dealing the rows ------------------------------------------------------------------------------------------------ */

/* rows [n_rows]: those of a part, ascending; returns how many. */
static size_t rows_of(const deal *d, bnn_part which, size_t *rows) {
    size_t n = 0;
    for (size_t i = 0; i < d->all->n_rows; i++)
        if (d->to[i] == which) rows[n++] = i;
    return n;
}

/* Moves rows first .. last - 1 of the shuffled training rows. */
static bnn_status move_shuffled(deal *d, bnn_part to, uint32_t step, size_t first, size_t last, size_t n_train) {
    size_t *rows = malloc((d->all->n_rows + 1) * sizeof *rows), *order = malloc((n_train + 1) * sizeof *order);
    bnn_status status = rows != NULL && order != NULL ? BNN_OK : BNN_FAIL_MEMORY("row numbers");
    if (status == BNN_OK) {
        rows_of(d, BNN_PART_TRAIN, rows);
        bnn_rng_shuffle(bnn_key_make(d->seed, BNN_PURPOSE_SPLIT, step, 0, 0), n_train, order);
        for (size_t i = first; i < last; i++) d->to[rows[order[i]]] = (unsigned char)to;
    }
    free(rows);
    free(order);
    return status;
}

static bnn_status move_random(deal *d, bnn_part to, uint32_t step, size_t n, size_t n_train) {
    return move_shuffled(d, to, step, 0, n, n_train);
}

static size_t count_rows(const deal *d, bnn_part which) {
    size_t n = 0;
    for (size_t i = 0; i < d->all->n_rows; i++) n += d->to[i] == which;
    return n;
}

static bnn_status move_fraction(deal *d, bnn_part to, uint32_t step, double fraction, const char *key) {
    size_t n_train = count_rows(d, BNN_PART_TRAIN), n = (size_t)llround(fraction * (double)n_train);
    if (n == 0 || n == n_train)
        return BNN_FAIL(BNN_ERR_DATA, "data.%s = %g of %zu rows of %s leaves a part empty", key, fraction, n_train, d->all->path);
    return move_random(d, to, step, n, n_train);
}

static bnn_status move_listed(deal *d, const char *path) {
    bool *chosen = calloc(d->all->n_rows, sizeof *chosen);
    if (chosen == NULL) return BNN_FAIL_MEMORY("row numbers");
    bnn_status status = bnn_rows_read(chosen, d->all->n_rows, path);
    for (size_t i = 0; i < d->all->n_rows && status == BNN_OK; i++)
        if (chosen[i] && d->to[i] == BNN_PART_TRAIN) d->to[i] = BNN_PART_TEST;
    free(chosen);
    bool is_tested = !has_folds(d->options);    /* else it is left out anyway, incomplete or not */
    if (status == BNN_OK && is_tested && count_rows(d, BNN_PART_TEST) == 0) status = BNN_FAIL(BNN_ERR_DATA, "%s: the test part comes out empty", path);
    if (status == BNN_OK && count_rows(d, BNN_PART_TRAIN) == 0) status = BNN_FAIL(BNN_ERR_DATA, "%s: no row is left for training", path);
    return status;
}

static bnn_status move_split(deal *d) {
    char *path = NULL;
    bnn_status status = bnn_rows_path(&path, d->options->splits, d->options->split);
    if (status == BNN_OK) status = move_listed(d, path);
    free(path);
    return status;
}

static bnn_status drop_all_but(deal *d, size_t n) {
    size_t n_whole = count_rows(d, BNN_PART_TRAIN);
    if (n > n_whole)
        return BNN_FAIL(BNN_ERR_DATA, "data.rows = %zu, but %s has %zu rows%s", n, d->all->path, n_whole,
                        n_whole < d->all->n_rows ? " that miss no value" : "");
    return move_random(d, BNN_PART_DROPPED, DRAW_SUBSET, n_whole - n, n_whole);
}

static bnn_status drop_incomplete(deal *d) {
    for (size_t i = 0; i < d->all->n_rows; i++)
        if (bnn_dataset_is_incomplete(d->all, i)) d->to[i] = BNN_PART_DROPPED;
    for (size_t i = 0; i < d->all->n_faults; i++) d->to[d->all->faults[i].row] = BNN_PART_TRAIN;    /* not incomplete: unread */
    if (count_rows(d, BNN_PART_TRAIN) > 0) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: each row misses a value, so data.missing = drop leaves none", d->all->path);
}

/* ---- folds inside the training part ---------------------------------------------------------------------------------- */

/* A row that could not be read is a fault only if it is not for testing. */
static bnn_status drop_test(deal *d) {
    for (size_t i = 0; i < d->all->n_faults; i++)
        if (d->to[d->all->faults[i].row] == BNN_PART_TRAIN)
            return BNN_FAIL(BNN_ERR_DATA, "%s", d->all->faults[i].sentence == NULL ? "a row that cannot be read" : d->all->faults[i].sentence);
    for (size_t i = 0; i < d->all->n_rows; i++)
        if (d->to[i] == BNN_PART_TEST) d->to[i] = BNN_PART_DROPPED;
    return BNN_OK;
}

static bnn_status move_fold(deal *d) {
    const bnn_data_options *o = d->options;
    size_t n = count_rows(d, BNN_PART_TRAIN), folds = (size_t)o->folds, fold = (size_t)o->fold;
    if (o->folds == 0) return move_fraction(d, BNN_PART_TEST, DRAW_FOLD, o->fold_fraction, "fold_fraction");
    if (folds < 2 || fold >= folds || folds > n)
        return BNN_FAIL(BNN_ERR_CONFIG, "data.fold = %zu of data.folds = %zu: folds are numbered from 0, there are at least 2, and at most one "
                        "for each of the %zu training rows", fold, folds, n);
    return move_shuffled(d, BNN_PART_TEST, DRAW_FOLD, fold * n / folds, (fold + 1) * n / folds, n);
}

static bnn_status deal_folds(deal *d) {
    bnn_status status = drop_test(d);
    return status == BNN_OK ? move_fold(d) : status;
}

static bnn_status deal_rows(deal *d) {
    const bnn_data_options *o = d->options;
    bnn_status status;
    if (o->missing == BNN_MISSING_DROP && (status = drop_incomplete(d)) != BNN_OK) return status;
    if (o->rows > 0 && (status = drop_all_but(d, (size_t)o->rows)) != BNN_OK) return status;
    if (is_set(o->test_rows) && (status = move_listed(d, o->test_rows)) != BNN_OK) return status;
    if (is_set(o->splits) && (status = move_split(d)) != BNN_OK) return status;
    if (o->test_fraction > 0 && (status = move_fraction(d, BNN_PART_TEST, DRAW_TEST, o->test_fraction, "test_fraction")) != BNN_OK)
        return status;
    if (has_folds(o) && (status = deal_folds(d)) != BNN_OK) return status;
    return o->valid_fraction > 0 ? move_fraction(d, BNN_PART_VALID, DRAW_VALID, o->valid_fraction, "valid_fraction") : BNN_OK;
}

/* ---- the parts ------------------------------------------------------------------------------------------------------- */

static bnn_status select_part(bnn_dataset **made, const deal *d, bnn_part which) {
    size_t *rows = malloc((d->all->n_rows + 1) * sizeof *rows);
    if (rows == NULL) return BNN_FAIL_MEMORY("row numbers");
    size_t n = rows_of(d, which, rows);
    bnn_status status = n > 0 ? bnn_dataset_select(made, d->all, n, rows) : BNN_OK;
    free(rows);
    return status;
}

/* A file of validation or test rows, for the columns and classes of the training rows. */
static bnn_status read_part(bnn_dataset **made, const deal *d, const char *path, const char *labels, const bnn_schema *schema) {
    if (!is_set(path)) return BNN_OK;
    const bnn_read request = { d->options, path, labels, schema->n_classes > 0, schema, .may_drop = true };
    bnn_status status = bnn_dataset_read(made, &request);
    if (status != BNN_OK || (*made)->y != NULL) return status;
    return BNN_FAIL(BNN_ERR_DATA, "%s: validation and test rows need their targets, there is no column '%s'%s", path,
                    schema->target_names[0], is_set(d->options->train_labels) ? " (set data.valid_labels, data.test_labels)" : "");
}

static bnn_status make_parts(bnn_data_parts *parts, const deal *d, bnn_dataset **all) {
    const bnn_data_options *o = d->options;
    bnn_status status;
    if ((status = select_part(&parts->valid, d, BNN_PART_VALID)) != BNN_OK) return status;
    if ((status = select_part(&parts->test, d, BNN_PART_TEST))   != BNN_OK) return status;
    if (count_rows(d, BNN_PART_TRAIN) < d->all->n_rows) status = select_part(&parts->train, d, BNN_PART_TRAIN);
    else {
        parts->train = *all;   /* nothing was split off: no copy */
        *all = NULL;
    }
    if (status != BNN_OK) return status;
    const bnn_schema *schema = &parts->train->schema;
    if ((status = read_part(&parts->valid, d, o->valid, o->valid_labels, schema)) != BNN_OK) return status;
    const char *test = has_folds(o) ? "" : o->test;
    if ((status = read_part(&parts->test, d, test, o->test_labels, schema))       != BNN_OK) return status;
    if ((status = bnn_dataset_check_weights(parts->train))                        != BNN_OK) return status;
    return parts->valid != NULL ? bnn_dataset_check_weights(parts->valid) : BNN_OK;
}

/* Two ways to choose the same part contradict each other. */
static bnn_status check_sources(const bnn_data_options *o) {
    int n_test = is_set(o->test) + is_set(o->test_rows) + is_set(o->splits) + (o->test_fraction > 0);
    if (!is_set(o->train)) return BNN_FAIL(BNN_ERR_CONFIG, "data.train is not set: name the file to learn from");
    if (n_test > 1)
        return BNN_FAIL(BNN_ERR_CONFIG, "%d of data.test, data.test_rows, data.splits and data.test_fraction are set, allowed "
                        "is one", n_test);
    if (is_set(o->valid) && o->valid_fraction > 0)
        return BNN_FAIL(BNN_ERR_CONFIG, "only one of data.valid and data.valid_fraction may be set");
    if (o->folds > 0 && o->fold_fraction > 0) return BNN_FAIL(BNN_ERR_CONFIG, "only one of data.folds and data.fold_fraction may be set");
    return BNN_OK;
}

bnn_status bnn_data_parts_read(bnn_data_parts *parts, const bnn_data_options *options, uint64_t seed, bool wants_classes) {
    bnn_dataset *all = NULL;
    bnn_data_parts made = {0};
    deal d = { .options = options, .seed = seed };
    bnn_status status;
    if ((status = check_sources(options)) != BNN_OK) return status;
    const bnn_read request = { options, options->train, options->train_labels, wants_classes, .schema = NULL, .may_drop = true,
                               .defers_faults = has_folds(options) };
    if ((status = bnn_dataset_read(&all, &request)) != BNN_OK) return status;
    d.all = all;
    if ((d.to = calloc(all->n_rows, sizeof *d.to)) == NULL) {   /* all rows train */
        status = BNN_FAIL_MEMORY("row numbers");
        goto done;
    }
    if ((status = deal_rows(&d))                               != BNN_OK) goto done;
    if ((status = bnn_dataset_settle(all, options, d.to))      != BNN_OK) goto done;
    if ((status = make_parts(&made, &d, &all))                 != BNN_OK) goto done;
    *parts = made;
    made = (bnn_data_parts){0};
done:
    bnn_data_parts_free(&made);
    bnn_dataset_free(all);
    free(d.to);
    return status;
}

void bnn_data_parts_free(bnn_data_parts *parts) {
    bnn_dataset_free(parts->train);
    bnn_dataset_free(parts->valid);
    bnn_dataset_free(parts->test);
    *parts = (bnn_data_parts){0};
}
