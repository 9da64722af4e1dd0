/* Dropout: the masks of a layer, passes against a naive net in double that is told the masks, the posterior whose draws drop units, and
 * mc_dropout from a fit to a file. tanh throughout, so that only dropped units are 0. */
#include "small_problem.h"
#include "data_files.h"
#include "fitting.h"
#include "posterior/posterior.h"
#include "predict/predict.h"

/* ---- a net and a training pass --------------------------------------------------------------------------------------- */

typedef struct passes {
    bnn_config   *config;
    bnn_net       net;
    bnn_workspace workspace;
    bnn_team     *team;
    bnn_arena     arena;
    bnn_pass      pass;
    size_t        n_rows;
    real         *theta, *x, *df, *g;
} passes;

static real *normals(passes *p, uint32_t which, size_t n) {
    real *v = BNN_TAKE(&p->arena, n, real);
    assert_non_null(v);
    bnn_rng_normals(numbers_key(which), 0, n, v);
    return v;
}

/* Takes the configuration. */
static void passes_make(passes *p, bnn_config *config, size_t n_rows, size_t n_in, size_t n_out) {
    *p = (passes){ .config = config, .n_rows = n_rows };
    assert_ok(bnn_team_make(&p->team, 2));
    assert_ok(bnn_net_make(&p->net, config, n_in, n_out));
    bnn_workspace_take(&p->workspace, &p->arena, &p->net, n_rows, 2);
    p->theta = normals(p, 1, p->net.n_weights);
    p->x = normals(p, 2, n_rows * n_in);
    p->df = normals(p, 3, n_rows * n_out);
    p->g = BNN_TAKE(&p->arena, p->net.n_weights, real);
    for (size_t i = 0; i < p->net.n_weights; i++) p->theta[i] *= (real)0.3;
    p->pass = (bnn_pass){ .theta = p->theta, .is_training = true, .key = numbers_key(4) };
}

static void passes_free(passes *p) {
    bnn_net_free(&p->net);
    bnn_team_free(p->team);
    bnn_config_free(p->config);
    bnn_arena_free(&p->arena);
}

static bnn_mat forward(passes *p) { return bnn_net_forward_pass(&p->net, &p->workspace, p->team, p->pass, p->n_rows, p->x); }

static bool is_dropout(const bnn_layer *layer) { return layer->row == &bnn_dropout_row; }

/* ---- masks ----------------------------------------------------------------------------------------------------------- */

enum { ROWS = 400, WIDTH = 300 };      /* wider than the stretches in which masks are made */

/* One layer and one pass through it. */
typedef struct mask_case { bnn_layer layer; bnn_pass pass; bnn_mat x, y; real at[2][ROWS * WIDTH]; } mask_case;

static mask_case *mask_make(double rate, bnn_team *team) {
    static mask_case c;
    c.layer = (bnn_layer){ .row = &bnn_dropout_row, .n_in = WIDTH, .n_out = WIDTH, .number = 1, .rate = rate };
    c.pass = (bnn_pass){ .is_training = true, .key = numbers_key(5), .team = team };
    c.x = (bnn_mat){ ROWS, WIDTH, c.at[0] };
    c.y = (bnn_mat){ ROWS, WIDTH, c.at[1] };
    for (size_t i = 0; i < ROWS * WIDTH; i++) c.at[0][i] = 1 + (real)i;
    return &c;
}

static double z_of(double count, double n, double share) { return (count - n * share) / sqrt(n * share * (1 - share)); }

/* Neighbours in a row, in the next row, and 256 apart, the stretch in which masks are made, are independent. Pairs overlap, which makes
 * their count vary up to sqrt(3) times as much. */
static void check_lags(const real *y, double rate) {
    static const size_t lags[] = { 1, WIDTH, 256 };
    for (int k = 0; k < 3; k++) {
        size_t n = ROWS * WIDTH - lags[k];
        double both = 0;
        for (size_t i = 0; i < n; i++) both += y[i] == 0 && y[i + lags[k]] == 0;
        assert_true(fabs(z_of(both, (double)n, rate * rate)) <= 5 * sqrt(3));
    }
}

