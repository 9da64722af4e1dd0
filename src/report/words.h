/* What a run is, in words, and how it scores, in tables. */
#ifndef BNN_REPORT_WORDS_H
#define BNN_REPORT_WORDS_H

#include "report/gather.h"

/* A paragraph on data, net, method, prior and time; the run's warnings; ready for the page. */
void bnn_words_put(bnn_text *page, const bnn_report_run *run);

/* The most telling scores of one run, large. */
void bnn_scores_put_cards(bnn_text *page, const bnn_report_run *run);

/* Every metric: a column for each run, with standard errors, and the constant predictor of the first. */
void bnn_scores_put_table(bnn_text *page, const bnn_report *report);

/* {"rmse": {"value": v, "se": s, "baseline": b}, ...} of one run. New reference. */
json_t *bnn_scores_json(const bnn_report_run *run);

#endif
