/* The minibatch loop: batches of shuffled rows, one method step each, one record per epoch.
 *
 * Batches of an epoch are evened out (sizes differ by one at most): a remainder of a few rows would be scaled up to the whole set and
 * kick the parameters about. */
#include "base/fail.h"
#include "method/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double bnn_fit_lr(const bnn_fit_state *fit) {
    bnn_clock clock = { .t = fit->step, .n_steps = fit->n_steps, .epoch_steps = fit->n_batches };
    return ldexp(bnn_schedule_lr(fit->schedule, fit->schedule_options, &fit->optimizer, clock), -(int)fit->n_rollbacks);
}

static bnn_status fail_at_step(const bnn_fit_state *fit, bnn_status status) {
    if (status != BNN_ERR_NUMERIC) return status;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", bnn_error_text());
    return BNN_FAIL(status, "step %llu (epoch %llu): %s; try a smaller optimizer.lr or train.clip_norm", (unsigned long long)fit->step,
                    (unsigned long long)((fit->step - 1) / fit->n_batches + 1), reason);
}

/* Asks the observer after a step or an epoch, and does what it says. */
static bnn_status obey(bnn_answer answer, bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks) {
    if (answer == BNN_GO_ON) return BNN_OK;
    bnn_status status = hooks->save == NULL ? BNN_OK : bnn_fit_save(fit, method, state, hooks);
    if (status != BNN_OK || answer == BNN_SAVE) return status;
    return BNN_FAIL(BNN_STOPPED, "stopped after step %llu", (unsigned long long)fit->step);
}

static bnn_answer ask_after_step(const bnn_fit_state *fit, const bnn_observer *observer) {
    uint64_t before = (uint64_t)fit->member * fit->n_steps;
    return observer == NULL || observer->step == NULL ? BNN_GO_ON : observer->step(observer->context, before + fit->step);
}

/* The batches of the present epoch that are left. */
static bnn_status run_epoch(bnn_fit_state *fit, const bnn_method_row *method, void *state, const size_t *order,
                            const bnn_fit_hooks *hooks) {
    size_t n_rows = fit->problem->n_rows, m = fit->n_batches;
    while (fit->batch < m) {
        size_t first = n_rows * fit->batch / m, end = n_rows * (fit->batch + 1) / m;
        double value;
        fit->step++;
        bnn_status status = method->step(state, fit, end - first, order == NULL ? NULL : order + first, &value);
        if (status != BNN_OK) return fail_at_step(fit, status);
        fit->nll_sum += value;
        fit->batch++;
        if ((status = obey(ask_after_step(fit, hooks->observer), fit, method, state, hooks)) != BNN_OK) return status;
    }
    return BNN_OK;
}

static bnn_status make_record(bnn_fit_state *fit, const bnn_method_row *method, void *state, bnn_epoch *record) {
    uint64_t epochs_before = (uint64_t)fit->member * (uint64_t)fit->train.epochs, steps_before = fit->member * fit->n_steps;
    *record = (bnn_epoch){ .epoch = (long)(epochs_before + fit->epoch), .n_epochs = (long)(fit->n_members * fit->train.epochs),
                           .step = steps_before + fit->step, .n_steps = fit->n_members * fit->n_steps, .lr = bnn_fit_lr(fit),
                           .nll = fit->nll_sum / (double)fit->n_batches, .valid_nll = NAN };
    method->record(state, fit, record);
    if (fit->valid == NULL) return BNN_OK;
    bnn_status status = bnn_problem_nll(fit->valid, method->point(state), 0, NULL, NULL, &record->valid_nll);
    record->valid_nll /= fit->valid->weight_sum;
    return fail_at_step(fit, status);
}

/* Early stopping: keeps the best epoch's result, and ends the fit when none has been better for `patience` epochs. */
static void judge(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_epoch *record) {
    if (fit->train.patience == 0) return;
    if (fit->best_epoch == 0 || record->valid_nll < fit->best_valid) {
        fit->best_epoch = fit->epoch;
        fit->best_valid = record->valid_nll;
        method->finish(state, &fit->best);
    }
    bnn_fit_judge_patience(fit);
}

void bnn_fit_judge_patience(bnn_fit_state *fit) {
    if (fit->best_epoch > 0 && fit->epoch - fit->best_epoch >= (uint64_t)fit->train.patience) {
        fit->is_finished = true;
        snprintf(fit->remark, sizeof fit->remark, "stopped early after epoch %llu: the validation loss was lowest, %.6g a row, after epoch "
                 "%llu, whose weights are kept", (unsigned long long)fit->epoch, fit->best_valid, (unsigned long long)fit->best_epoch);
    }
}

static bnn_status end_epoch(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks) {
    const bnn_observer *observer = hooks->observer;
    bnn_epoch record;
    fit->epoch++;
    bnn_status status = make_record(fit, method, state, &record);
    if (status != BNN_OK) return status;
    judge(fit, method, state, &record);
    if (fit->is_finished && fit->n_members == 1) {
        record.n_epochs = record.epoch;
        record.n_steps = record.step;
    }
    fit->batch = 0;
    fit->nll_sum = 0;
    if (observer == NULL || observer->epoch == NULL) return BNN_OK;
    return obey(observer->epoch(observer->context, &record), fit, method, state, hooks);
}

/* Once: the next member of an ensemble has its own. */
static void say_remark(bnn_fit_state *fit, const bnn_observer *observer) {
    if (fit->remark[0] != '\0' && observer != NULL && observer->note != NULL) observer->note(observer->context, fit->remark);
    fit->remark[0] = '\0';
}

/* Without patience there is room for the result only now. */
static bnn_status finish_last(bnn_fit_state *fit, const bnn_method_row *method, void *state) {
    if (method->let_go != NULL) method->let_go(state);
    bnn_status status = fit->best.row == NULL ? bnn_fit_make_best(fit, method) : BNN_OK;
    if (status == BNN_OK) method->finish(state, &fit->best);
    return status;
}

bnn_status bnn_fit_loop(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks) {
    bnn_status status = BNN_OK;
    size_t n_rows = fit->problem->n_rows, *order = NULL;
    if (fit->n_batches > 1) {
        order = malloc(n_rows * sizeof *order);
        if (order == NULL) return BNN_FAIL_MEMORY("the order of the rows");
    }
    while (status == BNN_OK && fit->epoch < (uint64_t)fit->train.epochs && !fit->is_finished) {
        bnn_key key = bnn_key_make(fit->seed, BNN_PURPOSE_SHUFFLE, (uint32_t)fit->epoch + 1, 0, fit->member);
        if (order != NULL) bnn_rng_shuffle(key, n_rows, order);
        if (fit->batch == 0) bnn_fit_keep(fit, method, state);
        status = run_epoch(fit, method, state, order, hooks);
        if (status == BNN_OK) status = end_epoch(fit, method, state, hooks);
        if (status != BNN_OK) status = bnn_fit_roll_back(fit, method, state, status, hooks->observer);
    }
    free(order);
    if (status != BNN_OK) return status;
    if (fit->best_epoch == 0) status = finish_last(fit, method, state);
    say_remark(fit, hooks->observer);
    return status;
}
