/* Products shared out over a team: C is cut into blocks of rows by a grid that depends on its shape alone. */
#ifndef BNN_BASE_PRODUCT_H
#define BNN_BASE_PRODUCT_H

#include "base/linalg.h"
#include "base/team.h"

/* C [m x n] += op(A) [m x k] op(B) [k x n], all row-major and contiguous. */
void bnn_product_add(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const real *a, const real *b, real *c);

/* C [m x n] <- the same in double. */
void bnn_product_double(bnn_team *team, bnn_op op_a, bnn_op op_b, size_t m, size_t n, size_t k, const double *a, const double *b, double *c);

#endif
