/* Activations against libm, dense layers against a naive net in double, and a contract that every row of bnn_layers must keep:
 * derivatives by differences, every gradient span once, the same bits for any number of threads. */
#include "small_problem.h"

/* ---- activations ----------------------------------------------------------------------------------------------------- */

static void every_activation_matches_libm(void **state) {
    (void)state;
    const double tolerance = IS_DOUBLE ? 1e-15 : 4e-7;      /* a few units in the last place of values up to 1 */
    for (size_t a = 0; bnn_activations[a] != NULL; a++) {
        const bnn_activation *activation = (const bnn_activation *)bnn_activations[a];
        const naive_activation *want = naive_activation_of(activation);
        for (double z = -20; z <= 20; z += 0.0373) {
            real y = (real)z, dy = (real)1.5;
            double at = (double)y;
            activation->forward(1, &y);
            assert_close((double)y, want->at(at), tolerance);
            activation->backward(1, &y, &dy);
            assert_close((double)dy, 1.5 * want->slope(at), 2 * tolerance);
        }
    }
}

static void every_activation_passes_nan_on(void **state) {
    (void)state;
    for (size_t a = 0; bnn_activations[a] != NULL; a++) {
        real z[20] = { 1, (real)NAN, 2 };
        ((const bnn_activation *)bnn_activations[a])->forward(20, z);
        if (!isnan(z[1])) fail_msg("%s hides a NaN", bnn_activations[a]->name);
        assert_false(isnan(z[0]) || isnan(z[2]));
    }
}

static void activations_are_found_by_name(void **state) {
    (void)state;
    for (size_t a = 0; bnn_activations[a] != NULL; a++)
        assert_ptr_equal(bnn_activation_find(bnn_activations[a]->name), bnn_activations[a]);
    assert_null(bnn_activation_find("rleu"));
}

/* ---- dense nets against the naive one -------------------------------------------------------------------------------- */

typedef struct shape { size_t n_rows, n_in; const char *hidden; size_t n_out; } shape;

/* Around the tile sizes of dense.c, 96 units and 256 rows, and narrow; the larger ones are shared out among threads. */
static const shape shapes[] = {
    { 1, 1, "", 1 },      { 1, 1, "1", 1 },       { 3, 97, "", 96 },      { 255, 3, "96", 1 },
    { 256, 96, "97", 2 }, { 257, 97, "200", 97 }, { 1025, 5, "96, 97", 3 },
    { 385, 400, "12", 11 },
};

typedef struct passes {
    bnn_config   *config;
    bnn_net       net;
    bnn_workspace workspace;
    bnn_arena     arena;
    real         *theta, *x, *df, *g;
} passes;

static void passes_make(passes *p, const shape *s, const char *activation, const char *bias, int n_threads) {
    *p = (passes){0};
    p->config = READ_SETS(set_of("net.hidden", s->hidden), set_of("net.activation", activation), set_of("net.bias", bias),
                          "net.init=glorot");
    assert_ok(bnn_net_make(&p->net, p->config, s->n_in, s->n_out));
    bnn_workspace_take(&p->workspace, &p->arena, &p->net, s->n_rows, n_threads);
    p->theta = BNN_TAKE(&p->arena, p->net.n_weights, real);
    p->g = BNN_TAKE(&p->arena, p->net.n_weights, real);
    p->x = BNN_TAKE(&p->arena, s->n_rows * s->n_in, real);
    p->df = BNN_TAKE(&p->arena, s->n_rows * s->n_out, real);
    assert_false(p->arena.has_failed);
    bnn_net_init(&p->net, p->config, 7, 0, p->theta);
    bnn_rng_normals(numbers_key(1), 0, s->n_rows * s->n_in, p->x);
    bnn_rng_normals(numbers_key(2), 0, s->n_rows * s->n_out, p->df);
    for (size_t b = 0; b < p->net.n_blocks; b++)         /* biases that can be seen */
        if (p->net.blocks[b].role == BNN_ROLE_BIAS)
            bnn_rng_normals(numbers_key(3), 0, p->net.blocks[b].n, p->theta + p->net.blocks[b].first);
}

