/* Bayes by Backprop against exact answers: linear regression with known noise s = .2 and prior N(0, 1) on slope and bias.
 *
 *     A = I + X'X / s^2,   exact posterior N(m, A^-1),   mean-field optimum N(m_i, 1 / A_ii),   log p(y) >= ELBO* = log p(y) - KL
 *
 * Golden A has x = -1 -.5 0 .5 1, where A is diagonal and the optimum exact; golden B has x + 1, where slope and bias are correlated. m,
 * sd, evidence and ELBO* are closed forms computed outside this project, to 12 digits. theta = (slope, bias). */
#include "fitting.h"
#include "data/data.h"
#include "estimator/estimator.h"
#include "predict/predict.h"
#include <gsl/gsl_randist.h>

enum { N = 5, SLOPE = 0, BIAS = 1 };

#define NOISE_SD 0.2

typedef struct golden { double x[N], mean[2], sd[2], log_evidence, elbo; } golden;

static const double golden_y[N] = { -.6, -.4, .05, .3, .7 };

static const golden golden_a = {      /* A = diag(63.5, 126), by hand */
    .x = { -1, -.5, 0, .5, 1 }, .mean = { .649606299213, .009920634921 }, .sd = { .125490971610, .089087080637 },
    .log_evidence = -1.418083692193, .elbo = -1.418083692193 };

static const golden golden_b = {
    .x = { 0, .5, 1, 1.5, 2 }, .mean = { .639767413241, -.624769259168 }, .sd = { .072835704073, .089087080637 },
    .log_evidence = -1.625588397726, .elbo = -2.161866316372 };

#define LINEAR "net.hidden=", "likelihood.noise_sd=0.2", "prior.sd=1", "data.scale_x=none", "data.scale_y=none", "train.batch=full", \
               "run.threads=1"

/* ---- the linear model ------------------------------------------------------------------------------------------------ */

typedef struct linear {
    bnn_dataset *data;
    bnn_model   *model;
    bnn_problem  problem;
    real         mu[2], log_sd[2];
} linear;

static bnn_dataset *dataset_of(const double *x) {
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, N, 1, x, 1, golden_y, 0));
    return data;
}

/* Frees the configuration. */
static void linear_make(linear *l, bnn_config *config, const double *x, const double *mean, const double *sd) {
    bnn_scaling scaling;
    *l = (linear){ .data = dataset_of(x) };
    assert_ok(bnn_scaling_fit(&scaling, l->data, "none", "none"));
    assert_ok(bnn_model_make(&l->model, config, &l->data->schema, &scaling));
    bnn_model *m = l->model;
    assert_ok(bnn_problem_make(&l->problem, &m->net, &m->likelihood, &m->prior, l->data, &m->scaling, NULL, N));
    for (size_t i = 0; i < m->net.n_weights; i++) {
        l->mu[i] = (real)mean[i];
        l->log_sd[i] = (real)log(sd[i]);
    }
    bnn_scaling_free(&scaling);
    bnn_config_free(config);
}

static void linear_free(linear *l) {
    bnn_problem_free(&l->problem);
    bnn_model_free(l->model);
    bnn_dataset_free(l->data);
}

/* A = I / prior_sd^2 + X'X / var, by the text book. */
static void precision_matrix(const golden *g, double var, double prior_precision, double A[2][2]) {
    double xx = 0, x = 0;
    for (int i = 0; i < N; i++) xx += g->x[i] * g->x[i], x += g->x[i];
    A[SLOPE][SLOPE] = prior_precision + xx / var;
    A[BIAS][BIAS] = prior_precision + N / var;
    A[SLOPE][BIAS] = A[BIAS][SLOPE] = x / var;
}

/* ---- unbiased gradients ---------------------------------------------------------------------------------------------- */

/* Running moments of a gradient (dmu [2], dlog_sd [2]). */
typedef struct tally { double n, g[4], sum[4], squares[4]; } tally;

