/* bnn evaluate RUN [DATA]: every metric of the run's kind, beside that of a predictor that ignores the features; for classes who is taken
 * for whom; with --ood how well rows from elsewhere are told by their uncertainty. */
#include "cli/scores.h"
#include "base/fail.h"
#include "predict/confusion.h"
#include "predict/detection.h"
#include "predict/reliability.h"
#include "report/html.h"

#include <math.h>
#include <string.h>

enum { MAX_LEVELS = 20, MAX_PRINTED_CLASSES = 11 };    /* so many columns fit 80 characters */

typedef struct evaluation {
    cli_use         use;
    bnn_prediction *baseline;
    cli_scores      scores;
    bnn_confusion   confusion;         /* classes */
    bnn_dataset    *ood_rows;          /* --ood, else NULL */
    cli_scores      ood;               /* auroc_entropy, aupr_entropy, fpr95_entropy, ... */
} evaluation;

/* ---- scores ---------------------------------------------------------------------------------------------------------- */

static void add_metrics(evaluation *e) {
    const bnn_prediction *prediction = e->use.prediction;
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!bnn_metric_fits(metric, prediction)) continue;
        bnn_score score = metric->score(prediction);
        cli_score *line = cli_scores_add(&e->scores, metric->name, score.value, score.se);
        if (bnn_metric_fits(metric, e->baseline)) line->baseline = metric->score(e->baseline).value;
        if (metric->mcse != NULL) line->mcse = metric->mcse(prediction);
    }
}

static bnn_status parse_levels(const cli_words *words, double *levels) {
    if (words->n > MAX_LEVELS) return BNN_FAIL(BNN_ERR_USAGE, "%zu times --level, allowed are %d", words->n, MAX_LEVELS);
    for (size_t i = 0; i < words->n; i++)
        if (!bnn_text_to_number(words->at[i], &levels[i]) || !(levels[i] > 0 && levels[i] < 1))
            return BNN_FAIL(BNN_ERR_USAGE, "--level %s: a probability between 0 and 1 is allowed", words->at[i]);
    return BNN_OK;
}

static bnn_status add_coverages(evaluation *e, size_t n, const double *levels) {
    if (n > 0 && e->use.prediction->n_classes > 0)
        return BNN_FAIL(BNN_ERR_USAGE, "--level: %s predicts classes, and intervals are of numbers", e->use.run.folder);
    for (size_t i = 0; i < n; i++) {
        char name[32], digits[BNN_LEVEL_DIGITS + 1];
        bnn_level_digits(digits, levels[i]);
        snprintf(name, sizeof name, "coverage_%s", digits);
        bnn_score score = bnn_score_coverage(e->use.prediction, levels[i]);
        cli_scores_add(&e->scores, name, score.value, score.se)->baseline = bnn_score_coverage(e->baseline, levels[i]).value;
    }
    return BNN_OK;
}

static void add_elbo(evaluation *e) {
    bnn_elbo elbo = bnn_predict_elbo(e->use.run.model, e->use.prediction);
    if (elbo.has_kl) cli_scores_add(&e->scores, "elbo", elbo.elbo, NAN);
    cli_scores_add(&e->scores, "nll", elbo.nll, NAN);
    if (elbo.has_kl) cli_scores_add(&e->scores, "kl", elbo.kl, NAN);
}

