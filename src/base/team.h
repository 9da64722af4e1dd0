/* A small team of threads that shares out the tiles of one job at a time.
 *
 * The grid of tiles never depends on the number of threads, each tile is computed whole by whichever thread claims it, and
 * sums go tile by tile in fixed order: so one machine gives the same bits for 1, 2 or 64 threads. Our own pool instead of
 * OpenMP: no busy waiting beyond a few microseconds, no clash with an OpenMP build of OpenBLAS, nothing left hanging in a
 * forked child, and thread sanitizers understand it. */
#ifndef BNN_BASE_TEAM_H
#define BNN_BASE_TEAM_H

#include "base/real.h"
#include "bnn/status.h"

typedef struct bnn_team bnn_team;

enum { BNN_TEAM_MAX = 256 };

/* tile: 0 .. n_tiles - 1;  thread: 0 .. size - 1, the calling thread is 0 (for scratch space, never for results). */
typedef void bnn_tile_fn(void *context, size_t tile, int thread);

/* n_threads counts the calling thread. 0: bnn_team_default_size(). */
bnn_status bnn_team_make(bnn_team **team, int n_threads);
void       bnn_team_free(bnn_team *team);

/* SLURM_CPUS_PER_TASK, else OMP_NUM_THREADS, else the processors this process may use. */
int bnn_team_default_size(void);

/* 1 for a NULL team: everything then runs on the calling thread. */
int bnn_team_size(const bnn_team *team);

/* Runs all tiles and returns when the last is done. Only the thread that made the team may call it; jobs do not nest. */
void bnn_team_run(bnn_team *team, size_t n_tiles, bnn_tile_fn *tile, void *context);

#endif