static void tally_close(tally *t, const double *expected) {
    t->n++;
    for (int i = 0; i < 4; i++) {
        double residual = t->g[i] - (expected == NULL ? 0 : expected[i]);
        t->sum[i] += residual;
        t->squares[i] += residual * residual;
        t->g[i] = 0;
    }
}

/* Largest |mean| in standard errors over coordinates first, first + step, ... An antithetic pair has no variance in a linear model, only
 * rounding: of residuals times 25 in float. */
#define ROUNDING 1e-5

static double worst_z(const tally *t, int first, int step) {
    double worst = 0;
    for (int i = first; i < 4; i += step) {
        double mean = t->sum[i] / t->n, var = t->squares[i] / t->n - mean * mean;
        worst = fmax(worst, fabs(mean) / (sqrt(fmax(0, var) / t->n) + ROUNDING));
    }
    return worst;
}

static void take_tile(void *context, size_t first, size_t n, real *dmu, real *dlog_sd) {
    tally *t = context;
    for (size_t i = 0; i < n; i++) {
        t->g[first + i] += (double)dmu[i];
        t->g[2 + first + i] += (double)dlog_sd[i];
    }
}

/* What bbb adds to the estimator's part, for one draw. */
static void add_penalty(const linear *l, const bnn_estimator *e, double kl_weight, tally *t) {
    real dmu[2] = {0}, dlog_sd[2] = {0};
    size_t n = l->problem.n_weights;
    if (e->is_monte_carlo) for (size_t i = 0; i < n; i++) dlog_sd[i] = -(real)kl_weight;
    else l->problem.prior->row->add_kl_grad(l->problem.prior, 1, (real)kl_weight, n, l->mu, l->log_sd, dmu, dlog_sd);
    take_tile(t, 0, n, dmu, dlog_sd);
}

typedef struct estimation {
    const bnn_estimator_row *row;
    size_t n_samples;
    bool   is_antithetic, is_monte_carlo;
    double kl_weight;
} estimation;

static tally estimate(linear *l, estimation how, uint64_t seed, long n_draws, const double *expected) {
    tally t = {0};
    bnn_estimator e;
    bnn_elbo_sink sink = { take_tile, &t };
    assert_ok(bnn_estimator_make(&e, how.row, &l->problem, l->mu, l->log_sd));
    e.seed = seed;
    e.n_samples = how.n_samples;
    e.is_antithetic = how.is_antithetic;
    e.is_monte_carlo = how.is_monte_carlo;
    for (long step = 1; step <= n_draws; step++) {
        double nll;
        assert_ok(e.row->elbo_grad(&e, (uint64_t)step, N, NULL, how.kl_weight, &sink, &nll));
        add_penalty(l, &e, how.kl_weight, &t);
        tally_close(&t, expected);
    }
    bnn_estimator_free(&e);
    return t;
}

static double optimum_z(linear *l, estimation how, uint64_t seed, long n_draws) {
    tally t = estimate(l, how, seed, n_draws, NULL);
    return worst_z(&t, 0, 1);
}

/* z bound 5 over 1e5 draws, once again with 4e5 new ones before it counts. */
static bool is_optimum(linear *l, estimation how) {
    return optimum_z(l, how, 1, 100000) <= 5 || optimum_z(l, how, 2, 400000) <= 5;
}

/* Every estimator of the table, both kinds of KL: one sample, three, and an antithetic pair. */
static void check_every_estimator(const golden *g) {
    static const size_t n_samples[] = { 1, 3, 2 };
    linear l;
    linear_make(&l, CONFIG(LINEAR), g->x, g->mean, g->sd);
    for (size_t i = 0; bnn_estimators[i] != NULL; i++) {
        for (int kind = 0; kind < 6; kind++) {
            estimation how = { (const bnn_estimator_row *)bnn_estimators[i], n_samples[kind % 3], kind % 3 == 2, kind >= 3, 1 };
            if (!is_optimum(&l, how))
                fail_msg("%s, %zu samples, Monte Carlo KL %d: biased", bnn_estimators[i]->name, how.n_samples, how.is_monte_carlo);
        }
    }
    linear_free(&l);
}

