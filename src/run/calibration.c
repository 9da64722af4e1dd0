/* Fitting a run's calibration, and its file. */
#include "run/calibration.h"
#include "base/fail.h"
#include "run/folder.h"
#include "run/setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static json_t *number_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *figures_to_json(const bnn_calibration *c, bnn_calibration_kind kind, bool is_after) {
    json_t *json = json_object();
    for (size_t i = 0; i < c->n_figures; i++) {
        const bnn_calibration_figure *figure = &c->figures[i];
        if (figure->kind == kind) json_object_set_new(json, figure->metric, number_or_null(is_after ? figure->after : figure->before));
    }
    return json;
}

static json_t *kind_to_json(const bnn_calibration *c, bnn_calibration_kind kind) {
    json_t *json = json_object();
    json_object_set_new(json, "before", figures_to_json(c, kind, false));
    json_object_set_new(json, "after", figures_to_json(c, kind, true));
    return json;
}

static json_t *scores_to_json(const bnn_calibration *c) {
    json_t *lists = json_array();
    for (size_t j = 0; j < c->n_targets; j++) {
        json_t *list = json_array();
        for (size_t i = 0; i < c->n_rows; i++) json_array_append_new(list, json_real(c->scores[j * c->n_rows + i]));
        json_array_append_new(lists, list);
    }
    return lists;
}

static void add_value(json_t *json, const bnn_calibration *c, bnn_calibration_kind kind, double value) {
    if (isnan(value)) return;
    json_t *of_kind = kind_to_json(c, kind);
    json_object_set_new(of_kind, "value", json_real(value));
    json_object_set_new(json, bnn_calibration_name(kind), of_kind);
}

json_t *bnn_calibration_to_json(const bnn_calibration *calibration, bool with_scores) {
    const bnn_calibration *c = calibration;
    json_t *json = json_pack("{s:I, s:f}", "rows", (json_int_t)c->n_rows, "level", c->level);
    json_t *conformal = kind_to_json(c, BNN_CALIBRATION_CONFORMAL);
    add_value(json, c, BNN_CALIBRATION_TEMPERATURE, c->temperature);
    add_value(json, c, BNN_CALIBRATION_SD_SCALE, c->sd_scale);
    if (with_scores) json_object_set_new(conformal, "scores", scores_to_json(c));
    return json_object_set_new(json, bnn_calibration_name(BNN_CALIBRATION_CONFORMAL), conformal) == 0 ? json : NULL;
}

static bnn_status write_json(const bnn_run *run, json_t *json) {
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    char *path = bnn_folder_join(run->folder, BNN_RUN_CALIBRATION);
    bnn_status status = text == NULL || path == NULL ? BNN_FAIL_MEMORY("the calibration") : bnn_file_write(path, text, strlen(text));
    free(path);
    free(text);
    return status;
}

/* ---- fitting --------------------------------------------------------------------------------------------------------- */

static bnn_status read_valid(bnn_dataset **rows, const bnn_run *run) {
    bnn_data_options options;
    bnn_setup_data(run->config, &options);
    if (*options.valid == '\0' && !(options.valid_fraction > 0))
        return BNN_FAIL(BNN_ERR_DATA, "%s: the run has no validation rows to calibrate on: train it with data.valid_fraction = 0.1, or name a "
                        "file of them in data.valid", run->folder);
    return bnn_run_read_split(rows, run, "valid", NULL);
}

