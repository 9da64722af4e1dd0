/* Products shared out over a team: C is cut into blocks of rows by a grid that depends on its shape alone. */
#ifndef BNN_BASE_PRODUCT_H
#define BNN_BASE_PRODUCT_H

#include "base/linalg.h"
#include "base/team.h"

/* C [m x n] = op(A) [m x k] op(B) [k x n] + beta C, all row-major and contiguous. */
void bnn_product(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, const real *b, real beta, real *c);
void bnn_product_double(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const double *a, const double *b,
                        double beta, double *c);

#endif
