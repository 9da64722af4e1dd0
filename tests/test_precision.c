/* The prior precision of a Laplace posterior and its evidence. Against dense algebra: the curvature by brute force, the posterior by a naive
 * inverse, log determinants by elimination, and each group's best precision by a grid. */
#include "brute_force.h"
#include "fitting.h"
#include "random_factors.h"
#include "method/laplace.h"
#include "method/precision.h"
#include "predict/predict.h"

/* ---- groups by themselves -------------------------------------------------------------------------------------------- */

enum { SOME = 9 };

static void copy_eigenvalues(const void *context, size_t first, size_t n, double *e) {
    memcpy(e, (const double *)context + first, n * sizeof *e);
}

static bnn_precision_group group_of(size_t n, const double *e, double q) {
    return (bnn_precision_group){ .n = n, .q = q, .eigenvalues = copy_eigenvalues, .context = e };
}

static void random_group(uint32_t trial, double e[SOME], bnn_precision_group *group) {
    double z[SOME + 1];
    fill_normals(trial, SOME + 1, z);
    for (int i = 0; i < SOME; i++) e[i] = i < 2 ? 0 : exp(2 * z[i]);       /* two flat directions */
    *group = group_of(SOME, e, exp(2 * z[SOME]));
}

/* 1/2 (n log tau - tau q - sum log(e + tau)), once more, in another order */
static double evidence_at(const bnn_precision_group *group, double tau) {
    const double *e = group->context;
    double sum = -tau * group->q;
    for (size_t i = 0; i < group->n; i++) sum += log(tau / (e[i] + tau));
    return sum / 2;
}

static double best_on_grid(const bnn_precision_group *group, double step) {
    double best = -INFINITY, best_at = 0;
    for (double log_tau = -27; log_tau <= 27; log_tau += step) {
        double value = evidence_at(group, exp(log_tau));
        if (value > best) best = value, best_at = log_tau;
    }
    return best_at;
}

static void best_precision_is_the_best_of_a_grid_and_a_fixed_point(void **state) {
    (void)state;
    for (uint32_t trial = 1; trial <= 50; trial++) {
        double e[SOME];
        bnn_precision_group group;
        random_group(trial, e, &group);
        double tau = bnn_precision_by_evidence(&group);
        assert_true(fabs(log(tau) - best_on_grid(&group, 0.01)) <= 0.011);
        assert_close(bnn_precision_gamma(&group, tau) / (tau * group.q), 1, 1e-10);
        assert_close(bnn_precision_evidence(&group, tau), evidence_at(&group, tau), 1e-12);
        assert_true(evidence_at(&group, tau) > evidence_at(&group, tau * 1.001) && evidence_at(&group, tau) > evidence_at(&group, tau / 1.001));
        double counted = 0;
        for (int i = 0; i < SOME; i++) counted += 1 - tau / (e[i] + tau);
        assert_close(bnn_precision_gamma(&group, tau), counted, 1e-12);
    }
}

/* Groups of more eigenvalues than a tile of theirs, from within a longer array. */
static void a_long_group_is_the_sum_of_its_parts(void **state) {
    enum { LONG = 5000, CUT = 700 };
    double e[LONG];
    (void)state;
    fill_normals(77, LONG, e);
    for (int i = 0; i < LONG; i++) e[i] = exp(e[i]);
    bnn_precision_group whole = group_of(LONG, e, 3), left = group_of(CUT, e, 1), right = group_of(LONG - CUT, e, 2);
    right.first = CUT;
    double lowest = fmin(bnn_precision_lowest(&left), bnn_precision_lowest(&right));
    assert_close(bnn_precision_gamma(&whole, 2), bnn_precision_gamma(&left, 2) + bnn_precision_gamma(&right, 2), 1e-12);
    assert_close(bnn_precision_evidence(&whole, 2), bnn_precision_evidence(&left, 2) + bnn_precision_evidence(&right, 2), 1e-12);
    assert_true(bnn_precision_lowest(&whole) == lowest && lowest > 0);
    right.first = 0;                                                                        /* a planted fault */
    assert_false(is_close(bnn_precision_gamma(&whole, 2), bnn_precision_gamma(&left, 2) + bnn_precision_gamma(&right, 2), 1e-12));
}

