/* A list of named figures: printed, turned into JSON, held against what --require asks. */
#ifndef BNN_CLI_SCORES_H
#define BNN_CLI_SCORES_H

#include "cli/cli.h"

typedef struct cli_score {
    char   name[40];
    double value, se, mcse, baseline;        /* NaN: there is none */
} cli_score;

enum { CLI_MAX_SCORES = 64 };

typedef struct cli_scores { size_t n; cli_score at[CLI_MAX_SCORES]; } cli_scores;

/* Appends a figure that has none of the other numbers, unless the name is there already; returns it. */
cli_score *cli_scores_add(cli_scores *scores, const char *name, double value, double se);

/* A line each: value, se, mcse (if any has one), baseline. */
void cli_scores_print(const cli_scores *scores);

/* {name: {"value", "se"[, "mcse"]}, ...} */
json_t *cli_scores_json(const cli_scores *scores);

/* --require: all texts parse (BNN_ERR_USAGE names the first that does not), */
bnn_status cli_requirements_parse(const cli_words *requirements);

/* are about figures of one of the lists (BNN_ERR_USAGE), */
bnn_status cli_requirements_find(const cli_words *requirements, const cli_scores *scores, const cli_scores *more);

/* and hold: BNN_ERR_CHECK names all that do not. NaN holds nothing. */
bnn_status cli_requirements_check(const cli_words *requirements, const cli_scores *scores, const cli_scores *more);

#endif
