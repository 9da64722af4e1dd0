/* bnn config CONFIG.ini | defaults: every key resolved, as a run folder's config.ini will hold it. */
#include "cli/cli.h"
#include "base/fail.h"

#include <stdlib.h>
#include <string.h>

bnn_status cli_config(const cli_args *args) {
    bnn_run_request request = cli_request(args);
    bnn_config *config = NULL;
    if (strcmp(request.config_path, "defaults") == 0) request.config_path = NULL;
    bnn_status status = bnn_run_read_config(&config, &request);
    if (status != BNN_OK) return status;
    char *text = bnn_config_print(config, NULL, args->verbose);
    if (text == NULL) status = BNN_FAIL_MEMORY("the configuration");
    else fputs(text, stdout);
    free(text);
    bnn_config_free(config);
    return status;
}
