/* Metrics of predictions written by hand, against NumPy and scikit-learn; the baseline, the ELBO and the CSV. */
#include "predicting.h"

#include <gsl/gsl_cdf.h>

static const bnn_metric *metric_of(const char *name) {
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++)
        if (strcmp(metric->name, name) == 0) return metric;
    fail_msg("no metric %s", name);
    return NULL;
}

static bnn_score score_of(const bnn_prediction *p, const char *name) { return metric_of(name)->score(p); }

#define assert_score(p, name, want_value, want_se)              \
    do {                                                        \
        bnn_score score_ = score_of((p), (name));               \
        assert_close(score_.value, (want_value), 1e-12);        \
        assert_close(score_.se, (want_se), 1e-12);              \
    } while (0)

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

static bnn_prediction five_numbers(size_t n_rows) {
    static double target[] = { 1, 2, 4, -1, 3.5 }, mean[] = { 1.5, 1.25, 4.25, 0, 3 };
    static double log_lik[] = { -1.25, -0.5, -2, -3, -0.75 }, log_lik_moment[] = { -1.5, -0.25, -2.5, -2, -1 };
    static double crps[] = { 0.25, 0.5, 0.125, 0.75, 0.375 }, pit[] = { 0.3, 0.1, 0.96, 0.99, 0.5 };
    return (bnn_prediction){ .n_rows = n_rows, .n_targets = 1, .mean = mean, .target = target, .log_lik = log_lik,
                             .log_lik_moment = log_lik_moment, .crps = crps, .pit = pit };
}

/* Values: sklearn.metrics 1.9 (root_mean_squared_error, r2_score) and numpy.mean. Errors: scipy.stats.sem of the rows; of rmse
 * sem(e^2) / (2 rmse), of r2 sem(e^2 - R d^2) / mean(d^2) with R = sum e^2 / sum d^2. A share q has the error sqrt(q (1 - q) / 4). */
static void metrics_of_numbers_match_sklearn(void **state) {
    (void)state;
    bnn_prediction p = five_numbers(5);
    assert_score(&p, "rmse", 0.6519202405202649, 0.1262802089658969);
    assert_score(&p, "mae", 0.6, 0.12747548783981963);
    assert_score(&p, "r2", 0.8688271604938271, 0.05433450925946594);
    assert_score(&p, "log_lik", -1.5, 0.45414755311462374);
    assert_score(&p, "log_lik_moment", -1.45, 0.3905124837953327);
    assert_score(&p, "crps", 0.4, 0.10752906583803283);
    assert_score(&p, "coverage_50", 0.4, sqrt(0.06));
    assert_score(&p, "coverage_90", 0.6, sqrt(0.06));
    assert_score(&p, "coverage_95", 0.8, sqrt(0.04));
}

/* r2_score(multioutput="variance_weighted"), mean_squared_error and mean_absolute_error over all numbers; errors as above, of the
 * rows' means over targets. */
static void several_targets_are_pooled(void **state) {
    (void)state;
    double target[] = { 1, 10, 2, 14, 4, 9 }, mean[] = { 1.5, 11, 1.25, 13, 4.25, 9.5 }, pit[] = { 0.3, 0.04, 0.96, 0.6, 0.99, 0.01 };
    bnn_prediction p = { .n_rows = 3, .n_targets = 2, .mean = mean, .target = target, .pit = pit };
    assert_score(&p, "rmse", 0.7216878364870323, 0.1301041249666333);
    assert_score(&p, "mae", 0.6666666666666667, 0.1502313031443329);
    assert_score(&p, "r2", 0.8325892857142858, 0.07462204180309617);
    assert_score(&p, "coverage_90", 1 / 3., 1 / 6.);
}

/* sklearn.metrics 1.9 with sample_weight; errors: statsmodels 0.15 WLS of the rows on a constant, cov_type="HC1", of rmse divided by
 * 2 rmse, of r2 that of e^2 - R d^2 divided by mean(d^2). */
