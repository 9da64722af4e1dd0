/* Options common to the commands, read by argp. A command lists the ones it takes as bits, so that its help shows no others. */
#include "cli/cli.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_KEY = '?', FORCE_KEY = 0x100, JSON_KEY, THREADS_KEY, SPLIT_KEY, LABELS_KEY, REQUIRE_KEY, RESUME_KEY, CONFIG_KEY, MAP_KEY,
       INPUTS_KEY, OUTPUTS_KEY, SAMPLES_KEY, KEEP_KEY, PRIOR_KEY, OOD_KEY, LEVEL_KEY, DATA_KEY, INDEX_KEY, EMIT_KEY };

static const struct option_row { unsigned bit; struct argp_option option; } rows[] = {
    { CLI_SET,      { "set", 's', "SECTION.KEY=VALUE", 0, "Change a setting; the bare word works too", 0 } },
    { CLI_OUTPUT,   { "output", 'o', "PATH", 0, "Where to write: the run folder itself, or a file instead of standard output", 0 } },
    { CLI_DRY_RUN,  { "dry-run", 'n', NULL, 0, "Read and check everything, say what would be done, write nothing", 0 } },
    { CLI_QUIET,    { "quiet", 'q', NULL, 0, "Errors only", 0 } },
    { CLI_VERBOSE,  { "verbose", 'v', NULL, 0, "Say more", 0 } },
    { CLI_FORCE,    { "force", FORCE_KEY, NULL, 0, "Replace a run folder that is there", 0 } },
    { CLI_RESUME,   { "resume", RESUME_KEY, NULL, 0, "Go on with a run that has stopped: the word is its folder", 0 } },
    { CLI_JSON,     { "json", JSON_KEY, NULL, 0, "Results as JSON", 0 } },
    { CLI_THREADS,  { "threads", THREADS_KEY, "N", 0, "Threads (0: all); results do not depend on it", 0 } },
    { CLI_SPLIT,    { "split", SPLIT_KEY, "NAME", 0, "Rows of the run's own data: train, valid or test", 0 } },
    { CLI_LABELS,   { "labels", LABELS_KEY, "FILE", 0, "IDX labels of DATA", 0 } },
    { CLI_REQUIRE,  { "require", REQUIRE_KEY, "METRIC<VALUE", 0, "Exit with 4 unless it holds (< <= > >=); may be repeated", 0 } },
    { CLI_IMPORT,   { "config", CONFIG_KEY, "X.ini", 0, "Configuration: data, net, likelihood and prior", 0 } },
    { CLI_IMPORT,   { "map", MAP_KEY, "NAME=NEW,...", 0, "Rename tensors (fc1.weight=0.weight); NAME= leaves one out", 0 } },
    { CLI_IMPORT,   { "check-inputs", INPUTS_KEY, "A.npy", 0, "Raw features of rows whose outputs are known", 0 } },
    { CLI_IMPORT,   { "check-outputs", OUTPUTS_KEY, "B.npy", 0, "The net's raw outputs of those rows: must agree", 0 } },
    { CLI_DRAWS,    { "samples", SAMPLES_KEY, "N", 0, "N joint draws from the predictive distribution instead of its summary", 0 } },
    { CLI_DRAWS,    { "prior", PRIOR_KEY, NULL, 0, "Predict from the prior instead of the posterior", 0 } },
    { CLI_KEEP,     { "keep", KEEP_KEY, "WHAT", 0, "What is kept: see below", 0 } },
    { CLI_OOD,      { "ood", OOD_KEY, "DATA", 0, "Rows from elsewhere, to be told from those of the run by their uncertainty", 0 } },
    { CLI_LEVEL,    { "level", LEVEL_KEY, "P", 0, "Also the coverage of the central intervals of probability P (numbers); may be repeated", 0 } },
    { CLI_DATA,     { "data", DATA_KEY, "FILE", 0, "Rows of another file instead of the runs' own", 0 } },
    { CLI_SWEEP,    { "jobs", 'j', "N", 0, "Runs at a time (0: one for each processor)", 0 } },
    { CLI_SWEEP,    { "index", INDEX_KEY, "I", 0, "Do run I (from 0) alone, as a task of a job array does", 0 } },
    { CLI_SWEEP,    { "emit", EMIT_KEY, "slurm|parallel|list", 0, "Print a job script instead of running anything", 0 } },
};

typedef struct parsing { cli_args *args; const cli_command *command; } parsing;

/* ---- lists ----------------------------------------------------------------------------------------------------------- */

static void push(cli_words *words, const char *word) {
    const char **at = reallocarray(words->at, words->n + 1, sizeof *at);
    if (at == NULL) {
        cli_error_print("out of memory for the command line");
        exit(EXIT_FAILURE);
    }
    words->at = at;
    words->at[words->n++] = word;
}

/* The lists own their room; words made here live until the program ends. */
static const char *threads_set(const char *number) {
    static char set[64];
    snprintf(set, sizeof set, "run.threads=%s", number);
    return set;
}

/* "section.key=value": a dot before the first equals sign, and no slash before the dot: "a/b.c=d" is a path. */
static bool is_setting(const char *word) {
    size_t key = strcspn(word, "="), dot = strcspn(word, ".");
    return word[key] == '=' && dot < key && memchr(word, '/', key) == NULL;
}

