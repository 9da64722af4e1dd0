/* Several finished runs at work on the same rows. */
#ifndef BNN_RUN_COMPARE_H
#define BNN_RUN_COMPARE_H

#include "predict/compare.h"
#include "run/run.h"

typedef struct bnn_comparison_request {
    size_t             n;               /* at least 1 */
    const char *const *folders;         /* [n] */
    size_t             n_sets;          /* for all runs, as in bnn_run_open */
    const char *const *sets;
    const char        *split;           /* of each run's own data; NULL: the first's test rows, else its validation rows */
    const char        *data, *labels;   /* rows of a file instead; or NULL */
} bnn_comparison_request;

typedef struct bnn_comparison {
    size_t           n;
    bnn_run         *runs;              /* [n] */
    bnn_dataset    **rows;              /* [n] each as its own run reads them */
    bnn_prediction **predictions;       /* [n] fit together */
    const char      *split;             /* "test", or the path of the rows; borrowed from the request, or static */
} bnn_comparison;

/* Opens the runs, reads and checks all rows, then predicts them. BNN_ERR_DATA where the rows of a run are not those of the first: other
 * row numbers of the same file, or other targets, classes, weights. */
bnn_status bnn_comparison_make(bnn_comparison *comparison, const bnn_comparison_request *request);
void       bnn_comparison_free(bnn_comparison *comparison);

/* Whether two sets of rows, as far as the shorter goes, are known to be different rows of one file. Of different files nothing is known: their
 * targets may tell. */
bool bnn_rows_differ(const bnn_dataset *a, const bnn_dataset *b);

#endif
