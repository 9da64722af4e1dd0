/* Joint draws: one weight vector for all rows of a draw, whatever the posterior. */
#include "predicting.h"
#include "base/linalg.h"
#include "posterior/output_cov.h"
#include "predict/joint.h"

enum { ROWS = 4, S = 4000 };

/* Of a linear model with bias: f2 = f0 + f1 - f3, draw by draw. Targets of shift 3 and scale 2. */
static const double xs[ROWS][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 }, { 0, 0 } };
static const real log_sds[3] = { -1, 0, -2 };

static bnn_dataset *four_rows(void) { return make_rows(ROWS, 2, xs[0], 1, (double[]){ 1, 5, 1, 5 }, 0); }

static bnn_model *linear_model(const bnn_dataset *rows, bool is_linearised) {
    bnn_model *model = MAKE_MODEL(rows, "standardize", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.5");
    store_normals(model, (real[]){ 1, -2, 0.5 }, log_sds);
    if (!is_linearised) return model;
    assert_ok(bnn_posterior_lay_out(&model->posterior, &model->net, 0));
    assert_ok(bnn_model_note_text(model, "predictive", "linearised"));
    return model;
}

static bnn_predict_options options_of(long long samples, int threads) {
    return (bnn_predict_options){ .samples = samples, .seed = -1, .threads = threads };
}

/* 5 standard errors of a covariance over S draws. */
static size_t count_unlike(const double *products, double factor) {
    double cov[ROWS][ROWS];
    size_t unlike = 0;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < ROWS; k++) {
            cov[i][k] = 4 * exp(2 * (double)log_sds[2]);
            for (size_t j = 0; j < 2; j++) cov[i][k] += 4 * xs[i][j] * xs[k][j] * exp(2 * (double)log_sds[j]);
        }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < ROWS; k++) {
            double want = factor * cov[i][k], spread = factor * factor * cov[i][i] * cov[k][k] + want * want;
            if (!(fabs(products[i * ROWS + k] / S - want) <= 5 * sqrt(spread / S))) unlike++;
        }
    return unlike;
}

/* Sampled and linearised: the same normal, since the model is linear. cov(f_i, f_k) = sum_j x_ij x_kj s_j^2 + s_b^2. */
static void draws_have_the_joint_covariance_of_the_rows(void **state) {
    (void)state;
    const double means[ROWS] = { 6, 0, 2, 4 };       /* 3 + 2 (x'(1, -2) + .5) */
    bnn_dataset *rows = four_rows();
    for (int is_linearised = 0; is_linearised < 2; is_linearised++) {
        bnn_model *model = linear_model(rows, is_linearised);
        bnn_predict_options options = options_of(S, 2);
        bnn_joint joint;
        double products[ROWS * ROWS] = {0}, noise = 0;
        assert_ok(bnn_joint_make(&joint, model, rows, &options));
        for (size_t s = 0; s < S; s++) {
            assert_ok(bnn_joint_next(&joint));
            assert_int_equal(joint.draw, s);
            assert_true(fabs(joint.value[2] - (joint.value[0] + joint.value[1] - joint.value[3])) < (is_linearised ? 1e-3 : 1e-4));
            for (size_t i = 0; i < ROWS; i++) {
                for (size_t k = 0; k < ROWS; k++)
                    products[i * ROWS + k] += (joint.value[i] - means[i]) * (joint.value[k] - means[k]);
                noise += pow(joint.y[i] - joint.value[i], 2) / (S * ROWS);
            }
        }
        assert_int_equal(count_unlike(products, 1), 0);
        assert_true(count_unlike(products, 1.4) >= ROWS);                               /* a planted fault */
        assert_true(fabs(noise - 1) < 5 * sqrt(2.0 / (S * ROWS)));                      /* sd .5 of targets of scale 2 */
        bnn_joint_free(&joint);
        bnn_model_free(model);
    }
    bnn_dataset_free(rows);
}

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = linear_model(rows, false);
    bnn_predict_options one = options_of(50, 1), three = options_of(50, 3);
    bnn_joint a, b;
    assert_ok(bnn_joint_make(&a, model, rows, &one));
    assert_ok(bnn_joint_make(&b, model, rows, &three));
    for (size_t s = 0; s < 50; s++) {
        assert_ok(bnn_joint_next(&a));
        assert_ok(bnn_joint_next(&b));
        assert_memory_equal(a.value, b.value, ROWS * sizeof(double));
        assert_memory_equal(a.y, b.y, ROWS * sizeof(double));
    }
    bnn_joint_free(&a);
    bnn_joint_free(&b);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* Weights 0, biases 1, 2, 3: the mean says which. */
static void stored_draws_go_round(void **state) {
    (void)state;
    bnn_dataset *rows = four_rows();
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.5");
    bnn_predict_options options = options_of(8, 2);
    bnn_joint joint;
    store_draws(model, 3, (real[]){ 0, 0, 1, 0, 0, 2, 0, 0, 3 });
    assert_ok(bnn_joint_make(&joint, model, rows, &options));
    for (size_t s = 0; s < 8; s++) {
        assert_ok(bnn_joint_next(&joint));
        assert_close(joint.value[0], (double)(s % 3 + 1), 1e-6);
    }
    bnn_joint_free(&joint);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* p of classes 0 and 1 is 1/4 and 3/4, and so often y is 1. */
static void classes_are_drawn_as_often_as_they_are_probable(void **state) {
    (void)state;
    bnn_dataset *rows = make_rows(ROWS, 2, xs[0], 1, (double[]){ 0, 1, 0, 1 }, 2);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=bernoulli");
    bnn_predict_options options = options_of(S, 2);
    bnn_joint joint;
    double ones = 0;
    store_draws(model, 1, (real[]){ 0, 0, (real)1.0986122886681098 });
    assert_ok(bnn_joint_make(&joint, model, rows, &options));
    assert_int_equal(joint.n_values, 2);
    for (size_t s = 0; s < S; s++) {
        assert_ok(bnn_joint_next(&joint));
        assert_close(joint.value[1], 0.75, 1e-7);
        for (size_t i = 0; i < ROWS; i++) ones += joint.y[i];
    }
    assert_true(fabs(ones / (S * ROWS) - 0.75) < 5 * sqrt(0.1875 / (S * ROWS)));
    bnn_joint_free(&joint);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

static void too_many_linearised_rows_are_refused(void **state) {
    (void)state;
    double *x = calloc(2 * (BNN_JOINT_MOST + 1), sizeof *x);
    bnn_dataset *train = four_rows(), *rows = make_rows(BNN_JOINT_MOST + 1, 2, x, 1, NULL, 0);
    bnn_model *model = linear_model(train, true);
    bnn_predict_options options = options_of(1, 1);
    bnn_joint joint;
    assert_int_equal(bnn_joint_make(&joint, model, rows, &options), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "4097 rows x 1 outputs, and 4096 together"));
    bnn_model_free(model);
    bnn_dataset_free(rows);
    bnn_dataset_free(train);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_the_joint_covariance_of_the_rows),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(stored_draws_go_round),
        cmocka_unit_test(classes_are_drawn_as_often_as_they_are_probable),
        cmocka_unit_test(too_many_linearised_rows_are_refused),
    };
    return RUN(tests);
}
