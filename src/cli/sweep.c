/* bnn sweep SWEEP.ini: all runs and their summary; --index: one of them; --emit: a job script. */
#include "cli/cli.h"
#include "base/fail.h"
#include "base/team.h"
#include "sweep/sweep.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static bnn_status read_count(size_t *value, const char *text, const char *option, double most) {
    double number;
    if (!bnn_text_to_number(text, &number) || number != floor(number) || number < 0 || number > most)
        return BNN_FAIL(BNN_ERR_USAGE, "%s %s: a whole number from 0 to %.0f is allowed", option, text, most);
    *value = (size_t)number;
    return BNN_OK;
}

static bnn_status read_jobs(size_t *jobs, const cli_args *args, const bnn_plan *plan) {
    bnn_status status = BNN_OK;
    *jobs = (size_t)plan->options.jobs;
    if (args->jobs != NULL) status = read_count(jobs, args->jobs, "-j", 4096);
    if (*jobs == 0) *jobs = (size_t)bnn_team_default_size();
    return status;
}

/* ---- one run --------------------------------------------------------------------------------------------------------- */

/* A run started by a sweep ends with it. Its parent may have ended before it could say so. */
static bool has_parent(void) {
    const char *parent = getenv(BNN_SWEEP_PARENT);
    if (parent == NULL) return true;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return strtol(parent, NULL, 10) == (long)getppid();
}

static bnn_status run_one(const bnn_plan *plan, const cli_args *args) {
    cli_listening listening;
    size_t run = 0;
    bnn_status status = read_count(&run, args->index, "--index", (double)bnn_plan_size(plan) - 1);
    if (status == BNN_OK) status = bnn_sweep_open(plan);
    if (status != BNN_OK) return status;
    bnn_listener listener = cli_listen(&listening, args);
    if (!has_parent()) return BNN_FAIL(BNN_STOPPED, "the sweep that wanted this run has ended");
    const bnn_run_request request = { .argc = args->argc, .argv = args->argv, .listener = &listener };
    status = bnn_sweep_run(plan, run, &request);
    cli_listening_end(&listening);
    if (status == BNN_OK && !args->quiet) printf("%s/%s\n", plan->folder, plan->names[run]);
    return status;
}

/* ---- all runs -------------------------------------------------------------------------------------------------------- */

typedef struct talk { cli_listening listening; bnn_listener listener; } talk;

static bool wants_stop(void *context) {
    talk *t = context;
    return t->listener.ask(t->listener.context) == BNN_STOP;
}

static void add_time(bnn_text *line, double seconds) {
    long s = lround(seconds);
    if (s >= 3600) bnn_text_add(line, "%ld h %02ld min", s / 3600, s / 60 % 60);
    else if (s >= 60) bnn_text_add(line, "%ld min %02ld s", s / 60, s % 60);
    else bnn_text_add(line, "%ld s", s);
}

static void on_progress(void *context, const bnn_sweep_progress *p) {
    talk *t = context;
    bnn_text line = {0};
    if (p->sentence != NULL) {
        bnn_text_add(&line, "run %s failed: %s", p->ended, p->sentence);
        t->listener.note(t->listener.context, line.at == NULL ? "" : line.at);
        line.length = 0;
    }
    bnn_text_add(&line, "%zu of %zu runs done, %zu running", p->n_done, p->n, p->n_running);
    if (p->n_failed > 0) bnn_text_add(&line, ", %zu failed", p->n_failed);
    if (isfinite(p->seconds_left)) {
        bnn_text_add(&line, ", ");
        add_time(&line, p->seconds_left);
        bnn_text_add(&line, " left");
    }
    if (p->ended != NULL && !t->listening.is_terminal) bnn_text_add(&line, "; %s", p->ended);
    cli_listening_show(&t->listening, line.at == NULL ? "" : line.at, p->seconds, p->ended != NULL);
    bnn_text_free(&line);
}

