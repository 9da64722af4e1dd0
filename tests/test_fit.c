/* Whole fits through bnn_fit: the same bytes whatever the threads, fused or accumulated; batches, observers, validation, errors. */
#include "fitting.h"
#include "data_files.h"
#include "base/rng.h"
#include <unistd.h>

/* ---- data ------------------------------------------------------------------------------------------------------------ */

static void normals(uint32_t which, size_t n, double *out) {
    real *z = malloc(n * sizeof *z);
    bnn_rng_normals(bnn_key_make(11, BNN_PURPOSE_TEST, which, 0, 0), 0, n, z);
    for (size_t i = 0; i < n; i++) out[i] = (double)z[i];
    free(z);
}

/* Three classes with shifted means in 200 columns. */
static bnn_dataset *three_classes(size_t n) {
    enum { D = 200 };
    bnn_dataset *data = NULL;
    double *x = malloc(n * D * sizeof *x), *y = malloc(n * sizeof *y);
    normals(0, n * D, x);
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)(i % 3);
        for (size_t j = 0; j < D; j++) x[i * D + j] += 0.2 * y[i] * (double)(j % 3);
    }
    assert_ok(bnn_dataset_make(&data, n, D, x, 1, y, 3));
    free(x);
    free(y);
    return data;
}

/* y = x1 - 2 x2 + noise of sd .3, far from scale 1 */
static bnn_dataset *plane(uint32_t which, size_t n) {
    bnn_dataset *data = NULL;
    double *x = malloc(n * 2 * sizeof *x), *y = malloc(n * sizeof *y);
    normals(2 * which + 1, 2 * n, x);
    normals(2 * which + 2, n, y);
    for (size_t i = 0; i < n; i++) y[i] = 40 + 10 * (x[2 * i] - 2 * x[2 * i + 1] + 0.3 * y[i]);
    assert_ok(bnn_dataset_make(&data, n, 2, x, 1, y, 0));
    free(x);
    free(y);
    return data;
}

/* ---- the same bytes -------------------------------------------------------------------------------------------------- */

enum { MOST_WORDS = 6 };

typedef struct fit_case { const char *words[MOST_WORDS]; bool is_one_span; } fit_case;   /* is_one_span: fused by default */

/* On a net above the size below which everything runs on the calling thread. */
static const fit_case cases[] = {
    { { "method.name=bbb" }, true },
    { { "method.name=bbb", "prior.name=scale_mixture" }, true },
    { { "method.name=bbb", "method.kl=monte_carlo", "optimizer.name=sgd", "optimizer.lr=0.01" }, true },
    { { "method.name=bbb", "method.samples=2" }, false },
    { { "method.name=bbb", "method.samples=2", "prior.name=scale_mixture" }, false },
    { { "method.name=bbb", "method.samples=2", "method.antithetic=yes" }, false },
    { { "method.name=bbb", "train.batch=full" }, false },
    { { "method.name=bbb", "method.estimator=local_reparam" }, true },
    { { "method.name=bbb", "method.estimator=local_reparam", "train.batch=full" }, false },
    { { "method.name=bbb", "method.estimator=flipout", "prior.name=scale_mixture" }, true },
    { { "method.name=map" }, true },
    { { "method.name=map", "prior.name=scale_mixture", "train.batch=128" }, true },
    { { "method.name=map", "train.batch=full" }, false },
};

enum { N_CASES = sizeof cases / sizeof cases[0], N_FEW = 200, N_MANY = 1100 };   /* more rows than one pass takes */

static bnn_config *case_config(const fit_case *c, const char *likelihood, const char *hidden) {
    bnn_config *config = CONFIG("train.batch=64", "train.epochs=2", "method.kl_warmup=4");
    assert_ok(bnn_config_set(config, "net", "hidden", hidden));
    assert_ok(bnn_config_set(config, "likelihood", "name", likelihood));
    for (int i = 0; i < MOST_WORDS && c->words[i] != NULL; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s", c->words[i]);
        char *key = strchr(word, '.'), *value = strchr(word, '=');
        *key++ = *value++ = '\0';
        assert_ok(bnn_config_set(config, word, key, value));
    }
    return config;
}

