/* bnn diagnose CONFIG.ini: is the gradient right, how long will it take? */
#include "cli/cli.h"
#include "base/fail.h"
#include "run/diagnose.h"

static void print_block(const bnn_block_check *check) {
    printf("%-26s  %9zu  %11.4g", check->block.name, check->block.n, check->norm);
    if (check->n_decided == 0) printf("  %10s  %8s", "-", "-");
    else printf("  %10.2g  %8.2g", check->error, check->uncertainty);
    printf("  %3zu of %-3zu  %s\n", check->n_decided, check->n_probes,
           check->n_wrong > 0 ? "WRONG" : check->n_decided > 0 ? "ok" : "undecided");
}

static bnn_status print_checks(const bnn_diagnosis *diagnosis) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    printf("\ngradient against central differences on %zu rows, in %s precision; allowed: a relative error of %g\n"
           "beyond the uncertainty of the differences\n", diagnosis->n_rows,
           BNN_REAL_NAME, BNN_GRADIENT_TOLERANCE);
    printf("%-26s  %9s  %11s  %10s  %8s  decided\n", "block", "numbers", "norm", "error", "+-");
    for (size_t i = 0; i < diagnosis->n_checks; i++) {
        const bnn_block_check *check = &diagnosis->checks[i];
        print_block(check);
        if (check->n_wrong > 0)
            status = bnn_error_add(BNN_ERR_CHECK, "the gradient of block %s disagrees with differences of the energy: relative error %.2g "
                                   "(+- %.1g), allowed %g", check->block.name, check->error, check->uncertainty,
                                   BNN_GRADIENT_TOLERANCE);
    }
    return status;
}

bnn_status cli_diagnose(const cli_args *args) {
    bnn_run_request request = cli_request(args);
    bnn_diagnosis diagnosis = {0};
    bnn_status status = bnn_run_diagnose(&diagnosis, &request);
    if (status != BNN_OK) return status;
    cli_forecast_print(&diagnosis.forecast);
    status = print_checks(&diagnosis);
    bnn_diagnosis_free(&diagnosis);
    return status;
}
