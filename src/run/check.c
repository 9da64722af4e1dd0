/* What a run would be like: sizes from the configuration, time and memory from a few steps of the fit itself. */
#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "run/folder.h"
#include "run/setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIMED_STEPS = 20 };
#define TIMED_SECONDS 0.5    /* enough is enough: a step of a large net takes longer than this */

typedef struct stopwatch { double begin, first, last; uint64_t n; } stopwatch;

static bnn_answer on_step(void *context, uint64_t step) {
    stopwatch *watch = context;
    watch->last = bnn_seconds_now();
    if (step == 1) watch->first = watch->last;
    watch->n = step;
    return step >= TIMED_STEPS || (step > 1 && watch->last - watch->begin > TIMED_SECONDS) ? BNN_STOP : BNN_GO_ON;
}

/* The first step pays for cold memory and is not counted, unless there is no other. */
static double step_seconds(const stopwatch *watch) {
    return watch->n > 1 ? (watch->last - watch->first) / (double)(watch->n - 1) : watch->last - watch->begin;
}

static bnn_status time_steps(const bnn_setup *setup, double *seconds) {
    stopwatch watch = { .begin = bnn_seconds_now() };
    bnn_observer observer = { .context = &watch, .step = on_step };
    bnn_model *model = NULL;
    bnn_status status = bnn_fit(&model, setup->config, setup->parts.train, setup->parts.valid, &observer);
    bnn_model_free(model);
    *seconds = step_seconds(&watch);
    return status == BNN_STOPPED ? BNN_OK : status;
}

static double step_count(const bnn_setup *setup) {
    bnn_train_options train;
    double n = (double)setup->parts.train->n_rows;
    bnn_config_fill(setup->config, "train", bnn_train_rows, &train);
    double batch = train.batch.word >= 0 || train.batch.number > n ? n : train.batch.number;
    return ceil(n / batch) * (double)train.epochs;
}

static size_t rows_in(const bnn_dataset *part) { return part == NULL ? 0 : part->n_rows; }

static bnn_status fill_sizes(bnn_run_forecast *forecast, const bnn_setup *setup) {
    const bnn_data_parts *parts = &setup->parts;
    bnn_model *model = NULL;
    bnn_status status = bnn_setup_model(&model, setup);
    if (status != BNN_OK) return status;
    *forecast = (bnn_run_forecast){ .n_train = rows_in(parts->train), .n_valid = rows_in(parts->valid), .n_test = rows_in(parts->test),
                                    .n_features = model->net.n_inputs, .n_outputs = model->net.n_outputs,
                                    .n_weights = model->net.n_weights, .n_constant = model->scaling.n_constant,
                                    .n_steps = step_count(setup), .layers = bnn_setup_layers(&model->net),
                                    .folder = strdup(setup->folder) };
    bnn_model_free(model);
    if (forecast->layers == NULL || forecast->folder == NULL) status = BNN_FAIL_MEMORY("a forecast");
    return status;
}

bnn_status bnn_setup_forecast(bnn_run_forecast *forecast, const bnn_setup *setup) {
    bnn_status status = fill_sizes(forecast, setup);
    if (status == BNN_OK) status = time_steps(setup, &forecast->step_seconds);
    forecast->bytes = bnn_memory_peak();
    if (status != BNN_OK) bnn_run_forecast_free(forecast);
    return status;
}

bnn_status bnn_run_check(bnn_run_forecast *forecast, const bnn_run_request *request) {
    bnn_setup setup = {0};
    bnn_folder folder = {0};
    bnn_status status;
    if ((status = bnn_setup_read(&setup, request))                             != BNN_OK) goto done;
    if ((status = bnn_folder_check(&folder, setup.folder, request->force))     != BNN_OK) goto done;
    if ((status = bnn_setup_read_data(&setup))                                 != BNN_OK) goto done;
    status = bnn_setup_forecast(forecast, &setup);
done:
    bnn_folder_free(&folder);
    bnn_setup_free(&setup);
    return status;
}

void bnn_run_forecast_free(bnn_run_forecast *forecast) {
    free(forecast->layers);
    free(forecast->folder);
    *forecast = (bnn_run_forecast){0};
}
