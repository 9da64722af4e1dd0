/* Curvature against brute force: Jacobians by central differences of a naive net, sums of outer products written out; and the curvature of
 * each likelihood in its outputs against draws of y and differences of its own gradient. */
#include "brute_force.h"
#include "curvature/curvature.h"

enum { ROWS = 12, FEATURES = 3, SEED = 41 };

/* Differences leave 1e-10; float keeps 7 digits, of which sums of a few dozen products lose some. */
static const double tolerance = IS_DOUBLE ? 1e-8 : 1e-4;

/* ---- cases ----------------------------------------------------------------------------------------------------------- */

static bool has_curvature(const bnn_variant *likelihood) { return ((const bnn_likelihood_row *)likelihood)->curvature_root != NULL; }

static void add_weights(small_problem *p) {
    double *weights = malloc(p->data->n_rows * sizeof *weights);
    assert_non_null(weights);
    for (size_t i = 0; i < p->data->n_rows; i++) weights[i] = (double)(i % 4) * 0.75;
    p->data->weights = weights;
}

static double weight_of(const small_problem *p, size_t i) { return p->data->weights == NULL ? 1 : p->data->weights[i]; }

typedef struct setting { const bnn_structure_row *row; size_t lowest; bnn_factor_source source; size_t n_samples; uint64_t seed; } setting;

static bnn_curvature curvature_of(const small_problem *p, setting s) {
    bnn_curvature curvature;
    assert_ok(bnn_curvature_make(&curvature, s.row, &p->net, &p->likelihood, p->problem.team, s.lowest, s.source, s.n_samples, s.seed));
    assert_ok(bnn_curvature_add(&curvature, p->data, &p->scaling, p->theta));
    return curvature;
}

static void inputs_of(const small_problem *p, size_t i, double *x) {
    memcpy(x, p->data->x + i * p->net.n_inputs, p->net.n_inputs * sizeof *x);
}

/* ---- by brute force -------------------------------------------------------------------------------------------------- */

/* The columns S of one row at outputs f: d [columns x k]; returns how many. */
static size_t columns_of(const small_problem *p, bnn_factor_source source, const double *f, size_t row, real *d) {
    const bnn_likelihood *likelihood = &p->likelihood;
    const real *noise = p->theta + p->net.n_weights;
    size_t k = likelihood->n_outputs;
    real outputs[16], y[16];
    double nll, dnoise[16] = {0};
    for (size_t c = 0; c < k; c++) outputs[c] = (real)f[c];
    for (size_t j = 0; j < likelihood->n_targets; j++) y[j] = (real)p->data->y[row * likelihood->n_targets + j];
    if (source == BNN_SOURCE_EMPIRICAL_FISHER) {
        likelihood->row->nll(likelihood, noise, 1, outputs, y, &nll, d, dnoise);
        return 1;
    }
    for (size_t c = 0; c < k; c++) likelihood->row->curvature_root(likelihood, noise, 1, outputs, c, d + c * k);
    return k;
}

/* [span x span] = sum over rows and columns of w J' s s' J; malloc. */
static double *brute_force(const small_problem *p, size_t first, bnn_factor_source source) {
    size_t k = p->net.n_outputs, span = p->net.n_weights - first;
    double *theta = to_double(p->net.n_weights, p->theta), *h = calloc(span * span, sizeof *h);
    double *jacobian = malloc(k * span * sizeof *jacobian), *g = malloc(span * sizeof *g), x[64], f[16];
    real d[16 * 16];
    assert_true(h != NULL && jacobian != NULL && g != NULL && k <= 16);
    for (size_t i = 0; i < p->data->n_rows; i++) {
        inputs_of(p, i, x);
        naive_outputs(&p->net, theta, x, f);
        naive_jacobian(&p->net, theta, first, x, jacobian);
        for (size_t c = 0, n = columns_of(p, source, f, i, d); c < n; c++) {
            pull_back(k, span, jacobian, d + c * k, g);
            add_outer(span, weight_of(p, i), g, h);
        }
    }
    free(g);
    free(jacobian);
    free(theta);
    return h;
}

