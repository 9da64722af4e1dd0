/* Starting children and waiting for whichever ends first.
 *
 * A child is awaited by its pidfd, so that neither signal masks nor other children of this process matter. What it says on stderr goes to
 * a file in memory: no pipe can fill up, and the sentence of a failure is there when it ends. */
#include "sweep/pool.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/team.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MILLISECONDS = 100, SAID_MOST = 4096 };

typedef struct child { pid_t pid; int handle, said; size_t run; } child;

typedef struct pool {
    bnn_sweep_table         *table;
    const bnn_sweep_request *request;
    size_t         n_todo, n_started, n_running, n_ended;
    const size_t  *todo;
    child         *children;         /* [jobs] the first n_running are at work */
    struct pollfd *polled;           /* [jobs]                                 */
    char         **environment;      /* ours, with what children need to know  */
    char           parent[64];
    int            threads;          /* of a child; 0: not ours to say         */
    bool           is_stopping;
    double         begun;
} pool;

/* ---- starting -------------------------------------------------------------------------------------------------------- */

/* Children get their own process group: Ctrl-C in a terminal reaches the parent alone, which tells them. */
static bnn_status spawn(pool *p, child *started, char *const *words) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, started->said, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    int error = posix_spawn(&started->pid, p->request->program, &actions, &attributes, words, p->environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error == 0 ? BNN_OK : BNN_FAIL(BNN_ERR_FILE, "%s: cannot start a run: %s", p->request->program, strerror(error));
}

static bnn_status start(pool *p, size_t run) {
    const bnn_sweep_request *r = p->request;
    const char **words = calloc(r->n_arguments + 4, sizeof *words);
    char index[32], threads[32];
    size_t n = r->n_arguments;
    child *started = &p->children[p->n_running];
    if (words == NULL) return BNN_FAIL_MEMORY("the words of a command");
    memcpy(words, r->arguments, n * sizeof *words);
    snprintf(index, sizeof index, "--index=%zu", run);
    snprintf(threads, sizeof threads, "run.threads=%d", p->threads);
    words[n++] = index;
    if (p->threads > 0) words[n++] = threads;
    *started = (child){ .run = run, .handle = -1, .said = memfd_create("bnn-said", MFD_CLOEXEC) };
    bnn_status status = started->said < 0 ? BNN_FAIL(BNN_ERR_FILE, "cannot start a run: %s", strerror(errno))
                                          : spawn(p, started, (char *const *)words);
    free(words);
    if (status != BNN_OK) {
        if (started->said >= 0) close(started->said);
        return status;
    }
    started->handle = (int)syscall(SYS_pidfd_open, started->pid, 0);
    p->n_running++;
    return BNN_OK;
}

/* ---- ending ---------------------------------------------------------------------------------------------------------- */

/* "bnn: a\nbnn: b" -> "a; b"; NULL: nothing was said. */
static const char *sentences_of(char *said, bnn_arena *arena) {
    bnn_text all = {0};
    char *rest = said;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strncmp(line, "bnn: ", 5) == 0) bnn_text_add(&all, "%s%s", all.length > 0 ? "; " : "", line + 5);
    return all.at == NULL ? NULL : bnn_phrase_take(arena, &all);
}

