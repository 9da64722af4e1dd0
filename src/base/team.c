/* Tiles are claimed from one 64-bit word, generation << 32 | next tile, by compare-and-swap. A claim that succeeds proves that
 * the job read just before is the current one and not yet finished, so a worker that wakes up late never holds anybody up: the
 * caller waits for the tiles, not for the workers. Workers spin for some microseconds, then sleep on a condition variable. */
#include "base/team.h"
#include "base/fail.h"
#include "base/linalg.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CLOSED 0xffffffffu   /* as next tile: none left */

enum { SPINS_BEFORE_SLEEP = 4000, SPINS_BEFORE_YIELD = 2000 };

struct bnn_team {
    _Alignas(64) _Atomic uint64_t claim;      /* generation << 32 | next tile */
    _Alignas(64) _Atomic uint64_t n_done;
    _Alignas(64) _Atomic(bnn_tile_fn *) tile;
    _Atomic(void *)  context;
    _Atomic uint64_t n_tiles;
    _Atomic int      n_asleep;
    _Atomic bool     is_closing;
    pthread_mutex_t  mutex;
    pthread_cond_t   wake;
    int              size;
    int              n_started;
    struct worker { bnn_team *team; int thread; pthread_t handle; } workers[BNN_TEAM_MAX];
};

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Claims and runs tiles of job `generation` until none is left. */
static void work(bnn_team *team, uint64_t generation, int thread) {
    for (;;) {
        uint64_t claim = atomic_load(&team->claim);
        bnn_tile_fn *tile = atomic_load(&team->tile);
        void *context = atomic_load(&team->context);
        uint64_t n_tiles = atomic_load(&team->n_tiles), next = claim & 0xffffffffu;
        if (claim >> 32 != generation || next >= n_tiles) return;
        if (!atomic_compare_exchange_weak(&team->claim, &claim, claim + 1)) continue;
        tile(context, (size_t)next, thread);
        atomic_fetch_add(&team->n_done, 1);
    }
}

static uint64_t generation_of(bnn_team *team) { return atomic_load(&team->claim) >> 32; }

static void sleep_until_job(bnn_team *team, uint64_t seen) {
    pthread_mutex_lock(&team->mutex);
    atomic_fetch_add(&team->n_asleep, 1);
    while (generation_of(team) == seen && !atomic_load(&team->is_closing)) pthread_cond_wait(&team->wake, &team->mutex);
    atomic_fetch_sub(&team->n_asleep, 1);
    pthread_mutex_unlock(&team->mutex);
}

static void *worker_main(void *argument) {
    struct worker *self = argument;
    bnn_team *team = self->team;
    uint64_t seen = 0;
    bnn_blas_single_thread();
    for (;;) {
        for (int spin = 0; spin < SPINS_BEFORE_SLEEP && generation_of(team) == seen; spin++) pause_briefly();
        if (generation_of(team) == seen) sleep_until_job(team, seen);
        if (atomic_load(&team->is_closing)) return NULL;
        seen = generation_of(team);
        work(team, seen, self->thread);
    }
}

static void wake_sleepers(bnn_team *team) {
    if (atomic_load(&team->n_asleep) == 0) return;
    pthread_mutex_lock(&team->mutex);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->mutex);
}

void bnn_team_run(bnn_team *team, size_t n_tiles, bnn_tile_fn *tile, void *context) {
    if (team == NULL || team->size == 1 || n_tiles < 2) {
        for (size_t t = 0; t < n_tiles; t++) tile(context, t, 0);
        return;
    }
    uint64_t last = generation_of(team), generation = (last + 1) & 0xffffffffu;
    atomic_store(&team->claim, last << 32 | CLOSED);   /* no claim may succeed while the job's fields change */
    atomic_store(&team->n_done, 0);
    atomic_store(&team->tile, tile);
    atomic_store(&team->context, context);
    atomic_store(&team->n_tiles, n_tiles);
    atomic_store(&team->claim, generation << 32);
    wake_sleepers(team);
    work(team, generation, 0);
    for (int spin = 0; atomic_load(&team->n_done) != n_tiles; spin++) {
        if (spin < SPINS_BEFORE_YIELD) pause_briefly();
        else sched_yield();
    }
}

int bnn_team_size(const bnn_team *team) { return team == NULL ? 1 : team->size; }

static int count_from(const char *variable) {
    const char *value = getenv(variable);
    int n = value == NULL ? 0 : atoi(value);
    return n > 0 && n <= BNN_TEAM_MAX ? n : 0;
}

int bnn_team_default_size(void) {
    int n = count_from("SLURM_CPUS_PER_TASK");
    if (n == 0) n = count_from("OMP_NUM_THREADS");
    if (n > 0) return n;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    n = CPU_COUNT(&set);
    return n < BNN_TEAM_MAX ? n : BNN_TEAM_MAX;
}

bnn_status bnn_team_make(bnn_team **team, int n_threads) {
    int size = n_threads > 0 ? n_threads : bnn_team_default_size();
    if (size > BNN_TEAM_MAX) return BNN_FAIL(BNN_ERR_USAGE, "%d threads, allowed 1..%d", size, BNN_TEAM_MAX);
    bnn_team *made = aligned_alloc(64, (sizeof *made + 63) / 64 * 64);
    if (made == NULL) return BNN_FAIL_MEMORY("the thread team");
    memset(made, 0, sizeof *made);
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->wake, NULL);
    made->size = size;
    for (int t = 1; t < size; t++) {
        made->workers[t] = (struct worker){ .team = made, .thread = t };
        int code = pthread_create(&made->workers[t].handle, NULL, worker_main, &made->workers[t]);
        if (code != 0) {
            bnn_team_free(made);
            return BNN_FAIL(BNN_ERR_MEMORY, "cannot start thread %d of %d: %s", t + 1, size, strerror(code));
        }
        made->n_started = t;
    }
    *team = made;
    return BNN_OK;
}

void bnn_team_free(bnn_team *team) {
    if (team == NULL) return;
    pthread_mutex_lock(&team->mutex);
    atomic_store(&team->is_closing, true);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->mutex);
    for (int t = 1; t <= team->n_started; t++) pthread_join(team->workers[t].handle, NULL);
    pthread_mutex_destroy(&team->mutex);
    pthread_cond_destroy(&team->wake);
    free(team);
}