static bnn_status score_rows(evaluation *e, const cli_args *args) {
    const cli_use *use = &e->use;
    double levels[MAX_LEVELS];
    bnn_status status = parse_levels(&args->levels, levels);
    if (status != BNN_OK) return status;
    if (use->prediction->target == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: no target column, so nothing to score", use->rows->path);
    if ((status = bnn_predict_baseline(&e->baseline, use->run.model, use->rows)) != BNN_OK) return status;
    add_metrics(e);
    if ((status = add_coverages(e, args->levels.n, levels)) != BNN_OK) return status;
    if (strcmp(use->split, "train") == 0) add_elbo(e);
    return use->prediction->n_classes > 0 ? bnn_confusion_make(&e->confusion, use->prediction) : BNN_OK;
}

/* ---- rows from elsewhere --------------------------------------------------------------------------------------------- */

static void add_ood(cli_scores *ood, const char *figure, const char *uncertainty, bnn_score score) {
    char name[40];
    snprintf(name, sizeof name, "%s_%s", figure, uncertainty);
    cli_scores_add(ood, name, score.value, score.se);
}

static bnn_status detect(evaluation *e, const bnn_prediction *out) {
    bool is_classes = out->n_classes > 0;
    for (const bnn_uncertainty *u = bnn_uncertainties; u->name != NULL; u++) {
        bnn_detection detection = {0};
        if (!(is_classes ? u->for_classes : u->for_numbers)) continue;
        bnn_status status = bnn_detection_by(&detection, u, e->use.prediction, out);
        if (status != BNN_OK) return status;
        add_ood(&e->ood, "auroc", u->name, detection.auroc);
        add_ood(&e->ood, "aupr", u->name, detection.aupr);
        add_ood(&e->ood, "fpr95", u->name, detection.fpr95);
        bnn_detection_free(&detection);
    }
    return BNN_OK;
}

static bnn_status score_ood(evaluation *e, const char *path) {
    bnn_prediction *out = NULL;
    bnn_status status;
    if (path == NULL) return BNN_OK;
    if ((status = bnn_run_read_features(&e->ood_rows, &e->use.run, path))        != BNN_OK) return status;
    if ((status = bnn_run_predict(&out, &e->use.run, e->ood_rows))               != BNN_OK) return status;
    status = detect(e, out);
    bnn_prediction_free(out);
    return status;
}

/* ---- tables ---------------------------------------------------------------------------------------------------------- */

static void print_figure(double value) {
    if (isnan(value)) printf(" %9s", "-");
    else printf(" %9.5f", value);
}

static void print_ood(const evaluation *e) {
    printf("\n# %s: %zu rows, told from those above by uncertainty\n", e->ood_rows->path, e->ood_rows->n_rows);
    printf("%-18s %9s %9s %9s %9s %9s %9s\n", "by", "auroc", "se", "aupr", "se", "fpr95", "se");
    for (size_t i = 0; i < e->ood.n; i++) {
        const cli_score *score = &e->ood.at[i];
        if (i % 3 == 0) printf("%-18s", score->name + strlen("auroc_"));
        print_figure(score->value);
        print_figure(score->se);
        if (i % 3 == 2) putchar('\n');
    }
}

static void print_classes(const bnn_confusion *c, char *const *names) {
    printf("\n%-18s %9s %9s %9s %9s\n", "class", "rows", "recall", "precision", "brier");
    for (size_t k = 0; k < c->n_classes; k++) {
        double rows = 0;
        for (size_t other = 0; other < c->n_classes; other++) rows += c->count[k * c->n_classes + other];
        cli_field_print(names[k], -18);
        printf(" %9.6g", rows);
        print_figure(c->recall[k]);
        print_figure(c->precision[k]);
        print_figure(c->brier[k]);
        putchar('\n');
    }
}

static void print_confusion(const bnn_confusion *c, char *const *names) {
    printf("\n# true classes down, most probable ones across\n%-12s", "");
    for (size_t k = 0; k < c->n_classes; k++) {
        putchar(' ');
        cli_field_print(names[k], 5);
    }
    putchar('\n');
    for (size_t k = 0; k < c->n_classes; k++) {
        cli_field_print(names[k], -12);
        for (size_t other = 0; other < c->n_classes; other++) printf(" %5.5g", c->count[k * c->n_classes + other]);
        putchar('\n');
    }
}

static void print_tables(const evaluation *e, bool is_verbose) {
    printf("# %s, %s: %zu rows\n", e->use.run.folder, e->use.split, e->use.rows->n_rows);
    cli_scores_print(&e->scores);
    if (is_verbose && e->confusion.n_classes > 0) {
        print_classes(&e->confusion, e->use.prediction->class_names);
        if (e->confusion.n_classes <= MAX_PRINTED_CLASSES) print_confusion(&e->confusion, e->use.prediction->class_names);
        else puts("\n# who is taken for whom: too many classes for this table, --json has it");
    }
    if (e->ood_rows != NULL) print_ood(e);
}

/* Stored draws (of an ensemble: its members) are as many as they are, whatever predict.samples says. */
static bool holds_its_draws(const cli_use *use) {
    const bnn_posterior *posterior = &use->run.model->posterior;
    return posterior->row->is_list && posterior->n_draws > 0;
}

/* A figure whose Monte Carlo error is more than a tenth of its standard error would move visibly with another seed. */
static void warn_of_few_draws(const evaluation *e) {
    bnn_text names = {0};
    for (size_t i = 0; i < e->scores.n; i++) {
        const cli_score *score = &e->scores.at[i];
        if (score->mcse > score->se / 10) bnn_text_add(&names, "%s%s", names.length > 0 ? ", " : "", score->name);
    }
    if (names.length > 0)
        fprintf(stderr, "bnn: note: the Monte Carlo error of %s is more than a tenth of the standard error; ", names.at);
    if (names.length > 0 && holds_its_draws(&e->use))
        fprintf(stderr, "all %zu draws of the run are used, another run would have to hold more\n", e->use.prediction->n_draws);
    else if (names.length > 0) fprintf(stderr, "raise predict.samples (now %zu)\n", e->use.prediction->n_draws);
    bnn_text_free(&names);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *numbers_json(size_t n, const double *numbers) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, cli_number(numbers[i]));
    return list;
}

