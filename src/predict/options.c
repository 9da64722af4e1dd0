/* The [predict] section. */
#include "predict/predict.h"

const bnn_option bnn_predict_rows[] = {
    BNN_OPTION_INT_ROW(bnn_predict_settings, samples, "100", 1, BNN_PREDICT_MAX_SAMPLES, "draws",
                       "weight draws that a prediction averages; a posterior of stored draws uses all of them instead"),
    { "quantiles", BNN_OPTION_NUMBERS, offsetof(bnn_predict_settings, quantiles), "0.05, 0.5, 0.95", 0, 0.999999, true, NULL, "",
      "levels of the quantiles that are reported for numeric targets", NULL },
    BNN_OPTION_CHOICE_ROW(bnn_predict_settings, first_layer, "weights", "weights|local",
                          "what is drawn: the first layer's weights, or (local, for posteriors of independent normals) its outputs: several "
                          "times faster where that layer is the largest, exact for each row by itself, not jointly over rows"),
    BNN_OPTION_CHOICE_ROW(bnn_predict_settings, calibration, "none", "none|temperature|sd_scale|conformal",
                          "correction by the validation rows, after bnn calibrate RUN: temperature of class probabilities, one factor for the "
                          "sds of numbers, or conformal intervals and sets of classes beside the prediction"),
    BNN_OPTION_NUMBER_ROW(bnn_predict_settings, calibration_level, "0.9", 0.01, 0.9999, "",
                          "share of targets that conformal intervals and sets are to cover"),
    {0}
};
