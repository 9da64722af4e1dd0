/* Whole-batch minimisers by themselves, on functions of two numbers: known minima, valleys, walls, lies. */
#include "fitting.h"
#include "base/fail.h"
#include "optimizer/minimiser.h"
#include <gsl/gsl_errno.h>

static const char *const names[] = { "bfgs", "cg" };

typedef double function(const double *x, double *g);

static bnn_status function_at(void *context, const double *x, double *value, double *g) {
    function *const *f = context;
    double unused[2];
    *value = (*f)(x, g == NULL ? unused : g);
    return isfinite(*value) ? BNN_OK : BNN_FAIL(BNN_ERR_NUMERIC, "too far");
}

/* Minimum 1 at (3, -2), condition number 100. */
static double bowl(const double *x, double *g) {
    g[0] = x[0] - 3;
    g[1] = 100 * (x[1] + 2);
    return 1 + 0.5 * (x[0] - 3) * (x[0] - 3) + 50 * (x[1] + 2) * (x[1] + 2);
}

/* Rosenbrock 1960: minimum 0 at (1, 1), along a curved valley. */
static double banana(const double *x, double *g) {
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return a * a + 100 * b * b;
}

/* x - log x - log(1 - x) + y^2 / 2: walls at 0 and 1, minimum where 1 - 1/x + 1/(1 - x) = 0, x = (3 - sqrt 5) / 2. */
static double walls(const double *x, double *g) {
    g[0] = 1 - 1 / x[0] + 1 / (1 - x[0]);
    g[1] = x[1];
    return x[0] > 0 && x[0] < 1 ? x[0] - log(x[0]) - log1p(-x[0]) + 0.5 * x[1] * x[1] : NAN;
}

/* The gradient points the wrong way: nothing along it goes down. */
static double liar(const double *x, double *g) {
    double value = bowl(x, g);
    g[0] = -g[0];
    g[1] = -g[1];
    return value;
}

static double cliff(const double *x, double *g) {
    double value = bowl(x, g);
    if (x[0] > 1) g[0] = NAN;
    return value;
}

typedef struct outcome { bnn_status status; bnn_minimiser_answer answer; int n_steps; double x[2], value, gradient_norm; } outcome;

static outcome minimise(const char *name, double first_step, const double *start, function *f) {
    bnn_config *config = CONFIG("optimizer.name=bfgs");
    bnn_optimizer optimizer;
    bnn_minimiser m;
    assert_ok(bnn_config_set(config, "optimizer", "name", name));
    assert_ok(bnn_config_set(config, "optimizer", "tolerance", "1e-9"));
    assert_ok(bnn_optimizer_make(&optimizer, config, 2));
    outcome out = {0};
    out.status = bnn_minimiser_make(&m, &optimizer, (bnn_objective){ &f, 2, function_at }, first_step, start);
    while (out.status == BNN_OK && out.answer == BNN_MINIMISER_MOVED && out.n_steps < 1000) {
        out.status = bnn_minimiser_step(&m, &out.answer);
        out.n_steps++;
    }
    if (out.status == BNN_OK) {
        memcpy(out.x, bnn_minimiser_x(&m), sizeof out.x);
        out.value = bnn_minimiser_value(&m);
        out.gradient_norm = bnn_minimiser_gradient_norm(&m);
    }
    bnn_minimiser_free(&m);
    bnn_optimizer_free(&optimizer);
    bnn_config_free(config);
    return out;
}

static void minimisers_find_known_minima(void **state) {
    (void)state;
    const struct { function *at; double start[2], x[2], value; } cases[] = {
        { bowl, { 0, 0 }, { 3, -2 }, 1 },
        { banana, { -1.2, 1 }, { 1, 1 }, 0 },
        { walls, { .9, 1 }, { 0.38196601125010515, 0 }, 1.8256014864289156 },     /* value: by Python's libm */
    };
    for (int k = 0; k < 3; k++) {
        for (int m = 0; m < 2; m++) {
            outcome out = minimise(names[m], 0.5, cases[k].start, cases[k].at);
            double g[2];
            assert_int_equal(out.status, BNN_OK);
            if (out.answer != BNN_MINIMISER_CONVERGED) fail_msg("%s, case %d: gradient %g after %d", names[m], k, out.gradient_norm, out.n_steps);
            cases[k].at(out.x, g);
            assert_true(hypot(g[0], g[1]) <= 1e-9);      /* recomputed, not what it reports */
            assert_close(out.x[0], cases[k].x[0], 1e-8);
            assert_close(out.x[1], cases[k].x[1], 1e-8);
            assert_close(out.value, cases[k].value, 1e-9);
        }
    }
}

