/* Fields of CSV lines, and the parts of bnn_prediction_print for callers who put columns of their own before it. */
#ifndef BNN_PREDICT_CSV_H
#define BNN_PREDICT_CSV_H

#include "predict/joint.h"
#include "predict/predict.h"

/* A field after a separator ("" for a line's first). prefix and name are quoted together where a character asks for it. */
void bnn_csv_name(bnn_text *csv, const char *separator, const char *prefix, const char *name);
void bnn_csv_number(bnn_text *csv, const char *separator, double value);

/* With the newline. */
void bnn_prediction_print_header(const bnn_prediction *prediction, bnn_text *csv);
void bnn_prediction_print_row(const bnn_prediction *prediction, size_t row, bnn_text *csv);

/* Joint draws: mean or mean_NAME... or p_<class>..., then y or y_NAME...; names as in a prediction, y of a class by name. With newline. */
void bnn_joint_print_header(const bnn_joint *joint, bnn_text *csv);
void bnn_joint_print_row(const bnn_joint *joint, size_t row, bnn_text *csv);

#endif
