/* The negative log joint: its gradient over every activation x likelihood x prior, by differences in the double build and against a
 * naive net in both; the scaling of minibatches; and the naming of what is not finite.
 *
 * Differences: h = 6e-6, 12 rows, no input of a hidden unit within 1e-4 of 0, |g - g_fd| / (|g| + |g_fd|) <= 1e-6 per block. */
#include "small_problem.h"

enum { ROWS = 12, IN = 3 };

static const double close_to_naive = IS_DOUBLE ? 1e-12 : 1e-4;

/* ---- gradients over the cross product -------------------------------------------------------------------------------- */

typedef struct combination { const char *activation, *likelihood, *prior, *hidden, *bias, *noise; } combination;

static bnn_config *config_of(const combination *c) {
    return READ_SETS(set_of("net.activation", c->activation), set_of("likelihood.name", c->likelihood), set_of("prior.name", c->prior),
                     set_of("net.hidden", c->hidden), set_of("net.bias", c->bias), c->noise);
}

/* Other weights, until no hidden unit sits where a difference would straddle a kink. */
static void avoid_kinks(small_problem *p, naive_pass *naive) {
    for (uint32_t seed = 300;; seed++) {
        naive_forward(naive, &p->net, p->theta, ROWS, p->problem.x);
        if (naive->least_z > 1e-4) return;
        naive_free(naive);
        draw_theta(p, seed, p->theta);
    }
}

static double energy_at(small_problem *p, real *g) {
    double energy;
    assert_ok(bnn_problem_energy(&p->problem, p->theta, 0, NULL, &energy, g));
    return energy;
}

static void difference_quotients(small_problem *p, double *slopes) {
    const real h = (real)6e-6;
    real *unused = BNN_TAKE(&p->arena, p->problem.n_params, real);
    for (size_t i = 0; i < p->problem.n_params; i++) {
        real kept = p->theta[i], up = kept + h, down = kept - h;
        p->theta[i] = up;
        double above = energy_at(p, unused);
        p->theta[i] = down;
        slopes[i] = (above - energy_at(p, unused)) / ((double)up - (double)down);
        p->theta[i] = kept;
    }
}

/* What the energy's gradient should be: the naive net's, from the likelihood's own df and dnoise, and the prior's. */
static void naive_gradient(small_problem *p, naive_pass *naive, double *want) {
    const bnn_likelihood *likelihood = &p->likelihood;
    size_t n_f = ROWS * likelihood->n_outputs, n = p->net.n_weights;
    real *f = BNN_TAKE(&p->arena, n_f, real), *df = BNN_TAKE(&p->arena, n_f, real), *dprior = BNN_TAKE(&p->arena, n, real);
    double nll[ROWS];
    for (size_t i = 0; i < n_f; i++) f[i] = (real)naive->y[p->net.n_layers][i];
    likelihood->row->nll(likelihood, p->theta + n, ROWS, f, p->problem.y, nll, df, want + n);
    naive_backward(naive, &p->net, p->theta, ROWS, df);
    p->prior.row->add_grad(&p->prior, 1, 1, n, p->theta, dprior);
    for (size_t i = 0; i < n; i++) want[i] = naive->g[i] + (double)dprior[i];
}

static void check_gradients(const combination *c, const char *how, small_problem *p, real *g, const double *want, double tolerance) {
    const char *block = find_disagreement(&p->net, p->likelihood.n_noise, g, want, tolerance);
    if (block != NULL)
        fail_msg("%s, hidden \"%s\", bias %s, %s, %s, %s: gradient of %s, by %s", c->activation, c->hidden, c->bias, c->likelihood,
                 c->noise, c->prior, block, how);
    assert_faults_are_seen(&p->net, g, want, tolerance);
    for (size_t j = p->net.n_weights; j < p->problem.n_params; j++) {
        g[j] = -g[j];
        assert_string_equal(find_disagreement(&p->net, p->likelihood.n_noise, g, want, tolerance), "noise");
        g[j] = -g[j];
    }
}

