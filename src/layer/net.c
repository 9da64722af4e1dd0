/* Building a net from [net], its flat layout of weights, their initial values, and the two passes. */
#include "layer/net.h"
#include "base/fail.h"
#include "base/text.h"
#include "layer/activation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SERIAL_FLOPS = 1500000 };   /* passes with fewer multiply-adds run on the calling thread: waking others costs more */

/* ---- [net] ----------------------------------------------------------------------------------------------------------- */

/* The sd of N(0, sd^2) initial weights by rule; -1 for an unknown rule. Glorot & Bengio 2010; He et al. 2015. */
static double init_sd(const char *rule, double fan_in, double fan_out) {
    double sd;
    if (strcmp(rule, "he") == 0) return sqrt(2 / fan_in);
    if (strcmp(rule, "lecun") == 0) return sqrt(1 / fan_in);
    if (strcmp(rule, "glorot") == 0) return sqrt(2 / (fan_in + fan_out));
    if (strncmp(rule, "normal:", 7) == 0 && bnn_text_to_number(rule + 7, &sd) && sd >= 0 && isfinite(sd)) return sd;
    return -1;
}

static const char *check_init(const char *value) {
    return init_sd(value, 1, 1) < 0 ? "he, glorot, lecun, normal:SD" : NULL;
}

bool bnn_net_is_init_rule(const char *value) { return check_init(value) == NULL; }

const bnn_option bnn_net_rows[] = {
    BNN_OPTION_NUMBERS_ROW(bnn_net_options, hidden, "50, 50", 1, 1000000, "units",
                           "widths of the hidden layers; empty: a linear model"),
    BNN_OPTION_WORDS_ROW(bnn_net_options, layers, "", "long form instead of hidden: dense UNITS [ACTIVATION], dropout RATE, ...; the "
                         "output layer is added"),
    BNN_OPTION_BOOL_ROW(bnn_net_options, bias, "yes", "a bias for every unit"),
    BNN_OPTION_NUMBER_ROW(bnn_net_options, dropout, "0", 0, 0.99, "", "share of the units of each hidden layer dropped in training"),
    BNN_OPTION_NUMBER_ROW(bnn_net_options, input_dropout, "0", 0, 0.99, "", "share of the inputs dropped in training"),
    { "init", BNN_OPTION_PATH, offsetof(bnn_net_options, init), "he", 0, 0, false, NULL, NULL, "initial weights (for bbb: means) drawn with "
      "sd sqrt(2/in), sqrt(2/(in+out)), sqrt(1/in) or SD, biases 0; or the means of a finished run of the same net", check_init },
    {0}
};

const bnn_axis bnn_net_axes[] = {
    { .key = "activation", .variants = bnn_activations, .help = "what hidden units compute", .topic = "activation" }, {0}
};

/* ---- layers ---------------------------------------------------------------------------------------------------------- */

enum { MAX_WORDS = 8 };

/* Cuts "dense 200 relu" into words in place. */
static size_t cut_words(char *text, char *words[MAX_WORDS]) {
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t", &rest); word != NULL && n < MAX_WORDS; word = strtok_r(NULL, " \t", &rest))
        words[n++] = word;
    return n;
}

static const bnn_layer_row *find_layer(const char *name) {
    for (size_t i = 0; bnn_layers[i] != NULL; i++)
        if (strcmp(bnn_layers[i]->name, name) == 0) return (const bnn_layer_row *)bnn_layers[i];
    return NULL;
}

static bnn_status parse_layer(bnn_layer *layer, const bnn_config *config, const char *item) {
    char text[256], *words[MAX_WORDS];
    snprintf(text, sizeof text, "%s", item);
    size_t n = cut_words(text, words);
    layer->row = n == 0 ? NULL : find_layer(words[0]);
    if (layer->row == NULL) {
        return bnn_config_fail(config, "net", "layers", "unknown layer \"%s\"; there are dense UNITS [ACTIVATION] and dropout RATE", n == 0 ? "" : words[0]);
    }
    const char *expected = layer->row->parse(layer, n - 1, words + 1);
    if (expected != NULL) return bnn_config_fail(config, "net", "layers", "\"%s\": expected %s", item, expected);
    return BNN_OK;
}