static void gradient_is_zero_at_the_optimum_of_golden_a(void **state) {
    (void)state;
    check_every_estimator(&golden_a);
}

static void gradient_is_zero_at_the_optimum_of_golden_b(void **state) {
    (void)state;
    check_every_estimator(&golden_b);
}

static void the_same_check_rejects_a_wrong_sd_and_a_doubled_kl(void **state) {
    const double wide[2] = { 1.3 * golden_b.sd[0], 1.3 * golden_b.sd[1] };
    (void)state;
    for (size_t i = 0; bnn_estimators[i] != NULL; i++) {
        for (int is_monte_carlo = 0; is_monte_carlo < 2; is_monte_carlo++) {
            estimation how = { (const bnn_estimator_row *)bnn_estimators[i], 1, false, is_monte_carlo, 1 };
            linear l;
            linear_make(&l, CONFIG(LINEAR), golden_b.x, golden_b.mean, wide);
            assert_true(optimum_z(&l, how, 1, 100000) > 5);
            linear_free(&l);
            linear_make(&l, CONFIG(LINEAR), golden_b.x, golden_b.mean, golden_b.sd);
            how.kl_weight = 2;
            assert_true(optimum_z(&l, how, 1, 100000) > 5);
            linear_free(&l);
        }
    }
}

/* One step of plain descent, lr / N = RATE, from a random start: theta_0 - theta_1 = RATE (gradient), whose mean over seeds is
 * A (mu - m) for mu and A_ii sd^2 - 1 for log sd. This one sees all of bbb, from the outside. */
static tally first_steps(bnn_config *config, long first_seed, long n_seeds) {
    const double init_sd = 0.1, rate = 0.01;
    double A[2][2];
    tally t = {0};
    bnn_dataset *data = dataset_of(golden_b.x);
    precision_matrix(&golden_b, NOISE_SD * NOISE_SD, 1, A);
    for (long seed = first_seed; seed < first_seed + n_seeds; seed++) {
        real mu[2];
        double expected[4];
        set_number(config, "run", "seed", (double)seed);
        bnn_model *model = fit(config, data, NULL, NULL);
        bnn_net_init(&model->net, config, (uint64_t)seed, 0, mu);
        for (int i = 0; i < 2; i++) {
            t.g[i] = ((double)mu[i] - (double)model->posterior.arrays[0].at[i]) / rate;
            t.g[2 + i] = ((double)(real)log(init_sd) - (double)model->posterior.arrays[1].at[i]) / rate;
            expected[i] = A[i][0] * ((double)mu[0] - golden_b.mean[0]) + A[i][1] * ((double)mu[1] - golden_b.mean[1]);
            expected[2 + i] = A[i][i] * init_sd * init_sd - 1;
        }
        tally_close(&t, expected);
        bnn_model_free(model);
    }
    bnn_dataset_free(data);
    return t;
}

static void check_first_step(const char *estimator, const char *kl, int n_samples) {
    bnn_config *config = CONFIG(LINEAR, "net.init=normal:0.5", "method.init_sd=0.1", "optimizer.name=sgd", "optimizer.lr=0.05",
                                "train.epochs=1");
    assert_ok(bnn_config_set(config, "method", "estimator", estimator));
    assert_ok(bnn_config_set(config, "method", "kl", kl));
    set_number(config, "method", "samples", n_samples);
    tally t = first_steps(config, 1, 1000);
    if (worst_z(&t, 0, 1) > 5) t = first_steps(config, 10001, 4000);
    if (worst_z(&t, 0, 1) > 5) fail_msg("%s, kl %s: %g standard errors", estimator, kl, worst_z(&t, 0, 1));
    bnn_config_free(config);
}

static void first_step_of_bbb_is_unbiased(void **state) {
    (void)state;
    for (size_t i = 0; bnn_estimators[i] != NULL; i++) {
        check_first_step(bnn_estimators[i]->name, "closed_form", 1);
        check_first_step(bnn_estimators[i]->name, "monte_carlo", 3);
    }
}

