/* Several bbb fits in one posterior: what the members are, and what their mixture predicts. */
#include "fitting.h"
#include "predicting.h"
#include "base/rng.h"

enum { N = 40, MEMBERS = 3 };

/* y = |x| + noise of sd .3: a net of few units has more than one way to bend. */
static bnn_dataset *bent_rows(void) {
    real z[2 * N];
    double x[N], y[N];
    bnn_rng_normals(bnn_key_make(5, BNN_PURPOSE_TEST, 0, 0, 0), 0, 2 * N, z);
    for (int i = 0; i < N; i++) x[i] = (double)z[i], y[i] = fabs(x[i]) + 0.3 * (double)z[N + i];
    return make_rows(N, 1, x, 1, y, 0);
}

static bnn_model *bent_fit(const bnn_dataset *train, double members) {
    bnn_config *config = CONFIG("net.hidden=4", "optimizer.lr=0.02", "train.epochs=15", "train.batch=10");
    set_number(config, "method", "members", members);
    bnn_model *model = fit(config, train, NULL, NULL);
    bnn_config_free(config);
    return model;
}

static void the_first_member_is_the_fit_by_itself(void **state) {
    (void)state;
    bnn_dataset *train = bent_rows();
    bnn_model *mixture = bent_fit(train, MEMBERS), *one = bent_fit(train, 1);
    const bnn_posterior *p = &mixture->posterior, *q = &one->posterior;
    assert_true(p->row == &bnn_mixture_posterior && p->n_draws == MEMBERS && q->row == &bnn_diag_posterior);
    assert_memory_equal(p->arrays[0].at, q->arrays[0].at, q->n_params * sizeof(real));
    assert_memory_equal(p->arrays[1].at, q->arrays[1].at, q->n_weights * sizeof(real));
    for (size_t a = 0; a < 2; a++)
        for (size_t m = 1; m < MEMBERS; m++)
            assert_memory_not_equal(p->arrays[a].at + m * p->n_params, p->arrays[a].at, p->n_weights * sizeof(real));
    assert_null(json_object_get(mixture->facts, "kl"));       /* a mixture's has no closed form */
    bnn_model_free(one);
    bnn_model_free(mixture);
    bnn_dataset_free(train);
}

/* ---- predictions by hand --------------------------------------------------------------------------------------------- */

static double normal_density(double y, double mean, double sd) { return exp(-0.5 * pow((y - mean) / sd, 2)) / (sd * sqrt(2 * M_PI)); }

/* Two straight lines, y = x with noise of sd .5 and y = -x with noise of sd 2, whose weights (sd exp(-15)) are as good as certain. */
static bnn_model *two_lines(const bnn_dataset *rows) {
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "net.bias=no");
    bnn_posterior *posterior = &model->posterior;
    assert_int_equal(model->net.n_weights, 1);
    assert_ok(bnn_posterior_make(posterior, &bnn_mixture_posterior, 1, 1, 2));
    memcpy(posterior->arrays[0].at, (const real[]){ 1, (real)log(0.5), -1, (real)log(2) }, 4 * sizeof(real));
    memcpy(posterior->arrays[1].at, (const real[]){ -15, 0, -15, 0 }, 4 * sizeof(real));
    return model;
}

/* log_lik = log 1/2 (N(y; x, .5^2) + N(y; -x, 2^2)); the variance between the two means is x^2, within them (.25 + 4) / 2. An odd
 * number of draws is rounded up, or one line would count for more. */
static void a_mixture_predicts_the_equal_mixture_of_its_members(void **state) {
    (void)state;
    const double x[] = { 0.5, -2, 3 }, y[] = { 0.4, 1.5, 2 };
    bnn_dataset *rows = make_rows(3, 1, x, 1, y, 0);
    bnn_model *model = two_lines(rows);
    bnn_predict_options options = { .samples = 7, .seed = -1, .threads = 1 };
    bnn_prediction *p = predict_rows(model, rows, &options);
    assert_int_equal(p->n_draws, 8);
    for (int i = 0; i < 3; i++) {
        assert_close(p->mean[i], 0, 1e-5);
        assert_close(p->sd_epistemic[i], fabs(x[i]) * sqrt(8.0 / 7), 1e-5);       /* an estimate from 8 draws */
        assert_close(p->sd_aleatoric[i], sqrt(4.25 / 2), 1e-5);
        assert_close(p->log_lik[i], log(0.5 * normal_density(y[i], x[i], 0.5) + 0.5 * normal_density(y[i], -x[i], 2)), 1e-5);
    }
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_member_is_the_fit_by_itself),
        cmocka_unit_test(a_mixture_predicts_the_equal_mixture_of_its_members),
    };
    return RUN(tests);
}