/* One layer after the last: input width and defaults from what is there. */
static bnn_layer *begin_layer(bnn_net *net, const bnn_activation *activation, bool has_bias) {
    bnn_layer *layer = &net->layers[net->n_layers];
    size_t n_in = net->n_layers == 0 ? net->n_inputs : layer[-1].n_out;
    *layer = (bnn_layer){ .row = &bnn_dense_row, .number = net->n_layers, .n_in = n_in, .activation = activation, .has_bias = has_bias };
    net->n_layers++;
    return layer;
}

static void add_dropout(bnn_net *net, double rate) {
    if (rate == 0) return;
    bnn_layer *layer = begin_layer(net, NULL, false);
    layer->row = &bnn_dropout_row;
    layer->rate = rate;
    layer->n_out = layer->n_in;
}

static bnn_status add_hidden(bnn_net *net, const bnn_config *config, const bnn_net_options *options, const bnn_activation *activation) {
    for (size_t i = 0; i < options->hidden.n; i++) {
        double width = options->hidden.at[i];
        if (width != floor(width)) return bnn_config_fail(config, "net", "hidden", "widths are whole numbers");
        begin_layer(net, activation, options->bias)->n_out = (size_t)width;
        add_dropout(net, options->dropout);
    }
    return BNN_OK;
}

static bnn_status add_long_form(bnn_net *net, const bnn_config *config, const bnn_net_options *options, const bnn_activation *activation) {
    if (options->dropout > 0) return bnn_config_fail(config, "net", "dropout", "with net.layers, write dropout as a layer there");
    for (size_t i = 0; i < options->layers.n; i++) {
        bnn_status status = parse_layer(begin_layer(net, activation, options->bias), config, options->layers.at[i]);
        if (status != BNN_OK) return status;
    }
    return BNN_OK;
}

static bnn_status make_layers(bnn_net *net, const bnn_config *config) {
    bnn_net_options options;
    bnn_config_fill(config, "net", bnn_net_rows, &options);
    const bnn_activation *activation = (const bnn_activation *)bnn_config_variant(config, "net", "activation");
    bool is_long = options.layers.n > 0;
    net->layers = BNN_TAKE(&net->arena, 2 + (is_long ? options.layers.n : 2 * options.hidden.n), bnn_layer);
    if (net->layers == NULL) return BNN_FAIL_MEMORY("the layers");
    add_dropout(net, options.input_dropout);
    bnn_status status = is_long ? add_long_form(net, config, &options, activation) : add_hidden(net, config, &options, activation);
    begin_layer(net, bnn_activation_find("identity"), options.bias)->n_out = net->n_outputs;
    return status;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------- */

static void add_block(bnn_net *net, size_t number, bnn_role role, size_t n_dims, size_t n_out, size_t n_in) {
    bnn_block *block = &net->blocks[net->n_blocks++];
    *block = (bnn_block){ .first = net->n_weights, .n = n_dims == 2 ? n_out * n_in : n_out, .n_dims = (int)n_dims,
                          .shape = { n_out, n_in }, .role = role, .fan_in = n_in, .fan_out = n_out };
    if (n_dims == 1) block->shape[1] = 0;
    snprintf(block->name, sizeof block->name, "%zu.%s", number, role == BNN_ROLE_BIAS ? "bias" : "weight");
    net->n_weights += block->n;
}

bool bnn_layer_has_weights(const bnn_layer *layer) { return layer->row->scratch != NULL; }

/* Blocks are numbered over the layers that have weights. */
static void lay_out_weights(bnn_net *net) {
    size_t number = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        layer->weight = net->n_weights;
        add_block(net, number, BNN_ROLE_WEIGHT, 2, layer->n_out, layer->n_in);
        layer->bias = net->n_weights;
        if (layer->has_bias) add_block(net, number, BNN_ROLE_BIAS, 1, layer->n_out, layer->n_in);
        number++;
    }
}

const bnn_block *bnn_net_block_of(const bnn_net *net, size_t l) {
    while (l > 0 && !bnn_layer_has_weights(&net->layers[l])) l--;
    size_t b = 0;
    while (b + 1 < net->n_blocks && net->blocks[b + 1].first <= net->layers[l].weight) b++;
    return &net->blocks[b];
}

