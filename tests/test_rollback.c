/* Divergence: a fit that overflows goes back to the last epoch's end with half the rate, and one that is cut in between does just the same. */
#include "fitting.h"
#include "base/rng.h"
#include <unistd.h>

enum { ROWS = 60, EPOCHS = 30 };

static bnn_dataset *line(void) {
    bnn_dataset *data = NULL;
    real z[2 * ROWS];
    double x[ROWS], y[ROWS];
    bnn_rng_normals(bnn_key_make(5, BNN_PURPOSE_TEST, 0, 0, 0), 0, 2 * ROWS, z);
    for (int i = 0; i < ROWS; i++) {
        x[i] = (double)z[i];
        y[i] = 2 * x[i] + 0.1 * (double)z[ROWS + i];
    }
    assert_ok(bnn_dataset_make(&data, ROWS, 1, x, 1, y, 0));
    return data;
}

/* Stochastic gradient descent on a line, row by row: the error is multiplied by 1 - lr x^2, so where E log |1 - lr x^2| > 0, as at lr = 4,
 * it grows without bound, and at a small rate it settles. */
static bnn_config *diverging(const char *rollback, const char *lr) {
    bnn_config *config = CONFIG("net.hidden=", "likelihood.noise_sd=1", "method.name=map", "optimizer.name=sgd", "train.batch=1",
                                "train.epochs=30");
    assert_ok(bnn_config_set(config, "train", "rollback", rollback));
    assert_ok(bnn_config_set(config, "optimizer", "lr", lr));
    return config;
}

typedef struct watch { int n_notes; uint64_t stop_at; char path[64]; double last_lr; } watch;

static void count_note(void *context, const char *text) {
    watch *w = context;
    w->n_notes += strstr(text, "back to the end of epoch") != NULL && strncmp(text, "step ", 5) == 0;
}

static bnn_answer stop_there(void *context, uint64_t step) { return step == ((watch *)context)->stop_at ? BNN_STOP : BNN_GO_ON; }

static bnn_answer keep_lr(void *context, const bnn_epoch *record) {
    ((watch *)context)->last_lr = record->lr;
    return BNN_GO_ON;
}

static bnn_status save_file(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    return bnn_tensors_write(((watch *)context)->path, n, tensors, facts);
}

static bnn_status run(bnn_model **model, const bnn_config *config, watch *w, const bnn_tensor_file *resume) {
    bnn_dataset *data = line();
    bnn_observer observer = { .context = w, .step = stop_there, .epoch = keep_lr, .note = count_note };
    bnn_fit_hooks hooks = { .observer = &observer, .save = save_file, .context = w, .resume = resume };
    bnn_status status = bnn_fit_run(model, config, data, NULL, &hooks);
    bnn_dataset_free(data);
    return status;
}

static void a_diverging_fit_ends_without_rollback_and_goes_on_with_it(void **state) {
    watch w = {0};
    bnn_model *model = NULL;
    bnn_config *without = diverging("no", "4"), *with = diverging("yes", "4");
    (void)state;
    assert_int_equal(run(&model, without, &w, NULL), BNN_ERR_NUMERIC);
    assert_ok(run(&model, with, &w, NULL));
    print_message("%d rollbacks, last rate %g, weight %g\n", w.n_notes, w.last_lr, (double)model->posterior.arrays[0].at[0]);
    assert_in_range(w.n_notes, 1, 3);
    assert_close(w.last_lr, 4 / (double)(1 << w.n_notes), 1e-15);
    assert_true(isfinite((double)model->posterior.arrays[0].at[0]));
    bnn_model_free(model);
    bnn_config_free(without);
    bnn_config_free(with);
}

static void a_fourth_divergence_ends_the_run(void **state) {
    watch w = {0};
    bnn_model *model = NULL;
    bnn_config *config = diverging("yes", "1000");
    (void)state;
    assert_int_equal(run(&model, config, &w, NULL), BNN_ERR_NUMERIC);
    assert_int_equal(w.n_notes, 3);
    assert_null(model);
    bnn_config_free(config);
}

static void a_cut_run_rolls_back_to_the_same_bits(void **state) {
    char folder[] = "/tmp/bnn-rollback-XXXXXX";
    watch whole = {0};
    bnn_model *want = NULL;
    bnn_config *config = diverging("yes", "4");
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_ok(run(&want, config, &whole, NULL));
    for (uint64_t cut = 1; cut < EPOCHS * ROWS; cut += 37) {
        watch part = { .stop_at = cut };
        bnn_tensor_file file = {0};
        bnn_model *model = NULL;
        snprintf(part.path, sizeof part.path, "%s/cut", folder);
        assert_int_equal(run(&model, config, &part, NULL), BNN_STOPPED);
        assert_ok(bnn_tensors_read(&file, part.path));
        part.stop_at = 0;
        assert_ok(run(&model, config, &part, &file));
        assert_int_equal(part.n_notes, whole.n_notes);
        assert_memory_equal(model->posterior.arrays[0].at, want->posterior.arrays[0].at, want->posterior.n_params * sizeof(real));
        bnn_tensors_free(&file);
        bnn_model_free(model);
        unlink(part.path);
    }
    rmdir(folder);
    bnn_model_free(want);
    bnn_config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_diverging_fit_ends_without_rollback_and_goes_on_with_it),
        cmocka_unit_test(a_fourth_divergence_ends_the_run),
        cmocka_unit_test(a_cut_run_rolls_back_to_the_same_bits),
    };
    return RUN(tests);
}
