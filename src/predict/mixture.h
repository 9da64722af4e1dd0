/* What all draws say together about one target of one row: the equal mixture of their likelihoods, in scaled units. */
#ifndef BNN_PREDICT_MIXTURE_H
#define BNN_PREDICT_MIXTURE_H

#include "likelihood/likelihood.h"
#include "predict/normals.h"
#include <gsl/gsl_integration.h>
#include <gsl/gsl_roots.h>

typedef struct bnn_mixture {
    const bnn_likelihood *likelihood;
    size_t        n;              /* components, one per draw                              */
    const real   *f;              /* the row's outputs for draw s at f + s * stride        */
    size_t        stride;
    const real   *noise;          /* learnt noise of draw s at noise + s * n_noise         */
    size_t        target;
    const double *mean, *var;     /* [n] of the components                                 */
    const double *inverse_sd;     /* [n] 1 / sd of normal components, for which f and noise are not asked; NULL: others */
} bnn_mixture;

/* Solvers, one set per thread. GSL's error handler must be off. */
typedef struct bnn_mixture_tools { gsl_root_fsolver *solver; gsl_integration_workspace *integration; } bnn_mixture_tools;

bool bnn_mixture_tools_make(bnn_mixture_tools *tools);      /* false: out of memory */
void bnn_mixture_tools_free(bnn_mixture_tools *tools);

double bnn_mixture_cdf(const bnn_mixture *mixture, double y);

/* cdf(y); of counts the middle of the step at y, (cdf(y - 1) + cdf(y)) / 2, which is 1/2 on average as it should be. */
double bnn_mixture_pit(const bnn_mixture *mixture, double y);

/* The y with cdf(y) = level, to 1e-12 sd; of counts the smallest whose cdf reaches the level. NaN if none was found. */
double bnn_mixture_quantile(const bnn_mixture *mixture, bnn_mixture_tools *tools, double level);

/* Continuous ranked probability score, the integral of (cdf(x) - 1{x >= y})^2 dx; NaN if the integral did not converge. */
double bnn_mixture_crps(const bnn_mixture *mixture, bnn_mixture_tools *tools, double y);

#endif
