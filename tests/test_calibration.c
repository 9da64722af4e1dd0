/* Temperature, sd scale and conformal sets of predictions written by hand or simulated, against SciPy, closed forms and counting. */
#include "predicting.h"
#include "base/rng.h"
#include "predict/calibration.h"

#include <gsl/gsl_randist.h>

static bnn_prediction *empty_prediction(size_t n_rows, size_t n_targets, size_t n_classes) {
    bnn_prediction *p = calloc(1, sizeof *p);
    size_t n = n_rows * n_targets;
    assert_non_null(p);
    *p = (bnn_prediction){ .n_rows = n_rows, .n_targets = n_targets, .n_classes = n_classes };
    p->target = BNN_TAKE(&p->arena, n, double);
    p->log_lik = BNN_TAKE(&p->arena, n_rows, double);
    if (n_classes > 0) {
        p->p = BNN_TAKE(&p->arena, n_rows * n_classes, double);
        p->label = BNN_TAKE(&p->arena, n_rows, size_t);
        p->entropy = BNN_TAKE(&p->arena, n_rows, double);
        p->entropy_aleatoric = BNN_TAKE(&p->arena, n_rows, double);
        p->mutual_information = BNN_TAKE(&p->arena, n_rows, double);
    } else {
        p->mean = BNN_TAKE(&p->arena, n, double);
        p->sd = BNN_TAKE(&p->arena, n, double);
        p->log_lik_moment = BNN_TAKE(&p->arena, n_rows, double);
    }
    return p;
}

static bnn_prediction *eight_rows(void) {
    const double probabilities[] = { .7, .2, .1, .1, .6, .3, .3, .3, .4, .05, .05, .9, .55, .25, .2, .25, .72, .03, .9, .08, .02, .02, .97, .01 };
    const double target[] = { 0, 2, 2, 2, 1, 1, 0, 0 };
    const size_t label[] = { 0, 1, 2, 2, 0, 1, 0, 1 };
    bnn_prediction *p = empty_prediction(8, 1, 3);
    memcpy(p->p, probabilities, sizeof probabilities);
    memcpy(p->target, target, sizeof target);
    memcpy(p->label, label, sizeof label);
    for (size_t i = 0; i < 8; i++) {
        p->log_lik[i] = log(p->p[3 * i + (size_t)target[i]]);
        p->mutual_information[i] = i == 0 ? 2 : 0.25;
    }
    return p;
}

/* z = (y - mean) / sd: -1.25 1.5 -1 -2 .5 1 */
static bnn_prediction *six_numbers(void) {
    const double mean[] = { 1.5, 1.25, 4.25, 0, 3, 2 }, sd[] = { .4, .5, .25, .5, 1, .5 }, target[] = { 1, 2, 4, -1, 3.5, 2.5 };
    bnn_prediction *p = empty_prediction(6, 1, 0);
    memcpy(p->mean, mean, sizeof mean);
    memcpy(p->sd, sd, sizeof sd);
    memcpy(p->target, target, sizeof target);
    for (size_t i = 0; i < 6; i++) p->log_lik_moment[i] = log(gsl_ran_gaussian_pdf(target[i] - mean[i], sd[i]));
    return p;
}

/* ---- temperature ------------------------------------------------------------------------------------------------------- */

/* scipy.optimize.minimize_scalar(method="bounded", xatol=1e-12) over log T of the mean nll; a minimum is known to about 1e-8. */
static void temperature_is_that_of_scipy(void **state) {
    (void)state;
    double weight[] = { 1, 2, 1, 1, 3, 1, 1, .5 }, t = 0;
    bnn_prediction *p = eight_rows();
    assert_ok(bnn_temperature_fit(&t, p, bnn_all_rows));
    assert_close(t, 2.0093438474851038, 1e-6);
    assert_ok(bnn_temperature_fit(&t, p, (bnn_stride){ 0, 2 }));
    assert_close(t, 0.6679376381259486, 1e-6);
    p->weight = weight;
    assert_ok(bnn_temperature_fit(&t, p, bnn_all_rows));
    assert_close(t, 1.6502701787082856, 1e-6);
    bnn_prediction_free(p);
}

