/* Paired comparisons of predictions of the same rows, against SciPy; rows that are not the same are refused. */
#include "predicting.h"
#include "predict/compare.h"

static double target[] = { 1, 2, 4, -1, 3.5 }, weight[] = { 1, 0.5, 2, 1.5, 0.75 };
static double mean_a[] = { 1.5, 1.25, 4.25, 0, 3 }, mean_b[] = { 0.5, 2.5, 3, 0.5, 3.25 }, mean_c[] = { 1.4, 1.3, 4.3, 0.1, 3.1 };
static double log_lik_a[] = { -1, -2, -3, -1, -2 }, log_lik_b[] = { -1, -2, -3, -1, -INFINITY };

static bnn_prediction numbers(double *mean, double *log_lik) {
    return (bnn_prediction){ .n_rows = 5, .n_targets = 1, .mean = mean, .target = target, .log_lik = log_lik };
}

static const bnn_row_score *score_named(const char *name) {
    for (const bnn_row_score *score = bnn_row_scores; score->name != NULL; score++)
        if (strcmp(score->name, name) == 0) return score;
    fail_msg("no row score %s", name);
    return NULL;
}

static void assert_place(const bnn_place *place, size_t run, double value, double difference, double se, double z) {
    assert_int_equal(place->run, run);
    assert_close(place->score.value, value, 1e-12);
    assert_close(place->difference.value, difference, 1e-12);
    assert_close(place->difference.se, se, 1e-12);
    assert_close(place->z, z, 1e-12);
}

/* scipy.stats 1.17: sem of the differences of squared errors and ttest_rel's statistic, against c, which is the best; a and b by them. */
static void differences_match_scipy_ttest_rel(void **state) {
    (void)state;
    bnn_prediction a = numbers(mean_a, log_lik_a), b = numbers(mean_b, log_lik_a), c = numbers(mean_c, log_lik_a);
    bnn_prediction *all[] = { &b, &a, &c };
    bnn_place places[3];
    bnn_compare(score_named("squared_error"), 3, all, places);
    assert_place(&places[0], 2, 0.422, 0, 0, 0);
    assert_place(&places[1], 1, 0.425, 0.003, 0.05756192317843459, 0.05211778610489454);
    assert_int_equal(places[2].run, 0);
    bnn_compare(score_named("squared_error"), 2, all, places);
    assert_place(&places[1], 0, 0.7625, 0.3375, 0.31659812854784847, 1.0660201990075646);
    assert_true(bnn_place_is_noise(&places[0]) && bnn_place_is_noise(&places[1]));
}

/* statsmodels 0.15: WLS of the differences on a constant, cov_type="HC1". */
static void case_weights_count_in_differences(void **state) {
    (void)state;
    bnn_prediction a = numbers(mean_a, log_lik_a), b = numbers(mean_b, log_lik_a);
    bnn_prediction *all[] = { &a, &b };
    bnn_place places[2];
    a.weight = b.weight = weight;
    bnn_compare(score_named("squared_error"), 2, all, places);
    assert_close(places[1].difference.value, 0.6005434782608696, 1e-12);
    assert_close(places[1].difference.se, 0.29626400203537945, 1e-12);
    assert_close(places[1].z, 2.0270551742197607, 1e-12);
    assert_false(bnn_place_is_noise(&places[1]));
}

static void more_is_better_for_log_lik_and_an_impossible_target_is_no_noise(void **state) {
    (void)state;
    bnn_prediction a = numbers(mean_a, log_lik_a), b = numbers(mean_a, log_lik_b);
    bnn_prediction *all[] = { &b, &a };
    bnn_place places[2];
    bnn_compare(score_named("log_lik"), 2, all, places);
    assert_int_equal(places[0].run, 1);
    assert_true(places[1].z == -INFINITY && !bnn_place_is_noise(&places[1]));
}

static void equal_runs_keep_their_order_and_one_row_says_nothing(void **state) {
    (void)state;
    bnn_prediction a = numbers(mean_a, log_lik_a), b = a, c = numbers(mean_b, log_lik_a);
    bnn_prediction *equal[] = { &a, &b }, *different[] = { &a, &c };
    bnn_place places[2];
    bnn_compare(score_named("abs_error"), 2, equal, places);
    assert_place(&places[0], 0, 0.6, 0, 0, 0);
    assert_place(&places[1], 1, 0.6, 0, 0, 0);
    a.n_rows = c.n_rows = 1;
    bnn_compare(score_named("abs_error"), 2, different, places);
    assert_true(bnn_place_is_noise(&places[1]));
}

static void assert_refused(const bnn_prediction *a, const bnn_prediction *b, const char *sentence) {
    assert_int_equal(bnn_compare_check(a, "runs/a", b, "runs/b"), BNN_ERR_DATA);
    if (strstr(bnn_error_text(), sentence) == NULL) fail_msg("\"%s\" not in \"%s\"", sentence, bnn_error_text());
}

static void other_rows_are_refused(void **state) {
    (void)state;
    double moved[] = { 1, 2, 4, -1, 3.5000000001 }, class[] = { 0, 1, 0, 1, 1 };
    char *ab[] = { "a", "b" }, *ba[] = { "b", "a" };
    bnn_prediction a = numbers(mean_a, log_lik_a), fewer = a, other = a, weighted = a, unknown = a;
    fewer.n_rows = 4;
    other.target = moved;
    weighted.weight = weight;
    unknown.target = NULL;
    assert_ok(bnn_compare_check(&a, "runs/a", &a, "runs/b"));
    assert_refused(&a, &fewer, "runs/a has 5 rows and runs/b has 4");
    assert_refused(&a, &other, "row 4 (from 0) has another target in runs/b than in runs/a");
    assert_refused(&a, &weighted, "row 1 (from 0) has weight 1 in runs/a and 0.5 in runs/b");
    assert_refused(&unknown, &a, "runs/a: its rows have no targets");
    bnn_prediction classes = { .n_rows = 5, .n_targets = 1, .n_classes = 2, .class_names = ab, .target = class }, renamed = classes;
    renamed.class_names = ba;
    assert_refused(&a, &classes, "predict different things");
    assert_refused(&classes, &renamed, "classes of other names");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_match_scipy_ttest_rel),
        cmocka_unit_test(case_weights_count_in_differences),
        cmocka_unit_test(more_is_better_for_log_lik_and_an_impossible_target_is_no_noise),
        cmocka_unit_test(equal_runs_keep_their_order_and_one_row_says_nothing),
        cmocka_unit_test(other_rows_are_refused),
    };
    return RUN(tests);
}
