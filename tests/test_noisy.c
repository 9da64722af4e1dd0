/* Passes that sample outputs instead of weights (local_reparam, flipout): against a naive net in double that is told the same noise, by
 * differences, by their moments, and the noise itself: one of its own for every row, mirrored in antithetic pairs. */
#include "small_problem.h"
#include "estimator/estimator.h"

static const bnn_noise_kind kinds[] = { BNN_NOISE_LOCAL, BNN_NOISE_FLIPOUT };

/* ---- a net and a pass ------------------------------------------------------------------------------------------------ */

typedef struct shape { size_t n_rows, n_in; const char *hidden; size_t n_out; } shape;

typedef struct noisy {
    bnn_config   *config;
    bnn_net       net;
    bnn_workspace workspace;
    bnn_team     *team;
    bnn_arena     arena;
    bnn_pass      pass;
    size_t        n_rows;
    real         *x, *df;              /* df = d objective / d outputs             */
    real         *theta, *second;
    real         *g, *g2;              /* d objective / d theta and / d second     */
} noisy;

/* Means of sd 1 / sqrt(fan_in), biases too; variances up to a few / fan_in, or perturbations of either sign. */
static void draw_weights(noisy *t, bool is_local) {
    bnn_rng_normals(numbers_key(1), 0, t->net.n_weights, t->theta);
    bnn_rng_normals(numbers_key(2), 0, t->net.n_weights, t->second);
    for (size_t b = 0; b < t->net.n_blocks; b++) {
        const bnn_block *block = &t->net.blocks[b];
        real fan_in = (real)block->fan_in;
        for (size_t i = block->first; i < block->first + block->n; i++) {
            t->theta[i] /= (real)sqrt((double)fan_in);
            t->second[i] = is_local ? ((real)0.2 + t->second[i] * t->second[i]) / fan_in : t->second[i] / (real)sqrt((double)fan_in);
        }
    }
}

static void noisy_make(noisy *t, const shape *s, bnn_noise_kind kind, const char *activation, const char *bias, int n_threads) {
    *t = (noisy){ .n_rows = s->n_rows };
    t->config = READ_SETS(set_of("net.hidden", s->hidden), set_of("net.activation", activation), set_of("net.bias", bias));
    assert_ok(bnn_team_make(&t->team, n_threads));
    assert_ok(bnn_net_make(&t->net, t->config, s->n_in, s->n_out));
    bnn_workspace_take(&t->workspace, &t->arena, &t->net, s->n_rows, n_threads);
    bnn_workspace_take_noise(&t->workspace, &t->arena, &t->net);
    real **of_weights[] = { &t->theta, &t->second, &t->g, &t->g2 };
    for (int i = 0; i < 4; i++) *of_weights[i] = BNN_TAKE(&t->arena, t->net.n_weights, real);
    t->x = BNN_TAKE(&t->arena, s->n_rows * s->n_in, real);
    t->df = BNN_TAKE(&t->arena, s->n_rows * s->n_out, real);
    assert_false(t->arena.has_failed);
    draw_weights(t, kind == BNN_NOISE_LOCAL);
    bnn_rng_normals(numbers_key(3), 0, s->n_rows * s->n_in, t->x);
    bnn_rng_normals(numbers_key(4), 0, s->n_rows * s->n_out, t->df);
    t->pass = (bnn_pass){ .theta = t->theta, .noise = kind, .second = t->second, .is_training = true, .key = numbers_key(5) };
}

static void noisy_free(noisy *t) {
    bnn_net_free(&t->net);
    bnn_team_free(t->team);
    bnn_config_free(t->config);
    bnn_arena_free(&t->arena);
}

static bnn_mat forward(noisy *t) { return bnn_net_forward_pass(&t->net, &t->workspace, t->team, t->pass, t->n_rows, t->x); }

static void take_pair(void *context, size_t first, size_t n, real *g) {
    noisy *t = context;
    for (size_t i = 0; i < n; i++) {
        t->g[first + i] += g[i];
        t->g2[first + i] += g[n + i];
    }
}

