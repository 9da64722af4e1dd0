/* Laplace against exact answers. A linear model with known noise has a normal posterior, so that Laplace is exact there; for logistic
 * regression and a net of two weights, MAP, sds and log evidence were computed elsewhere, by closed form and quadrature (the project's oracle
 * page, 10 digits). Then how it predicts, the same bytes for any number of threads, and what it refuses. */
#include "data_files.h"
#include "fitting.h"
#include "random_factors.h"
#include "method/laplace.h"
#include "predict/predict.h"

enum { N = 5, SLOPE = 0, BIAS = 1 };

#ifdef BNN_DOUBLE
enum { IS_DOUBLE = 1 };
#define MAP_TOLERANCE "optimizer.tolerance=1e-12"
#else
enum { IS_DOUBLE = 0 };
#define MAP_TOLERANCE "optimizer.tolerance=1e-6"       /* hardly ever met in float: it goes as far as rounding lets it */
#endif

#define PLAIN "method.name=laplace", "optimizer.name=bfgs", "train.batch=full", "train.epochs=500", MAP_TOLERANCE, "data.scale_x=none", \
              "data.scale_y=none", "run.threads=1"

static double fact(const bnn_model *model, const char *name) {
    const char *text = json_string_value(json_object_get(model->facts, name));
    if (text == NULL) fail_msg("the model has no fact %s", name);
    return strtod(text, NULL);
}

/* In double as exact as given, in float to its rounding of MAP and curvature. */
static void assert_near(double got, double want, double in_double, double in_float) {
    double tolerance = IS_DOUBLE ? in_double : in_float;
    if (!(fabs(got - want) <= tolerance * fabs(want))) fail_msg("%.15g, expected %.15g within %g of it", got, want, tolerance);
}

/* Frees the configuration. */
static bnn_model *fitted(bnn_config *config, const bnn_dataset *data, const bnn_dataset *valid) {
    bnn_model *model = fit(config, data, valid, NULL);
    bnn_config_free(config);
    return model;
}

/* ---- golden B: linear regression, noise sd .2, prior N(0, 1) --------------------------------------------------------- */

/* y = slope x + bias; figures from the oracle page: mean, covariance (slope slope, slope bias, bias bias), log evidence, A_ii^-1/2. */
static const double golden_x[N] = { 0, .5, 1, 1.5, 2 }, golden_y[N] = { -.6, -.4, .05, .3, .7 };
static const double golden_mean[2] = { .639767413241, -.624769259168 };
static const double golden_cov[2][2] = { { .015505783904, -.015382722127 }, { -.015382722127, .023197144967 } };
static const double golden_evidence = -1.625588397726, golden_sd[2] = { .072835704073, .089087080637 };

#define GOLDEN PLAIN, "net.hidden=", "likelihood.noise_sd=0.2", "prior.sd=1", "method.prior_precision=fixed"

static bnn_dataset *golden_data(void) {
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, N, 1, golden_x, 1, golden_y, 0));
    return data;
}

static bnn_model *golden_fit(bnn_config *config) {
    bnn_dataset *data = golden_data();
    bnn_model *model = fitted(config, data, NULL);
    bnn_dataset_free(data);
    return model;
}

static size_t count_wrong_in_golden_cov(const double *cov, double factor) {
    size_t wrong = 0;
    for (int i = 0; i < 4; i++) {
        double want = golden_cov[i / 2][i % 2];
        if (!(fabs(factor * cov[i] - want) <= (IS_DOUBLE ? 1e-10 : 1e-4) * fabs(want))) wrong++;
    }
    return wrong;
}

