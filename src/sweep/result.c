/* Judging a run, and keeping what it came to. */
#include "sweep/result.h"
#include "base/fail.h"
#include "run/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Facts that the fit itself notes: nats, whole training set. */
static const char *const fact_names[] = { "log_evidence", "elbo", "nll", "kl" };

enum { FACTS = sizeof fact_names / sizeof *fact_names };

static json_t *number_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

/* Takes the reference. */
static bool put(json_t *metrics, const char *name, double value, double se) {
    return json_object_set_new(metrics, name, json_pack("{s:o, s:o}", "value", number_or_null(value), "se", number_or_null(se))) == 0;
}

static json_t *score_all(const bnn_prediction *prediction, const json_t *facts) {
    json_t *metrics = json_object();
    double value;
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!bnn_metric_fits(metric, prediction)) continue;
        bnn_score score = metric->score(prediction);
        put(metrics, metric->name, score.value, score.se);
    }
    for (size_t i = 0; i < FACTS; i++) {
        const char *text = json_string_value(json_object_get(facts, fact_names[i]));
        if (text != NULL && bnn_text_to_number(text, &value)) put(metrics, fact_names[i], value, NAN);
    }
    return metrics;
}

bnn_status bnn_result_make(json_t **result, const bnn_run *run, const char *digest) {
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    const char *split;
    bnn_status status = bnn_run_read_split(&rows, run, NULL, &split);
    if (status == BNN_OK) status = bnn_run_predict(&prediction, run, rows);
    if (status == BNN_OK) {
        *result = json_pack("{s:s, s:s, s:s, s:I, s:o}", "status", "finished", "digest", digest, "split", split, "rows",
                            (json_int_t)rows->n_rows, "metrics", score_all(prediction, run->model->facts));
        if (*result == NULL) status = BNN_FAIL_MEMORY("the result of a run");
    }
    bnn_prediction_free(prediction);
    bnn_dataset_free(rows);
    return status;
}

json_t *bnn_result_failed(const char *reason, const char *digest) {
    return json_pack("{s:s, s:s, s:s, s:{}}", "status", "failed", "digest", digest, "reason", reason, "metrics");
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

json_t *bnn_result_read(const char *folder, const char *digest) {
    char *path = bnn_folder_join(folder, BNN_SWEEP_RESULT);
    json_t *result = path == NULL ? NULL : json_load_file(path, 0, NULL);
    const char *made_with = json_string_value(json_object_get(result, "digest"));
    bool is_right = made_with != NULL && (digest == NULL || strcmp(made_with, digest) == 0);
    free(path);
    if (is_right) return result;
    json_decref(result);
    return NULL;
}

bnn_status bnn_result_write(const char *folder, const json_t *result) {
    return bnn_folder_write_json(folder, BNN_SWEEP_RESULT, result, 0);
}

/* ---- metrics by name ------------------------------------------------------------------------------------------------- */

static double number_of(const json_t *json) { return json_is_number(json) ? json_number_value(json) : NAN; }

double bnn_result_metric(const json_t *result, const char *name, double *se) {
    const json_t *score = json_object_get(json_object_get(result, "metrics"), name);
    if (se != NULL) *se = number_of(json_object_get(score, "se"));
    return number_of(json_object_get(score, "value"));
}

const char *bnn_result_metric_name(size_t i) {
    size_t n = 0;
    while (bnn_metrics[n].name != NULL) n++;
    if (i < n) return bnn_metrics[i].name;
    return i - n < FACTS ? fact_names[i - n] : NULL;
}

int bnn_result_metric_sign(const char *name) {
    static const char *const more[] = { "log_lik", "log_lik_moment", "r2", "accuracy", "auroc" };
    static const char *const less[] = { "rmse", "mae", "crps", "error", "brier", "ece", "ace", "aurc" };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(name, more[i]) == 0) return 1;
    for (size_t i = 0; i < sizeof less / sizeof *less; i++)
        if (strcmp(name, less[i]) == 0) return -1;
    return 0;
}

bool bnn_result_metric_is_usual(const char *name) {
    static const char *const usual[] = { "rmse", "error", "log_lik", "crps", "coverage_90", "brier", "ece" };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(usual[i], name) == 0) return true;
    return false;
}