/* ---- training -------------------------------------------------------------------------------------------------------- */

#define TRAIN LINEAR, "train.epochs=20000", "method.samples=4", "optimizer.lr=0.02", "optimizer.schedule=cosine"

static bnn_model *train(const golden *g, bnn_config *config) {
    bnn_dataset *data = dataset_of(g->x);
    bnn_model *model = fit(config, data, NULL, NULL);
    bnn_dataset_free(data);
    bnn_config_free(config);
    return model;
}

static double mean_of(const bnn_model *model, int i) { return (double)model->posterior.arrays[0].at[i]; }
static double sd_of(const bnn_model *model, int i) { return exp((double)model->posterior.arrays[1].at[i]); }

/* Within .05 sd of the mean and 2 % of the sd. */
static void check_recovers(const bnn_model *model, const double *mean, const double *sd) {
    for (int i = 0; i < 2; i++) {
        double z = (mean_of(model, i) - mean[i]) / sd[i], ratio = sd_of(model, i) / sd[i];
        if (!(fabs(z) <= .05)) fail_msg("coordinate %d: mean %.3f sd away", i, z);
        if (!(fabs(ratio - 1) <= .02)) fail_msg("coordinate %d: sd %.3f times the exact one", i, ratio);
    }
}

/* E_q[log p(y | w)] - KL(q || N(0, 1)), in closed form. */
static double exact_elbo(const golden *g, const double *mu, const double *sd) {
    double elbo = 0, var = NOISE_SD * NOISE_SD;
    for (int i = 0; i < N; i++) {
        double residual = golden_y[i] - mu[SLOPE] * g->x[i] - mu[BIAS];
        double spread = g->x[i] * g->x[i] * sd[SLOPE] * sd[SLOPE] + sd[BIAS] * sd[BIAS];
        elbo -= 0.5 * log(2 * M_PI * var) + 0.5 * (residual * residual + spread) / var;
    }
    for (int i = 0; i < 2; i++) elbo -= -log(sd[i]) + 0.5 * (mu[i] * mu[i] + sd[i] * sd[i]) - 0.5;
    return elbo;
}

static double elbo_of(const golden *g, const bnn_model *model) {
    const double mu[2] = { mean_of(model, 0), mean_of(model, 1) }, sd[2] = { sd_of(model, 0), sd_of(model, 1) };
    return exact_elbo(g, mu, sd);
}

static void exact_elbo_is_that_of_the_oracle(void **state) {
    (void)state;
    assert_close(exact_elbo(&golden_a, golden_a.mean, golden_a.sd), golden_a.elbo, 1e-10);
    assert_close(exact_elbo(&golden_b, golden_b.mean, golden_b.sd), golden_b.elbo, 1e-10);
}

/* sd of the mean of nll over `n_draws` draws of q at the optimum, where d nll / dw = -w: a quadratic form in normals. */
static double se_of_nll(const golden *g, double n_draws) {
    double A[2][2], var = 0;
    precision_matrix(g, NOISE_SD * NOISE_SD, 0, A);
    for (int i = 0; i < 2; i++) {
        var += pow(g->mean[i] * g->sd[i], 2);
        for (int j = 0; j < 2; j++) var += 0.5 * pow(A[i][j] * g->sd[i] * g->sd[j], 2);
    }
    return sqrt(var / n_draws);
}

/* The library's own figure from draws, against the closed form and the bounds. */
static void check_elbo_from_draws(const golden *g, const bnn_model *model) {
    enum { DRAWS = 20000 };
    bnn_dataset *data = dataset_of(g->x);
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = DRAWS, .seed = 7, .threads = 1 };
    assert_ok(bnn_predict(&prediction, model, data, &options));
    bnn_elbo elbo = bnn_predict_elbo(model, prediction);
    assert_true(elbo.has_kl);
    double se = se_of_nll(g, DRAWS);
    if (!(fabs(elbo.elbo - elbo_of(g, model)) <= 5 * se)) fail_msg("ELBO %g from draws, exactly %g", elbo.elbo, elbo_of(g, model));
    assert_true(elbo.elbo <= g->log_evidence + 5 * se);
    bnn_prediction_free(prediction);
    bnn_dataset_free(data);
}