/* One output and one noise sd for all rows: the Kronecker product is exact too. */
static void full_and_kron_are_exact_for_a_linear_model(void **state) {
    (void)state;
    const char *const structures[] = { "full", "kron" };
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(GOLDEN);
        assert_ok(bnn_config_set(config, "method", "structure", structures[k]));
        bnn_model *model = golden_fit(config);
        double *cov = dense_covariance(&model->posterior);
        for (int i = 0; i < 2; i++) assert_near((double)model->posterior.arrays[0].at[i], golden_mean[i], 1e-10, 1e-4);
        assert_int_equal(count_wrong_in_golden_cov(cov, 1), 0);
        assert_int_equal(count_wrong_in_golden_cov(cov, 2), 4);          /* a planted fault */
        assert_near(fact(model, "log_evidence"), golden_evidence, 1e-10, 1e-4);
        free(cov);
        bnn_model_free(model);
    }
}

static void diag_has_the_sds_of_the_mean_field_optimum(void **state) {
    (void)state;
    bnn_model *model = golden_fit(CONFIG(GOLDEN, "method.structure=diag"));
    for (int i = 0; i < 2; i++) assert_near(exp((double)model->posterior.arrays[1].at[i]), golden_sd[i], 1e-10, 1e-4);
    bnn_model_free(model);
}

/* Two ways to A_ii^-1/2: the curvature, and the optimum of the ELBO that bbb walks to (2 %). */
static void diag_and_bbb_agree_on_the_sds(void **state) {
    (void)state;
    bnn_model *laplace = golden_fit(CONFIG(GOLDEN, "method.structure=diag"));
    bnn_model *bbb = golden_fit(CONFIG("net.hidden=", "likelihood.noise_sd=0.2", "prior.sd=1", "data.scale_x=none", "data.scale_y=none",
                                       "run.threads=1", "train.batch=full", "train.epochs=20000", "method.name=bbb", "method.samples=4",
                                       "optimizer.lr=0.02", "optimizer.schedule=cosine"));
    for (int i = 0; i < 2; i++) {
        double ratio = exp((double)(bbb->posterior.arrays[1].at[i] - laplace->posterior.arrays[1].at[i]));
        if (!(fabs(ratio - 1) <= .02)) fail_msg("sd %d of bbb is %g times that of Laplace", i, ratio);
    }
    bnn_model_free(bbb);
    bnn_model_free(laplace);
}

/* ---- golden B: predictions ------------------------------------------------------------------------------------------- */

static const double new_x[N] = { -3, -.25, 0, .7, 5 };

static bnn_prediction *predict_new(const bnn_model *model, long long samples) {
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = samples, .seed = 3, .threads = 1 };
    assert_ok(bnn_dataset_make(&rows, N, 1, new_x, 1, NULL, 0));
    assert_ok(bnn_predict(&prediction, model, rows, &options));
    bnn_dataset_free(rows);
    return prediction;
}

/* y* ~ N(x'm, s^2 + x'Sx) */
static double golden_epistemic(int i) {
    return golden_cov[0][0] * new_x[i] * new_x[i] + 2 * golden_cov[0][1] * new_x[i] + golden_cov[1][1];
}
static double golden_center(int i) { return golden_mean[SLOPE] * new_x[i] + golden_mean[BIAS]; }

/* At the rounded 12 decimals of the oracle, x = 5 cancels .39 - .15 + .02: 1e-10 still stands. */
static void linearised_prediction_of_a_linear_model_is_exact(void **state) {
    (void)state;
    bnn_model *model = golden_fit(CONFIG(GOLDEN, "method.structure=full"));
    bnn_prediction *prediction = predict_new(model, 50);
    for (int i = 0; i < N; i++) {
        double var = golden_epistemic(i);
        assert_close(prediction->mean[i], golden_center(i), IS_DOUBLE ? 1e-10 : 1e-4);
        assert_near(prediction->sd[i], sqrt(0.04 + var), 1e-10, 1e-4);
        assert_near(prediction->sd_epistemic[i], sqrt(var), 1e-10, 1e-3);
        assert_near(prediction->sd_aleatoric[i], 0.2, 1e-12, 1e-6);
    }
    bnn_prediction_free(prediction);
    bnn_model_free(model);
}

