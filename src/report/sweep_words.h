/* The parts of a sweep's page that are words and tables; each appends to the page. */
#ifndef BNN_REPORT_SWEEP_WORDS_H
#define BNN_REPORT_SWEEP_WORDS_H

#include "report/outcome.h"
#include <jansson.h>

/* What ran, along which axes, how long it took, what is missing. */
void bnn_sweep_put_head(bnn_text *page, const bnn_outcome *outcome);

/* Means of the metrics shown, a row for each group; the best of each panel in bold. */
void bnn_sweep_put_summary(bnn_text *page, const bnn_outcome *outcome);

/* How often each value was chosen, a row for each group; the same into json under "tuned". Nothing where nothing was tuned. */
void bnn_sweep_put_tuned(bnn_text *page, json_t *json, const bnn_outcome *outcome);

/* Failed runs with their reasons; nothing if none failed. */
void bnn_sweep_put_failures(bnn_text *page, const bnn_outcome *outcome);

/* All runs; has_links: to their own report.html where there is one, from a page in the sweep's folder. */
void bnn_sweep_put_runs(bnn_text *page, const bnn_outcome *outcome, bool has_links);

/* Everything once more: {"sweep": ..., "groups": [...], "runs": [...]}. New reference. */
json_t *bnn_sweep_json(const bnn_outcome *outcome);

#endif