static void precisions_without_an_optimum_end_at_their_bounds(void **state) {
    (void)state;
    const double e[2] = { 3, 5 }, flat[2] = { 0, 0 };
    const bnn_precision_group still = group_of(2, e, 0), unseen = group_of(2, flat, 7);
    const double high = bnn_precision_by_evidence(&still);           /* weights 0: the tighter the better */
    const double low = bnn_precision_by_evidence(&unseen);           /* no data: the wider the better     */
    assert_true(high > 0.9e12 && high < 1.1e12);
    assert_true(low > 0.9e-12 && low < 1.1e-12);
}

/* ---- dense algebra --------------------------------------------------------------------------------------------------- */

enum { FEATURES = 3, ROWS = 14 };
enum { KRON, DIAG, FULL };

/* Curvature and inverse each lose digits in proportion to the condition number, up to 1e4 here. */
static const double tolerance = IS_DOUBLE ? 1e-7 : 5e-3;

static const char *const structures[] = { "kron", "diag", "full" };

typedef struct dense {
    small_problem p;             /* rows and net */
    bnn_model *model;            /* Laplace's */
    int        structure;
    size_t     first, span;
    double    *p0;               /* [span] prior precision of each weight */
    double    *h;                /* [span x span] curvature of that structure */
    size_t    *group;            /* [span] of each weight */
    size_t     n_groups;
    double     tau[8];
    double     within;           /* sums over h: second differences leave more than first ones */
} dense;

static double fact(const bnn_model *model, const char *name) {
    return strtod(json_string_value(json_object_get(model->facts, name)), NULL);
}

static point point_of(const dense *t) { return (point){ &t->model->net, &t->model->likelihood, t->p.data, t->model->posterior.arrays[0].at }; }

/* h of a layer <- G (x) A / sum of weights, with G found in the brute-force curvature of the biases (dz = d f / d bias). */
static void factorise_layer(const dense *t, size_t l, const double *full, const naive_pass *pass) {
    const bnn_layer *layer = &t->model->net.layers[l];
    size_t n_in = layer->n_in + 1;
    double a[16 * 16] = {0}, x[16], sum = 0;
    assert_true(n_in <= 16 && layer->has_bias);
    for (size_t i = 0; i < ROWS; i++) {
        memcpy(x, pass->y[l] + i * layer->n_in, layer->n_in * sizeof *x);
        x[layer->n_in] = 1;
        add_outer(n_in, weight_of(point_of(t), i), x, a);
        sum += weight_of(point_of(t), i);
    }
    for (size_t o = 0; o < layer->n_out; o++)
        for (size_t u = 0; u < layer->n_out; u++)
            for (size_t j = 0; j < n_in; j++)
                for (size_t v = 0; v < n_in; v++) {
                    double g = full[(layer->bias + o - t->first) * t->span + layer->bias + u - t->first];
                    t->h[(position_of(layer, o, j) - t->first) * t->span + position_of(layer, u, v) - t->first] = g * a[j * n_in + v] / sum;
                }
}

static void fill_curvature(dense *t, bnn_factor_source source) {
    bool is_exact = source == BNN_SOURCE_HESSIAN;
    double *full = is_exact ? brute_force_hessian(point_of(t), t->first) : brute_force(point_of(t), t->first, source);
    naive_pass pass;
    real x[ROWS * FEATURES];
    for (size_t i = 0; i < ROWS * FEATURES; i++) x[i] = (real)t->p.data->x[i];
    naive_forward(&pass, &t->model->net, t->model->posterior.arrays[0].at, ROWS, x);
    if (t->structure == FULL) memcpy(t->h, full, t->span * t->span * sizeof *full);
    for (size_t i = 0; t->structure == DIAG && i < t->span; i++) t->h[i * t->span + i] = full[i * t->span + i];
    for (size_t l = t->model->posterior.lowest; t->structure == KRON && l < t->model->net.n_layers; l++) factorise_layer(t, l, full, &pass);
    naive_free(&pass);
    free(full);
}