static void check_training(const golden *g, bnn_config *config) {
    bnn_model *model = train(g, config);
    check_recovers(model, g->mean, g->sd);
    double elbo = elbo_of(g, model);
    if (!(fabs(elbo - g->elbo) <= .02 && elbo <= g->log_evidence)) fail_msg("ELBO %.5f, at best %.5f", elbo, g->elbo);
    check_elbo_from_draws(g, model);
    bnn_model_free(model);
}

static void bbb_recovers_the_exact_posterior_of_golden_a(void **state) {
    (void)state;
    check_training(&golden_a, CONFIG(TRAIN));
}

static void bbb_reaches_the_mean_field_optimum_of_golden_b(void **state) {
    (void)state;
    check_training(&golden_b, CONFIG(TRAIN));
}

static void bbb_with_a_monte_carlo_kl_reaches_the_same_optimum(void **state) {
    (void)state;
    check_training(&golden_b, CONFIG(TRAIN, "method.kl=monte_carlo"));
}

/* nll + T KL: dividing by T, the optimum is that of noise variance T s^2; all entries of A change accordingly. */
static void temperature_moves_the_optimum_as_derived(void **state) {
    static const double temperatures[] = { 0.2, 5 };
    (void)state;
    for (int k = 0; k < 2; k++) {
        double A[2][2], xy = 0, y = 0, var = temperatures[k] * NOISE_SD * NOISE_SD;
        precision_matrix(&golden_b, var, 1, A);
        for (int i = 0; i < N; i++) xy += golden_b.x[i] * golden_y[i] / var, y += golden_y[i] / var;
        double det = A[0][0] * A[1][1] - A[0][1] * A[1][0];
        const double mean[2] = { (A[1][1] * xy - A[0][1] * y) / det, (A[0][0] * y - A[1][0] * xy) / det };
        const double sd[2] = { 1 / sqrt(A[0][0]), 1 / sqrt(A[1][1]) };
        bnn_config *config = CONFIG(TRAIN);
        set_number(config, "method", "temperature", temperatures[k]);
        bnn_model *model = train(&golden_b, config);
        check_recovers(model, mean, sd);
        bnn_model_free(model);
    }
}

/* Weight of step t: T min(1, t / (warm-up epochs x steps per epoch)); an epoch's record has that of its last step. */
static void kl_weight_rises_to_the_temperature_over_the_warm_up(void **state) {
    records kept = {0};
    bnn_observer observer = { .context = &kept, .epoch = keep_record };
    bnn_config *config = CONFIG(LINEAR, "train.epochs=6", "train.batch=2", "method.kl_warmup=4", "method.temperature=0.5");
    bnn_dataset *data = dataset_of(golden_b.x);
    (void)state;
    bnn_model_free(fit(config, data, NULL, &observer));
    assert_int_equal(kept.n, 6);
    for (size_t e = 0; e < 6; e++) assert_close(kept.at[e].kl_weight, 0.5 * fmin(1, (double)(e + 1) / 4), 1e-15);
    bnn_dataset_free(data);
    bnn_config_free(config);
}

/* A step's KL weight acts on that very step: with plain descent, a warm-up of 4 steps and no noise to speak of (init_sd tiny), step 1
 * moves log sd by -rate (A_ii sd^2 - 1/4) = rate / 4. */
static void warm_up_weakens_the_first_step(void **state) {
    bnn_config *config = CONFIG(LINEAR, "train.epochs=1", "method.kl_warmup=4", "method.init_sd=1e-4", "net.init=normal:0",
                                "optimizer.name=sgd", "optimizer.lr=0.5");
    bnn_model *model = train(&golden_b, config);
    (void)state;
    /* the data part, g (w - mu), is about 80 x 1e-4 */
    for (int i = 0; i < 2; i++) assert_close((log(sd_of(model, i)) - log(1e-4)) / 0.1, 0.25, 0.05);
    bnn_model_free(model);
}

