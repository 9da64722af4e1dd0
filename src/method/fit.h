/* One fit: everything that a method and the minibatch loop share. */
#ifndef BNN_METHOD_FIT_H
#define BNN_METHOD_FIT_H

#include "bnn/method.h"
#include "optimizer/optimizer.h"
#include "posterior/posterior.h"
#include "problem/problem.h"

typedef struct bnn_train_options {
    long long       epochs;
    bnn_number_word batch;         /* rows a step, or full */
    double          clip_norm;
} bnn_train_options;

typedef struct bnn_fit_state {
    const bnn_config      *config;
    bnn_problem           *problem;
    uint64_t               seed;
    uint32_t               member;      /* of an ensemble; else 0 */
    bnn_train_options      train;
    bnn_optimizer_options  optimizer;
    const bnn_schedule    *schedule;
    void                  *schedule_options;
    size_t                 n_batches;   /* per epoch */
    size_t                 n_passes;    /* of the largest batch */
    uint64_t               step, n_steps;
    bool                   is_finished; /* set by a method's step that has reached its goal: the run ends with this epoch */
    char                   remark[256]; /* what the user should hear at the end; "": nothing */
} bnn_fit_state;

/* The learning rate of the present step. */
double bnn_fit_lr(const bnn_fit_state *fit);

typedef struct bnn_method_row {
    bnn_variant head;
    const bnn_posterior_row *posterior;
    size_t state_size;
    /* Reads its options, makes its arrays in the zeroed `state`, sets initial values. */
    bnn_status (*start)(void *state, bnn_fit_state *fit);
    /* Step fit->step (1-based) on rows [n] (NULL: all); *nll: nats, whole set, estimated before the step (bfgs and cg: the value
     * after it). */
    bnn_status (*step)(void *state, bnn_fit_state *fit, size_t n, const size_t *rows, double *nll);
    /* penalty, kl_weight and elbo of the record; nll is set. */
    void (*record)(void *state, const bnn_fit_state *fit, bnn_epoch *record);
    /* theta [n_params] at which validation rows are scored: the mean weights. Borrowed. */
    const real *(*point)(void *state);
    void (*finish)(void *state, bnn_posterior *posterior);   /* fills a posterior of the row's kind (n_draws = 1) */
    void (*free)(void *state);          /* accepts a zeroed or half-built state */
} bnn_method_row;

extern const bnn_option bnn_train_rows[];     /* [train], of bnn_train_options */
extern const bnn_variant *const bnn_methods[];
extern const bnn_method_row bnn_bbb_method, bnn_map_method;

/* The minibatch loop from fit->step to the end. last: the record of the last epoch. */
bnn_status bnn_fit_loop(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_problem *valid, const bnn_observer *observer,
                        bnn_epoch *last);

#endif
