/* Curvature against brute force: Jacobians by central differences of a naive net, sums of outer products written out. (That of a likelihood
 * in its outputs: test_likelihood_curvature.c.) */
#include "brute_force.h"

enum { ROWS = 12, FEATURES = 3, SEED = 41 };

/* Differences leave 1e-11, of entries that are down to 1e-3; float keeps 7 digits, of which sums of a few dozen products lose some. */
static const double tolerance = IS_DOUBLE ? 1e-6 : 1e-4;

/* ---- cases ----------------------------------------------------------------------------------------------------------- */

static void add_weights(small_problem *p) {
    double *weights = malloc(p->data->n_rows * sizeof *weights);
    assert_non_null(weights);
    for (size_t i = 0; i < p->data->n_rows; i++) weights[i] = (double)(i % 4) * 0.75;
    p->data->weights = weights;
}

static point point_of(const small_problem *p) { return (point){ &p->net, &p->likelihood, p->data, p->theta }; }

typedef struct setting { const bnn_structure_row *row; size_t lowest; bnn_factor_source source; size_t n_samples; uint64_t seed; } setting;

/* Its full matrix with both triangles, made of the one that counts. */
/* The lower triangle counts. */
static void mirror(size_t n, double *a) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}

static bnn_curvature curvature_of(const small_problem *p, setting s) {
    bnn_curvature curvature;
    assert_ok(bnn_curvature_make(&curvature, s.row, &p->net, &p->likelihood, p->problem.team, s.lowest, s.source, s.n_samples, s.seed));
    assert_ok(bnn_curvature_add(&curvature, p->data, &p->scaling, p->theta));
    if (curvature.full != NULL) mirror(curvature.n, curvature.full);
    for (size_t l = s.lowest; curvature.kron != NULL && l < p->net.n_layers; l++) {
        if (curvature.kron[l].a == NULL) continue;
        mirror(curvature.kron[l].n_in, curvature.kron[l].a);
        mirror(curvature.kron[l].n_out, curvature.kron[l].g);
    }
    return curvature;
}

/* ---- diag and full ---------------------------------------------------------------------------------------------------- */

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
    double *want = brute_force(point_of(p), p->net.layers[lowest].weight, source);
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

/* ---- the exact Hessian ----------------------------------------------------------------------------------------------- */

/* Second differences leave 1e-8. */
static const double second_tolerance = IS_DOUBLE ? 1e-6 : 1e-4;

static void assert_no_faults(size_t n, const double *got, const double *want, const char *what, const small_problem *p) {
    size_t wrong = count_apart(n, got, want, 1, second_tolerance);
    if (wrong > 0)
        fail_msg("%s Hessian, %s, %s: %zu of %zu entries are wrong", what, p->likelihood.row->head.name, p->net.layers[0].activation->head.name,
                 wrong, n);
    assert_true(count_apart(n, got, want, 2, second_tolerance) > 0 && count_apart(n, got, want, -1, second_tolerance) > 0);   /* planted faults */
}

static void check_hessian(const small_problem *p, size_t lowest) {
    double *want = brute_force_hessian(point_of(p), p->net.layers[lowest].weight);
    bnn_curvature full = curvature_of(p, (setting){ &bnn_full_structure, lowest, BNN_SOURCE_HESSIAN, 0, SEED });
    bnn_curvature diag = curvature_of(p, (setting){ &bnn_diag_structure, lowest, BNN_SOURCE_HESSIAN, 0, SEED });
    double *got = to_double(diag.n, diag.diag);
    assert_no_faults(full.n * full.n, full.full, want, "full", p);
    for (size_t i = 0; i < diag.n; i++) want[i] = want[i * diag.n + i];
    assert_no_faults(diag.n, got, want, "diagonal of the", p);
    free(got);
    free(want);
    bnn_curvature_free(&diag);
    bnn_curvature_free(&full);
}