static void passes_free(passes *p) {
    bnn_net_free(&p->net);
    bnn_config_free(p->config);
    bnn_arena_free(&p->arena);
}

static void check_shape(const shape *s, const char *activation, const char *bias, int n_threads) {
    const double tolerance = IS_DOUBLE ? 1e-12 : 1e-4;
    passes p;
    naive_pass naive;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, n_threads));
    passes_make(&p, s, activation, bias, n_threads);
    bnn_sink sink = bnn_sink_accumulate(p.g);
    bnn_mat f = bnn_net_forward(&p.net, &p.workspace, team, p.theta, s->n_rows, p.x);
    naive_forward(&naive, &p.net, p.theta, s->n_rows, p.x);
    assert_true(f.rows == s->n_rows && f.cols == s->n_out);
    double error = disagreement(f.rows * f.cols, f.at, naive.y[p.net.n_layers]);
    if (!(error <= tolerance)) fail_msg("outputs, %zu rows, hidden \"%s\": off by %g", s->n_rows, s->hidden, error);

    bnn_net_backward(&p.net, &p.workspace, team, p.theta, s->n_rows, p.x, p.df, &sink);
    naive_backward(&naive, &p.net, p.theta, s->n_rows, p.df);
    const char *block = find_disagreement(&p.net, 0, p.g, naive.g, tolerance);
    if (block != NULL) fail_msg("gradient of %s, %zu rows, hidden \"%s\"", block, s->n_rows, s->hidden);
    assert_faults_are_seen(&p.net, p.g, naive.g, tolerance);
    naive_free(&naive);
    passes_free(&p);
    bnn_team_free(team);
}

static void dense_nets_match_naive_net_across_tile_borders(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        check_shape(&shapes[s], "tanh", "yes", 1);
        check_shape(&shapes[s], "sigmoid", "no", 3);
    }
}

static void dense_nets_match_naive_net_with_every_activation(void **state) {
    (void)state;
    const shape small = { 33, 4, "6, 5", 2 };
    for (size_t a = 0; bnn_activations[a] != NULL; a++) check_shape(&small, bnn_activations[a]->name, "yes", 1);
}

/* ---- the sink -------------------------------------------------------------------------------------------------------- */

typedef struct greedy { real *theta, *g; int *times; } greedy;

/* Spoils the weights of a span as soon as it comes: by then nobody may need them any more. */
static void take_and_spoil(void *context, size_t first, size_t n, real *g) {
    greedy *sink = context;
    for (size_t i = 0; i < n; i++) {
        sink->g[first + i] = g[i];
        sink->times[first + i]++;
        sink->theta[first + i] = (real)NAN;
    }
}

static void spans_come_once_and_when_their_weights_are_free(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const shape *at = &shapes[s];
        passes p;
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, 3));
        passes_make(&p, at, "tanh", "yes", 3);
        size_t n = p.net.n_weights;
        greedy taken = { BNN_TAKE(&p.arena, n, real), BNN_TAKE(&p.arena, n, real), BNN_TAKE(&p.arena, n, int) };
        memcpy(taken.theta, p.theta, n * sizeof(real));
        bnn_sink adding = bnn_sink_accumulate(p.g), spoiling = { take_and_spoil, &taken };
        bnn_net_forward(&p.net, &p.workspace, team, p.theta, at->n_rows, p.x);
        bnn_net_backward(&p.net, &p.workspace, team, p.theta, at->n_rows, p.x, p.df, &adding);
        bnn_net_backward(&p.net, &p.workspace, team, taken.theta, at->n_rows, p.x, p.df, &spoiling);
        for (size_t i = 0; i < n; i++)
            if (taken.times[i] != 1) fail_msg("weight %zu came %d times", i, taken.times[i]);
        assert_memory_equal(taken.g, p.g, n * sizeof(real));
        passes_free(&p);
        bnn_team_free(team);
    }
}