/* Fits and writes; the path of the file. */
static const char *written(const bnn_config *config, const bnn_dataset *data) {
    static int number;
    char name[32];
    snprintf(name, sizeof name, "%d", number++);
    bnn_model *model = fit(config, data, NULL, NULL);
    const char *path = path_of(name);
    assert_ok(bnn_model_write(model, path));
    bnn_model_free(model);
    return path;
}

static bool is_same_file(const char *a, const char *b) {
    FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
    int c = 0, d = 0;
    assert_true(one != NULL && other != NULL);
    while (c == d && c != EOF) c = getc_unlocked(one), d = getc_unlocked(other);
    fclose(one);
    fclose(other);
    return c == d;
}

static void bytes_do_not_depend_on_threads(void **state) {
    bnn_dataset *few = three_classes(N_FEW), *many = three_classes(N_MANY);
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const char *first = NULL;
        for (int threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
            bnn_config *config = case_config(&cases[i], "categorical", "256, 256");
            set_number(config, "run", "threads", threads);
            bool is_full = strcmp(bnn_config_text(config, "train", "batch"), "full") == 0;
            const char *path = written(config, is_full ? many : few);
            if (first == NULL) first = path;
            if (!is_same_file(first, path)) fail_msg("case %d: other bytes with %d threads", i, threads);
            bnn_config_free(config);
        }
    }
    bnn_dataset_free(few);
    bnn_dataset_free(many);
}

/* A clip_norm that never clips asks for the whole gradient first. */
static void check_accumulates_to_the_same(const bnn_dataset *data, const char *likelihood, const char *hidden) {
    for (int i = 0; i < N_CASES; i++) {
        if (!cases[i].is_one_span) continue;
        bnn_config *config = case_config(&cases[i], likelihood, hidden);
        const char *fused = written(config, data);
        assert_ok(bnn_config_set(config, "train", "clip_norm", "1e12"));
        if (!is_same_file(fused, written(config, data))) fail_msg("case %d, %s: other bytes when accumulated", i, likelihood);
        bnn_config_free(config);
    }
}

static void fused_and_accumulated_steps_give_the_same_bytes(void **state) {
    bnn_dataset *data = three_classes(N_FEW);
    (void)state;
    check_accumulates_to_the_same(data, "categorical", "256, 256");
    bnn_dataset_free(data);
}

static void learnt_noise_is_fused_and_accumulated_alike(void **state) {
    bnn_dataset *data = plane(0, 200);
    (void)state;
    check_accumulates_to_the_same(data, "gaussian", "50");
    bnn_dataset_free(data);
}

static bool has_same_numbers(const bnn_model *a, const bnn_model *b) {
    const bnn_posterior *p = &a->posterior, *q = &b->posterior;
    bool is_same = p->n_params == q->n_params && p->n_arrays == q->n_arrays;
    for (size_t i = 0; is_same && i < p->n_arrays; i++)
        is_same = memcmp(p->arrays[i].at, q->arrays[i].at, p->n_weights * sizeof(real)) == 0;
    return is_same;
}

static void equal_seeds_give_equal_numbers_and_other_seeds_others(void **state) {
    bnn_dataset *data = plane(0, 100);
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        bnn_config *config = case_config(&cases[i], "gaussian", "10");
        bnn_model *one = fit(config, data, NULL, NULL), *same = fit(config, data, NULL, NULL);
        set_number(config, "run", "seed", 2);
        bnn_model *other = fit(config, data, NULL, NULL);
        assert_true(has_same_numbers(one, same));
        assert_false(has_same_numbers(one, other));
        bnn_model_free(one);
        bnn_model_free(same);
        bnn_model_free(other);
        bnn_config_free(config);
    }
    bnn_dataset_free(data);
}

/* ---- clip_norm ------------------------------------------------------------------------------------------------------- */

enum { MOST_PARAMS = 64 };