/* Rows whose mean or epistemic variance lies 5 standard errors away (var of a variance: 2 v^2 / n). */
static size_t count_unlike(const bnn_prediction *prediction, double n, double factor) {
    size_t unlike = 0;
    for (int i = 0; i < N; i++) {
        double var = factor * golden_epistemic(i), got = prediction->sd_epistemic[i] * prediction->sd_epistemic[i];
        bool is_like = fabs(prediction->mean[i] - golden_center(i)) <= 5 * sqrt(var / n) && fabs(got - var) <= 5 * var * sqrt(2 / n);
        if (!is_like) unlike++;
    }
    return unlike;
}

static void sampling_a_linear_model_agrees_with_the_linearised_prediction(void **state) {
    enum { DRAWS = 40000 };
    (void)state;
    const char *const structures[] = { "full", "kron" };
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(GOLDEN, "method.predictive=sampling");
        assert_ok(bnn_config_set(config, "method", "structure", structures[k]));
        bnn_model *model = golden_fit(config);
        bnn_prediction *prediction = predict_new(model, DRAWS);
        assert_int_equal(count_unlike(prediction, DRAWS, 1), 0);
        assert_true(count_unlike(prediction, DRAWS, 1.1) == N);           /* a planted fault */
        bnn_prediction_free(prediction);
        bnn_model_free(model);
    }
}

/* ---- logistic regression: wells -------------------------------------------------------------------------------------- */

/* The first 20 rows of the wells of Araihazar (Gelman & Hill 2007): distance to the next safe well in 100 m, switched or not. MAP, sds
 * and log Z with N(0, 1) on bias and slope from the oracle page. */
static const double wells_x[20] = {
    0.16826000213623002, 0.473219985961914,   0.209669990539551, 0.214860000610352, 0.40874000549316397, 0.695179977416992, 0.8071099853515631,
    0.551459999084473,   0.526469993591309,   0.750719985961914, 0.29774000167846704, 0.34504001617431596, 0.638040008544922,
    0.736039962768555,   0.676549987792969,   0.806600036621094, 0.52181999206543,  0.52181999206543,  0.5053400039672851, 0.314220008850098 };
static const double wells_y[20] = { 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static void laplace_of_wells_matches_the_oracle(void **state) {
    (void)state;
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, 20, 1, wells_x, 1, wells_y, 2));
    bnn_model *model = fitted(CONFIG(PLAIN, "net.hidden=", "likelihood.name=bernoulli", "prior.sd=1", "method.prior_precision=fixed",
                                     "method.structure=full"), data, NULL);
    double *cov = dense_covariance(&model->posterior);
    assert_near((double)model->posterior.arrays[0].at[BIAS], 1.477831269, 1e-8, 1e-4);
    assert_near((double)model->posterior.arrays[0].at[SLOPE], .9677403757, 1e-8, 1e-4);
    assert_near(sqrt(cov[3]), .634769507, 1e-8, 1e-4);
    assert_near(sqrt(cov[0]), .8971519458, 1e-8, 1e-4);
    assert_close(fact(model, "log_evidence"), -6.57616591, IS_DOUBLE ? 1e-6 : 1e-4);
    free(cov);
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* ---- y = w2 tanh(w1 x) ----------------------------------------------------------------------------------------------- */

/* Data of golden A. The oracle page gives MAP (.77998672, .94915097) up to sign, and log Z .44761 with the ggn, .06552 with the Hessian.
 * Newton's method on paper formulas, run apart from this program until the gradient is 1e-15, gives the further digits used here. */
static const double tanh_map[2] = { .7799866971955, .9491509865279 };
static const struct { const char *curvature; double evidence; } tanh_evidence[] = { { "ggn", .4476131653093 }, { "hessian", .0655217742450 } };

#define TANH "net.hidden=1", "net.activation=tanh", "net.bias=no", "likelihood.noise_sd=0.2", "method.name=laplace", "method.structure=full", \
             "data.scale_x=none", "data.scale_y=none", "run.threads=1"

static bnn_dataset *tanh_data(void) {
    const double x[N] = { -1, -.5, 0, .5, 1 };
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, N, 1, x, 1, golden_y, 0));
    return data;
}

