/* bnn train CONFIG.ini, bnn train --resume RUN: a run folder; its path on stdout. */
#include "cli/cli.h"
#include "base/fail.h"

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

bnn_status cli_train(const cli_args *args) {
    bnn_run_request request = cli_request(args);
    bnn_run run = {0};
    cli_listening listening;
    bnn_status status = check_resume(args);
    if (status != BNN_OK) return status;
    if (args->dry_run) return forecast(&request);
    bnn_listener listener = cli_listen(&listening, args);
    request.listener = &listener;
    if (args->resume) request.folder = args->words.at[0];
    status = args->resume ? bnn_run_resume(&run, &request) : bnn_run_train(&run, &request);
    cli_listening_end(&listening);
    if (status == BNN_OK) puts(run.folder);
    bnn_run_free(&run);
    return status;
}
