/* Choosing the prior precision of a Laplace posterior by the evidence (MacKay 1992; Immer et al. 2021).
 *
 * Weights come in groups that share a multiplier tau of their prior precisions p0. With e = eigenvalues of H relative to p0 and
 * q = sum p0 theta^2,
 *
 *     log evidence = -nll + sum_groups 1/2 (n log tau - tau q - sum log(e + tau)),
 *
 * whose derivative vanishes where gamma(tau) = sum e / (e + tau) = tau q: gamma falls and tau q rises, so there is one root. */
#ifndef BNN_METHOD_PRECISION_H
#define BNN_METHOD_PRECISION_H

#include <stddef.h>

/* Eigenvalues come tile by tile, so that a group of many weights needs no array of its own. */
typedef struct bnn_precision_group {
    size_t      n;
    double      q;
    void      (*eigenvalues)(const void *context, size_t first, size_t n, double *e);     /* e [n] = numbers first .. first + n */
    const void *context;
    size_t      first;           /* of the group's own, among those of `context` */
} bnn_precision_group;

/* The tau of highest evidence, within [1e-12, 1e12]. */
double bnn_precision_by_evidence(const bnn_precision_group *group);

/* The group's term of the log evidence, and gamma, the number of well-determined weights. */
double bnn_precision_evidence(const bnn_precision_group *group, double tau);
double bnn_precision_gamma(const bnn_precision_group *group, double tau);

/* The smallest of the group. */
double bnn_precision_lowest(const bnn_precision_group *group);

#endif
