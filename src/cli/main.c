/* bnn: finds the command, runs it, turns its status into an exit code. */
#include "cli/cli.h"
#include "base/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIT_OPTIONS (CLI_SET | CLI_THREADS)

const cli_command cli_commands[] = {
    { "train", "CONFIG.ini | --resume RUN [section.key=value ...]", "train, write the run folder, print where it is",
      "The run folder is run.out/run.name (runs/CONFIG unless set), or -o DIR. A folder that holds something is refused; --force "
      "replaces it once the new run is finished. Ctrl-C, SIGTERM and train.time_limit stop after the present step with a checkpoint and "
      "exit code 75 (a second Ctrl-C: at once); SIGUSR1 makes a checkpoint and goes on. --resume RUN goes on from the last checkpoint to "
      "the same result; a finished run stays as it is, with exit code 0.",
      FIT_OPTIONS | CLI_OUTPUT | CLI_DRY_RUN | CLI_QUIET | CLI_VERBOSE | CLI_FORCE | CLI_RESUME, 1, 1, cli_train },
    { "laplace", "RUN [key=value ...]", "a Laplace posterior around the weights of a finished map run: a new run",
      "Bare keys are those of [method] (`bnn help method.laplace`): structure=diag, span=last_layer, prior_precision=validation. The new run "
      "is RUN-laplace, or -o DIR; its config.ini, given to bnn train, makes the same posterior from the start.",
      FIT_OPTIONS | CLI_BARE_KEYS | CLI_OUTPUT | CLI_DRY_RUN | CLI_QUIET | CLI_FORCE, 1, 1, cli_laplace },
    { "predict", "RUN [DATA | -]", "predictions with uncertainty as CSV, one row per row of data",
      "Without DATA: the run's test rows, else its validation rows. - is standard input: each row of a text table is answered as it comes. "
      "Columns are matched by name; with a target each row is scored too. Settings of [predict] may be changed: "
      "-s predict.samples=1000. --keep COLUMN,... carries columns of DATA through, before the predictions, as they stand. --samples N: "
      "draws from the predictive distribution instead, each with one weight vector for all rows: draw, row (both from 0), the mean of the "
      "target (or p_CLASS) given those weights, and y, a draw of the target itself; with -o X.npy an array [N, rows, targets or classes] of "
      "the means or probabilities. A posterior of K stored draws is gone through again and again. --prior: weights from the prior.",
      FIT_OPTIONS | CLI_OUTPUT | CLI_LABELS | CLI_KEEP | CLI_DRAWS, 1, 2, cli_predict },
    { "evaluate", "RUN [DATA | -]", "metrics with standard errors, beside those of a constant predictor",
      "Without DATA: the run's test rows, else its validation rows; --split chooses. With --split train also elbo, nll and kl (nats, "
      "whole training set). mcse is the error from the finite number of weight draws. -v adds the classes one by one and who is taken for "
      "whom. --ood DATA: AUROC, AUPR and FPR at 95 % TPR of telling those rows (positive; they need no targets) from the others by their "
      "uncertainty; --require knows them as auroc_entropy, fpr95_mutual_information, auroc_sd_epistemic, ...",
      FIT_OPTIONS | CLI_SPLIT | CLI_LABELS | CLI_JSON | CLI_REQUIRE | CLI_OOD | CLI_LEVEL | CLI_VERBOSE, 1, 2, cli_evaluate },
    { "compare", "RUN RUN...", "which run is better on the same rows, and is the difference more than noise",
      "Differences of row scores to the best run, paired row by row, with their standard errors over rows. Rows: the runs' own test rows, else "
      "their validation rows; --split chooses, --data FILE names others. Runs whose rows differ are refused.",
      FIT_OPTIONS | CLI_SPLIT | CLI_DATA | CLI_LABELS | CLI_JSON, 2, 1000, cli_compare },
    { "report", "RUN... | SWEEP", "one self-contained HTML file with the pictures",
      "Draws the run's test rows, else its validation rows, else its training rows. One run: RUN/report.html; several, side by side: report.html "
      "in the current folder; or -o FILE. With --ood DATA also how unsure the net is of rows from elsewhere. The folder of a sweep: SWEEP/report.html "
      "compares its groups of runs, finished or not, from its tables: means, single runs, paired differences from the baseline, curves along axes "
      "of numbers, values chosen by tuning, times, failures. Needs gnuplot (Debian: gnuplot-nox).",
      FIT_OPTIONS | CLI_OUTPUT | CLI_OOD, 1, 1000, cli_report },
    { "calibrate", "RUN | FILE.csv", "temperature, sd scaling and conformal sets, fitted on validation rows",
      "RUN: fits all that its predictions can take and keeps it there; predict and evaluate apply one with -s predict.calibration=NAME "
      "(`bnn help predict.calibration`). FILE.csv: predictions of another program with columns p_CLASS... and target, or mean, sd and target, "
      "as bnn predict writes them; -o OUT.csv writes them calibrated by predict.calibration.",
      FIT_OPTIONS | CLI_OUTPUT | CLI_QUIET | CLI_JSON, 1, 1, cli_calibrate },
    { "prune", "RUN [--keep PERCENT]", "remove the weights of least |mean| / sd: what it costs, or a new run without them",
      "Without --keep: error (of numbers: rmse) and log_lik of the run's test rows, else its validation rows, against the share removed; nothing is "
      "written. With it: the new run RUN-pruned-PERCENT, or -o DIR, keeps that many percent of the weights, over all layers together; biases "
      "stay and do not count. For posteriors of kind diag (bbb; laplace with structure = diag).",
      FIT_OPTIONS | CLI_KEEP | CLI_SPLIT | CLI_JSON | CLI_OUTPUT | CLI_DRY_RUN | CLI_QUIET | CLI_FORCE, 1, 1, cli_prune },
    { "sweep", "SWEEP.ini [section.key=value ...]", "many runs from one file; resumable; a summary with paired differences",
      "[sweep] names base configurations (config = a.ini | b.ini; none: the other sections of the file) and axes: data.split = 0:4, "
      "method.name = map | bbb, run.seed = 1, 2, 3. A name of its own (set = yacht | boston) is put in as {set}. Further keys: jobs, baseline "
      "(method.name=map), replicates (run.seed, data.split), metrics. [tune] has axes too, with folds or fraction and score: chosen inside each "
      "training part, then fitted on all of it. The folder is run.out/SWEEP, or -o DIR; results.csv, summary.csv, summary.md and a folder for "
      "each run are in it. The same command goes on where a stopped sweep was, and tries again what has failed.",
      FIT_OPTIONS | CLI_OUTPUT | CLI_DRY_RUN | CLI_QUIET | CLI_SWEEP, 1, 1, cli_sweep },
    { "import", "FILE.safetensors --config X.ini [section.key=value ...]", "a net trained elsewhere becomes a map run",
      "Takes N.weight [out, in] and N.bias [out] in the order of N as the layers of the configured net; other names by --map. Learnt Gaussian "
      "noise is fitted to the training rows. The net must work on inputs and targets as [data] scales them: --check-inputs (raw features) "
      "and --check-outputs (raw outputs of the net) prove it before anything is written.",
      FIT_OPTIONS | CLI_OUTPUT | CLI_DRY_RUN | CLI_QUIET | CLI_FORCE | CLI_IMPORT, 1, 1, cli_import },
    { "inspect", "RUN | FILE.safetensors", "net, parameters and a summary of the posterior", NULL, CLI_JSON, 1, 1, cli_inspect },
    { "diagnose", "CONFIG.ini [section.key=value ...]", "check the gradient of this very model, forecast time and memory",
      "Compares the gradient with central differences, block by block, on a few rows near the initial weights. Exit code 4 if they "
      "disagree.",
      FIT_OPTIONS, 1, 1, cli_diagnose },
    { "config", "CONFIG.ini | defaults [section.key=value ...]", "the resolved configuration, itself a valid INI",
      "-v puts the help of each key above it.", CLI_SET | CLI_VERBOSE, 1, 1, cli_config },
    { "help", "[COMMAND | SECTION | TABLE | TABLE.NAME | SECTION.KEY]", "help on a command or on anything in a configuration", NULL, 0, 0,
      1, cli_help },
    { "version", "", "version, libraries and the BLAS core", NULL, 0, 0, 0, cli_version },
    {0}
};