/* What one step of plain descent with rate 1 adds to (mu, log sd), or to theta; the number of entries. */
static size_t one_step(const char *method, const char *clip_norm, double *delta) {
    bnn_dataset *data = plane(0, 50);
    bnn_config *config = CONFIG("net.hidden=3", "train.batch=full", "train.epochs=1", "optimizer.name=sgd", "optimizer.lr=1",
                                "likelihood.noise_sd=0.1");
    real start[MOST_PARAMS];
    assert_ok(bnn_config_set(config, "method", "name", method));
    assert_ok(bnn_config_set(config, "train", "clip_norm", clip_norm));
    bnn_model *model = fit(config, data, NULL, NULL);
    size_t n = model->net.n_weights, n_arrays = model->posterior.n_arrays;
    bnn_net_init(&model->net, config, 1, 0, start);
    for (size_t i = 0; i < n; i++) delta[i] = (double)model->posterior.arrays[0].at[i] - (double)start[i];
    if (n_arrays == 2)
        for (size_t i = 0; i < n; i++) delta[n + i] = (double)model->posterior.arrays[1].at[i] - log(0.02);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
    return n * n_arrays;
}

static double length(size_t n, const double *v) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i] * v[i];
    return sqrt(sum);
}

/* The gradient of objective / N keeps its direction and gets length clip_norm; a shorter one stays as it is. */
static void clip_norm_shortens_the_step_to_its_length(void **state) {
    static const char *const methods[] = { "map", "bbb" };
    (void)state;
    for (int k = 0; k < 2; k++) {
        double plain[MOST_PARAMS], clipped[MOST_PARAMS], wide[MOST_PARAMS];
        size_t n = one_step(methods[k], "0", plain);
        double norm = length(n, plain);
        assert_true(norm > 1);
        assert_int_equal(one_step(methods[k], "0.5", clipped), n);
        assert_close(length(n, clipped), 0.5, 2e-6);       /* theta is of order 1, in float */
        for (size_t i = 0; i < n; i++) assert_close(clipped[i], plain[i] * 0.5 / norm, 2e-6);
        one_step(methods[k], "1e6", wide);
        for (size_t i = 0; i < n; i++) assert_true(wide[i] == plain[i]);
    }
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

enum { ROWS = 277, BATCHES = 9 };   /* batch = 32: 7 batches of 31 rows and 2 of 30 */

/* One weight per row: x_i = e_i, y = 1000. Plain descent moves weight i only in the batch that holds row i, by (lr / n_batch) (y - w):
 * 1 - (share of the distance gone) tells the sizes of all batches that held the row. */
static void distances_left(int epochs, double *left) {
    static double x[ROWS * ROWS], y[ROWS];
    real start[ROWS];
    bnn_dataset *data = NULL;
    for (size_t i = 0; i < ROWS; i++) x[i * ROWS + i] = 1, y[i] = 1000;
    assert_ok(bnn_dataset_make(&data, ROWS, ROWS, x, 1, y, 0));
    bnn_config *config = CONFIG("net.hidden=", "net.bias=no", "likelihood.noise_sd=1", "prior.name=flat", "method.name=map",
                                "data.scale_x=none", "data.scale_y=none", "optimizer.name=sgd", "optimizer.lr=1", "train.batch=32");
    set_number(config, "train", "epochs", epochs);
    bnn_model *model = fit(config, data, NULL, NULL);
    bnn_net_init(&model->net, config, 1, 0, start);
    for (size_t i = 0; i < ROWS; i++) left[i] = (1000 - (double)model->posterior.arrays[0].at[i]) / (1000 - (double)start[i]);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
}

static int count_near(const double *v, double value) {
    int n = 0;
    for (int i = 0; i < ROWS; i++) n += fabs(v[i] - value) < 1e-5;   /* the sizes differ by 1e-3, float rounds to 1e-7 */
    return n;
}

static void every_row_comes_once_per_epoch_in_batches_of_even_size(void **state) {
    double left[ROWS];
    (void)state;
    distances_left(1, left);
    assert_int_equal(count_near(left, 1 - 1.0 / 31), 7 * 31);
    assert_int_equal(count_near(left, 1 - 1.0 / 30), 2 * 30);
}

static void each_epoch_shuffles_anew(void **state) {
    const double a = 1 - 1.0 / 31, b = 1 - 1.0 / 30;
    double left[ROWS];
    (void)state;
    distances_left(2, left);
    int both_a = count_near(left, a * a), mixed = count_near(left, a * b), both_b = count_near(left, b * b);
    assert_int_equal(both_a + mixed + both_b, ROWS);
    assert_int_equal(2 * both_b + mixed, 2 * 60);
    assert_true(both_b < 40);     /* the same order would make it 60; independent orders 277 (60 / 277)^2 = 13 +- 3.2 */
}

static void a_batch_of_more_rows_than_there_are_is_all_of_them(void **state) {
    bnn_dataset *data = plane(0, 60);
    bnn_config *config = CONFIG("net.hidden=5", "train.epochs=3", "train.batch=1000000");
    const char *large = written(config, data);
    (void)state;
    assert_ok(bnn_config_set(config, "train", "batch", "full"));
    assert_true(is_same_file(large, written(config, data)));
    bnn_config_free(config);
    bnn_dataset_free(data);
}

/* ---- observers ------------------------------------------------------------------------------------------------------- */

/* Events in order: step numbers, and minus the epoch number. */
typedef struct log { int n; long at[64]; long stop_at; bnn_epoch last; } log_of_events;

static bnn_answer note(log_of_events *events, long event) {
    assert_true(events->n < 64);
    events->at[events->n++] = event;
    return event == events->stop_at ? BNN_STOP : BNN_GO_ON;
}

static bnn_answer on_step(void *context, uint64_t step) { return note(context, (long)step); }

static bnn_answer on_epoch(void *context, const bnn_epoch *record) {
    log_of_events *events = context;
    events->last = *record;
    return note(events, -record->epoch);
}

/* Three epochs of four steps; stop_at: an event, 0: none. */
static bnn_status observed(log_of_events *events, long stop_at, bnn_model **model) {
    bnn_dataset *data = plane(0, 40);
    bnn_config *config = CONFIG("net.hidden=3", "train.epochs=3", "train.batch=10", "optimizer.schedule=cosine", "optimizer.lr=0.01",
                                "optimizer.lr_final=0.001");
    *events = (log_of_events){ .stop_at = stop_at };
    bnn_observer observer = { .context = events, .step = on_step, .epoch = on_epoch };
    bnn_status status = bnn_fit(model, config, data, NULL, &observer);
    bnn_config_free(config);
    bnn_dataset_free(data);
    return status;
}

static const long all_events[] = { 1, 2, 3, 4, -1, 5, 6, 7, 8, -2, 9, 10, 11, 12, -3 };

static void observer_gets_every_step_and_epoch_in_order(void **state) {
    log_of_events events;
    bnn_model *model = NULL;
    (void)state;
    assert_ok(observed(&events, 0, &model));
    assert_int_equal(events.n, 15);
    assert_memory_equal(events.at, all_events, sizeof all_events);
    const bnn_epoch *last = &events.last;
    assert_true(last->n_epochs == 3 && last->step == 12 && last->n_steps == 12);
    assert_close(last->lr, 0.001, 1e-15);
    assert_true(isnan(last->valid_nll) && last->kl_weight == 1);
    assert_true(last->elbo == -(last->nll + last->penalty));
    bnn_model_free(model);
}

static void observer_stops_at_a_step_or_an_epoch_without_a_model(void **state) {
    static const struct { long event; int n; const char *sentence; } stops[] = { { 6, 7, "step 6" }, { -2, 10, "step 8" } };
    (void)state;
    for (int i = 0; i < 2; i++) {
        log_of_events events;
        bnn_model *model = NULL;
        assert_int_equal(observed(&events, stops[i].event, &model), BNN_STOPPED);
        assert_null(model);
        assert_int_equal(events.n, stops[i].n);
        assert_memory_equal(events.at, all_events, (size_t)stops[i].n * sizeof(long));
        assert_non_null(strstr(bnn_error_text(), stops[i].sentence));
    }
}

/* ---- records --------------------------------------------------------------------------------------------------------- */

/* Population mean and sd of column j of v [n x d]. */
static void standardise(const double *v, size_t n, size_t d, size_t j, double *mean, double *sd) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += v[i * d + j];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += pow(v[i * d + j] - *mean, 2);
    *sd = sqrt(squares / (double)n);
}