static void both_curvatures_of_a_tanh_net_match_the_oracle(void **state) {
    (void)state;
    bnn_dataset *data = tanh_data();
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(PLAIN, "net.hidden=1", "net.activation=tanh", "net.bias=no", "likelihood.noise_sd=0.2", "prior.sd=1",
                                    "method.prior_precision=fixed", "method.structure=full");
        assert_ok(bnn_config_set(config, "method", "curvature", tanh_evidence[k].curvature));
        bnn_model *model = fitted(config, data, NULL);
        const real *w = model->posterior.arrays[0].at;
        assert_true(w[0] * w[1] > 0);
        for (int i = 0; i < 2; i++) assert_near(fabs((double)w[i]), tanh_map[i], 1e-8, 1e-4);
        assert_close(fact(model, "log_evidence"), tanh_evidence[k].evidence, IS_DOUBLE ? 1e-8 : 1e-4);
        bnn_model_free(model);
    }
    bnn_dataset_free(data);
}

/* Where a fit stopped beside the minimum, Newton's steps end on it. */
static void newton_steps_end_on_the_minimum(void **state) {
    (void)state;
    bnn_dataset *data = tanh_data();
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(TANH, "optimizer.name=bfgs", "train.batch=full", "train.epochs=500", "optimizer.tolerance=1e-2", "prior.sd=1",
                                    "method.prior_precision=fixed", "method.curvature=hessian");
        assert_ok(bnn_config_set(config, "method", "newton_steps", k == 0 ? "0" : "20"));
        bnn_model *model = fitted(config, data, NULL);
        const real *w = model->posterior.arrays[0].at;
        double off = fmax(fabs(fabs((double)w[0]) - tanh_map[0]), fabs(fabs((double)w[1]) - tanh_map[1]));
        if (k == 0) assert_true(off > 1e-5 && json_object_get(model->facts, "newton_steps") == NULL);
        else assert_true(off < (IS_DOUBLE ? 1e-12 : 1e-6) && fact(model, "newton_steps") >= 1);
        bnn_model_free(model);
    }
    bnn_dataset_free(data);
}

/* ---- learnt noise ---------------------------------------------------------------------------------------------------- */

/* What map found stays where it is, noise included, and no draw moves the noise. */
static void mean_and_noise_are_those_of_map(void **state) {
    (void)state;
    static const char *const structures[] = { "full", "kron", "diag" };
    bnn_model *map = golden_fit(CONFIG("net.hidden=3", "method.name=map", "train.epochs=40", "run.threads=1"));
    for (int k = 0; k < 3; k++) {
        bnn_config *config = CONFIG("net.hidden=3", "method.name=laplace", "train.epochs=40", "run.threads=1");
        assert_ok(bnn_config_set(config, "method", "structure", structures[k]));
        bnn_model *model = golden_fit(config);
        size_t n = map->posterior.n_params;
        real draw[32];
        assert_int_equal(model->posterior.n_params, n);
        assert_memory_equal(model->posterior.arrays[0].at, map->posterior.arrays[0].at, n * sizeof(real));
        model->posterior.row->draw(&model->posterior, 1, 1, 0, n, draw);
        assert_true(draw[n - 1] == map->posterior.arrays[0].at[n - 1] && draw[0] != map->posterior.arrays[0].at[0]);
        bnn_model_free(model);
    }
    bnn_model_free(map);
}

/* A structure is found by its name, and becomes the kind of posterior that its row says. */
static void every_structure_of_the_table_can_be_chosen(void **state) {
    (void)state;
    for (size_t k = 0; bnn_structures[k] != NULL; k++) {
        bnn_config *config = CONFIG(GOLDEN);
        assert_ok(bnn_config_set(config, "method", "structure", bnn_structures[k]->name));
        bnn_model *model = golden_fit(config);
        assert_ptr_equal(model->posterior.row, ((const bnn_structure_row *)bnn_structures[k])->posterior);
        bnn_model_free(model);
    }
}

