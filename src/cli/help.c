/* bnn help [topic]: commands from their table, everything else from the option rows. */
#include "cli/cli.h"

#include <stdlib.h>

/* "train" and "predict" are commands and sections: both pages. */
bnn_status cli_help(const cli_args *args) {
    const char *topic = args->words.n > 0 ? args->words.at[0] : NULL;
    const cli_command *command = topic == NULL ? NULL : cli_command_find(topic);
    char *text = NULL;
    if (topic == NULL) cli_usage_print(stdout);
    if (command != NULL) cli_command_help(command, stdout);
    bnn_status status = bnn_config_help(bnn_catalogue, topic, &text);
    if (status != BNN_OK) return command != NULL ? BNN_OK : status;
    printf("\n%s", text);
    free(text);
    return BNN_OK;
}