/* f(x) of a 2-H-1 ReLU net at weights w: 0.weight [H x 2], 0.bias [H], 1.weight [1 x H], 1.bias [1]. */
static double naive_output(size_t hidden, const real *w, const double *x) {
    const real *bias = w + 2 * hidden, *out = bias + hidden;
    double f = (double)out[hidden];
    for (size_t h = 0; h < hidden; h++)
        f += (double)out[h] * fmax(0, (double)w[2 * h] * x[0] + (double)w[2 * h + 1] * x[1] + (double)bias[h]);
    return f;
}

/* Mean over rows of -log N(y; f(x), noise) in standardised units, with everything done here once more. */
static double naive_nll_at(const real *w, const bnn_dataset *train, const bnn_dataset *rows, size_t hidden) {
    double mean[3], sd[3], sum = 0, noise_sd = exp((double)w[4 * hidden + 1]);
    for (size_t j = 0; j < 2; j++) standardise(train->x, train->n_rows, 2, j, &mean[j], &sd[j]);
    standardise(train->y, train->n_rows, 1, 0, &mean[2], &sd[2]);
    for (size_t i = 0; i < rows->n_rows; i++) {
        double x[2] = { (rows->x[2 * i] - mean[0]) / sd[0], (rows->x[2 * i + 1] - mean[1]) / sd[1] };
        double z = ((rows->y[i] - mean[2]) / sd[2] - naive_output(hidden, w, x)) / noise_sd;
        sum += 0.5 * z * z + log(noise_sd) + 0.5 * log(2 * M_PI);
    }
    return sum / (double)rows->n_rows;
}