static void hessian_equals_second_differences(void **state) {
    (void)state;
    for (size_t a = 0; bnn_activations[a] != NULL; a++)
        for (size_t l = 0; bnn_likelihoods[l] != NULL; l++)
            for (int has_bias = 0; has_bias < 2 && has_curvature(bnn_likelihoods[l]); has_bias++) {
                small_problem p;
                small_problem_make(&p, READ_SETS("net.hidden=4, 3", set_of("net.activation", bnn_activations[a]->name),
                                                 set_of("likelihood.name", bnn_likelihoods[l]->name), has_bias ? "" : "net.bias=no"),
                                   NULL, ROWS, FEATURES, 0);
                assert_far_from_kinks(&p);
                if (has_bias) add_weights(&p);
                check_hessian(&p, 0);
                check_hessian(&p, p.net.n_layers - 1);
                small_problem_free(&p);
            }
}

/* Several passes of rows, threads, and dropout layers, which are nothing here. */
static void hessian_of_many_rows_is_their_sum(void **state) {
    (void)state;
    bnn_team *team = NULL;
    small_problem p;
    assert_ok(bnn_team_make(&team, 3));
    small_problem_make(&p, READ_SETS("net.layers=dropout 0.1, dense 3 tanh, dropout 0.3, dense 4 tanh",
                                     "likelihood.name=categorical"), team, 150, FEATURES, 0);
    check_hessian(&p, 1);
    check_hessian(&p, 3);
    small_problem_free(&p);
    bnn_team_free(team);
}

/* 20 columns: more than wait for their products at a time. */
static void curvature_has_the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=5, 4", "net.activation=tanh", "likelihood.name=categorical"), NULL, 150, FEATURES, 0);
    const setting settings[] = { { &bnn_full_structure, 0, BNN_SOURCE_HESSIAN, 0, SEED }, { &bnn_diag_structure, 0, BNN_SOURCE_HESSIAN, 0, SEED },
                                 { &bnn_full_structure, 0, BNN_SOURCE_GGN, 20, SEED } };
    for (int k = 0; k < 6; k++) {
        bnn_team *team = NULL;
        bnn_curvature one = curvature_of(&p, settings[k / 2]);
        assert_ok(bnn_team_make(&team, k % 2 == 0 ? 2 : 7));
        p.problem.team = team;
        bnn_curvature many = curvature_of(&p, settings[k / 2]);
        if (one.full != NULL) assert_memory_equal(one.full, many.full, one.n * one.n * sizeof(double));
        else assert_memory_equal(one.diag, many.diag, one.n * sizeof(real));
        p.problem.team = NULL;
        bnn_curvature_free(&many);
        bnn_team_free(team);
        bnn_curvature_free(&one);
    }
    small_problem_free(&p);
}

/* ---- kron ------------------------------------------------------------------------------------------------------------ */