static json_t *confusion_json(const bnn_confusion *c, char *const *names) {
    json_t *json = json_object(), *classes = json_array(), *counts = json_array();
    for (size_t k = 0; k < c->n_classes; k++) {
        json_array_append_new(classes, json_string(names[k]));
        json_array_append_new(counts, numbers_json(c->n_classes, c->count + k * c->n_classes));
    }
    json_object_set_new(json, "classes", classes);
    json_object_set_new(json, "counts", counts);
    json_object_set_new(json, "recall", numbers_json(c->n_classes, c->recall));
    json_object_set_new(json, "precision", numbers_json(c->n_classes, c->precision));
    json_object_set_new(json, "brier", numbers_json(c->n_classes, c->brier));
    return json;
}

static bnn_status print_json(const evaluation *e) {
    json_t *json = json_object();
    json_object_set_new(json, "run", bnn_json_text(e->use.run.folder));
    json_object_set_new(json, "split", bnn_json_text(e->use.split));
    json_object_set_new(json, "rows", json_integer((json_int_t)e->use.rows->n_rows));
    json_object_set_new(json, "metrics", cli_scores_json(&e->scores));
    if (e->confusion.n_classes > 0)
        json_object_set_new(json, "confusion", confusion_json(&e->confusion, e->use.prediction->class_names));
    if (e->ood_rows != NULL) {
        json_t *ood = json_object();
        json_object_set_new(ood, "data", bnn_json_text(e->ood_rows->path));
        json_object_set_new(ood, "rows", json_integer((json_int_t)e->ood_rows->n_rows));
        json_object_set_new(ood, "metrics", cli_scores_json(&e->ood));
        json_object_set_new(json, "ood", ood);
    }
    return cli_json_print(json);
}

bnn_status cli_evaluate(const cli_args *args) {
    evaluation e = {0};
    bnn_status status;
    if ((status = cli_requirements_parse(&args->requirements))                   != BNN_OK) goto done;
    if ((status = cli_use_start(&e.use, args))                                   != BNN_OK) goto done;
    if ((status = score_rows(&e, args))                                          != BNN_OK) goto done;
    if ((status = score_ood(&e, args->ood))                                      != BNN_OK) goto done;
    if ((status = cli_requirements_find(&args->requirements, &e.scores, &e.ood)) != BNN_OK) goto done;
    if (args->json) status = print_json(&e);
    else print_tables(&e, args->verbose);
    if (!args->json) warn_of_few_draws(&e);
    if (status == BNN_OK) status = cli_requirements_check(&args->requirements, &e.scores, &e.ood);
done:
    bnn_confusion_free(&e.confusion);
    bnn_prediction_free(e.baseline);
    bnn_dataset_free(e.ood_rows);
    cli_use_free(&e.use);
    return status;
}