static void case_weights_count_in_metrics_of_numbers(void **state) {
    (void)state;
    double weight[] = { 1, 0.5, 2, 1.5, 0.75 };
    bnn_prediction p = five_numbers(5);
    p.weight = weight;
    assert_score(&p, "rmse", 0.6384423980690613, 0.1743425206653018);
    assert_score(&p, "mae", 0.5652173913043478, 0.17799139494580793);
    assert_score(&p, "r2", 0.9030026990553306, 0.03760998365570892);
    assert_score(&p, "log_lik", -1.8369565217391302, 0.41729170187030146);
    assert_score(&p, "crps", 0.375, 0.148837651495969);
    assert_score(&p, "coverage_90", 0.39130434782608686, 0.2481343943003463);
}

static void a_row_of_weight_0_is_not_there(void **state) {
    (void)state;
    double weight[] = { 1, 1, 1, 1, 0 };
    bnn_prediction all = five_numbers(5), four = five_numbers(4);
    all.weight = weight;
    all.log_lik[4] = -INFINITY;
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (!bnn_metric_fits(metric, &all)) continue;
        bnn_score got = metric->score(&all), want = metric->score(&four);
        assert_close(got.value, want.value, 1e-15);
        if (strcmp(metric->name, "pit_ks") != 0) assert_close(got.se, want.se, 1e-15);      /* resampled: only about the same */
    }
    all.log_lik[4] = -0.75;
}

/* By hand: sd of 1 2 6 is sqrt(7); sqrt(7 / 3); rmse: its square's error over 2 rmse; two targets: the sum's half is the mean's. */
static void monte_carlo_errors_are_those_of_means_over_draws(void **state) {
    (void)state;
    double effects[] = { 1, 2, 6 }, error = sqrt(7. / 3), weights[] = { 1, 1, 1 };
    bnn_prediction p = five_numbers(5);
    assert_true(isnan(metric_of("log_lik")->mcse(&p)) && isnan(metric_of("rmse")->mcse(&p)) && metric_of("mae")->mcse == NULL);
    p.n_draws = 3;
    p.draw_likelihood = p.draw_square = p.draw_brier = effects;
    assert_close(metric_of("log_lik")->mcse(&p), error, 1e-14);
    assert_close(metric_of("brier")->mcse(&p), error, 1e-14);
    assert_close(metric_of("rmse")->mcse(&p), error / 2 / 0.6519202405202649, 1e-14);
    double target[] = { 1, 10, 2, 14, 4, 9 }, mean[] = { 1.5, 11, 1.25, 13, 4.25, 9.5 };
    bnn_prediction two = { .n_rows = 3, .n_targets = 2, .n_draws = 3, .mean = mean, .target = target, .draw_square = effects };
    assert_close(metric_of("rmse")->mcse(&two), error / 4 / 0.7216878364870323, 1e-14);
    two.weight = weights;
    assert_close(metric_of("rmse")->mcse(&two), error / 4 / 0.7216878364870323, 1e-14);
}

static void perfect_means_have_no_error(void **state) {
    (void)state;
    bnn_prediction p = five_numbers(5);
    p.mean = p.target;
    assert_score(&p, "rmse", 0, 0);
    assert_score(&p, "r2", 1, 0);
}

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

static bnn_prediction six_rows_of_classes(size_t n_rows) {
    static double probabilities[] = { 0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.3, 0.3, 0.4, 0.05, 0.05, 0.9, 0.55, 0.25, 0.2, 0.25, 0.72, 0.03 };
    static double target[] = { 0, 2, 2, 2, 1, 1 };
    static size_t label[] = { 0, 1, 2, 2, 0, 1 };
    static double log_lik[6];
    for (size_t i = 0; i < 6; i++) log_lik[i] = log(probabilities[3 * i + (size_t)target[i]]);
    return (bnn_prediction){ .n_rows = n_rows, .n_targets = 1, .n_classes = 3, .p = probabilities, .target = target, .label = label,
                             .log_lik = log_lik };
}