/* NumPy: p^(1/T) renormalised, T = 2.0093438474851038; the entropy of row 0 is below its mutual information of 2. */
static void temperature_flattens_and_keeps_the_mutual_information(void **state) {
    (void)state;
    bnn_prediction *p = eight_rows();
    bnn_temperature_apply(p, bnn_all_rows, 2.0093438474851038);
    const double row[] = { 0.19353821, 0.47209897, 0.33436282 };
    assert_all_close(3, p->p + 3, row, 1e-8);
    assert_close(p->entropy[1], 1.038489752079762, 1e-12);
    assert_close(p->entropy_aleatoric[1], 1.038489752079762 - 0.25, 1e-12);
    assert_close(p->mutual_information[1], 0.25, 0);
    assert_close(p->entropy_aleatoric[0], 0, 0);
    assert_close(p->log_lik[1], log(p->p[5]), 1e-15);
    assert_int_equal(p->label[1], 1);
    bnn_prediction_free(p);
}

/* Classes drawn from softmax(z), z ~ N(0, 2^2), probabilities softmax(z / T): T comes back. Its se is about .03 T at 4,000 rows of 5. */
static void known_temperature_is_recovered(void **state) {
    (void)state;
    for (double truth = 0.5; truth < 5; truth *= 3) {
        gsl_rng *rng = bnn_rng_gsl(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0));
        bnn_prediction *p = empty_prediction(4000, 1, 5);
        double got = 0;
        for (size_t i = 0; i < p->n_rows; i++) {
            double z[5], right[5], claimed = 0;
            for (size_t k = 0; k < 5; k++) right[k] = exp(z[k] = gsl_ran_gaussian(rng, 2));
            gsl_ran_discrete_t *table = gsl_ran_discrete_preproc(5, right);
            p->target[i] = (double)gsl_ran_discrete(rng, table);
            gsl_ran_discrete_free(table);
            for (size_t k = 0; k < 5; k++) claimed += exp(z[k] * truth);
            for (size_t k = 0; k < 5; k++) p->p[5 * i + k] = exp(z[k] * truth) / claimed;
        }
        assert_ok(bnn_temperature_fit(&got, p, bnn_all_rows));
        assert_true(fabs(got / truth - 1) < 0.08);
        bnn_prediction_free(p);
        gsl_rng_free(rng);
    }
}

/* Rows that are all right ask for T = 0; a class called 0 has a finite cost. */
static void temperature_stays_in_its_range(void **state) {
    (void)state;
    bnn_prediction *p = eight_rows();
    double t = 0;
    for (size_t i = 0; i < 8; i++) p->target[i] = (double)p->label[i];
    assert_ok(bnn_temperature_fit(&t, p, bnn_all_rows));
    assert_close(t, BNN_TEMPERATURE_MIN, 1e-12);
    p->p[0] = 0;
    p->target[0] = 0;
    assert_ok(bnn_temperature_fit(&t, p, bnn_all_rows));
    assert_true(t > 1 && t < BNN_TEMPERATURE_MAX);
    bnn_temperature_apply(p, bnn_all_rows, t);
    assert_true(p->p[0] > 0 && isfinite(p->log_lik[0]));
    bnn_prediction_free(p);
}

/* ---- sd scale ---------------------------------------------------------------------------------------------------------- */

static void sd_scale_is_the_root_mean_square_of_z(void **state) {
    (void)state;
    bnn_prediction *p = six_numbers();
    double s = 0, weight[] = { 0, 1, 0, 3, 0, 0 };
    assert_ok(bnn_sd_scale_fit(&s, p, bnn_all_rows));
    assert_close(s, 1.2950225223266711, 1e-14);      /* numpy */
    bnn_sd_scale_apply(p, bnn_all_rows, s);
    assert_close(p->sd[3], 0.5 * s, 1e-15);
    assert_close(p->log_lik_moment[3], log(gsl_ran_gaussian_pdf(1, 0.5 * s)), 1e-14);
    p->weight = weight;
    assert_ok(bnn_sd_scale_fit(&s, p, bnn_all_rows));
    assert_close(s * 1.2950225223266711, sqrt((1.5 * 1.5 + 3 * 4) / 4), 1e-14);
    bnn_prediction_free(p);
}

