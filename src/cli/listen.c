/* Talk of a fit: on a terminal one line that is rewritten, elsewhere plain lines, about twenty a run. No colours. */
#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REWRITE_SECONDS 0.1

enum { DEFAULT_COLUMNS = 80 };

static volatile sig_atomic_t wants_stop, wants_save;

static void on_stop(int number) {
    (void)number;
    wants_stop = 1;
}

static void on_save(int number) {
    (void)number;
    wants_save = 1;
}

/* The first signal of a kind asks politely, a second one ends the program; SIGUSR1 may come any number of times. */
static void catch_signals(void) {
    struct sigaction stop = { .sa_handler = on_stop, .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };
    struct sigaction save = { .sa_handler = on_save, .sa_flags = SA_RESTART };
    sigemptyset(&stop.sa_mask);
    sigemptyset(&save.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGUSR1, &save, NULL);
}

static bnn_answer ask(void *context) {
    (void)context;
    bool is_save = wants_save != 0;
    if (is_save) wants_save = 0;
    return wants_stop != 0 ? BNN_STOP : is_save ? BNN_SAVE : BNN_GO_ON;
}

static int terminal_columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : DEFAULT_COLUMNS;
}

void cli_listening_end(cli_listening *listening) {
    if (listening->has_line) fputc('\n', stderr);
    listening->has_line = false;
}

static void note(void *context, const char *line) {
    cli_listening *l = context;
    if (l->is_quiet) return;
    cli_listening_end(l);
    fprintf(stderr, "%s\n", line);
}

static void rewrite(cli_listening *l, const char *line) {
    fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, line);
    fflush(stderr);
    l->has_line = true;
}

void cli_listening_show(cli_listening *l, const char *line, double seconds, bool is_due) {
    bool is_time = l->is_terminal ? is_due || seconds - l->last >= REWRITE_SECONDS : is_due;
    if (l->is_quiet || !is_time) return;
    l->last = seconds;
    if (l->is_terminal) rewrite(l, line);
    else fprintf(stderr, "%s\n", line);
}

static void show(cli_listening *l, const bnn_progress *progress) {
    bnn_text line = {0};
    bnn_progress_print(&line, progress);
    if (line.at != NULL && l->is_terminal) rewrite(l, line.at);
    else if (line.at != NULL) fprintf(stderr, "%s\n", line.at);
    bnn_text_free(&line);
}

static void on_progress(void *context, const bnn_progress *progress) {
    cli_listening *l = context;
    bool is_last = progress->record->epoch == progress->record->n_epochs;
    bool is_time = l->is_terminal ? is_last || progress->seconds - l->last >= REWRITE_SECONDS : progress->is_due;
    if (l->is_quiet || !(is_time || l->is_verbose)) return;
    l->last = progress->seconds;
    show(l, progress);
    if (is_last || l->is_verbose) cli_listening_end(l);
}

static void print_note(void *context, const char *line) { fprintf((FILE *)context, "%s\n", line); }

bnn_listener cli_listen_notes(const cli_args *args) {
    return (bnn_listener){ .context = args->dry_run ? stdout : stderr, .note = args->quiet && !args->dry_run ? NULL : print_note };
}

bnn_listener cli_listen(cli_listening *listening, const cli_args *args) {
    const char *terminal = getenv("TERM");
    bool is_dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
    *listening = (cli_listening){ .is_quiet = args->quiet, .is_verbose = args->verbose, .is_terminal = isatty(STDERR_FILENO) && !is_dumb };
    catch_signals();
    return (bnn_listener){ .context = listening, .note = note, .progress = on_progress, .ask = ask };
}
