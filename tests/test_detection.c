/* ROC, precision-recall, risk-coverage and confusion, against scikit-learn, with ties and weights. */
#include "predicting.h"
#include "predict/confusion.h"
#include "predict/detection.h"
#include "predict/risk.h"

static const double in[] = { 0.1, 0.4, 0.35, 0.8, 0.2, 0.2, 0.55, 0.05, 0.4, 0.3 };
static const double out[] = { 0.9, 0.4, 0.7, 0.2, 0.85, 0.55, 0.6 };
static const double weight_in[] = { 1, 2, 1, 0.5, 1, 1, 1.5, 1, 1, 2 }, weight_out[] = { 1, 0.5, 2, 1, 1, 1, 1.5 };
static const bnn_samples plain = { 10, 7, in, out, NULL, NULL }, weighted = { 10, 7, in, out, weight_in, weight_out };

/* ---- in and out -------------------------------------------------------------------------------------------------------- */

/* sklearn.metrics 1.9: roc_auc_score, average_precision_score, roc_curve(drop_intermediate=False). Error: NumPy by the definition of
 * DeLong et al., sqrt(var(V10) / 7 + var(V01) / 10); weighted: statsmodels WLS of both, HC1. */
static void detection_matches_sklearn_with_ties(void **state) {
    (void)state;
    bnn_detection d = {0};
    assert_ok(bnn_detection_make(&d, &plain));
    assert_close(d.auroc.value, 0.807142857142857, 1e-12);
    assert_close(d.auroc.se, 0.11473127431577865, 1e-12);
    assert_close(d.aupr.value, 0.7615646258503401, 1e-12);
    assert_close(d.fpr95.value, 0.8, 1e-12);
    bnn_detection_free(&d);
    assert_ok(bnn_detection_make(&d, &weighted));
    assert_close(d.auroc.value, 0.8567708333333334, 1e-12);
    assert_close(d.auroc.se, 0.10053582200201958, 1e-12);
    assert_close(d.aupr.value, 0.8316993464052287, 1e-12);
    assert_close(d.fpr95.value, 0.8333333333333334, 1e-12);
    bnn_detection_free(&d);
}

static void roc_points_match_sklearn(void **state) {
    (void)state;
    const double fpr[] = { 0, 0, 0.1, 0.1, 0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9, 1 }, tpr[] = { 1, 2, 2, 3, 4, 5, 6, 6, 6, 7, 7, 7 };
    const double threshold[] = { 0.9, 0.85, 0.8, 0.7, 0.6, 0.55, 0.4, 0.35, 0.3, 0.2, 0.1, 0.05 };
    bnn_detection d = {0};
    assert_ok(bnn_detection_make(&d, &plain));
    assert_int_equal(d.n_points, 12);
    for (size_t i = 0; i < 12; i++) {
        assert_close(d.points[i].threshold, threshold[i], 0);
        assert_close(d.points[i].fpr, fpr[i], 1e-15);
        assert_close(d.points[i].tpr, tpr[i] / 7, 1e-15);
        assert_close(d.points[i].precision, tpr[i] / (tpr[i] + 10 * fpr[i]), 1e-15);
    }
    bnn_detection_free(&d);
}

static void extremes_have_no_chance_left(void **state) {
    (void)state;
    const double low[] = { 1, 2, 3 }, high[] = { 4, 5, 6, 7 }, same[] = { 1, 1, 1, 1 };
    bnn_detection d = {0};
    assert_ok(bnn_detection_make(&d, &(bnn_samples){ 3, 4, low, high, NULL, NULL }));
    assert_true(d.auroc.value == 1 && d.auroc.se == 0 && d.aupr.value == 1 && d.aupr.se == 0 && d.fpr95.value == 0 && d.fpr95.se == 0);
    bnn_detection_free(&d);
    assert_ok(bnn_detection_make(&d, &(bnn_samples){ 4, 4, same, same, NULL, NULL }));
    assert_true(d.auroc.value == 0.5 && d.fpr95.value == 1 && d.aupr.value == 0.5 && d.n_points == 1);
    bnn_detection_free(&d);
}

/* Their size is judged where it is known (test_average.c); here that there is one, the same each time. */
static void resampled_errors_are_there_and_repeat(void **state) {
    (void)state;
    bnn_detection d = {0}, again = {0};
    assert_ok(bnn_detection_make(&d, &plain));
    assert_ok(bnn_detection_make(&again, &plain));
    assert_true(d.aupr.se > 0.05 && d.aupr.se < 0.3 && d.fpr95.se > 0.05 && d.fpr95.se < 0.5);
    assert_true(d.aupr.se == again.aupr.se && d.fpr95.se == again.fpr95.se);
    bnn_detection_free(&d);
    bnn_detection_free(&again);
}

static void uncertainties_of_numbers_do_not_depend_on_units(void **state) {
    (void)state;
    double sd[] = { 1, 100, 2, 300, 3, 200 }, epistemic[] = { 0, 1, 1, 2, 4, 0.5 };
    bnn_prediction p = { .n_rows = 3, .n_targets = 2, .sd = sd, .sd_epistemic = epistemic };
    double before[3], after[3], unsure[3];
    const bnn_uncertainty *of_sd = &bnn_uncertainties[4], *of_epistemic = &bnn_uncertainties[3];
    assert_string_equal(of_sd->name, "sd");
    bnn_uncertainty_fill(of_sd, &p, before);
    bnn_uncertainty_fill(of_epistemic, &p, unsure);
    for (size_t i = 0; i < 3; i++) sd[2 * i + 1] *= 1000;
    bnn_uncertainty_fill(of_sd, &p, after);
    for (size_t i = 0; i < 3; i++) assert_close(after[i] - before[i], log(1000) / 2, 1e-12);
    assert_close(before[1], log(600) / 2, 1e-12);
    assert_true(unsure[0] == -INFINITY);                   /* certain, so below all others */
    assert_close(unsure[1], unsure[2], 1e-15);
}