static void sd_of_zero_and_perfect_means_are_refused(void **state) {
    (void)state;
    bnn_prediction *p = six_numbers();
    double s = 0;
    p->sd[2] = 0;
    assert_int_equal(bnn_sd_scale_fit(&s, p, bnn_all_rows), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "row 2 (from 0): sd = 0"));
    p->sd[2] = 1;
    memcpy(p->mean, p->target, 6 * sizeof *p->mean);
    assert_int_equal(bnn_sd_scale_fit(&s, p, bnn_all_rows), BNN_ERR_DATA);
    bnn_prediction_free(p);
}

/* ---- conformal --------------------------------------------------------------------------------------------------------- */

/* ceil((n + 1) level): 8 of 9 at .8, 9 of 9 at .9, none at .95; 55 of 99 at .55, where 100 * .55 is
 * 55.00000000000001 and must not round up. */
static void radius_is_the_quantile_of_n_plus_one(void **state) {
    (void)state;
    double scores[99];
    for (size_t i = 0; i < 99; i++) scores[i] = (double)i + 1;
    assert_close(bnn_conformal_radius(9, scores, 0.8), 8, 0);
    assert_close(bnn_conformal_radius(9, scores, 0.81), 9, 0);
    assert_close(bnn_conformal_radius(9, scores, 0.9), 9, 0);
    assert_true(isinf(bnn_conformal_radius(9, scores, 0.95)));
    assert_close(bnn_conformal_radius(99, scores, 0.55), 55, 0);
    assert_close(bnn_conformal_radius(24, scores, 0.28), 7, 0);
}

static void scores_are_sorted_residuals(void **state) {
    (void)state;
    bnn_prediction *p = six_numbers(), *classes = eight_rows();
    double scores[8];
    const double residuals[] = { .5, 1, 1, 1.25, 1.5, 2 }, odd[] = { .28, .28, .7, .98 };
    assert_int_equal(bnn_conformal_scores(p, bnn_all_rows, 0, scores), 6);
    assert_all_close(6, scores, residuals, 1e-15);
    assert_int_equal(bnn_conformal_scores(classes, (bnn_stride){ 1, 2 }, 0, scores), 4);
    classes->p[9 + 2] = .72;      /* row 3 */
    assert_int_equal(bnn_conformal_scores(classes, (bnn_stride){ 1, 2 }, 0, scores), 4);
    assert_all_close(4, scores, odd, 1e-15);
    bnn_prediction_free(p);
    bnn_prediction_free(classes);
}

static void sets_hold_what_scores_below_the_radius(void **state) {
    (void)state;
    bnn_prediction *p = eight_rows();
    double radius = 0.71;
    assert_ok(bnn_conformal_apply(p, bnn_all_rows, &radius));
    const bool first_four[] = { 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1 };
    assert_memory_equal(p->in_set, first_four, sizeof first_four);
    radius = INFINITY;
    assert_ok(bnn_conformal_apply(p, bnn_all_rows, &radius));
    for (size_t i = 0; i < 24; i++) assert_true(p->in_set[i]);
    bnn_prediction_free(p);
}

/* One set: 9 rows and the one to be covered, from a model whose mean and sd are wrong. Row r of them: sd 1 + 3 u, claimed 1 + u. */
static void simulate_numbers(bnn_prediction *p, gsl_rng *rng) {
    for (size_t i = 0; i < p->n_rows; i++) {
        double u = gsl_rng_uniform(rng);
        p->mean[i] = u;
        p->sd[i] = 1 + u;
        p->target[i] = 0.5 + gsl_ran_gaussian(rng, 1 + 3 * u);
    }
}

/* Two classes: the first with probability u, claimed u^2. */
static void simulate_classes(bnn_prediction *p, gsl_rng *rng) {
    for (size_t i = 0; i < p->n_rows; i++) {
        double u = gsl_rng_uniform(rng);
        p->p[2 * i] = u * u;
        p->p[2 * i + 1] = 1 - u * u;
        p->target[i] = gsl_rng_uniform(rng) < u ? 0 : 1;
    }
}

enum { SETS = 1000, ROWS = 10 };

static bool covers_last(bnn_prediction *p, double level) {
    double scores[ROWS], radius;
    size_t last = ROWS - 1, n;
    p->n_rows = last;
    n = bnn_conformal_scores(p, bnn_all_rows, 0, scores);
    p->n_rows = ROWS;
    radius = bnn_conformal_radius(n, scores, level);
    assert_ok(bnn_conformal_apply(p, bnn_all_rows, &radius));
    if (p->n_classes > 0) return p->in_set[last * p->n_classes + (size_t)p->target[last]];
    return p->lower[last] <= p->target[last] && p->target[last] <= p->upper[last];
}

