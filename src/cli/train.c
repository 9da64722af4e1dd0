/* bnn train CONFIG.ini: a run folder; its path on stdout. */
#include "cli/cli.h"

static bnn_status forecast(const bnn_run_request *request) {
    bnn_run_forecast made = {0};
    bnn_status status = bnn_run_check(&made, request);
    if (status != BNN_OK) return status;
    printf("folder    %s\n", made.folder);
    cli_forecast_print(&made);
    bnn_run_forecast_free(&made);
    return BNN_OK;
}

bnn_status cli_train(const cli_args *args) {
    bnn_run_request request = cli_request(args);
    bnn_run run = {0};
    cli_listening listening;
    if (args->dry_run) return forecast(&request);
    bnn_listener listener = cli_listen(&listening, args);
    request.listener = &listener;
    bnn_status status = bnn_run_train(&run, &request);
    cli_listening_end(&listening);
    if (status == BNN_OK) puts(run.folder);
    bnn_run_free(&run);
    return status;
}
