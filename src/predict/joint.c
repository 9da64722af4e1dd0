/* Joint draws: weights through the net window by window, or one normal of all outputs. */
#include "predict/csv.h"
#include "predict/prediction.h"
#include "base/fail.h"
#include "posterior/output_cov.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

/* Steps of BNN_PURPOSE_PREDICT: 0 is that of weights, 1 of local outputs. */
enum { WINDOW_REALS = (64 << 20) / sizeof(real), STEP_OUTPUTS = 2, STEP_TARGETS = 3 };

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* ---- linearised -------------------------------------------------------------------------------------------------------- */

/* A covariance of many rows is singular more often than not: a little is added to its diagonal until it has a factor, from 1e-13 of its
 * largest entry (1e-4 is rounding of float outputs far beyond its worst). */
static bnn_status factor_joint(size_t n, double *cov, double *factor) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, cov[i * n + i]);
    for (double share = 1e-13; share < 2e-4; share *= 10) {
        memcpy(factor, cov, n * n * sizeof *factor);
        for (size_t i = 0; i < n; i++) factor[i * n + i] += share * largest;
        if (largest == 0 || bnn_cholesky(n, factor)) return BNN_OK;
    }
    return BNN_FAIL(BNN_ERR_NUMERIC, "the joint covariance of %zu outputs is not positive semi-definite; look at the weights of the model", n);
}

static bnn_status fill_factor(bnn_joint *joint) {
    const bnn_model *model = joint->model;
    size_t n = joint->n_rows * model->net.n_outputs;
    bnn_arena arena = {0};
    bnn_output_cov linear;
    double *cov = BNN_TAKE(&arena, n * n, double);
    bnn_output_cov_take(&linear, &arena, &model->posterior, joint->team, joint->n_rows);
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the joint covariance") : BNN_OK;
    if (status == BNN_OK) status = bnn_output_cov_fill_joint(&linear, joint->n_rows, joint->x, joint->center, cov);
    if (status == BNN_OK) memcpy(joint->noise, linear.theta + model->posterior.n_weights, model->likelihood.n_noise * sizeof(real));
    if (status == BNN_OK) status = factor_joint(n, cov, joint->factor);
    bnn_arena_free(&arena);
    return status;
}

static bnn_status make_linear(bnn_joint *joint) {
    const bnn_model *model = joint->model;
    size_t k = model->net.n_outputs, n = joint->n_rows * k;
    if (n > BNN_JOINT_MOST)
        return BNN_FAIL(BNN_ERR_DATA, "joint draws of a linearised model need the covariance of all %zu rows x %zu outputs, and %d together "
                        "are the most: draw for fewer rows, or from a posterior with predictive = sampling", joint->n_rows, k,
                        BNN_JOINT_MOST);
    joint->window = 1;
    joint->center = BNN_TAKE(&joint->arena, n, real);
    joint->z = BNN_TAKE(&joint->arena, n, real);
    joint->factor = BNN_TAKE(&joint->arena, n * n, double);
    joint->noise = BNN_TAKE(&joint->arena, model->likelihood.n_noise, real);
    if (joint->arena.has_failed) return BNN_FAIL_MEMORY("joint draws");
    return fill_factor(joint);
}