static void print_summary(const bnn_sweep_table *table) {
    bnn_text text = {0};
    if (bnn_sweep_summary_print(&text, table, BNN_SUMMARY_TERMINAL) == BNN_OK && text.at != NULL) fputs(text.at, stdout);
    bnn_text_free(&text);
}

/* The summary must not replace the sentence of a failure. */
static bnn_status run_all(const bnn_plan *plan, const cli_args *args, bnn_sweep_request *request) {
    talk t;
    t.listener = cli_listen(&t.listening, args);
    const bnn_sweep_listener listener = { .context = &t, .progress = on_progress, .wants_stop = wants_stop };
    bnn_sweep_table table = {0};
    request->listener = &listener;
    bnn_status status = bnn_sweep_do(&table, plan, request);
    cli_listening_end(&t.listening);
    char *sentences = strdup(bnn_error_text());
    if ((status == BNN_OK || status == BNN_ERR_FILE || status == BNN_STOPPED) && table.n_runs > 0 && !args->quiet) print_summary(&table);
    if (status != BNN_OK) bnn_error_set(status, "%s", sentences == NULL ? "" : sentences);
    free(sentences);
    bnn_sweep_table_free(&table);
    return status;
}

static void print_forecast(const bnn_plan *plan, size_t jobs) {
    printf("folder    %s\nruns      %zu, %zu at a time\n", plan->folder, bnn_plan_size(plan), jobs);
    for (size_t run = 0; run < bnn_plan_size(plan); run++) printf("%6zu    %s\n", run, plan->names[run]);
}

static bnn_status emit(const bnn_plan *plan, const cli_args *args, bnn_sweep_request *request) {
    bnn_text script = {0};
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    request->program = n > 0 ? program : "bnn";
    bnn_status status = bnn_sweep_emit(&script, plan, args->emit, request);
    if (status == BNN_OK) fputs(script.at, stdout);
    bnn_text_free(&script);
    return status;
}

/* What a child needs to come to the same plan. */
static size_t fill_arguments(const char **words, const cli_args *args) {
    size_t n = 0;
    words[n++] = "bnn";
    words[n++] = "sweep";
    words[n++] = args->words.at[0];
    words[n++] = "-q";
    if (args->output != NULL) {
        words[n++] = "-o";
        words[n++] = args->output;
    }
    for (size_t i = 0; i < args->sets.n; i++) {
        words[n++] = "-s";
        words[n++] = args->sets.at[i];
    }
    return n;
}

static bnn_status use_plan(const bnn_plan *plan, const cli_args *args) {
    const char **words = calloc(2 * args->sets.n + 8, sizeof *words);
    bnn_sweep_request request = { .program = "/proc/self/exe", .arguments = words };
    bnn_status status = words == NULL ? BNN_FAIL_MEMORY("the words of a command") : read_jobs(&request.jobs, args, plan);
    if (status == BNN_OK) {
        request.n_arguments = fill_arguments(words, args);
        status = bnn_plan_check(plan);
    }
    if (status == BNN_OK && args->emit != NULL) status = emit(plan, args, &request);
    else if (status == BNN_OK && args->dry_run) print_forecast(plan, request.jobs);
    else if (status == BNN_OK) status = run_all(plan, args, &request);
    free(words);
    return status;
}

bnn_status cli_sweep(const cli_args *args) {
    bnn_plan plan = {0};
    if (args->index != NULL && (args->emit != NULL || args->jobs != NULL || args->dry_run))
        return BNN_FAIL(BNN_ERR_USAGE, "--index does one run: not together with -j, -n or --emit");
    bnn_status status = bnn_plan_make(&plan, args->words.at[0], args->sets.n, args->sets.at, args->output);
    if (status == BNN_OK) status = args->index != NULL ? run_one(&plan, args) : use_plan(&plan, args);
    bnn_plan_free(&plan);
    return status;
}
