/* The minibatch loop: batches of shuffled rows, one method step each, one record per epoch.
 *
 * Batches of an epoch are evened out (sizes differ by one at most): a remainder of a few rows would be scaled up to the whole set and
 * kick the parameters about. */
#include "base/fail.h"
#include "method/fit.h"

#include <math.h>
#include <stdlib.h>

double bnn_fit_lr(const bnn_fit_state *fit) {
    bnn_clock clock = { .t = fit->step, .n_steps = fit->n_steps, .epoch_steps = fit->n_batches };
    return bnn_schedule_lr(fit->schedule, fit->schedule_options, &fit->optimizer, clock);
}

static bnn_status fail_at_step(const bnn_fit_state *fit, bnn_status status) {
    if (status != BNN_ERR_NUMERIC) return status;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", bnn_error_text());
    return BNN_FAIL(status, "step %llu (epoch %llu): %s; try a smaller optimizer.lr or train.clip_norm", (unsigned long long)fit->step,
                    (unsigned long long)((fit->step - 1) / fit->n_batches + 1), reason);
}

static bool wants_stop(const bnn_observer *observer, uint64_t step) {
    return observer != NULL && observer->step != NULL && observer->step(observer->context, step) == BNN_STOP;
}

/* All batches of one epoch; *nll: mean of the steps' estimates. */
static bnn_status run_epoch(bnn_fit_state *fit, const bnn_method_row *method, void *state, const size_t *order,
                            const bnn_observer *observer, double *nll) {
    size_t n_rows = fit->problem->n_rows, m = fit->n_batches;
    double sum = 0;
    for (size_t b = 0; b < m; b++) {
        size_t first = n_rows * b / m, end = n_rows * (b + 1) / m;
        double value;
        fit->step++;
        bnn_status status = method->step(state, fit, end - first, order == NULL ? NULL : order + first, &value);
        if (status != BNN_OK) return fail_at_step(fit, status);
        if (wants_stop(observer, fit->step)) return BNN_STOPPED;
        sum += value;
    }
    *nll = sum / (double)m;
    return BNN_OK;
}

static bnn_status make_record(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_problem *valid, double nll,
                              bnn_epoch *record) {
    *record = (bnn_epoch){ .epoch = (long)(fit->step / fit->n_batches), .n_epochs = (long)fit->train.epochs, .step = fit->step,
                           .n_steps = fit->n_steps, .lr = bnn_fit_lr(fit), .nll = nll, .valid_nll = NAN };
    if (fit->is_finished) {
        record->n_epochs = record->epoch;
        record->n_steps = record->step;
    }
    method->record(state, fit, record);
    if (valid == NULL) return BNN_OK;
    bnn_status status = bnn_problem_nll(valid, method->point(state), 0, NULL, NULL, &record->valid_nll);
    record->valid_nll /= (double)valid->n_rows;
    return fail_at_step(fit, status);
}

bnn_status bnn_fit_loop(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_problem *valid, const bnn_observer *observer,
                        bnn_epoch *last) {
    bnn_status status = BNN_OK;
    size_t *order = NULL;
    if (fit->n_batches > 1) {
        order = malloc(fit->problem->n_rows * sizeof *order);
        if (order == NULL) return BNN_FAIL_MEMORY("the order of the rows");
    }
    while (status == BNN_OK && fit->step < fit->n_steps && !fit->is_finished) {
        double nll = 0;
        uint32_t epoch = (uint32_t)(fit->step / fit->n_batches + 1);
        if (order != NULL) bnn_rng_shuffle(bnn_key_make(fit->seed, BNN_PURPOSE_SHUFFLE, epoch, 0, fit->member), fit->problem->n_rows, order);
        if ((status = run_epoch(fit, method, state, order, observer, &nll)) != BNN_OK) break;
        if ((status = make_record(fit, method, state, valid, nll, last)) != BNN_OK) break;
        if (observer != NULL && observer->epoch != NULL && observer->epoch(observer->context, last) == BNN_STOP) status = BNN_STOPPED;
    }
    free(order);
    if (status == BNN_OK && fit->remark[0] != '\0' && observer != NULL && observer->note != NULL)
        observer->note(observer->context, fit->remark);
    if (status == BNN_STOPPED) return BNN_FAIL(status, "stopped after step %llu", (unsigned long long)fit->step);
    return status;
}
