/* Scaling: scaled = (raw - shift) / scale for each column, fitted on the training rows.
 *
 * standardize: shift = mean, scale = population sd, in two passes. A constant column has no scale of its own: it keeps scale 1
 * and its shift is its value, so that it becomes exactly 0. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void bnn_scaling_free(bnn_scaling *scaling) {
    free(scaling->x_shift);
    free(scaling->x_scale);
    free(scaling->y_shift);
    free(scaling->y_scale);
    free(scaling->byte_shift);
    free(scaling->byte_factor);
    *scaling = (bnn_scaling){0};
}

/* ---- fitting --------------------------------------------------------------------------------------------------------- */

/* Columns of a data set: doubles or bytes. */
typedef struct columns {
    size_t         n_rows, n;
    const double  *at;          /* [n_rows x n], or NULL */
    const uint8_t *bytes;       /* the same              */
    char *const   *names;       /* or NULL */
} columns;

BNN_CLONES static void load_row(const columns *c, size_t i, double *row) {
    if (c->at != NULL) memcpy(row, c->at + i * c->n, c->n * sizeof *row);
    else for (size_t j = 0; j < c->n; j++) row[j] = c->bytes[i * c->n + j];
}

BNN_CLONES static void add_values(size_t n, const double *row, const double *first, double *sum, double *differs) {
    for (size_t j = 0; j < n; j++) {
        sum[j] += row[j];
        differs[j] = row[j] != first[j] ? 1.0 : differs[j];
    }
}