static void read_groups(dense *t) {
    const char *text = json_string_value(json_object_get(t->model->facts, "prior_precision_factor"));
    const bnn_net *net = &t->model->net;
    char *end;
    for (t->n_groups = 0; *text != '\0'; text = *end == ',' ? end + 1 : end) t->tau[t->n_groups++] = strtod(text, &end);
    for (size_t i = 0; i < t->span; i++)
        for (size_t l = t->model->posterior.lowest; l < net->n_layers; l++)
            if (t->first + i >= net->layers[l].weight) t->group[i] = t->n_groups == 1 ? 0 : l - t->model->posterior.lowest;
}

/* 1 / sd^2, times the inputs of a unit for its weights under prior.fan_in; malloc. */
static double *prior_precisions(const bnn_net *net, const bnn_config *config, size_t first) {
    double sd, *p0 = malloc((net->n_weights - first) * sizeof *p0);
    bool by_fan_in = strcmp(bnn_config_text(config, "prior", "fan_in"), "yes") == 0;
    assert_non_null(p0);
    assert_int_equal(sscanf(bnn_config_text(config, "prior", "sd"), "%lf", &sd), 1);
    for (size_t l = 0; l < net->n_layers; l++) {
        const bnn_layer *layer = &net->layers[l];
        for (size_t i = layer->weight; i < layer->bias + layer->n_out; i++)
            if (i >= first) p0[i - first] = (by_fan_in && i < layer->bias ? (double)layer->n_in : 1) / (sd * sd);
    }
    return p0;
}

/* a map fit on few epochs (Laplace asks for no optimum), and Laplace around it */
static void dense_make(dense *t, bnn_config *config, int structure, bool is_weighted) {
    *t = (dense){ .structure = structure };
    small_problem_make(&t->p, read_sets(1, (const char *const[]){ set_of("likelihood.name", bnn_config_text(config, "likelihood", "name")) }),
                       NULL, ROWS, FEATURES, 0);
    if (is_weighted) t->p.data->weights = malloc(ROWS * sizeof(double));
    for (size_t i = 0; is_weighted && i < ROWS; i++) t->p.data->weights[i] = 0.5 * (double)(1 + i % 3);
    assert_ok(bnn_config_set(config, "method", "structure", structures[structure]));
    t->model = fit(config, t->p.data, NULL, NULL);
    t->first = t->model->net.layers[t->model->posterior.lowest].weight;
    t->span = t->model->net.n_weights - t->first;
    t->p0 = prior_precisions(&t->model->net, config, t->first);
    t->h = calloc(t->span * t->span, sizeof *t->h);
    t->group = calloc(t->span, sizeof *t->group);
    assert_true(t->h != NULL && t->group != NULL);
    read_groups(t);
    const char *source = bnn_config_text(config, "method", "curvature");
    bool is_fisher = strcmp(source, "empirical_fisher") == 0, is_exact = strcmp(source, "hessian") == 0;
    t->within = IS_DOUBLE ? (is_exact ? 1e-6 : 1e-7) : 1e-3;
    fill_curvature(t, is_exact ? BNN_SOURCE_HESSIAN : is_fisher ? BNN_SOURCE_EMPIRICAL_FISHER : BNN_SOURCE_GGN);
    bnn_config_free(config);
}

static void dense_free(dense *t) {
    free(t->group);
    free(t->h);
    free(t->p0);
    bnn_model_free(t->model);
    small_problem_free(&t->p);
}

/* h + tau p0 I; malloc */
static double *precision_at(const dense *t, const double *tau) {
    double *a = malloc(t->span * t->span * sizeof *a);
    assert_non_null(a);
    memcpy(a, t->h, t->span * t->span * sizeof *a);
    for (size_t i = 0; i < t->span; i++) a[i * t->span + i] += tau[t->group[i]] * t->p0[i];
    return a;
}

/* By elimination. */
static double log_det(size_t n, double *a) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        sum += log(a[k * n + k]);
        for (size_t i = k + 1; i < n; i++) {
            double factor = a[i * n + k] / a[k * n + k];
            for (size_t j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return sum;
}

static double naive_nll(const dense *t) {
    const bnn_likelihood *likelihood = &t->model->likelihood;
    const real *theta = t->model->posterior.arrays[0].at;
    double *weights = to_double(t->model->net.n_weights, theta), f[16], sum = 0, nll, dnoise[16] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        real outputs[16], y[16];
        naive_outputs(&t->model->net, weights, t->p.data->x + i * FEATURES, f);
        for (size_t c = 0; c < likelihood->n_outputs; c++) outputs[c] = (real)f[c];
        for (size_t j = 0; j < likelihood->n_targets; j++) y[j] = (real)t->p.data->y[i * likelihood->n_targets + j];
        likelihood->row->nll(likelihood, theta + t->model->net.n_weights, 1, outputs, y, &nll, NULL, dnoise);
        sum += weight_of(point_of(t), i) * nll;
    }
    free(weights);
    return sum;
}