static void units_are_dropped_in_their_share_and_the_others_scaled(void **state) {
    static const double rates[] = { 0.1, 0.5, 0.9 };
    (void)state;
    for (int k = 0; k < 3; k++) {
        mask_case *c = mask_make(rates[k], NULL);
        double dropped = 0;
        c->layer.row->forward(&c->layer, &c->pass, c->x, c->y);
        for (size_t i = 0; i < ROWS * WIDTH; i++) {
            dropped += c->y.at[i] == 0;
            if (c->y.at[i] != 0) assert_close((double)c->y.at[i] / (double)c->x.at[i] * (1 - rates[k]), 1, IS_DOUBLE ? 1e-15 : 3e-7);
        }
        assert_true(fabs(z_of(dropped, ROWS * WIDTH, rates[k])) <= 5);
        check_lags(c->y.at, rates[k]);
    }
}

static void backward_makes_the_same_mask_again(void **state) {
    static real dx[ROWS * WIDTH];
    bnn_team *team = NULL;
    (void)state;
    assert_ok(bnn_team_make(&team, 3));
    mask_case *c = mask_make(0.4, NULL);
    c->layer.row->forward(&c->layer, &c->pass, c->x, c->y);
    c->pass.team = team;
    c->layer.row->backward(&c->layer, &c->pass, c->x, c->y, c->x, (bnn_mat){ ROWS, WIDTH, dx }, NULL);     /* dy = x */
    assert_memory_equal(dx, c->y.at, sizeof dx);
    c->pass.key = numbers_key(6);
    c->layer.row->backward(&c->layer, &c->pass, c->x, c->y, c->x, (bnn_mat){ ROWS, WIDTH, dx }, NULL);
    assert_memory_not_equal(dx, c->y.at, sizeof dx);
    c->layer.row->backward(&c->layer, &c->pass, c->x, c->y, c->x, (bnn_mat){ ROWS, WIDTH, NULL }, NULL);   /* nobody asks for dx */
    bnn_team_free(team);
}

static void nothing_is_dropped_outside_training(void **state) {
    (void)state;
    mask_case *c = mask_make(0.4, NULL);
    c->pass.is_training = false;
    c->layer.row->forward(&c->layer, &c->pass, c->x, c->y);
    assert_memory_equal(c->x.at, c->y.at, sizeof c->at[0]);
    passes with, without;
    passes_make(&with, READ_SETS("net.hidden=5", "net.activation=tanh", "net.dropout=0.5", "net.input_dropout=0.3"), 20, 4, 2);
    passes_make(&without, READ_SETS("net.hidden=5", "net.activation=tanh"), 20, 4, 2);
    with.pass.is_training = false;
    assert_memory_equal(forward(&with).at, forward(&without).at, 40 * sizeof(real));
    passes_free(&with);
    passes_free(&without);
}

/* ---- whole passes ---------------------------------------------------------------------------------------------------- */

enum { MANY = 24, LAYERS = 6 };

/* f of one row, where masks[l] [n_out] are the factors of dropout layer l. */
static void naive_row(const bnn_net *net, const real *theta, const real *x, double *const masks[LAYERS], double *f) {
    double y[64], z[64];
    for (size_t k = 0; k < net->n_inputs; k++) y[k] = (double)x[k];
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        assert_true(layer->n_out <= 64 && layer->n_in <= 64);
        for (size_t j = 0; j < layer->n_out; j++) {
            z[j] = is_dropout(layer) ? masks[l][j] * y[j] : layer->has_bias ? (double)theta[layer->bias + j] : 0;
            for (size_t k = 0; k < layer->n_in && !is_dropout(layer); k++)
                z[j] += y[k] * (double)theta[layer->weight + j * layer->n_in + k];
            if (!is_dropout(layer) && l + 1 < net->n_layers) z[j] = tanh(z[j]);
        }
        memcpy(y, z, layer->n_out * sizeof *y);
    }
    memcpy(f, y, net->n_outputs * sizeof *f);
}

/* Dropped inputs, dropped units, two dropout layers in a row; inputs wider than any layer. */
static bnn_config *dropping_config(void) {
    return READ_SETS("net.layers=dense 8 tanh, dropout 0.5, dropout 0.25, dense 6 tanh", "net.input_dropout=0.2");
}

static void a_training_pass_is_a_plain_pass_over_masked_units(void **state) {
    passes p;
    double masks[LAYERS][64], *list[LAYERS], f[2];
    (void)state;
    passes_make(&p, dropping_config(), MANY, 50, 2);
    assert_true(p.net.n_layers == LAYERS && is_dropout(&p.net.layers[0]) && is_dropout(&p.net.layers[3]));
    bnn_mat out = forward(&p);
    for (size_t i = 0; i < MANY; i++) {
        for (size_t l = 0; l < LAYERS; l++) {
            const bnn_layer *layer = &p.net.layers[l];
            const real *kept = p.workspace.y[l] + i * layer->n_out;
            for (size_t j = 0; j < layer->n_out; j++) masks[l][j] = kept[j] == 0 ? 0 : 1 / (1 - layer->rate);
            list[l] = masks[l];
        }
        naive_row(&p.net, p.theta, p.x + i * 50, list, f);
        for (int j = 0; j < 2; j++) assert_close((double)out.at[2 * i + (size_t)j], f[j], IS_DOUBLE ? 1e-13 : 1e-5);
    }
    passes_free(&p);
}

