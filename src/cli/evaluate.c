/* bnn evaluate RUN [DATA]: every metric of the run's kind, beside that of a predictor that ignores the features. */
#include "cli/cli.h"
#include "base/fail.h"
#include "predict/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct line { const char *name; double value, se, baseline; } line;

enum { LINES = 32 };

typedef struct table { size_t n; line at[LINES]; } table;

static void add_line(table *t, const char *name, double value, double se, double baseline) {
    if (t->n < LINES) t->at[t->n++] = (line){ name, value, se, baseline };
}

static void add_metrics(table *t, const bnn_prediction *prediction, const bnn_prediction *baseline) {
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!bnn_metric_fits(metric, prediction)) continue;
        bnn_score score = metric->score(prediction);
        add_line(t, metric->name, score.value, score.se, baseline == NULL ? NAN : metric->score(baseline).value);
    }
}

/* Of intervals and sets, where predict.calibration = conformal has made them. The baseline has none. */
static void add_conformal(table *t, const bnn_prediction *prediction) {
    for (const bnn_metric *metric = bnn_conformal_metrics; metric->name != NULL; metric++) {
        bool has_it = metric->for_classes ? prediction->in_set != NULL : prediction->lower != NULL;
        if (!has_it) continue;
        bnn_score score = metric->score(prediction);
        add_line(t, metric->name, score.value, score.se, NAN);
    }
}

static void add_elbo(table *t, const bnn_model *model, const bnn_prediction *prediction) {
    bnn_elbo elbo = bnn_predict_elbo(model, prediction);
    if (elbo.has_kl) add_line(t, "elbo", elbo.elbo, NAN, NAN);
    add_line(t, "nll", elbo.nll, NAN, NAN);
    if (elbo.has_kl) add_line(t, "kl", elbo.kl, NAN, NAN);
}

static bnn_status fill_table(table *t, const cli_use *use) {
    bnn_prediction *baseline = NULL;
    if (use->prediction->target == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: no target column, so nothing to score", use->rows->path);
    bnn_status status = bnn_predict_baseline(&baseline, use->run.model, use->rows);
    if (status != BNN_OK) return status;
    add_metrics(t, use->prediction, baseline);
    add_conformal(t, use->prediction);
    if (strcmp(use->split, "train") == 0) add_elbo(t, use->run.model, use->prediction);
    bnn_prediction_free(baseline);
    return BNN_OK;
}

/* ---- output ---------------------------------------------------------------------------------------------------------- */

static void print_cell(double value) {
    if (isnan(value)) printf("  %12s", "-");
    else printf("  %12.6g", value);
}

static void print_table(const table *t, const cli_use *use) {
    printf("# %s, %s: %zu rows\n", use->run.folder, use->split, use->rows->n_rows);
    printf("%-17s  %12s  %12s  %12s\n", "metric", "value", "se", "baseline");
    for (size_t i = 0; i < t->n; i++) {
        printf("%-17s", t->at[i].name);
        print_cell(t->at[i].value);
        print_cell(t->at[i].se);
        print_cell(t->at[i].baseline);
        putchar('\n');
    }
}

static bnn_status print_json(const table *t, const cli_use *use) {
    json_t *json = json_object(), *metrics = json_object();
    for (size_t i = 0; i < t->n; i++) {
        json_t *score = json_object();
        json_object_set_new(score, "value", cli_number(t->at[i].value));
        json_object_set_new(score, "se", cli_number(t->at[i].se));
        json_object_set_new(metrics, t->at[i].name, score);
    }
    json_object_set_new(json, "run", json_string(use->run.folder));
    json_object_set_new(json, "split", json_string(use->split));
    json_object_set_new(json, "rows", json_integer((json_int_t)use->rows->n_rows));
    json_object_set_new(json, "metrics", metrics);
    return cli_json_print(json);
}

/* ---- --require ------------------------------------------------------------------------------------------------------- */

typedef struct requirement { const char *text; char name[32], sign[3]; double bound; } requirement;

/* "rmse<1.2", blanks anywhere. */
static bnn_status parse(requirement *r, const char *text) {
    int at = 0;
    r->text = text;
    if (sscanf(text, " %31[a-z0-9_] %2[<>=] %n", r->name, r->sign, &at) == 2 && at > 0 && bnn_text_to_number(text + at, &r->bound)
        && (r->sign[0] == '<' || r->sign[0] == '>') && (r->sign[1] == '\0' || r->sign[1] == '='))
        return BNN_OK;
    return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": METRIC, one of < <= > >=, and a number are allowed", text);
}

static bnn_status parse_all(const cli_args *args) {
    requirement r;
    bnn_status status = BNN_OK;
    for (size_t i = 0; i < args->requirements.n && status == BNN_OK; i++) status = parse(&r, args->requirements.at[i]);
    return status;
}

static bool holds(const requirement *r, double value) {
    bool has_equal = r->sign[1] == '=';
    if (has_equal && value == r->bound) return true;
    return r->sign[0] == '<' ? value < r->bound : value > r->bound;
}

static bnn_status fail_metric(const table *t, const requirement *r) {
    const char *names[LINES];
    for (size_t i = 0; i < t->n; i++) names[i] = t->at[i].name;
    const char *nearest = bnn_text_nearest(r->name, t->n, names);
    if (nearest == NULL) return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": no metric \"%s\" here", r->text, r->name);
    return BNN_FAIL(BNN_ERR_USAGE, "--require \"%s\": no metric \"%s\" here; did you mean \"%s\"?", r->text, r->name, nearest);
}

/* All that do not hold are named. NaN holds nothing. */
static bnn_status check_requirements(const table *t, const cli_args *args) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t k = 0; k < args->requirements.n; k++) {
        requirement r;
        size_t i = 0;
        parse(&r, args->requirements.at[k]);
        while (i < t->n && strcmp(t->at[i].name, r.name) != 0) i++;
        if (i == t->n) return fail_metric(t, &r);
        if (!holds(&r, t->at[i].value))
            status = bnn_error_add(BNN_ERR_CHECK, "required %s, but %s = %.6g", r.text, r.name, t->at[i].value);
    }
    return status;
}

bnn_status cli_evaluate(const cli_args *args) {
    cli_use use = {0};
    table t = {0};
    bnn_status status;
    if ((status = parse_all(args))                                              != BNN_OK) goto done;
    if ((status = cli_use_start(&use, args))                                    != BNN_OK) goto done;
    if ((status = fill_table(&t, &use))                                         != BNN_OK) goto done;
    if (!args->json) print_table(&t, &use);
    else if ((status = print_json(&t, &use))                                    != BNN_OK) goto done;
    status = check_requirements(&t, args);
done:
    cli_use_free(&use);
    return status;
}
