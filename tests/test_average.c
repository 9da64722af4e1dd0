/* Averages over weighted rows and the bootstrap. */
#include "predicting.h"
#include "predict/average.h"

static const double values[] = { 3, -1, 4, 1, -5, 9, 2, -6 }, weights[] = { 1, 2, 0.5, 0, 1, 3, 0.25, 1 };

static double value_of(const void *context, size_t row) { return ((const double *)context)[row]; }

/* Plain: numpy.mean and scipy.stats.sem. Weighted: statsmodels 0.15 WLS on a constant without the row of weight 0, cov_type="HC1". */
static void averages_match_scipy_and_statsmodels(void **state) {
    (void)state;
    bnn_score plain = bnn_average(8, NULL, value_of, values), weighted = bnn_average(8, weights, value_of, values);
    assert_close(plain.value, 0.875, 1e-14);
    assert_close(plain.se, 1.726241789056711, 1e-14);
    assert_close(weighted.value, 2.228571428571427, 1e-14);
    assert_close(weighted.se, 2.9618768509304614, 1e-14);
}

static void the_unit_of_weights_does_not_matter(void **state) {
    (void)state;
    double thousands[8];
    for (size_t i = 0; i < 8; i++) thousands[i] = 1000 * weights[i];
    assert_close(bnn_average(8, thousands, value_of, values).se, bnn_average(8, weights, value_of, values).se, 1e-14);
}

static void one_row_has_no_error(void **state) {
    (void)state;
    double one[] = { 0, 2, 0 };
    assert_true(isnan(bnn_average(1, NULL, value_of, values).se));
    assert_true(isnan(bnn_average(3, one, value_of, values).se));
    assert_close(bnn_average(3, one, value_of, values).value, -1, 0);
}

/* ---- bootstrap --------------------------------------------------------------------------------------------------------- */

static double weighted_mean(const void *context, const double *weight) {
    return bnn_average(8, weight, value_of, context).value;
}

/* 10 times the weight of the first three rows and the weight of the last five. */
static double weight_of_parts(const void *context, const double *weight) {
    double first = 0, second = 0;
    for (size_t i = 0; i < 8; i++) *(i < 3 ? &first : &second) += weight[i] * (context != NULL);
    return 10 * first + second;
}

/* The exact sd of a resampled mean is sd sqrt((n - 1) / n) / sqrt(n); 200 resamples estimate it within 5 %: 4 of them. */
static void bootstrap_of_a_mean_is_its_standard_error(void **state) {
    (void)state;
    bnn_score score = bnn_statistic_score(&(bnn_statistic){ .n = 8, .of = weighted_mean, .context = values });
    assert_close(score.value, 0.875, 1e-14);
    assert_true(fabs(score.se / (1.726241789056711 * sqrt(7. / 8)) - 1) < 0.2);
}

/* Apart, three rows are taken of the first three and five of the others, every time. */
static void two_samples_are_resampled_apart(void **state) {
    (void)state;
    bnn_statistic statistic = { .n = 8, .n_first = 3, .of = weight_of_parts, .context = values };
    bnn_score apart = bnn_statistic_score(&statistic);
    assert_true(apart.value == 35 && apart.se == 0);
    statistic.n_first = 0;
    assert_true(bnn_statistic_score(&statistic).se > 5);
}

static void bootstrap_gives_the_same_bits_again(void **state) {
    (void)state;
    const bnn_statistic statistic = { .n = 8, .weight = weights, .of = weighted_mean, .context = values };
    bnn_score score = bnn_statistic_score(&statistic), again = bnn_statistic_score(&statistic);
    assert_true(score.value == again.value && score.se == again.se);
    assert_close(score.value, 2.228571428571427, 1e-14);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_match_scipy_and_statsmodels),
        cmocka_unit_test(the_unit_of_weights_does_not_matter),
        cmocka_unit_test(one_row_has_no_error),
        cmocka_unit_test(bootstrap_of_a_mean_is_its_standard_error),
        cmocka_unit_test(two_samples_are_resampled_apart),
        cmocka_unit_test(bootstrap_gives_the_same_bits_again),
    };
    return RUN(tests);
}