/* ---- threads --------------------------------------------------------------------------------------------------------- */

enum { MANY = 1100, WIDE = 60 };

static bnn_dataset *classes_of_many(void) {
    static double x[MANY * WIDE], y[MANY];
    bnn_dataset *data = NULL;
    fill_normals(1, MANY * WIDE, x);
    for (size_t i = 0; i < MANY; i++) y[i] = x[i * WIDE] > 0.5 ? 2 : x[i * WIDE + 1] > 0;
    assert_ok(bnn_dataset_make(&data, MANY, WIDE, x, 1, y, 3));
    return data;
}

static size_t bytes_of_fit(const bnn_dataset *data, const char *structure, const char *threads, const char *hidden, unsigned char **bytes) {
    const char *path = path_of("model.safetensors");
    bnn_config *config = CONFIG("method.name=laplace", "likelihood.name=categorical", "train.epochs=1", "net.activation=tanh");
    assert_ok(bnn_config_set(config, "method", "structure", structure));
    assert_ok(bnn_config_set(config, "run", "threads", threads));
    assert_ok(bnn_config_set(config, "net", "hidden", hidden));
    bnn_model *model = fitted(config, data, NULL);
    assert_ok(bnn_model_write(model, path));
    bnn_model_free(model);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *bytes = malloc(1 << 24);
    assert_non_null(*bytes);
    size_t n = fread(*bytes, 1, 1 << 24, file);
    fclose(file);
    assert_true(n > 1000 && n < 1 << 24);
    return n;
}

/* Passes and products above the size below which everything runs on the calling thread. */
static void equal_bytes_for_any_number_of_threads(void **state) {
    (void)state;
    static const char *const structures[][2] = { { "kron", "150" }, { "diag", "150" }, { "full", "5" } }, *const threads[] = { "2", "7" };
    bnn_dataset *data = classes_of_many();
    for (int k = 0; k < 3; k++) {
        unsigned char *one, *other;
        size_t n = bytes_of_fit(data, structures[k][0], "1", structures[k][1], &one);
        for (int t = 0; t < 2; t++) {
            assert_int_equal(bytes_of_fit(data, structures[k][0], threads[t], structures[k][1], &other), n);
            if (memcmp(one, other, n) != 0) fail_msg("%s: %s threads give other bytes", structures[k][0], threads[t]);
            free(other);
        }
        free(one);
    }
    bnn_dataset_free(data);
}

/* ---- flat directions ------------------------------------------------------------------------------------------------- */

/* 5 rows, 20 columns and a prior as good as flat: 15 directions of the precision are 1e-12, far below rounding. */
static bnn_model *fit_few_rows(const char *prior_sd) {
    double x[20 * N];
    bnn_dataset *data = NULL;
    bnn_config *config = CONFIG(PLAIN, "net.hidden=", "likelihood.noise_sd=0.2", "method.prior_precision=fixed", "method.structure=full");
    fill_normals(2, 20 * N, x);
    for (int i = 0; i < 20 * N; i++) x[i] *= 10;
    assert_ok(bnn_config_set(config, "prior", "sd", prior_sd));
    assert_ok(bnn_dataset_make(&data, N, 20, x, 1, golden_y, 0));
    bnn_model *model = fitted(config, data, NULL);
    bnn_dataset_free(data);
    return model;
}

static void a_singular_precision_gets_a_jitter_that_is_noted(void **state) {
    (void)state;
    real draw[21];
    bnn_model *flat = fit_few_rows("1e6"), *proper = fit_few_rows("1");
    assert_true(fact(flat, "jitter") >= 1e-12 && fact(flat, "jitter") <= 1e-4);
    assert_null(json_object_get(proper->facts, "jitter"));
    flat->posterior.row->draw(&flat->posterior, 1, 1, 0, 21, draw);
    for (int i = 0; i < 21; i++) assert_true(isfinite(draw[i]));
    bnn_model_free(proper);
    bnn_model_free(flat);
}

