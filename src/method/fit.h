/* One fit: everything that a method and the minibatch loop share. */
#ifndef BNN_METHOD_FIT_H
#define BNN_METHOD_FIT_H

#include "base/tensors.h"
#include "bnn/method.h"
#include "model/model.h"
#include "optimizer/optimizer.h"
#include "posterior/posterior.h"
#include "problem/problem.h"

typedef struct bnn_train_options {
    long long       epochs;
    bnn_number_word batch;         /* rows a step, or full */
    double          clip_norm;
    long long       patience;      /* epochs without a better valid_nll before the fit ends; 0: never */
    double          input_noise_sd, shift, rotation;
    bool            rollback;
    double          checkpoint_minutes, time_limit;   /* minutes, 0: never; not for the fit, but for whoever follows it */
} bnn_train_options;

typedef struct bnn_fit_state {
    const bnn_config      *config;
    bnn_problem           *problem, *valid;     /* valid: NULL without validation rows */
    uint64_t               seed;
    uint32_t               member, n_members;   /* of an ensemble or a mixture; else 0 of 1 */
    const real            *initial;     /* [n_params] where net.init names a run; else NULL */
    bnn_train_options      train;
    bnn_optimizer_options  optimizer;
    const bnn_schedule    *schedule;
    void                  *schedule_options;
    size_t                 n_batches;   /* per epoch */
    size_t                 n_passes;    /* of the largest batch */
    uint64_t               step, n_steps;       /* of this member: steps begun, steps in all */
    /* where the loop is: epochs recorded, batches done in the present epoch and the sum of their nll */
    uint64_t               epoch, batch;
    double                 nll_sum;
    bnn_posterior          best;        /* the member's result so far: with patience, that of best_epoch */
    double                 best_valid;
    uint64_t               best_epoch;  /* 0: none yet */
    bnn_posterior          finished;    /* of several members: the results of those before this one */
    /* with train.rollback: the method's arrays as the present epoch began, and how often the fit has gone back */
    real                  *kept;        /* [n_kept], or NULL */
    size_t                 n_kept;
    uint64_t               n_rollbacks;
    bool                   is_finished; /* set by a method's step that has reached its goal: the run ends with this epoch */
    char                   remark[256]; /* what the user should hear at the end; "": nothing */
} bnn_fit_state;

/* theta [n_params]: where a fit of this member begins. */
void bnn_fit_initial(const bnn_fit_state *fit, real *theta);

/* The learning rate of the present step. */
double bnn_fit_lr(const bnn_fit_state *fit);

/* One array of a method's state, by name: all that a resumed run needs. */
typedef struct bnn_state_array { const char *name; size_t n; real *at; } bnn_state_array;

enum { BNN_STATE_ARRAYS = 12 };

typedef struct bnn_method_row {
    bnn_variant head;
    const bnn_posterior_row *posterior;
    size_t state_size;
    /* Needs that can be checked before any work; NULL: none. */
    bnn_status (*check)(const bnn_config *config, const bnn_net *net, bool has_valid_rows);
    /* How many fits, each with its own start and order of rows, make one posterior; NULL: one. More than one are kept as the kind
     * `joint`, whose arrays hold those of `posterior`, one vector per member. */
    size_t (*members)(const bnn_config *config);
    const bnn_posterior_row *joint;
    /* Reads its options, makes its arrays in the zeroed `state`, sets initial values. */
    bnn_status (*start)(void *state, bnn_fit_state *fit);
    /* Step fit->step (1-based) on rows [n] (NULL: all); *nll: nats, whole set, estimated before the step (bfgs and cg: the value
     * after it). */
    bnn_status (*step)(void *state, bnn_fit_state *fit, size_t n, const size_t *rows, double *nll);
    /* penalty, kl_weight and elbo of the record; nll is set. */
    void (*record)(void *state, const bnn_fit_state *fit, bnn_epoch *record);
    /* theta [n_params] at which validation rows are scored: the mean weights. Borrowed. */
    const real *(*point)(void *state);
    /* Before the last finish of a state: frees what only steps need, so that the result takes its place in memory. NULL: nothing. */
    void (*let_go)(void *state);
    void (*finish)(void *state, bnn_posterior *posterior);   /* fills a posterior of the row's kind (n_draws = 1) */
    /* Turns the finished model into another (its posterior, facts); NULL: leaves it. */
    bnn_status (*refine)(bnn_model *model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid, bnn_team *team);
    /* Fills `arrays`, returns how many. Read to save; after they have been written to, `resumed` (or NULL) is told. */
    size_t (*arrays)(void *state, bnn_state_array arrays[BNN_STATE_ARRAYS]);
    bnn_status (*resumed)(void *state, bnn_fit_state *fit);
    void (*free)(void *state);          /* accepts a zeroed or half-built state */
} bnn_method_row;

extern const bnn_option bnn_train_rows[];     /* [train], of bnn_train_options */
extern const bnn_variant *const bnn_methods[];
extern const bnn_method_row bnn_bbb_method, bnn_map_method, bnn_mc_dropout_method, bnn_ensemble_method, bnn_laplace_method;

/* How a run follows a fit: an observer, a place for checkpoints, and one to go on from. */
typedef struct bnn_fit_hooks {
    const bnn_observer *observer;       /* may be NULL */
    /* Keeps a checkpoint, whose tensors and facts (an object of strings) are borrowed; NULL: none are made. */
    bnn_status (*save)(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts);
    void       *context;
    const bnn_tensor_file *resume;      /* NULL: from the beginning */
} bnn_fit_hooks;

bnn_status bnn_fit_run(bnn_model **model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid,
                       const bnn_fit_hooks *hooks);

/* ---- loop.c: one member, from where the fit stands to the end ----------------------------------------------------------- */

/* The result is fit->best. */
bnn_status bnn_fit_loop(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks);

/* Room for the result of one member in fit->best. */
bnn_status bnn_fit_make_best(bnn_fit_state *fit, const bnn_method_row *method);

/* Ends the fit when the best epoch lies `patience` epochs back. */
void bnn_fit_judge_patience(bnn_fit_state *fit);

/* ---- rollback.c: after a loss or gradient that is not finite ---------------------------------------------------------------- */

enum { BNN_MOST_ROLLBACKS = 3 };

/* Takes the place for the method's arrays, if train.rollback asks for it. */
bnn_status bnn_fit_allow_rollback(bnn_fit_state *fit, const bnn_method_row *method, void *state);

/* Keeps the arrays as they are at the beginning of an epoch. */
void bnn_fit_keep(bnn_fit_state *fit, const bnn_method_row *method, void *state);

/* Puts the fit back there with half the learning rate; `failure` as it was unless that is BNN_ERR_NUMERIC and may be mended so. */
bnn_status bnn_fit_roll_back(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_status failure,
                             const bnn_observer *observer);

/* ---- checkpoint.c ------------------------------------------------------------------------------------------------------ */

bnn_status bnn_fit_save(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks);

/* Which member a checkpoint was in the midst of. */
bnn_status bnn_fit_resumed_member(const bnn_tensor_file *file, uint32_t *member);

/* Puts a started fit where the checkpoint was, finished members too. BNN_ERR_DATA if it is of another fit. */
bnn_status bnn_fit_load(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_tensor_file *file);

#endif