static void check_combination(const combination *c) {
    small_problem p;
    naive_pass naive;
    small_problem_make(&p, config_of(c), NULL, ROWS, IN, 0);
    avoid_kinks(&p, &naive);
    real *g = BNN_TAKE(&p.arena, p.problem.n_params, real);
    double *want = BNN_TAKE(&p.arena, p.problem.n_params, double);
    energy_at(&p, g);
    naive_gradient(&p, &naive, want);
    check_gradients(c, "the naive net", &p, g, want, close_to_naive);
    if (IS_DOUBLE) {
        difference_quotients(&p, want);
        check_gradients(c, "differences", &p, g, want, 1e-6);
    }
    naive_free(&naive);
    small_problem_free(&p);
}

/* Every likelihood, and once more with fixed noise where noise can be fixed. */
static void with_every_likelihood(combination c) {
    for (size_t l = 0; bnn_likelihoods[l] != NULL; l++) {
        c.likelihood = bnn_likelihoods[l]->name;
        c.noise = "";
        check_combination(&c);
        c.noise = "likelihood.noise_sd=0.7";
        if (has_option(bnn_likelihoods[l], "noise_sd")) check_combination(&c);
    }
}

static void every_combination_has_the_right_gradient(void **state) {
    (void)state;
    const char *hidden[] = { "", "5", "6, 4" }, *bias[] = { "yes", "no" };
    for (size_t a = 0; bnn_activations[a] != NULL; a++)
        for (size_t p = 0; bnn_priors[p] != NULL; p++)
            for (int h = 0; h < 3; h++)
                for (int b = 0; b < 2; b++)
                    with_every_likelihood((combination){ .activation = bnn_activations[a]->name, .prior = bnn_priors[p]->name,
                                                         .hidden = hidden[h], .bias = bias[b] });
}

/* ---- the terms ------------------------------------------------------------------------------------------------------- */

/* A regression with learnt noise and a net of two hidden layers. */
static void make_plain(small_problem *p, bnn_team *team, size_t n_rows, size_t max_rows) {
    small_problem_make(p, READ_SETS("net.hidden=6, 4", "net.activation=tanh"), team, n_rows, IN, max_rows);
}

static double nll_of(small_problem *p, size_t n, const size_t *rows, real *g) {
    bnn_sink sink = bnn_sink_accumulate(g);
    double nll;
    if (g != NULL) memset(g, 0, p->problem.n_params * sizeof *g);
    assert_ok(bnn_problem_nll(&p->problem, p->theta, n, rows, g == NULL ? NULL : &sink, &nll));
    return nll;
}

static void energy_is_nll_plus_prior(void **state) {
    (void)state;
    small_problem p;
    make_plain(&p, NULL, ROWS, 0);
    real *g = BNN_TAKE(&p.arena, p.problem.n_params, real);
    double prior = bnn_problem_neg_log_prior(&p.problem, p.theta);
    assert_close(prior, -p.prior.row->log_prob(&p.prior, 1, p.net.n_weights, p.theta), 1e-14);
    assert_close(energy_at(&p, g), nll_of(&p, 0, NULL, NULL) + prior, 1e-14);
    small_problem_free(&p);
}

