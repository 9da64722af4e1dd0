/* bnn report RUN...|SWEEP: one self-contained HTML file. */
#include "cli/cli.h"
#include "base/fail.h"
#include "report/report.h"
#include "run/folder.h"
#include "sweep/result.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One that is not finished is told from other folders, too: bnn_run_open says what it lacks. */
static bool is_run(const char *folder) {
    char *path = bnn_folder_join(folder, BNN_RUN_POSTERIOR);
    bool is_there = bnn_folder_is_run(folder) || path == NULL || access(path, F_OK) == 0;
    free(path);
    return is_there;
}

static bool is_sweep(const char *folder) { return !bnn_folder_is_run(folder) && bnn_outcome_is_there(folder); }

static bnn_status fail_several(const char *folder) {
    return BNN_FAIL(BNN_ERR_USAGE, "%s: is a sweep, which has a page of its own: name it alone", folder);
}

/* A sweep's page is made of its tables: nothing is predicted anew, so nothing about predictions can be asked for. --threads does no harm. */
static bnn_status check_sweep(const cli_args *args) {
    const char *folder = args->words.at[0];
    if (args->words.n > 1) return fail_several(folder);
    if (args->ood != NULL) return BNN_FAIL(BNN_ERR_USAGE, "%s: is a sweep: --ood is for the report of a run", folder);
    for (size_t i = 0; i < args->sets.n; i++)
        if (strncmp(args->sets.at[i], "run.threads=", 12) != 0)
            return BNN_FAIL(BNN_ERR_USAGE, "%s: is a sweep, shown as it ran: %s is for the report of a run", folder, args->sets.at[i]);
    return BNN_OK;
}

static bnn_status write_sweep(const cli_args *args, char **path) {
    const bnn_outcome_lore lore = { .sign = bnn_result_metric_sign, .is_usual = bnn_result_metric_is_usual };
    bnn_status status = check_sweep(args);
    return status == BNN_OK ? bnn_report_write_sweep(args->words.at[0], args->output, &lore, path) : status;
}

static bnn_status write_runs(const cli_args *args, char **path) {
    const bnn_report_request request = { .n_runs = args->words.n, .runs = args->words.at, .ood = args->ood, .n_sets = args->sets.n,
                                         .sets = args->sets.at, .output = args->output };
    for (size_t i = 0; i < args->words.n; i++) {
        if (is_sweep(args->words.at[i])) return fail_several(args->words.at[i]);
        if (!is_run(args->words.at[i]))
            return BNN_FAIL(BNN_ERR_DATA, "%s: not a run folder and not that of a sweep: it has no " BNN_RUN_POSTERIOR " and no sweep.ini",
                            args->words.at[i]);
    }
    return bnn_report_write(&request, path);
}

bnn_status cli_report(const cli_args *args) {
    char *path = NULL;
    bnn_status status = is_sweep(args->words.at[0]) ? write_sweep(args, &path) : write_runs(args, &path);
    if (status == BNN_OK) puts(path);
    free(path);
    return status;
}