/* ---- refusals -------------------------------------------------------------------------------------------------------- */

static bnn_answer count_step(void *context, uint64_t step) {
    (void)step;
    ++*(int *)context;
    return BNN_GO_ON;
}

/* Frees the configuration. The sentence holds `says`; has_trained: after training only. */
static void assert_refused(bnn_config *config, const bnn_dataset *data, bnn_status want, const char *says, bool has_trained) {
    int steps = 0;
    bnn_observer observer = { .context = &steps, .step = count_step };
    bnn_model *model = NULL;
    bnn_status status = bnn_fit(&model, config, data, NULL, &observer);
    if (status != want || model != NULL) fail_msg("status %d, expected %d", status, want);
    if (strstr(bnn_error_text(), says) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), says);
    if (!has_trained) assert_int_equal(steps, 0);
    bnn_config_free(config);
}

static void needs_that_are_not_met_are_named(void **state) {
    (void)state;
    bnn_dataset *numbers = golden_data(), *classes = NULL;
    assert_ok(bnn_dataset_make(&classes, 20, 1, wells_x, 1, wells_y, 2));
    assert_refused(CONFIG(PLAIN, "prior.name=laplace"), numbers, BNN_ERR_CONFIG, "Laplace needs a gaussian prior", false);
    assert_refused(CONFIG(PLAIN, "likelihood.name=softmax_gaussian"), classes, BNN_ERR_CONFIG, "no curvature", false);
    assert_refused(CONFIG(PLAIN, "method.prior_precision=validation"), numbers, BNN_ERR_CONFIG, "needs validation rows", false);
    assert_refused(CONFIG(PLAIN, "method.per_layer=yes", "method.structure=full"), numbers, BNN_ERR_CONFIG, "structure = diag or kron", false);
    assert_refused(CONFIG(PLAIN, "method.per_layer=yes", "method.prior_precision=fixed"), numbers, BNN_ERR_CONFIG, "prior_precision = evidence", false);
    assert_refused(CONFIG(PLAIN, "method.curvature=hessian"), numbers, BNN_ERR_CONFIG, "structure = diag or full", false);
    assert_refused(CONFIG(PLAIN, "prior.fan_in=yes", "train.epochs=3"), numbers, BNN_ERR_CONFIG, "structure = diag", false);
    assert_refused(CONFIG(PLAIN, "prior.bias_scale=2", "train.epochs=3"), numbers, BNN_ERR_CONFIG, "structure = diag", false);
    bnn_dataset_free(classes);
    bnn_dataset_free(numbers);
}

/* 1 x 50 x 50 x 1: 2701 weights, so 7.3 million pairs of 8 bytes, twice as many for the factor and its inverse, 2701 numbers of 256 rows, and for each
 * of those the inputs (104) and 16 columns of what comes back (101): 183 MB in float. */
static void too_little_memory_names_sizes_and_what_would_fit(void **state) {
    (void)state;
    bnn_dataset *data = golden_data();
    const char *const says[] = { IS_DOUBLE ? "structure = full needs 184 MB" : "structure = full needs 183 MB", "1.0 MB may be used", "kron needs", "diag", "last_layer" };
    for (int k = 0; k < 5; k++)
        assert_refused(CONFIG(PLAIN, "train.epochs=2", "method.structure=full", "run.max_memory=1"), data, BNN_ERR_MEMORY, says[k], false);
    bnn_dataset_free(data);
}

/* 1 x 2000 x 1: the exact diagonal Hessian goes through 2000 x 2000 matrices, two for each thread: 64 MB more than the ggn needs. */
static void scratch_of_the_exact_hessian_is_in_the_forecast(void **state) {
    (void)state;
    bnn_dataset *data = golden_data();
    bnn_model *model = fitted(CONFIG(PLAIN, "train.epochs=1", "net.hidden=2000", "method.structure=diag", "run.max_memory=40"), data, NULL);
    assert_refused(CONFIG(PLAIN, "train.epochs=1", "net.hidden=2000", "method.structure=diag", "run.max_memory=40", "method.curvature=hessian"),
                   data, BNN_ERR_MEMORY, "MB with curvature = ggn", false);
    bnn_model_free(model);
    bnn_dataset_free(data);
}