static void backward(noisy *t) {
    bnn_sink sink = { take_pair, t };
    bnn_net_backward_pass(&t->net, &t->workspace, t->team, t->pass, t->n_rows, t->x, t->df, &sink);
}

/* ---- the naive net --------------------------------------------------------------------------------------------------- */

/* z = x A' + b + c h (xq B' + b2), c = 2 (local) or 1 (flipout), with h and q as the pass left them. */

typedef struct naive_noisy {
    double *y[NAIVE_LAYERS + 1], *z[NAIVE_LAYERS], *h[NAIVE_LAYERS], *q[NAIVE_LAYERS];
    double *g, *g2;
    double  least_z;                   /* as in naive_pass */
    bnn_arena arena;
} naive_noisy;

static double *copy(bnn_arena *arena, size_t n, const real *from) {
    double *to = BNN_TAKE(arena, n, double);
    assert_non_null(to);
    for (size_t i = 0; i < n; i++) to[i] = (double)from[i];
    return to;
}

/* xq of input k in row i */
static double second_input(const noisy *t, const naive_noisy *naive, size_t l, size_t at) {
    double x = naive->y[l][at];
    return t->pass.noise == BNN_NOISE_LOCAL ? x * x : x * naive->q[l][at];
}

static void naive_unit(const noisy *t, naive_noisy *naive, size_t l, size_t i, size_t j) {
    const bnn_layer *layer = &t->net.layers[l];
    size_t in = layer->n_in, at = i * layer->n_out + j, w = layer->weight + j * in;
    double mean = layer->has_bias ? (double)t->theta[layer->bias + j] : 0, u = layer->has_bias ? (double)t->second[layer->bias + j] : 0;
    for (size_t k = 0; k < in; k++) {
        mean += naive->y[l][i * in + k] * (double)t->theta[w + k];
        u += second_input(t, naive, l, i * in + k) * (double)t->second[w + k];
    }
    naive->z[l][at] = mean + (t->pass.noise == BNN_NOISE_LOCAL ? 2 : 1) * naive->h[l][at] * u;
    naive->y[l + 1][at] = naive_activation_of(layer->activation)->at(naive->z[l][at]);
    if (l + 1 < t->net.n_layers) naive->least_z = fmin(naive->least_z, fabs(naive->z[l][at]));
}

/* After forward, before backward, which overwrites h. */
static void naive_noisy_forward(naive_noisy *naive, const noisy *t) {
    size_t n = t->n_rows;
    *naive = (naive_noisy){ .least_z = INFINITY };
    assert_true(t->net.n_layers <= NAIVE_LAYERS);
    naive->y[0] = copy(&naive->arena, n * t->net.n_inputs, t->x);
    for (size_t l = 0; l < t->net.n_layers; l++) {
        const bnn_layer *layer = &t->net.layers[l];
        naive->h[l] = copy(&naive->arena, n * layer->n_out, t->workspace.noise[l].h);
        naive->q[l] = copy(&naive->arena, n * layer->n_in, t->workspace.noise[l].q);
        naive->z[l] = BNN_TAKE(&naive->arena, n * layer->n_out, double);
        naive->y[l + 1] = BNN_TAKE(&naive->arena, n * layer->n_out, double);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < layer->n_out; j++) naive_unit(t, naive, l, i, j);
    }
}

/* Adds what unit j of row i gives to all gradients. */
static void naive_unit_back(const noisy *t, naive_noisy *naive, size_t l, size_t i, size_t j, double dy, double *dx) {
    const bnn_layer *layer = &t->net.layers[l];
    size_t in = layer->n_in, at = i * layer->n_out + j, w = layer->weight + j * in;
    double dz = dy * naive_activation_of(layer->activation)->slope(naive->z[l][at]), e = dz * naive->h[l][at];
    if (layer->has_bias) {
        naive->g[layer->bias + j] += dz;
        naive->g2[layer->bias + j] += e;
    }
    for (size_t k = 0; k < in; k++) {
        double x = naive->y[l][i * in + k], dxq = t->pass.noise == BNN_NOISE_LOCAL ? 2 * x : naive->q[l][i * in + k];
        naive->g[w + k] += dz * x;
        naive->g2[w + k] += e * second_input(t, naive, l, i * in + k);
        dx[i * in + k] += dz * (double)t->theta[w + k] + e * (double)t->second[w + k] * dxq;
    }
}

