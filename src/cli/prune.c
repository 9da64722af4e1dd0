/* bnn prune RUN: what removing weights costs, as a table; with --keep a new run without them; its path on stdout. */
#include "cli/cli.h"
#include "base/fail.h"
#include "report/html.h"
#include "run/prune.h"

#include <math.h>
#include <string.h>

enum { BAR = 20 };      /* what 80 columns leave it */

static const double removed_shares[] = { 0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98 };

enum { POINTS = sizeof removed_shares / sizeof *removed_shares };

/* ---- the curve ------------------------------------------------------------------------------------------------------- */

/* A bar from 0 to the largest error. */
static void print_bar(double value, double most) {
    int length = most > 0 ? (int)lround(BAR * value / most) : 0;
    for (int i = 0; i < length; i++) putchar('#');
}

static void print_curve(const bnn_prune_point *points, const cli_use *use) {
    const char *error = use->run.model->schema.n_classes > 0 ? "error" : "rmse";
    double most = 0;
    for (size_t i = 0; i < POINTS; i++) most = fmax(most, points[i].error.value);
    printf("# %s, %s: %zu rows; weights of least |mean| / sd removed\n", use->run.folder, use->split, use->rows->n_rows);
    printf("%9s  %10s  %10s  %10s  %10s  %s\n", "removed %", "kept", error, "se", "log_lik", error);
    for (size_t i = 0; i < POINTS; i++) {
        const bnn_prune_point *p = &points[i];
        printf("%9.4g  %10zu  %10.5g  %10.2g  %10.5g  ", 100 * p->removed, p->n_kept, p->error.value, p->error.se, p->log_lik.value);
        print_bar(p->error.value, most);
        putchar('\n');
    }
}

static bnn_status print_json(const bnn_prune_point *points, const cli_use *use) {
    const char *error = use->run.model->schema.n_classes > 0 ? "error" : "rmse";
    json_t *list = json_array();
    for (size_t i = 0; i < POINTS; i++)
        json_array_append_new(list, json_pack("{s:f, s:I, s:o, s:o, s:o}", "removed", points[i].removed, "kept", (json_int_t)points[i].n_kept,
                                              error, cli_number(points[i].error.value), "se", cli_number(points[i].error.se),
                                              "log_lik", cli_number(points[i].log_lik.value)));
    return cli_json_print(json_pack("{s:o, s:s, s:I, s:o}", "run", bnn_json_text(use->run.folder), "split", use->split, "rows",
                                    (json_int_t)use->rows->n_rows, "curve", list));
}

static bnn_status show_curve(const cli_args *args) {
    bnn_prune_point points[POINTS] = {0};
    cli_use use = {0};
    if (args->output != NULL || args->dry_run || args->force)
        return BNN_FAIL(BNN_ERR_USAGE, "-o, -n and --force are for a new run: say with --keep PERCENT how many weights it keeps");
    for (size_t i = 0; i < POINTS; i++) points[i].removed = removed_shares[i];
    bnn_status status = bnn_run_open(&use.run, args->words.at[0], args->sets.n, args->sets.at);
    if (status == BNN_OK) status = bnn_model_check_prunable(use.run.model);      /* before it is asked for rows in vain */
    if (status == BNN_OK) status = bnn_run_read_split(&use.rows, &use.run, args->split, &use.split);
    if (status == BNN_OK) status = bnn_run_prune_curve(&use.run, use.rows, POINTS, points);
    if (status == BNN_OK && args->json) status = print_json(points, &use);
    else if (status == BNN_OK) print_curve(points, &use);
    cli_use_free(&use);
    return status;
}

/* ---- a new run ------------------------------------------------------------------------------------------------------- */

static bnn_status read_keep(double *keep, const cli_args *args) {
    double percent;
    if (!bnn_text_to_number(args->keep, &percent) || !(percent > 0 && percent <= 100))
        return BNN_FAIL(BNN_ERR_USAGE, "--keep %s: a percentage of the weights, above 0 and at most 100", args->keep);
    *keep = percent / 100;
    bool has_sets = false;
    for (size_t i = 0; i < args->sets.n; i++) has_sets = has_sets || strncmp(args->sets.at[i], "run.threads=", 12) != 0;
    if (has_sets || args->split != NULL || args->json)
        return BNN_FAIL(BNN_ERR_USAGE, "settings, --split and --json are for the curve: leave --keep out");
    return BNN_OK;
}

bnn_status cli_prune(const cli_args *args) {
    if (args->keep == NULL) return show_curve(args);
    bnn_listener listener = cli_listen_notes(args);
    bnn_prune_request request = { .parent = args->words.at[0], .run = cli_request(args), .is_dry = args->dry_run };
    bnn_run run = {0};
    bnn_status status = read_keep(&request.keep, args);
    request.run.listener = &listener;
    if (status == BNN_OK) status = bnn_run_prune(&run, &request);
    if (status == BNN_OK && !args->dry_run) puts(run.folder);
    bnn_run_free(&run);
    return status;
}
