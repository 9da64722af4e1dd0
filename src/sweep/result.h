/* What one run came to: RUN/result.json.
 *
 *     {"status": "finished", "digest": ..., "split": "test", "rows": 31, "metrics": {"rmse": {"value": v, "se": s}, ...},
 *      "tuned": {"prior.sd": "0.3"}, "tune": {...}, "timing": {"seconds": ...}}
 *
 * A run whose numbers overflowed has status "failed" and a "reason": it would do so again. Other failures leave no result, so that the next
 * start tries again. */
#ifndef BNN_SWEEP_RESULT_H
#define BNN_SWEEP_RESULT_H

#include "run/run.h"

#define BNN_SWEEP_RESULT "result.json"

/* The result in a folder, if it belongs to these settings (digest NULL: whatever they are); NULL: none. New reference. */
json_t *bnn_result_read(const char *folder, const char *digest);

/* Atomically; makes no folder. BNN_ERR_FILE. */
bnn_status bnn_result_write(const char *folder, const json_t *result);

/* Judges a finished run by its test rows, else its validation rows. *result: a new reference. */
bnn_status bnn_result_make(json_t **result, const bnn_run *run, const char *digest);

json_t *bnn_result_failed(const char *reason, const char *digest);     /* new reference; NULL: out of memory */

/* A metric's value; NaN: there is none. se may be NULL. */
double bnn_result_metric(const json_t *result, const char *name, double *se);

/* Every name that bnn_result_metric may know, in the order of columns; NULL past the last. */
const char *bnn_result_metric_name(size_t i);

/* +1: more is better, -1: less is; 0: neither (coverage), or no such metric. */
int bnn_result_metric_sign(const char *name);

/* Shown where nobody says which. */
bool bnn_result_metric_is_usual(const char *name);

#endif