/* ---- the contract of every layer ------------------------------------------------------------------------------------- */

enum { ROWS = 7, IN = 5 };

/* The long form of a layer of this kind: its name and the first of some words that it takes. */
static void make_one_layer_net(passes *p, const bnn_variant *layer) {
    const char *words[] = { "6", "0.5", "" };
    char text[64];
    bnn_status status = BNN_ERR_CONFIG;
    for (int w = 0; w < 3 && status != BNN_OK; w++) {
        bnn_config_free(p->config);
        snprintf(text, sizeof text, "%s %s", layer->name, words[w]);
        p->config = READ_SETS(set_of("net.layers", text), "net.activation=tanh");
        status = bnn_net_make(&p->net, p->config, IN, 1);
    }
    if (status != BNN_OK) fail_msg("layer %s takes none of the words tried here", layer->name);
}

typedef struct layer_case {
    const bnn_layer *layer;
    bnn_team        *team;
    real            *theta, *scratch, *x, *y, *c;
    size_t           scratch_size;
} layer_case;

static bnn_pass pass_of(const layer_case *t) {
    return (bnn_pass){ .team = t->team, .theta = t->theta, .scratch = t->scratch, .scratch_size = t->scratch_size,
                       .is_training = true, .key = numbers_key(8) };     /* what is random stays the same from pass to pass */
}

/* sum c y(x, theta) */
static double weighted_outputs(const layer_case *t) {
    const bnn_layer *layer = t->layer;
    bnn_pass pass = pass_of(t);
    double sum = 0;
    layer->row->forward(layer, &pass, (bnn_mat){ ROWS, layer->n_in, t->x }, (bnn_mat){ ROWS, layer->n_out, t->y });
    for (size_t i = 0; i < ROWS * layer->n_out; i++) sum += (double)t->c[i] * (double)t->y[i];
    return sum;
}

static void difference_quotients(const layer_case *t, size_t n, real *v, double *slopes) {
    const real h = (real)(IS_DOUBLE ? 6e-6 : 0x1p-7);
    for (size_t i = 0; i < n; i++) {
        real kept = v[i], up = kept + h, down = kept - h;
        v[i] = up;
        double above = weighted_outputs(t);
        v[i] = down;
        slopes[i] = (above - weighted_outputs(t)) / ((double)up - (double)down);
        v[i] = kept;
    }
}

/* dx (unless NULL) and g [n_weights] of the layer for d objective / dy = c. */
static void run_backward(const layer_case *t, size_t n_weights, real *dx, real *g) {
    const bnn_layer *layer = t->layer;
    bnn_pass pass = pass_of(t);
    real dy[ROWS * 16];
    bnn_sink sink = bnn_sink_accumulate(g);
    assert_true(layer->n_out <= 16);
    weighted_outputs(t);
    memcpy(dy, t->c, ROWS * layer->n_out * sizeof *dy);
    memset(g, 0, n_weights * sizeof *g);
    layer->row->backward(layer, &pass, (bnn_mat){ ROWS, layer->n_in, t->x }, (bnn_mat){ ROWS, layer->n_out, t->y },
                         (bnn_mat){ ROWS, layer->n_out, dy }, (bnn_mat){ ROWS, layer->n_in, dx }, &sink);
}

static void check_layer(const layer_case *t, size_t n) {
    const double tolerance = IS_DOUBLE ? 1e-6 : 2e-3;    /* float: rounding of sums of 40 terms over a step of 2^-7 */
    double slopes[256], x_slopes[ROWS * IN];
    real g[256], again[256], dx[ROWS * IN];
    assert_true(n <= 256);
    run_backward(t, n, dx, g);
    difference_quotients(t, n, t->theta, slopes);
    difference_quotients(t, ROWS * IN, t->x, x_slopes);
    assert_true(disagreement(n, g, slopes) <= tolerance);
    assert_true(disagreement(ROWS * IN, dx, x_slopes) <= tolerance);
    for (int i = 0; i < ROWS * IN; i++) dx[i] *= 2;      /* a planted fault */
    assert_true(disagreement(ROWS * IN, dx, x_slopes) > tolerance);
    if (n == 0) return;                                  /* below the lowest weights nobody asks for a gradient */
    run_backward(t, n, NULL, again);
    assert_memory_equal(again, g, n * sizeof(real));
}