static void prior_scales_of_blocks_reach_value_and_gradient(void **state) {
    (void)state;
    small_problem p;
    make_plain(&p, NULL, ROWS, 0);
    double *scale = BNN_TAKE(&p.arena, p.net.n_blocks, double), want = 0;
    real *g = BNN_TAKE(&p.arena, p.net.n_weights, real), *whole = BNN_TAKE(&p.arena, p.net.n_weights, real);
    for (size_t b = 0; b < p.net.n_blocks; b++) {
        const bnn_block *block = &p.net.blocks[b];
        scale[b] = 1 + (double)b;
        want -= p.prior.row->log_prob(&p.prior, scale[b], block->n, p.theta + block->first);
        p.prior.row->add_grad(&p.prior, scale[b], 2, block->n, p.theta + block->first, g + block->first);
    }
    p.problem.prior_scale = scale;
    assert_close(bnn_problem_neg_log_prior(&p.problem, p.theta), want, 1e-14);
    for (size_t first = 0; first < p.net.n_weights; first += 7) {        /* spans that straddle blocks */
        size_t n = p.net.n_weights - first < 7 ? p.net.n_weights - first : 7;
        bnn_problem_add_prior_grad(&p.problem, 2, first, n, p.theta + first, whole + first);
    }
    assert_memory_equal(whole, g, p.net.n_weights * sizeof(real));
    small_problem_free(&p);
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

enum { MANY = 24, BATCHES = 4 };

static const double batch_tolerance = IS_DOUBLE ? 1e-12 : 2e-6;

/* Mean of value and gradient over BATCHES equal batches that hold every row once, in a mixed order. */
static double mean_over_batches(small_problem *p, real *g, double *mean_g) {
    size_t rows[MANY], n = MANY / BATCHES;
    double mean = 0;
    for (size_t i = 0; i < MANY; i++) rows[i] = i * 7 % MANY;
    for (size_t b = 0; b < BATCHES; b++) {
        mean += nll_of(p, n, rows + b * n, g) / BATCHES;
        for (size_t i = 0; i < p->problem.n_params; i++) mean_g[i] += (double)g[i] / BATCHES;
    }
    return mean;
}

static void check_batches(bnn_config *config) {
    small_problem p;
    small_problem_make(&p, config, NULL, MANY, IN, 0);
    real *g = BNN_TAKE(&p.arena, p.problem.n_params, real);
    double *mean_g = BNN_TAKE(&p.arena, p.problem.n_params, double);
    double mean = mean_over_batches(&p, g, mean_g), whole = nll_of(&p, 0, NULL, g);
    assert_close(mean, whole, 1e-12);
    assert_null(find_disagreement(&p.net, p.likelihood.n_noise, g, mean_g, batch_tolerance));
    assert_faults_are_seen(&p.net, g, mean_g, batch_tolerance);
    small_problem_free(&p);
}

typedef struct spans { size_t n, most; } spans;

static void count_span(void *context, size_t first, size_t n, real *g) {
    spans *seen = context;
    (void)first, (void)g;
    seen->n++;
    if (n > seen->most) seen->most = n;
}

static spans spans_of(const char *hidden) {
    small_problem p;
    spans seen = {0};
    bnn_sink sink = { count_span, &seen };
    double nll;
    small_problem_make(&p, READ_SETS(set_of("net.hidden", hidden)), NULL, ROWS, IN, 0);
    assert_ok(bnn_problem_nll(&p.problem, p.theta, 0, NULL, &sink, &nll));
    seen.most = seen.most == p.net.n_weights;
    small_problem_free(&p);
    return seen;
}

/* 600 hidden units: more than 1024 weights, in seven tiles of 96 units, each with its biases, and the last layer's two blocks */
static void a_small_net_hands_out_one_span_and_the_noise(void **state) {
    (void)state;
    spans small = spans_of("6, 4"), large = spans_of("600");
    assert_int_equal(small.n, 2);
    assert_int_equal(small.most, 1);
    assert_int_equal(large.n, 2 * 7 + 2 + 1);
    assert_int_equal(large.most, 0);
}

static void batches_average_to_the_whole_set(void **state) {
    (void)state;
    for (size_t l = 0; bnn_likelihoods[l] != NULL; l++)
        check_batches(READ_SETS("net.hidden=5", set_of("likelihood.name", bnn_likelihoods[l]->name)));
}

static void one_row_counts_n_times(void **state) {
    (void)state;
    small_problem p;
    make_plain(&p, NULL, ROWS, 0);
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double nll = nll_of(&p, 1, &i, NULL);
        assert_close(nll, ROWS * p.problem.row_nll[0], 1e-14);
        sum += nll / ROWS;
    }
    assert_close(sum, nll_of(&p, 0, NULL, NULL), IS_DOUBLE ? 1e-13 : 1e-6);
    small_problem_free(&p);
}