/* sklearn.metrics: accuracy_score, -log_loss, brier_score_loss(scale_by_half=False); errors: scipy.stats.sem of the rows. */
static void metrics_of_classes_match_sklearn(void **state) {
    (void)state;
    bnn_prediction p = six_rows_of_classes(6);
    assert_score(&p, "accuracy", 0.6666666666666666, 0.210818510677892);
    assert_score(&p, "error", 0.3333333333333333, 0.210818510677892);
    assert_score(&p, "log_lik", -0.7161829039814295, 0.2144509531125667);
    assert_score(&p, "brier", 0.4336333333333333, 0.15936645750526607);
}

/* The same with sample_weight; errors: statsmodels WLS, HC1. */
static void case_weights_count_in_metrics_of_classes(void **state) {
    (void)state;
    double weight[] = { 1, 2, 0.5, 1, 1.5, 3 };
    bnn_prediction p = six_rows_of_classes(6);
    p.weight = weight;
    assert_score(&p, "accuracy", 0.6111111111111112, 0.24450990518936255);
    assert_score(&p, "log_lik", -0.7103422418646059, 0.23778688088798977);
    assert_score(&p, "brier", 0.43643333333333345, 0.18302286868286533);
    assert_close(score_of(&p, "ece").value, 0.3961111111111111, 1e-12);        /* NumPy, by its definition */
}

/* By hand: bins of .7 and .72 (both right), .6 (wrong), .4 (right), .9 (right), .55 (wrong): (.58 + .6 + .6 + .1 + .55) / 6.
 * Error: the exact sd of the bootstrap over all 6^6 resamples (NumPy); 200 resamples estimate an sd to 5 %: 4 of them. */
static void ece_has_fifteen_bins_and_a_bootstrap_error(void **state) {
    (void)state;
    bnn_prediction p = six_rows_of_classes(6);
    bnn_score ece = score_of(&p, "ece"), again = score_of(&p, "ece");
    assert_close(ece.value, 2.43 / 6, 1e-12);
    assert_true(fabs(ece.se / 0.07759402897989853 - 1) < 0.2);
    assert_true(ece.se == again.se);
}

/* By hand: .61 (wrong) and .66 (right) share the bin (9/15, 10/15], .68 (right), .9 (wrong) and .95 (right) have one each. */
static void ece_adds_up_within_bins_first(void **state) {
    (void)state;
    double probabilities[] = { 0.61, 0.39, 0.66, 0.34, 0.68, 0.32, 0.9, 0.1, 0.95, 0.05 }, target[] = { 1, 0, 0, 1, 0 };
    size_t label[] = { 0, 0, 0, 0, 0 };
    bnn_prediction p = { .n_rows = 5, .n_targets = 1, .n_classes = 2, .p = probabilities, .target = target, .label = label };
    assert_close(score_of(&p, "ece").value, (0.27 + 0.32 + 0.9 + 0.05) / 5, 1e-12);
}

static void one_row_has_no_standard_error(void **state) {
    (void)state;
    bnn_prediction numbers = five_numbers(1), classes = six_rows_of_classes(1);
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++) {
        if (bnn_metric_fits(metric, &numbers)) assert_true(isnan(metric->score(&numbers).se));
        if (bnn_metric_fits(metric, &classes)) assert_true(isnan(metric->score(&classes).se));
    }
}

static void assert_names(size_t n_classes, const char *want) {
    bnn_prediction p = { .n_classes = n_classes };
    char names[256] = "";
    for (const bnn_metric *metric = bnn_metrics; metric->name != NULL; metric++)
        if (bnn_metric_fits(metric, &p)) strcat(strcat(names, metric->name), " ");
    assert_string_equal(names, want);
}

/* The names that --json promises. */
static void each_kind_has_the_metrics_of_the_interface(void **state) {
    (void)state;
    assert_names(0, "rmse mae r2 log_lik log_lik_moment crps coverage_50 coverage_90 coverage_95 pit_ks ");
    assert_names(3, "accuracy error log_lik brier ece ace aurc ");
    assert_names(2, "accuracy error log_lik brier ece ace aurc auroc ");
}

/* ---- baseline ---------------------------------------------------------------------------------------------------------- */

static void note_baseline(bnn_model *model, const bnn_dataset *train) {
    json_t *fact = bnn_baseline_of(train);
    char *text = json_dumps(fact, JSON_REAL_PRECISION(17));
    assert_ok(bnn_model_note_text(model, "baseline", text));
    free(text);
    json_decref(fact);
}