/* ---- prediction ------------------------------------------------------------------------------------------------------ */

static const double new_x[N] = { -3, -.25, 0, .7, 5 }, new_y[N] = { -1.5, -.4, .05, .3, 2.5 };

/* Predictions at new_x, with targets new_y or without, from the exact posterior of golden A. */
static bnn_prediction *predict_golden_a(long long n_draws, bool has_targets) {
    linear l;
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = n_draws, .seed = 3, .threads = 1 };
    linear_make(&l, CONFIG(LINEAR), golden_a.x, golden_a.mean, golden_a.sd);
    assert_ok(bnn_posterior_make(&l.model->posterior, &bnn_diag_posterior, 2, 0, 0));
    memcpy(l.model->posterior.arrays[0].at, l.mu, sizeof l.mu);
    memcpy(l.model->posterior.arrays[1].at, l.log_sd, sizeof l.log_sd);
    assert_ok(bnn_dataset_make(&rows, N, 1, new_x, 1, has_targets ? new_y : NULL, 0));
    assert_ok(bnn_predict(&prediction, l.model, rows, &options));
    bnn_dataset_free(rows);
    linear_free(&l);
    return prediction;
}

/* y* ~ N(m'x, s^2 + x'Sx) */
static void closed_form(int i, double *mean, double *epistemic) {
    *mean = golden_a.mean[SLOPE] * new_x[i] + golden_a.mean[BIAS];
    *epistemic = pow(golden_a.sd[SLOPE] * new_x[i], 2) + pow(golden_a.sd[BIAS], 2);
}

static void sampled_predictive_equals_the_closed_form(void **state) {
    enum { DRAWS = 100000 };
    bnn_prediction *p = predict_golden_a(DRAWS, false);
    (void)state;
    for (int i = 0; i < N; i++) {
        double mean, epistemic;
        closed_form(i, &mean, &epistemic);
        assert_true(fabs(p->mean[i] - mean) <= 5 * sqrt(epistemic / DRAWS));
        /* the sample variance of normals has relative sd sqrt(2 / n) */
        assert_true(fabs(pow(p->sd_epistemic[i], 2) / epistemic - 1) <= 5 * sqrt(2.0 / DRAWS));
        assert_close(p->sd_aleatoric[i], NOISE_SD, 1e-7);
        assert_close(pow(p->sd[i], 2), pow(p->sd_epistemic[i], 2) + NOISE_SD * NOISE_SD, 1e-7);
    }
    bnn_prediction_free(p);
}

/* log mean_s p(y | w_s): the relative variance of p(y | w) over draws is E[p^2] / E[p]^2 - 1, normal densities both. */
static void sampled_log_lik_equals_the_closed_form(void **state) {
    enum { DRAWS = 20000 };
    const double s2 = NOISE_SD * NOISE_SD;
    bnn_prediction *p = predict_golden_a(DRAWS, true);
    (void)state;
    for (int i = 0; i < N; i++) {
        double mean, epistemic;
        closed_form(i, &mean, &epistemic);
        double r = new_y[i] - mean, first = gsl_ran_gaussian_pdf(r, sqrt(s2 + epistemic));
        double second = gsl_ran_gaussian_pdf(r, sqrt(s2 / 2 + epistemic)) / (2 * sqrt(M_PI * s2));
        double se = sqrt((second / (first * first) - 1) / DRAWS);
        if (!(fabs(p->log_lik[i] - log(first)) <= 5 * se)) fail_msg("row %d: log_lik %g, exactly %g", i, p->log_lik[i], log(first));
    }
    bnn_prediction_free(p);
}

/* ---- a prior without a closed form ----------------------------------------------------------------------------------- */