/* Sums of x x' (with 1 for the bias) and of J_b' S S' J_b, J_b = d f / d z, for the only layer of a linear net: z = f. */
static void linear_factors(const small_problem *p, double *a, double *g) {
    size_t k = p->net.n_outputs, n_in = FEATURES + 1;
    double *theta = to_double(p->net.n_weights, p->theta), x[FEATURES + 1] = { [FEATURES] = 1 }, f[16], column[16];
    real d[16 * 16];
    for (size_t i = 0; i < p->data->n_rows; i++) {
        memcpy(x, p->data->x + i * FEATURES, FEATURES * sizeof *x);
        naive_outputs(&p->net, theta, x, f);
        add_outer(n_in, weight_of(point_of(p), i), x, a);
        for (size_t c = 0, n = columns_of(point_of(p), BNN_SOURCE_GGN, i, f, d); c < n; c++) {
            for (size_t o = 0; o < k; o++) column[o] = (double)d[c * k + o];
            add_outer(k, weight_of(point_of(p), i), column, g);
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

/* 131 inputs: more than one block of rows of A. */
static void kron_factors_of_a_wide_layer_are_sums_of_outer_products(void **state) {
    enum { WIDE = 130, N = WIDE + 1 };
    (void)state;
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=", "likelihood.noise_sd=1"), NULL, 40, WIDE, 0);
    double *a = calloc(N * N, sizeof *a), x[N] = { [WIDE] = 1 };
    assert_non_null(a);
    for (size_t i = 0; i < p.data->n_rows; i++) {
        memcpy(x, p.data->x + i * WIDE, WIDE * sizeof *x);
        add_outer(N, 1, x, a);
    }
    bnn_curvature kron = curvature_of(&p, (setting){ &bnn_kron_structure, 0, BNN_SOURCE_GGN, 0, SEED });
    assert_matches(N, kron.kron[0].a, a, tolerance, "kron, wide", &p);
    free(a);
    bnn_curvature_free(&kron);
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
    double *full = brute_force(point_of(&p), 0, BNN_SOURCE_GGN);
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
        check_unbiased(&p, 20);            /* more columns than wait for their products at a time */
        small_problem_free(&p);
    }
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

static void kron_refuses_the_exact_hessian(void **state) {
    (void)state;
    small_problem p;
    bnn_curvature curvature = {0};
    small_problem_make(&p, READ_SETS("net.hidden=2"), NULL, ROWS, FEATURES, 0);
    assert_int_equal(bnn_curvature_make(&curvature, &bnn_kron_structure, &p.net, &p.likelihood, NULL, 0, BNN_SOURCE_HESSIAN, 0, SEED),
                     BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "diag or full"));
    small_problem_free(&p);
}

/* Of every structure and source: what was taken is what was forecast, but for the small change of lists and alignment. The forecasts are for
 * larger passes than those of the exact Hessian. */
static void forecasts_are_what_is_taken(void **state) {
    (void)state;
    enum { SLACK = 8192, THREADS = 3 };
    small_problem p;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, THREADS));
    small_problem_make(&p, READ_SETS("net.hidden=40, 70", "net.dropout=0.1", "likelihood.name=categorical"), team, ROWS, FEATURES, 0);
    for (int k = 0; bnn_structures[k / 4] != NULL; k++) {
        const bnn_structure_row *row = (const bnn_structure_row *)bnn_structures[k / 4];
        bnn_factor_source source = k % 2 == 0 ? BNN_SOURCE_GGN : BNN_SOURCE_HESSIAN;
        size_t lowest = k / 2 % 2 == 0 ? 0 : p.net.n_layers - 1;
        if (source == BNN_SOURCE_HESSIAN && row->hessian == NULL) continue;
        bnn_curvature curvature;
        assert_ok(bnn_curvature_make(&curvature, row, &p.net, &p.likelihood, p.problem.team, lowest, source, 0, SEED));
        double taken = (double)curvature.arena.bytes;
        double forecast = (double)(bnn_curvature_bytes(row, &p.net, lowest, source, THREADS) - row->later_bytes(&p.net, lowest));
        bool is_generous = source == BNN_SOURCE_HESSIAN;
        if (!(taken <= forecast + SLACK && (is_generous || forecast <= taken)))
            fail_msg("%s from layer %zu, source %d: %.0f bytes taken, %.0f forecast", row->head.name, lowest, source, taken, forecast);
        bnn_curvature_free(&curvature);
    }
    small_problem_free(&p);
    bnn_team_free(team);
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
        cmocka_unit_test(hessian_equals_second_differences),
        cmocka_unit_test(hessian_of_many_rows_is_their_sum),
        cmocka_unit_test(curvature_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(kron_factors_of_a_linear_net_are_sums_of_outer_products),
        cmocka_unit_test(kron_factors_of_a_wide_layer_are_sums_of_outer_products),
        cmocka_unit_test(kron_is_full_for_one_layer_and_one_row),
        cmocka_unit_test(kron_factors_of_inner_layers_equal_brute_force),
        cmocka_unit_test(curvature_from_sampled_labels_is_unbiased),
        cmocka_unit_test(likelihoods_without_curvature_are_refused_by_name),
        cmocka_unit_test(kron_refuses_the_exact_hessian),
        cmocka_unit_test(forecasts_are_what_is_taken),
        cmocka_unit_test(outputs_that_are_not_finite_end_it),
    };
    return RUN_INSIDE(tests);
}
