/* A whole problem from a few settings, with random rows that suit its likelihood, and a naive net in double to compare with. */
#ifndef BNN_TESTS_SMALL_PROBLEM_H
#define BNN_TESTS_SMALL_PROBLEM_H

#include "harness.h"
#include "layer/activation.h"
#include "method/catalogue.h"
#include "problem/problem.h"
#include <stdio.h>

#ifdef BNN_DOUBLE
enum { IS_DOUBLE = 1 };
#else
enum { IS_DOUBLE = 0 };
#endif

/* For tests below bnn_fit, which does this itself: from here on BLAS keeps to the calling thread. */
static inline int enter_library(void **state) {
    (void)state;
    bnn_blas_single_thread();
    return 0;
}

#define RUN_INSIDE(tests) cmocka_run_group_tests_name(__FILE__, (tests), enter_library, NULL)

/* ---- settings -------------------------------------------------------------------------------------------------------- */

#define READ_SETS(...) \
    read_sets(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *const[]){ __VA_ARGS__ })

/* All defaults but for the given "section.key=value" words; empty words are left out. */
static inline bnn_config *read_sets(size_t n, const char *const *sets) {
    const char *given[16];
    size_t n_given = 0;
    bnn_config *config = NULL;
    for (size_t i = 0; i < n; i++)
        if (sets[i][0] != '\0') given[n_given++] = sets[i];
    assert_ok(bnn_config_read_catalogue(&config, bnn_catalogue, NULL, n_given, given));
    return config;
}

/* "key=value", good for the next 15 calls. */
static inline const char *set_of(const char *key, const char *value) {
    static char texts[16][128];
    static int next;
    char *text = texts[next++ % 16];
    snprintf(text, sizeof texts[0], "%s=%s", key, value);
    return text;
}

static inline bool has_option(const bnn_variant *variant, const char *name) {
    for (const bnn_option *row = variant->options; row != NULL && row->name != NULL; row++)
        if (strcmp(row->name, name) == 0) return true;
    return false;
}

/* With the most targets or classes that it takes, 2 and 3 at most. */
static inline void make_likelihood(bnn_likelihood *likelihood, const bnn_config *config) {
    const bnn_likelihood_row *row = (const bnn_likelihood_row *)bnn_config_variant(config, "likelihood", "name");
    if (row->wants_classes) {
        if (bnn_likelihood_make(likelihood, config, 1, 3) != BNN_OK) assert_ok(bnn_likelihood_make(likelihood, config, 1, 2));
    } else {
        if (bnn_likelihood_make(likelihood, config, 2, 0) != BNN_OK) assert_ok(bnn_likelihood_make(likelihood, config, 1, 0));
    }
}

/* ---- problems -------------------------------------------------------------------------------------------------------- */

typedef struct small_problem {
    bnn_config    *config;
    bnn_likelihood likelihood;
    bnn_prior      prior;
    bnn_net        net;
    bnn_dataset   *data;
    bnn_scaling    scaling;
    bnn_problem    problem;
    real          *theta;      /* [n_params] random, no weight near 0, where a prior may have a kink or a spike */
    bnn_arena      arena;
} small_problem;

static inline bnn_key numbers_key(uint32_t step) { return bnn_key_make(20240607, BNN_PURPOSE_TEST, step, 0, 0); }

/* Weights of sd 1 / sqrt(fan_in) and learnt noise around .7. */
static inline void draw_theta(const small_problem *p, uint32_t seed, real *theta) {
    bnn_rng_normals(numbers_key(seed), 0, p->problem.n_params, theta);
    for (size_t b = 0; b < p->net.n_blocks; b++) {
        const bnn_block *block = &p->net.blocks[b];
        for (real *w = theta + block->first, *end = w + block->n; w < end; w++) {
            *w *= (real)sqrt(1 / (double)block->fan_in);
            if (fabs((double)*w) < 0.02) *w = (real)(*w < 0 ? -0.02 : 0.02);
        }
    }
    for (size_t j = p->net.n_weights; j < p->problem.n_params; j++) theta[j] = (real)(-0.35 + 0.1 * (double)theta[j]);
}