/* log p(y) ~ log p(y | theta) + log p(theta) + n/2 log 2 pi - 1/2 log |A|, where the 2 pi cancel. */
static double dense_evidence(const dense *t, double nll, const double *tau) {
    const real *theta = t->model->posterior.arrays[0].at + t->first;
    double *a = precision_at(t, tau), sum = -nll - log_det(t->span, a) / 2;
    for (size_t i = 0; i < t->span; i++) {
        double precision = tau[t->group[i]] * t->p0[i];
        sum += log(precision) / 2 - precision * (double)theta[i] * (double)theta[i] / 2;
    }
    free(a);
    return sum;
}

/* ---- posteriors and evidence ----------------------------------------------------------------------------------------- */

static void check_posterior(const dense *t) {
    double *want = precision_at(t, t->tau), *got = dense_covariance(&t->model->posterior);
    invert(t->span, want);
    if (count_wrong(t->span, got, want, 1, tolerance) > 0)
        fail_msg("%s, %s: the covariance is wrong", structures[t->structure], t->model->likelihood.row->head.name);
    assert_true(count_wrong(t->span, got, want, 2, tolerance) >= t->span);                   /* a planted fault */
    free(got);
    free(want);
}

/* Layers below the span are certain, those in it are not. */
static void check_span(const dense *t) {
    const bnn_posterior *posterior = &t->model->posterior;
    real *w = malloc(posterior->n_params * sizeof *w);
    assert_non_null(w);
    posterior->row->draw(posterior, 3, 0, 0, posterior->n_params, w);
    assert_memory_equal(w, posterior->arrays[0].at, t->first * sizeof *w);
    for (size_t i = t->first; i < posterior->n_weights; i++) assert_true(w[i] != posterior->arrays[0].at[i]);
    free(w);
}

static void check_facts(const dense *t) {
    double nll = naive_nll(t), *cov = precision_at(t, t->tau), gamma = (double)t->span;
    invert(t->span, cov);
    for (size_t i = 0; i < t->span; i++) gamma -= t->tau[t->group[i]] * t->p0[i] * cov[i * t->span + i];
    assert_close(fact(t->model, "nll"), nll, IS_DOUBLE ? 1e-10 : 1e-5);
    assert_close(fact(t->model, "log_evidence"), dense_evidence(t, nll, t->tau), t->within);
    assert_close(fact(t->model, "occam"), dense_evidence(t, 0, t->tau), t->within);
    assert_close(fact(t->model, "well_determined"), gamma, t->within);
    free(cov);
}

/* gamma = tau q, and no other precision of the grid is better. */
static void check_optimum(const dense *t, size_t group) {
    const real *theta = t->model->posterior.arrays[0].at + t->first;
    double *cov = precision_at(t, t->tau), gamma = 0, q = 0, tau[8], best = dense_evidence(t, 0, t->tau);
    invert(t->span, cov);
    for (size_t i = 0; i < t->span; i++) {
        if (t->group[i] != group) continue;
        gamma += 1 - t->tau[group] * t->p0[i] * cov[i * t->span + i];
        q += t->p0[i] * (double)theta[i] * (double)theta[i];
    }
    assert_close(gamma / (t->tau[group] * q), 1, IS_DOUBLE ? 1e-7 : 1e-2);
    memcpy(tau, t->tau, sizeof tau);
    for (int step = -60; step <= 60; step++) {
        tau[group] = t->tau[group] * exp(0.1 * step);
        double other = dense_evidence(t, 0, tau);
        if (step == 0 ? !is_close(other, best, 1e-12) : !(other < best + (IS_DOUBLE ? 0 : 1e-4)))
            fail_msg("%s: evidence %.10g at %g times the precision, %.10g at it", structures[t->structure], other, exp(0.1 * step), best);
    }
    free(cov);
}