static void assert_matches(size_t n, const double *got, const double *want, double within, const char *what, const small_problem *p) {
    size_t wrong = count_wrong(n, got, want, 1, within);
    if (wrong > 0)
        fail_msg("%s, %s, %s: %zu of %zu entries are wrong", what, p->likelihood.row->head.name, p->net.layers[0].activation->head.name, wrong,
                 n * n);
    assert_true(count_wrong(n, got, want, 2, within) >= 1 && count_wrong(n, got, want, -1, within) >= 1);      /* planted faults */
}

static void check_full(const small_problem *p, size_t lowest, bnn_factor_source source, const double *want) {
    bnn_curvature full = curvature_of(p, (setting){ &bnn_full_structure, lowest, source, 0, SEED });
    assert_int_equal(full.n_rows, p->data->n_rows);
    assert_matches(full.n, full.full, want, tolerance, "full", p);
    bnn_curvature_free(&full);
}

/* As matrices of one element each, so that every weight counts for itself. */
static void check_diag(const small_problem *p, size_t lowest, bnn_factor_source source, const double *want) {
    bnn_curvature diag = curvature_of(p, (setting){ &bnn_diag_structure, lowest, source, 0, SEED });
    size_t wrong = 0, doubled = 0;
    for (size_t i = 0; i < diag.n; i++) {
        double w = want[i * diag.n + i], d = (double)diag.diag[i];
        if (!(fabs(d - w) <= tolerance * w + 1e-20)) wrong++;
        doubled += fabs(2 * d - w) <= tolerance * w && w > 0;
    }
    if (wrong > 0)
        fail_msg("diag, %s, %s: %zu of %zu entries are wrong", p->likelihood.row->head.name, p->net.layers[0].activation->head.name, wrong,
                 diag.n);
    assert_int_equal(doubled, 0);
    bnn_curvature_free(&diag);
}

static void check_source(const small_problem *p, size_t lowest, bnn_factor_source source) {
    double *want = brute_force(p, p->net.layers[lowest].weight, source);
    check_full(p, lowest, source, want);
    check_diag(p, lowest, source, want);
    free(want);
}

static void check_problem(const small_problem *p) {
    const bnn_factor_source sources[] = { BNN_SOURCE_GGN, BNN_SOURCE_EMPIRICAL_FISHER };
    for (int s = 0; s < 2; s++) {
        check_source(p, bnn_net_first_with_weights(&p->net), sources[s]);
        check_source(p, p->net.n_layers - 1, sources[s]);
    }
}

/* No hidden unit so near 0 that a step of the differences would take it across relu's kink. */
static void assert_far_from_kinks(const small_problem *p) {
    naive_pass pass;
    real x[ROWS * FEATURES];
    for (size_t i = 0; i < ROWS * FEATURES; i++) x[i] = (real)p->data->x[i];
    naive_forward(&pass, &p->net, p->theta, ROWS, x);
    assert_true(pass.least_z > 20 * JACOBIAN_STEP);
    naive_free(&pass);
}

static void diag_and_full_equal_brute_force(void **state) {
    (void)state;
    for (size_t a = 0; bnn_activations[a] != NULL; a++)
        for (size_t l = 0; bnn_likelihoods[l] != NULL; l++)
            for (int has_bias = 0; has_bias < 2 && has_curvature(bnn_likelihoods[l]); has_bias++) {
                small_problem p;
                small_problem_make(&p, READ_SETS("net.hidden=5, 4", set_of("net.activation", bnn_activations[a]->name),
                                                 set_of("likelihood.name", bnn_likelihoods[l]->name), has_bias ? "" : "net.bias=no"),
                                   NULL, ROWS, FEATURES, 0);
                assert_far_from_kinks(&p);
                check_problem(&p);
                add_weights(&p);
                check_problem(&p);
                small_problem_free(&p);
            }
}

