/* GSL's multimin behind a status: no handler that aborts, restarts, convergence.
 *
 * Taking heights from gradients close to a minimum is the idea of the approximate Wolfe conditions (Hager & Zhang 2005, section 3). */
#include "optimizer/minimiser.h"
#include "base/fail.h"

#include <assert.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

/* Of values, relative: sums over rows of what is computed in `real`. */
#ifdef BNN_DOUBLE
#define ROUNDING 1e-12
#else
#define ROUNDING 1e-5
#endif

static double rounding_of(double value) { return ROUNDING * fmax(1, fabs(value)); }

/* A point where the objective overflows counts as higher ground than all others, so that a line search steps back from it; not as
 * infinitely high, since from there GSL's interpolation steps back all the way. */
static void evaluate(bnn_minimiser *minimiser, const gsl_vector *x, double *value, gsl_vector *g) {
    const bnn_objective *objective = &minimiser->objective;
    assert(x->stride == 1 && (g == NULL || g->stride == 1));
    minimiser->status = objective->at(objective->context, x->data, value, g == NULL ? NULL : g->data);
    if (minimiser->status != BNN_OK) {
        *value = minimiser->high + 10 * (1 + fabs(minimiser->high));
        if (g != NULL) gsl_vector_set_all(g, NAN);
    } else if (*value > minimiser->high) {
        minimiser->high = *value;
    }
}

/* Height of x over the origin by the trapezoidal rule along the straight line between them: exact but for the third derivative. */
static double climb(const bnn_minimiser *minimiser, const gsl_vector *x, const gsl_vector *g) {
    double sum = 0;
    for (size_t i = 0; i < x->size; i++)
        sum += 0.5 * (g->data[i] + minimiser->slope->data[i]) * (x->data[i] - minimiser->origin->data[i]);
    return sum;
}

/* Gradients decide what is lower only where values cannot. */
static void height_and_gradient(const gsl_vector *x, void *params, double *height, gsl_vector *g) {
    bnn_minimiser *minimiser = params;
    evaluate(minimiser, x, height, g);
    if (!minimiser->uses_slopes) return;
    double over = *height - minimiser->base;
    if (fabs(over) <= rounding_of(minimiser->base)) over = climb(minimiser, x, g);
    *height = over * minimiser->scale;
    gsl_vector_scale(g, minimiser->scale);
}

static double height_at(const gsl_vector *x, void *params) {
    bnn_minimiser *minimiser = params;
    double height;
    if (minimiser->uses_slopes) height_and_gradient(x, minimiser, &height, minimiser->g);
    else evaluate(minimiser, x, &height, NULL);
    return height;
}

static void gradient_at(const gsl_vector *x, void *params, gsl_vector *g) {
    double height;
    height_and_gradient(x, params, &height, g);
}

/* Forgets the past and looks afresh from the origin. */
static int start(bnn_minimiser *minimiser, double first_step) {
    return gsl_multimin_fdfminimizer_set(minimiser->gsl, &minimiser->function, minimiser->origin, first_step,
                                         minimiser->options->line_tolerance);
}

/* The same from where it stands, with the other kind of heights. */
static int restart(bnn_minimiser *minimiser) {
    double norm = bnn_minimiser_gradient_norm(minimiser), value = bnn_minimiser_value(minimiser);
    gsl_vector_memcpy(minimiser->origin, minimiser->gsl->x);
    gsl_vector_memcpy(minimiser->slope, minimiser->gsl->gradient);
    gsl_vector_scale(minimiser->slope, 1 / minimiser->scale);
    minimiser->uses_slopes = !minimiser->uses_slopes;
    minimiser->base = minimiser->uses_slopes ? value : 0;
    minimiser->scale = minimiser->uses_slopes ? 1 / (norm * norm) : 1;
    return start(minimiser, fmin(minimiser->first_step, norm));
}

static bnn_status fail_gradient(void) { return BNN_FAIL(BNN_ERR_NUMERIC, "the gradient is not finite"); }

