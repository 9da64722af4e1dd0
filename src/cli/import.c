/* bnn import FILE.safetensors --config X.ini: a map run of a net trained elsewhere; its path on stdout. */
#include "cli/cli.h"
#include "base/fail.h"
#include "run/import.h"

bnn_status cli_import(const cli_args *args) {
    bnn_listener listener = cli_listen_notes(args);
    bnn_import_request request = { .weights = args->words.at[0], .map = args->map, .inputs = args->check_inputs,
                                   .outputs = args->check_outputs, .run = cli_request(args), .is_dry = args->dry_run };
    bnn_run run = {0};
    if (args->config == NULL)
        return BNN_FAIL(BNN_ERR_USAGE, "import wants --config X.ini: it says what the net's inputs and outputs are");
    request.run.config_path = args->config;
    request.run.listener = &listener;
    bnn_status status = bnn_run_import(&run, &request);
    if (status == BNN_OK && !args->dry_run) puts(run.folder);
    bnn_run_free(&run);
    return status;
}
