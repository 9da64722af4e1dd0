/* Reliability bins, calibration errors, PIT: against scikit-learn and SciPy; predictions that are exact pass, planted faults do not. */
#include "predicting.h"
#include "base/rng.h"
#include "predict/reliability.h"


/* ---- confidence -------------------------------------------------------------------------------------------------------- */

/* 30 rows of two classes, no two confidences alike; class 0 is always the most probable. */
static bnn_prediction thirty_rows(void) {
    static const double confidence[] = { 0.7559, 0.9752, 0.5721, 0.9743, 0.6559, 0.7117, 0.9139, 0.7046, 0.7748, 0.5138,
                                         0.8768, 0.7691, 0.6649, 0.8942, 0.6516, 0.7267, 0.567,  0.7016, 0.6017, 0.6312,
                                         0.8752, 0.6402, 0.7426, 0.9904, 0.9808, 0.8624, 0.7706, 0.6384, 0.5803, 0.985 };
    static const char right[] = "110100111110010100101011110001";
    static double p[60], target[30];
    static size_t label[30];
    for (size_t i = 0; i < 30; i++) {
        p[2 * i] = confidence[i];
        p[2 * i + 1] = 1 - confidence[i];
        target[i] = right[i] == '1' ? 0 : 1;
    }
    return (bnn_prediction){ .n_rows = 30, .n_targets = 1, .n_classes = 2, .p = p, .target = target, .label = label };
}

/* sklearn 1.9: calibration_curve(right, confidence, n_bins=15, strategy="quantile"); its bins hold two rows each. */
static void bins_of_equal_mass_match_sklearn(void **state) {
    (void)state;
    const double accuracy[] = { 0.5, 0, 0.5, 0, 0, 0, 0.5, 1, 0.5, 0.5, 1, 1, 1, 1, 1 };
    const double confidence[] = { 0.5404, 0.5762, 0.61645, 0.6393, 0.65375, 0.68325, 0.70815, 0.73465, 0.7625, 0.7727, 0.8688, 0.8855,
                                  0.9441, 0.978, 0.9877 };
    bnn_prediction p = thirty_rows();
    bnn_bin bins[15];
    assert_ok(bnn_reliability_equal_mass(&p, 15, bins));
    for (size_t b = 0; b < 15; b++) {
        assert_int_equal(bins[b].n_rows, 2);
        assert_close(bins[b].accuracy, accuracy[b], 1e-12);
        assert_close(bins[b].confidence, confidence[b], 1e-12);
    }
    assert_close(bins[0].low, 0.5138, 0);
    assert_close(bins[0].high, 0.567, 0);
    assert_close(bnn_score_ace(&p).value, 0.27026333333333336, 1e-12);
    assert_true(bnn_score_ace(&p).se > 0.02 && bnn_score_ace(&p).se < 0.2);
}

/* strategy="uniform", n_bins=10; the lower five bins are empty. */
static void bins_of_equal_width_match_sklearn(void **state) {
    (void)state;
    const double accuracy[] = { 0.25, 0.14285714285714285, 0.5555555555555556, 1, 1 };
    const double confidence[] = { 0.5583, 0.6405571428571429, 0.7397333333333334, 0.87715, 0.9699333333333334 };
    bnn_prediction p = thirty_rows();
    bnn_bin bins[10];
    bnn_reliability_equal_width(&p, 10, bins);
    for (size_t b = 0; b < 10; b++) {
        assert_close(bins[b].low, (double)b / 10, 1e-15);
        if (b < 5) assert_true(bins[b].n_rows == 0 && isnan(bins[b].accuracy));
        else assert_close(bins[b].accuracy, accuracy[b - 5], 1e-12);
        if (b >= 5) assert_close(bins[b].confidence, confidence[b - 5], 1e-12);
    }
}

static void equal_confidences_share_a_bin(void **state) {
    (void)state;
    double probabilities[] = { 0.6, 0.4, 0.8, 0.2, 0.8, 0.2, 0.8, 0.2, 0.9, 0.1 }, target[] = { 0, 1, 0, 0, 0 };
    size_t label[] = { 0, 0, 0, 0, 0 };
    bnn_prediction p = { .n_rows = 5, .n_targets = 1, .n_classes = 2, .p = probabilities, .target = target, .label = label };
    bnn_bin bins[5];
    assert_ok(bnn_reliability_equal_mass(&p, 5, bins));
    assert_int_equal(bins[0].n_rows, 1);
    assert_int_equal(bins[2].n_rows, 3);         /* the middle of their mass, 2.5 / 5, lies in the third */
    assert_int_equal(bins[4].n_rows, 1);
    assert_close(bins[2].accuracy, 2 / 3., 1e-15);
    assert_close(bnn_calibration_error(5, bins), (0.4 + 3 * (0.8 - 2 / 3.) + 0.1) / 5, 1e-15);
}

/* A row of weight 3 is three rows. */
static void weights_repeat_rows_in_bins(void **state) {
    (void)state;
    double probabilities[] = { 0.6, 0.4, 0.6, 0.4, 0.6, 0.4, 0.9, 0.1 }, target[] = { 1, 1, 1, 0 }, weight[] = { 3, 1 };
    size_t label[] = { 0, 0, 0, 0 };
    bnn_prediction repeated = { .n_rows = 4, .n_targets = 1, .n_classes = 2, .p = probabilities, .target = target, .label = label };
    bnn_prediction weighted = repeated;
    weighted.n_rows = 2;
    weighted.p += 4;
    weighted.target += 2;
    weighted.weight = weight;
    assert_close(bnn_score_ece(&weighted).value, bnn_score_ece(&repeated).value, 1e-15);
    assert_close(bnn_score_ace(&weighted).value, bnn_score_ace(&repeated).value, 1e-15);
}

