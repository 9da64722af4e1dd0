/* Whole runs on real data with the shipped configurations: what they reach, printed and held against bounds. They need the data sets
 * (BNN_DATA) and a minute or two, so only the plain float build does them. */
#include "fitting.h"
#include "data/data.h"
#include "predict/predict.h"
#include <unistd.h>

/* Readies BNN_DATA, which the configurations name; skips where these runs make no sense. */
static void need_data(const char *file) {
    char path[4200];
    const char *folder = big_data();
#if defined BNN_DOUBLE || defined BNN_SANITIZED || defined __SANITIZE_ADDRESS__
    print_message("skipped: runs on real data are for the plain float build\n");
    skip();
#endif
    if (folder == NULL) skip();
    setenv("BNN_DATA", folder, 1);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (access(path, R_OK) == 0) return;
    print_message("skipped: needs %s\n", path);
    skip();
}

/* ---- one run --------------------------------------------------------------------------------------------------------- */

typedef struct run {
    bnn_config      *config;
    bnn_data_options options;
    bnn_data_parts   parts;
    bnn_model       *model;
    bnn_prediction  *test;
} run;

static bnn_prediction *predict(const run *r, const bnn_dataset *rows) {
    bnn_predict_settings settings;
    bnn_prediction *prediction = NULL;
    bnn_config_fill(r->config, "predict", bnn_predict_rows, &settings);
    bnn_predict_options options = { .samples = settings.samples, .seed = -1 };
    assert_ok(bnn_predict(&prediction, r->model, rows, &options));
    return prediction;
}

/* Reads, trains and predicts the test rows. */
static void run_make(run *r, const char *path, size_t n_sets, const char *const *sets, int seed) {
    *r = (run){0};
    assert_ok(bnn_config_read(&r->config, path, n_sets, sets));
    set_number(r->config, "run", "seed", seed);
    const bnn_likelihood_row *likelihood = (const bnn_likelihood_row *)bnn_config_variant(r->config, "likelihood", "name");
    bnn_config_fill(r->config, "data", bnn_data_rows, &r->options);
    assert_ok(bnn_data_parts_read(&r->parts, &r->options, (uint64_t)seed, likelihood->wants_classes));
    r->model = fit(r->config, r->parts.train, r->parts.valid, NULL);
    r->test = predict(r, r->parts.test);
}

static void run_free(run *r) {
    bnn_prediction_free(r->test);
    bnn_model_free(r->model);
    bnn_data_parts_free(&r->parts);
    bnn_config_free(r->config);
}

static double score(const bnn_prediction *prediction, const char *name) {
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++)
        if (strcmp(metric->name, name) == 0) return metric->score(prediction).value;
    fail_msg("no metric %s", name);
    return NAN;
}

static double mean(size_t n, const double *v) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i];
    return sum / (double)n;
}

/* ---- UCI yacht ------------------------------------------------------------------------------------------------------- */

static double median_of_3(const double *v) { return fmax(fmin(v[0], v[1]), fmin(fmax(v[0], v[1]), v[2])); }

/* Bounds: another framework's prototype of this recipe reached .658 / -.911 over all 20 splits, MC dropout of 4,000 epochs .67 / -1.25;
 * five splits differ from twenty. */
static void yacht_reaches_the_published_level(void **state) {
    enum { SPLITS = 5, SEEDS = 3 };
    double rmse[SPLITS], log_lik[SPLITS];
    (void)state;
    need_data("uci/yacht/data.csv");
    for (int split = 0; split < SPLITS; split++) {
        double r[SEEDS], l[SEEDS];
        for (int seed = 0; seed < SEEDS; seed++) {
            char word[32];
            run yacht;
            snprintf(word, sizeof word, "data.split=%d", split);
            run_make(&yacht, "configs/yacht-bbb.ini", 1, (const char *[]){ word }, seed + 1);
            r[seed] = score(yacht.test, "rmse");
            l[seed] = score(yacht.test, "log_lik");
            run_free(&yacht);
        }
        rmse[split] = median_of_3(r);
        log_lik[split] = median_of_3(l);
    }
    print_message("yacht, 5 splits, median of 3 seeds: rmse %.3f, log_lik %.3f\n", mean(SPLITS, rmse), mean(SPLITS, log_lik));
    assert_true(mean(SPLITS, rmse) <= 0.80);
    assert_true(mean(SPLITS, log_lik) >= -1.15);
}

/* ---- MNIST ----------------------------------------------------------------------------------------------------------- */

/* 5,000 random training rows, 10 draws a step, 10 epochs, scored on the 10,000 test digits. Published for this case: .948 on 250 rows (sd
 * .015); a prototype in another framework: .939 to .945. */
static void five_thousand_digits_are_enough_for_93_percent(void **state) {
    enum { SEEDS = 3 };
    static const char *const sets[] = { "data.rows=5000", "net.hidden=200, 200", "method.samples=10", "train.epochs=10", "train.batch=50",
                                        "optimizer.schedule=constant" };
    double accuracy[SEEDS];
    (void)state;
    need_data("mnist/train-images-idx3-ubyte.gz");
    for (int seed = 0; seed < SEEDS; seed++) {
        run digits;
        run_make(&digits, "configs/mnist-bbb.ini", sizeof sets / sizeof sets[0], sets, seed + 1);
        assert_int_equal(digits.parts.train->n_rows, 5000);
        assert_int_equal(digits.parts.test->n_rows, 10000);
        accuracy[seed] = score(digits.test, "accuracy");
        run_free(&digits);
    }
    print_message("5,000 digits: accuracy %.4f %.4f %.4f, mean %.4f\n", accuracy[0], accuracy[1], accuracy[2], mean(SEEDS, accuracy));
    assert_true(mean(SEEDS, accuracy) >= 0.93);
}

/* Letters A to J in the form of MNIST: nothing that a net of digits should be sure of. */
static double entropy_of_letters(const run *digits, const char *path) {
    bnn_dataset *letters = NULL;
    assert_ok(bnn_dataset_read_file(&letters, &digits->options, path, NULL, true, &digits->parts.train->schema));
    bnn_prediction *prediction = predict(digits, letters);
    double entropy = mean(prediction->n_rows, prediction->entropy);
    bnn_prediction_free(prediction);
    bnn_dataset_free(letters);
    return entropy;
}

/* Bounds: prototype 1.75 % for this recipe, test noise .13 points; Blundell et al. 2015, Gaussian prior: 1.82 %. */
static void mnist_is_learnt_and_letters_are_doubted(void **state) {
    char path[4200];
    run digits;
    (void)state;
    need_data("mnist/train-images-idx3-ubyte.gz");
    need_data("notmnist/t10k-images-idx3-ubyte.gz");
    snprintf(path, sizeof path, "%s/notmnist/t10k-images-idx3-ubyte.gz", getenv("BNN_DATA"));
    run_make(&digits, "configs/mnist-bbb.ini", 0, NULL, 1);
    double error = score(digits.test, "error"), of_digits = mean(digits.test->n_rows, digits.test->entropy);
    double of_letters = entropy_of_letters(&digits, path);
    print_message("MNIST: error %.2f %%, entropy of digits %.4f, of letters %.4f: %.1f times\n", 100 * error, of_digits, of_letters,
                  of_letters / of_digits);
    assert_true(error <= 0.018);
    assert_true(of_letters >= 8 * of_digits);
    run_free(&digits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yacht_reaches_the_published_level),
        cmocka_unit_test(five_thousand_digits_are_enough_for_93_percent),
        cmocka_unit_test(mnist_is_learnt_and_letters_are_doubted),
    };
    return RUN(tests);
}