static double weighted_outputs(passes *p) {
    bnn_mat f = forward(p);
    double sum = 0;
    for (size_t i = 0; i < f.rows * f.cols; i++) sum += (double)p->df[i] * (double)f.at[i];
    return sum;
}

static void gradients_match_differences_at_fixed_masks(void **state) {
    const real h = (real)(IS_DOUBLE ? 6e-6 : 0x1p-7);
    const double tolerance = IS_DOUBLE ? 1e-6 : 5e-3;
    passes p;
    (void)state;
    passes_make(&p, dropping_config(), MANY, 50, 2);
    double *slopes = BNN_TAKE(&p.arena, p.net.n_weights, double);
    bnn_sink sink = bnn_sink_accumulate(p.g);
    for (size_t i = 0; i < p.net.n_weights; i++) {
        real kept = p.theta[i], up = kept + h, down = kept - h;
        p.theta[i] = up;
        double above = weighted_outputs(&p);
        p.theta[i] = down;
        slopes[i] = (above - weighted_outputs(&p)) / ((double)up - (double)down);
        p.theta[i] = kept;
    }
    forward(&p);
    bnn_net_backward_pass(&p.net, &p.workspace, p.team, p.pass, MANY, p.x, p.df, &sink);
    assert_null(find_disagreement(&p.net, 0, p.g, slopes, tolerance));
    assert_faults_are_seen(&p.net, p.g, slopes, tolerance);
    passes_free(&p);
}

static int n_lowest;      /* calls of the watched layer */

static void expect_no_dx(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                         const bnn_sink *sink) {
    n_lowest++;
    assert_null(dx.at);
    bnn_dense_row.backward(layer, pass, x, y, dy, dx, sink);
}

static void never_called(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                         const bnn_sink *sink) {
    (void)layer, (void)pass, (void)x, (void)y, (void)dy, (void)dx, (void)sink;
    fail_msg("a gradient of the inputs was asked for");
}

/* There would be no room for one: the workspace holds the widest output, not 50 inputs. */
static void no_gradient_is_asked_for_below_the_lowest_weights(void **state) {
    passes p;
    bnn_layer_row inputs = bnn_dropout_row, lowest = bnn_dense_row;
    (void)state;
    passes_make(&p, dropping_config(), MANY, 50, 2);
    bnn_sink sink = bnn_sink_accumulate(p.g);
    inputs.backward = never_called;
    lowest.backward = expect_no_dx;
    p.net.layers[0].row = &inputs;
    p.net.layers[1].row = &lowest;
    forward(&p);
    n_lowest = 0;
    bnn_net_backward_pass(&p.net, &p.workspace, p.team, p.pass, MANY, p.x, p.df, &sink);
    assert_int_equal(n_lowest, 1);
    passes_free(&p);
}

static double training_nll(size_t max_rows, bnn_key key) {
    small_problem p;
    double nll;
    small_problem_make(&p, READ_SETS("net.hidden=6", "net.activation=tanh", "net.dropout=0.5"), NULL, MANY, 3, max_rows);
    bnn_pass pass = { .theta = p.theta, .is_training = true, .key = key };
    assert_ok(bnn_problem_nll_pass(&p.problem, pass, 0, NULL, NULL, &nll));
    small_problem_free(&p);
    return nll;
}

static void masks_do_not_depend_on_the_cut_into_passes(void **state) {
    (void)state;
    assert_close(training_nll(5, numbers_key(7)), training_nll(MANY, numbers_key(7)), 1e-5);
    assert_true(fabs(training_nll(5, numbers_key(7)) - training_nll(5, numbers_key(8))) > 1e-3);
}

/* The noise of the outputs behind a dropout layer (local_reparam; only biases have spread, 1, so that h = epsilon / 2) has
 * E[epsilon^2] = 1 whether a unit was dropped or not; var(epsilon^2) = 2. 512 pairs: z bound 6. */