/* ---- two classes ------------------------------------------------------------------------------------------------------- */

/* The same numbers as probabilities of the second class. */
static void auroc_of_two_classes_matches_sklearn(void **state) {
    (void)state;
    double p[34], target[17], weight[17];
    for (size_t i = 0; i < 17; i++) {
        p[2 * i + 1] = i < 10 ? in[i] : out[i - 10];
        p[2 * i] = 1 - p[2 * i + 1];
        target[i] = i >= 10;
        weight[i] = i < 10 ? weight_in[i] : weight_out[i - 10];
    }
    bnn_prediction prediction = { .n_rows = 17, .n_targets = 1, .n_classes = 2, .p = p, .target = target };
    assert_close(bnn_score_auroc(&prediction).value, 0.807142857142857, 1e-12);
    assert_close(bnn_score_auroc(&prediction).se, 0.11473127431577865, 1e-12);
    prediction.weight = weight;
    assert_close(bnn_score_auroc(&prediction).value, 0.8567708333333334, 1e-12);
    prediction.n_rows = 10;
    assert_true(isnan(bnn_score_auroc(&prediction).value));           /* one class only */
}

/* ---- risk and coverage, confusion -------------------------------------------------------------------------------------- */

static bnn_prediction six_rows(void) {
    static double p[] = { 0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.3, 0.3, 0.4, 0.05, 0.05, 0.9, 0.55, 0.25, 0.2, 0.25, 0.72, 0.03 };
    static double target[] = { 0, 2, 2, 2, 1, 1 };
    static size_t label[] = { 0, 1, 2, 2, 0, 1 };
    return (bnn_prediction){ .n_rows = 6, .n_targets = 1, .n_classes = 3, .p = p, .target = target, .label = label };
}

/* Area: NumPy, mean over rows of the error of those with confidence >= the row's. Points by hand: wrong are the 4th and 5th surest. */
static void risk_curve_is_the_error_of_the_surest(void **state) {
    (void)state;
    const double risk[] = { 0, 0, 0, 1 / 4., 2 / 5., 2 / 6. }, doubt[] = { 0.1, 0.28, 0.3, 0.4, 0.45, 0.6 };
    double weight[] = { 1, 2, 0.5, 1, 1.5, 3 };
    bnn_prediction p = six_rows();
    bnn_risk_point points[6];
    size_t n;
    assert_ok(bnn_risk_curve(&p, points, &n));
    assert_int_equal(n, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_close(points[i].coverage, (double)(i + 1) / 6, 1e-15);
        assert_close(points[i].risk, risk[i], 1e-15);
        assert_close(points[i].uncertainty, doubt[i], 1e-15);
    }
    assert_close(bnn_score_aurc(&p).value, 0.1638888888888889, 1e-12);
    assert_true(bnn_score_aurc(&p).se > 0.02 && bnn_score_aurc(&p).se < 0.3);
    p.weight = weight;
    assert_close(bnn_score_aurc(&p).value, 0.15372445274406057, 1e-12);
}

static void equally_sure_rows_are_kept_together(void **state) {
    (void)state;
    double sd[] = { 2, 1, 2, 3 }, mean[] = { 0, 0, 0, 0 }, target[] = { 2, 1, 0, 4 };
    bnn_prediction p = { .n_rows = 4, .n_targets = 1, .sd = sd, .mean = mean, .target = target };
    bnn_risk_point points[4];
    size_t n;
    assert_ok(bnn_risk_curve(&p, points, &n));
    assert_int_equal(n, 3);
    assert_close(points[1].coverage, 0.75, 1e-15);
    assert_close(points[1].risk, 5 / 3., 1e-15);
    assert_close(points[2].risk, 21 / 4., 1e-15);
}

/* sklearn.metrics: confusion_matrix, recall_score, precision_score(average=None), brier_score_loss of each class, with sample_weight. */
static void confusion_matches_sklearn(void **state) {
    (void)state;
    const double count[] = { 1, 0, 0, 1.5, 3, 0, 0, 2, 1.5 }, recall[] = { 1, 2 / 3., 3 / 7. }, precision[] = { 0.4, 0.6, 1 };
    const double brier[] = { 0.08875, 0.20960555555555557, 0.13807777777777777 };
    double weight[] = { 1, 2, 0.5, 1, 1.5, 3 };
    bnn_prediction p = six_rows();
    bnn_confusion c = {0};
    p.weight = weight;
    assert_ok(bnn_confusion_make(&c, &p));
    assert_all_close(9, c.count, count, 1e-15);
    assert_all_close(3, c.recall, recall, 1e-12);
    assert_all_close(3, c.precision, precision, 1e-12);
    assert_all_close(3, c.brier, brier, 1e-12);
    bnn_confusion_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_matches_sklearn_with_ties),
        cmocka_unit_test(roc_points_match_sklearn),
        cmocka_unit_test(extremes_have_no_chance_left),
        cmocka_unit_test(resampled_errors_are_there_and_repeat),
        cmocka_unit_test(uncertainties_of_numbers_do_not_depend_on_units),
        cmocka_unit_test(auroc_of_two_classes_matches_sklearn),
        cmocka_unit_test(risk_curve_is_the_error_of_the_surest),
        cmocka_unit_test(equally_sure_rows_are_kept_together),
        cmocka_unit_test(confusion_matches_sklearn),
    };
    return RUN(tests);
}
