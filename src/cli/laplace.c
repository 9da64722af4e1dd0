/* bnn laplace RUN: a new run beside it; its path on stdout. */
#include "cli/cli.h"
#include "run/laplace.h"

bnn_status cli_laplace(const cli_args *args) {
    bnn_listener listener = cli_listen_notes(args);
    bnn_laplace_request request = { .parent = args->words.at[0], .run = cli_request(args), .is_dry = args->dry_run };
    bnn_run run = {0};
    request.run.listener = &listener;
    bnn_status status = bnn_run_laplace(&run, &request);
    if (status == BNN_OK && !args->dry_run) puts(run.folder);
    bnn_run_free(&run);
    return status;
}