static void dropped_units_do_not_tell_of_the_noise_behind_them(void **state) {
    enum { N = 2000, UNITS = 16, OUT = 32 };
    passes p;
    (void)state;
    passes_make(&p, READ_SETS("net.hidden=16", "net.activation=tanh", "net.dropout=0.5"), N, 3, OUT);
    bnn_workspace_take_noise(&p.workspace, &p.arena, &p.net);
    real *second = BNN_TAKE(&p.arena, p.net.n_weights, real);
    for (size_t j = 0; j < OUT; j++) second[p.net.layers[2].bias + j] = 1;
    p.pass.noise = BNN_NOISE_LOCAL;
    p.pass.second = second;
    forward(&p);
    for (size_t c = 0; c < UNITS; c++)
        for (size_t j = 0; j < OUT; j++) {
            double n[2] = {0}, squares[2] = {0};
            for (size_t i = 0; i < N; i++) {
                bool is_dropped = p.workspace.y[1][i * UNITS + c] == 0;
                n[is_dropped]++;
                squares[is_dropped] += pow(2 * (double)p.workspace.noise[2].h[i * OUT + j], 2);
            }
            for (int k = 0; k < 2; k++)
                if (!(fabs(squares[k] / n[k] - 1) <= 6 * sqrt(2 / n[k])))
                    fail_msg("unit %zu, output %zu: E = %g", c, j, squares[k] / n[k]);
        }
    passes_free(&p);
}

/* ---- the posterior --------------------------------------------------------------------------------------------------- */

static void posterior_make(bnn_posterior *posterior, const passes *p) {
    assert_ok(bnn_posterior_make(posterior, &bnn_dropout_posterior, p->net.n_weights, 2, 0));
    posterior->net = &p->net;
    memcpy(posterior->arrays[0].at, p->theta, p->net.n_weights * sizeof(real));
    posterior->arrays[0].at[p->net.n_weights] = posterior->arrays[0].at[p->net.n_weights + 1] = (real)-0.7;
}

/* The factor of each column of block b in a draw: 0 or `scale`, the same in every row. Returns how many are dropped. */
static double count_dropped(const bnn_block *block, const real *theta, const real *w, double scale) {
    double dropped = 0;
    for (size_t col = 0; col < block->shape[1]; col++) {
        bool is_dropped = w[block->first + col] == 0;
        dropped += is_dropped;
        for (size_t at = block->first + col; at < block->first + block->n; at += block->shape[1])
            assert_close((double)w[at], is_dropped ? 0 : (double)theta[at] * scale, 1e-5);
    }
    return dropped;
}

/* Behind layers of rates .2, none and .5 with .25; wide, so that columns cross the stretches in which numbers are made. */
static void draws_drop_whole_columns_in_their_share(void **state) {
    enum { DRAWS = 60 };
    static const double kept[] = { 0.8, 1, 0.5 * 0.75 };
    double dropped[3] = {0}, columns[3] = { 600, 300, 40 };
    passes p;
    bnn_posterior posterior;
    (void)state;
    passes_make(&p, READ_SETS("net.layers=dense 300 tanh, dense 40 tanh, dropout 0.5, dropout 0.25", "net.input_dropout=0.2"), 1, 600, 3);
    posterior_make(&posterior, &p);
    real *w = BNN_TAKE(&p.arena, posterior.n_params, real);
    for (size_t s = 0; s < DRAWS; s++) {
        posterior.row->draw(&posterior, 9, s, 0, posterior.n_params, w);
        for (size_t b = 0; b < p.net.n_blocks; b++) {
            const bnn_block *block = &p.net.blocks[b];
            if (block->role == BNN_ROLE_WEIGHT) dropped[b / 2] += count_dropped(block, p.theta, w, 1 / kept[b / 2]);
            else assert_memory_equal(w + block->first, p.theta + block->first, block->n * sizeof *w);
        }
        assert_true(w[p.net.n_weights] == (real)-0.7);
    }
    assert_true(dropped[1] == 0);
    for (int b = 0; b < 3; b += 2) assert_true(fabs(z_of(dropped[b], DRAWS * columns[b], 1 - kept[b])) <= 5);
    bnn_posterior_free(&posterior);
    passes_free(&p);
}

