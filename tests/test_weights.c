/* Case weights in the problem: a row of weight w counts as w equal rows. */
#include "small_problem.h"

enum { N_ROWS = 6, N_REPEATED = 8, N_FEATURES = 3 };
static const double weights[N_ROWS] = { 1, 2, 0, 3, 1, 1 };
static const size_t repeated[N_REPEATED] = { 0, 1, 1, 3, 3, 3, 4, 5 };

/* The same sums in another order: some roundings of terms of size 1 to 10. */
static double tolerance(void) { return IS_DOUBLE ? 1e-12 : 1e-5; }

static const char *const likelihoods[] = { "likelihood.name=gaussian", "likelihood.name=categorical", "likelihood.name=bernoulli" };
enum { N_LIKELIHOODS = sizeof likelihoods / sizeof *likelihoods };

static void make(small_problem *p, const char *likelihood, const double *w) {
    small_problem_make(p, READ_SETS("net.hidden=4", "net.activation=tanh", likelihood), NULL, N_ROWS, N_FEATURES, 0);
    if (w == NULL) return;
    p->data->weights = malloc(sizeof weights);
    assert_non_null(p->data->weights);
    memcpy(p->data->weights, w, sizeof weights);
}

static void remake(small_problem *p, const bnn_dataset *data, size_t max_rows) {
    bnn_problem_free(&p->problem);
    assert_ok(bnn_problem_make(&p->problem, &p->net, &p->likelihood, &p->prior, data, &p->scaling, NULL, max_rows));
}

/* nll of the given rows and g [n_params]. */
static double nll_and_gradient(small_problem *p, size_t n, const size_t *rows, real *g) {
    double nll;
    bnn_sink sink = bnn_sink_accumulate(g);
    memset(g, 0, p->problem.n_params * sizeof *g);
    assert_ok(bnn_problem_nll(&p->problem, p->theta, n, rows, &sink, &nll));
    return nll;
}

static bool are_close(const small_problem *p, const real *g, const double *want) {
    return find_disagreement(&p->net, p->likelihood.n_noise, g, want, tolerance()) == NULL;
}

static void integer_weights_equal_repeated_rows(void **state) {
    (void)state;
    for (size_t l = 0; l < N_LIKELIHOODS; l++)
        for (size_t max_rows = 0; max_rows <= 4; max_rows += 4) {   /* one pass, and two */
            small_problem p;
            bnn_dataset *more = NULL;
            make(&p, likelihoods[l], weights);
            assert_ok(bnn_dataset_select(&more, p.data, N_REPEATED, repeated));
            free(more->weights);
            more->weights = NULL;
            size_t n = p.problem.n_params;
            real g[n], g_repeated[n];
            double want[n];
            remake(&p, more, max_rows);
            double nll = nll_and_gradient(&p, 0, NULL, g_repeated), sum = p.problem.weight_sum;
            remake(&p, p.data, max_rows);
            for (size_t i = 0; i < n; i++) want[i] = (double)g_repeated[i];
            assert_close(nll_and_gradient(&p, 0, NULL, g), nll, tolerance());
            assert_true(are_close(&p, g, want));
            assert_true(p.problem.weight_sum == 8 && sum == 8);
            for (size_t i = 0; i < n; i++) want[i] *= 1.01;   /* the checker sees a hundredth */
            assert_false(are_close(&p, g, want));
            bnn_dataset_free(more);
            small_problem_free(&p);
        }
}

/* The mean over all 15 batches of two rows is the whole set's value and gradient. */
static void batches_estimate_the_weighted_sum_without_bias(void **state) {
    (void)state;
    small_problem p;
    make(&p, "likelihood.name=gaussian", weights);
    remake(&p, p.data, 0);
    size_t n = p.problem.n_params;
    real g[n], whole[n], mean[n];
    double nll = 0, sum[n];
    memset(sum, 0, sizeof sum);
    for (size_t a = 0; a < N_ROWS; a++)
        for (size_t b = a + 1; b < N_ROWS; b++) {
            const size_t rows[] = { b, a };
            nll += nll_and_gradient(&p, 2, rows, g) / 15;
            for (size_t i = 0; i < n; i++) sum[i] += (double)g[i] / 15;
        }
    assert_close(nll, nll_and_gradient(&p, 0, NULL, whole), tolerance());
    for (size_t i = 0; i < n; i++) mean[i] = (real)sum[i], sum[i] = (double)whole[i];
    assert_true(are_close(&p, mean, sum));
    small_problem_free(&p);
}

static void weights_of_one_change_nothing(void **state) {
    (void)state;
    static const double ones[N_ROWS] = { 1, 1, 1, 1, 1, 1 };
    small_problem plain, weighted;
    make(&plain, "likelihood.name=gaussian", NULL);
    make(&weighted, "likelihood.name=gaussian", ones);
    remake(&weighted, weighted.data, 0);
    size_t n = plain.problem.n_params;
    const size_t rows[] = { 4, 0, 1 };
    real g[n], g_plain[n];
    double want[n];
    assert_true(nll_and_gradient(&weighted, 3, rows, g) == nll_and_gradient(&plain, 3, rows, g_plain));
    for (size_t i = 0; i < n; i++) want[i] = (double)g_plain[i];
    assert_true(are_close(&plain, g, want));
    assert_true(plain.problem.weight_sum == N_ROWS);
    small_problem_free(&plain);
    small_problem_free(&weighted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_weights_equal_repeated_rows),
        cmocka_unit_test(batches_estimate_the_weighted_sum_without_bias),
        cmocka_unit_test(weights_of_one_change_nothing),
    };
    return RUN(tests);
}