static void cg_takes_the_formula_it_is_told(void **state) {
    (void)state;
    const struct { const char *set; const gsl_multimin_fdfminimizer_type *algorithm; } cases[] = {
        { "optimizer.formula=pr", gsl_multimin_fdfminimizer_conjugate_pr }, { "optimizer.formula=fr", gsl_multimin_fdfminimizer_conjugate_fr } };
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG("optimizer.name=cg", cases[k].set);
        bnn_optimizer optimizer;
        assert_ok(bnn_optimizer_make(&optimizer, config, 2));
        assert_ptr_equal(optimizer.row->algorithm(optimizer.options), cases[k].algorithm);
        bnn_optimizer_free(&optimizer);
        bnn_config_free(config);
    }
}

static void a_start_at_the_minimum_has_converged(void **state) {
    (void)state;
    for (int m = 0; m < 2; m++) {
        outcome out = minimise(names[m], 0.5, (const double[]){ 3, -2 }, bowl);
        assert_int_equal(out.status, BNN_OK);
        assert_int_equal(out.answer, BNN_MINIMISER_CONVERGED);
        assert_int_equal(out.n_steps, 1);
        assert_true(out.x[0] == 3 && out.x[1] == -2);
    }
}

static int n_handled;
static void count_errors(const char *reason, const char *file, int line, int code) {
    (void)reason, (void)file, (void)line, (void)code;
    n_handled++;
}

static void no_way_down_is_stuck_not_an_abort(void **state) {
    (void)state;
    gsl_error_handler_t *handler = gsl_set_error_handler(count_errors);
    for (int m = 0; m < 2; m++) {
        outcome out = minimise(names[m], 0.5, (const double[]){ 0, 0 }, liar);
        assert_int_equal(out.status, BNN_OK);
        assert_int_equal(out.answer, BNN_MINIMISER_STUCK);
        assert_true(hypot(out.x[0], out.x[1]) < 1e-4);     /* no further than rounding hides */
    }
    assert_ptr_equal(gsl_set_error_handler(handler), count_errors);     /* given back as it was */
    assert_int_equal(n_handled, 0);
}

static void a_search_steps_back_from_overflow(void **state) {
    (void)state;
    for (int m = 0; m < 2; m++) {
        outcome out = minimise(names[m], 100, (const double[]){ .9, 1 }, walls);     /* far over the wall */
        assert_int_equal(out.status, BNN_OK);
        assert_close(out.x[0], 0.38196601125010515, 1e-8);
        assert_string_equal(bnn_error_text(), "");
    }
}

static void a_bad_start_is_a_numeric_error(void **state) {
    (void)state;
    for (int m = 0; m < 2; m++) {
        assert_int_equal(minimise(names[m], 0.5, (const double[]){ 2, 1 }, walls).status, BNN_ERR_NUMERIC);
        assert_string_equal(bnn_error_text(), "too far");
        assert_int_equal(minimise(names[m], 0.5, (const double[]){ 2, 1 }, cliff).status, BNN_ERR_NUMERIC);
        assert_string_equal(bnn_error_text(), "the gradient is not finite");
    }
}

/* The way to the minimum leads over x = 1. */
static void a_gradient_that_is_not_a_number_never_converges(void **state) {
    (void)state;
    for (int m = 0; m < 2; m++) {
        outcome out = minimise(names[m], 0.5, (const double[]){ 0, -2 }, cliff);
        assert_true(out.status == BNN_ERR_NUMERIC || out.answer == BNN_MINIMISER_STUCK);
        assert_in_range(out.n_steps, 1, 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minimisers_find_known_minima),
        cmocka_unit_test(cg_takes_the_formula_it_is_told),
        cmocka_unit_test(a_start_at_the_minimum_has_converged),
        cmocka_unit_test(no_way_down_is_stuck_not_an_abort),
        cmocka_unit_test(a_search_steps_back_from_overflow),
        cmocka_unit_test(a_bad_start_is_a_numeric_error),
        cmocka_unit_test(a_gradient_that_is_not_a_number_never_converges),
    };
    return RUN(tests);
}