static void naive_noisy_backward(naive_noisy *naive, const noisy *t) {
    double *dy = copy(&naive->arena, t->n_rows * t->net.n_outputs, t->df);
    naive->g = BNN_TAKE(&naive->arena, t->net.n_weights, double);
    naive->g2 = BNN_TAKE(&naive->arena, t->net.n_weights, double);
    for (size_t l = t->net.n_layers; l-- > 0;) {
        const bnn_layer *layer = &t->net.layers[l];
        double *dx = BNN_TAKE(&naive->arena, t->n_rows * layer->n_in, double);
        for (size_t i = 0; i < t->n_rows; i++)
            for (size_t j = 0; j < layer->n_out; j++) naive_unit_back(t, naive, l, i, j, dy[i * layer->n_out + j], dx);
        dy = dx;
    }
}

static void check_gradients(noisy *t, const double *g, const double *g2, double tolerance, const char *how) {
    const char *block = find_disagreement(&t->net, 0, t->g, g, tolerance);
    if (block != NULL) fail_msg("noise %d, %s: gradient of the mean of %s", t->pass.noise, how, block);
    block = find_disagreement(&t->net, 0, t->g2, g2, tolerance);
    if (block != NULL) fail_msg("noise %d, %s: gradient of the second of %s", t->pass.noise, how, block);
    assert_faults_are_seen(&t->net, t->g, g, tolerance);
    assert_faults_are_seen(&t->net, t->g2, g2, tolerance);
}

static void check_shape(const shape *s, bnn_noise_kind kind, const char *activation, const char *bias, int n_threads) {
    const double tolerance = IS_DOUBLE ? 1e-12 : 1e-4;
    noisy t;
    naive_noisy naive;
    noisy_make(&t, s, kind, activation, bias, n_threads);
    bnn_mat f = forward(&t);
    naive_noisy_forward(&naive, &t);
    naive_noisy_backward(&naive, &t);
    double error = disagreement(f.rows * f.cols, f.at, naive.y[t.net.n_layers]);
    if (!(error <= tolerance)) fail_msg("noise %d, outputs, %zu rows, hidden \"%s\": off by %g", kind, s->n_rows, s->hidden, error);
    backward(&t);
    check_gradients(&t, naive.g, naive.g2, tolerance, s->hidden);
    bnn_arena_free(&naive.arena);
    noisy_free(&t);
}

/* Around the tile sizes of dense.h, 96 units, 256 rows and 32 rows; the larger ones are shared out among threads. */
static void noisy_nets_match_a_naive_net_across_tile_borders(void **state) {
    static const shape shapes[] = {
        { 1, 1, "", 1 }, { 3, 97, "", 96 }, { 33, 4, "6, 5", 2 }, { 257, 97, "97", 2 }, { 256, 96, "97", 97 },
    };
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int k = 0; k < 2; k++) {
            check_shape(&shapes[s], kinds[k], "tanh", "yes", 1);
            check_shape(&shapes[s], kinds[k], "sigmoid", "no", 3);
        }
    for (int k = 0; k < 2; k++) {
        check_shape(&shapes[2], kinds[k], "relu", "yes", 1);
        check_shape(&shapes[2], kinds[k], "relu", "no", 1);
    }
}

static void signs_of_flipout_are_signs(void **state) {
    noisy t;
    (void)state;
    noisy_make(&t, &(shape){ 40, 7, "9", 3 }, BNN_NOISE_FLIPOUT, "tanh", "yes", 1);
    forward(&t);
    for (size_t l = 0; l < 2; l++) {
        const bnn_layer *layer = &t.net.layers[l];
        for (size_t i = 0; i < 40 * layer->n_in; i++) assert_true(fabs((double)t.workspace.noise[l].q[i]) == 1);
        for (size_t i = 0; i < 40 * layer->n_out; i++) assert_true(fabs((double)t.workspace.noise[l].h[i]) == 1);
    }
    noisy_free(&t);
}