BNN_CLONES static void add_squares(size_t n, const double *row, const double *mean, double *sum) {
    for (size_t j = 0; j < n; j++) sum[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
}

static bnn_status check_moments(const columns *c, const double *mean, const double *sd) {
    for (size_t j = 0; j < c->n; j++)
        if (!isfinite(mean[j]) || !isfinite(sd[j]))
            return BNN_FAIL(BNN_ERR_DATA, "column '%s' holds values too large to standardize",
                            c->names != NULL ? c->names[j] : "(image)");
    return BNN_OK;
}

/* shift and scale [n], zero and one on entry. */
static bnn_status standardize(const columns *c, double *shift, double *scale, size_t *n_constant) {
    double *work = calloc(4 * c->n + 1, sizeof *work);
    if (work == NULL) return BNN_FAIL_MEMORY("scaling");
    double *row = work, *first = row + c->n, *differs = first + c->n, *squares = differs + c->n;
    load_row(c, 0, first);
    for (size_t i = 0; i < c->n_rows; i++) {
        load_row(c, i, row);
        add_values(c->n, row, first, shift, differs);
    }
    for (size_t j = 0; j < c->n; j++) shift[j] = differs[j] > 0 ? shift[j] / (double)c->n_rows : first[j];
    for (size_t i = 0; i < c->n_rows; i++) {
        load_row(c, i, row);
        add_squares(c->n, row, shift, squares);
    }
    *n_constant = 0;
    for (size_t j = 0; j < c->n; j++) {
        double sd = sqrt(squares[j] / (double)c->n_rows);
        *n_constant += sd == 0;
        scale[j] = sd == 0 ? 1 : sd;
    }
    free(work);
    return check_moments(c, shift, scale);
}

static bnn_status fit_columns(const columns *c, const char *how, double *shift, double *scale, size_t *n_constant) {
    double divisor = 1;
    *n_constant = 0;
    if (strcmp(how, "standardize") == 0 && (c->at != NULL || c->bytes != NULL))
        return standardize(c, shift, scale, n_constant);
    if (strncmp(how, "divide:", 7) == 0 && !bnn_text_to_number(how + 7, &divisor))
        return BNN_FAIL(BNN_ERR_CONFIG, "scaling = %s, allowed: standardize, none, divide:NUMBER", how);
    for (size_t j = 0; j < c->n; j++) scale[j] = divisor;
    return BNN_OK;
}

/* Identity scaling of so many columns. */
static bnn_status init(bnn_scaling *s, size_t n_features, size_t n_targets) {
    *s = (bnn_scaling){ .n_features = n_features, .n_targets = n_targets, .degree = 1 };
    s->x_shift = calloc(n_features + 1, sizeof *s->x_shift);
    s->x_scale = calloc(n_features + 1, sizeof *s->x_scale);
    s->y_shift = calloc(n_targets + 1, sizeof *s->y_shift);
    s->y_scale = calloc(n_targets + 1, sizeof *s->y_scale);
    s->byte_shift = calloc(n_features + 1, sizeof *s->byte_shift);
    s->byte_factor = calloc(n_features + 1, sizeof *s->byte_factor);
    if (s->x_shift == NULL || s->x_scale == NULL || s->y_shift == NULL || s->y_scale == NULL || s->byte_shift == NULL ||
        s->byte_factor == NULL) {
        bnn_scaling_free(s);
        return BNN_FAIL_MEMORY("scaling");
    }
    for (size_t j = 0; j < n_features; j++) s->x_scale[j] = 1;
    for (size_t t = 0; t < n_targets; t++) s->y_scale[t] = 1;
    return BNN_OK;
}

/* 0/1 features stay 0 and 1: a rare level would otherwise become a number of many sds. */
static void leave_indicators(bnn_scaling *s, const bnn_schema *schema) {
    for (size_t k = 0, j = 0; k < schema->n_sources; k++) {
        const bnn_source *source = &schema->sources[k];
        size_t end = j + bnn_source_width(source);
        for (j += source->is_categorical ? 0 : 1; j < end; j++) {
            s->x_shift[j] = 0;
            s->x_scale[j] = 1;
        }
    }
}

static void prepare_bytes(bnn_scaling *s) {
    for (size_t j = 0; j < s->n_features; j++) {
        s->byte_shift[j] = (real)s->x_shift[j];
        s->byte_factor[j] = (real)(1 / s->x_scale[j]);
    }
}

bnn_status bnn_scaling_fit(bnn_scaling *scaling, const bnn_dataset *train, const char *scale_x, const char *scale_y) {
    const bnn_schema *schema = &train->schema;
    const columns x = { train->n_rows, schema->n_features, train->x, train->x_bytes, schema->feature_names };
    const columns y = { train->n_rows, schema->n_targets, train->y, NULL, schema->target_names };
    size_t n_constant_targets;
    bnn_scaling s = {0};
    if (train->degree > 1 && train->x_bytes != NULL)
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: data.expand = polynomial is for tables, not for images: set it to none", train->path);
    bnn_status status = init(&s, schema->n_features, schema->n_targets);
    if (status != BNN_OK) return status;
    if (train->degree > 1) s.degree = train->degree;
    if ((status = fit_columns(&x, scale_x, s.x_shift, s.x_scale, &s.n_constant)) != BNN_OK) goto failed;
    if (schema->n_classes == 0 &&
        (status = fit_columns(&y, scale_y, s.y_shift, s.y_scale, &n_constant_targets)) != BNN_OK) goto failed;
    leave_indicators(&s, schema);
    prepare_bytes(&s);
    *scaling = s;
    return BNN_OK;
failed:
    bnn_scaling_free(&s);
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *numbers_to_json(size_t n, const double *at) {
    json_t *list = json_array();
    for (size_t j = 0; list != NULL && j < n; j++) {
        if (json_array_append_new(list, json_real(at[j])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *bnn_scaling_to_json(const bnn_scaling *s) {
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:I}", "x_shift", numbers_to_json(s->n_features, s->x_shift),
                     "x_scale", numbers_to_json(s->n_features, s->x_scale), "y_shift", numbers_to_json(s->n_targets, s->y_shift),
                     "y_scale", numbers_to_json(s->n_targets, s->y_scale), "n_constant", (json_int_t)s->n_constant);
    if (json == NULL || s->degree == 1 || json_object_set_new(json, "degree", json_integer((json_int_t)s->degree)) == 0) return json;
    json_decref(json);
    return NULL;
}

static bnn_status read_numbers(double *at, size_t n, const json_t *json, const char *key, bool is_scale) {
    const json_t *list = json_object_get(json, key);
    bool is_good = json_is_array(list) && json_array_size(list) == n;
    for (size_t j = 0; is_good && j < n; j++) {
        const json_t *value = json_array_get(list, j);
        at[j] = json_number_value(value);
        is_good = json_is_number(value) && isfinite(at[j]) && (!is_scale || at[j] > 0);
    }
    return is_good ? BNN_OK : BNN_FAIL(BNN_ERR_DATA, "scaling: '%s' is missing or malformed", key);
}

/* Absent: 1, as in older files. */
static bnn_status read_degree(size_t *degree, const json_t *json) {
    const json_t *value = json_object_get(json, "degree");
    json_int_t number = json_integer_value(value);
    if (value == NULL) return BNN_OK;
    if (!json_is_integer(value) || number < 1 || number > BNN_MAX_DEGREE)
        return BNN_FAIL(BNN_ERR_DATA, "scaling: 'degree' is malformed");
    *degree = (size_t)number;
    return BNN_OK;
}

bnn_status bnn_scaling_from_json(bnn_scaling *scaling, const json_t *json) {
    bnn_scaling s = {0};
    size_t n_features = json_array_size(json_object_get(json, "x_shift"));
    size_t n_targets = json_array_size(json_object_get(json, "y_shift"));
    bnn_status status = init(&s, n_features, n_targets);
    if (status != BNN_OK) return status;
    if ((status = read_numbers(s.x_shift, s.n_features, json, "x_shift", false)) != BNN_OK) goto failed;
    if ((status = read_numbers(s.x_scale, s.n_features, json, "x_scale", true))  != BNN_OK) goto failed;
    if ((status = read_numbers(s.y_shift, s.n_targets, json, "y_shift", false))  != BNN_OK) goto failed;
    if ((status = read_numbers(s.y_scale, s.n_targets, json, "y_scale", true))   != BNN_OK) goto failed;
    if ((status = read_degree(&s.degree, json))                                  != BNN_OK) goto failed;
    s.n_constant = (size_t)json_integer_value(json_object_get(json, "n_constant"));
    prepare_bytes(&s);
    *scaling = s;
    return BNN_OK;
failed:
    bnn_scaling_free(&s);
    return status;
}

/* ---- the batch ------------------------------------------------------------------------------------------------------- */

BNN_CLONES static void scale_bytes(size_t n, const uint8_t *restrict raw, const real *restrict shift, const real *restrict factor,
                                   real *restrict scaled) {
    for (size_t j = 0; j < n; j++) scaled[j] = ((real)raw[j] - shift[j]) * factor[j];
}

BNN_CLONES static void scale_doubles(size_t n, const double *restrict raw, const double *restrict shift,
                                     const double *restrict scale, real *restrict scaled) {
    for (size_t j = 0; j < n; j++) scaled[j] = (real)((raw[j] - shift[j]) / scale[j]);
}

/* x [n] to [n x degree]: from the last on, so that no value is overwritten before its turn. Powers in double. */
static void expand_row(size_t n, size_t degree, real *x) {
    for (size_t j = n; j-- > 0;) {
        double value = (double)x[j], power = value;
        for (size_t p = 0; p < degree; p++, power *= value) x[j * degree + p] = (real)power;
    }
}

size_t bnn_scaling_width(const bnn_scaling *scaling) { return scaling->n_features * scaling->degree; }

void bnn_scaling_gather(const bnn_scaling *scaling, const bnn_dataset *dataset, size_t n, const size_t *rows, real *x, real *y) {
    const bnn_scaling *s = scaling;
    const bnn_dataset *d = dataset;
    assert(d->schema.n_features == s->n_features && (y == NULL || (d->y != NULL && d->schema.n_targets == s->n_targets)));
    for (size_t i = 0; i < n && x != NULL; i++) {
        size_t from = (rows != NULL ? rows[i] : i) * s->n_features, to = i * bnn_scaling_width(s);
        if (d->x_bytes != NULL) scale_bytes(s->n_features, d->x_bytes + from, s->byte_shift, s->byte_factor, x + to);
        else scale_doubles(s->n_features, d->x + from, s->x_shift, s->x_scale, x + to);
        if (s->degree > 1) expand_row(s->n_features, s->degree, x + to);
    }
    for (size_t i = 0; i < n && y != NULL; i++) {
        size_t from = (rows != NULL ? rows[i] : i) * s->n_targets, to = i * s->n_targets;
        scale_doubles(s->n_targets, d->y + from, s->y_shift, s->y_scale, y + to);
    }
}
