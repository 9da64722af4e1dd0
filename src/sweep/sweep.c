/* The whole of a sweep: folder, runs, tables. */
#include "sweep/sweep.h"
#include "base/clock.h"
#include "base/fail.h"
#include "run/folder.h"
#include "sweep/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_FILE "sweep.ini"

enum { LOCK_TRIES = 600, LOCK_MILLISECONDS = 50, TABLES_SECONDS = 5 };

/* ---- the folder ------------------------------------------------------------------------------------------------------ */

static bool is_sweep(const char *folder) {
    char *path = bnn_folder_join(folder, SWEEP_FILE);
    bool is_there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return is_there;
}

/* Tasks of a job array may make the folder at the same time: half-written files of theirs count as nothing. */
static bool holds_something(const char *folder) {
    DIR *dir = opendir(folder);
    bool is_found = false;
    if (dir == NULL) return access(folder, F_OK) == 0;
    for (struct dirent *entry; !is_found && (entry = readdir(dir)) != NULL;) is_found = entry->d_name[0] != '.';
    closedir(dir);
    return is_found;
}

static bool holds(const char *path, const char *data, size_t size) {
    char *there = NULL;
    size_t n;
    bool is_same = bnn_file_read(path, &there, &n) == BNN_OK && n == size && memcmp(there, data, size) == 0;
    free(there);
    return is_same;
}

/* Each run of a sweep comes by here: what is there already is not written again. */
static bnn_status copy_file(const bnn_plan *plan) {
    char *data = NULL, *path = bnn_folder_join(plan->folder, SWEEP_FILE);
    size_t size;
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("the name of a file") : bnn_file_read(plan->path, &data, &size);
    if (status == BNN_OK && !holds(path, data, size)) status = bnn_file_write(path, data, size);
    free(path);
    free(data);
    return status;
}

bnn_status bnn_sweep_open(const bnn_plan *plan) {
    char *path = strdup(plan->folder);
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("the folder of a sweep") : BNN_OK;
    bool is_old = status == BNN_OK && is_sweep(path);
    if (status == BNN_OK && !is_old && holds_something(path) && !is_sweep(path))
        status = BNN_FAIL(BNN_ERR_CONFIG, "%s: exists and is no sweep: choose another folder with -o", path);
    if (status == BNN_OK && !bnn_folder_make_path(path)) status = BNN_FAIL(BNN_ERR_FILE, "%s: cannot make the folder: %s", path, strerror(errno));
    if (status == BNN_OK) status = copy_file(plan);
    free(path);
    return status;
}

/* Children inherit the descriptor and with it the lock: it is free when the last of them has ended, also where the parent was killed.
 * -1: this file system has no locks. */
static bnn_status lock(int *fd, const char *folder) {
    struct timespec pause = { .tv_nsec = LOCK_MILLISECONDS * 1000000L };
    *fd = open(folder, O_RDONLY | O_DIRECTORY);
    for (int i = 0; *fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return BNN_OK;
        nanosleep(&pause, NULL);
    }
    if (*fd < 0) return BNN_OK;
    close(*fd);
    *fd = -1;
    return BNN_FAIL(BNN_ERR_USAGE, "%s: another bnn is at work in this sweep", folder);
}

/* ---- what is left to do ---------------------------------------------------------------------------------------------- */

