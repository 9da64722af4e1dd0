/* Central differences against the gradient.
 *
 * For a move of h u the gradient predicts E(theta + h u) - E(theta - h u) = g . (theta+ - theta-) + O(h^3). With the moves as they
 * come out after rounding, e(h) = (difference - prediction) / 2h is a multiple of h^2 plus noise / h if g is right; if not, it is g's
 * error along u. Richardson's R = (4 e(h/2) - e(h)) / 3 removes the h^2, and the h of least uncertainty is used (Ridders 1982): the
 * spread of three neighbouring R, but no less than what rounding or a kink makes of it. Both show in the second difference
 * s(h) = E(theta + h u) - 2 E(theta) + E(theta - h u): at the smallest h nothing but rounding is left in it, and where a relu has its
 * kink nearer than h, s(h) / h does not vanish with h but stays at the jump of the slope, twice what e(h) may be off by. */
#include "base/fail.h"
#include "run/diagnose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef BNN_DOUBLE
enum { HALVINGS = 22 };    /* down to h = 1e-8 */
#else
enum { HALVINGS = 11 };
#endif

enum { NOISE_LEVELS = 4, PART_PROBES = 2, RANDOM_PROBES = 2, TOP_PROBES = 4, COORDINATE_PROBES = 4,
       PROBES = PART_PROBES + RANDOM_PROBES + TOP_PROBES + COORDINATE_PROBES };

#define DECIDED 0.05    /* a probe judges only if its uncertainty is below this part of the slope */
#define SPREADS 4       /* twice what is left of a remainder that falls like h, not h^2           */
#define JUMPS   2       /* several kinks may partly cancel in the jump, and not in the error      */

typedef struct prober {
    bnn_problem  *problem;
    real         *theta, *g;         /* [n_params] */
    real         *direction, *saved; /* [n] of the present block */
    size_t        n_rows;
    const size_t *rows;
    uint64_t      seed;
    size_t        block;             /* number of the present block */
    double        center;            /* energy at theta */
} prober;

static bnn_status energy(const prober *p, double *value) {
    bnn_status status = bnn_problem_nll(p->problem, p->theta, p->n_rows, p->rows, NULL, value);
    *value += bnn_problem_neg_log_prior(p->problem, p->theta);
    return status;
}

/* Moves theta to saved + h * direction; returns g . (what it moved by). */
static double move(const prober *p, const bnn_block *block, double h) {
    double predicted = 0;
    for (size_t i = 0; i < block->n; i++) {
        real moved = (real)((double)p->saved[i] + h * (double)p->direction[i]);
        p->theta[block->first + i] = moved;
        predicted += (double)p->g[block->first + i] * ((double)moved - (double)p->saved[i]);
    }
    return predicted;
}

/* One level of a probe: e(h), the size of what was compared, the second difference. */
typedef struct level { double h, e, slope, second, r; } level;

static bnn_status measure(const prober *p, const bnn_block *block, level *at) {
    double up, down, h = at->h;
    double predicted = move(p, block, h);
    bnn_status status = energy(p, &up);
    if (status != BNN_OK) return status;
    predicted -= move(p, block, -h);
    if ((status = energy(p, &down)) != BNN_OK) return status;
    at->e = (up - down - predicted) / (2 * h);
    at->slope = fmax(fabs(up - down), fabs(predicted)) / (2 * h);
    at->second = up - 2 * p->center + down;
    return BNN_OK;
}

typedef struct probe_result { double error, uncertainty, slope; } probe_result;

/* The sd of E's rounding: three roundings with weights 1, -2, 1 make a second difference. */
static double rounding_of(const level levels[HALVINGS]) {
    double sum = 0;
    for (int k = HALVINGS - NOISE_LEVELS; k < HALVINGS; k++) sum += levels[k].second * levels[k].second;
    return sqrt(sum / (6 * NOISE_LEVELS));
}

/* s(h) / h without its smooth part, which is linear in h. */
static double jump_of(const level *coarse, const level *fine) {
    return fabs(2 * fine->second / fine->h - coarse->second / coarse->h);
}

static probe_result judge_levels(const level levels[HALVINGS]) {
    probe_result best = { .uncertainty = INFINITY };
    double rounding = rounding_of(levels);
    for (int k = 3; k < HALVINGS; k++) {
        const level *l = &levels[k - 1];
        double spread = fmax(fabs(levels[k].r - l->r), fabs(l->r - levels[k - 2].r)), noise = 3 * rounding / l->h;
        double jump = JUMPS * fmax(jump_of(&levels[k - 2], l), jump_of(l, &levels[k]));
        double uncertainty = fmax(SPREADS * spread, fmax(noise, jump));
        if (uncertainty < best.uncertainty) best = (probe_result){ l->r, uncertainty, l->slope };
    }
    return best;
}

/* Levels at h, h/2, h/4, ... along the direction. */
static bnn_status probe(const prober *p, const bnn_block *block, double h, probe_result *result) {
    level levels[HALVINGS];
    for (int k = 0; k < HALVINGS; k++, h /= 2) {
        levels[k].h = h;
        bnn_status status = measure(p, block, &levels[k]);
        if (status != BNN_OK) return status;
        levels[k].r = k == 0 ? levels[k].e : (4 * levels[k].e - levels[k - 1].e) / 3;
    }
    *result = judge_levels(levels);
    return BNN_OK;
}

/* ---- directions ------------------------------------------------------------------------------------------------------ */