/* 600 rows of 40 numbers are gathered by the team. */
static void every_row_of_a_large_batch_is_the_one_asked_for(void **state) {
    (void)state;
    enum { ALL = 700, FEW = 600 };
    size_t rows[FEW];
    double whole[ALL];
    small_problem p;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, 3));
    small_problem_make(&p, READ_SETS("net.hidden=4"), team, ALL, 40, 0);
    nll_of(&p, 0, NULL, NULL);
    memcpy(whole, p.problem.row_nll, sizeof whole);
    for (size_t i = 0; i < FEW; i++) rows[i] = 11 * i % ALL;
    nll_of(&p, FEW, rows, NULL);
    for (size_t i = 0; i < FEW; i++) assert_close(p.problem.row_nll[i], whole[rows[i]], IS_DOUBLE ? 1e-12 : 1e-4);
    small_problem_free(&p);
    bnn_team_free(team);
}

static void several_passes_give_what_one_gives(void **state) {
    (void)state;
    const size_t rows[] = { 3, 1, 20, 7, 8, 9, 0, 5, 5, 23, 11 }, n = sizeof rows / sizeof *rows;
    small_problem one, many;
    make_plain(&one, NULL, MANY, 0);
    make_plain(&many, NULL, MANY, 4);
    assert_int_equal(bnn_problem_passes(&one.problem, MANY), 1);
    assert_int_equal(bnn_problem_passes(&many.problem, MANY), 6);
    assert_int_equal(bnn_problem_passes(&many.problem, n), 3);
    real *g1 = BNN_TAKE(&one.arena, one.problem.n_params, real), *g6 = BNN_TAKE(&one.arena, one.problem.n_params, real);
    double *want = BNN_TAKE(&one.arena, one.problem.n_params, double);
    for (int k = 0; k < 2; k++) {
        const size_t *list = k == 0 ? NULL : rows;
        assert_close(nll_of(&many, n, list, g6), nll_of(&one, n, list, g1), IS_DOUBLE ? 1e-13 : 1e-6);
        for (size_t i = 0; i < one.problem.n_params; i++) want[i] = (double)g1[i];
        assert_null(find_disagreement(&one.net, one.likelihood.n_noise, g6, want, batch_tolerance));
        assert_close(nll_of(&many, n, list, NULL), nll_of(&one, n, list, NULL), IS_DOUBLE ? 1e-13 : 1e-6);
    }
    small_problem_free(&one);
    small_problem_free(&many);
}

/* Images stay bytes: the same numbers as doubles give the same nll. */
static void bytes_give_what_doubles_give(void **state) {
    (void)state;
    small_problem p;
    make_plain(&p, NULL, MANY, 5);
    const size_t rows[] = { 4, 2, 23, 0, 0, 9, 17 };
    uint8_t bytes[MANY * IN];
    double doubles[MANY * IN];
    bnn_dataset data = *p.data;
    double nll[2][2];
    for (size_t i = 0; i < MANY * IN; i++) doubles[i] = bytes[i] = (uint8_t)(i * 37 % 256);
    bnn_scaling scaling;
    for (int k = 0; k < 2; k++) {
        data.x = k == 0 ? doubles : NULL;
        data.x_bytes = k == 0 ? NULL : bytes;
        assert_ok(bnn_scaling_fit(&scaling, &data, "divide:126", "none"));
        bnn_problem problem;
        assert_ok(bnn_problem_make(&problem, &p.net, &p.likelihood, &p.prior, &data, &scaling, NULL, 5));
        assert_ok(bnn_problem_nll(&problem, p.theta, 0, NULL, NULL, &nll[k][0]));
        assert_ok(bnn_problem_nll(&problem, p.theta, 7, rows, NULL, &nll[k][1]));
        bnn_problem_free(&problem);
        bnn_scaling_free(&scaling);
    }
    assert_close(nll[1][0], nll[0][0], IS_DOUBLE ? 1e-13 : 1e-6);
    assert_close(nll[1][1], nll[0][1], IS_DOUBLE ? 1e-13 : 1e-6);
    assert_true(fabs(nll[0][0] - nll[0][1]) > 1e-3);
    small_problem_free(&p);
}