static void any_cut_of_a_wide_draw_gives_the_same_bits(void **state) {
    static const size_t cuts[] = { 1, 255, 257, 599, 601, 1024 };
    passes p;
    bnn_posterior posterior;
    (void)state;
    passes_make(&p, READ_SETS("net.hidden=7", "net.activation=tanh", "net.dropout=0.5", "net.input_dropout=0.2"), 1, 600, 3);
    posterior_make(&posterior, &p);
    real *whole = BNN_TAKE(&p.arena, posterior.n_params, real), *part = BNN_TAKE(&p.arena, posterior.n_params, real);
    posterior.row->draw(&posterior, 9, 3, 0, posterior.n_params, whole);
    for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
        for (size_t i = 0; i < posterior.n_params; i += cuts[k]) {
            size_t n = posterior.n_params - i < cuts[k] ? posterior.n_params - i : cuts[k];
            posterior.row->draw(&posterior, 9, 3, i, n, part + i);
        }
        assert_memory_equal(part, whole, posterior.n_params * sizeof *whole);
    }
    bnn_posterior_free(&posterior);
    passes_free(&p);
}

/* E[draw] = theta; each weight's factor has variance rate / (1 - rate). One weight of each column is enough: they share the factor. */
static void draws_average_to_theta(void **state) {
    enum { DRAWS = 4000 };
    passes p;
    bnn_posterior posterior;
    double sum[12] = {0};
    real w[12];
    (void)state;
    passes_make(&p, READ_SETS("net.hidden=", "net.input_dropout=0.3"), 1, 12, 1);
    posterior_make(&posterior, &p);
    for (size_t s = 0; s < DRAWS; s++) {
        posterior.row->draw(&posterior, 9, s, 0, 12, w);
        for (int i = 0; i < 12; i++) sum[i] += (double)w[i] / (double)p.theta[i];
    }
    for (int i = 0; i < 12; i++) assert_true(fabs(sum[i] / DRAWS - 1) <= 5 * sqrt(0.3 / 0.7 / DRAWS));
    bnn_posterior_free(&posterior);
    passes_free(&p);
}

static void a_pass_with_a_draw_is_a_training_pass_with_that_mask(void **state) {
    passes p;
    bnn_posterior posterior;
    double masks[LAYERS][64], *list[LAYERS] = {0}, f[2];
    (void)state;
    passes_make(&p, READ_SETS("net.hidden=9, 7", "net.activation=tanh", "net.dropout=0.5", "net.input_dropout=0.2"), MANY, 11, 2);
    posterior_make(&posterior, &p);
    real *w = BNN_TAKE(&p.arena, posterior.n_params, real);
    posterior.row->draw(&posterior, 9, 1, 0, posterior.n_params, w);
    for (size_t l = 0; l + 1 < p.net.n_layers; l++) {       /* the first row of the weights behind tells the mask */
        const bnn_layer *layer = &p.net.layers[l];
        for (size_t j = 0; j < layer->n_out && is_dropout(layer); j++)
            masks[l][j] = w[layer[1].weight + j] == 0 ? 0 : 1 / (1 - layer->rate);
        list[l] = masks[l];
    }
    bnn_mat out = bnn_net_forward(&p.net, &p.workspace, p.team, w, MANY, p.x);
    for (size_t i = 0; i < MANY; i++) {
        naive_row(&p.net, p.theta, p.x + i * 11, list, f);
        for (int j = 0; j < 2; j++) assert_close((double)out.at[2 * i + (size_t)j], f[j], IS_DOUBLE ? 1e-13 : 1e-5);
    }
    bnn_posterior_free(&posterior);
    passes_free(&p);
}

/* ---- fits ------------------------------------------------------------------------------------------------------------ */

/* y = x1 - x2^2 */
static bnn_dataset *curved_rows(void) {
    enum { N = 60 };
    bnn_dataset *data = NULL;
    real z[2 * N];
    double x[2 * N], y[N];
    bnn_rng_normals(numbers_key(10), 0, 2 * N, z);
    for (int i = 0; i < 2 * N; i++) x[i] = (double)z[i];
    for (int i = 0; i < N; i++) y[i] = x[2 * i] - x[2 * i + 1] * x[2 * i + 1];
    assert_ok(bnn_dataset_make(&data, N, 2, x, 1, y, 0));
    return data;
}