/* Scores have no ties, so the tenth is among the 8 smallest of ten with probability .8 exactly: 3 binomial standard errors. */
static void conformal_sets_cover_as_often_as_they_say(void **state) {
    (void)state;
    for (size_t n_classes = 0; n_classes <= 2; n_classes += 2) {
        gsl_rng *rng = bnn_rng_gsl(bnn_key_make(2, BNN_PURPOSE_TEST, 0, 0, 0));
        bnn_prediction *p = empty_prediction(ROWS, 1, n_classes);
        double covered = 0, se = sqrt(0.8 * 0.2 / SETS);
        for (int set = 0; set < SETS; set++) {
            (n_classes > 0 ? simulate_classes : simulate_numbers)(p, rng);
            covered += covers_last(p, 0.8) / (double)SETS;
        }
        if (fabs(covered - 0.8) > 3 * se) fail_msg("coverage %g, expected 0.8 within %g", covered, 3 * se);
        bnn_prediction_free(p);
        gsl_rng_free(rng);
    }
}

/* ---- all kinds at once --------------------------------------------------------------------------------------------------- */

static const bnn_calibration_figure *figure_of(const bnn_calibration *c, const char *metric) {
    for (size_t i = 0; i < c->n_figures; i++)
        if (strcmp(c->figures[i].metric, metric) == 0) return &c->figures[i];
    fail_msg("no figure %s", metric);
    return NULL;
}

/* NumPy and SciPy: even rows by the temperature of the odd ones, odd rows by that of the even ones. */
static void classes_are_judged_by_the_other_half(void **state) {
    (void)state;
    bnn_prediction *p = eight_rows(), *untouched = eight_rows();
    bnn_calibration c = {0};
    assert_ok(bnn_calibration_fit(&c, p, 0.5, true));
    assert_close(c.temperature, 2.0093438474851038, 1e-6);
    assert_true(isnan(c.sd_scale));
    assert_close(figure_of(&c, "log_lik")->before, -1.0393101181218185, 1e-12);
    assert_close(figure_of(&c, "log_lik")->after, -1.3828000160052478, 1e-6);
    assert_close(figure_of(&c, "ece")->before, 0.4375, 1e-12);
    assert_close(figure_of(&c, "ece")->after, 0.39030250220567014, 1e-6);
    assert_memory_equal(p->p, untouched->p, 24 * sizeof *p->p);
    bnn_calibration_free(&c);
    bnn_prediction_free(p);
    bnn_prediction_free(untouched);
}

/* Radii of the halves, third of three scores at .75: even rows have .5 1 1.25, odd ones 1 1.5 2. So even rows are covered by 2 (all),
 * odd rows by 1.25 (only z = 1): 4 of 6. Widths 2 q sd: 2 * 2 (.4 + .25 + 1) + 2 * 1.25 (.5 + .5 + .5) over 6. The rest is SciPy. */
static void numbers_are_judged_by_the_other_half(void **state) {
    (void)state;
    bnn_prediction *p = six_numbers();
    bnn_calibration c = {0};
    assert_ok(bnn_calibration_fit(&c, p, 0.75, true));
    assert_close(c.sd_scale, 1.2950225223266711, 1e-14);
    assert_close(figure_of(&c, "log_lik_moment")->before, -1.0271424274256924, 1e-12);
    assert_close(figure_of(&c, "log_lik_moment")->after, -1.1344906285893857, 1e-12);
    assert_close(figure_of(&c, "coverage_interval")->after, 4 / 6., 1e-12);
    assert_close(figure_of(&c, "width_interval")->after, (4 * 1.65 + 2.5 * 1.5) / 6, 1e-12);
    bnn_calibration_free(&c);
    assert_ok(bnn_calibration_fit(&c, p, 0.87, true));      /* |z| <= 1.514 before; 1.466 of odd, 2.35 of even rows after */
    assert_close(figure_of(&c, "coverage_87")->before, 5 / 6., 1e-12);
    assert_close(figure_of(&c, "coverage_87")->after, 4 / 6., 1e-12);
    bnn_calibration_free(&c);
    assert_ok(bnn_calibration_fit(&c, p, 0.75, false));     /* counts */
    assert_true(isnan(c.sd_scale) && c.n_figures == 2);
    bnn_calibration_free(&c);
    bnn_prediction_free(p);
}

