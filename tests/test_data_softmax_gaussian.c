/* The small MNIST case of the softmax_gaussian likelihood: 5,000 random training rows, 784-200-200-10, 10 weight draws a step, batch 100,
 * Adam 1e-3, 10 epochs. Published accuracies after epochs 1 to 10, on 250 rows: .764 .876 .900 .924 .924 .928 .936 .928 .940 .948;
 * reproductions on 10,000 other rows: .939 (batch 100) to .945 (batch 50). */
#include "data_files.h"
#include "fitting.h"
#include "predict/predict.h"

enum { SEEDS = 3, EPOCHS = 10, ROWS = 5000, BATCH = 100 };

static char *join(const char *folder_of_data, const char *name) {
    char *path = NULL;
    assert_true(asprintf(&path, "%s/mnist/%s", folder_of_data, name) > 0);
    return path;
}

static bnn_data_parts read_mnist(const char *data, uint64_t seed) {
    char *paths[] = { join(data, "train-images-idx3-ubyte.gz"), join(data, "train-labels-idx1-ubyte.gz"),
                      join(data, "t10k-images-idx3-ubyte.gz"), join(data, "t10k-labels-idx1-ubyte.gz") };
    bnn_data_options options = no_options();
    bnn_data_parts parts = {0};
    options.train = paths[0], options.train_labels = paths[1], options.test = paths[2], options.test_labels = paths[3];
    options.rows = ROWS;
    assert_ok(bnn_data_parts_read(&parts, &options, seed, true));
    for (int i = 0; i < 4; i++) free(paths[i]);
    return parts;
}

/* The state of a fit after every epoch, out of its checkpoints. */
typedef struct album { uint64_t epoch_steps; int n; real *mu[EPOCHS], *log_sd[EPOCHS]; } album;

static bnn_answer ask_for_epochs(void *context, uint64_t step) {
    return step % ((album *)context)->epoch_steps == 0 ? BNN_SAVE : BNN_GO_ON;
}

static real *copy_of(size_t n, const bnn_tensor *tensors, const char *name) {
    size_t i = 0;
    while (i < n && strcmp(tensors[i].name, name) != 0) i++;
    assert_true(i < n);
    real *copy = malloc(bnn_tensor_count(&tensors[i]) * sizeof *copy);
    bnn_tensor_to_real(&tensors[i], copy);
    return copy;
}

static bnn_status keep_epoch(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    album *kept = context;
    (void)facts;
    assert_true(kept->n < EPOCHS);
    kept->mu[kept->n] = copy_of(n, tensors, "state.mu");
    kept->log_sd[kept->n++] = copy_of(n, tensors, "state.log_sd");
    return BNN_OK;
}

static double accuracy_of(const bnn_model *model, const bnn_dataset *rows) {
    const bnn_predict_options options = { .samples = 20, .seed = -1 };
    bnn_prediction *prediction = NULL;
    double n_right = 0;
    assert_ok(bnn_predict(&prediction, model, rows, &options));
    for (size_t i = 0; i < prediction->n_rows; i++) n_right += (double)prediction->label[i] == prediction->target[i];
    n_right /= (double)prediction->n_rows;
    bnn_prediction_free(prediction);
    return n_right;
}

/* The model as it was after an epoch of its fit. */
static void turn_back(bnn_model *model, const album *kept, int epoch) {
    memcpy(model->posterior.arrays[0].at, kept->mu[epoch - 1], model->posterior.n_params * sizeof(real));
    memcpy(model->posterior.arrays[1].at, kept->log_sd[epoch - 1], model->posterior.n_weights * sizeof(real));
}

/* Prints the accuracy on the test rows after every epoch from `first` on; the last is returned. */
static double accuracy_of_fit(const char *data, int seed, int first) {
    bnn_data_parts parts = read_mnist(data, (uint64_t)seed);
    bnn_config *config = CONFIG("likelihood.name=softmax_gaussian", "net.hidden=200, 200", "net.init=lecun", "prior.sd=0.3",
                                "method.samples=10", "method.init_sd=0.01", "optimizer.lr=1e-3", "train.batch=100", "data.scale_x=divide:255",
                                "train.epochs=10");
    album kept = { .epoch_steps = ROWS / BATCH };
    const bnn_observer observer = { .context = &kept, .step = ask_for_epochs };
    const bnn_fit_hooks hooks = { .observer = &observer, .save = keep_epoch, .context = &kept };
    bnn_model *model = NULL;
    double accuracy = 0;
    set_number(config, "run", "seed", seed);
    assert_ok(bnn_fit_run(&model, config, parts.train, NULL, &hooks));
    assert_int_equal(kept.n, EPOCHS);
    print_message("seed %d, accuracy on %zu rows after epochs %d to %d:", seed, parts.test->n_rows, first, EPOCHS);
    for (int epoch = first; epoch <= EPOCHS; epoch++) {
        turn_back(model, &kept, epoch);
        accuracy = accuracy_of(model, parts.test);
        print_message(" %.4f", accuracy);
    }
    print_message("\n");
    for (int i = 0; i < EPOCHS; i++) {
        free(kept.mu[i]);
        free(kept.log_sd[i]);
    }
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_data_parts_free(&parts);
    return accuracy;
}

static void small_mnist_reaches_its_published_accuracy(void **state) {
#if defined BNN_DOUBLE || defined BNN_SANITIZED || defined __SANITIZE_ADDRESS__
    print_message("skipped: runs on real data are for the plain float build\n");
    skip();
#endif
    (void)state;
    const char *data = big_data();
    double mean = 0;
    if (data == NULL) skip();
    for (int seed = 1; seed <= SEEDS; seed++) mean += accuracy_of_fit(data, seed, seed == 1 ? 1 : EPOCHS) / SEEDS;
    print_message("mean of %d seeds: %.4f\n", SEEDS, mean);
    assert_true(mean >= 0.93);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(small_mnist_reaches_its_published_accuracy) };
    return RUN_IN_FOLDER(tests);
}
