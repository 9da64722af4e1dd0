/* Learning-rate schedules. cosine: Loshchilov & Hutter 2017, eq. 5, without restarts; the last step has the final rate. */
#include "optimizer/optimizer.h"

#include <math.h>

typedef struct cosine_options { double lr_final; } cosine_options;

static const bnn_option cosine_rows[] = {
    BNN_OPTION_NUMBER_ROW(cosine_options, lr_final, "0", 0, 1000, "", "learning rate of the last step"),
    {0}
};

static double constant_rate(const void *options, double lr, uint64_t t, uint64_t n_steps) {
    (void)options, (void)t, (void)n_steps;
    return lr;
}

static double cosine_rate(const void *options, double lr, uint64_t t, uint64_t n_steps) {
    const cosine_options *o = options;
    double done = n_steps > 1 ? (double)(t - 1) / (double)(n_steps - 1) : 0;
    return o->lr_final + 0.5 * (lr - o->lr_final) * (1 + cos(M_PI * done));
}

static const bnn_schedule constant = { { "constant", "the same rate throughout", NULL, 0 }, constant_rate };
static const bnn_schedule cosine = {
    { "cosine", "falls along half a cosine from lr to lr_final: the usual choice for bbb", cosine_rows, sizeof(cosine_options) }, cosine_rate };

const bnn_variant *const bnn_schedules[] = { &constant.head, &cosine.head, NULL };
