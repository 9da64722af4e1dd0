/* What a diagonal Laplace posterior of a large net holds at its peak, by the kernel's count: mean, curvature and log sd, each as large as the
 * weights, and the arrays of one batch. */
#include "fitting.h"
#include "peak_memory.h"
#include "method/laplace.h"

enum { INPUTS = 784, WIDTH = 3000, CLASSES = 10, ROWS = 20, BATCH = 512 };

static bnn_dataset *random_rows(void) {
    static double x[ROWS * INPUTS], y[ROWS];
    bnn_dataset *data = NULL;
    bnn_rng_uniforms(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, ROWS * INPUTS, x);
    for (int i = 0; i < ROWS; i++) y[i] = i % CLASSES;
    assert_ok(bnn_dataset_make(&data, ROWS, INPUTS, x, 1, y, CLASSES));
    return data;
}

/* Untrained weights as a finished map run leaves them. */
static bnn_model *map_model(const bnn_config *config, const bnn_dataset *data) {
    bnn_model *model = NULL;
    bnn_scaling scaling;
    assert_ok(bnn_scaling_fit(&scaling, data, "none", "none"));
    assert_ok(bnn_model_make(&model, config, &data->schema, &scaling));
    assert_ok(bnn_posterior_make(&model->posterior, &bnn_draws_posterior, model->net.n_weights, 0, 1));
    bnn_net_init(&model->net, config, 1, 0, model->posterior.arrays[0].at);
    bnn_scaling_free(&scaling);
    return model;
}

/* Inputs, outputs of each layer, two gradients in turn, squares of what comes to each layer and of its widest input. */
static double batch_bytes(void) { return (double)BATCH * (INPUTS + 2. * (2 * WIDTH + CLASSES) + 2 * WIDTH + WIDTH) * sizeof(real); }

static void diag_holds_three_arrays_of_weights_and_a_batch(void **state) {
    (void)state;
#if defined BNN_SANITIZED || defined __SANITIZE_ADDRESS__
    print_message("skipped: a sanitizer's memory is not ours\n");
    skip();
#endif
    bnn_config *config = CONFIG("net.hidden=3000, 3000", "likelihood.name=categorical", "method.name=laplace", "method.structure=diag",
                                "method.prior_precision=fixed");
    bnn_dataset *data = random_rows();
    bnn_model *model = map_model(config, data);
    double weights = (double)model->net.n_weights * sizeof(real), before = 0;
    bool is_measured = memory_begin(&before);
    assert_ok(bnn_laplace(model, config, data, NULL, NULL));
    double arrays = 1 + (memory_peak(before) - batch_bytes()) / weights;      /* the map weights were there before */
    print_message("%.2f arrays of %zu weights beside a batch of %.0f MB\n", arrays, model->net.n_weights, batch_bytes() / 1e6);
    if (is_measured && !(arrays <= 3.05)) fail_msg("%.2f arrays, 3 are allowed", arrays);
    bnn_model_free(model);
    bnn_dataset_free(data);
    bnn_config_free(config);
    if (is_measured) return;
    print_message("skipped: /proc/self/clear_refs cannot be written\n");
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(diag_holds_three_arrays_of_weights_and_a_batch) };
    return RUN(tests);
}
