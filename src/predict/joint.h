/* Joint draws from the predictive distribution: each draw has one weight vector for all rows, so that sums, differences and whole curves
 * over rows have the spread that the model gives them. Linearised models: one joint normal of all outputs, N(f(mean), J Sigma J').
 *
 * Draws come one by one; at most some 64 MB of them are held at a time. */
#ifndef BNN_PREDICT_JOINT_H
#define BNN_PREDICT_JOINT_H

#include "predict/outputs.h"
#include "predict/predict.h"

typedef struct bnn_joint {
    const bnn_model *model;
    size_t           n_rows, n_values;    /* values of a row: targets or classes                               */
    size_t           draw;                /* number of the present draw                                        */
    double          *value;               /* [n_rows x n_values] means of y in their own units, or probabilities */
    double          *y;                   /* [n_rows x n_targets] one draw of y itself, own units, or class numbers */
    /* inside */
    bnn_team        *team;
    uint64_t         seed;
    bool             is_linear;
    bnn_draws        draws;
    size_t           window, first, n;    /* draws first .. first + n are in f                                 */
    real            *x, *f, *noise;       /* [n_rows x n_inputs], [window x n_rows x n_outputs], [window x n_noise] */
    real            *center, *z;          /* linearised: outputs at the mean and normals, [n_rows n_outputs]   */
    double          *factor;              /* linearised: Cholesky factor [n_rows n_outputs]^2                  */
    size_t           next;                /* draw to come                                                      */
    bnn_arena        arena;
} bnn_joint;

/* options: samples, seed, threads, from_prior; NULL is not allowed. A posterior of K stored draws gives draw s % K. Everything is borrowed.
 * BNN_ERR_DATA: more rows x outputs than BNN_JOINT_MOST of a linearised model, or columns that do not fit. */
bnn_status bnn_joint_make(bnn_joint *joint, const bnn_model *model, const bnn_dataset *rows, const bnn_predict_options *options);

/* The next draw into value and y. BNN_ERR_NUMERIC: an output is not finite. */
bnn_status bnn_joint_next(bnn_joint *joint);

void bnn_joint_free(bnn_joint *joint);

#endif