/* f = center + L z */
static void draw_linear(bnn_joint *joint, size_t s) {
    size_t n = joint->n_rows * joint->model->net.n_outputs;
    bnn_rng_normals(bnn_key_make(joint->seed, BNN_PURPOSE_PREDICT, STEP_OUTPUTS, (uint32_t)s, 0), 0, n, joint->z);
    for (size_t r = 0; r < n; r++) {
        double sum = (double)joint->center[r];
        for (size_t q = 0; q <= r; q++) sum += joint->factor[r * n + q] * (double)joint->z[q];
        joint->f[r] = (real)sum;
    }
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bnn_status make_sampled(bnn_joint *joint, const bnn_predict_options *options) {
    size_t per_draw = joint->n_rows * joint->model->net.n_outputs, most = WINDOW_REALS / per_draw;
    joint->window = min_size(min_size(most > 0 ? most : 1, 4 * (size_t)bnn_team_size(joint->team)), (size_t)options->samples);
    joint->noise = BNN_TAKE(&joint->arena, joint->window * joint->model->likelihood.n_noise, real);
    return bnn_draws_make(&joint->draws, joint->model, joint->team, joint->seed, joint->window,
                          options->from_prior ? BNN_DRAW_PRIOR : BNN_DRAW_POSTERIOR, joint->n_rows);
}

static bnn_status make(bnn_joint *joint, const bnn_dataset *rows, const bnn_predict_options *options) {
    const bnn_model *model = joint->model;
    bnn_arena *arena = &joint->arena;
    bnn_status status;
    joint->x = BNN_TAKE(arena, joint->n_rows * model->net.n_inputs, real);
    joint->value = BNN_TAKE(arena, joint->n_rows * joint->n_values, double);
    joint->y = BNN_TAKE(arena, joint->n_rows * model->schema.n_targets, double);
    if (arena->has_failed) return BNN_FAIL_MEMORY("joint draws");
    if ((status = bnn_prediction_check_rows(model, rows))      != BNN_OK) return status;
    if ((status = bnn_team_make(&joint->team, options->threads)) != BNN_OK) return status;
    bnn_scaling_gather(&model->scaling, rows, rows->n_rows, NULL, joint->x, NULL);
    if ((status = joint->is_linear ? make_linear(joint) : make_sampled(joint, options)) != BNN_OK) return status;
    joint->f = BNN_TAKE(arena, joint->window * joint->n_rows * model->net.n_outputs, real);
    return arena->has_failed ? BNN_FAIL_MEMORY("joint draws") : BNN_OK;
}

bnn_status bnn_joint_make(bnn_joint *joint, const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options) {
    *joint = (bnn_joint){ .model = model, .n_rows = rows->n_rows, .seed = options->seed < 0 ? model->seed : (uint64_t)options->seed };
    joint->n_values = model->schema.n_classes > 0 ? model->schema.n_classes : model->schema.n_targets;
    joint->is_linear = !options->from_prior && bnn_predictive_of(model) != BNN_PREDICTIVE_SAMPLING;
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = make(joint, rows, options);
    bnn_blas_leave(saved);
    gsl_set_error_handler(handler);
    if (status != BNN_OK) bnn_joint_free(joint);
    return status;
}

void bnn_joint_free(bnn_joint *joint) {
    bnn_draws_free(&joint->draws);
    bnn_team_free(joint->team);
    bnn_arena_free(&joint->arena);
    *joint = (bnn_joint){0};
}

/* ---- drawing ----------------------------------------------------------------------------------------------------------- */

/* Makes draw s present in f unless it is. A posterior of K stored draws goes round. */
static bnn_status provide(bnn_joint *joint, size_t s) {
    size_t stored = joint->draws.from == BNN_DRAW_POSTERIOR ? joint->model->posterior.n_draws : 0, width = joint->window;
    if (stored > 0) {
        s %= stored;
        width = min_size(width, stored - s);
    }
    if (s >= joint->first && s < joint->first + joint->n) return BNN_OK;
    const bnn_draws_run run = { .first = s, .n = width, .n_rows = joint->n_rows, .x = joint->x, .f = joint->f, .noise = joint->noise };
    joint->first = s;
    joint->n = width;
    if (bnn_draws_fill(&joint->draws, &run)) return BNN_OK;
    return BNN_FAIL(BNN_ERR_NUMERIC, "outputs of weight draws %zu to %zu are not finite; look at the features of the rows and at the weights of "
                    "the model", s, s + width - 1);
}

/* Values and a draw of y from outputs f [n_rows x n_outputs]. */
static bnn_status fill_values(bnn_joint *joint, size_t s, const real *f, const real *noise) {
    const bnn_likelihood *likelihood = &joint->model->likelihood;
    const bnn_scaling *scaling = &joint->model->scaling;
    size_t n_targets = joint->model->schema.n_targets;
    double var[joint->n_values];
    gsl_rng *rng = bnn_rng_gsl(bnn_key_make(joint->seed, BNN_PURPOSE_PREDICT, STEP_TARGETS, (uint32_t)s, 0));
    if (rng == NULL) return BNN_FAIL_MEMORY("random numbers");
    for (size_t i = 0; i < joint->n_rows; i++, f += likelihood->n_outputs) {
        double *value = joint->value + i * joint->n_values, *y = joint->y + i * n_targets;
        if (likelihood->n_classes > 0) likelihood->row->probabilities(likelihood, 1, f, value);
        else likelihood->row->moments(likelihood, noise, 1, f, value, var);
        likelihood->row->sample(likelihood, noise, f, rng, y);
        for (size_t j = 0; likelihood->n_classes == 0 && j < n_targets; j++) {
            value[j] = scaling->y_shift[j] + scaling->y_scale[j] * value[j];
            y[j] = scaling->y_shift[j] + scaling->y_scale[j] * y[j];
        }
    }
    gsl_rng_free(rng);
    return BNN_OK;
}

static bnn_status next(bnn_joint *joint) {
    size_t s = joint->draw = joint->next++, at = 0;
    if (joint->is_linear) {
        draw_linear(joint, s);
    } else {
        bnn_status status = provide(joint, s);
        if (status != BNN_OK) return status;
        size_t stored = joint->draws.from == BNN_DRAW_POSTERIOR ? joint->model->posterior.n_draws : 0;
        at = (stored > 0 ? s % stored : s) - joint->first;
    }
    return fill_values(joint, s, joint->f + at * joint->n_rows * joint->model->net.n_outputs,
                       joint->noise + at * joint->model->likelihood.n_noise);
}

bnn_status bnn_joint_next(bnn_joint *joint) {
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = next(joint);
    bnn_blas_leave(saved);
    return status;
}

/* ---- CSV --------------------------------------------------------------------------------------------------------------- */

void bnn_joint_print_header(const bnn_joint *joint, bnn_text *csv) {
    const bnn_schema *schema = &joint->model->schema;
    bool has_classes = schema->n_classes > 0, is_one = schema->n_targets == 1;
    for (size_t v = 0; v < joint->n_values; v++) {
        const char *name = has_classes ? schema->class_names[v] : is_one ? "" : schema->target_names[v];
        bnn_csv_name(csv, v == 0 ? "" : ",", has_classes ? "p_" : is_one ? "mean" : "mean_", name);
    }
    for (size_t j = 0; j < schema->n_targets; j++) bnn_csv_name(csv, ",", is_one ? "y" : "y_", is_one ? "" : schema->target_names[j]);
    bnn_text_add(csv, "\n");
}

void bnn_joint_print_row(const bnn_joint *joint, size_t row, bnn_text *csv) {
    const bnn_schema *schema = &joint->model->schema;
    const double *y = joint->y + row * schema->n_targets;
    for (size_t v = 0; v < joint->n_values; v++) bnn_csv_number(csv, v == 0 ? "" : ",", joint->value[row * joint->n_values + v]);
    for (size_t j = 0; j < schema->n_targets; j++) {
        if (schema->n_classes > 0) bnn_csv_name(csv, ",", "", schema->class_names[(size_t)y[j]]);
        else bnn_csv_number(csv, ",", y[j]);
    }
    bnn_text_add(csv, "\n");
}