static void rows_in_several_passes_are_summed(void **state) {
    (void)state;
    bnn_team *team = NULL;
    small_problem p;
    assert_ok(bnn_team_make(&team, 3));
    small_problem_make(&p, READ_SETS("net.hidden=4", "net.activation=tanh", "likelihood.name=categorical"), team, 1300, FEATURES, 0);
    add_weights(&p);
    check_source(&p, 0, BNN_SOURCE_GGN);
    small_problem_free(&p);
    bnn_team_free(team);
}

/* In prediction and curvature a net with dropout is the same net without. */
static void dropout_layers_change_nothing(void **state) {
    (void)state;
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=5, 4", "net.activation=tanh", "net.dropout=0.4", "net.input_dropout=0.2",
                                     "likelihood.name=gaussian"), NULL, ROWS, FEATURES, 0);
    check_problem(&p);
    small_problem_free(&p);
}

/* ---- kron ------------------------------------------------------------------------------------------------------------ */

/* Sums of x x' (with 1 for the bias) and of J_b' S S' J_b, J_b = d f / d z, for the only layer of a linear net: z = f. */
static void linear_factors(const small_problem *p, double *a, double *g) {
    size_t k = p->net.n_outputs, n_in = FEATURES + 1;
    double *theta = to_double(p->net.n_weights, p->theta), x[64], f[16], column[16];
    real d[16 * 16];
    for (size_t i = 0; i < p->data->n_rows; i++) {
        inputs_of(p, i, x);
        naive_outputs(&p->net, theta, x, f);
        x[FEATURES] = 1;
        add_outer(n_in, weight_of(p, i), x, a);
        for (size_t c = 0, n = columns_of(p, BNN_SOURCE_GGN, f, i, d); c < n; c++) {
            for (size_t o = 0; o < k; o++) column[o] = (double)d[c * k + o];
            add_outer(k, weight_of(p, i), column, g);
        }
    }
    free(theta);
}

static void kron_factors_of_a_linear_net_are_sums_of_outer_products(void **state) {
    (void)state;
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=", "likelihood.name=categorical"), NULL, 700, FEATURES, 0);
    for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
        double a[16] = {0}, g[9] = {0};
        linear_factors(&p, a, g);
        bnn_curvature kron = curvature_of(&p, (setting){ &bnn_kron_structure, 0, BNN_SOURCE_GGN, 0, SEED });
        assert_matches(FEATURES + 1, kron.kron[0].a, a, tolerance, "kron, inputs", &p);
        assert_matches(3, kron.kron[0].g, g, tolerance, "kron, outputs", &p);
        bnn_curvature_free(&kron);
        if (!is_weighted) add_weights(&p);
    }
    small_problem_free(&p);
}

/* G (x) A over the layer's weights and biases, in theta's order, divided by the sum of case weights. */
static void spread_kron(const bnn_curvature *kron, double *h) {
    const bnn_layer *layer = &kron->net->layers[0];
    const bnn_kron_factors *f = &kron->kron[0];
    for (size_t i = 0; i < f->n_out * f->n_in; i++)
        for (size_t j = 0; j < f->n_out * f->n_in; j++) {
            size_t o = i / f->n_in, c = i % f->n_in, u = j / f->n_in, v = j % f->n_in;
            size_t row = c < layer->n_in ? o * layer->n_in + c : layer->bias + o, col = v < layer->n_in ? u * layer->n_in + v : layer->bias + u;
            h[row * kron->n + col] = f->g[o * f->n_out + u] * f->a[c * f->n_in + v] / kron->weight_sum;
        }
}