static void threads_do_not_change_the_bits(void **state) {
    (void)state;
    real *g[2];
    double energy[2];
    small_problem p[2];
    for (int k = 0; k < 2; k++) {
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, 1 + 3 * k));
        small_problem_make(&p[k], READ_SETS("net.hidden=130, 50"), team, 700, IN, 300);
        g[k] = BNN_TAKE(&p[k].arena, p[k].problem.n_params, real);
        energy[k] = energy_at(&p[k], g[k]);
        bnn_team_free(team);
    }
    assert_true(energy[0] == energy[1]);
    assert_memory_equal(g[0], g[1], p[0].problem.n_params * sizeof(real));
    for (int k = 0; k < 2; k++) small_problem_free(&p[k]);
}

/* ---- what is not finite ---------------------------------------------------------------------------------------------- */

static void never(void *context, size_t first, size_t n, real *g) {
    (void)context, (void)first, (void)n, (void)g;
    fail_msg("a gradient was handed out");
}

static void assert_fails_naming(small_problem *p, const char *what) {
    const bnn_sink sink = { never, NULL };
    double nll;
    assert_int_equal(bnn_problem_nll(&p->problem, p->theta, 0, NULL, &sink, &nll), BNN_ERR_NUMERIC);
    if (strstr(bnn_error_text(), what) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), what);
}

static void a_weight_that_is_not_finite_names_its_block(void **state) {
    (void)state;
    const real bad[] = { (real)NAN, (real)INFINITY, (real)-INFINITY };
    small_problem p;
    make_plain(&p, NULL, ROWS, 5);
    for (size_t b = 0; b <= p.net.n_blocks; b++)
        for (int k = 0; k < 3; k++) {
            bool is_noise = b == p.net.n_blocks;
            size_t at = is_noise ? p.net.n_weights : p.net.blocks[b].first + p.net.blocks[b].n - 1;
            real kept = p.theta[at];
            double nll;
            p.theta[at] = bad[k];
            /* tanh makes an infinite weight finite again before the last layer: then there is nothing to report */
            if (isnan(bad[k])) assert_fails_naming(&p, is_noise ? "block likelihood.log_noise_sd" : p.net.blocks[b].name);
            else if (bnn_problem_nll(&p.problem, p.theta, 0, NULL, NULL, &nll) != BNN_OK)
                assert_fails_naming(&p, is_noise ? "block likelihood.log_noise_sd" : p.net.blocks[b].name);
            p.theta[at] = kept;
        }
    assert_true(isfinite(nll_of(&p, 0, NULL, NULL)));
    small_problem_free(&p);
}

static void an_overflow_names_the_layer(void **state) {
    (void)state;
    const real huge = (real)(IS_DOUBLE ? 1e300 : 1e37);
    small_problem p;
    small_problem_make(&p, READ_SETS("net.hidden=4", "net.activation=identity"), NULL, ROWS, IN, 0);
    const bnn_block *first = &p.net.blocks[0], *last = &p.net.blocks[2];
    assert_string_equal(last->name, "1.weight");
    for (size_t i = 0; i < first->n; i++) p.theta[first->first + i] = huge;
    for (size_t i = 0; i < last->n; i++) p.theta[last->first + i] = huge;
    assert_fails_naming(&p, "outputs of block 1.weight overflowed");
    p.problem.x[0] = huge;
    assert_fails_naming(&p, "outputs of block 0.weight overflowed");
    small_problem_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_has_the_right_gradient),
        cmocka_unit_test(energy_is_nll_plus_prior),
        cmocka_unit_test(prior_scales_of_blocks_reach_value_and_gradient),
        cmocka_unit_test(a_small_net_hands_out_one_span_and_the_noise),
        cmocka_unit_test(batches_average_to_the_whole_set),
        cmocka_unit_test(one_row_counts_n_times),
        cmocka_unit_test(every_row_of_a_large_batch_is_the_one_asked_for),
        cmocka_unit_test(several_passes_give_what_one_gives),
        cmocka_unit_test(bytes_give_what_doubles_give),
        cmocka_unit_test(threads_do_not_change_the_bits),
        cmocka_unit_test(a_weight_that_is_not_finite_names_its_block),
        cmocka_unit_test(an_overflow_names_the_layer),
    };
    return RUN_INSIDE(tests);
}
