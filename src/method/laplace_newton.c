/* Newton steps for weights that a fit has left close to the minimum, as far as rounding in the loss let it see:
 *
 *     theta <- theta - A^-1 g,   A = H + P0,   g = d (nll - log prior) / d theta.
 *
 * The gradient knows the minimum to the square of what the loss knows. 1/2 g' A^-1 g, what the step wins in nats, says how close the fit was:
 * one that was stopped early, or on purpose, is left alone. bfgs and cg meant to go to the minimum: wherever rounding stopped them, steps
 * that lower both the gradient's norm and the energy are taken. */
#include "base/fail.h"
#include "method/laplace_state.h"
#include "optimizer/optimizer.h"
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
    double      most_nats;          /* that a step may win                */
    double      energy, norm;       /* at theta; of the span's gradient   */
    bnn_arena   arena;
} newton;

static bnn_status newton_make(newton *w, bnn_laplace_state *p) {
    const bnn_model *model = p->model;
    const bnn_optimizer_row *optimizer = (const bnn_optimizer_row *)bnn_config_variant(p->config, "optimizer", "name");
    *w = (newton){ .p = p, .most_nats = optimizer->algorithm != NULL ? INFINITY : MOST_NATS };
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

/* Energy and gradient at w->theta, and the gradient's norm over the span. */
static bnn_status measure(newton *w) {
    const bnn_curvature *curvature = &w->p->curvature;
    bnn_status status = bnn_problem_energy(&w->problem, w->theta, 0, NULL, &w->energy, w->g);
    w->norm = 0;
    for (size_t i = 0; i < curvature->n; i++) w->norm += (double)w->g[curvature->first + i] * (double)w->g[curvature->first + i];
    w->norm = sqrt(w->norm);
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
    return nats <= w->most_nats;
}

/* A step of less than MOST_NATS may not show in the energy. */
static bool is_lower(const newton *now, const newton *before) {
    return now->norm < before->norm && now->energy < before->energy + MOST_NATS;
}

bnn_status bnn_laplace_newton(bnn_laplace_state *p) {
    newton w, before;
    if (p->curvature.row->solve == NULL || p->options.newton_steps == 0) return BNN_OK;
    bnn_status status = newton_make(&w, p);
    if (status == BNN_OK) status = measure(&w);
    for (long long k = 0; status == BNN_OK && k < p->options.newton_steps && w.norm > 0 && move(&w); k++) {
        before = w;
        status = measure(&w);
        if (status != BNN_OK || !is_lower(&w, &before)) break;
        memcpy(bnn_laplace_theta(p), w.theta, p->model->posterior.n_params * sizeof(real));
        p->n_newton_steps++;
        status = bnn_laplace_add_curvature(p);
    }
    newton_free(&w);
    return status;
}
