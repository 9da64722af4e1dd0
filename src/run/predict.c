/* Predictions of a finished run, as its [predict] section asks for them. */
#include "run/calibration.h"
#include "run/run.h"

bnn_predict_options bnn_run_predict_options(const bnn_run *run) {
    bnn_predict_settings settings;
    bnn_run_options options;
    bnn_config_fill(run->config, "predict", bnn_predict_rows, &settings);
    bnn_config_fill(run->config, "run", bnn_run_rows, &options);
    return (bnn_predict_options){ .samples = settings.samples, .quantiles = { settings.quantiles.n, settings.quantiles.at }, .seed = -1,
                                  .threads = (int)options.threads, .local_first_layer = settings.first_layer == 1 };
}

/* The spread is scaled draw by draw, all else is done to the prediction. */
static bnn_status predict_calibrated(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows, bnn_predict_options wanted,
                                     bnn_calibration_kind kind, double level) {
    bnn_calibration calibration = {0};
    bnn_prediction *made = NULL;
    bnn_status status = bnn_run_read_calibration(&calibration, run, kind);
    if (status == BNN_OK && kind == BNN_CALIBRATION_SD_SCALE) wanted.sd_scale = calibration.sd_scale;
    if (status == BNN_OK) status = bnn_predict(&made, run->model, rows, &wanted);
    if (status == BNN_OK && kind != BNN_CALIBRATION_SD_SCALE) status = bnn_calibration_apply(&calibration, kind, level, made);
    if (status == BNN_OK) *prediction = made;
    else bnn_prediction_free(made);
    bnn_calibration_free(&calibration);
    return status;
}

bnn_status bnn_run_predict_as(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows, const bnn_predict_options *wanted) {
    bnn_predict_settings settings;
    bnn_config_fill(run->config, "predict", bnn_predict_rows, &settings);
    bnn_calibration_kind kind = (bnn_calibration_kind)settings.calibration;
    if (kind != BNN_CALIBRATION_NONE) return predict_calibrated(prediction, run, rows, *wanted, kind, settings.calibration_level);
    return bnn_predict(prediction, run->model, rows, wanted);
}

bnn_status bnn_run_predict(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows) {
    const bnn_predict_options wanted = bnn_run_predict_options(run);
    return bnn_run_predict_as(prediction, run, rows, &wanted);
}