static double naive_nll(const bnn_model *model, const bnn_dataset *train, const bnn_dataset *rows, size_t hidden) {
    return naive_nll_at(model->posterior.arrays[0].at, train, rows, hidden);
}

static void valid_nll_is_that_of_the_mean_weights(void **state) {
    static const char *const methods[] = { "bbb", "map" };
    bnn_dataset *train = plane(0, 90), *valid = plane(1, 1500);   /* more than one pass */
    (void)state;
    for (int i = 0; i < 2; i++) {
        bnn_config *config = CONFIG("net.hidden=6", "train.epochs=20", "optimizer.lr=0.02");
        records kept = {0};
        bnn_observer observer = { .context = &kept, .epoch = keep_record };
        assert_ok(bnn_config_set(config, "method", "name", methods[i]));
        bnn_model *model = fit(config, train, valid, &observer);
        double naive = naive_nll(model, train, valid, 6);
        assert_close(kept.at[19].valid_nll, naive, 1e-5);
        assert_true(fabs(kept.at[0].valid_nll - naive) > 0.01);   /* it is the last record, not the first */
        assert_true(fabs(naive_nll(model, train, train, 6) - naive) > 1e-3);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    bnn_dataset_free(train);
    bnn_dataset_free(valid);
}

static void validation_rows_do_not_change_the_fit(void **state) {
    bnn_dataset *train = plane(0, 90), *valid = plane(1, 30);
    bnn_config *config = CONFIG("net.hidden=6", "train.epochs=3");
    bnn_model *without = fit(config, train, NULL, NULL), *with = fit(config, train, valid, NULL);
    (void)state;
    assert_true(has_same_numbers(without, with));
    bnn_model_free(without);
    bnn_model_free(with);
    bnn_config_free(config);
    bnn_dataset_free(train);
    bnn_dataset_free(valid);
}

/* Closed forms at the weights that the model holds: -log N(theta; 0, s^2), and KL(N(mu, sd^2) || N(0, s^2)). */
static double naive_penalty(const bnn_model *model, double s) {
    double sum = 0;
    for (size_t i = 0; i < model->net.n_weights; i++) {
        double mu = (double)model->posterior.arrays[0].at[i];
        double log_sd = model->posterior.n_arrays == 2 ? (double)model->posterior.arrays[1].at[i] : 0;
        if (model->posterior.n_arrays == 2) sum += log(s) - log_sd + (mu * mu + exp(2 * log_sd)) / (2 * s * s) - 0.5;
        else sum += 0.5 * mu * mu / (s * s) + log(s) + 0.5 * log(2 * M_PI);
    }
    return sum;
}

static double fact(const bnn_model *model, const char *name) {
    const char *text = json_string_value(json_object_get(model->facts, name));
    assert_non_null(text);
    return strtod(text, NULL);
}

static void penalty_of_a_record_is_the_closed_form(void **state) {
    static const char *const methods[] = { "bbb", "map" };
    bnn_dataset *train = plane(0, 90);
    (void)state;
    for (int i = 0; i < 2; i++) {
        bnn_config *config = CONFIG("net.hidden=6", "train.epochs=2", "prior.sd=0.7");
        records kept = {0};
        bnn_observer observer = { .context = &kept, .epoch = keep_record };
        assert_ok(bnn_config_set(config, "method", "name", methods[i]));
        bnn_model *model = fit(config, train, NULL, &observer);
        assert_close(kept.at[1].penalty, naive_penalty(model, 0.7), 1e-5);
        if (i == 0) assert_close(fact(model, "kl"), naive_penalty(model, 0.7), 1e-5);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    bnn_dataset_free(train);
}

/* Of the whole set, in nats: at the weights of map exactly; for bbb the mean over draws, which 400 draws of ours estimate again. */
static void nll_of_the_file_is_that_of_the_finished_posterior(void **state) {
    enum { DRAWS = 400, FEWEST = 100 };     /* the file's own figure has so many for a net this small */
    bnn_dataset *train = plane(0, 90);
    bnn_config *config = CONFIG("net.hidden=6", "train.epochs=2", "method.init_sd=0.3");
    real w[MOST_PARAMS];
    double sum = 0, squares = 0;
    (void)state;
    bnn_model *bbb = fit(config, train, NULL, NULL);
    for (size_t s = 0; s < DRAWS; s++) {
        bbb->posterior.row->draw(&bbb->posterior, 77, s, 0, bbb->posterior.n_params, w);
        double nll = 90 * naive_nll_at(w, train, train, 6);
        sum += nll;
        squares += nll * nll;
    }
    double mean = sum / DRAWS, var = squares / DRAWS - mean * mean, bound = 5 * sqrt(var / DRAWS + var / FEWEST);
    assert_true(fabs(fact(bbb, "nll") - mean) <= bound);
    assert_true(fabs(90 * naive_nll(bbb, train, train, 6) - mean) > bound);   /* that of the mean weights is another */
    assert_close(fact(bbb, "elbo"), -(fact(bbb, "nll") + fact(bbb, "kl")), 1e-12);
    assert_ok(bnn_config_set(config, "method", "name", "map"));
    bnn_model *map = fit(config, train, NULL, NULL);
    assert_close(fact(map, "nll"), 90 * naive_nll(map, train, train, 6), 1e-5);
    assert_true(fact(map, "n_rows") == 90);
    bnn_model_free(bbb);
    bnn_model_free(map);
    bnn_config_free(config);
    bnn_dataset_free(train);
}

/* ---- errors ---------------------------------------------------------------------------------------------------------- */

static bnn_status failing(bnn_config *config, bnn_dataset *data, const bnn_observer *observer) {
    bnn_model *model = NULL;
    bnn_status status = bnn_fit(&model, config, data, NULL, observer);
    assert_null(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
    return status;
}

static void assert_says(const char *piece) {
    if (strstr(bnn_error_text(), piece) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), piece);
}

/* A rate so large that the narrow prior throws the weights to the other side of 0, ever further; the step named is the one that did not
 * come to its end. Outputs in float overflow long before their log-sum-exp in double; in the double build either may come first. */
static void a_loss_that_is_not_finite_names_step_and_block(void **state) {
    static const char *const methods[] = { "map", "bbb" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        char sentence[64];
        log_of_events events = {0};
        bnn_observer observer = { .context = &events, .step = on_step };
        bnn_config *config = CONFIG("net.hidden=20", "optimizer.name=sgd", "optimizer.lr=1000", "prior.sd=0.01",
                                    "likelihood.name=categorical", "train.batch=25");
        assert_ok(bnn_config_set(config, "method", "name", methods[i > 0]));
        if (i > 0) set_number(config, "method", "samples", i);
        assert_int_equal(failing(config, three_classes(50), &observer), BNN_ERR_NUMERIC);
        snprintf(sentence, sizeof sentence, "step %d (epoch %d): the loss is not finite", events.n + 1, events.n / 2 + 1);
        assert_says(sentence);
        if (sizeof(real) == sizeof(float)) assert_says("block 1.weight");   /* the product of both layers overflows first */
    }
}

/* w = 0, so that the loss y^2 / 2 is finite; dw = -x y is not. */
static void a_gradient_that_is_not_finite_names_step_and_block(void **state) {
    static const char *const clip_norms[] = { "0", "1" };
    const double x = sizeof(real) == sizeof(float) ? 1e30 : 1e300, y = 1e20;
    (void)state;
    for (int i = 0; i < 2; i++) {
        bnn_dataset *data = NULL;
        assert_ok(bnn_dataset_make(&data, 1, 1, &x, 1, &y, 0));
        bnn_config *config = CONFIG("net.hidden=", "net.init=normal:0", "method.name=map", "likelihood.noise_sd=1", "data.scale_x=none",
                                    "data.scale_y=none");
        assert_ok(bnn_config_set(config, "train", "clip_norm", clip_norms[i]));
        assert_int_equal(failing(config, data, NULL), BNN_ERR_NUMERIC);
        assert_says("step 1 (epoch 1): the gradient of block 0.weight is not finite");
    }
}

static bnn_dataset *rows_of_class_zero(size_t n_classes) {
    static const double x[4] = { 1, 2, 3, 4 }, y[4] = {0};
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, 4, 1, x, 1, y, n_classes));
    return data;
}

