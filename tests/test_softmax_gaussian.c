/* The softmax_gaussian likelihood by hand: one-hot targets, Gaussian noise around softmax outputs. */
#include "fitting.h"
#include "predict/predict.h"
#include <gsl/gsl_randist.h>

static bnn_likelihood likelihood_of(const char *noise_sd, size_t n_classes) {
    bnn_config *config = CONFIG("likelihood.name=softmax_gaussian", noise_sd);
    bnn_likelihood likelihood;
    assert_ok(bnn_likelihood_make(&likelihood, config, 1, n_classes));
    bnn_config_free(config);
    return likelihood;
}

/* p = softmax(f) by libm; nll is the sum over classes of -log N(onehot_k; p_k, sd^2). */
static void nll_is_a_gaussian_density_of_the_one_hot_target(void **state) {
    (void)state;
    const real f[] = { 1, (real)-0.5, 2, 0, 0, 0, 900, -900, 0 };
    bnn_likelihood likelihood = likelihood_of("likelihood.noise_sd=0.2", 3);
    for (int i = 0; i < 3; i++) {
        double p[3], got[3], nll, sum = 0;
        for (int k = 0; k < 3; k++) sum += exp((double)f[3 * i + k] - (double)f[3 * i + (i == 0 ? 2 : 0)]);
        for (int k = 0; k < 3; k++) p[k] = exp((double)f[3 * i + k] - (double)f[3 * i + (i == 0 ? 2 : 0)]) / sum;
        likelihood.row->probabilities(&likelihood, 1, f + 3 * i, got);
        for (int k = 0; k < 3; k++) assert_close(got[k], p[k], 1e-15);
        for (int label = 0; label < 3; label++) {
            const real y = (real)label;
            double want = 0;
            for (int k = 0; k < 3; k++) want -= log(gsl_ran_gaussian_pdf((k == label) - p[k], 0.2));
            likelihood.row->nll(&likelihood, NULL, 1, f + 3 * i, &y, &nll, NULL, NULL);
            assert_close(nll, want, 1e-12);
        }
    }
    bnn_likelihood_free(&likelihood);
}

/* One row of each of two classes, output = weight * x + bias chosen so that p(class 0) is .8 and .3. Scores are those of p: by hand
 * log .8 and log .7; the ELBO's nll stays the model's own. */
static void scores_are_those_of_the_probabilities(void **state) {
    (void)state;
    const double x[] = { 0, 1 }, y[] = { 0, 1 }, p0[] = { 0.8, 0.3 }, sd = 0.5;
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    assert_ok(bnn_dataset_make(&rows, 2, 1, x, 1, y, 2));
    bnn_config *config = CONFIG("likelihood.name=softmax_gaussian", "likelihood.noise_sd=0.5", "net.hidden=", "data.scale_x=none",
                                "method.name=map", "train.epochs=1");
    bnn_model *model = fit(config, rows, NULL, NULL);
    double first = log(0.8 / 0.2), second = log(0.3 / 0.7);
    const double theta[] = { second - first, 0, first, 0 };      /* 0.weight [2 x 1], 0.bias [2] */
    for (int i = 0; i < 4; i++) model->posterior.arrays[0].at[i] = (real)theta[i];
    assert_ok(bnn_predict(&prediction, model, rows, NULL));
    for (int i = 0; i < 2; i++) {
        double p = i == 0 ? p0[i] : 1 - p0[i], residual = 1 - p;
        assert_close(prediction->p[2 * i], p0[i], 1e-7);
        assert_close(prediction->log_lik[i], log(p), 1e-6);
        assert_close(prediction->expected_nll[i], residual * residual / (sd * sd) + 2 * log(sd * sqrt(2 * M_PI)), 1e-6);
    }
    bnn_prediction_free(prediction);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nll_is_a_gaussian_density_of_the_one_hot_target),
        cmocka_unit_test(scores_are_those_of_the_probabilities),
    };
    return RUN(tests);
}