/* Training targets 1, 5, 9: mean 5, sd sqrt(32/3). */
static void baseline_of_numbers_is_the_training_gaussian(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3 }, y[] = { 1, 5, 9 }, target = 7, sd = sqrt(32 / 3.), z = 2 / sd;
    bnn_dataset *train = make_rows(3, 1, x, 1, y, 0), *row = make_rows(1, 1, x, 1, &target, 0);
    bnn_model *model = MAKE_MODEL(train, "standardize", LINEAR, "likelihood.name=gaussian");
    bnn_prediction *p = NULL;
    assert_int_equal(bnn_predict_baseline(&p, model, row), BNN_ERR_DATA);       /* nothing noted yet */
    note_baseline(model, train);
    assert_ok(bnn_predict_baseline(&p, model, row));
    assert_close(p->mean[0], 5, 1e-12);
    assert_close(p->sd[0], sd, 1e-12);
    assert_close(p->sd_aleatoric[0], sd, 1e-12);
    assert_close(p->sd_epistemic[0], 0, 0);
    assert_close(p->quantiles[2], 5 + sd * gsl_cdf_ugaussian_Pinv(0.95), 1e-12);
    assert_close(p->pit[0], gsl_cdf_ugaussian_P(z), 1e-12);
    assert_close(p->log_lik[0], -z * z / 2 - log(sd) - log(2 * M_PI) / 2, 1e-12);
    assert_close(p->log_lik_moment[0], p->log_lik[0], 0);
    assert_close(p->expected_nll[0], z * z / 2 + log(2 * M_PI) / 2, 1e-12);      /* scaled units: sd is 1 */
    assert_close(p->crps[0], sd * (z * erf(z / sqrt(2)) + 2 * exp(-z * z / 2) / sqrt(2 * M_PI) - 1 / sqrt(M_PI)), 1e-12);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
    bnn_dataset_free(train);
}

static void baseline_of_classes_is_their_frequencies(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3, 4 }, y[] = { 1, 0, 1, 2 };
    bnn_dataset *train = make_rows(4, 1, x, 1, y, 3);
    bnn_model *model = MAKE_MODEL(train, "none", LINEAR, "likelihood.name=categorical");
    bnn_prediction *p = NULL;
    note_baseline(model, train);
    assert_ok(bnn_predict_baseline(&p, model, train));
    for (size_t i = 0; i < 4; i++) {
        assert_close(p->p[3 * i], 0.25, 1e-15);
        assert_close(p->p[3 * i + 1], 0.5, 1e-15);
        assert_int_equal(p->label[i], 1);
        assert_close(p->log_lik[i], log(y[i] == 1 ? 0.5 : 0.25), 1e-12);
        assert_close(p->entropy[i], 1.5 * log(2), 1e-12);
        assert_close(p->mutual_information[i], 0, 0);
    }
    assert_close(score_of(p, "accuracy").value, 0.5, 0);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(train);
}

/* ---- ELBO -------------------------------------------------------------------------------------------------------------- */

/* By hand: KL(N(m, s^2) || N(0, t^2)) = log(t / s) + (s^2 + m^2) / (2 t^2) - 1/2, summed over weight (t = 2) and bias (t = 1). */
static void elbo_is_minus_nll_and_kl(void **state) {
    (void)state;
    const double x[] = { 1, -1 }, y[] = { 0.5, 1 };
    const real mean[] = { 0.5f, -1 }, log_sd[] = { -1, -2 };
    double kl = 0;
    for (size_t i = 0; i < 2; i++) {
        double t = i == 0 ? 2 : 1;
        kl += log(t) - (double)log_sd[i] + (exp(2 * (double)log_sd[i]) + (double)(mean[i] * mean[i])) / (2 * t * t) - 0.5;
    }
    bnn_dataset *rows = make_rows(2, 1, x, 1, y, 0);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.5", "prior.name=gaussian",
                                  "prior.sd=2", "prior.bias_scale=0.5");
    store_normals(model, mean, log_sd);
    bnn_prediction *p = predict_rows(model, rows, NULL);
    bnn_elbo elbo = bnn_predict_elbo(model, p);
    assert_true(elbo.has_kl);
    assert_close(elbo.nll, p->expected_nll[0] + p->expected_nll[1], 1e-12);
    assert_close(elbo.kl, kl, 1e-6);                                             /* float closed form */
    assert_close(elbo.elbo, -(elbo.nll + elbo.kl), 1e-12);
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
}

