/* bnn compare RUN RUN...: for each row score a ranking of the runs, and whether chance alone could have made it. */
#include "cli/cli.h"
#include "base/fail.h"
#include "report/html.h"
#include "run/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool fits(const bnn_row_score *score, const bnn_comparison *c) {
    return c->predictions[0]->n_classes > 0 ? score->for_classes : score->for_numbers;
}

static const char *verdict(const bnn_place *places, size_t i) {
    if (i == 0) return "best";
    return bnn_place_is_noise(&places[i]) ? "noise" : "worse";
}

/* ---- table ----------------------------------------------------------------------------------------------------------- */

enum { NAME_WIDTH = 30 };

/* The end of a long name says more than its beginning. */
static void print_name(const char *name) {
    bool is_long = cli_field_width(name) > NAME_WIDTH;
    const char *end = name;
    while (is_long && cli_field_width(end) > NAME_WIDTH - 3) end++;
    if (is_long) fputs("...", stdout);
    cli_field_print(end, is_long ? -(NAME_WIDTH - 3) : -NAME_WIDTH);
}

static void print_ranking(const bnn_row_score *score, const bnn_comparison *c, const bnn_place *places) {
    printf("\n%s: %s (%s is better)\n", score->name, score->help, score->is_gain ? "more" : "less");
    printf("%-*s %10s %11s %9s %7s\n", NAME_WIDTH, "run", "mean", "difference", "se", "z");
    for (size_t i = 0; i < c->n; i++) {
        const bnn_place *place = &places[i];
        print_name(c->runs[place->run].folder);
        printf(" %10.5g", place->score.value);
        if (i == 0) printf(" %11s %9s %7s", "", "", "");
        else printf(" %11.4g %9.3g %7.2f", place->difference.value, place->difference.se, place->z);
        printf("  %s\n", verdict(places, i));
    }
}

/* What the words mean, once. */
static void print_head(const bnn_comparison *c) {
    printf("# %s: %zu rows; differences to the best are paired row by row\n", c->split, c->rows[0]->n_rows);
    puts("# noise: less than 2 standard errors (se) behind, so other rows might turn it");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *ranking_json(const bnn_comparison *c, const bnn_place *places) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++) {
        const bnn_place *place = &places[i];
        json_t *one = json_object();
        json_object_set_new(one, "run", bnn_json_text(c->runs[place->run].folder));
        json_object_set_new(one, "value", cli_number(place->score.value));
        json_object_set_new(one, "se", cli_number(place->score.se));
        json_object_set_new(one, "difference", cli_number(place->difference.value));
        json_object_set_new(one, "difference_se", cli_number(place->difference.se));
        json_object_set_new(one, "z", cli_number(place->z));
        json_object_set_new(one, "verdict", json_string(verdict(places, i)));
        json_array_append_new(list, one);
    }
    return list;
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static bnn_status print_all(const bnn_comparison *c, bool is_json) {
    json_t *json = json_object(), *scores = json_object();
    bnn_place *places = calloc(c->n, sizeof *places);
    bnn_status status = places == NULL ? BNN_FAIL_MEMORY("the ranking") : BNN_OK;
    if (places != NULL && !is_json) print_head(c);
    for (const bnn_row_score *score = bnn_row_scores; places != NULL && score->name != NULL; score++) {
        if (!fits(score, c)) continue;
        bnn_compare(score, c->n, c->predictions, places);
        if (is_json) json_object_set_new(scores, score->name, ranking_json(c, places));
        else print_ranking(score, c, places);
    }
    free(places);
    json_object_set_new(json, "split", bnn_json_text(c->split));
    json_object_set_new(json, "rows", json_integer((json_int_t)c->rows[0]->n_rows));
    json_object_set_new(json, "scores", scores);
    if (status == BNN_OK && is_json) return cli_json_print(json);
    json_decref(json);
    return status;
}

bnn_status cli_compare(const cli_args *args) {
    const bnn_comparison_request request = { .n = args->words.n, .folders = args->words.at, .n_sets = args->sets.n, .sets = args->sets.at,
                                             .split = args->split, .data = args->data, .labels = args->labels };
    bnn_comparison comparison;
    if (args->data != NULL && args->split != NULL)
        return BNN_FAIL(BNN_ERR_USAGE, "--split %s and --data %s: only one of them", args->split, args->data);
    if (args->data == NULL && args->labels != NULL)
        return BNN_FAIL(BNN_ERR_USAGE, "--labels belongs to a file of rows, and none is named (--data)");
    bnn_status status = bnn_comparison_make(&comparison, &request);
    if (status != BNN_OK) return status;
    status = print_all(&comparison, args->json);
    bnn_comparison_free(&comparison);
    return status;
}
