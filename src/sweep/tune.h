/* Choosing settings inside the training part of a run, by [tune].
 *
 * Every choice is fitted and scored on folds of the training rows (data.folds, data.fold: the run's test rows stay unread, its test file
 * shut); the best mean score wins, the first of equals. Each of those fits is a run folder of its own, SWEEP/tune/RUN/CHOICE,fold=K, kept as
 * a cache: what is there with the same settings is not done again. */
#ifndef BNN_SWEEP_TUNE_H
#define BNN_SWEEP_TUNE_H

#include "sweep/plan.h"

/* The score is a metric that has a better side. BNN_ERR_CONFIG. */
bnn_status bnn_tune_check(const bnn_plan *plan);

/* The configuration of fold `fold` of a choice (point of the run's choices). */
bnn_status bnn_tune_config(bnn_config **config, bnn_arena *arena, const bnn_plan *plan, size_t run, const size_t *choice, size_t fold);

/* choices: the run's, in `arena`; best: the one chosen. *tuning: {"tuned": {key: value}, "tune": {score, folds, value, choices}}, a new
 * reference. BNN_ERR_NUMERIC if no choice could be fitted; BNN_STOPPED. */
bnn_status bnn_tune_run(json_t **tuning, bnn_grid *choices, size_t *best, bnn_arena *arena, const bnn_plan *plan, size_t run,
                        const bnn_run_request *request);

#endif
