/* Inside of the predictor: the empty prediction that bnn_predict and the baseline fill. */
#ifndef BNN_PREDICT_PREDICTION_H
#define BNN_PREDICT_PREDICTION_H

#include "predict/predict.h"

/* Levels .05 .5 .95. */
extern const bnn_numbers bnn_default_quantiles;

/* BNN_ERR_DATA if the columns of `rows` are not the model's, or its likelihood cannot take the targets. */
bnn_status bnn_prediction_check_rows(const bnn_model *model, const bnn_dataset *rows);

/* All arrays that the likelihood and the rows call for, zeroed; names, levels and targets are copied. BNN_ERR_DATA if the columns of
 * `rows` are not the model's. */
bnn_status bnn_prediction_make(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows, size_t n_draws,
                               bnn_numbers levels);

/* Room for draw_likelihood and draw_square or draw_brier: draws are random, more than one, and targets are known. */
bnn_status bnn_prediction_take_effects(bnn_prediction *prediction);

/* What turns a log density of scaled targets into one in their own units when taken away: sum_j log y_scale_j; 0 for classes. */
double bnn_prediction_log_scale(const bnn_model *model);

/* H(p) in nats. */
double bnn_entropy(size_t n, const double *p);

/* p [n_rows x n_classes] is set: labels and entropy. */
void bnn_prediction_label(bnn_prediction *prediction, size_t row);

/* log N(y; mean, sd^2), nats. */
double bnn_gaussian_log_density(double y, double mean, double sd);

#endif