/* E_q[nll] of f = w x + b in closed form: ((y - m_f)^2 + var_f) / (2 s^2) + log s + log(2 pi) / 2, within 5 standard errors over
 * 20000 draws; Var (y - f)^2 = 2 var_f^2 + 4 var_f (y - m_f)^2 for a normal f. */
static void expected_nll_is_the_mean_over_draws(void **state) {
    (void)state;
    const double x = 2, y = 1, noise = 0.5, m = 0.5 * 2 - 1, var = 4 * exp(-2) + exp(-4);
    const real mean[] = { 0.5f, -1 }, log_sd[] = { -1, -2 };
    const double want = ((y - m) * (y - m) + var) / (2 * noise * noise) + log(noise) + log(2 * M_PI) / 2;
    const double sd = sqrt(2 * var * var + 4 * var * (y - m) * (y - m)) / (2 * noise * noise);   /* of (y - f)^2 / (2 s^2) */
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.5");
    bnn_predict_options options = { .samples = 20000, .seed = -1, .threads = 1 };
    store_normals(model, mean, log_sd);
    bnn_prediction *p = predict_rows(model, row, &options);
    assert_true(fabs(p->expected_nll[0] - want) < 5 * sd / sqrt(20000));
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

static void elbo_needs_a_spread(void **state) {
    (void)state;
    const double x = 1, y = 1;
    bnn_dataset *row = make_rows(1, 1, &x, 1, &y, 0);
    bnn_model *model = MAKE_MODEL(row, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=1");
    store_draws(model, 1, NULL);
    bnn_prediction *p = predict_rows(model, row, NULL);
    bnn_elbo elbo = bnn_predict_elbo(model, p);
    assert_false(elbo.has_kl);
    assert_true(isnan(elbo.kl) && isnan(elbo.elbo));
    assert_close(elbo.nll, 0.5 + log(2 * M_PI) / 2, 1e-12);       /* theta = 0: (1 - 0)^2 / 2 */
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(row);
}

/* ---- CSV --------------------------------------------------------------------------------------------------------------- */

static void assert_printed(const bnn_prediction *p, const char *want) {
    bnn_text csv = {0};
    bnn_prediction_print(p, &csv);
    assert_false(csv.has_failed);
    assert_string_equal(csv.at, want);
    bnn_text_free(&csv);
}

static void numbers_are_printed_with_quantiles_and_scores(void **state) {
    (void)state;
    double levels[] = { 0.05, 0.5, 0.975, 0.00001 }, quantiles[] = { 1, 2, 3, -4, 5, 6, 7, -8 }, mean[] = { 0.1, 1e-5 };
    double sd[] = { 0.5, 5 }, aleatoric[] = { 0.3, 3 }, epistemic[] = { 0.4, 4 }, target[] = { -1, 2 }, log_lik[] = { -0.25, -INFINITY };
    bnn_prediction p = { .n_rows = 2, .n_targets = 1, .n_quantiles = 4, .quantile_levels = levels, .quantiles = quantiles, .mean = mean,
                         .sd = sd, .sd_aleatoric = aleatoric, .sd_epistemic = epistemic, .target = target, .log_lik = log_lik };
    assert_printed(&p, "mean,sd,sd_aleatoric,sd_epistemic,q05,q50,q975,q00001,target,log_lik\n"
                       "0.1,0.5,0.3,0.4,1,2,3,-4,-1,-0.25\n"
                       "1e-05,5,3,4,5,6,7,-8,2,-inf\n");
    p.target = p.log_lik = NULL;
    p.n_rows = 1;
    assert_printed(&p, "mean,sd,sd_aleatoric,sd_epistemic,q05,q50,q975,q00001\n0.1,0.5,0.3,0.4,1,2,3,-4\n");
}

static void several_targets_are_printed_by_name(void **state) {
    (void)state;
    char plain[] = "depth", odd[] = "width, \"cm\"", *names[] = { plain, odd };
    double level = 0.9, quantiles[] = { 5, 50 }, mean[] = { 1, 10 }, sd[] = { 2, 20 }, aleatoric[] = { 3, 30 }, epistemic[] = { 4, 40 };
    double target[] = { 6, 60 }, log_lik = -7;
    bnn_prediction p = { .n_rows = 1, .n_targets = 2, .target_names = names, .n_quantiles = 1, .quantile_levels = &level,
                         .quantiles = quantiles, .mean = mean, .sd = sd, .sd_aleatoric = aleatoric, .sd_epistemic = epistemic,
                         .target = target, .log_lik = &log_lik };
    assert_printed(&p, "mean_depth,sd_depth,sd_aleatoric_depth,sd_epistemic_depth,q90_depth,\"mean_width, \"\"cm\"\"\","
                       "\"sd_width, \"\"cm\"\"\",\"sd_aleatoric_width, \"\"cm\"\"\",\"sd_epistemic_width, \"\"cm\"\"\","
                       "\"q90_width, \"\"cm\"\"\",target_depth,\"target_width, \"\"cm\"\"\",log_lik\n"
                       "1,2,3,4,5,10,20,30,40,50,6,60,-7\n");
}

static void classes_are_printed_by_name(void **state) {
    (void)state;
    char cat[] = "cat", odd[] = "a,b", *names[] = { cat, odd };
    double probabilities[] = { 0.25, 0.75 }, entropy = 0.5, aleatoric = 0.375, information = 0.125, target = 0, log_lik = -1.5;
    size_t label = 1;
    bnn_prediction p = { .n_rows = 1, .n_targets = 1, .n_classes = 2, .class_names = names, .p = probabilities, .label = &label,
                         .entropy = &entropy, .entropy_aleatoric = &aleatoric, .mutual_information = &information, .target = &target,
                         .log_lik = &log_lik };
    assert_printed(&p, "label,p_cat,\"p_a,b\",entropy,entropy_aleatoric,mutual_information,target,log_lik\n"
                       "\"a,b\",0.25,0.75,0.5,0.375,0.125,cat,-1.5\n");
    p.target = p.log_lik = NULL;
    assert_printed(&p, "label,p_cat,\"p_a,b\",entropy,entropy_aleatoric,mutual_information\n\"a,b\",0.25,0.75,0.5,0.375,0.125\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_of_numbers_match_sklearn),
        cmocka_unit_test(several_targets_are_pooled),
        cmocka_unit_test(case_weights_count_in_metrics_of_numbers),
        cmocka_unit_test(a_row_of_weight_0_is_not_there),
        cmocka_unit_test(monte_carlo_errors_are_those_of_means_over_draws),
        cmocka_unit_test(perfect_means_have_no_error),
        cmocka_unit_test(metrics_of_classes_match_sklearn),
        cmocka_unit_test(case_weights_count_in_metrics_of_classes),
        cmocka_unit_test(ece_has_fifteen_bins_and_a_bootstrap_error),
        cmocka_unit_test(ece_adds_up_within_bins_first),
        cmocka_unit_test(one_row_has_no_standard_error),
        cmocka_unit_test(each_kind_has_the_metrics_of_the_interface),
        cmocka_unit_test(baseline_of_numbers_is_the_training_gaussian),
        cmocka_unit_test(baseline_of_classes_is_their_frequencies),
        cmocka_unit_test(elbo_is_minus_nll_and_kl),
        cmocka_unit_test(expected_nll_is_the_mean_over_draws),
        cmocka_unit_test(elbo_needs_a_spread),
        cmocka_unit_test(numbers_are_printed_with_quantiles_and_scores),
        cmocka_unit_test(several_targets_are_printed_by_name),
        cmocka_unit_test(classes_are_printed_by_name),
    };
    return RUN(tests);
}