/* One row of weight w, or that row repeated: nothing is averaged, so the product of the factors is exact. */
static void kron_is_full_for_one_layer_and_one_row(void **state) {
    (void)state;
    for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
        small_problem p;
        small_problem_make(&p, READ_SETS("net.hidden=", "likelihood.name=categorical"), NULL, 1, FEATURES, 0);
        if (is_weighted) add_weights(&p);
        if (is_weighted) p.data->weights[0] = 2.5;
        bnn_curvature full = curvature_of(&p, (setting){ &bnn_full_structure, 0, BNN_SOURCE_GGN, 0, SEED });
        bnn_curvature kron = curvature_of(&p, (setting){ &bnn_kron_structure, 0, BNN_SOURCE_GGN, 0, SEED });
        double *h = calloc(full.n * full.n, sizeof *h);
        assert_non_null(h);
        spread_kron(&kron, h);
        assert_matches(full.n, h, full.full, tolerance, "kron", &p);
        free(h);
        bnn_curvature_free(&kron);
        bnn_curvature_free(&full);
        small_problem_free(&p);
    }
}

/* The factors of an inner layer, whose dz is the Jacobian's part for its biases. */
static void kron_factors_of_inner_layers_equal_brute_force(void **state) {
    (void)state;
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=5, 4", "net.activation=tanh", "likelihood.name=heteroscedastic"), NULL, ROWS, FEATURES, 0);
    double *full = brute_force(&p, 0, BNN_SOURCE_GGN);
    bnn_curvature kron = curvature_of(&p, (setting){ &bnn_kron_structure, 0, BNN_SOURCE_GGN, 0, SEED });
    for (size_t l = 0; l < p.net.n_layers; l++) {
        const bnn_layer *layer = &p.net.layers[l];
        double want[64];
        for (size_t o = 0; o < layer->n_out; o++)
            for (size_t u = 0; u < layer->n_out; u++) want[o * layer->n_out + u] = full[(layer->bias + o) * kron.n + layer->bias + u];
        assert_matches(layer->n_out, kron.kron[l].g, want, tolerance, "kron, outputs", &p);
    }
    bnn_curvature_free(&kron);
    free(full);
    small_problem_free(&p);
}

/* ---- sampled labels -------------------------------------------------------------------------------------------------- */

enum { SEEDS = 600 };

typedef struct tally { double *sum, *squares; } tally;

static size_t count_biased(size_t n, const tally *t, const double *want, double factor) {
    size_t biased = 0;
    for (size_t i = 0; i < n * n; i++) {
        double mean = t->sum[i] / SEEDS, se = sqrt(fmax(t->squares[i] / SEEDS - mean * mean, 0) / SEEDS);
        if (!(fabs(mean - factor * want[i]) <= 5 * se + 1e-6 * (fabs(want[i]) + 1e-3))) biased++;
    }
    return biased;
}

static void check_unbiased(const small_problem *p, size_t n_samples) {
    bnn_curvature exact = curvature_of(p, (setting){ &bnn_full_structure, 0, BNN_SOURCE_GGN, 0, SEED });
    size_t n = exact.n;
    tally t = { calloc(n * n, sizeof(double)), calloc(n * n, sizeof(double)) };
    assert_true(t.sum != NULL && t.squares != NULL);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bnn_curvature sampled = curvature_of(p, (setting){ &bnn_full_structure, 0, BNN_SOURCE_GGN, n_samples, seed });
        for (size_t i = 0; i < n * n; i++) t.sum[i] += sampled.full[i], t.squares[i] += sampled.full[i] * sampled.full[i];
        bnn_curvature_free(&sampled);
    }
    size_t biased = count_biased(n, &t, exact.full, 1);
    if (biased > 0) fail_msg("%s, %zu labels: %zu of %zu are biased", p->likelihood.row->head.name, n_samples, biased, n * n);
    assert_true(count_biased(n, &t, exact.full, 2) > n / 2);            /* a planted fault */
    free(t.sum);
    free(t.squares);
    bnn_curvature_free(&exact);
}