static void every_layer_matches_differences(void **state) {
    (void)state;
    bnn_team *team = NULL;
    assert_ok(bnn_team_make(&team, 2));
    for (size_t k = 0; bnn_layers[k] != NULL; k++) {
        passes p = {0};
        make_one_layer_net(&p, bnn_layers[k]);
        const bnn_layer *layer = &p.net.layers[0];
        bool has_weights = layer->row->scratch != NULL;
        size_t n = p.net.layers[1].weight;               /* all that lies before the output layer */
        layer_case t = { .layer = layer, .team = team, .scratch_size = has_weights ? layer->row->scratch(layer) : 0,
                         .theta = BNN_TAKE(&p.arena, p.net.n_weights, real), .x = BNN_TAKE(&p.arena, ROWS * IN, real),
                         .y = BNN_TAKE(&p.arena, ROWS * layer->n_out, real), .c = BNN_TAKE(&p.arena, ROWS * layer->n_out, real) };
        t.scratch = BNN_TAKE(&p.arena, 2 * t.scratch_size, real);
        bnn_rng_normals(numbers_key(4), 0, n, t.theta);
        bnn_rng_normals(numbers_key(5), 0, ROWS * IN, t.x);
        bnn_rng_normals(numbers_key(6), 0, ROWS * layer->n_out, t.c);
        for (size_t i = 0; i < n; i++) t.theta[i] /= 2;
        check_layer(&t, n);
        passes_free(&p);
    }
    bnn_team_free(team);
}

static void check_threads(const shape *s) {
    const int sizes[] = { 1, 2, 7, 64 };
    passes p[4];
    for (int k = 0; k < 4; k++) {
        bnn_team *team = NULL;
        assert_ok(bnn_team_make(&team, sizes[k]));
        passes_make(&p[k], s, "relu", "yes", sizes[k]);
        bnn_sink sink = bnn_sink_accumulate(p[k].g);
        bnn_mat f = bnn_net_forward(&p[k].net, &p[k].workspace, team, p[k].theta, s->n_rows, p[k].x);
        bnn_net_backward(&p[k].net, &p[k].workspace, team, p[k].theta, s->n_rows, p[k].x, p[k].df, &sink);
        assert_memory_equal(f.at, p[0].workspace.y[p[0].net.n_layers - 1], s->n_rows * s->n_out * sizeof(real));
        assert_memory_equal(p[k].g, p[0].g, p[0].net.n_weights * sizeof(real));
        bnn_team_free(team);
    }
    for (int k = 0; k < 4; k++) passes_free(&p[k]);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    for (size_t s = 5; s < sizeof shapes / sizeof *shapes; s++) check_threads(&shapes[s]);
}

/* ---- nets ------------------------------------------------------------------------------------------------------------ */

static void blocks_are_named_and_laid_out_in_order(void **state) {
    (void)state;
    const char *names[] = { "0.weight", "0.bias", "1.weight", "1.bias" };
    const size_t rows[] = { 4, 4, 2, 2 }, cols[] = { 3, 0, 4, 0 };
    passes p;
    passes_make(&p, &(shape){ 1, 3, "4", 2 }, "relu", "yes", 1);
    assert_int_equal(p.net.n_blocks, 4);
    size_t next = 0;
    for (size_t b = 0; b < 4; b++) {
        const bnn_block *block = &p.net.blocks[b];
        assert_string_equal(block->name, names[b]);
        assert_int_equal(block->first, next);
        assert_true(block->shape[0] == rows[b] && block->shape[1] == cols[b] && block->n_dims == (cols[b] > 0 ? 2 : 1));
        next += block->n;
    }
    assert_int_equal(p.net.n_weights, next);
    assert_int_equal(next, 3 * 4 + 4 + 4 * 2 + 2);
    passes_free(&p);
}

