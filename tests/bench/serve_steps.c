/* Training steps as users get them: bnn_fit with an observer that reads the clock, from the steady state on. */
#include "serve.h"

typedef struct stopwatch { double start, seconds; uint64_t first, last, every; } stopwatch;

/* The clock is read once in `every` steps: a step of a small net takes microseconds. */
static bnn_answer on_step(void *context, uint64_t step) {
    stopwatch *watch = context;
    if (step % watch->every != 0) return BNN_GO_ON;
    double now = bench_now();
    if (watch->first == 0) {
        watch->first = step;
        watch->start = now;
    }
    watch->last = step;
    watch->seconds = now - watch->start;
    return watch->seconds < BENCH_SECONDS ? BNN_GO_ON : BNN_STOP;
}

static bnn_status time_steps(const bench_request *request, size_t n, const char *const *sets, double *seconds) {
    const bnn_dataset *rows;
    bnn_config *config = NULL;
    bnn_model *model = NULL;
    size_t widths[BENCH_WIDTHS];
    bench_widths(request->net, widths);
    stopwatch watch = { .every = widths[0] * widths[1] < 10000 ? 400 : 2 };
    bnn_observer observer = { .context = &watch, .step = on_step };
    bnn_status status = bench_rows(&rows, request);
    if (status == BNN_OK) status = bench_config(&config, request, n, sets);
    if (status == BNN_OK) status = bnn_fit(&model, config, rows, NULL, &observer);
    *seconds = watch.seconds / (double)(watch.last - watch.first);
    bnn_model_free(model);
    bnn_config_free(config);
    return status == BNN_STOPPED ? BNN_OK : status;
}

static bnn_answer stop_at(void *context, uint64_t step) { return step < *(const uint64_t *)context ? BNN_GO_ON : BNN_STOP; }

bnn_status bench_steps(uint64_t n) {
    static const bench_request request = { "bbb", "13-50-1", 1 };
    const bnn_dataset *rows;
    bnn_config *config = NULL;
    bnn_model *model = NULL;
    bnn_observer observer = { .context = &n, .step = stop_at };
    bnn_status status = bench_rows(&rows, &request);
    if (status == BNN_OK) status = bench_config(&config, &request, 0, NULL);
    if (status == BNN_OK) status = bnn_fit(&model, config, rows, NULL, &observer);
    bnn_model_free(model);
    bnn_config_free(config);
    return status == BNN_STOPPED ? BNN_OK : status;
}

#define STEP_JOB(function, ...)                                                                                         \
    static bnn_status function(const bench_request *request, double *seconds) {                                         \
        static const char *const sets[] = { __VA_ARGS__ };                                                              \
        return time_steps(request, sizeof sets / sizeof *sets, sets, seconds);                                          \
    }

#define MIXTURE "prior.name=scale_mixture", "prior.pi=0.25", "prior.sd1=0.5", "prior.sd2=0.0025"

STEP_JOB(map_step, "method.name=map")
STEP_JOB(bbb_step, "method.name=bbb")
STEP_JOB(bbb_mixture_step, MIXTURE)
STEP_JOB(bbb_local_step, "method.estimator=local_reparam")
STEP_JOB(bbb_local_mixture_step, "method.estimator=local_reparam", MIXTURE)
STEP_JOB(bbb_flipout_step, "method.estimator=flipout")
STEP_JOB(bbb_flipout_mixture_step, "method.estimator=flipout", MIXTURE)

const bench_job bench_step_jobs[] = {
    { "map", map_step }, { "bbb", bbb_step }, { "bbb_mixture", bbb_mixture_step }, { "bbb_local", bbb_local_step },
    { "bbb_local_mixture", bbb_local_mixture_step }, { "bbb_flipout", bbb_flipout_step },
    { "bbb_flipout_mixture", bbb_flipout_mixture_step }, {0}
};