/* Targets drawn from the likelihood itself at random outputs: they suit any row of the table. */
static inline void draw_targets(const small_problem *p, uint32_t seed, size_t n, double *y) {
    const bnn_likelihood *likelihood = &p->likelihood;
    real f[16], log_noise_sd[16] = {0};
    gsl_rng *rng = bnn_rng_gsl(numbers_key(seed + 1));
    assert_true(likelihood->n_outputs <= 16 && likelihood->n_noise <= 16);
    for (size_t i = 0; i < n; i++) {
        bnn_rng_normals(numbers_key(seed + 2), i * 32, likelihood->n_outputs, f);
        likelihood->row->sample(likelihood, log_noise_sd, f, rng, y + i * likelihood->n_targets);
    }
    gsl_rng_free(rng);
}

static inline void draw_data(small_problem *p, uint32_t seed, size_t n_rows, size_t n_features) {
    size_t n = n_rows * n_features;
    real *z = BNN_TAKE(&p->arena, n, real);
    double *x = BNN_TAKE(&p->arena, n, double), *y = BNN_TAKE(&p->arena, n_rows * p->likelihood.n_targets, double);
    assert_false(p->arena.has_failed);
    bnn_rng_normals(numbers_key(seed), 0, n, z);
    for (size_t i = 0; i < n; i++) x[i] = (double)z[i];
    draw_targets(p, seed, n_rows, y);
    assert_ok(bnn_dataset_make(&p->data, n_rows, n_features, x, p->likelihood.n_targets, y, p->likelihood.n_classes));
    assert_ok(bnn_scaling_fit(&p->scaling, p->data, "none", "none"));
}

/* Takes the config. max_rows as in bnn_problem_make. */
static inline void small_problem_make(small_problem *p, bnn_config *config, bnn_team *team, size_t n_rows, size_t n_features,
                                      size_t max_rows) {
    *p = (small_problem){ .config = config };
    make_likelihood(&p->likelihood, config);
    assert_ok(bnn_prior_make(&p->prior, config));
    assert_ok(bnn_net_make(&p->net, config, n_features, p->likelihood.n_outputs));
    draw_data(p, 100, n_rows, n_features);
    assert_ok(bnn_problem_make(&p->problem, &p->net, &p->likelihood, &p->prior, p->data, &p->scaling, team, max_rows));
    p->theta = BNN_TAKE(&p->arena, p->problem.n_params, real);
    assert_non_null(p->theta);
    draw_theta(p, 200, p->theta);
}

static inline void small_problem_free(small_problem *p) {
    bnn_problem_free(&p->problem);
    bnn_scaling_free(&p->scaling);
    bnn_dataset_free(p->data);
    bnn_net_free(&p->net);
    bnn_prior_free(&p->prior);
    bnn_likelihood_free(&p->likelihood);
    bnn_config_free(p->config);
    bnn_arena_free(&p->arena);
}

/* ---- comparing gradients block by block ------------------------------------------------------------------------------ */

static inline double norm(size_t n, const real *g) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)g[i] * (double)g[i];
    return sqrt(sum);
}

/* |g - want| / (|g| + |want|); 0 for two zero vectors; a NaN gives a NaN. */
static inline double disagreement(size_t n, const real *g, const double *want) {
    double difference = 0, got2 = 0, want2 = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)g[i] - want[i];
        difference += d * d;
        got2 += (double)g[i] * (double)g[i];
        want2 += want[i] * want[i];
    }
    return difference == 0 ? 0 : sqrt(difference) / (sqrt(got2) + sqrt(want2));
}

/* The first block (of the net, then the noise) in which g and want disagree by more than the tolerance; NULL: none. */
static inline const char *find_disagreement(const bnn_net *net, size_t n_noise, const real *g, const double *want,
                                            double tolerance) {
    for (size_t b = 0; b < net->n_blocks; b++) {
        const bnn_block *block = &net->blocks[b];
        if (!(disagreement(block->n, g + block->first, want + block->first) <= tolerance)) return block->name;
    }
    return disagreement(n_noise, g + net->n_weights, want + net->n_weights) <= tolerance ? NULL : "noise";
}

/* The checker above must see each block's sign turned round, and each block doubled. */
static inline void assert_faults_are_seen(const bnn_net *net, real *g, const double *want, double tolerance) {
    for (size_t b = 0; b < net->n_blocks; b++) {
        const real factors[] = { -1, 2 };
        for (int k = 0; k < 2; k++) {
            const bnn_block *block = &net->blocks[b];
            for (size_t i = block->first; i < block->first + block->n; i++) g[i] *= factors[k];
            const char *found = find_disagreement(net, 0, g, want, tolerance);
            if (found == NULL) fail_msg("block %s times %g passes", block->name, (double)factors[k]);
            assert_string_equal(found, block->name);
            for (size_t i = block->first; i < block->first + block->n; i++) g[i] /= factors[k];
        }
    }
}

