/* [prior] fan_in, bias_scale and layer_scale: which weights get which prior, in the energy, its gradient, the KL of a fit, the ELBO of a
 * prediction and a model read back. Net 4-3-2 (2.weights: [3 x 4], [3], [2 x 3], [2]); sds by hand. */
#include "data_files.h"
#include "fitting.h"
#include "predict/predict.h"
#include "problem/problem.h"
#include <gsl/gsl_randist.h>

enum { N_ROWS = 5, IN = 4, BLOCKS = 4, WEIGHTS = 12 + 3 + 6 + 2 };

#define NET "net.hidden=3", "prior.sd=0.8", "likelihood.noise_sd=1", "data.scale_x=none", "data.scale_y=none", "run.threads=1"

static bnn_dataset *make_rows(void) {
    double x[N_ROWS * IN], y[N_ROWS * 2];
    bnn_dataset *rows = NULL;
    for (int i = 0; i < N_ROWS * IN; i++) x[i] = sin(i);
    for (int i = 0; i < N_ROWS * 2; i++) y[i] = cos(i);
    assert_ok(bnn_dataset_make(&rows, N_ROWS, IN, x, 2, y, 0));
    return rows;
}

typedef struct made { bnn_dataset *rows; bnn_model *model; bnn_problem problem; } made;

/* Frees the configuration. */
static made make(bnn_config *config) {
    made m = { .rows = make_rows() };
    bnn_scaling scaling = {0};
    assert_ok(bnn_scaling_fit(&scaling, m.rows, "none", "none"));
    assert_ok(bnn_model_make(&m.model, config, &m.rows->schema, &scaling));
    assert_ok(bnn_problem_make(&m.problem, &m.model->net, &m.model->likelihood, &m.model->prior, m.rows, &m.model->scaling, NULL, 0));
    bnn_scaling_free(&scaling);
    bnn_config_free(config);
    return m;
}

static void unmake(made *m) {
    bnn_problem_free(&m->problem);
    bnn_model_free(m->model);
    bnn_dataset_free(m->rows);
}

static const size_t block_ends[BLOCKS] = { 12, 15, 21, 23 };

static double sd_of(const double sds[BLOCKS], size_t i) {
    size_t b = 0;
    while (i >= block_ends[b]) b++;
    return sds[b];
}

/* Energy and gradient are those of a Gaussian with the given sd in each block. */
static void assert_prior(bnn_config *config, const double sds[BLOCKS]) {
    made m = make(config);
    real w[WEIGHTS], g[WEIGHTS] = {0};
    double want = 0;
    assert_int_equal(m.problem.n_weights, WEIGHTS);
    for (size_t i = 0; i < WEIGHTS; i++) {
        w[i] = (real)(0.3 * sin((double)i + 1));
        want -= log(gsl_ran_gaussian_pdf((double)w[i], sd_of(sds, i)));
    }
    assert_close(bnn_problem_neg_log_prior(&m.problem, w), want, 1e-12);
    bnn_problem_add_prior_grad(&m.problem, 1, 0, WEIGHTS, w, g);
    for (size_t i = 0; i < WEIGHTS; i++) assert_close((double)g[i], (double)w[i] / (sd_of(sds, i) * sd_of(sds, i)), 1e-6);
    unmake(&m);
}

static void every_key_scales_its_own_blocks(void **state) {
    (void)state;
    const double root = sqrt(3);
    assert_prior(CONFIG(NET), (const double[]){ .8, .8, .8, .8 });
    assert_prior(CONFIG(NET, "prior.fan_in=yes"), (const double[]){ .4, .8, .8 / root, .8 });
    assert_prior(CONFIG(NET, "prior.bias_scale=5"), (const double[]){ .8, 4, .8, 4 });
    assert_prior(CONFIG(NET, "prior.layer_scale=2, 0.5"), (const double[]){ 1.6, 1.6, .4, .4 });
    assert_prior(CONFIG(NET, "prior.fan_in=yes", "prior.bias_scale=5", "prior.layer_scale=2, 0.5"),
                 (const double[]){ .8, 8, .4 / root, 2 });
}

static void a_wrong_number_of_layers_is_a_configuration_error(void **state) {
    (void)state;
    bnn_dataset *rows = make_rows();
    bnn_model *model = NULL;
    bnn_config *config = NULL;
    const char *path = put("three.ini", "[net]\nhidden = 3\n[prior]\nlayer_scale = 1, 2, 3\n");
    assert_ok(bnn_config_read(&config, path, 0, NULL));
    assert_int_equal(bnn_fit(&model, config, rows, NULL, NULL), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "three.ini:4: [prior] layer_scale = 1, 2, 3: 3 factors for 2 layers"));
    bnn_config_free(config);
    bnn_dataset_free(rows);
}

/* KL(N(mu, s^2) || N(0, p^2)) = log(p / s) + (mu^2 + s^2) / (2 p^2) - 1/2, summed by hand over the model's own means and sds. */
static double kl_by_hand(const bnn_model *model, const double sds[BLOCKS]) {
    const real *mean = model->posterior.arrays[0].at, *log_sd = model->posterior.arrays[1].at;
    double sum = 0;
    for (size_t i = 0; i < WEIGHTS; i++) {
        double mu = (double)mean[i], s = exp((double)log_sd[i]), p = sd_of(sds, i);
        sum += log(p / s) + (mu * mu + s * s) / (2 * p * p) - 0.5;
    }
    return sum;
}

static double elbo_kl(const bnn_model *model, const bnn_dataset *rows) {
    bnn_prediction *prediction = NULL;
    const bnn_predict_options options = { .samples = 1, .seed = -1, .threads = 1 };
    assert_ok(bnn_predict(&prediction, model, rows, &options));
    double kl = bnn_predict_elbo(model, prediction).kl;
    bnn_prediction_free(prediction);
    return kl;
}

static void a_fit_its_elbo_and_the_model_read_back_agree(void **state) {
    (void)state;
    const double sds[BLOCKS] = { .8, 8, .4 / sqrt(3), 2 };
    bnn_dataset *rows = make_rows();
    bnn_config *config = CONFIG(NET, "prior.fan_in=yes", "prior.bias_scale=5", "prior.layer_scale=2, 0.5", "train.epochs=20");
    records kept = {0};
    const bnn_observer observer = { .context = &kept, .epoch = keep_record };
    bnn_model *model = fit(config, rows, NULL, &observer), *again = NULL;
    double want = kl_by_hand(model, sds);
    assert_close(kept.at[kept.n - 1].penalty, want, 1e-6);
    assert_close(elbo_kl(model, rows), want, 1e-6);
    assert_ok(bnn_model_write(model, path_of("model.safetensors")));
    assert_ok(bnn_model_read(&again, path_of("model.safetensors")));
    assert_true(again->prior.scaling.fan_in && again->prior.scaling.bias_scale == 5);
    assert_int_equal(again->prior.scaling.layer_scale.n, 2);
    assert_true(elbo_kl(again, rows) == elbo_kl(model, rows));
    bnn_model_free(again);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_scales_its_own_blocks),
        cmocka_unit_test(a_wrong_number_of_layers_is_a_configuration_error),
        cmocka_unit_test(a_fit_its_elbo_and_the_model_read_back_agree),
    };
    return RUN_IN_FOLDER(tests);
}
