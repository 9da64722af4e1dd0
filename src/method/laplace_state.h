/* A Laplace posterior in the making: what the whole (laplace.c), the Newton steps (laplace_newton.c) and the choice of the prior precision
 * (laplace_tune.c) share. */
#ifndef BNN_METHOD_LAPLACE_STATE_H
#define BNN_METHOD_LAPLACE_STATE_H

#include "method/laplace_options.h"
#include "method/precision.h"
#include "model/model.h"

/* Layers with one multiplier of their prior precision. */
typedef struct bnn_laplace_group {
    bnn_precision_group group;
    size_t first_layer;
    double lowest;            /* eigenvalue relative to p0 */
    double tau;
} bnn_laplace_group;

typedef struct bnn_laplace_state {
    bnn_model         *model;          /* its posterior is that of the structure from the start: the mean is the map weights */
    const bnn_config  *config;
    const bnn_dataset *train, *valid;
    bnn_team          *team;
    bnn_laplace_options options;
    size_t             lowest;         /* layer of the span */
    double             nll;
    double            *p0, *precisions;      /* [n_blocks] of the prior; times tau */
    bnn_curvature      curvature;
    size_t             n_groups;
    bnn_laplace_group *groups;         /* [n_layers] */
    size_t             n_newton_steps;
    bnn_arena          arena;
} bnn_laplace_state;

/* theta [n_params]: the mean of the model's posterior. */
real *bnn_laplace_theta(const bnn_laplace_state *p);

/* The curvature at theta; made anew if there is one. */
bnn_status bnn_laplace_add_curvature(bnn_laplace_state *p);

/* Moves theta onto the minimum that it lies close to, with the curvature there. */
bnn_status bnn_laplace_newton(bnn_laplace_state *p);

/* After decompose: groups of layers, all with tau = 1; their taus by method.prior_precision; the posterior with them. */
bnn_status bnn_laplace_group_layers(bnn_laplace_state *p);
bnn_status bnn_laplace_choose_precision(bnn_laplace_state *p);
bnn_status bnn_laplace_set_posterior(bnn_laplace_state *p);

#endif
