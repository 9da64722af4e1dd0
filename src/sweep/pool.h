/* Children at work on runs, so many at a time. */
#ifndef BNN_SWEEP_POOL_H
#define BNN_SWEEP_POOL_H

#include "sweep/sweep.h"

/* Does the runs todo [n], in that order. Each one that ends is taken into the table with its state and, if it failed, its reason. When the
 * listener wants a stop, children are told (SIGTERM) and waited for. BNN_ERR_FILE if a child cannot be started. */
bnn_status bnn_pool_run(bnn_sweep_table *table, const bnn_sweep_request *request, size_t n, const size_t *todo);

#endif