/* ---- differences, at a fixed key ------------------------------------------------------------------------------------- */

static double weighted_outputs(noisy *t) {
    bnn_mat f = forward(t);
    double sum = 0;
    for (size_t i = 0; i < f.rows * f.cols; i++) sum += (double)t->df[i] * (double)f.at[i];
    return sum;
}

static double *difference_quotients(noisy *t, real *v) {
    const real h = (real)(IS_DOUBLE ? 6e-6 : 0x1p-7);
    double *slopes = BNN_TAKE(&t->arena, t->net.n_weights, double);
    for (size_t i = 0; i < t->net.n_weights; i++) {
        real kept = v[i], up = kept + h, down = kept - h;
        v[i] = up;
        double above = weighted_outputs(t);
        v[i] = down;
        slopes[i] = (above - weighted_outputs(t)) / ((double)up - (double)down);
        v[i] = kept;
    }
    return slopes;
}

/* Other noise, until no hidden unit sits where a difference would straddle a kink. */
static void avoid_kinks(noisy *t) {
    naive_noisy naive = {0};
    for (uint32_t step = 10; naive.least_z < 1e-3; step++) {
        t->pass.key = numbers_key(step);
        forward(t);
        naive_noisy_forward(&naive, t);
        bnn_arena_free(&naive.arena);
    }
}

static void noisy_gradients_match_differences(void **state) {
    static const char *const activations[] = { "tanh", "relu" }, *const bias[] = { "yes", "no" };
    (void)state;
    for (int i = 0; i < 8; i++) {
        if (!IS_DOUBLE && i / 2 % 2 == 1) continue;      /* the wide differences of float straddle kinks */
        noisy t;
        noisy_make(&t, &(shape){ 9, 3, "6, 5", 2 }, kinds[i % 2], activations[i / 2 % 2], bias[i / 4], 1);
        avoid_kinks(&t);
        const double *g = difference_quotients(&t, t.theta), *g2 = difference_quotients(&t, t.second);
        forward(&t);
        backward(&t);
        check_gradients(&t, g, g2, IS_DOUBLE ? 1e-6 : 5e-3, "differences");
        noisy_free(&t);
    }
}

/* ---- moments of a linear layer's outputs ----------------------------------------------------------------------------- */

enum { ROWS = 2, IN = 4, OUT = 3, N_F = ROWS * OUT };

/* Each estimator samples outputs of one distribution in its own way. */
typedef struct way { const bnn_estimator_row *row; bnn_noise_kind kind; bool shares_weights; } way;

static const way ways[] = {
    { &bnn_reparam_estimator, BNN_NOISE_NONE, true },
    { &bnn_local_reparam_estimator, BNN_NOISE_LOCAL, false },
    { &bnn_flipout_estimator, BNN_NOISE_FLIPOUT, false },
};

typedef struct moments { double n, sum[N_F], products[N_F][N_F]; } moments;

/* A linear problem with spreads about exp(-1). */
static void linear_make(small_problem *p, real *log_sd) {
    small_problem_make(p, READ_SETS("net.hidden=", "likelihood.name=categorical"), NULL, ROWS, IN, 0);
    assert_true(p->net.n_outputs == OUT && p->problem.n_params == p->net.n_weights);
    bnn_rng_normals(numbers_key(6), 0, p->net.n_weights, log_sd);
    for (size_t i = 0; i < p->net.n_weights; i++) log_sd[i] = -1 + log_sd[i] * (real)0.3;
}

