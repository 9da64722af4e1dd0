/* Which run is compared with which: [sweep] baseline. */
#ifndef BNN_SWEEP_PAIRS_H
#define BNN_SWEEP_PAIRS_H

#include "sweep/table.h"

typedef struct bnn_baseline { bool is_set; size_t axis, value; } bnn_baseline;

/* "AXIS=VALUE": the axis by its column or label; the value as written, a base configuration also by its stem. BNN_ERR_CONFIG. */
bnn_status bnn_baseline_find(bnn_baseline *baseline, const bnn_plan *plan);

/* partner [n runs]: the run with the baseline's value and otherwise the same values; axes that apply to only one of the two do not count,
 * unless that leaves several. BNN_NO_VALUE: none. */
void bnn_baseline_pair(size_t *partner, const bnn_baseline *baseline, const bnn_plan *plan);

/* A field of a CSV file, quoted where it needs to be. */
void bnn_csv_field(bnn_text *csv, const char *field);

#endif