/* Around weights of 0 a tanh net has a saddle: each weight alone does nothing, both together fit the data. */
static void indefinite_hessians_are_refused_in_words(void **state) {
    (void)state;
    bnn_dataset *data = tanh_data();
    assert_refused(CONFIG(TANH, "method.curvature=hessian", "net.init=normal:0.001", "train.epochs=1", "method.prior_precision=fixed"), data,
                   BNN_ERR_NUMERIC, "no minimum", true);
    assert_refused(CONFIG(TANH, "method.curvature=hessian", "net.init=normal:0.001", "train.epochs=1"), data, BNN_ERR_NUMERIC,
                   "negative eigenvalues", true);
    bnn_dataset_free(data);
}

/* Small precisions leave it indefinite, and are passed over. */
static void validation_passes_over_precisions_that_are_too_small(void **state) {
    (void)state;
    bnn_dataset *data = tanh_data();
    bnn_model *model = fitted(CONFIG(TANH, "method.curvature=hessian", "net.init=normal:0.001", "train.epochs=1", "prior.sd=1",
                                     "method.prior_precision=validation"), data, data);
    double tau = fact(model, "prior_precision_factor");
    assert_true(tau > 1 && isfinite(fact(model, "log_evidence")));
    bnn_model_free(model);
    bnn_dataset_free(data);
}

static void only_finished_map_runs_are_taken(void **state) {
    (void)state;
    static const char *const methods[] = { "bbb", "mc_dropout", "ensemble" };
    bnn_dataset *data = golden_data();
    for (int k = 0; k < 3; k++) {
        bnn_config *config = CONFIG("net.hidden=3", "net.dropout=0.1", "train.epochs=3", "run.threads=1");
        bnn_config *laplace = CONFIG("net.hidden=3", "net.dropout=0.1", "method.name=laplace");
        assert_ok(bnn_config_set(config, "method", "name", methods[k]));
        bnn_model *model = fitted(config, data, NULL);
        assert_int_equal(bnn_laplace(model, laplace, data, NULL, NULL), BNN_ERR_CONFIG);
        assert_non_null(strstr(bnn_error_text(), methods[k]));
        bnn_model_free(model);
        bnn_config_free(laplace);
    }
    bnn_dataset_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_and_kron_are_exact_for_a_linear_model),
        cmocka_unit_test(diag_has_the_sds_of_the_mean_field_optimum),
        cmocka_unit_test(diag_and_bbb_agree_on_the_sds),
        cmocka_unit_test(linearised_prediction_of_a_linear_model_is_exact),
        cmocka_unit_test(sampling_a_linear_model_agrees_with_the_linearised_prediction),
        cmocka_unit_test(laplace_of_wells_matches_the_oracle),
        cmocka_unit_test(both_curvatures_of_a_tanh_net_match_the_oracle),
        cmocka_unit_test(newton_steps_end_on_the_minimum),
        cmocka_unit_test(mean_and_noise_are_those_of_map),
        cmocka_unit_test(every_structure_of_the_table_can_be_chosen),
        cmocka_unit_test(equal_bytes_for_any_number_of_threads),
        cmocka_unit_test(a_singular_precision_gets_a_jitter_that_is_noted),
        cmocka_unit_test(needs_that_are_not_met_are_named),
        cmocka_unit_test(too_little_memory_names_sizes_and_what_would_fit),
        cmocka_unit_test(scratch_of_the_exact_hessian_is_in_the_forecast),
        cmocka_unit_test(indefinite_hessians_are_refused_in_words),
        cmocka_unit_test(validation_passes_over_precisions_that_are_too_small),
        cmocka_unit_test(only_finished_map_runs_are_taken),
    };
    return RUN_IN_FOLDER(tests);
}
