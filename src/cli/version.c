/* bnn version */
#include "cli/cli.h"
#include "base/fail.h"

#include <stdlib.h>

bnn_status cli_version(const cli_args *args) {
    char *text = bnn_version_text();
    (void)args;
    if (text == NULL) return BNN_FAIL_MEMORY("the version");
    fputs(text, stdout);
    free(text);
    return BNN_OK;
}