bnn_status bnn_net_make(bnn_net *net, const bnn_config *config, size_t n_inputs, size_t n_outputs) {
    *net = (bnn_net){ .n_inputs = n_inputs, .n_outputs = n_outputs };
    bnn_status status = make_layers(net, config);
    if (status == BNN_OK) {
        net->blocks = BNN_TAKE(&net->arena, 2 * net->n_layers, bnn_block);
        if (net->blocks == NULL) status = BNN_FAIL_MEMORY("the blocks of the net");
        else lay_out_weights(net);
    }
    if (status != BNN_OK) bnn_net_free(net);
    return status;
}

void bnn_net_free(bnn_net *net) {
    bnn_arena_free(&net->arena);
    *net = (bnn_net){0};
}

void bnn_net_init(const bnn_net *net, const bnn_config *config, uint64_t seed, uint32_t member, real *theta) {
    const char *rule = bnn_config_text(config, "net", "init");
    for (size_t b = 0; b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        real *w = theta + block->first;
        if (block->role != BNN_ROLE_WEIGHT) {
            memset(w, 0, block->n * sizeof *w);
            continue;
        }
        real sd = (real)init_sd(rule, (double)block->fan_in, (double)block->fan_out);
        bnn_rng_normals(bnn_key_make(seed, BNN_PURPOSE_INIT, 0, (uint32_t)b, member), 0, block->n, w);
        for (size_t i = 0; i < block->n; i++) w[i] *= sd;
    }
}

/* ---- passes ---------------------------------------------------------------------------------------------------------- */

void bnn_workspace_take(bnn_workspace *workspace, bnn_arena *arena, const bnn_net *net, size_t max_rows, int n_threads) {
    size_t widest = 0;
    *workspace = (bnn_workspace){ .max_rows = max_rows, .n_threads = (size_t)n_threads, .y = BNN_TAKE(arena, net->n_layers, real *) };
    for (size_t l = 0; l < net->n_layers && workspace->y != NULL; l++) {
        const bnn_layer *layer = &net->layers[l];
        size_t scratch = bnn_layer_has_weights(layer) ? layer->row->scratch(layer) : 0;
        workspace->y[l] = BNN_TAKE(arena, max_rows * layer->n_out, real);
        if (layer->n_out > widest) widest = layer->n_out;
        if (scratch > workspace->scratch_size) workspace->scratch_size = scratch;
    }
    workspace->scratch_size = (workspace->scratch_size + 63) / 64 * 64;
    for (int i = 0; i < 2; i++) workspace->d[i] = BNN_TAKE(arena, max_rows * widest, real);
    workspace->scratch = BNN_TAKE(arena, workspace->n_threads * workspace->scratch_size, real);
}

void bnn_workspace_take_noise(bnn_workspace *workspace, bnn_arena *arena, const bnn_net *net) {
    size_t n = workspace->max_rows;
    workspace->noise = BNN_TAKE(arena, net->n_layers, bnn_layer_noise);
    for (size_t l = 0; l < net->n_layers && workspace->noise != NULL; l++) {
        const bnn_layer *layer = &net->layers[l];
        if (!bnn_layer_has_weights(layer)) continue;
        workspace->noise[l] = (bnn_layer_noise){ .q = BNN_TAKE(arena, n * layer->n_in, real), .xq = BNN_TAKE(arena, n * layer->n_in, real),
                                                 .h = BNN_TAKE(arena, n * layer->n_out, real) };
    }
    workspace->scratch_size *= 2;       /* a block and its second gradient */
    workspace->scratch = BNN_TAKE(arena, workspace->n_threads * workspace->scratch_size, real);
}

static bnn_pass complete_pass(const bnn_net *net, const bnn_workspace *workspace, bnn_team *team, bnn_pass pass, size_t n) {
    pass.team = n * net->n_weights < SERIAL_FLOPS ? NULL : team;
    pass.scratch = workspace->scratch;
    pass.scratch_size = workspace->scratch_size;
    return pass;
}

static bnn_mat inputs_of(const bnn_net *net, const bnn_workspace *workspace, size_t l, size_t n, const real *x) {
    real *at = l == 0 ? (real *)(uintptr_t)x : workspace->y[l - 1];   /* inputs are only read */
    return (bnn_mat){ n, net->layers[l].n_in, at };
}

static bool is_noisy(const bnn_pass *pass, const bnn_layer *layer) {
    return pass->noise != BNN_NOISE_NONE && layer->row->forward_noisy != NULL;
}

