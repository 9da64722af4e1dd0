/* Pruning by |mean| / sd of small models whose weights are written down. */
#include "predicting.h"
#include "model/prune.h"

#include <stdio.h>
#include <unistd.h>

/* A net 2-2-1: weights 0..3, biases 4..5, weights 6..7, bias 8; learnt noise 9. */
static bnn_model *small_model(void) {
    const double x[] = { 1, 2, 3, 5 }, y[] = { 1, 2 };
    bnn_dataset *rows = make_rows(2, 2, x, 1, y, 0);
    bnn_model *model = MAKE_MODEL(rows, "none", "net.hidden=2");
    bnn_dataset_free(rows);
    return model;
}

/* |mean| / sd of the weights: 2, .5, 10, 1 | 4, .25; of the biases .001 */
static bnn_model *pruned_to(double keep) {
    const real mean[] = { 1, -5, 10, .01f, .001f, .001f, -.4f, .5f, .001f, .3f };
    const real sd[] = { .5f, 10, 1, .01f, 1, 1, .1f, 2, 1, 1 };
    real log_sd[10];
    for (size_t i = 0; i < 10; i++) log_sd[i] = (real)log((double)sd[i]);
    bnn_model *model = small_model();
    assert_int_equal(model->net.n_weights, 9);
    store_normals(model, mean, log_sd);
    assert_ok(bnn_model_prune(model, keep));
    return model;
}

static void assert_kept(const bnn_model *model, const char *kept) {
    for (size_t i = 0; i < 10; i++) {
        bool is_kept = model->posterior.arrays[0].at[i] != 0;
        if (is_kept != (kept[i] == '1')) fail_msg("weight %zu is %s", i, is_kept ? "kept" : "gone");
    }
}

/* By hand, from the ratios above: biases and noise stay whatever theirs. */
static void weights_of_least_signal_to_noise_go(void **state) {
    (void)state;
    const struct { double keep; const char *kept; } cases[] = {
        { 1, "1111111111" }, { 5 / 6., "1111111011" }, { 0.5, "1010111011" }, { 1 / 6., "0010110011" }, { 0.01, "0000110011" },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        bnn_model *model = pruned_to(cases[c].keep);
        assert_kept(model, cases[c].kept);
        assert_int_equal(bnn_model_count_weights(model).n, 6);
        assert_int_equal(bnn_model_count_weights(model).n_kept, (int)round(6 * cases[c].keep));
        bnn_model_free(model);
    }
}

static void pruned_weights_are_zero_in_every_draw(void **state) {
    (void)state;
    bnn_model *model = pruned_to(0.5);
    real theta[10], sd[10];
    for (size_t s = 0; s < 20; s++) {
        model->posterior.row->draw(&model->posterior, 1, s, 0, 10, theta);
        assert_true(theta[1] == 0 && theta[3] == 0 && theta[7] == 0);
        assert_true(theta[0] != 0 && theta[6] != 0);
    }
    model->posterior.row->sd(&model->posterior, 0, 10, sd);
    assert_true(sd[1] == 0 && sd[0] > 0);
    bnn_model_free(model);
}

static void pruning_in_steps_is_pruning_at_once(void **state) {
    (void)state;
    bnn_model *steps = pruned_to(5 / 6.), *once = pruned_to(1 / 3.);
    assert_ok(bnn_model_prune(steps, 0.5));
    assert_ok(bnn_model_prune(steps, 1 / 3.));
    assert_memory_equal(steps->posterior.arrays[0].at, once->posterior.arrays[0].at, 10 * sizeof(real));
    assert_memory_equal(steps->posterior.arrays[1].at, once->posterior.arrays[1].at, 10 * sizeof(real));
    bnn_model_free(steps);
    bnn_model_free(once);
}

/* Outside the span of a Laplace weights have no spread: they go last, the smallest first. Equal ones go in order. */
static void certain_weights_go_last_and_equal_ones_in_order(void **state) {
    (void)state;
    const real certain = (real)-INFINITY, mean[] = { 3, -2, 1, 4, 1, 1, 1, 1, 1, 1 };
    const real log_sd[] = { certain, certain, certain, certain, certain, certain, 0, 0, 0, 0 };
    bnn_model *model = small_model();
    store_normals(model, mean, log_sd);
    assert_ok(bnn_model_prune(model, 5 / 6.));
    assert_kept(model, "1111110111");
    assert_ok(bnn_model_prune(model, 0.5));
    assert_kept(model, "1101110011");
    bnn_model_free(model);
}

/* KL to the prior of a weight that is certain is infinite: there is no elbo any more, and no fact that says one. */
static void facts_of_the_whole_posterior_go(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3, 5 }, y[] = { 1, 2 };
    bnn_dataset *rows = make_rows(2, 2, x, 1, y, 0);
    bnn_model *model = pruned_to(1);
    assert_ok(bnn_model_note_number(model, "elbo", -3));
    assert_ok(bnn_model_note_text(model, "method", "bbb"));
    assert_ok(bnn_model_prune(model, 0.5));
    assert_null(json_object_get(model->facts, "elbo"));
    assert_non_null(json_object_get(model->facts, "method"));
    assert_string_equal(json_string_value(json_object_get(model->facts, "kept_share")), "0.5");
    bnn_prediction *prediction = predict_rows(model, rows, NULL);
    assert_false(bnn_predict_elbo(model, prediction).has_kl);
    bnn_prediction_free(prediction);
    bnn_dataset_free(rows);
    bnn_model_free(model);
}

static void pruned_models_come_back_from_a_file(void **state) {
    (void)state;
    char folder[] = "/tmp/bnn-prune-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    bnn_model *model = pruned_to(0.5), *back = NULL;
    assert_ok(bnn_model_write(model, path));
    assert_ok(bnn_model_read(&back, path));
    assert_memory_equal(back->posterior.arrays[1].at, model->posterior.arrays[1].at, 9 * sizeof(real));
    assert_int_equal(bnn_model_count_weights(back).n_kept, 3);
    unlink(path);
    rmdir(folder);
    bnn_model_free(model);
    bnn_model_free(back);
}

static void posteriors_without_spreads_are_refused(void **state) {
    (void)state;
    bnn_model *model = small_model();
    store_draws(model, 1, NULL);
    assert_int_equal(bnn_model_prune(model, 0.5), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "posterior of kind draws"));
    bnn_model_free(model);
    model = pruned_to(1);
    assert_int_equal(bnn_model_prune(model, 0), BNN_ERR_USAGE);
    assert_int_equal(bnn_model_prune(model, 1.5), BNN_ERR_USAGE);
    bnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_least_signal_to_noise_go),
        cmocka_unit_test(pruned_weights_are_zero_in_every_draw),
        cmocka_unit_test(pruning_in_steps_is_pruning_at_once),
        cmocka_unit_test(certain_weights_go_last_and_equal_ones_in_order),
        cmocka_unit_test(facts_of_the_whole_posterior_go),
        cmocka_unit_test(pruned_models_come_back_from_a_file),
        cmocka_unit_test(posteriors_without_spreads_are_refused),
    };
    return RUN(tests);
}
