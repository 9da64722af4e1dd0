/* What outcome.c leaves to outcome_groups.c; others include outcome.h alone. */
#ifndef BNN_REPORT_OUTCOME_GROUPS_H
#define BNN_REPORT_OUTCOME_GROUPS_H

#include "bnn/status.h"
#include "report/outcome.h"

/* The axis or tuned key in a column of results.csv. False: out of memory. */
bool bnn_outcome_key_read(bnn_outcome_key *key, bnn_outcome *outcome, size_t column);

/* One more value of a tuned key, unless it is there. False: out of memory. */
bool bnn_outcome_key_offer(bnn_outcome_key *key, const char *value, bnn_arena *arena);

/* Groups from the keys that are no replicates. */
bnn_status bnn_outcome_group(bnn_outcome *outcome);

/* Groups with the baseline's value: "method.name=map", "method=map", of a base configuration its stem. */
void bnn_outcome_mark_baseline(bnn_outcome *outcome);

bnn_status bnn_outcome_divide(bnn_outcome *outcome);     /* into panels */

#endif