static void sample_outputs(moments *m, const way *how, uint64_t seed, long n) {
    small_problem p;
    real log_sd[OUT * IN + OUT];
    bnn_estimator e;
    linear_make(&p, log_sd);
    assert_ok(bnn_estimator_make(&e, how->row, &p.problem, p.theta, log_sd));
    e.seed = seed;
    *m = (moments){ .n = (double)n };
    for (uint64_t step = 1; step <= (uint64_t)n; step++) {
        how->row->redraw(&e, step, 0, p.net.n_weights);
        bnn_pass pass = { .theta = how->kind == BNN_NOISE_NONE ? e.draw : p.theta, .noise = how->kind, .second = e.draw,
                          .key = bnn_estimator_key(&e, BNN_PURPOSE_OUTPUTS, step, 0) };
        bnn_mat f = bnn_net_forward_pass(&p.net, &p.problem.workspace, NULL, pass, ROWS, p.problem.x);
        for (int a = 0; a < N_F; a++) {
            m->sum[a] += (double)f.at[a];
            for (int b = 0; b < N_F; b++) m->products[a][b] += (double)f.at[a] * (double)f.at[b];
        }
    }
    bnn_estimator_free(&e);
    small_problem_free(&p);
}

/* What weights ~ N(mu, sd^2) give: mean x mu', and between rows a, b of one output: sum_k x_ak x_bk var_k. Outputs share no weights. */
static void closed_form(double mean[N_F], double covariance[N_F][N_F]) {
    small_problem p;
    real log_sd[OUT * IN + OUT];
    linear_make(&p, log_sd);
    for (size_t a = 0; a < N_F; a++) {
        size_t j = a % OUT, bias = p.net.layers[0].bias + j;
        const real *x = p.problem.x + a / OUT * IN, *mu = p.theta + j * IN;
        mean[a] = (double)p.theta[bias];
        for (size_t k = 0; k < IN; k++) mean[a] += (double)x[k] * (double)mu[k];
        for (size_t b = 0; b < N_F; b++) {
            const real *other = p.problem.x + b / OUT * IN;
            covariance[a][b] = b % OUT == j ? exp(2 * (double)log_sd[bias]) : 0;
            for (size_t k = 0; k < IN && b % OUT == j; k++)
                covariance[a][b] += (double)x[k] * (double)other[k] * exp(2 * (double)log_sd[j * IN + k]);
        }
    }
    small_problem_free(&p);
}

/* Largest deviation in standard errors: of means sd / sqrt(n); of covariances at most sqrt((var var' + 2 shared^2) / n). Rows share
 * weights only where the draw is of weights. factor: on the expected variances. */
static double worst_z(const way *how, double factor, uint64_t seed, long n) {
    moments m;
    double mean[N_F], want[N_F][N_F], worst = 0;
    sample_outputs(&m, how, seed, n);
    closed_form(mean, want);
    for (int a = 0; a < N_F; a++) {
        worst = fmax(worst, fabs(m.sum[a] / m.n - mean[a]) / sqrt(want[a][a] / m.n));
        for (int b = 0; b < N_F; b++) {
            bool is_shared = a == b || (how->shares_weights && a % OUT == b % OUT);
            double got = m.products[a][b] / m.n - m.sum[a] / m.n * m.sum[b] / m.n, expected = is_shared ? factor * want[a][b] : 0;
            double se = sqrt((want[a][a] * want[b][b] + 2 * want[a][b] * want[a][b]) / m.n);
            worst = fmax(worst, fabs(got - expected) / se);
        }
    }
    return worst;
}

/* z bound 5 over 20,000 draws, once again over 80,000 new ones before it counts. */
static bool is_right(const way *how, double factor) {
    return worst_z(how, factor, 1, 20000) <= 5 || worst_z(how, factor, 2, 80000) <= 5;
}

static void outputs_have_the_moments_of_weight_sampling(void **state) {
    (void)state;
    for (int k = 0; k < 3; k++)
        if (!is_right(&ways[k], 1)) fail_msg("%s: %g standard errors", ways[k].row->head.name, worst_z(&ways[k], 1, 1, 20000));
}

