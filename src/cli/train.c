/* bnn train CONFIG.ini, bnn train --resume RUN: a run folder; its path on stdout. */
#include "cli/cli.h"
#include "base/fail.h"
#include "config/ini.h"

#include <stdlib.h>
#include <string.h>

static bnn_status forecast(const bnn_run_request *request) {
    bnn_run_forecast made = {0};
    bnn_status status = bnn_run_check(&made, request);
    if (status != BNN_OK) return status;
    printf("folder    %s\n", made.folder);
    cli_forecast_print(&made);
    bnn_run_forecast_free(&made);
    return BNN_OK;
}

/* A run that goes on has its own configuration and folder. */
static bnn_status check_resume(const cli_args *args) {
    const char *other = args->output != NULL ? "-o" : args->force ? "--force" : args->dry_run ? "-n" : NULL;
    if (!args->resume || other == NULL) return BNN_OK;
    return BNN_FAIL(BNN_ERR_USAGE, "--resume and %s: only one of them", other);
}

static bool has_runs(const char *path) {
    bnn_arena arena = {0};
    bnn_settings settings = {0};
    bool is_found = false;
    if (bnn_ini_read(&settings, path, &arena) != BNN_OK) settings.n = 0;
    for (size_t i = 0; i < settings.n; i++)
        is_found = is_found || strcmp(settings.at[i].section, "sweep") == 0 || strcmp(settings.at[i].section, "tune") == 0;
    bnn_arena_free(&arena);
    return is_found;
}

/* A sweep file has sections that no configuration has: one sentence on what it is instead of one for each of them. */
static bnn_status explain(bnn_status status, const char *path) {
    char *sentences = strdup(bnn_error_text());
    if (has_runs(path)) status = BNN_FAIL(BNN_ERR_CONFIG, "%s: describes a sweep, many runs: `bnn sweep %s` does them", path, path);
    else bnn_error_set(status, "%s", sentences == NULL ? "" : sentences);
    free(sentences);
    return status;
}

static bnn_status fit(const cli_args *args, bnn_run_request *request) {
    bnn_run run = {0};
    cli_listening listening;
    bnn_listener listener = cli_listen(&listening, args);
    request->listener = &listener;
    if (args->resume) request->folder = args->words.at[0];
    bnn_status status = args->resume ? bnn_run_resume(&run, request) : bnn_run_train(&run, request);
    cli_listening_end(&listening);
    if (status == BNN_OK) puts(run.folder);
    bnn_run_free(&run);
    return status;
}

bnn_status cli_train(const cli_args *args) {
    bnn_run_request request = cli_request(args);
    bnn_status status = check_resume(args);
    if (status != BNN_OK) return status;
    status = args->dry_run ? forecast(&request) : fit(args, &request);
    return status == BNN_ERR_CONFIG && !args->resume ? explain(status, args->words.at[0]) : status;
}
