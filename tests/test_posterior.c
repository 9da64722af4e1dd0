/* A contract that every row of bnn_posteriors must keep: draws that are functions of (seed, draw), however they are cut, and that have
 * the mean and sd the row says. */
#include "random_factors.h"
#include "small_problem.h"

enum { NOISE = 2, STORED = 3, SAMPLES = 3000, SEED = 77 };

typedef struct posterior_case { bnn_config *config; bnn_net net; bnn_posterior posterior; } posterior_case;

static size_t first_layer(const posterior_case *t) { return bnn_net_first_with_weights(&t->net); }
static size_t last_layer(const posterior_case *t) { return t->net.n_layers - 1; }

/* Over a net that has dropout layers, for kinds that drop units; weights cross several tiles, except where factors grow with them. */
static void case_make(posterior_case *t, const bnn_posterior_row *row, size_t n_draws, size_t (*lowest)(const posterior_case *t)) {
    *t = (posterior_case){ .config = READ_SETS(row->lay_out == NULL ? "net.hidden=60, 10" : "net.hidden=8, 5", "net.dropout=0.3",
                                               "net.input_dropout=0.1") };
    assert_ok(bnn_net_make(&t->net, t->config, row->lay_out == NULL ? 40 : 6, 1));
    assert_ok(bnn_posterior_make(&t->posterior, row, t->net.n_weights, NOISE, n_draws));
    assert_ok(bnn_posterior_lay_out(&t->posterior, &t->net, lowest(t)));
    fill_factors(&t->posterior);
    for (size_t a = 0; a < t->posterior.n_arrays; a++) {
        bnn_posterior_array *array = &t->posterior.arrays[a];
        bnn_rng_normals(numbers_key((uint32_t)a), 0, array->copies * t->posterior.n_params, array->at);
        for (size_t i = 0; i < array->copies * t->posterior.n_params; i++) array->at[i] /= 2;
    }
}

static void case_free(posterior_case *t) {
    bnn_posterior_free(&t->posterior);
    bnn_net_free(&t->net);
    bnn_config_free(t->config);
}

static bool stores_vectors(const posterior_case *t) { return t->posterior.arrays[0].copies == STORED; }
static bool stores_draws(const posterior_case *t) { return t->posterior.row->is_list; }

/* Runs `check` for every row: with STORED vectors if it stores several, else with 0; with factors, also over the last layer alone. */
static void for_every_posterior(void (*check)(const posterior_case *t)) {
    for (size_t k = 0; bnn_posteriors[k] != NULL; k++) {
        const bnn_posterior_row *row = (const bnn_posterior_row *)bnn_posteriors[k];
        posterior_case t;
        case_make(&t, row, STORED, first_layer);
        if (!stores_vectors(&t)) {
            case_free(&t);
            case_make(&t, row, 0, first_layer);
        }
        check(&t);
        case_free(&t);
        if (row->lay_out == NULL) continue;
        case_make(&t, row, 0, last_layer);
        check(&t);
        case_free(&t);
    }
}

static void draw(const posterior_case *t, uint64_t seed, size_t s, size_t first, size_t n, real *out) {
    t->posterior.row->draw(&t->posterior, seed, s, first, n, out);
}

static real *take(bnn_arena *arena, const posterior_case *t) {
    real *v = BNN_TAKE(arena, t->posterior.n_params, real);
    assert_non_null(v);
    return v;
}

/* ---- draws as functions ---------------------------------------------------------------------------------------------- */

static void check_cuts(const posterior_case *t) {
    if (t->posterior.row->draws_whole) return;
    const size_t cuts[] = { 1, 7, 41, 64, 1000, 1024 };
    bnn_arena arena = {0};
    real *whole = take(&arena, t), *parts = take(&arena, t);
    size_t n = t->posterior.n_params;
    draw(t, SEED, 1, 0, n, whole);
    for (int k = 0; k < 6; k++) {
        for (size_t i = 0; i < n; i++) parts[i] = (real)NAN;
        for (size_t first = 0; first < n; first += cuts[k])
            draw(t, SEED, 1, first, n - first < cuts[k] ? n - first : cuts[k], parts + first);
        if (memcmp(whole, parts, n * sizeof *whole) != 0)
            fail_msg("%s: cuts of %zu give other bits", t->posterior.row->head.name, cuts[k]);
    }
    bnn_arena_free(&arena);
}

static void every_draw_is_the_same_however_cut(void **state) {
    (void)state;
    for_every_posterior(check_cuts);
}