static void mc_dropout_without_dropout_is_refused_and_says_what_to_add(void **state) {
    static const char *const ways[][2] = { { "dropout", "0.1" }, { "input_dropout", "0.1" }, { "layers", "dense 5, dropout 0.1" } };
    bnn_dataset *data = curved_rows();
    bnn_model *model = NULL;
    (void)state;
    bnn_config *config = CONFIG("method.name=mc_dropout", "net.hidden=5", "train.epochs=1");
    assert_int_equal(bnn_fit(&model, config, data, NULL, NULL), BNN_ERR_CONFIG);
    assert_null(model);
    const char *const pieces[] = { "[method] name = mc_dropout", "net.dropout", "net.input_dropout", "net.layers" };
    for (int i = 0; i < 4; i++) assert_non_null(strstr(bnn_error_text(), pieces[i]));
    bnn_config_free(config);
    for (int i = 0; i < 3; i++) {
        config = CONFIG("method.name=mc_dropout", "net.hidden=5", "train.epochs=1");
        assert_ok(bnn_config_set(config, "net", ways[i][0], ways[i][1]));
        bnn_model_free(fit(config, data, NULL, NULL));
        bnn_config_free(config);
    }
    bnn_dataset_free(data);
}

/* Weights that hardly move: the record's nll has units dropped, that of the same rows as validation rows and the file's have all. */
static void a_fit_drops_units_in_training_alone(void **state) {
    bnn_dataset *data = curved_rows();
    records kept = {0};
    bnn_observer observer = { .context = &kept, .epoch = keep_record };
    bnn_config *config = CONFIG("method.name=map", "net.hidden=20", "net.dropout=0.5", "train.epochs=1", "optimizer.lr=1e-12");
    (void)state;
    bnn_model *model = fit(config, data, data, &observer);
    double valid = 60 * kept.at[0].valid_nll, file = strtod(json_string_value(json_object_get(model->facts, "nll")), NULL);
    assert_close(valid, file, 1e-5);
    assert_true(kept.at[0].nll > valid + 1);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
}

static bnn_prediction *predict(const bnn_model *model, const bnn_dataset *rows) {
    bnn_prediction *prediction = NULL;
    assert_ok(bnn_predict(&prediction, model, rows, NULL));
    return prediction;
}

static void mc_dropout_predictions_are_unsure_of_the_mean_and_survive_a_file(void **state) {
    static const char *const methods[] = { "map", "mc_dropout" };
    bnn_dataset *data = curved_rows();
    (void)state;
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG("net.hidden=20", "net.dropout=0.2", "train.epochs=30", "optimizer.lr=0.02");
        bnn_model *read = NULL;
        assert_ok(bnn_config_set(config, "method", "name", methods[k]));
        bnn_model *model = fit(config, data, NULL, NULL);
        assert_ok(bnn_model_write(model, path_of("model.safetensors")));
        assert_ok(bnn_model_read(&read, path_of("model.safetensors")));
        bnn_prediction *before = predict(model, data), *after = predict(read, data);
        assert_int_equal(before->n_draws, k == 0 ? 1 : 100);
        for (size_t i = 0; i < 60; i++) assert_true(k == 0 ? before->sd_epistemic[i] == 0 : before->sd_epistemic[i] > 0.01);
        assert_memory_equal(before->mean, after->mean, 60 * sizeof(double));
        assert_memory_equal(before->sd_epistemic, after->sd_epistemic, 60 * sizeof(double));
        bnn_prediction_free(before);
        bnn_prediction_free(after);
        bnn_model_free(read);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    bnn_dataset_free(data);
}

static int enter(void **state) { return enter_library(state) != 0 || make_folder(state) != 0; }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_dropped_in_their_share_and_the_others_scaled),
        cmocka_unit_test(backward_makes_the_same_mask_again),
        cmocka_unit_test(nothing_is_dropped_outside_training),
        cmocka_unit_test(a_training_pass_is_a_plain_pass_over_masked_units),
        cmocka_unit_test(gradients_match_differences_at_fixed_masks),
        cmocka_unit_test(no_gradient_is_asked_for_below_the_lowest_weights),
        cmocka_unit_test(masks_do_not_depend_on_the_cut_into_passes),
        cmocka_unit_test(dropped_units_do_not_tell_of_the_noise_behind_them),
        cmocka_unit_test(draws_drop_whole_columns_in_their_share),
        cmocka_unit_test(any_cut_of_a_wide_draw_gives_the_same_bits),
        cmocka_unit_test(draws_average_to_theta),
        cmocka_unit_test(a_pass_with_a_draw_is_a_training_pass_with_that_mask),
        cmocka_unit_test(mc_dropout_without_dropout_is_refused_and_says_what_to_add),
        cmocka_unit_test(a_fit_drops_units_in_training_alone),
        cmocka_unit_test(mc_dropout_predictions_are_unsure_of_the_mean_and_survive_a_file),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, enter, remove_folder);
}
