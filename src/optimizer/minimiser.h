/* Whole-batch minimisers: bfgs and cg of GSL's multimin, one iteration at a time.
 *
 * They see a function of double numbers and its gradient. A minimiser has converged when the gradient's norm is at most `tolerance`. When
 * GSL finds no way down before that, it is restarted where it stands, with heights taken from gradients instead of values (or values
 * again, the next time): close to a minimum the differences of values drown in rounding long before the gradient does, and GSL gives up
 * on differences below 1e-16. If it does not move then either, the minimiser is stuck. */
#ifndef BNN_OPTIMIZER_MINIMISER_H
#define BNN_OPTIMIZER_MINIMISER_H

#include "optimizer/optimizer.h"

typedef struct bnn_minimiser_options {
    double tolerance;              /* on the norm of the gradient               */
    double line_tolerance;
    int    formula;                /* of cg alone                               */
} bnn_minimiser_options;

#ifdef BNN_DOUBLE
#define BNN_MINIMISER_TOLERANCE "1e-09"
#else
#define BNN_MINIMISER_TOLERANCE "0.0001"     /* rounding of float weights and outputs hides smaller gradients */
#endif

#define BNN_MINIMISER_ROWS                                                                                              \
    BNN_OPTION_NUMBER_ROW(bnn_minimiser_options, tolerance, BNN_MINIMISER_TOLERANCE, 1e-30, 1, "",                      \
                            "done when the gradient of the objective divided by the number of rows is no longer than this; below " \
                            "1e-4 use the double build (make PRECISION=double)"),                                       \
    BNN_OPTION_POSITIVE_ROW(bnn_minimiser_options, line_tolerance, "0.1", 1, "",                                        \
                            "accuracy of each search along a line: smaller is more exact and takes longer")

/* What is minimised. */
typedef struct bnn_objective {
    void  *context;
    size_t n;
    /* *value at x [n], and its gradient g [n] unless NULL. */
    bnn_status (*at)(void *context, const double *x, double *value, double *g);
} bnn_objective;

typedef enum bnn_minimiser_answer { BNN_MINIMISER_MOVED, BNN_MINIMISER_CONVERGED, BNN_MINIMISER_STUCK } bnn_minimiser_answer;

typedef struct bnn_minimiser {
    const bnn_minimiser_options *options;
    bnn_objective              objective;
    double                     first_step;     /* length of the first trial step */
    gsl_multimin_function_fdf  function;
    gsl_multimin_fdfminimizer *gsl;
    bnn_status                 status;         /* of the last evaluation         */
    gsl_vector                *origin;         /* where GSL was (re)started,     */
    gsl_vector                *slope, *g;      /* the gradient there; scratch    */
    bool                       uses_slopes;    /* heights come from gradients    */
    double                     high;           /* highest value of this iteration so far */
    double                     base, scale;    /* GSL sees (value - base) scale: 0 and 1 while heights are values */
} bnn_minimiser;

/* At x [objective.n], with the rule and the options of `optimizer`, a row that has an `algorithm`. The minimiser must stay where it is in
 * memory. Status of the objective at x. */
bnn_status bnn_minimiser_make(bnn_minimiser *minimiser, const bnn_optimizer *optimizer, bnn_objective objective, double first_step,
                              const double *x);
void       bnn_minimiser_free(bnn_minimiser *minimiser);

/* One iteration, or none where the minimiser has converged before it. BNN_ERR_NUMERIC: a gradient that is not finite. */
bnn_status bnn_minimiser_step(bnn_minimiser *minimiser, bnn_minimiser_answer *answer);

/* Where it stands. */
const double *bnn_minimiser_x(const bnn_minimiser *minimiser);
double        bnn_minimiser_value(const bnn_minimiser *minimiser);
double        bnn_minimiser_gradient_norm(const bnn_minimiser *minimiser);

#endif
