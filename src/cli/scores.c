/* Figures in tables and JSON, and --require. */
#include "cli/scores.h"
#include "base/fail.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The figure's place; scores->n if it is not there. */
static size_t find(const cli_scores *scores, const char *name) {
    size_t i = 0;
    while (i < scores->n && strcmp(scores->at[i].name, name) != 0) i++;
    return i;
}

cli_score *cli_scores_add(cli_scores *scores, const char *name, double value, double se) {
    cli_score *score = &scores->at[find(scores, name)];
    if (score < scores->at + scores->n) return score;
    assert(scores->n < CLI_MAX_SCORES);
    scores->n++;
    *score = (cli_score){ .value = value, .se = se, .mcse = NAN, .baseline = NAN };
    snprintf(score->name, sizeof score->name, "%s", name);
    return score;
}

/* ---- output ---------------------------------------------------------------------------------------------------------- */

static void print_cell(double value) {
    if (isnan(value)) printf("  %12s", "-");
    else printf("  %12.6g", value);
}

void cli_scores_print(const cli_scores *scores) {
    bool has_mcse = false;
    for (size_t i = 0; i < scores->n; i++) has_mcse |= !isnan(scores->at[i].mcse);
    printf("%-17s  %12s  %12s", "metric", "value", "se");
    if (has_mcse) printf("  %12s", "mcse");
    printf("  %12s\n", "baseline");
    for (size_t i = 0; i < scores->n; i++) {
        const cli_score *score = &scores->at[i];
        printf("%-17s", score->name);
        print_cell(score->value);
        print_cell(score->se);
        if (has_mcse) print_cell(score->mcse);
        print_cell(score->baseline);
        putchar('\n');
    }
}

json_t *cli_scores_json(const cli_scores *scores) {
    json_t *json = json_object();
    for (size_t i = 0; i < scores->n; i++) {
        json_t *score = json_object();
        json_object_set_new(score, "value", cli_number(scores->at[i].value));
        json_object_set_new(score, "se", cli_number(scores->at[i].se));
        if (!isnan(scores->at[i].mcse)) json_object_set_new(score, "mcse", cli_number(scores->at[i].mcse));
        json_object_set_new(json, scores->at[i].name, score);
    }
    return json;
}

/* ---- --require ------------------------------------------------------------------------------------------------------- */

typedef struct requirement { const char *text; char name[40], sign[3]; double bound; } requirement;

/* "rmse<1.2", blanks anywhere. */
static bnn_status parse(requirement *r, const char *text) {
    int at = 0;
    r->text = text;
    if (sscanf(text, " %39[a-z0-9_] %2[<>=] %n", r->name, r->sign, &at) == 2 && at > 0 && bnn_text_to_number(text + at, &r->bound)
        && (r->sign[0] == '<' || r->sign[0] == '>') && (r->sign[1] == '\0' || r->sign[1] == '='))
        return BNN_OK;
    return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": METRIC, one of < <= > >=, and a number are allowed", text);
}

bnn_status cli_requirements_parse(const cli_words *requirements) {
    requirement r;
    bnn_status status = BNN_OK;
    for (size_t i = 0; i < requirements->n && status == BNN_OK; i++) status = parse(&r, requirements->at[i]);
    return status;
}

static bool holds(const requirement *r, double value) {
    bool has_equal = r->sign[1] == '=';
    if (has_equal && value == r->bound) return true;
    return r->sign[0] == '<' ? value < r->bound : value > r->bound;
}

static bnn_status fail_metric(const requirement *r, const cli_scores *scores, const cli_scores *more) {
    const char *names[2 * CLI_MAX_SCORES];
    size_t n = 0;
    for (size_t i = 0; i < scores->n; i++) names[n++] = scores->at[i].name;
    for (size_t i = 0; i < more->n; i++) names[n++] = more->at[i].name;
    const char *nearest = bnn_text_nearest(r->name, n, names);
    if (nearest == NULL) return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": no metric \"%s\" here", r->text, r->name);
    return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": no metric \"%s\" here; did you mean \"%s\"?", r->text, r->name, nearest);
}

bnn_status cli_requirements_find(const cli_words *requirements, const cli_scores *scores, const cli_scores *more) {
    for (size_t i = 0; i < requirements->n; i++) {
        requirement r;
        parse(&r, requirements->at[i]);
        if (find(scores, r.name) == scores->n && find(more, r.name) == more->n) return fail_metric(&r, scores, more);
    }
    return BNN_OK;
}

bnn_status cli_requirements_check(const cli_words *requirements, const cli_scores *scores, const cli_scores *more) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t i = 0; i < requirements->n; i++) {
        requirement r;
        parse(&r, requirements->at[i]);
        size_t at = find(scores, r.name);
        double value = at < scores->n ? scores->at[at].value : more->at[find(more, r.name)].value;
        if (!holds(&r, value)) status = bnn_error_add(BNN_ERR_CHECK, "required %s, but %s = %.6g", r.text, r.name, value);
    }
    return status;
}