static void check_identity(const posterior_case *t) {
    bnn_arena arena = {0};
    size_t bytes = t->posterior.n_params * sizeof(real);
    real *a = take(&arena, t), *b = take(&arena, t);
    draw(t, SEED, 0, 0, t->posterior.n_params, a);
    draw(t, SEED, 1, 0, t->posterior.n_params, b);
    assert_memory_not_equal(a, b, bytes);
    draw(t, SEED + 1, 0, 0, t->posterior.n_params, b);
    assert_int_equal(memcmp(a, b, bytes) == 0, stores_draws(t));
    draw(t, SEED, 0, 0, t->posterior.n_params, b);
    assert_memory_equal(a, b, bytes);
    bnn_arena_free(&arena);
}

static void every_draw_depends_on_its_number_and_the_seed_alone(void **state) {
    (void)state;
    for_every_posterior(check_identity);
}

/* ---- mean and sd ----------------------------------------------------------------------------------------------------- */

/* Mean and central moments of every parameter over all draws: [n_params] each. */
typedef struct moments { size_t n_draws; double *mean, *var, *fourth; bnn_arena arena; } moments;

static void moments_make(moments *m, const posterior_case *t) {
    size_t n = t->posterior.n_params;
    *m = (moments){ .n_draws = stores_draws(t) ? STORED : SAMPLES };
    m->mean = BNN_TAKE(&m->arena, n, double);
    m->var = BNN_TAKE(&m->arena, n, double);
    m->fourth = BNN_TAKE(&m->arena, n, double);
    real *w = take(&m->arena, t);
    for (int round = 0; round < 2; round++)              /* the mean first, then what lies around it */
        for (size_t s = 0; s < m->n_draws; s++) {
            draw(t, SEED, s, 0, n, w);
            for (size_t i = 0; i < n; i++) {
                double d = (double)w[i] - (round == 0 ? 0 : m->mean[i]), share = 1 / (double)m->n_draws;
                if (round == 0) m->mean[i] += share * d;
                else m->var[i] += share * d * d, m->fourth[i] += share * d * d * d * d;
            }
        }
}

/* Five standard errors; 3000 parameters pass that once in 600 tests. Stored draws: rounding alone. */
static double mean_bound(const moments *m, size_t i) {
    return m->n_draws == STORED ? 1e-6 : 5 * sqrt(m->var[i] / (double)m->n_draws) + 1e-6;
}

static size_t count_wrong_means(const moments *m, size_t n, const real *mean, double shift) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)mean[i] + shift - m->mean[i]) <= mean_bound(m, i))) wrong++;
    return wrong;
}

static void check_mean(const posterior_case *t) {
    moments m;
    moments_make(&m, t);
    size_t n = t->posterior.n_params;
    real *mean = take(&m.arena, t);
    t->posterior.row->mean(&t->posterior, mean);
    assert_int_equal(count_wrong_means(&m, n, mean, 0), 0);
    assert_true(count_wrong_means(&m, n, mean, 0.3) > n / 4);            /* a planted fault */
    for (size_t i = n - NOISE; i < n; i++) assert_true(stores_vectors(t) || m.var[i] < 1e-12);
    bnn_arena_free(&m.arena);
}

static void every_mean_is_that_of_the_draws(void **state) {
    (void)state;
    for_every_posterior(check_mean);
}

static size_t count_wrong_sds(const moments *m, size_t n, const real *sd, double factor) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        double want = factor * (double)sd[i];
        double var_of_square = fmax(m->fourth[i] - m->var[i] * m->var[i], 0);     /* rounding may leave it below 0 */
        if (!(fabs(want * want - m->var[i]) <= 5 * sqrt(var_of_square / (double)m->n_draws) + 1e-9)) wrong++;
    }
    return wrong;
}

static void check_sd(const posterior_case *t) {
    if (t->posterior.row->sd == NULL) return;
    moments m;
    moments_make(&m, t);
    size_t n = t->posterior.n_params, cut = n / 4, uncertain = 0;
    real *sd = take(&m.arena, t), *part = take(&m.arena, t);
    t->posterior.row->sd(&t->posterior, 0, n, sd);
    for (size_t i = 0; i < n; i++) uncertain += sd[i] > 0;
    assert_int_equal(count_wrong_sds(&m, n, sd, 1), 0);
    assert_true(count_wrong_sds(&m, n, sd, 1.2) > uncertain / 2);                /* a planted fault */
    t->posterior.row->sd(&t->posterior, cut, n - cut, part);
    assert_memory_equal(part, sd + cut, (n - cut) * sizeof *sd);
    bnn_arena_free(&m.arena);
}

