/* Divergence: back to the beginning of the epoch with half the learning rate, at most three times a member. Epochs, not checkpoints, are
 * gone back to: when those are made depends on the clock, and the same run would end in different weights. */
#include "base/fail.h"
#include "method/fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bnn_status bnn_fit_allow_rollback(bnn_fit_state *fit, const bnn_method_row *method, void *state) {
    bnn_state_array arrays[BNN_STATE_ARRAYS];
    free(fit->kept);
    fit->kept = NULL;
    fit->n_kept = 0;
    fit->n_rollbacks = 0;
    if (!fit->train.rollback) return BNN_OK;
    size_t n = method->arrays(state, arrays);
    for (size_t i = 0; i < n; i++) fit->n_kept += arrays[i].n;
    fit->kept = calloc(fit->n_kept, sizeof *fit->kept);
    return fit->kept == NULL ? BNN_FAIL_MEMORY("the weights to roll back to") : BNN_OK;
}

/* Copies between the method's arrays and the kept ones. */
static void copy_arrays(const bnn_fit_state *fit, const bnn_method_row *method, void *state, bool is_back) {
    bnn_state_array arrays[BNN_STATE_ARRAYS];
    size_t n = method->arrays(state, arrays);
    real *kept = fit->kept;
    for (size_t i = 0; i < n; i++, kept += arrays[i - 1].n)
        memcpy(is_back ? arrays[i].at : kept, is_back ? kept : arrays[i].at, arrays[i].n * sizeof *kept);
}

void bnn_fit_keep(bnn_fit_state *fit, const bnn_method_row *method, void *state) {
    if (fit->kept != NULL) copy_arrays(fit, method, state, false);
}

static void say(const bnn_fit_state *fit, const bnn_observer *observer) {
    char line[640];
    if (observer == NULL || observer->note == NULL) return;
    snprintf(line, sizeof line, "%.500s: back to the end of epoch %llu with half the learning rate (%llu of %d)", bnn_error_text(),
             (unsigned long long)fit->epoch, (unsigned long long)fit->n_rollbacks, BNN_MOST_ROLLBACKS);
    observer->note(observer->context, line);
}

bnn_status bnn_fit_roll_back(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_status failure,
                             const bnn_observer *observer) {
    if (failure != BNN_ERR_NUMERIC || fit->kept == NULL || fit->n_rollbacks == BNN_MOST_ROLLBACKS) return failure;
    copy_arrays(fit, method, state, true);
    fit->epoch = (fit->step - 1) / fit->n_batches;
    fit->step = fit->epoch * fit->n_batches;
    fit->batch = 0;
    fit->nll_sum = 0;
    fit->n_rollbacks++;
    say(fit, observer);
    bnn_error_clear();
    return method->resumed == NULL ? BNN_OK : method->resumed(state, fit);
}