/* Intervals of the model are those of its quantiles, which scale about the mean. */
static void quantiles_beat_moments_where_they_are_known(void **state) {
    (void)state;
    double levels[] = { 0.125, 0.875 }, quantiles[12];
    bnn_prediction *p = six_numbers();
    bnn_calibration c = {0};
    p->n_quantiles = 2;
    p->quantile_levels = levels;
    p->quantiles = quantiles;
    for (size_t i = 0; i < 6; i++) {
        quantiles[2 * i] = p->mean[i] - 1.9 * p->sd[i];       /* z = -2 is outside, -1.25 inside */
        quantiles[2 * i + 1] = p->mean[i] + 0.7 * p->sd[i];   /* 1.5 and 1 are outside, .5 inside */
    }
    assert_ok(bnn_calibration_fit(&c, p, 0.75, true));
    assert_close(figure_of(&c, "coverage_75")->before, 3 / 6., 1e-12);
    assert_close(figure_of(&c, "coverage_interval")->before, 3 / 6., 1e-12);
    assert_close(figure_of(&c, "width_interval")->before, 2.6 * (.4 + .5 + .25 + .5 + 1 + .5) / 6, 1e-12);
    /* odd rows times .968: .68, so 1.5 and 1 and -2 stay outside; even rows times 1.555: 1.09 and -2.95, so all are inside */
    assert_close(figure_of(&c, "coverage_75")->after, 3 / 6., 1e-12);
    assert_close(quantiles[0], p->mean[0] - 1.9 * p->sd[0], 0);
    bnn_calibration_free(&c);
    bnn_prediction_free(p);
}

static void several_targets_have_a_radius_each_and_one_scale(void **state) {
    (void)state;
    const double target[] = { 1, 10, -2, 30, 3, -20 }, half[] = { 3, 30 };
    bnn_prediction *p = empty_prediction(3, 2, 0);
    bnn_calibration c = {0};
    memcpy(p->target, target, sizeof target);
    for (size_t at = 0; at < 6; at++) p->sd[at] = 1;
    assert_ok(bnn_calibration_fit(&c, p, 0.75, true));
    assert_close(c.sd_scale, sqrt((1 + 4 + 9 + 100 + 900 + 400) / 6.), 1e-14);
    assert_ok(bnn_calibration_apply(&c, BNN_CALIBRATION_CONFORMAL, 0.75, p));
    for (size_t at = 0; at < 6; at++) assert_close(p->upper[at], half[at % 2], 1e-15);
    for (size_t at = 0; at < 6; at++) assert_close(p->lower[at], -half[at % 2], 1e-15);
    bnn_calibration_free(&c);
    bnn_prediction_free(p);
}

static void one_row_is_too_few(void **state) {
    (void)state;
    bnn_prediction *p = six_numbers();
    bnn_calibration c = {0};
    p->n_rows = 1;
    assert_int_equal(bnn_calibration_fit(&c, p, 0.9, true), BNN_ERR_DATA);
    bnn_calibration_free(&c);
    bnn_prediction_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_is_that_of_scipy),
        cmocka_unit_test(temperature_flattens_and_keeps_the_mutual_information),
        cmocka_unit_test(known_temperature_is_recovered),
        cmocka_unit_test(temperature_stays_in_its_range),
        cmocka_unit_test(sd_scale_is_the_root_mean_square_of_z),
        cmocka_unit_test(sd_of_zero_and_perfect_means_are_refused),
        cmocka_unit_test(radius_is_the_quantile_of_n_plus_one),
        cmocka_unit_test(scores_are_sorted_residuals),
        cmocka_unit_test(sets_hold_what_scores_below_the_radius),
        cmocka_unit_test(conformal_sets_cover_as_often_as_they_say),
        cmocka_unit_test(classes_are_judged_by_the_other_half),
        cmocka_unit_test(numbers_are_judged_by_the_other_half),
        cmocka_unit_test(quantiles_beat_moments_where_they_are_known),
        cmocka_unit_test(several_targets_have_a_radius_each_and_one_scale),
        cmocka_unit_test(one_row_is_too_few),
    };
    return RUN(tests);
}