static bnn_status take(bnn_minimiser *minimiser, const gsl_multimin_fdfminimizer_type *algorithm, const double *x) {
    size_t n = minimiser->objective.n;
    minimiser->gsl = gsl_multimin_fdfminimizer_alloc(algorithm, n);
    minimiser->origin = gsl_vector_alloc(n);
    minimiser->slope = gsl_vector_alloc(n);
    minimiser->g = gsl_vector_alloc(n);
    if (minimiser->gsl == NULL || minimiser->origin == NULL || minimiser->slope == NULL || minimiser->g == NULL)
        return BNN_FAIL_MEMORY("the minimiser");
    memcpy(minimiser->origin->data, x, n * sizeof *x);
    int code = start(minimiser, minimiser->first_step);
    if (minimiser->status != BNN_OK) return minimiser->status;
    if (!isfinite(bnn_minimiser_gradient_norm(minimiser))) return fail_gradient();
    return code == GSL_SUCCESS ? BNN_OK : BNN_FAIL(BNN_ERR_NUMERIC, "the minimiser cannot start: %s", gsl_strerror(code));
}

bnn_status bnn_minimiser_make(bnn_minimiser *minimiser, const bnn_optimizer *optimizer, bnn_objective objective, double first_step,
                              const double *x) {
    *minimiser = (bnn_minimiser){ .options = optimizer->options, .objective = objective, .first_step = first_step, .scale = 1,
                                    .high = -INFINITY };
    minimiser->function = (gsl_multimin_function_fdf){ .f = height_at, .df = gradient_at, .fdf = height_and_gradient,
                                                       .n = objective.n, .params = minimiser };
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    bnn_status status = take(minimiser, optimizer->row->algorithm(optimizer->options), x);
    gsl_set_error_handler(handler);
    return status;
}

void bnn_minimiser_free(bnn_minimiser *minimiser) {
    if (minimiser->gsl != NULL) gsl_multimin_fdfminimizer_free(minimiser->gsl);
    gsl_vector_free(minimiser->origin);
    gsl_vector_free(minimiser->slope);
    gsl_vector_free(minimiser->g);
    *minimiser = (bnn_minimiser){0};
}

static int move(bnn_minimiser *minimiser) {
    minimiser->high = bnn_minimiser_value(minimiser);
    int code = gsl_multimin_fdfminimizer_iterate(minimiser->gsl);
    bool has_moved = gsl_blas_dnrm2(minimiser->gsl->dx) != 0;
    return code == GSL_SUCCESS && !has_moved ? GSL_ENOPROG : code;
}

static int iterate(bnn_minimiser *minimiser) {
    int code = move(minimiser);
    if (code == GSL_ENOPROG && (code = restart(minimiser)) == GSL_SUCCESS) code = move(minimiser);
    return code;
}

static bool has_converged(const bnn_minimiser *minimiser) {
    return bnn_minimiser_gradient_norm(minimiser) <= minimiser->options->tolerance;
}

bnn_status bnn_minimiser_step(bnn_minimiser *minimiser, bnn_minimiser_answer *answer) {
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    int code = has_converged(minimiser) ? GSL_SUCCESS : iterate(minimiser);
    gsl_set_error_handler(handler);
    bnn_error_clear();      /* of trial points that the search stepped back from */
    *answer = has_converged(minimiser) ? BNN_MINIMISER_CONVERGED : code == GSL_ENOPROG ? BNN_MINIMISER_STUCK : BNN_MINIMISER_MOVED;
    if (!isfinite(bnn_minimiser_gradient_norm(minimiser))) return fail_gradient();
    return code == GSL_SUCCESS || code == GSL_ENOPROG ? BNN_OK : BNN_FAIL(BNN_ERR_NUMERIC, "the minimiser: %s", gsl_strerror(code));
}

const double *bnn_minimiser_x(const bnn_minimiser *minimiser) { return minimiser->gsl->x->data; }
double bnn_minimiser_value(const bnn_minimiser *minimiser) { return minimiser->base + minimiser->gsl->f / minimiser->scale; }
double bnn_minimiser_gradient_norm(const bnn_minimiser *minimiser) { return gsl_blas_dnrm2(minimiser->gsl->gradient) / minimiser->scale; }