/* d(-log p)/dw of the scale mixture pi N(0, .8^2) + (1 - pi) N(0, .05^2) */
static double neg_log_prior_slope(double pi, double w) {
    double a = pi * gsl_ran_gaussian_pdf(w, .8), b = (1 - pi) * gsl_ran_gaussian_pdf(w, .05);
    return w * (a / (.8 * .8) + b / (.05 * .05)) / (a + b);
}

/* Gradient of nll + KL for y = w x + noise sd 1: the likelihood in closed form; E_q[-log p] by the trapezoid rule over 12 sd; the
 * entropy's -1. */
static void mixture_gradient(double pi, double mu, double sd, double xx, double xy, double *expected) {
    enum { POINTS = 20000 };
    double dmu = 0, dlog_sd = 0, h = 24.0 / POINTS;
    for (int i = 0; i <= POINTS; i++) {
        double z = -12 + h * i, slope = neg_log_prior_slope(pi, mu + sd * z), p = h * gsl_ran_gaussian_pdf(z, 1);
        dmu += p * slope;
        dlog_sd += p * slope * sd * z;
    }
    expected[0] = xx * mu - xy + dmu;
    expected[1] = 0;
    expected[2] = xx * sd * sd + dlog_sd - 1;
    expected[3] = 0;
}

static double mixture_z(double pi, double mu, double sd, uint64_t seed, long n_draws) {
    linear l;
    double expected[4], xx = 0, xy = 0;
    for (int i = 0; i < N; i++) xx += pow(golden_b.x[i], 2), xy += golden_b.x[i] * golden_y[i];
    mixture_gradient(pi, mu, sd, xx, xy, expected);
    linear_make(&l, CONFIG("net.hidden=", "net.bias=no", "likelihood.noise_sd=1", "data.scale_x=none", "data.scale_y=none",
                           "prior.name=scale_mixture", "prior.pi=0.25", "prior.sd1=0.8", "prior.sd2=0.05"), golden_b.x, &mu, &sd);
    estimation how = { (const bnn_estimator_row *)bnn_estimators[0], 1, false, true, 1 };
    tally t = estimate(&l, how, seed, n_draws, expected);
    linear_free(&l);
    return worst_z(&t, 0, 2);
}

static void scale_mixture_gradient_equals_quadrature(void **state) {
    static const double mu[] = { 0, .03, -.15, .8 }, sd[] = { .05, .02, .1, .4 };
    (void)state;
    for (int i = 0; i < 4; i++) {
        double z = mixture_z(.25, mu[i], sd[i], 1, 100000);
        if (z > 5) z = mixture_z(.25, mu[i], sd[i], 2, 400000);
        if (z > 5) fail_msg("mu %g, sd %g: %g standard errors", mu[i], sd[i], z);
    }
}

static void the_same_check_rejects_another_mixture(void **state) {
    (void)state;
    assert_true(mixture_z(.35, -.15, .1, 1, 100000) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_zero_at_the_optimum_of_golden_a),
        cmocka_unit_test(gradient_is_zero_at_the_optimum_of_golden_b),
        cmocka_unit_test(the_same_check_rejects_a_wrong_sd_and_a_doubled_kl),
        cmocka_unit_test(first_step_of_bbb_is_unbiased),
        cmocka_unit_test(exact_elbo_is_that_of_the_oracle),
        cmocka_unit_test(bbb_recovers_the_exact_posterior_of_golden_a),
        cmocka_unit_test(bbb_reaches_the_mean_field_optimum_of_golden_b),
        cmocka_unit_test(bbb_with_a_monte_carlo_kl_reaches_the_same_optimum),
        cmocka_unit_test(temperature_moves_the_optimum_as_derived),
        cmocka_unit_test(kl_weight_rises_to_the_temperature_over_the_warm_up),
        cmocka_unit_test(warm_up_weakens_the_first_step),
        cmocka_unit_test(sampled_predictive_equals_the_closed_form),
        cmocka_unit_test(sampled_log_lik_equals_the_closed_form),
        cmocka_unit_test(scale_mixture_gradient_equals_quadrature),
        cmocka_unit_test(the_same_check_rejects_another_mixture),
    };
    return RUN(tests);
}
