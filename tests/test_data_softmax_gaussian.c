/* The small MNIST case of the softmax_gaussian likelihood: 5,000 random training rows, 784-200-200-10, 10 weight draws a step, batch 100,
 * Adam 1e-3, 10 epochs. Published accuracies after epochs 1 to 10, on 250 rows: .764 .876 .900 .924 .924 .928 .936 .928 .940 .948;
 * reproductions on 10,000 other rows: .939 (batch 100) to .945 (batch 50). */
#include "data_files.h"
#include "fitting.h"
#include "predict/predict.h"

enum { SEEDS = 3 };

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
    options.rows = 5000;
    assert_ok(bnn_data_parts_read(&parts, &options, seed, true));
    for (int i = 0; i < 4; i++) free(paths[i]);
    return parts;
}

static bnn_answer print_record(void *context, const bnn_epoch *record) {
    (void)context;
    print_message("  epoch %2ld: nll %.0f, kl %.0f nats; %.4f a test row at the mean weights\n", record->epoch, record->nll, record->penalty,
                  record->valid_nll);
    return BNN_GO_ON;
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

static double accuracy_of_fit(const char *data, int seed, int n_epochs) {
    bnn_data_parts parts = read_mnist(data, (uint64_t)seed);
    bnn_config *config = CONFIG("likelihood.name=softmax_gaussian", "net.hidden=200, 200", "net.init=lecun", "prior.sd=0.3",
                                "method.samples=10", "method.init_sd=0.01", "optimizer.lr=1e-3", "train.batch=100", "data.scale_x=divide:255");
    set_number(config, "run", "seed", seed);
    set_number(config, "train", "epochs", n_epochs);
    const bnn_observer observer = { .epoch = print_record };
    bnn_model *model = fit(config, parts.train, n_epochs == 10 ? parts.test : NULL, n_epochs == 10 ? &observer : NULL);
    double accuracy = accuracy_of(model, parts.test);
    print_message("seed %d, %d epochs: accuracy %.4f on %zu rows\n", seed, n_epochs, accuracy, parts.test->n_rows);
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
    for (int n_epochs = 1; n_epochs < 10; n_epochs *= 2) accuracy_of_fit(data, 1, n_epochs);      /* the first epochs of the same fit */
    for (int seed = 1; seed <= SEEDS; seed++) mean += accuracy_of_fit(data, seed, 10) / SEEDS;
    print_message("mean of %d seeds: %.4f\n", SEEDS, mean);
    assert_true(mean >= 0.93);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(small_mnist_reaches_its_published_accuracy) };
    return RUN_IN_FOLDER(tests);
}
