/* The [predict] section. */
#include "predict/predict.h"

const bnn_option bnn_predict_rows[] = {
    BNN_OPTION_INT_ROW(bnn_predict_settings, samples, "100", 1, BNN_PREDICT_MAX_SAMPLES, "draws",
                       "weight draws that a prediction averages; a posterior of stored draws uses all of them instead"),
    { "quantiles", BNN_OPTION_NUMBERS, offsetof(bnn_predict_settings, quantiles), "0.05, 0.5, 0.95", 0, 0.999999, true, NULL, "",
      "levels of the quantiles that are reported for numeric targets", NULL },
    {0}
};