static void point_at(const prober *p, const bnn_block *block, size_t i) {
    memset(p->direction, 0, block->n * sizeof *p->direction);
    p->direction[i] = 1;
}

static size_t largest(const real *g, size_t n, const size_t *taken, size_t n_taken) {
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < n; i++) {
        bool is_taken = false;
        for (size_t t = 0; t < n_taken; t++) is_taken |= taken[t] == i;
        if (is_taken || !(fabs((double)g[i]) > most)) continue;
        most = fabs((double)g[i]);
        best = i;
    }
    return best;
}

/* Random signs, or the gradient with half of it left out at random: the first sees everything a little, the second half of it well. */
static void point_randomly(const prober *p, const bnn_block *block, const double *uniform, bool along_gradient) {
    const real *g = p->g + block->first;
    for (size_t i = 0; i < block->n; i++) {
        bool is_high = uniform[i] > 0.5;
        p->direction[i] = along_gradient ? (is_high ? g[i] : 0) : (is_high ? (real)1 : (real)-1);
    }
}

/* Sets the direction of probe number k; false: nothing to probe along. taken: the coordinates of the TOP probes so far. */
static bool choose_direction(const prober *p, const bnn_block *block, size_t k, double *uniform, size_t taken[TOP_PROBES]) {
    bnn_key key = bnn_key_make(p->seed, BNN_PURPOSE_TEST, (uint32_t)p->block, (uint32_t)k, 0);
    bnn_rng_uniforms(key, 0, block->n, uniform);
    if (k < PART_PROBES + RANDOM_PROBES) {
        point_randomly(p, block, uniform, k < PART_PROBES);
    } else if (k < PART_PROBES + RANDOM_PROBES + TOP_PROBES) {
        size_t t = k - PART_PROBES - RANDOM_PROBES;
        if (t >= block->n) return false;
        taken[t] = largest(p->g + block->first, block->n, taken, t);
        point_at(p, block, taken[t]);
    } else {
        point_at(p, block, (size_t)(uniform[0] * (double)block->n));
    }
    double most = 0;
    for (size_t i = 0; i < block->n; i++) most = fmax(most, fabs((double)p->direction[i]));
    for (size_t i = 0; most > 0 && i < block->n; i++) p->direction[i] = (real)((double)p->direction[i] / most);
    return most > 0;
}

/* ---- one block ------------------------------------------------------------------------------------------------------- */

static double root_mean_square(const real *v, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
    return sqrt(sum / (double)n);
}

static void judge(bnn_block_check *check, const probe_result *result) {
    double slope = result->slope, error = slope > 0 ? fabs(result->error) / slope : 0;
    double uncertainty = slope > 0 ? result->uncertainty / slope : 0;
    check->n_probes++;
    if (!(uncertainty <= DECIDED)) return;
    if (check->n_decided++ == 0 || error - uncertainty > check->error - check->uncertainty) {
        check->error = error;
        check->uncertainty = uncertainty;
    }
    check->n_wrong += error > BNN_GRADIENT_TOLERANCE + uncertainty;
}

/* uniform [block->n]: scratch. */
static bnn_status check_block(bnn_block_check *check, prober *p, const bnn_block *block, double *uniform) {
    real *weights = p->theta + block->first;
    double h = 0.1 * fmax(root_mean_square(weights, block->n), 0.05);
    size_t taken[TOP_PROBES];
    bnn_status status = BNN_OK;
    *check = (bnn_block_check){ .block = *block, .norm = root_mean_square(p->g + block->first, block->n) * sqrt((double)block->n) };
    memcpy(p->saved, weights, block->n * sizeof *weights);
    for (size_t k = 0; k < PROBES && status == BNN_OK; k++) {
        probe_result result;
        if (!choose_direction(p, block, k, uniform, taken)) continue;
        if ((status = probe(p, block, h, &result)) == BNN_OK) judge(check, &result);
        memcpy(weights, p->saved, block->n * sizeof *weights);
    }
    return status;
}

static bnn_status check_blocks(bnn_block_check *checks, prober *p, double *uniform) {
    const bnn_net *net = p->problem->net;
    size_t n_noise = p->problem->likelihood->n_noise;
    bnn_block noise = { .name = "likelihood.log_noise_sd", .first = net->n_weights, .n = n_noise, .n_dims = 1, .shape = { n_noise },
                        .role = BNN_ROLE_NOISE };
    bnn_status status = BNN_OK;
    for (p->block = 0; status == BNN_OK && p->block < net->n_blocks; p->block++)
        status = check_block(&checks[p->block], p, &net->blocks[p->block], uniform);
    if (status == BNN_OK && n_noise > 0) status = check_block(&checks[p->block], p, &noise, uniform);
    return status;
}

bnn_status bnn_gradient_check(bnn_block_check *checks, bnn_problem *problem, real *theta, size_t n, const size_t *rows, uint64_t seed) {
    bnn_arena arena = {0};
    size_t n_params = problem->n_params;
    prober p = { .problem = problem, .theta = theta, .n_rows = n, .rows = rows, .seed = seed };
    double *uniform = BNN_TAKE(&arena, n_params, double);
    p.g = BNN_TAKE(&arena, n_params, real);
    p.direction = BNN_TAKE(&arena, n_params, real);
    p.saved = BNN_TAKE(&arena, n_params, real);
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the gradient check") : BNN_OK;
    if (status == BNN_OK) status = bnn_problem_energy(problem, theta, n, rows, &p.center, p.g);
    if (status == BNN_OK) status = check_blocks(checks, &p, uniform);
    bnn_arena_free(&arena);
    return status;
}