static void the_same_check_rejects_other_variances_and_rows_that_share_noise(void **state) {
    (void)state;
    for (int k = 0; k < 3; k++) {
        way wrong = ways[k];
        assert_false(is_right(&ways[k], 1.2));
        wrong.shares_weights = !wrong.shares_weights;
        assert_false(is_right(&wrong, 1));
    }
}

/* ---- the noise of rows and pairs ------------------------------------------------------------------------------------- */

/* Rows 8 to 15 of a pass, or a pass of their own that begins at row 8. */
static void noise_of_a_row_does_not_depend_on_the_cut_into_passes(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        noisy t;
        real first[16], half[8], wrong[8];
        noisy_make(&t, &(shape){ 16, 5, "7", 1 }, kinds[k], "tanh", "yes", 1);
        memcpy(first, forward(&t).at, sizeof first);
        t.n_rows = 8;
        t.x += 8 * 5;
        memcpy(wrong, forward(&t).at, sizeof wrong);
        t.pass.first_row = 8;
        memcpy(half, forward(&t).at, sizeof half);
        for (int i = 0; i < 8; i++) assert_close((double)half[i], (double)first[8 + i], 1e-5);
        for (int i = 0; i < 8; i++) assert_true(wrong[i] != half[i]);
        noisy_free(&t);
    }
}

static double noisy_nll(small_problem *p, bnn_noise_kind kind, const real *second) {
    bnn_pass pass = { .theta = p->theta, .noise = kind, .second = second, .key = numbers_key(8) };
    double nll;
    assert_ok(bnn_problem_nll_pass(&p->problem, pass, 0, NULL, NULL, &nll));
    return nll;
}

static void several_noisy_passes_give_what_one_gives(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        small_problem one, many;
        real second[64];
        for (int i = 0; i < 64; i++) second[i] = (real)0.3;
        small_problem_make(&one, READ_SETS("net.hidden=6", "net.activation=tanh"), NULL, 24, 3, 24);
        small_problem_make(&many, READ_SETS("net.hidden=6", "net.activation=tanh"), NULL, 24, 3, 5);
        assert_ok(bnn_problem_allow_noise(&one.problem));
        assert_ok(bnn_problem_allow_noise(&many.problem));
        assert_true(one.net.n_weights <= 64 && bnn_problem_passes(&many.problem, 24) == 5);
        assert_close(noisy_nll(&many, kinds[k], second), noisy_nll(&one, kinds[k], second), 1e-5);
        small_problem_free(&one);
        small_problem_free(&many);
    }
}

static void a_mirrored_pass_has_the_opposite_noise(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        noisy t;
        double f[3][80];
        noisy_make(&t, &(shape){ 40, 5, "", 2 }, kinds[k], "tanh", "yes", 1);
        for (int m = 0; m < 3; m++) {
            t.pass.is_mirrored = m == 1;
            if (m == 2) t.pass.noise = BNN_NOISE_NONE;
            bnn_mat out = forward(&t);
            for (int i = 0; i < 80; i++) f[m][i] = (double)out.at[i];
        }
        for (int i = 0; i < 80; i++) {
            assert_close(f[0][i] + f[1][i], 2 * f[2][i], 1e-5);
            assert_true(f[0][i] != f[2][i]);
        }
        noisy_free(&t);
    }
}

enum { MOST = 512 };

typedef struct watched { const bnn_estimator *estimator; int calls[MOST]; real draws[4][MOST]; double g[MOST]; } watched;

/* Keeps the weights of each sample and adds up the gradient; spans come once per sample. */
static void watch_tile(void *context, size_t first, size_t n, real *dmu, real *dlog_sd) {
    watched *seen = context;
    (void)dlog_sd;
    for (size_t i = first; i < first + n; i++) {
        assert_true(i < MOST && seen->calls[i] < 4);
        seen->draws[seen->calls[i]++][i] = seen->estimator->draw[i];
        seen->g[i] += (double)dmu[i - first];
    }
}