static void a_likelihood_that_cannot_serve_the_targets_is_a_configuration_error(void **state) {
    (void)state;
    assert_int_equal(failing(CONFIG("likelihood.name=gaussian"), rows_of_class_zero(3), NULL), BNN_ERR_CONFIG);
    assert_says("gaussian");
    assert_int_equal(failing(CONFIG("likelihood.name=categorical"), rows_of_class_zero(1), NULL), BNN_ERR_CONFIG);
    assert_says("two classes");
    assert_int_equal(failing(CONFIG("likelihood.name=categorical"), plane(0, 10), NULL), BNN_ERR_CONFIG);
}

static bnn_dataset *two_rows(size_t n_features, const double *y, size_t n_classes) {
    static const double x[4] = { 1, 2, 3, 4 };
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, 2, n_features, x, 1, y, n_classes));
    return data;
}

static void check_misfit(bnn_dataset *train, bnn_dataset *valid, const char *piece) {
    bnn_config *config = CONFIG("net.hidden=3", "train.epochs=1", "likelihood.name=categorical");
    bnn_model *model = NULL;
    assert_int_equal(bnn_fit(&model, config, train, valid, NULL), BNN_ERR_DATA);
    assert_null(model);
    assert_says(piece);
    bnn_config_free(config);
    bnn_dataset_free(train);
    bnn_dataset_free(valid);
}

