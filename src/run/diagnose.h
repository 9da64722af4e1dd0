/* Does the gradient of this very model agree with differences of its energy?
 *
 * Each block is probed along random directions, along random parts of its gradient and along single coordinates; each probe
 * compares the central difference with the gradient's own prediction for the same move, extrapolated to a move of zero. */
#ifndef BNN_RUN_DIAGNOSE_H
#define BNN_RUN_DIAGNOSE_H

#include "problem/problem.h"
#include "run/run.h"

/* Largest relative error, beyond the uncertainty of the differences themselves, that still counts as rounding: sums over some hundred
 * units in the working precision, divided by moves of a thousandth. */
#ifdef BNN_DOUBLE
#define BNN_GRADIENT_TOLERANCE 1e-4
#else
#define BNN_GRADIENT_TOLERANCE 1e-2
#endif

typedef struct bnn_block_check {
    bnn_block block;
    double    norm;             /* of the block's gradient; nats, whole set                                      */
    double    error;            /* of the worst decided probe: |difference - gradient| / the larger of the two   */
    double    uncertainty;      /* what the differences leave open there, on the same scale                      */
    size_t    n_probes, n_decided, n_wrong;   /* decided: differences are steady enough to judge by               */
} bnn_block_check;

/* checks [n_blocks of the net + 1 if noise is learnt], at theta [n_params] (moved while probing, put back), on rows [n] (NULL: all). */
bnn_status bnn_gradient_check(bnn_block_check *checks, bnn_problem *problem, real *theta, size_t n, const size_t *rows, uint64_t seed);

typedef struct bnn_diagnosis {
    bnn_run_forecast forecast;
    size_t           n_rows;        /* used by the check */
    size_t           n_checks;
    bnn_block_check *checks;
} bnn_diagnosis;

/* Reads configuration and data, checks the gradient near the initial weights, times a few steps; writes nothing. That a gradient is
 * wrong is no failure of this function: see n_wrong. */
bnn_status bnn_run_diagnose(bnn_diagnosis *diagnosis, const bnn_run_request *request);
void       bnn_diagnosis_free(bnn_diagnosis *diagnosis);

#endif