static const char *reason_of(const child *ended, int status, bnn_arena *arena) {
    char said[SAID_MOST + 1];
    ssize_t n = pread(ended->said, said, SAID_MOST, 0);
    said[n > 0 ? n : 0] = '\0';
    const char *sentences = sentences_of(said, arena);
    if (WIFSIGNALED(status)) return bnn_phrase_format(arena, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return sentences != NULL ? sentences : bnn_phrase_format(arena, "ended with exit code %d and no word", WEXITSTATUS(status));
}

enum { EXIT_STOPPED = 75 };

static void note_end(pool *p, const child *ended, int status) {
    bnn_sweep_table *t = p->table;
    bool is_stopped = (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STOPPED) || (p->is_stopping && WIFSIGNALED(status));
    if (bnn_sweep_table_take(t, ended->run)) return;
    t->state[ended->run] = is_stopped ? BNN_RUN_STOPPED : BNN_RUN_FAILED;
    if (!is_stopped) t->reason[ended->run] = reason_of(ended, status, &t->arena);
}

static void tell(const pool *p, const char *ended, const char *sentence) {
    const bnn_sweep_listener *listener = p->request->listener;
    bnn_sweep_progress progress = { .n = p->table->n_runs, .n_running = p->n_running, .seconds = bnn_seconds_now() - p->begun, .ended = ended,
                                    .sentence = sentence };
    if (listener == NULL || listener->progress == NULL) return;
    for (size_t i = 0; i < p->table->n_runs; i++) {
        progress.n_done += p->table->state[i] == BNN_RUN_FINISHED;
        progress.n_failed += p->table->state[i] == BNN_RUN_FAILED;
    }
    progress.seconds_left = p->n_ended == 0 ? NAN : progress.seconds * (double)(p->n_todo - p->n_ended) / (double)p->n_ended;
    listener->progress(listener->context, &progress);
}

static void finish(pool *p, size_t i) {
    child ended = p->children[i];
    int status = 0;
    if (waitpid(ended.pid, &status, WNOHANG) == 0) return;
    p->children[i] = p->children[--p->n_running];
    p->n_ended++;
    note_end(p, &ended, status);
    if (ended.handle >= 0) close(ended.handle);
    close(ended.said);
    tell(p, p->table->plan->names[ended.run], p->table->reason[ended.run]);
}

/* ---- the loop -------------------------------------------------------------------------------------------------------- */

static void stop_all(pool *p) {
    for (size_t i = 0; i < p->n_running; i++) kill(p->children[i].pid, SIGTERM);
    p->is_stopping = true;
}

static void wait_a_little(pool *p) {
    for (size_t i = 0; i < p->n_running; i++) p->polled[i] = (struct pollfd){ .fd = p->children[i].handle, .events = POLLIN };
    poll(p->polled, (nfds_t)p->n_running, TICK_MILLISECONDS);
    for (size_t i = p->n_running; i-- > 0;) finish(p, i);
}

static bnn_status loop(pool *p) {
    const bnn_sweep_listener *listener = p->request->listener;
    bnn_status status = BNN_OK;
    while (p->n_running > 0 || (p->n_started < p->n_todo && !p->is_stopping)) {
        while (status == BNN_OK && !p->is_stopping && p->n_started < p->n_todo && p->n_running < p->request->jobs)
            status = start(p, p->todo[p->n_started++]);
        bool wants_stop = listener != NULL && listener->wants_stop != NULL && listener->wants_stop(listener->context);
        if ((wants_stop || status != BNN_OK) && !p->is_stopping) stop_all(p);
        wait_a_little(p);
        tell(p, NULL, NULL);
    }
    return status;
}

/* Whether a run's threads are settled anywhere: then they are not divided here. */
static bool sets_threads(const bnn_settings *settings) {
    for (size_t i = 0; i < settings->n; i++) {
        const bnn_setting *at = &settings->at[i];
        if (at->key != NULL && strcmp(at->section, "run") == 0 && strcmp(at->key, "threads") == 0 && strcmp(at->value, "0") != 0) return true;
    }
    return false;
}

static int divide_threads(const bnn_plan *plan, size_t jobs) {
    bool is_set = sets_threads(&plan->sets) || sets_threads(&plan->own);
    for (size_t i = 0; plan->bases != NULL && i < plan->grid.axes[plan->base_axis].n; i++) is_set = is_set || sets_threads(&plan->bases[i]);
    int threads = bnn_team_default_size() / (int)jobs;
    return is_set ? 0 : threads > 0 ? threads : 1;
}

/* OpenBLAS starts threads of its own that we never use, and that spin for a while when they start: worth 10 ms of a short run. */
static char no_blas_threads[] = "OPENBLAS_NUM_THREADS=1";

static bool is_ours(const char *entry) {
    static const char *const names[] = { BNN_SWEEP_PARENT "=", "OPENBLAS_NUM_THREADS=" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0) return true;
    return false;
}

static bnn_status make_environment(pool *p) {
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) n++;
    if ((p->environment = calloc(n + 3, sizeof *p->environment)) == NULL) return BNN_FAIL_MEMORY("the environment of a run");
    for (size_t i = 0; i < n; i++)
        if (!is_ours(environ[i])) p->environment[kept++] = environ[i];
    snprintf(p->parent, sizeof p->parent, BNN_SWEEP_PARENT "=%ld", (long)getpid());
    p->environment[kept++] = p->parent;
    p->environment[kept] = no_blas_threads;
    return BNN_OK;
}

bnn_status bnn_pool_run(bnn_sweep_table *table, const bnn_sweep_request *request, size_t n, const size_t *todo) {
    pool p = { .table = table, .request = request, .n_todo = n, .todo = todo, .begun = bnn_seconds_now() };
    p.threads = divide_threads(table->plan, request->jobs);
    p.children = calloc(request->jobs, sizeof *p.children);
    p.polled = calloc(request->jobs, sizeof *p.polled);
    bnn_status status = p.children == NULL || p.polled == NULL ? BNN_FAIL_MEMORY("the runs of a sweep") : make_environment(&p);
    if (status == BNN_OK) status = loop(&p);
    free(p.environment);
    free(p.polled);
    free(p.children);
    return status;
}