#define SMALL "method.name=laplace", "net.hidden=4, 3", "net.activation=tanh", "train.epochs=30", "data.scale_x=none", "data.scale_y=none", \
              "prior.sd=0.7", "run.threads=1", "optimizer.lr=0.02"

/* For every structure, likelihood, span and source. */
static void check_all(const char *rule, const char *per_layer, bool is_weighted) {
    static const char *const likelihoods[] = { "gaussian", "heteroscedastic", "categorical" }, *const spans[] = { "all", "last_layer" };
    static const char *const sources[] = { "ggn", "empirical_fisher" };
    for (int k = 0; k < 3 * 3 * 2 * 2; k++) {
        dense t;
        bnn_config *config = CONFIG(SMALL);
        assert_ok(bnn_config_set(config, "likelihood", "name", likelihoods[k / 3 % 3]));
        assert_ok(bnn_config_set(config, "method", "span", spans[k / 9 % 2]));
        assert_ok(bnn_config_set(config, "method", "curvature", sources[k / 18]));
        assert_ok(bnn_config_set(config, "method", "prior_precision", rule));
        bool is_split = strcmp(per_layer, "yes") == 0 && k % 3 != FULL;
        assert_ok(bnn_config_set(config, "method", "per_layer", is_split ? "yes" : "no"));
        dense_make(&t, config, k % 3, is_weighted);
        assert_int_equal(t.n_groups, is_split && k / 9 % 2 == 0 ? 3 : 1);
        check_posterior(&t);
        check_span(&t);
        check_facts(&t);
        for (size_t g = 0; strcmp(rule, "evidence") == 0 && g < t.n_groups; g++) check_optimum(&t, g);
        for (size_t g = 0; strcmp(rule, "fixed") == 0 && g < t.n_groups; g++) assert_true(t.tau[g] == 1);
        dense_free(&t);
    }
}

static void fixed_precision_is_that_of_the_prior(void **state) {
    (void)state;
    check_all("fixed", "no", false);
}

static void evidence_chooses_the_best_precision(void **state) {
    (void)state;
    check_all("evidence", "no", false);
}

static void evidence_chooses_the_best_precision_of_each_layer(void **state) {
    (void)state;
    check_all("evidence", "yes", false);
}

/* Weights of one layer with other prior widths than its biases: diag and full; kron says what it needs. */
static void precisions_may_differ_within_a_layer(void **state) {
    (void)state;
    for (int structure = DIAG; structure <= FULL; structure++) {
        dense t;
        dense_make(&t, CONFIG(SMALL, "likelihood.name=categorical", "prior.fan_in=yes"), structure, false);
        check_posterior(&t);
        check_facts(&t);
        check_optimum(&t, 0);
        dense_free(&t);
    }
}

/* A prior so narrow that the sum is positive definite anywhere. */
static void exact_hessians_go_into_posterior_and_evidence(void **state) {
    (void)state;
    static const char *const likelihoods[] = { "gaussian", "heteroscedastic", "categorical" };
    for (int k = 0; k < 6; k++) {
        dense t;
        bnn_config *config = CONFIG(SMALL, "method.curvature=hessian", "method.prior_precision=fixed");
        assert_ok(bnn_config_set(config, "likelihood", "name", likelihoods[k / 2]));
        assert_ok(bnn_config_set(config, "prior", "sd", "0.1"));
        dense_make(&t, config, DIAG + k % 2, false);
        check_posterior(&t);
        check_facts(&t);
        dense_free(&t);
    }
}

static void rows_of_weight_w_count_as_w_rows(void **state) {
    (void)state;
    check_all("evidence", "yes", true);
}

/* ---- validation ------------------------------------------------------------------------------------------------------ */

/* The training rows, moved a little: neither as easy as those, nor without any relation. */
static bnn_dataset *valid_rows(const small_problem *p) {
    double x[ROWS * FEATURES];
    bnn_dataset *rows = NULL;
    fill_normals(77, ROWS * FEATURES, x);
    for (size_t i = 0; i < ROWS * FEATURES; i++) x[i] = p->data->x[i] + 0.5 * x[i];
    assert_ok(bnn_dataset_make(&rows, ROWS, FEATURES, x, p->likelihood.n_targets, p->data->y, p->likelihood.n_classes));
    return rows;
}

