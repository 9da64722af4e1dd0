/* The team of threads: every tile once, whatever the sizes, and no job held up by workers that sleep or come late.
 * Worth running under -fsanitize=thread. */
#include "harness.h"
#include "base/team.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { MOST_TILES = 4097 };

typedef struct counts {
    _Atomic int times[MOST_TILES];
    _Atomic int out_of_range;
    int         size;
    double      results[MOST_TILES];   /* plain memory, read by the caller after the job: a race here is the team's fault */
} counts;

static void count_tile(void *context, size_t tile, int thread) {
    counts *c = context;
    if (thread < 0 || thread >= c->size || tile >= MOST_TILES) {
        atomic_fetch_add(&c->out_of_range, 1);
        return;
    }
    atomic_fetch_add(&c->times[tile], 1);
    c->results[tile] = sqrt((double)tile);
}

/* The first tile of n that did not run exactly once, or ran past the end; -1: none. */
static long find_fault(counts *c, size_t n) {
    if (atomic_load(&c->out_of_range) != 0) return MOST_TILES;
    for (size_t t = 0; t < MOST_TILES; t++)
        if (atomic_load(&c->times[t]) != (t < n) || c->results[t] != (t < n ? sqrt((double)t) : 0)) return (long)t;
    return -1;
}

static void run_and_check(bnn_team *team, counts *c, size_t n) {
    memset(c, 0, sizeof *c);
    c->size = bnn_team_size(team);
    bnn_team_run(team, n, count_tile, c);
    long at = find_fault(c, n);
    if (at >= 0) fail_msg("%d threads, %zu tiles: tile %ld ran wrongly", c->size, n, at);
}

static void every_tile_runs_once(void **state) {
    (void)state;
    static counts c;
    const int sizes[] = { 1, 2, 7, 64 };
    const size_t tiles[] = { 0, 1, 2, 3, 6, 7, 8, 63, 64, 65, 1000, MOST_TILES };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, sizes[s]));
        assert_int_equal(bnn_team_size(team), sizes[s]);
        for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++) run_and_check(team, &c, tiles[t]);
        bnn_team_free(team);
    }
}

/* Threads that claim at the same moment: a tile taken twice or not at all would show in some of six million claims. */
static void tiles_claimed_at_once_go_to_one_thread_each(void **state) {
    (void)state;
    static counts c;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, 3));
    for (int job = 0; job < 1500; job++) run_and_check(team, &c, MOST_TILES - (size_t)(job % 2));
    bnn_team_free(team);
}

static void check_sees_missing_and_repeated_tiles(void **state) {
    (void)state;
    static counts c;
    c.size = 1;
    for (size_t t = 0; t < 10; t++) count_tile(&c, t, 0);
    assert_int_equal(find_fault(&c, 10), -1);
    assert_int_equal(find_fault(&c, 11), 10);
    count_tile(&c, 4, 0);
    assert_int_equal(find_fault(&c, 10), 4);
    count_tile(&c, 4, 1);
    assert_int_equal(find_fault(&c, 10), MOST_TILES);
}

static void no_team_runs_on_the_caller(void **state) {
    (void)state;
    static counts c;
    run_and_check(NULL, &c, 100);
    assert_int_equal(bnn_team_size(NULL), 1);
    bnn_team_free(NULL);
}

static void add_tile(void *context, size_t tile, int thread) {
    (void)thread;
    atomic_fetch_add((_Atomic uint64_t *)context, tile + 1);
}

static void tiny_jobs_back_to_back_lose_nothing(void **state) {
    (void)state;
    const int sizes[] = { 2, 7 };
    for (int s = 0; s < 2; s++) {
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, sizes[s]));
        for (size_t job = 0; job < 5000; job++) {
            size_t n = 2 + job % 5;
            _Atomic uint64_t sum = 0;
            bnn_team_run(team, n, add_tile, &sum);
            if (atomic_load(&sum) != n * (n + 1) / 2) fail_msg("%d threads, job %zu of %zu tiles", sizes[s], job, n);
        }
        bnn_team_free(team);
    }
}

static void sleep_ms(long ms) { nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL); }

static void record_thread(void *context, size_t tile, int thread) {
    _Atomic uint64_t *seen = context;
    (void)tile;
    atomic_fetch_or(seen, UINT64_C(1) << thread);
    sleep_ms(2);
}

/* Tiles of 2 ms are shared out among threads that were all asleep: each of the four gets some of 200. */
static void sleepers_wake_and_help(void **state) {
    (void)state;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, 4));
    for (int round = 0; round < 3; round++) {
        _Atomic uint64_t seen = 0;
        sleep_ms(20);
        bnn_team_run(team, 200, record_thread, &seen);
        assert_int_equal(atomic_load(&seen), 15);
    }
    bnn_team_free(team);
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seven workers that kept spinning would use 200 ms of both processors; asleep they use none. */
static void idle_workers_use_no_processor(void **state) {
    (void)state;
    bnn_team *team = NULL;
    _Atomic uint64_t sum = 0;
    assert_ok(bnn_team_make(&team, 8));
    bnn_team_run(team, 100, add_tile, &sum);
    sleep_ms(50);
    double before = cpu_seconds();
    sleep_ms(200);
    assert_true(cpu_seconds() - before < 0.05);
    bnn_team_free(team);
}

static void teams_are_made_and_freed_without_work(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, 1 + i % 9));
        bnn_team_free(team);
    }
}

static void too_many_threads_are_refused(void **state) {
    (void)state;
    bnn_team *team = NULL;
    assert_int_equal(bnn_team_make(&team, BNN_TEAM_MAX + 1), BNN_ERR_USAGE);
    assert_null(team);
    assert_non_null(strstr(bnn_error_text(), "257 threads, allowed 1..256"));
}

static void default_size_prefers_slurm_then_openmp(void **state) {
    (void)state;
    setenv("SLURM_CPUS_PER_TASK", "3", 1);
    setenv("OMP_NUM_THREADS", "5", 1);
    assert_int_equal(bnn_team_default_size(), 3);
    setenv("SLURM_CPUS_PER_TASK", "nonsense", 1);
    assert_int_equal(bnn_team_default_size(), 5);
    unsetenv("SLURM_CPUS_PER_TASK");
    unsetenv("OMP_NUM_THREADS");
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    assert_in_range(bnn_team_default_size(), 1, n < BNN_TEAM_MAX ? n : BNN_TEAM_MAX);
}

/* A team that loses a tile waits for ever: the alarm then ends the program. */
int main(void) {
    alarm(120);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_runs_once),
        cmocka_unit_test(tiles_claimed_at_once_go_to_one_thread_each),
        cmocka_unit_test(check_sees_missing_and_repeated_tiles),
        cmocka_unit_test(no_team_runs_on_the_caller),
        cmocka_unit_test(tiny_jobs_back_to_back_lose_nothing),
        cmocka_unit_test(sleepers_wake_and_help),
        cmocka_unit_test(idle_workers_use_no_processor),
        cmocka_unit_test(teams_are_made_and_freed_without_work),
        cmocka_unit_test(too_many_threads_are_refused),
        cmocka_unit_test(default_size_prefers_slurm_then_openmp),
    };
    return RUN(tests);
}