/* ---- PIT --------------------------------------------------------------------------------------------------------------- */

/* scipy.stats.kstest(pit, "uniform") 1.17; weighted: NumPy, both ends of each step of the weighted distribution function. */
static void pit_ks_matches_scipy(void **state) {
    (void)state;
    double pit[] = { 0.3, 0.1, 0.96, 0.99, 0.5 }, weight[] = { 1, 0.5, 2, 1.5, 0.75 };
    bnn_prediction p = { .n_rows = 5, .n_targets = 1, .pit = pit };
    assert_close(bnn_score_pit_ks(&p).value, 0.36, 1e-12);
    p.weight = weight;
    assert_close(bnn_score_pit_ks(&p).value, 0.568695652173913, 1e-12);
}

static void pit_histogram_counts_shares_of_all_targets(void **state) {
    (void)state;
    double pit[] = { 0.25, 0.1, 0.96, 0.99, 0.5, 0 }, weight[] = { 1, 2, 1 }, share[4];
    bnn_prediction p = { .n_rows = 3, .n_targets = 2, .pit = pit };
    bnn_pit_histogram(&p, 4, share);
    assert_all_close(4, share, (const double[]){ 3 / 6., 1 / 6., 0, 2 / 6. }, 1e-15);
    p.weight = weight;
    bnn_pit_histogram(&p, 4, share);
    assert_all_close(4, share, (const double[]){ 3 / 8., 1 / 8., 0, 4 / 8. }, 1e-15);
}

static void coverage_of_any_level_counts_central_intervals(void **state) {
    (void)state;
    double pit[] = { 0.3, 0.1, 0.96, 0.99, 0.5 };
    bnn_prediction p = { .n_rows = 5, .n_targets = 1, .pit = pit };
    assert_close(bnn_score_coverage(&p, 0.4).value, 0.4, 1e-15);         /* .3 (an end) and .5 */
    assert_close(bnn_score_coverage(&p, 0.81).value, 0.6, 1e-15);
    assert_close(bnn_score_coverage(&p, 0.99).value, 1, 1e-15);
}

/* Targets drawn from the predictive distribution itself: weights drawn anew for each row, then noise; the noise's sd is `misjudged`
 * times the one that the model believes. Returns sqrt(n) KS of the PIT over n rows. */
static double ks_of_simulated_targets(double misjudged, size_t n, uint32_t sample) {
    const real mean[] = { 0.5f, -1 }, log_sd[] = { -1, -2 };
    bnn_key key = bnn_key_make(11, BNN_PURPOSE_TEST, 0, sample, 0);
    real *z = calloc(4 * n, sizeof *z);
    double *x = calloc(2 * n, sizeof *x), *y = x + n;
    bnn_rng_normals(key, 0, 4 * n, z);
    for (size_t i = 0; i < n; i++) {
        double w = 0.5 + exp(-1) * (double)z[4 * i], b = -1 + exp(-2) * (double)z[4 * i + 1];
        x[i] = (double)z[4 * i + 2];
        y[i] = w * x[i] + b + misjudged * 0.3 * (double)z[4 * i + 3];
    }
    bnn_dataset *rows = make_rows(n, 1, x, 1, y, 0);
    bnn_model *model = MAKE_MODEL(rows, "none", LINEAR, "likelihood.name=gaussian", "likelihood.noise_sd=0.3");
    bnn_predict_options options = { .samples = 500, .quantiles = { 0, NULL }, .seed = -1, .threads = 1 };
    store_normals(model, mean, log_sd);
    bnn_prediction *p = predict_rows(model, rows, &options);
    double ks = bnn_score_pit_ks(p).value;
    bnn_prediction_free(p);
    bnn_model_free(model);
    bnn_dataset_free(rows);
    free(x);
    free(z);
    return sqrt((double)n) * ks;
}

/* Kolmogorov's law: sqrt(n) D exceeds 1.95 with probability .001 (2 exp(-2 D^2 n)); a larger sample before failing. */
static void pit_of_exact_predictions_is_uniform(void **state) {
    (void)state;
    assert_true(ks_of_simulated_targets(1, 1000, 0) < 1.95 || ks_of_simulated_targets(1, 2000, 1) < 1.95);
    assert_true(ks_of_simulated_targets(2, 1000, 0) > 1.95);             /* twice the noise: the planted fault */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_of_equal_mass_match_sklearn),
        cmocka_unit_test(bins_of_equal_width_match_sklearn),
        cmocka_unit_test(equal_confidences_share_a_bin),
        cmocka_unit_test(weights_repeat_rows_in_bins),
        cmocka_unit_test(pit_ks_matches_scipy),
        cmocka_unit_test(pit_histogram_counts_shares_of_all_targets),
        cmocka_unit_test(coverage_of_any_level_counts_central_intervals),
        cmocka_unit_test(pit_of_exact_predictions_is_uniform),
    };
    return RUN(tests);
}