/* 17 to 44 weights: at most 2000 entries, of which one would lie 5 standard errors away in one test of 800. */
static void curvature_from_sampled_labels_is_unbiased(void **state) {
    (void)state;
    for (size_t l = 0; bnn_likelihoods[l] != NULL; l++) {
        small_problem p;
        if (!has_curvature(bnn_likelihoods[l])) continue;
        small_problem_make(&p, READ_SETS("net.hidden=2", "net.activation=tanh", set_of("likelihood.name", bnn_likelihoods[l]->name)), NULL,
                           ROWS, FEATURES, 0);
        check_unbiased(&p, 1);
        check_unbiased(&p, 3);
        small_problem_free(&p);
    }
}

/* ---- likelihoods in their outputs ------------------------------------------------------------------------------------ */

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

static size_t count_apart(size_t n, const double *got, const double *want, double factor) {
    double largest = 0;
    size_t apart = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs(factor * got[i] - want[i]) <= (IS_DOUBLE ? 1e-8 : 2e-3) * largest)) apart++;
    return apart;
}

static void check_exact_hessian(outputs_case *t) {
    const bnn_likelihood_row *row = t->likelihood.row;
    size_t k = t->likelihood.n_outputs;
    double want[MOST * MOST], got[MOST * MOST];
    for (int draw = 0; draw < 5; draw++) {
        draw_label(t);
        hessian_by_differences(t, want);
        if (row->hessian != NULL) row->hessian(&t->likelihood, t->noise, 1, t->f, t->y, got);
        else root_squared(t, got);
        if (count_apart(k * k, got, want, 1) > 0) fail_msg("the Hessian of %s in its outputs is wrong", row->head.name);
        assert_true(count_apart(k * k, got, want, 2) > 0 && count_apart(k * k, got, want, -1) > 0);           /* planted faults */
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

/* ---- refusals -------------------------------------------------------------------------------------------------------- */

static void likelihoods_without_curvature_are_refused_by_name(void **state) {
    (void)state;
    small_problem p;
    bnn_curvature curvature = {0};
    small_problem_make(&p, READ_SETS("net.hidden=2", "likelihood.name=softmax_gaussian"), NULL, ROWS, FEATURES, 0);
    assert_int_equal(bnn_curvature_make(&curvature, &bnn_diag_structure, &p.net, &p.likelihood, NULL, 0, BNN_SOURCE_GGN, 0, SEED),
                     BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "softmax_gaussian"));
    bnn_curvature_free(&curvature);
    small_problem_free(&p);
}

static void outputs_that_are_not_finite_end_it(void **state) {
    (void)state;
    small_problem p;
    bnn_curvature curvature;
    small_problem_make(&p, READ_SETS("net.hidden=2", "likelihood.name=gaussian"), NULL, 600, FEATURES, 0);
    p.data->x[590 * FEATURES] = 1e300;
    p.theta[0] = p.theta[3] = (real)1e30;
    assert_ok(bnn_curvature_make(&curvature, &bnn_diag_structure, &p.net, &p.likelihood, NULL, 0, BNN_SOURCE_GGN, 0, SEED));
    assert_int_equal(bnn_curvature_add(&curvature, p.data, &p.scaling, p.theta), BNN_ERR_NUMERIC);
    assert_non_null(strstr(bnn_error_text(), "rows 512 to 599"));
    bnn_curvature_free(&curvature);
    small_problem_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diag_and_full_equal_brute_force),
        cmocka_unit_test(rows_in_several_passes_are_summed),
        cmocka_unit_test(dropout_layers_change_nothing),
        cmocka_unit_test(kron_factors_of_a_linear_net_are_sums_of_outer_products),
        cmocka_unit_test(kron_is_full_for_one_layer_and_one_row),
        cmocka_unit_test(kron_factors_of_inner_layers_equal_brute_force),
        cmocka_unit_test(curvature_from_sampled_labels_is_unbiased),
        cmocka_unit_test(hessians_in_the_outputs_are_differences_of_gradients),
        cmocka_unit_test(curvature_roots_square_to_the_mean_hessian),
        cmocka_unit_test(likelihoods_without_curvature_are_refused_by_name),
        cmocka_unit_test(outputs_that_are_not_finite_end_it),
    };
    return RUN_INSIDE(tests);
}