bnn_mat bnn_net_forward_pass(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, bnn_pass pass, size_t n, const real *x) {
    bnn_pass whole = complete_pass(net, workspace, team, pass, n);
    bnn_mat y = {0};
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        bnn_mat in = inputs_of(net, workspace, l, n, x);
        y = (bnn_mat){ n, layer->n_out, workspace->y[l] };
        if (is_noisy(&whole, layer)) layer->row->forward_noisy(layer, &whole, &workspace->noise[l], in, y);
        else layer->row->forward(layer, &whole, in, y);
    }
    return y;
}

/* Below the first layer with weights nobody needs a gradient. */
size_t bnn_net_first_with_weights(const bnn_net *net) {
    size_t l = 0;
    while (!bnn_layer_has_weights(&net->layers[l])) l++;
    return l;
}

static void backward_layers(const bnn_net *net, bnn_workspace *workspace, const bnn_pass *pass, size_t n, const real *x, const real *df,
                            const bnn_sink *sink) {
    bnn_mat dy = { n, net->n_outputs, workspace->d[0] };
    if (df != dy.at) memcpy(dy.at, df, n * net->n_outputs * sizeof *df);
    for (size_t l = net->n_layers, lowest = bnn_net_first_with_weights(net); l-- > lowest;) {
        const bnn_layer *layer = &net->layers[l];
        bnn_mat dx = { n, layer->n_in, l == lowest ? NULL : workspace->d[dy.at == workspace->d[0]] };
        bnn_mat y = { n, layer->n_out, workspace->y[l] }, in = inputs_of(net, workspace, l, n, x);
        if (is_noisy(pass, layer)) layer->row->backward_noisy(layer, pass, &workspace->noise[l], in, y, dy, dx, sink);
        else layer->row->backward(layer, pass, in, y, dy, dx, sink);
        dy = dx;
    }
}

/* The gradient of a small net, whole; in a noisy pass followed by that of `second`. */
typedef struct whole_gradient { _Alignas(64) real g[2 * BNN_SMALL_NET]; size_t n; bool has_second; } whole_gradient;

static void gather_block(void *context, size_t first, size_t n, real *g) {
    whole_gradient *whole = context;
    memcpy(whole->g + first, g, n * sizeof *g);
    if (whole->has_second) memcpy(whole->g + whole->n + first, g + n, n * sizeof *g);
}

void bnn_net_backward_pass(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, bnn_pass pass, size_t n, const real *x,
                           const real *df, const bnn_sink *sink) {
    bnn_pass whole = complete_pass(net, workspace, team, pass, n);
    if (sink == NULL || net->n_weights > BNN_SMALL_NET) {
        backward_layers(net, workspace, &whole, n, x, df, sink);
        return;
    }
    whole_gradient gradient;
    gradient.n = net->n_weights;
    gradient.has_second = pass.noise != BNN_NOISE_NONE;
    backward_layers(net, workspace, &whole, n, x, df, &(bnn_sink){ gather_block, &gradient });
    sink->block(sink->context, 0, gradient.n, gradient.g);
}

void bnn_net_backprop(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x,
                      const real *df, size_t lowest, bnn_visit_fn *visit, void *context) {
    bnn_pass pass = complete_pass(net, workspace, team, (bnn_pass){ .theta = theta }, n);
    bnn_mat dy = { n, net->n_outputs, workspace->d[0] };
    if (df != dy.at) memcpy(dy.at, df, n * net->n_outputs * sizeof *df);
    for (size_t l = net->n_layers; l-- > lowest;) {
        const bnn_layer *layer = &net->layers[l];
        bnn_mat dx = { n, layer->n_in, l == lowest ? NULL : workspace->d[dy.at == workspace->d[0]] };
        bnn_mat y = { n, layer->n_out, workspace->y[l] }, in = inputs_of(net, workspace, l, n, x);
        layer->row->backward(layer, &pass, in, y, dy, dx, NULL);
        if (bnn_layer_has_weights(layer)) visit(context, l, in, dy);
        dy = dx;
    }
}

bnn_mat bnn_net_forward(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x) {
    return bnn_net_forward_pass(net, workspace, team, (bnn_pass){ .theta = theta }, n, x);
}

void bnn_net_backward(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x,
                      const real *df, const bnn_sink *sink) {
    bnn_net_backward_pass(net, workspace, team, (bnn_pass){ .theta = theta }, n, x, df, sink);
}
