/* Newton steps for weights that a fit has left close to the minimum, as far as rounding in the loss let it see:
 *
 *     theta <- theta - A^-1 g,   A = H + P0,   g = d (nll - log prior) / d theta.
 *
 * The gradient knows the minimum to the square of what the loss knows. 1/2 g' A^-1 g, what the step wins in nats, says how close the fit was:
 * one that was stopped early, or on purpose, is left alone. */
#include "base/fail.h"
#include "method/laplace_state.h"
#include "problem/problem.h"

#include <math.h>
#include <string.h>

#define MOST_NATS 1e-3

typedef struct newton {
    bnn_laplace_state *p;
    bnn_problem problem;
    real       *theta;              /* [n_params] a try                   */
    real       *g;                  /* [n_params] gradient there          */
    double     *step;               /* [n] of the span                    */
    bnn_arena   arena;
} newton;

static bnn_status newton_make(newton *w, bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    *w = (newton){ .p = p };
    w->theta = BNN_TAKE(&w->arena, model->posterior.n_params, real);
    w->g = BNN_TAKE(&w->arena, model->posterior.n_params, real);
    w->step = BNN_TAKE(&w->arena, p->curvature.n, double);
    if (w->arena.has_failed) return BNN_FAIL_MEMORY("the Newton steps");
    memcpy(w->theta, bnn_laplace_theta(p), model->posterior.n_params * sizeof(real));
    return bnn_problem_make(&w->problem, &model->net, &model->likelihood, &model->prior, p->train, &model->scaling, p->team, 0);
}

static void newton_free(newton *w) {
    bnn_problem_free(&w->problem);
    bnn_arena_free(&w->arena);
}

/* The gradient at w->theta, and its norm over the span. */
static bnn_status measure(newton *w, double *norm) {
    const bnn_curvature *curvature = &w->p->curvature;
    double energy;
    bnn_status status = bnn_problem_energy(&w->problem, w->theta, 0, NULL, &energy, w->g);
    *norm = 0;
    for (size_t i = 0; i < curvature->n; i++) *norm += (double)w->g[curvature->first + i] * (double)w->g[curvature->first + i];
    *norm = sqrt(*norm);
    return status;
}

/* Moves w->theta; false: too far from a minimum for that. */
static bool move(newton *w) {
    const bnn_curvature *curvature = &w->p->curvature;
    size_t n = curvature->n, first = curvature->first;
    double nats = 0;
    for (size_t i = 0; i < n; i++) w->step[i] = (double)w->g[first + i];
    if (!curvature->row->solve(curvature, w->p->p0, w->step)) return false;
    for (size_t i = 0; i < n; i++) nats += 0.5 * w->step[i] * (double)w->g[first + i];
    for (size_t i = 0; i < n; i++) w->theta[first + i] = (real)((double)w->theta[first + i] - w->step[i]);
    return nats <= MOST_NATS;
}

bnn_status bnn_laplace_newton(bnn_laplace_state *p) {
    newton w;
    double norm = 0, before;
    if (p->curvature.row->solve == NULL || p->options.newton_steps == 0) return BNN_OK;
    bnn_status status = newton_make(&w, p);
    if (status == BNN_OK) status = measure(&w, &norm);
    for (long long k = 0; status == BNN_OK && k < p->options.newton_steps && norm > 0 && move(&w); k++) {
        before = norm;
        status = measure(&w, &norm);
        if (status != BNN_OK || !(norm < before)) break;
        memcpy(bnn_laplace_theta(p), w.theta, p->model->posterior.n_params * sizeof(real));
        p->n_newton_steps++;
        status = bnn_laplace_add_curvature(p);
    }
    newton_free(&w);
    return status;
}