typedef struct scores { double tau, mean, at[ROWS]; } scores;

/* Log-likelihoods of the rows with log sds -1/2 log(h + tau p0). */
static scores scores_at(const dense *t, const bnn_dataset *rows, double tau) {
    bnn_prediction *prediction = NULL;
    bnn_predict_options options = { .samples = 100, .seed = -1, .threads = 1 };
    scores s = { .tau = tau };
    for (size_t i = 0; i < t->span; i++)
        t->model->posterior.arrays[1].at[i] = (real)(-0.5 * log(t->h[i * t->span + i] + tau * t->p0[i]));
    assert_ok(bnn_predict(&prediction, t->model, rows, &options));
    for (size_t i = 0; i < ROWS; i++) s.mean += (s.at[i] = prediction->log_lik[i]) / ROWS;
    bnn_prediction_free(prediction);
    return s;
}

/* Is the mean difference of a and b at most its standard error, sd / sqrt(n) with the unbiased sd? */
static bool is_within_an_error(const scores *a, const scores *b) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < ROWS; i++) sum += a->at[i] - b->at[i], squares += pow(a->at[i] - b->at[i], 2);
    return sum / ROWS <= sqrt((squares - sum * sum / ROWS) / (ROWS - 1.) / ROWS);
}

enum { GRID = 33 };     /* 10^-3 .. 10^5 in quarters of a decade */

/* Breiman et al. 1984, 3.4.3, with the precision for the size of the tree. */
static size_t one_standard_error_rule(const scores grid[GRID], size_t *best) {
    size_t k = *best = GRID - 1;
    for (size_t c = 0; c < GRID; c++)
        if (grid[c].mean > grid[*best].mean) *best = c;
    for (k = *best; k > 0 && grid[k - 1].mean >= grid[GRID - 1].mean && is_within_an_error(&grid[*best], &grid[k - 1]);) k--;
    return k;
}

static void validation_chooses_the_widest_within_a_standard_error_of_the_best(void **state) {
    (void)state;
    static const char *const predictives[] = { "linearised", "sampling", "probit" };
    for (int k = 0; k < 3; k++) {
        dense t;
        scores grid[GRID];
        size_t best;
        bnn_config *config = CONFIG(SMALL, "likelihood.name=categorical", "train.epochs=400");
        assert_ok(bnn_config_set(config, "method", "predictive", predictives[k]));
        dense_make(&t, CONFIG(SMALL, "likelihood.name=categorical", "train.epochs=400", "method.prior_precision=fixed"), DIAG, false);
        bnn_dataset *rows = valid_rows(&t.p);
        assert_ok(bnn_config_set(config, "method", "structure", "diag"));
        assert_ok(bnn_config_set(config, "method", "prior_precision", "validation"));
        bnn_model *chosen = fit(config, t.p.data, rows, NULL);
        bnn_model_free(t.model);
        t.model = chosen;
        double tau = fact(chosen, "prior_precision_factor");
        for (int c = 0; c < GRID; c++) grid[c] = scores_at(&t, rows, pow(10, (c - 12) / 4.0));
        size_t want = one_standard_error_rule(grid, &best);
        assert_close(tau, grid[want].tau, 1e-12);
        if (k == 0) assert_true(want > 0 && want < best && best < GRID - 1);        /* inner ones, which say more */
        bnn_config_free(config);
        bnn_dataset_free(rows);
        dense_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_precision_is_the_best_of_a_grid_and_a_fixed_point),
        cmocka_unit_test(a_long_group_is_the_sum_of_its_parts),
        cmocka_unit_test(precisions_without_an_optimum_end_at_their_bounds),
        cmocka_unit_test(fixed_precision_is_that_of_the_prior),
        cmocka_unit_test(evidence_chooses_the_best_precision),
        cmocka_unit_test(evidence_chooses_the_best_precision_of_each_layer),
        cmocka_unit_test(precisions_may_differ_within_a_layer),
        cmocka_unit_test(exact_hessians_go_into_posterior_and_evidence),
        cmocka_unit_test(rows_of_weight_w_count_as_w_rows),
        cmocka_unit_test(validation_chooses_the_widest_within_a_standard_error_of_the_best),
    };
    return RUN_INSIDE(tests);
}