static void make_estimator(bnn_estimator *e, small_problem *p, real *log_sd, bool is_antithetic, size_t n_samples) {
    for (size_t i = 0; i < p->net.n_weights; i++) log_sd[i] = (real)log(0.05);
    assert_ok(bnn_estimator_make(e, &bnn_reparam_estimator, &p->problem, p->theta, log_sd));
    e->seed = 5;
    e->n_samples = n_samples;
    e->is_antithetic = is_antithetic;
}

static void antithetic_weights_are_mirror_images(void **state) {
    static watched seen;
    small_problem p;
    bnn_estimator e;
    real log_sd[MOST];
    double nll;
    (void)state;
    small_problem_make(&p, READ_SETS("net.hidden=20"), NULL, 30, 6, 0);
    make_estimator(&e, &p, log_sd, true, 4);
    seen = (watched){ .estimator = &e };
    assert_ok(e.row->elbo_grad(&e, 1, 30, NULL, 1, &(bnn_elbo_sink){ watch_tile, &seen }, &nll));
    for (size_t i = 0; i < p.net.n_weights; i++) {
        assert_int_equal(seen.calls[i], 4);
        for (int s = 0; s < 4; s += 2)        /* to one rounding of each */
            assert_close((double)seen.draws[s][i] + (double)seen.draws[s + 1][i], 2 * (double)p.theta[i], IS_DOUBLE ? 1e-15 : 3e-7);
        assert_true(seen.draws[0][i] != p.theta[i] && seen.draws[0][i] != seen.draws[2][i] && seen.draws[1][i] != seen.draws[2][i]);
    }
    bnn_estimator_free(&e);
    small_problem_free(&p);
}

/* Sum over weights of the variance of dmu from two samples, over many steps. */
static double gradient_variance(small_problem *p, bool is_antithetic) {
    enum { STEPS = 400 };
    static double sum[MOST], squares[MOST];
    static watched seen;
    bnn_estimator e;
    real log_sd[MOST];
    double nll, total = 0;
    memset(sum, 0, sizeof sum);
    memset(squares, 0, sizeof squares);
    make_estimator(&e, p, log_sd, is_antithetic, 2);
    for (uint64_t step = 1; step <= STEPS; step++) {
        seen = (watched){ .estimator = &e };
        assert_ok(e.row->elbo_grad(&e, step, 0, NULL, 1, &(bnn_elbo_sink){ watch_tile, &seen }, &nll));
        for (size_t i = 0; i < p->net.n_weights; i++) sum[i] += seen.g[i], squares[i] += seen.g[i] * seen.g[i];
    }
    for (size_t i = 0; i < p->net.n_weights; i++) total += squares[i] / STEPS - pow(sum[i] / STEPS, 2);
    bnn_estimator_free(&e);
    return total;
}

/* Shapes of UCI yacht: 6 features, 277 rows, 50 units. What is odd in epsilon cancels in a pair. */
static void antithetic_pairs_lower_the_variance_of_the_gradient(void **state) {
    small_problem p;
    (void)state;
    small_problem_make(&p, READ_SETS("net.hidden=50"), NULL, 277, 6, 0);
    assert_true(p.net.n_weights <= MOST);
    double pair = gradient_variance(&p, true), two = gradient_variance(&p, false);
    if (!(pair <= 0.75 * two)) fail_msg("variance %g of pairs, %g of independent draws", pair, two);
    small_problem_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noisy_nets_match_a_naive_net_across_tile_borders),
        cmocka_unit_test(signs_of_flipout_are_signs),
        cmocka_unit_test(noisy_gradients_match_differences),
        cmocka_unit_test(outputs_have_the_moments_of_weight_sampling),
        cmocka_unit_test(the_same_check_rejects_other_variances_and_rows_that_share_noise),
        cmocka_unit_test(noise_of_a_row_does_not_depend_on_the_cut_into_passes),
        cmocka_unit_test(several_noisy_passes_give_what_one_gives),
        cmocka_unit_test(a_mirrored_pass_has_the_opposite_noise),
        cmocka_unit_test(antithetic_weights_are_mirror_images),
        cmocka_unit_test(antithetic_pairs_lower_the_variance_of_the_gradient),
    };
    return RUN_INSIDE(tests);
}