/* ---- the naive net: dense layers, row by row, in double -------------------------------------------------------------- */

static inline double naive_relu(double z) { return z > 0 ? z : 0; }
static inline double naive_relu_slope(double z) { return z > 0; }
static inline double naive_tanh_slope(double z) { return 1 / (cosh(z) * cosh(z)); }
static inline double naive_sigmoid(double z) { return 1 / (1 + exp(-z)); }
static inline double naive_sigmoid_slope(double z) { return naive_sigmoid(z) * naive_sigmoid(-z); }
static inline double naive_softplus(double z) { return z > 30 ? z + exp(-z) : log1p(exp(z)); }
static inline double naive_identity(double z) { return z; }
static inline double naive_one(double z) { (void)z; return 1; }

typedef struct naive_activation { const char *name; double (*at)(double z), (*slope)(double z); } naive_activation;

static inline const naive_activation *naive_activation_of(const bnn_activation *activation) {
    static const naive_activation table[] = {
        { "relu", naive_relu, naive_relu_slope },          { "tanh", tanh, naive_tanh_slope },
        { "sigmoid", naive_sigmoid, naive_sigmoid_slope }, { "softplus", naive_softplus, naive_sigmoid },
        { "identity", naive_identity, naive_one },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, activation->head.name) == 0) return &table[i];
    fail_msg("activation %s needs a line in tests/small_problem.h: its formula by libm", activation->head.name);
    return NULL;
}

enum { NAIVE_LAYERS = 4 };

typedef struct naive_pass {
    double *z[NAIVE_LAYERS], *y[NAIVE_LAYERS + 1];   /* y[0]: inputs; z[l], y[l + 1]: of layer l */
    double *g;                                       /* [n_weights] */
    double  least_z;                                 /* smallest |z| of all hidden units */
    bnn_arena arena;
} naive_pass;

static inline void naive_forward(naive_pass *pass, const bnn_net *net, const real *theta, size_t n, const real *x) {
    *pass = (naive_pass){ .least_z = INFINITY };
    assert_true(net->n_layers <= NAIVE_LAYERS);
    pass->y[0] = BNN_TAKE(&pass->arena, n * net->n_inputs, double);
    for (size_t i = 0; i < n * net->n_inputs; i++) pass->y[0][i] = (double)x[i];
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        size_t in = layer->n_in, out = layer->n_out;
        double *z = pass->z[l] = BNN_TAKE(&pass->arena, n * out, double);
        double *y = pass->y[l + 1] = BNN_TAKE(&pass->arena, n * out, double);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < out; j++) {
                double *at = &z[i * out + j];
                *at = layer->has_bias ? (double)theta[layer->bias + j] : 0;
                for (size_t k = 0; k < in; k++) *at += pass->y[l][i * in + k] * (double)theta[layer->weight + j * in + k];
                y[i * out + j] = naive_activation_of(layer->activation)->at(*at);
                if (l + 1 < net->n_layers) pass->least_z = fmin(pass->least_z, fabs(*at));
            }
    }
}

/* After naive_forward: pass->g from df [n x n_outputs]. */
static inline void naive_backward(naive_pass *pass, const bnn_net *net, const real *theta, size_t n, const real *df) {
    double *dy = BNN_TAKE(&pass->arena, n * net->n_outputs, double);
    pass->g = BNN_TAKE(&pass->arena, net->n_weights, double);
    for (size_t i = 0; i < n * net->n_outputs; i++) dy[i] = (double)df[i];
    for (size_t l = net->n_layers; l-- > 0;) {
        const bnn_layer *layer = &net->layers[l];
        size_t in = layer->n_in, out = layer->n_out;
        double *dx = BNN_TAKE(&pass->arena, n * in, double);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < out; j++) {
                double dz = dy[i * out + j] * naive_activation_of(layer->activation)->slope(pass->z[l][i * out + j]);
                if (layer->has_bias) pass->g[layer->bias + j] += dz;
                for (size_t k = 0; k < in; k++) {
                    pass->g[layer->weight + j * in + k] += dz * pass->y[l][i * in + k];
                    dx[i * in + k] += dz * (double)theta[layer->weight + j * in + k];
                }
            }
        dy = dx;
    }
}

static inline void naive_free(naive_pass *pass) { bnn_arena_free(&pass->arena); }

#endif