static void long_form_means_the_same_as_hidden(void **state) {
    (void)state;
    bnn_config *config = READ_SETS("net.layers=dense 4 tanh, dense 3", "net.hidden=9");
    bnn_net net;
    assert_ok(bnn_net_make(&net, config, 2, 1));
    assert_int_equal(net.n_layers, 3);
    assert_true(net.layers[0].n_out == 4 && net.layers[1].n_out == 3 && net.layers[2].n_out == 1);
    assert_string_equal(net.layers[0].activation->head.name, "tanh");
    assert_string_equal(net.layers[1].activation->head.name, bnn_config_text(config, "net", "activation"));
    assert_string_equal(net.layers[2].activation->head.name, "identity");
    bnn_net_free(&net);
    bnn_config_free(config);
}

static void bad_layers_are_named(void **state) {
    (void)state;
    const struct { const char *set, *says; } cases[] = {
        { "net.layers=dence 4", "unknown layer \"dence\"" }, { "net.layers=dense", "expected dense UNITS" },
        { "net.layers=dense 0", "from 1 to 1000000" },       { "net.layers=dense 4 rleu", "bnn help activation" },
        { "net.hidden=2.5", "whole numbers" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        bnn_config *config = READ_SETS(cases[k].set);
        bnn_net net;
        assert_int_equal(bnn_net_make(&net, config, 2, 1), BNN_ERR_CONFIG);
        if (strstr(bnn_error_text(), cases[k].says) == NULL) fail_msg("%s: \"%s\"", cases[k].set, bnn_error_text());
        bnn_net_free(&net);
        bnn_config_free(config);
    }
}

/* He et al. 2015 eq. 10, Glorot & Bengio 2010 eq. 12 (as a normal); bound: 5 standard errors of a sample sd, sd / sqrt(2 n). */
static void initial_weights_have_the_sd_of_their_rule(void **state) {
    (void)state;
    const struct { const char *rule; double sd; } cases[] = {
        { "he", sqrt(2.0 / 200) }, { "glorot", sqrt(2.0 / 300) }, { "lecun", sqrt(1.0 / 200) }, { "normal:0.3", 0.3 } };
    enum { N = 200 * 100 };
    static real theta[N + 100 + 100 + 1];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        bnn_config *config = READ_SETS("net.hidden=100", set_of("net.init", cases[k].rule));
        bnn_net net;
        assert_ok(bnn_net_make(&net, config, 200, 1));
        for (size_t i = 0; i < net.n_weights; i++) theta[i] = 9;
        bnn_net_init(&net, config, 3, 0, theta);
        assert_close(norm(N, theta) / sqrt(N) / cases[k].sd, 1, 5 / sqrt(2.0 * N));
        for (size_t i = 0; i < 100; i++) assert_true(theta[N + i] == 0);
        bnn_net_free(&net);
        bnn_config_free(config);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_activation_matches_libm),
        cmocka_unit_test(every_activation_passes_nan_on),
        cmocka_unit_test(activations_are_found_by_name),
        cmocka_unit_test(dense_nets_match_naive_net_across_tile_borders),
        cmocka_unit_test(dense_nets_match_naive_net_with_every_activation),
        cmocka_unit_test(spans_come_once_and_when_their_weights_are_free),
        cmocka_unit_test(every_layer_matches_differences),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(blocks_are_named_and_laid_out_in_order),
        cmocka_unit_test(long_form_means_the_same_as_hidden),
        cmocka_unit_test(bad_layers_are_named),
        cmocka_unit_test(initial_weights_have_the_sd_of_their_rule),
    };
    return RUN_INSIDE(tests);
}