const cli_command *cli_command_find(const char *name) {
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0) return command;
    return NULL;
}

void cli_usage_print(FILE *stream) {
    fputs("Usage: bnn COMMAND [ARGUMENTS]\nTrains Bayesian neural networks and predicts with them.\n\n", stream);
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
        fprintf(stream, "  %-9s  %s\n", command->name, command->help);
    fputs("\n`bnn help COMMAND` has its options, `bnn help` also the sections of a configuration.\n", stream);
}

enum { EXIT_RUN_TIME = 1, EXIT_USAGE = 2, EXIT_NUMERIC = 3, EXIT_CHECK = 4, EXIT_STOPPED = 75 };

static int exit_code(bnn_status status) {
    switch (status) {
    case BNN_OK:          return 0;
    case BNN_ERR_USAGE:
    case BNN_ERR_CONFIG:
    case BNN_ERR_DATA:    return EXIT_USAGE;
    case BNN_ERR_FILE:
    case BNN_ERR_MEMORY:  return EXIT_RUN_TIME;
    case BNN_ERR_NUMERIC: return EXIT_NUMERIC;
    case BNN_ERR_CHECK:   return EXIT_CHECK;
    case BNN_STOPPED:     return EXIT_STOPPED;
    }
    return EXIT_RUN_TIME;
}

static bnn_status fail_unknown(const char *word) {
    const char *names[sizeof cli_commands / sizeof *cli_commands];
    size_t n = 0;
    for (; cli_commands[n].name != NULL; n++) names[n] = cli_commands[n].name;
    const char *nearest = bnn_text_nearest(word, n, names);
    if (nearest == NULL) return BNN_FAIL(BNN_ERR_USAGE, "no command \"%s\"; bnn --help lists them", word);
    return BNN_FAIL(BNN_ERR_USAGE, "no command \"%s\"; did you mean \"%s\"?", word, nearest);
}

/* argv[0] is the program, argv[1] the command. */
static bnn_status run_command(int argc, char **argv) {
    const cli_command *command = cli_command_find(argv[1]);
    if (command == NULL) return fail_unknown(argv[1]);
    cli_args args = {0};
    cli_args_parse(&args, command, argc, argv);
    bnn_status status = command->run(&args);
    cli_args_free(&args);
    return status;
}

static bool is_one_of(const char *word, const char *a, const char *b) { return strcmp(word, a) == 0 || strcmp(word, b) == 0; }

int main(int argc, char **argv) {
    bnn_status status = BNN_OK;
    if (argc < 2) {
        cli_usage_print(stderr);
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h") || is_one_of(argv[1], "--usage", "-?")) cli_usage_print(stdout);
    else if (is_one_of(argv[1], "--version", "-V")) status = cli_version(NULL);
    else status = run_command(argc, argv);
    if (status != BNN_OK) cli_error_print(bnn_error_text());
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "bnn: cannot write to standard output: %s\n", strerror(errno));
        return status == BNN_OK ? EXIT_RUN_TIME : exit_code(status);
    }
    return exit_code(status);
}