bnn_status bnn_run_calibrate(bnn_calibration *calibration, const bnn_run *run) {
    bnn_predict_settings settings;
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    json_t *json = NULL;
    bnn_predict_options wanted = bnn_run_predict_options(run);
    bnn_config_fill(run->config, "predict", bnn_predict_rows, &settings);
    const double level = settings.calibration_level, ends[] = { (1 - level) / 2, (1 + level) / 2 };
    wanted.quantiles.n = 2;
    wanted.quantiles.at = ends;
    bnn_status status;
    if ((status = read_valid(&rows, run))                                                                        != BNN_OK) goto done;
    if ((status = bnn_predict(&prediction, run->model, rows, &wanted))                                           != BNN_OK) goto done;
    status = bnn_calibration_fit(calibration, prediction, level, !run->model->likelihood.row->wants_counts);
    if (status != BNN_OK) goto done;
    if ((json = bnn_calibration_to_json(calibration, true)) != NULL)
        json_object_set_new(json, "samples", json_integer((json_int_t)prediction->n_draws));
    status = write_json(run, json);
done:
    json_decref(json);
    bnn_prediction_free(prediction);
    bnn_dataset_free(rows);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bnn_status check_kind(const bnn_run *run, bnn_calibration_kind kind) {
    bool is_classes = run->model->schema.n_classes > 0, is_counts = run->model->likelihood.row->wants_counts;
    if (is_classes && kind == BNN_CALIBRATION_SD_SCALE)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.calibration = sd_scale is for numbers, and %s predicts classes: temperature or conformal",
                        run->folder);
    if (!is_classes && kind == BNN_CALIBRATION_TEMPERATURE)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.calibration = temperature is for classes, and %s predicts numbers: %sconformal", run->folder,
                        is_counts ? "" : "sd_scale or ");
    if (is_counts && kind == BNN_CALIBRATION_SD_SCALE)
        return BNN_FAIL(BNN_ERR_CONFIG, "predict.calibration = sd_scale is for numbers on a continuous scale, and %s predicts counts: conformal",
                        run->folder);
    return BNN_OK;
}

static bool has_range(double value, double low, double high) { return value >= low && value <= high; }

static double value_of(const json_t *json, bnn_calibration_kind kind) {
    const json_t *value = json_object_get(json_object_get(json, bnn_calibration_name(kind)), "value");
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* false: not the lists that were written. */
static bool take_scores(bnn_calibration *c, const json_t *lists) {
    if (json_array_size(lists) != c->n_targets || c->n_rows == 0) return false;
    for (size_t j = 0; j < c->n_targets; j++)
        if (json_array_size(json_array_get(lists, j)) != c->n_rows) return false;
    c->scores = BNN_TAKE(&c->arena, c->n_targets * c->n_rows, double);
    for (size_t at = 0; c->scores != NULL && at < c->n_targets * c->n_rows; at++) {
        const json_t *score = json_array_get(json_array_get(lists, at / c->n_rows), at % c->n_rows);
        c->scores[at] = json_number_value(score);
        bool is_rising = at % c->n_rows == 0 ? c->scores[at] >= 0 : c->scores[at] >= c->scores[at - 1];
        if (!json_is_number(score) || !is_rising) return false;
    }
    return c->scores != NULL;
}

static bool take_json(bnn_calibration *c, const json_t *json, bnn_calibration_kind kind) {
    c->n_rows = json_array_size(json_array_get(json_object_get(json_object_get(json, "conformal"), "scores"), 0));
    c->temperature = value_of(json, BNN_CALIBRATION_TEMPERATURE);
    c->sd_scale = value_of(json, BNN_CALIBRATION_SD_SCALE);
    if (kind == BNN_CALIBRATION_TEMPERATURE && !has_range(c->temperature, BNN_TEMPERATURE_MIN / 2, BNN_TEMPERATURE_MAX * 2)) return false;
    if (kind == BNN_CALIBRATION_SD_SCALE && !(c->sd_scale > 0)) return false;
    return take_scores(c, json_object_get(json_object_get(json, "conformal"), "scores"));
}

bnn_status bnn_run_read_calibration(bnn_calibration *calibration, const bnn_run *run, bnn_calibration_kind kind) {
    char *path = bnn_folder_join(run->folder, BNN_RUN_CALIBRATION), *text = NULL;
    size_t size = 0;
    json_t *json = NULL;
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("the calibration") : check_kind(run, kind);
    if (status != BNN_OK) goto done;
    if (access(path, F_OK) != 0) {
        status = BNN_FAIL(BNN_ERR_CONFIG, "predict.calibration = %s, but %s is not calibrated yet: run bnn calibrate %s", bnn_calibration_name(kind),
                          run->folder, run->folder);
        goto done;
    }
    if ((status = bnn_file_read(path, &text, &size)) != BNN_OK) goto done;
    json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    calibration->n_targets = run->model->schema.n_targets;
    if (json == NULL || !take_json(calibration, json, kind))
        status = BNN_FAIL(BNN_ERR_DATA, "%s: not as it was written: run bnn calibrate %s again", path, run->folder);
done:
    json_decref(json);
    free(text);
    free(path);
    return status;
}
