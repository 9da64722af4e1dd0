/* The parts of map that other point methods are made of. */
#ifndef BNN_METHOD_MAP_H
#define BNN_METHOD_MAP_H

#include "method/fit.h"
#include "method/update.h"
#include "optimizer/minimiser.h"

typedef struct bnn_map_state {
    real         *theta;
    bnn_optimizer optimizer;
    bnn_update    update;         /* elementwise             */
    bnn_minimiser minimiser;      /* whole-batch             */
    real         *g;              /* whole-batch: [n_params] */
    bnn_problem  *problem;
    bnn_arena     arena;
} bnn_map_state;

bnn_status  bnn_map_start(void *state, bnn_fit_state *fit);
bnn_status  bnn_map_step(void *state, bnn_fit_state *fit, size_t n, const size_t *rows, double *nll);
void        bnn_map_record(void *state, const bnn_fit_state *fit, bnn_epoch *record);
const real *bnn_map_point(void *state);
void        bnn_map_finish(void *state, bnn_posterior *posterior);
size_t      bnn_map_arrays(void *state, bnn_state_array arrays[BNN_STATE_ARRAYS]);
bnn_status  bnn_map_resumed(void *state, bnn_fit_state *fit);
void        bnn_map_free(void *state);

/* In the row of a method whose fits are those of map; what makes it another method stands beside it. */
#define BNN_MAP_FIT \
    .state_size = sizeof(bnn_map_state), .start = bnn_map_start, .step = bnn_map_step, .record = bnn_map_record, .point = bnn_map_point, \
    .finish = bnn_map_finish, .arrays = bnn_map_arrays, .resumed = bnn_map_resumed, .free = bnn_map_free

#endif