static void every_sd_is_that_of_the_draws(void **state) {
    (void)state;
    for_every_posterior(check_sd);
}

/* ---- kinds over a span of layers ------------------------------------------------------------------------------------- */

/* Sums of squares and products of the deviations of the span's weights, over the draws: [span x span]; malloc. */
static double *covariance_of_draws(const posterior_case *t, size_t first) {
    const bnn_posterior *posterior = &t->posterior;
    size_t span = posterior->n_weights - first;
    bnn_arena arena = {0};
    real *w = take(&arena, t);
    const real *mean = posterior->arrays[0].at;
    double *cov = calloc(span * span, sizeof *cov);
    assert_non_null(cov);
    for (size_t s = 0; s < SAMPLES; s++) {
        draw(t, SEED, s, 0, posterior->n_params, w);
        assert_memory_equal(w, mean, first * sizeof *w);                  /* layers below the span are certain */
        for (size_t i = 0; i < span; i++)
            for (size_t j = 0; j < span; j++)
                cov[i * span + j] += (double)(w[first + i] - mean[first + i]) * (double)(w[first + j] - mean[first + j]) / SAMPLES;
    }
    bnn_arena_free(&arena);
    return cov;
}

/* Entries more than 5 standard errors away: var(c_ij) = (S_ii S_jj + S_ij^2) / samples for normals. */
static size_t count_wrong_covariances(size_t n, const double *got, const double *sigma, double factor) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double want = factor * sigma[i * n + j], vars = factor * factor * sigma[i * n + i] * sigma[j * n + j];
            if (!(fabs(got[i * n + j] - want) <= 5 * sqrt((vars + want * want) / SAMPLES) + 1e-9)) wrong++;
        }
    return wrong;
}

static void check_covariance(const posterior_case *t) {
    if (t->posterior.row->lay_out == NULL) return;
    size_t first = t->net.layers[t->posterior.lowest].weight, span = t->posterior.n_weights - first;
    double *got = covariance_of_draws(t, first), *sigma = dense_covariance(&t->posterior);
    assert_int_equal(count_wrong_covariances(span, got, sigma, 1), 0);
    assert_true(count_wrong_covariances(span, got, sigma, 1.25) > span / 2);       /* a planted fault */
    free(sigma);
    free(got);
}

static void every_covariance_is_the_inverse_of_the_stated_precision(void **state) {
    (void)state;
    for_every_posterior(check_covariance);
}

/* ---- each by itself -------------------------------------------------------------------------------------------------- */

/* Shares of a standard normal within 1 and 2 sd: .682689 and .954500. */
static void diag_draws_are_normal_with_sd_exp_log_sd(void **state) {
    (void)state;
    posterior_case t;
    case_make(&t, &bnn_diag_posterior, 0, first_layer);
    bnn_arena arena = {0};
    real *w = take(&arena, &t);
    const real *mean = t.posterior.arrays[0].at, *log_sd = t.posterior.arrays[1].at;
    double inside[2] = {0}, n = 0;
    const double share[2] = { 0.6826894921370859, 0.9544997361036416 };
    for (size_t s = 0; s < 100; s++) {
        draw(&t, SEED, s, 0, t.posterior.n_params, w);
        for (size_t i = 0; i < t.posterior.n_weights; i++, n++)
            for (int k = 0; k < 2; k++) inside[k] += fabs((double)w[i] - (double)mean[i]) < (k + 1) * exp((double)log_sd[i]);
    }
    for (int k = 0; k < 2; k++) assert_true(fabs(inside[k] / n - share[k]) <= 5 * sqrt(share[k] * (1 - share[k]) / n));
    bnn_arena_free(&arena);
    case_free(&t);
}

static void draws_come_back_in_turn(void **state) {
    (void)state;
    posterior_case t;
    case_make(&t, &bnn_draws_posterior, STORED, first_layer);
    bnn_arena arena = {0};
    real *w = take(&arena, &t);
    for (size_t s = 0; s < 2 * STORED; s++) {
        draw(&t, SEED, s, 0, t.posterior.n_params, w);
        assert_memory_equal(w, t.posterior.arrays[0].at + s % STORED * t.posterior.n_params, t.posterior.n_params * sizeof *w);
    }
    bnn_arena_free(&arena);
    case_free(&t);
}