static void rows_that_do_not_fit_are_bad_data(void **state) {
    static const double y[2] = { 0, 1 };
    (void)state;
    check_misfit(two_rows(2, NULL, 2), NULL, "need their targets");
    check_misfit(two_rows(2, y, 2), two_rows(2, NULL, 2), "need their targets");
    check_misfit(two_rows(2, y, 2), two_rows(1, y, 2), "1 features");
    check_misfit(two_rows(2, y, 2), two_rows(2, y, 3), "3 classes");
    check_misfit(two_rows(2, y, 2), two_rows(2, y, 0), "0 classes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(fused_and_accumulated_steps_give_the_same_bytes),
        cmocka_unit_test(learnt_noise_is_fused_and_accumulated_alike),
        cmocka_unit_test(equal_seeds_give_equal_numbers_and_other_seeds_others),
        cmocka_unit_test(clip_norm_shortens_the_step_to_its_length),
        cmocka_unit_test(every_row_comes_once_per_epoch_in_batches_of_even_size),
        cmocka_unit_test(each_epoch_shuffles_anew),
        cmocka_unit_test(a_batch_of_more_rows_than_there_are_is_all_of_them),
        cmocka_unit_test(observer_gets_every_step_and_epoch_in_order),
        cmocka_unit_test(observer_stops_at_a_step_or_an_epoch_without_a_model),
        cmocka_unit_test(valid_nll_is_that_of_the_mean_weights),
        cmocka_unit_test(validation_rows_do_not_change_the_fit),
        cmocka_unit_test(penalty_of_a_record_is_the_closed_form),
        cmocka_unit_test(nll_of_the_file_is_that_of_the_finished_posterior),
        cmocka_unit_test(a_loss_that_is_not_finite_names_step_and_block),
        cmocka_unit_test(a_gradient_that_is_not_finite_names_step_and_block),
        cmocka_unit_test(a_likelihood_that_cannot_serve_the_targets_is_a_configuration_error),
        cmocka_unit_test(rows_that_do_not_fit_are_bad_data),
    };
    return RUN_IN_FOLDER(tests);
}
