/* From RUN [DATA] to a prediction. */
#include "cli/cli.h"
#include "base/fail.h"

#include <string.h>

static bnn_status read_rows(cli_use *use, const cli_args *args) {
    const char *data = args->words.n > 1 ? args->words.at[1] : NULL;
    if (data != NULL && args->split != NULL)
        return BNN_FAIL(BNN_ERR_USAGE, "--split %s and rows of %s: only one of them", args->split, data);
    if (data == NULL && args->labels != NULL) return BNN_FAIL(BNN_ERR_USAGE, "--labels belongs to a file of rows, and none is named");
    if (data == NULL) return bnn_run_read_split(&use->rows, &use->run, args->split, &use->split);
    use->split = strcmp(data, "-") == 0 ? "standard input" : data;
    return bnn_run_read_rows(&use->rows, &use->run, data, args->labels);
}

bnn_status cli_use_start(cli_use *use, const cli_args *args) {
    bnn_status status;
    if ((status = bnn_run_open(&use->run, args->words.at[0], args->sets.n, args->sets.at)) != BNN_OK) return status;
    if ((status = read_rows(use, args))                                                  != BNN_OK) return status;
    return bnn_run_predict(&use->prediction, &use->run, use->rows);
}

void cli_use_free(cli_use *use) {
    bnn_prediction_free(use->prediction);
    bnn_dataset_free(use->rows);
    bnn_run_free(&use->run);
    *use = (cli_use){0};
}