/* Vector m of each array of a mixture, as a posterior of one normal. */
static bnn_posterior member_of(const posterior_case *t, size_t m) {
    bnn_posterior member;
    assert_ok(bnn_posterior_make(&member, &bnn_diag_posterior, t->posterior.n_weights, NOISE, 0));
    for (size_t a = 0; a < member.n_arrays; a++)
        memcpy(member.arrays[a].at, t->posterior.arrays[a].at + m * member.n_params, member.n_params * sizeof(real));
    return member;
}

static void mixtures_draw_from_their_members_in_turn(void **state) {
    (void)state;
    posterior_case t;
    case_make(&t, &bnn_mixture_posterior, STORED, first_layer);
    bnn_arena arena = {0};
    real *w = take(&arena, &t), *want = take(&arena, &t);
    for (size_t s = 0; s < 2 * STORED; s++) {
        bnn_posterior member = member_of(&t, s % STORED);
        draw(&t, SEED, s, 0, t.posterior.n_params, w);
        bnn_diag_posterior.draw(&member, SEED, s, 0, member.n_params, want);
        assert_memory_equal(w, want, member.n_params * sizeof *w);
        bnn_posterior_free(&member);
    }
    bnn_arena_free(&arena);
    case_free(&t);
}

/* A list has the draws it has; members of a mixture get equal shares; else as many as one likes. */
static void averages_take_equal_shares_of_what_is_stored(void **state) {
    (void)state;
    const struct { const bnn_posterior_row *row; size_t n_stored, wanted, n; } cases[] = {
        { &bnn_draws_posterior, STORED, 100, STORED }, { &bnn_draws_posterior, 1, 100, 1 }, { &bnn_diag_posterior, 0, 100, 100 },
        { &bnn_mixture_posterior, STORED, 100, 102 },  { &bnn_mixture_posterior, STORED, 99, 99 },
        { &bnn_mixture_posterior, STORED, 1, STORED } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        posterior_case t;
        case_make(&t, cases[k].row, cases[k].n_stored, first_layer);
        assert_int_equal(bnn_posterior_draws(&t.posterior, cases[k].wanted), cases[k].n);
        case_free(&t);
    }
}

/* A dropped unit's column is 0 in every row of the next layer's weights, all others are divided by what is kept. */
static void dropout_draws_drop_whole_units(void **state) {
    (void)state;
    posterior_case t;
    case_make(&t, &bnn_dropout_posterior, 0, first_layer);
    bnn_arena arena = {0};
    real *w = take(&arena, &t);
    const bnn_block *block = &t.net.blocks[2];           /* weights behind the first hidden layer, [10 x 60] */
    const real *theta = t.posterior.arrays[0].at + block->first;
    double dropped = 0;
    assert_true(block->shape[0] == 10 && block->shape[1] == 60);
    for (size_t s = 0; s < 200; s++) {
        draw(&t, SEED, s, 0, t.posterior.n_params, w);
        for (size_t col = 0; col < 60; col++) {
            bool is_dropped = w[block->first + col] == 0;
            dropped += is_dropped;
            for (size_t row = 0; row < 10; row++) {
                double want = is_dropped ? 0 : (double)theta[row * 60 + col] / 0.7;
                assert_close((double)w[block->first + row * 60 + col], want, 1e-6);
            }
        }
    }
    assert_true(fabs(dropped / 12000 - 0.3) <= 5 * sqrt(0.3 * 0.7 / 12000));
    bnn_arena_free(&arena);
    case_free(&t);
}

static void posteriors_are_found_by_name(void **state) {
    (void)state;
    for (size_t k = 0; bnn_posteriors[k] != NULL; k++)
        assert_ptr_equal(bnn_posterior_find(bnn_posteriors[k]->name), bnn_posteriors[k]);
    assert_null(bnn_posterior_find("diagonal"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_draw_is_the_same_however_cut),
        cmocka_unit_test(every_draw_depends_on_its_number_and_the_seed_alone),
        cmocka_unit_test(every_mean_is_that_of_the_draws),
        cmocka_unit_test(every_sd_is_that_of_the_draws),
        cmocka_unit_test(every_covariance_is_the_inverse_of_the_stated_precision),
        cmocka_unit_test(diag_draws_are_normal_with_sd_exp_log_sd),
        cmocka_unit_test(draws_come_back_in_turn),
        cmocka_unit_test(mixtures_draw_from_their_members_in_turn),
        cmocka_unit_test(averages_take_equal_shares_of_what_is_stored),
        cmocka_unit_test(dropout_draws_drop_whole_units),
        cmocka_unit_test(posteriors_are_found_by_name),
    };
    return RUN(tests);
}
