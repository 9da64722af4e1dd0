/* Learning-rate schedules. A the base rate, e epochs done before the step (fractions count, but for step):
 *
 *     step          A step_factor^floor(e / step_every)
 *     inverse       A / (1 + decay e)
 *     exponential   A exp(-decay e)
 *     cosine        Loshchilov & Hutter 2017, eq. 5, without restarts; the last step has the final rate */
#include "optimizer/optimizer.h"

#include <math.h>

typedef struct cosine_options { double lr_final; } cosine_options;
typedef struct step_options { long long step_every; double step_factor; } step_options;
typedef struct decay_options { double decay; } decay_options;

static const bnn_option cosine_rows[] = {
    BNN_OPTION_NUMBER_ROW(cosine_options, lr_final, "0", 0, 1000, "", "learning rate of the last step"),
    {0}
};

static const bnn_option step_rows[] = {
    /* 30 epochs: the usual recipe of image nets (He et al. 2016) */
    BNN_OPTION_INT_ROW(step_options, step_every, "30", 1, 1000000000, "epochs", "how long each rate lasts"),
    BNN_OPTION_POSITIVE_ROW(step_options, step_factor, "0.5", 1, "", "each rate as a part of the one before"),
    {0}
};

static const bnn_option decay_rows[] = {
    BNN_OPTION_NUMBER_ROW(decay_options, decay, "0.01", 0, 1000, "per epoch", "how fast the rate falls"),
    {0}
};

static double epochs_done(bnn_clock clock) { return (double)(clock.t - 1) / (double)clock.epoch_steps; }

static double constant_rate(const void *options, double lr, bnn_clock clock) {
    (void)options, (void)clock;
    return lr;
}

static double cosine_rate(const void *options, double lr, bnn_clock clock) {
    const cosine_options *o = options;
    double done = clock.n_steps > 1 ? (double)(clock.t - 1) / (double)(clock.n_steps - 1) : 0;
    return o->lr_final + 0.5 * (lr - o->lr_final) * (1 + cos(M_PI * done));
}

static double step_rate(const void *options, double lr, bnn_clock clock) {
    const step_options *o = options;
    uint64_t n_falls = (clock.t - 1) / clock.epoch_steps / (uint64_t)o->step_every;
    return lr * pow(o->step_factor, (double)n_falls);
}

static double inverse_rate(const void *options, double lr, bnn_clock clock) {
    const decay_options *o = options;
    return lr / (1 + o->decay * epochs_done(clock));
}

static double exponential_rate(const void *options, double lr, bnn_clock clock) {
    const decay_options *o = options;
    return lr * exp(-o->decay * epochs_done(clock));
}

static const bnn_schedule constant = { { "constant", "the same rate throughout", NULL, 0 }, constant_rate };
static const bnn_schedule cosine = {
    { "cosine", "falls along half a cosine from lr to lr_final: the usual choice for bbb", cosine_rows, sizeof(cosine_options) }, cosine_rate };
static const bnn_schedule step = {
    { "step", "multiplied by step_factor every step_every epochs", step_rows, sizeof(step_options) }, step_rate };
static const bnn_schedule inverse = {
    { "inverse", "lr / (1 + decay t) after t epochs: with sgd, a rate that leads to convergence", decay_rows, sizeof(decay_options) },
    inverse_rate };
static const bnn_schedule exponential = {
    { "exponential", "lr exp(-decay t) after t epochs", decay_rows, sizeof(decay_options) }, exponential_rate };

const bnn_variant *const bnn_schedules[] = { &constant.head, &cosine.head, &step.head, &inverse.head, &exponential.head, NULL };

double bnn_schedule_lr(const bnn_schedule *schedule, const void *options, const bnn_optimizer_options *base, bnn_clock clock) {
    double warm_steps = base->warmup * (double)clock.epoch_steps, done = (double)clock.t / warm_steps;
    return schedule->rate(options, base->lr, clock) * (warm_steps > 0 && done < 1 ? done : 1);
}
