/* The curvature of every likelihood in its outputs: the exact Hessian against differences of the gradient, and the root S of its mean against
 * draws of y from the likelihood itself. */
#include "brute_force.h"

enum { MOST = 8, DRAWS = 20000 };

typedef struct outputs_case { bnn_config *config; bnn_likelihood likelihood; real noise[MOST], f[MOST], y[MOST]; gsl_rng *rng; } outputs_case;

static void draw_label(outputs_case *t) {
    double y[MOST];
    t->likelihood.row->sample(&t->likelihood, t->noise, t->f, t->rng, y);
    for (size_t j = 0; j < t->likelihood.n_targets; j++) t->y[j] = (real)y[j];
}

static void outputs_make(outputs_case *t, const char *name, uint32_t trial) {
    *t = (outputs_case){ .config = READ_SETS(set_of("likelihood.name", name)), .rng = bnn_rng_gsl(numbers_key(900 + trial)) };
    make_likelihood(&t->likelihood, t->config);
    bnn_rng_normals(numbers_key(800 + trial), 0, MOST, t->f);
    for (size_t j = 0; j < t->likelihood.n_noise; j++) t->noise[j] = (real)(0.3 - 0.4 * (double)j);
    draw_label(t);
}

static void outputs_free(outputs_case *t) {
    gsl_rng_free(t->rng);
    bnn_likelihood_free(&t->likelihood);
    bnn_config_free(t->config);
}

static void for_every_likelihood(void (*check)(outputs_case *t)) {
    for (size_t l = 0; bnn_likelihoods[l] != NULL; l++)
        for (uint32_t trial = 0; trial < 3 && has_curvature(bnn_likelihoods[l]); trial++) {
            outputs_case t;
            outputs_make(&t, bnn_likelihoods[l]->name, trial);
            check(&t);
            outputs_free(&t);
        }
}

static void gradient_of(const outputs_case *t, const real *f, double *df) {
    real g[MOST];
    double nll, dnoise[MOST] = {0};
    t->likelihood.row->nll(&t->likelihood, t->noise, 1, f, t->y, &nll, g, dnoise);
    for (size_t c = 0; c < t->likelihood.n_outputs; c++) df[c] = (double)g[c];
}

/* S S' [k x k] */
static void root_squared(const outputs_case *t, double *h) {
    size_t k = t->likelihood.n_outputs;
    memset(h, 0, k * k * sizeof *h);
    for (size_t c = 0; c < k; c++) {
        real d[MOST];
        double column[MOST];
        t->likelihood.row->curvature_root(&t->likelihood, t->noise, 1, t->f, c, d);
        for (size_t o = 0; o < k; o++) column[o] = (double)d[o];
        add_outer(k, 1, column, h);
    }
}

/* Central differences of df at the present y. */
static void hessian_by_differences(const outputs_case *t, double *h) {
    const double step = IS_DOUBLE ? 1e-5 : 1e-2;
    size_t k = t->likelihood.n_outputs;
    for (size_t c = 0; c < k; c++) {
        real f[MOST];
        double above[MOST], below[MOST];
        memcpy(f, t->f, sizeof f);
        f[c] = (real)((double)t->f[c] + step);
        double high = (double)f[c];
        gradient_of(t, f, above);
        f[c] = (real)((double)t->f[c] - step);
        gradient_of(t, f, below);
        for (size_t o = 0; o < k; o++) h[o * k + c] = (above[o] - below[o]) / (high - (double)f[c]);
    }
}

static const double tolerance = IS_DOUBLE ? 1e-8 : 2e-3;

static void check_exact_hessian(outputs_case *t) {
    const bnn_likelihood_row *row = t->likelihood.row;
    size_t k = t->likelihood.n_outputs;
    double want[MOST * MOST], got[MOST * MOST];
    for (int draw = 0; draw < 5; draw++) {
        draw_label(t);
        hessian_by_differences(t, want);
        if (row->hessian != NULL) row->hessian(&t->likelihood, t->noise, 1, t->f, t->y, got);
        else root_squared(t, got);
        if (count_apart(k * k, got, want, 1, tolerance) > 0) fail_msg("the Hessian of %s in its outputs is wrong", row->head.name);
        assert_true(count_apart(k * k, got, want, 2, tolerance) > 0 && count_apart(k * k, got, want, -1, tolerance) > 0);  /* planted faults */
    }
}

static void hessians_in_the_outputs_are_differences_of_gradients(void **state) {
    (void)state;
    for_every_likelihood(check_exact_hessian);
}

typedef struct mean_of { double sum[MOST * MOST], squares[MOST * MOST]; } mean_of;

static void add_to_mean(mean_of *m, size_t n, const double *v) {
    for (size_t i = 0; i < n; i++) m->sum[i] += v[i], m->squares[i] += v[i] * v[i];
}

static size_t count_apart_from_mean(size_t n, const mean_of *m, const double *got, double factor) {
    size_t apart = 0;
    for (size_t i = 0; i < n; i++) {
        double mean = m->sum[i] / DRAWS, se = sqrt(fmax(m->squares[i] / DRAWS - mean * mean, 0) / DRAWS);
        if (!(fabs(factor * got[i] - mean) <= 5 * se + 1e-6)) apart++;
    }
    return apart;
}

/* E df df' = E Hessian over y drawn from the model (Fisher's identity). */
static void check_root(outputs_case *t) {
    size_t k = t->likelihood.n_outputs;
    mean_of outer = {0}, hessian = {0};
    double got[MOST * MOST], h[MOST * MOST], df[MOST];
    root_squared(t, got);
    for (int s = 0; s < DRAWS; s++) {
        draw_label(t);
        gradient_of(t, t->f, df);
        memset(h, 0, sizeof h);
        add_outer(k, 1, df, h);
        add_to_mean(&outer, k * k, h);
        if (t->likelihood.row->hessian == NULL) continue;
        t->likelihood.row->hessian(&t->likelihood, t->noise, 1, t->f, t->y, h);
        add_to_mean(&hessian, k * k, h);
    }
    if (count_apart_from_mean(k * k, &outer, got, 1) > 0) fail_msg("%s: S S' is not the mean of df df'", t->likelihood.row->head.name);
    assert_true(count_apart_from_mean(k * k, &outer, got, 2) >= k);                                           /* a planted fault */
    if (t->likelihood.row->hessian == NULL) return;
    if (count_apart_from_mean(k * k, &hessian, got, 1) > 0) fail_msg("%s: S S' is not the mean Hessian", t->likelihood.row->head.name);
    assert_true(count_apart_from_mean(k * k, &hessian, got, 2) >= k);
}

static void curvature_roots_square_to_the_mean_hessian(void **state) {
    (void)state;
    for_every_likelihood(check_root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hessians_in_the_outputs_are_differences_of_gradients),
        cmocka_unit_test(curvature_roots_square_to_the_mean_hessian),
    };
    return RUN_INSIDE(tests);
}