/* "key=value" */
static bool is_bare_setting(const char *word) {
    size_t key = strspn(word, "abcdefghijklmnopqrstuvwxyz_0123456789");
    return key > 0 && word[key] == '=';
}

void cli_args_free(cli_args *args) {
    free(args->words.at);
    free(args->sets.at);
    free(args->requirements.at);
    free(args->levels.at);
}

/* ---- parsing --------------------------------------------------------------------------------------------------------- */

static void take_word(const parsing *p, const char *word) {
    unsigned options = p->command->options;
    bool is_set = (options & CLI_SET && is_setting(word)) || (options & CLI_BARE_KEYS && is_bare_setting(word));
    push(is_set ? &p->args->sets : &p->args->words, word);
}

static void check_count(const parsing *p) {
    size_t n = p->args->words.n;
    if (n >= p->command->min_words && n <= p->command->max_words) return;
    fprintf(stderr, "bnn: %s wants %s%s\n", p->command->name, *p->command->words != '\0' ? p->command->words : "no words",
            n < p->command->min_words ? "" : ", not as many words");
    exit(argp_err_exit_status);
}

/* argp's own --help would call the program "bnn", not "bnn train". */
static void show_help(const cli_command *command) {
    cli_command_help(command, stdout);
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static error_t take(int key, char *value, struct argp_state *state) {
    parsing *p = state->input;
    cli_args *args = p->args;
    switch (key) {
    case ARGP_KEY_ARG:  take_word(p, value);                      break;
    case ARGP_KEY_END:  check_count(p);                           break;
    case HELP_KEY:      show_help(p->command);                    break;
    case 's':           push(&args->sets, value);                 break;
    case 'o':           args->output = value;                     break;
    case 'n':           args->dry_run = true;                     break;
    case 'q':           args->quiet = true;                       break;
    case 'v':           args->verbose = true;                     break;
    case FORCE_KEY:     args->force = true;                       break;
    case RESUME_KEY:    args->resume = true;                      break;
    case JSON_KEY:      args->json = true;                        break;
    case THREADS_KEY:   push(&args->sets, threads_set(value));    break;
    case SPLIT_KEY:     args->split = value;                      break;
    case LABELS_KEY:    args->labels = value;                     break;
    case CONFIG_KEY:    args->config = value;                     break;
    case MAP_KEY:       args->map = value;                        break;
    case INPUTS_KEY:    args->check_inputs = value;               break;
    case OUTPUTS_KEY:   args->check_outputs = value;              break;
    case SAMPLES_KEY:   args->samples = value;                    break;
    case KEEP_KEY:      args->keep = value;                       break;
    case PRIOR_KEY:     args->prior = true;                       break;
    case OOD_KEY:       args->ood = value;                        break;
    case LEVEL_KEY:     push(&args->levels, value);               break;
    case DATA_KEY:      args->data = value;                       break;
    case 'j':           args->jobs = value;                       break;
    case INDEX_KEY:     args->index = value;                      break;
    case EMIT_KEY:      args->emit = value;                       break;
    case REQUIRE_KEY:   push(&args->requirements, value);         break;
    default:            return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

enum { ROWS = sizeof rows / sizeof *rows };

typedef struct grammar {
    struct argp_option options[ROWS + 2];
    struct argp argp;
    char *name, *doc;           /* "bnn train", and the help text */
} grammar;

static void grammar_init(grammar *g, const cli_command *command) {
    size_t n = 0;
    *g = (grammar){0};
    for (size_t i = 0; i < ROWS; i++)
        if (command->options & rows[i].bit) g->options[n++] = rows[i].option;
    g->options[n] = (struct argp_option){ "help", HELP_KEY, NULL, 0, "Give this help", 0 };
    const char *more = command->more != NULL ? command->more : "";
    if (asprintf(&g->name, "bnn %s", command->name) < 0 || asprintf(&g->doc, "%s.\v%s", command->help, more) < 0) exit(EXIT_FAILURE);
    if (*command->help != '\0') g->doc[0] = (char)(g->doc[0] - 'a' + 'A');
    g->argp = (struct argp){ .options = g->options, .parser = take, .args_doc = command->words, .doc = g->doc };
}

static void grammar_free(grammar *g) {
    free(g->name);
    free(g->doc);
}

void cli_args_parse(cli_args *args, const cli_command *command, int argc, char **argv) {
    grammar g;
    *args = (cli_args){ .argc = argc, .argv = argv };
    grammar_init(&g, command);
    parsing p = { args, command };
    char *command_word = argv[1];
    argp_err_exit_status = 2;
    argv[1] = "bnn";                     /* what getopt puts before its errors */
    argp_parse(&g.argp, argc - 1, argv + 1, ARGP_NO_HELP, NULL, &p);
    argv[1] = command_word;
    grammar_free(&g);
}

void cli_command_help(const cli_command *command, FILE *stream) {
    grammar g;
    grammar_init(&g, command);
    argp_help(&g.argp, stream, ARGP_HELP_STD_HELP & ~(unsigned)(ARGP_HELP_EXIT_OK | ARGP_HELP_BUG_ADDR), g.name);
    grammar_free(&g);
}

bnn_run_request cli_request(const cli_args *args) {
    return (bnn_run_request){ .config_path = args->words.at[0], .n_sets = args->sets.n, .sets = args->sets.at, .folder = args->output,
                              .force = args->force, .argc = args->argc, .argv = args->argv };
}
