/* Cross-validation, or one part held out, inside the training part. */
#include "sweep/tune.h"
#include "base/fail.h"
#include "sweep/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bnn_status bnn_tune_check(const bnn_plan *plan) {
    bnn_text names = {0};
    const char *name;
    if (bnn_result_metric_sign(plan->tune.score) != 0) return BNN_OK;
    for (size_t i = 0; (name = bnn_result_metric_name(i)) != NULL; i++)
        if (bnn_result_metric_sign(name) != 0) bnn_text_add(&names, "%s%s", names.length > 0 ? ", " : "", name);
    bnn_status status = BNN_FAIL(BNN_ERR_CONFIG, "%s: [tune] score = %s is no metric that is better higher or lower; allowed: %s", plan->path,
                                 plan->tune.score, names.at == NULL ? "" : names.at);
    bnn_text_free(&names);
    return status;
}

static size_t fold_count(const bnn_plan *plan) { return plan->tune.folds > 0 ? (size_t)plan->tune.folds : 1; }

/* ---- one fold -------------------------------------------------------------------------------------------------------- */

static void push(bnn_settings *settings, bnn_arena *arena, const bnn_plan *plan, const char *key, const char *value) {
    bnn_settings_push(settings, (bnn_setting){ .section = "data", .key = key, .value = value, .where = plan->path }, arena);
}

bnn_status bnn_tune_config(bnn_config **config, bnn_arena *arena, const bnn_plan *plan, size_t run, const size_t *choice, size_t fold) {
    bnn_settings more = {0};
    push(&more, arena, plan, "test", "");
    push(&more, arena, plan, "test_labels", "");
    if (plan->tune.folds > 0) {
        push(&more, arena, plan, "folds", bnn_phrase_format(arena, "%lld", plan->tune.folds));
        push(&more, arena, plan, "fold", bnn_phrase_format(arena, "%zu", fold));
    } else {
        push(&more, arena, plan, "fold_fraction", bnn_phrase_format(arena, "%.17g", plan->tune.fraction));
    }
    return bnn_plan_config(config, arena, plan, run, choice, &more);
}

/* "SWEEP/tune/RUN/sd=0.1,fold=2" */
static char *fold_folder(const bnn_plan *plan, size_t run, const char *choice, size_t fold) {
    char *path = NULL;
    const char *comma = *choice == '\0' ? "" : ",";
    return asprintf(&path, "%s/tune/%s/%s%sfold=%zu", plan->folder, plan->names[run], choice, comma, fold) < 0 ? NULL : path;
}

static bnn_status score_fold(double *score, const bnn_plan *plan, size_t run, const bnn_grid *choices, size_t point, size_t fold,
                             const bnn_run_request *request) {
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    json_t *result = NULL;
    char digest[65];
    const size_t *choice = choices->at + point * choices->n_axes;
    char *folder = fold_folder(plan, run, bnn_grid_name(choices, choice, &strings), fold);
    bnn_status status = folder == NULL ? BNN_FAIL_MEMORY("the name of a fold") : bnn_tune_config(&config, &strings, plan, run, choice, fold);
    if (status == BNN_OK) {
        bnn_plan_digest(digest, plan, config);
        const bnn_work work = { .folder = folder, .config = config, .digest = digest, .is_cache = true, .request = request };
        status = bnn_work_do(&result, &work, true);
        *score = bnn_result_metric(result, plan->tune.score, NULL);
    }
    json_decref(result);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    free(folder);
    return status;
}

/* ---- all choices ----------------------------------------------------------------------------------------------------- */

/* NaN: the fit of some fold failed, so the choice is out. */
static bnn_status score_choice(double *score, const bnn_plan *plan, size_t run, const bnn_grid *choices, size_t point,
                               const bnn_run_request *request) {
    size_t n = fold_count(plan);
    double sum = 0;
    *score = NAN;
    for (size_t fold = 0; fold < n; fold++) {
        double of_fold = NAN;
        bnn_status status = score_fold(&of_fold, plan, run, choices, point, fold, request);
        if (status == BNN_ERR_NUMERIC) return BNN_OK;
        if (status != BNN_OK) return status;
        sum += of_fold;
    }
    *score = sum / (double)n;
    return BNN_OK;
}

static json_t *values_of(const bnn_grid *choices, size_t point) {
    json_t *values = json_object();
    for (size_t a = 0; a < choices->n_axes; a++)
        if (choices->at[point * choices->n_axes + a] != BNN_NO_VALUE)
            json_object_set_new(values, choices->axes[a].column, json_string(bnn_grid_text(choices, point, a)));
    return values;
}

static json_t *tuning_of(const bnn_plan *plan, const bnn_grid *choices, const double *scores, size_t best) {
    json_t *list = json_array();
    for (size_t p = 0; p < choices->n_points; p++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "values", values_of(choices, p), "score",
                                              isfinite(scores[p]) ? json_real(scores[p]) : json_null()));
    return json_pack("{s:o, s:{s:s, s:I, s:f, s:o}}", "tuned", values_of(choices, best), "tune", "score", plan->tune.score, "folds",
                     (json_int_t)fold_count(plan), "value", scores[best], "choices", list);
}

static size_t find_best(const double *scores, size_t n, int sign) {
    size_t best = n;
    for (size_t p = 0; p < n; p++)
        if (isfinite(scores[p]) && (best == n || sign * scores[p] > sign * scores[best])) best = p;
    return best;
}

bnn_status bnn_tune_run(json_t **tuning, bnn_grid *choices, size_t *best, bnn_arena *arena, const bnn_plan *plan, size_t run,
                        const bnn_run_request *request) {
    bnn_status status = bnn_plan_choices(choices, arena, plan, run);
    double *scores = status == BNN_OK ? BNN_TAKE(arena, choices->n_points, double) : NULL;
    if (status == BNN_OK && scores == NULL) status = BNN_FAIL_MEMORY("the scores of a tuning");
    for (size_t p = 0; status == BNN_OK && p < choices->n_points; p++) status = score_choice(&scores[p], plan, run, choices, p, request);
    if (status != BNN_OK) return status;
    *best = find_best(scores, choices->n_points, bnn_result_metric_sign(plan->tune.score));
    if (*best == choices->n_points)
        return BNN_FAIL(BNN_ERR_NUMERIC, "none of the %zu choices of [tune] gave a finite %s", choices->n_points, plan->tune.score);
    *tuning = tuning_of(plan, choices, scores, *best);
    return *tuning == NULL ? BNN_FAIL_MEMORY("the scores of a tuning") : BNN_OK;
}
