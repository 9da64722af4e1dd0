/* Predictions of a finished run, as its [predict] section asks for them. */
#include "run/run.h"

bnn_status bnn_run_predict(bnn_prediction **prediction, const bnn_run *run, const bnn_dataset *rows) {
    bnn_predict_settings settings;
    bnn_run_options options;
    bnn_config_fill(run->config, "predict", bnn_predict_rows, &settings);
    bnn_config_fill(run->config, "run", bnn_run_rows, &options);
    bnn_predict_options wanted = { .samples = settings.samples, .quantiles = { settings.quantiles.n, settings.quantiles.at },
                                   .seed = -1, .threads = (int)options.threads };
    return bnn_predict(prediction, run->model, rows, &wanted);
}
