/* The table of optimizers and their making. */
#include "optimizer/optimizer.h"
#include "base/fail.h"

const bnn_variant *const bnn_optimizers[] = {
    &bnn_adam_optimizer.head, &bnn_adamw_optimizer.head, &bnn_sgd_optimizer.head, &bnn_momentum_optimizer.head,
    &bnn_nesterov_optimizer.head, &bnn_adagrad_optimizer.head, &bnn_rmsprop_optimizer.head, &bnn_bfgs_optimizer.head,
    &bnn_cg_optimizer.head, NULL };

const bnn_option bnn_optimizer_rows[] = {
    BNN_OPTION_POSITIVE_ROW(bnn_optimizer_options, lr, "0.001", 1000, "",
                            "learning rate, for the objective divided by the number of rows; bfgs and cg: length of the first trial step"),
    BNN_OPTION_NUMBER_ROW(bnn_optimizer_options, log_sd_lr_factor, "1", 0, 1000, "",
                          "learning rate of the log sds, as a multiple of lr (0: spreads stay at init_sd)"),
    BNN_OPTION_NUMBER_ROW(bnn_optimizer_options, warmup, "0", 0, 1e9, "epochs",
                          "the rate rises in a straight line from 0 to that of the schedule over this many epochs; 0: at once"),
    {0}
};

const bnn_axis bnn_optimizer_axes[] = {
    { .key = "name", .variants = bnn_optimizers, .help = "the rule that moves the parameters", .topic = "optimizer" },
    { .key = "schedule", .variants = bnn_schedules, .help = "how the learning rate changes over the run", .topic = "schedule" },
    {0}
};

bnn_status bnn_optimizer_make(bnn_optimizer *optimizer, const bnn_config *config, size_t n) {
    const bnn_optimizer_row *row = (const bnn_optimizer_row *)bnn_config_variant(config, "optimizer", "name");
    *optimizer = (bnn_optimizer){ .row = row, .n = n, .n_decayed = n };
    optimizer->options = bnn_arena_take(&optimizer->arena, 1, row->head.size);
    for (size_t s = 0; s < row->n_states; s++) optimizer->state[s] = BNN_TAKE(&optimizer->arena, n, real);
    if (optimizer->arena.has_failed) {
        bnn_optimizer_free(optimizer);
        return BNN_FAIL_MEMORY("the optimizer");
    }
    if (row->head.size > 0) bnn_config_fill(config, "optimizer", row->head.options, optimizer->options);
    return BNN_OK;
}

void bnn_optimizer_free(bnn_optimizer *optimizer) {
    bnn_arena_free(&optimizer->arena);
    *optimizer = (bnn_optimizer){0};
}

void bnn_optimizer_begin(bnn_optimizer *optimizer, uint64_t t, double lr, double g_scale) {
    optimizer->t = t;
    optimizer->lr = lr;
    optimizer->g_scale = g_scale;
    if (optimizer->row->begin != NULL) optimizer->row->begin(optimizer);
}
