/* bnn report RUN...: one self-contained HTML file. */
#include "cli/cli.h"
#include "report/report.h"

#include <stdlib.h>

bnn_status cli_report(const cli_args *args) {
    char *path = NULL;
    bnn_report_request request = { .n_runs = args->words.n, .runs = args->words.at, .ood = args->ood, .n_sets = args->sets.n,
                                   .sets = args->sets.at, .output = args->output };
    bnn_status status = bnn_report_write(&request, &path);
    if (status == BNN_OK) puts(path);
    free(path);
    return status;
}
