/* bnn predict RUN [DATA]: CSV on stdout or in a file. */
#include "cli/cli.h"
#include "base/fail.h"

bnn_status cli_predict(const cli_args *args) {
    cli_use use = {0};
    bnn_text csv = {0};
    bnn_status status = cli_use_start(&use, args);
    if (status != BNN_OK) goto done;
    bnn_prediction_print(use.prediction, &csv);
    if (csv.has_failed || csv.at == NULL) status = BNN_FAIL_MEMORY("the predictions as text");
    else if (args->output != NULL) status = bnn_file_write(args->output, csv.at, csv.length);
    else fwrite(csv.at, 1, csv.length, stdout);
done:
    bnn_text_free(&csv);
    cli_use_free(&use);
    return status;
}