/* Results that are there are taken; a finished one whose posterior is gone is done again. */
static size_t find_todo(bnn_sweep_table *t, size_t *todo) {
    size_t n = 0;
    for (size_t run = 0; run < t->n_runs; run++) {
        char *folder = bnn_plan_folder(t->plan, run);
        bool is_done = bnn_sweep_table_take(t, run) && folder != NULL &&
                       (t->state[run] == BNN_RUN_FAILED || bnn_folder_is_finished(folder));
        if (!is_done) {
            t->state[run] = BNN_RUN_WAITING;
            todo[n++] = run;
        }
        free(folder);
    }
    return n;
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static bnn_status write_text(const bnn_plan *plan, const char *name, bnn_text *text) {
    char *path = bnn_folder_join(plan->folder, name);
    bnn_status status = path == NULL || text->has_failed ? BNN_FAIL_MEMORY("the tables of a sweep")
                                                         : bnn_file_write(path, text->at == NULL ? "" : text->at, text->length);
    free(path);
    bnn_text_free(text);
    return status;
}

static bnn_status write_summary(const bnn_sweep_table *t, const char *name, bnn_summary_form form) {
    bnn_text text = {0};
    bnn_status status = bnn_sweep_summary_print(&text, t, form);
    if (status == BNN_OK) return write_text(t->plan, name, &text);
    bnn_text_free(&text);
    return status;
}

static bnn_status write_failures(const bnn_sweep_table *t) {
    bnn_text text = {0};
    for (size_t run = 0; run < t->n_runs; run++)
        if (t->state[run] == BNN_RUN_FAILED) bnn_text_add(&text, "%s: %s\n", t->plan->names[run], t->reason[run]);
    if (text.length > 0) return write_text(t->plan, "failures.txt", &text);
    char *path = bnn_folder_join(t->plan->folder, "failures.txt");
    if (path != NULL) unlink(path);
    free(path);
    return BNN_OK;
}

static bnn_status write_tables(const bnn_sweep_table *t) {
    bnn_text results = {0}, timings = {0};
    bnn_status status;
    bnn_sweep_results_print(&results, t);
    bnn_sweep_timings_print(&timings, t);
    status = write_text(t->plan, "results.csv", &results);
    if (status == BNN_OK) status = write_text(t->plan, "timings.csv", &timings);
    else bnn_text_free(&timings);
    if (status == BNN_OK) status = write_summary(t, "summary.csv", BNN_SUMMARY_CSV);
    if (status == BNN_OK) status = write_summary(t, "summary.md", BNN_SUMMARY_MARKDOWN);
    return status == BNN_OK ? write_failures(t) : status;
}

/* ---- while it goes on ------------------------------------------------------------------------------------------------- */

/* Whoever looks into the folder of a long sweep finds tables of what has ended so far. They take a fiftieth of the time at most. */
typedef struct watch {
    const bnn_sweep_table    *table;
    const bnn_sweep_listener *listener;        /* the caller's, or NULL */
    double                    due;
} watch;

/* A disk that is full is the affair of the tables at the end. */
static void refresh_tables(watch *w) {
    double begun = bnn_seconds_now();
    if (begun < w->due) return;
    write_tables(w->table);
    double end = bnn_seconds_now();
    w->due = end + TABLES_SECONDS + 50 * (end - begun);
}

static void on_progress(void *context, const bnn_sweep_progress *progress) {
    watch *w = context;
    if (w->listener != NULL && w->listener->progress != NULL) w->listener->progress(w->listener->context, progress);
    if (progress->ended != NULL) refresh_tables(w);
}

static bool wants_stop(void *context) {
    const watch *w = context;
    return w->listener != NULL && w->listener->wants_stop != NULL && w->listener->wants_stop(w->listener->context);
}

static bnn_status run_watched(bnn_sweep_table *table, const bnn_sweep_request *request, size_t n, const size_t *todo) {
    watch w = { table, request->listener, bnn_seconds_now() + TABLES_SECONDS };
    const bnn_sweep_listener listener = { &w, on_progress, wants_stop };
    bnn_sweep_request watched = *request;
    watched.listener = &listener;
    if (n > 0) write_tables(table);
    return bnn_pool_run(table, &watched, n, todo);
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

static size_t count(const bnn_sweep_table *t, bnn_run_state state) {
    size_t n = 0;
    for (size_t run = 0; run < t->n_runs; run++) n += t->state[run] == state;
    return n;
}

static bnn_status verdict(const bnn_sweep_table *t) {
    size_t n_open = count(t, BNN_RUN_STOPPED) + count(t, BNN_RUN_WAITING);
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t run = 0; run < t->n_runs; run++)
        if (t->state[run] == BNN_RUN_FAILED) status = bnn_error_add(BNN_ERR_FILE, "run %s failed: %s", t->plan->names[run], t->reason[run]);
    if (n_open == 0) return status;
    return bnn_error_add(BNN_STOPPED, "stopped with %zu of %zu runs to go; the same command goes on", n_open, t->n_runs);
}

bnn_status bnn_sweep_do(bnn_sweep_table *table, const bnn_plan *plan, const bnn_sweep_request *request) {
    int fd = -1;
    size_t *todo = malloc((bnn_plan_size(plan) + 1) * sizeof *todo);
    bnn_status status = todo == NULL ? BNN_FAIL_MEMORY("the runs of a sweep") : bnn_sweep_open(plan);
    if (status == BNN_OK) status = bnn_sweep_table_make(table, plan);
    if (status == BNN_OK) status = lock(&fd, plan->folder);
    if (status == BNN_OK) {
        size_t n = find_todo(table, todo);
        status = run_watched(table, request, n, todo);
        if (status == BNN_OK) status = write_tables(table);
        if (status == BNN_OK) status = verdict(table);
    }
    if (fd >= 0) close(fd);
    free(todo);
    return status;
}
