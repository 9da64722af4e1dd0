/* Optimizers: rules that move a span of theta along its gradient. They see plain numbers, never a network.
 *
 * The gradient is that of the objective divided by N (the caller passes nats of the whole set and g_scale = 1 / N), so that rates,
 * epsilons and norms mean what they mean elsewhere. A step is begun once, then done span by span, by any thread in any order.
 *
 * Whole-batch minimisers (bfgs, cg) have an `algorithm` instead of a `step`: see minimiser.h. */
#ifndef BNN_OPTIMIZER_OPTIMIZER_H
#define BNN_OPTIMIZER_OPTIMIZER_H

#include "base/arena.h"
#include "bnn/status.h"
#include "config/config.h"
#include <gsl/gsl_multimin.h>

typedef struct bnn_optimizer bnn_optimizer;

enum { BNN_OPTIMIZER_STATES = 2 };

typedef struct bnn_optimizer_row {
    bnn_variant head;
    size_t      n_states;      /* arrays of n reals each                                        */
    void (*begin)(bnn_optimizer *optimizer);       /* constants of step t; NULL: none           */
    /* theta [n] -= lr * f(g_scale * g [n]); first: position of the span in the state arrays */
    void (*step)(const bnn_optimizer *optimizer, size_t first, size_t n, const real *g, real *theta);
    /* whole-batch: the rule, by the row's options; step is NULL then, else this is */
    const gsl_multimin_fdfminimizer_type *(*algorithm)(const void *options);
} bnn_optimizer_row;

struct bnn_optimizer {
    const bnn_optimizer_row *row;
    void     *options;                            /* of the row's own type */
    size_t    n;
    size_t    n_decayed;                          /* spans that begin before this are weights, which weight_decay shrinks; made as n */
    real     *state[BNN_OPTIMIZER_STATES];
    uint64_t  t;                                  /* 1 in the first step   */
    double    lr, g_scale;                        /* of the present step   */
    double    c[2];                               /* the row's own constants of the present step */
    bnn_arena arena;
};

typedef struct bnn_optimizer_options {
    double lr;
    double log_sd_lr_factor;
    double warmup;                                /* epochs */
} bnn_optimizer_options;

extern const bnn_option bnn_optimizer_rows[];     /* [optimizer], of bnn_optimizer_options */
extern const bnn_axis   bnn_optimizer_axes[];

/* For n parameters, from [optimizer]. */
bnn_status bnn_optimizer_make(bnn_optimizer *optimizer, const bnn_config *config, size_t n);
void       bnn_optimizer_free(bnn_optimizer *optimizer);

/* Step t (1-based) with rate lr. */
void bnn_optimizer_begin(bnn_optimizer *optimizer, uint64_t t, double lr, double g_scale);

/* When a step is: t (1-based) out of n_steps, epoch_steps of them an epoch. */
typedef struct bnn_clock { uint64_t t, n_steps, epoch_steps; } bnn_clock;

/* Learning-rate schedules: the rate of a step, from the base rate. */
typedef struct bnn_schedule {
    bnn_variant head;
    double (*rate)(const void *options, double lr, bnn_clock clock);
} bnn_schedule;

/* The same with warm-up, from [optimizer]; options: the schedule's own. */
double bnn_schedule_lr(const bnn_schedule *schedule, const void *options, const bnn_optimizer_options *base, bnn_clock clock);

extern const bnn_variant *const bnn_schedules[];

/* The tables, ended by NULL; the first is the default. */
extern const bnn_variant *const bnn_optimizers[];
extern const bnn_optimizer_row bnn_adam_optimizer, bnn_adamw_optimizer, bnn_sgd_optimizer, bnn_momentum_optimizer,
                               bnn_nesterov_optimizer, bnn_adagrad_optimizer, bnn_rmsprop_optimizer, bnn_bfgs_optimizer, bnn_cg_optimizer;

#endif
