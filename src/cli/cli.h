/* The command line: what every command gets, and what the commands share. The only folder that prints or exits.
 *
 * stdout carries results, stderr talk; an error is one line "bnn: <sentence>" per fault. */
#ifndef BNN_CLI_CLI_H
#define BNN_CLI_CLI_H

#include "predict/csv.h"
#include "run/run.h"
#include <stdio.h>

/* The options a command takes: bits of cli_command.options. */
enum {
    CLI_SET = 1 << 0, CLI_OUTPUT = 1 << 1, CLI_DRY_RUN = 1 << 2, CLI_QUIET = 1 << 3, CLI_VERBOSE = 1 << 4, CLI_FORCE = 1 << 5,
    CLI_JSON = 1 << 6, CLI_THREADS = 1 << 7, CLI_SPLIT = 1 << 8, CLI_LABELS = 1 << 9, CLI_REQUIRE = 1 << 10,
    CLI_RESUME = 1 << 11, CLI_BARE_KEYS = 1 << 12, CLI_IMPORT = 1 << 13, CLI_DRAWS = 1 << 14, CLI_OOD = 1 << 15, CLI_KEEP = 1 << 16,
    CLI_SWEEP = 1 << 17, CLI_LEVEL = 1 << 18, CLI_DATA = 1 << 19
};

typedef struct cli_words { size_t n; const char **at; } cli_words;

/* A command line taken apart. */
typedef struct cli_args {
    cli_words   words;                          /* what is neither option nor setting            */
    cli_words   sets;                           /* "section.key=value", --threads among them     */
    cli_words   requirements;                   /* "rmse<1.2"                                    */
    cli_words   levels;                         /* probabilities of central intervals            */
    const char *output, *split, *labels;        /* or NULL                                       */
    const char *config, *map, *check_inputs, *check_outputs;   /* of import; or NULL             */
    const char *samples, *keep;                 /* of predict (numbers of draws, columns) and prune (percent); or NULL */
    const char *ood;                            /* rows from elsewhere, of evaluate; or NULL     */
    const char *data;                           /* rows to compare runs on; or NULL              */
    const char *jobs, *index, *emit;            /* of sweep; or NULL                             */
    bool        dry_run, quiet, verbose, force, resume, json, prior;
    int         argc;                           /* the whole line, as given                      */
    char      **argv;
} cli_args;

typedef struct cli_command {
    const char *name;
    const char *words;                          /* "RUN [DATA | -]"                              */
    const char *help;                           /* one line for the list of commands             */
    const char *more;                           /* further text of its own help; may be NULL     */
    unsigned    options;
    size_t      min_words, max_words;
    bnn_status (*run)(const cli_args *args);
} cli_command;

/* main.c: all commands, ended by {0}; the list of them as `bnn --help` shows it. */
extern const cli_command cli_commands[];
const cli_command *cli_command_find(const char *name);
void               cli_usage_print(FILE *stream);

/* One file each. */
bnn_status cli_train(const cli_args *args);
bnn_status cli_laplace(const cli_args *args);
bnn_status cli_import(const cli_args *args);
bnn_status cli_predict(const cli_args *args);
bnn_status cli_evaluate(const cli_args *args);
bnn_status cli_compare(const cli_args *args);
bnn_status cli_report(const cli_args *args);
bnn_status cli_calibrate(const cli_args *args);
bnn_status cli_prune(const cli_args *args);
bnn_status cli_sweep(const cli_args *args);
bnn_status cli_inspect(const cli_args *args);
bnn_status cli_diagnose(const cli_args *args);
bnn_status cli_config(const cli_args *args);
bnn_status cli_help(const cli_args *args);
bnn_status cli_version(const cli_args *args);

/* options.c: args is zeroed or filled by argv of `command` (argv[0]: its name); --help and usage errors end the program. */
void cli_args_parse(cli_args *args, const cli_command *command, int argc, char **argv);
void cli_args_free(cli_args *args);
void cli_command_help(const cli_command *command, FILE *stream);
bnn_run_request cli_request(const cli_args *args);     /* of a command whose first word is a configuration */

/* print.c */
void cli_error_print(const char *sentences);           /* each line as "bnn: ..." on stderr */
void cli_forecast_print(const bnn_run_forecast *forecast);
bnn_status cli_json_print(json_t *json);               /* takes the reference; NULL: out of memory */
int        cli_field_width(const char *text);          /* characters of UTF-8                                             */
void       cli_field_print(const char *text, int width);   /* so many characters wide, UTF-8 counted; longer text is cut; < 0: to the left */
json_t    *cli_number(double value);                   /* null for what is not finite */

/* listen.c: talk of a fit on stderr, and signals as wishes: SIGINT and SIGTERM to stop, SIGUSR1 for a checkpoint. */
typedef struct cli_listening { bool is_quiet, is_verbose, is_terminal, has_line; double last; } cli_listening;
bnn_listener cli_listen(cli_listening *listening, const cli_args *args);
bnn_listener cli_listen_notes(const cli_args *args);         /* notes alone; signals end the program as ever; a dry run talks on stdout */
/* A line of progress: on a terminal in place of the one before, elsewhere only if it is due. */
void         cli_listening_show(cli_listening *listening, const char *line, double seconds, bool is_due);
void         cli_listening_end(cli_listening *listening);    /* leaves the terminal on a fresh line */

/* sink.c: results on standard output, or in a file that takes its name once it is whole. path NULL: standard output. */
typedef struct cli_sink { FILE *stream; const char *path; char *temporary; } cli_sink;
bnn_status cli_sink_open(cli_sink *sink, const char *path);
bnn_status cli_sink_close(cli_sink *sink, bnn_status status);   /* of the work so far: a file of failed work is removed */

/* What bnn predict was asked for beside its run. */
typedef struct cli_predicting {
    const cli_args *args;
    bnn_run         run;
    bnn_words       keep;                        /* columns to carry through                     */
    bnn_predict_options options;
} cli_predicting;
bnn_status cli_predict_whole(const cli_predicting *p);
bnn_status cli_predict_draws(const cli_predicting *p, const bnn_dataset *rows);   /* predict_draws.c: --samples */
bnn_status cli_predict_stream(const cli_predicting *p);                           /* predict_stream.c: -        */

/* Fields of row `row` of columns kept, or their names (fields NULL), each with a comma after it. */
void cli_kept_print(bnn_text *line, bnn_words names, char *const *fields);

/* use.c: a finished run at work on rows. */
typedef struct cli_use {
    bnn_run         run;
    bnn_dataset    *rows;
    const char     *split;                       /* "test", or the path of the rows */
    bnn_prediction *prediction;
} cli_use;
bnn_status cli_use_start(cli_use *use, const cli_args *args);      /* run, rows and their prediction */
void       cli_use_free(cli_use *use);

#endif
