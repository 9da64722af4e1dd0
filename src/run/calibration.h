/* `bnn calibrate RUN`: a finished run's predictions corrected by its own validation rows; RUN/calibration.json.
 *
 *     {"rows": n, "samples": 100, "level": 0.9,
 *      "temperature": {"value": T, "before": {"log_lik": ..., "ece": ...}, "after": {...}},
 *      "conformal": {"scores": [[rising, one list for each target], ...], "before": {...}, "after": {...}}}
 *
 * numbers: "sd_scale" instead of "temperature", unless they are counts. All scores are kept, so any level can be asked for later. */
#ifndef BNN_RUN_CALIBRATION_H
#define BNN_RUN_CALIBRATION_H

#include "predict/calibration.h"
#include "run/run.h"

#define BNN_RUN_CALIBRATION "calibration.json"

/* Fits every kind on the validation rows and writes the file, in place of an earlier one. calibration starts zeroed. BNN_ERR_DATA: the run
 * has no validation rows, and what bnn_calibration_fit refuses. */
bnn_status bnn_run_calibrate(bnn_calibration *calibration, const bnn_run *run);

/* What was fitted, without figures. BNN_ERR_CONFIG if the run is not calibrated or `kind` is not for its targets; BNN_ERR_DATA if the file is
 * not as it was written. calibration starts zeroed. */
bnn_status bnn_run_read_calibration(bnn_calibration *calibration, const bnn_run *run, bnn_calibration_kind kind);

/* As in the file; scores on request. New reference; NULL: out of memory. */
json_t *bnn_calibration_to_json(const bnn_calibration *calibration, bool with_scores);

#endif
