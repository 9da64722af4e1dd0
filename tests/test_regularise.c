/* What holds a fit back or varies it: early stopping, ensembles, means from another run, spreads as softplus, Blundell's KL weights,
 * antithetic pairs. */
#include "fitting.h"
#include "data_files.h"
#include "base/rng.h"
#include "predict/predict.h"
#include <sys/stat.h>

/* ---- data ------------------------------------------------------------------------------------------------------------ */

enum { N = 40 };

/* y = x1 - 2 x2 + noise of sd 1: few rows, so that a wide net soon fits the noise. */
static bnn_dataset *noisy_rows(uint32_t which) {
    bnn_dataset *data = NULL;
    real z[3 * N];
    double x[2 * N], y[N];
    bnn_rng_normals(bnn_key_make(12, BNN_PURPOSE_TEST, which, 0, 0), 0, 3 * N, z);
    for (int i = 0; i < 2 * N; i++) x[i] = (double)z[i];
    for (int i = 0; i < N; i++) y[i] = x[2 * i] - 2 * x[2 * i + 1] + (double)z[2 * N + i];
    assert_ok(bnn_dataset_make(&data, N, 2, x, 1, y, 0));
    return data;
}

static void assert_same_numbers(const bnn_posterior *a, const bnn_posterior *b) {
    assert_true(a->row == b->row && a->n_params == b->n_params && a->n_arrays == b->n_arrays);
    for (size_t i = 0; i < a->n_arrays; i++) assert_memory_equal(a->arrays[i].at, b->arrays[i].at, a->n_weights * sizeof(real));
    assert_memory_equal(a->arrays[0].at, b->arrays[0].at, a->n_params * sizeof(real));
}

static void assert_refused(const bnn_config *config, const bnn_dataset *train, const char *place, const char *sentence) {
    bnn_model *model = NULL;
    assert_int_equal(bnn_fit(&model, config, train, NULL, NULL), BNN_ERR_CONFIG);
    assert_null(model);
    if (strstr(bnn_error_text(), place) == NULL || strstr(bnn_error_text(), sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", bnn_error_text(), place, sentence);
}

/* ---- early stopping -------------------------------------------------------------------------------------------------- */

enum { MOST_NOTES = 8 };

typedef struct diary { records kept; int n_notes; char notes[MOST_NOTES][256]; } diary;

static bnn_answer keep_epoch(void *context, const bnn_epoch *record) { return keep_record(&((diary *)context)->kept, record); }

static void keep_note(void *context, const char *line) {
    diary *d = context;
    assert_true(d->n_notes < MOST_NOTES);
    snprintf(d->notes[d->n_notes++], sizeof d->notes[0], "%s", line);
}

/* A fit with validation rows, everything it says in the diary. */
static bnn_model *observed_fit(const bnn_config *config, diary *d) {
    bnn_dataset *train = noisy_rows(0), *valid = noisy_rows(1);
    bnn_observer observer = { .context = d, .epoch = keep_epoch, .note = keep_note };
    *d = (diary){0};
    bnn_model *model = fit(config, train, valid, &observer);
    bnn_dataset_free(train);
    bnn_dataset_free(valid);
    return model;
}

static size_t best_of(const records *kept) {
    size_t best = 0;
    for (size_t e = 1; e < kept->n; e++)
        if (kept->at[e].valid_nll < kept->at[best].valid_nll) best = e;
    return best;
}

static bnn_config *stopping_config(const char *method) {
    bnn_config *config = CONFIG("net.hidden=30", "prior.sd=3", "optimizer.lr=0.03", "train.batch=10", "train.epochs=60",
                                "train.patience=4");
    assert_ok(bnn_config_set(config, "method", "name", method));
    return config;
}

static void check_early_stopping(const char *method) {
    bnn_config *config = stopping_config(method);
    diary d, plain;
    char sentence[128];
    bnn_model *stopped = observed_fit(config, &d);
    size_t best = best_of(&d.kept) + 1;
    assert_true(best > 1 && d.kept.n < 60);                      /* the test means something */
    assert_int_equal(d.kept.n, best + 4);
    const bnn_epoch *last = &d.kept.at[d.kept.n - 1];
    assert_true(last->n_epochs == last->epoch && last->n_steps == last->step && last->step == 4 * d.kept.n);
    assert_int_equal(d.n_notes, 1);
    snprintf(sentence, sizeof sentence, "after epoch %zu: the validation loss was lowest, %.6g a row, after epoch %zu", best + 4,
             d.kept.at[best - 1].valid_nll, best);
    if (strstr(d.notes[0], sentence) == NULL) fail_msg("\"%s\" does not say \"%s\"", d.notes[0], sentence);
    set_number(config, "train", "epochs", (double)best);
    set_number(config, "train", "patience", 0);
    bnn_model *of_best = observed_fit(config, &plain);
    assert_same_numbers(&stopped->posterior, &of_best->posterior);
    assert_int_equal(plain.n_notes, 0);
    bnn_model_free(stopped);
    bnn_model_free(of_best);
    bnn_config_free(config);
}

static void early_stopping_keeps_the_weights_of_the_best_epoch(void **state) {
    (void)state;
    check_early_stopping("map");
    check_early_stopping("bbb");
}

/* Epochs run out before patience does: the best ones are kept all the same. */
static void patience_that_never_ends_keeps_the_best_epoch(void **state) {
    bnn_config *config = stopping_config("map");
    diary d, plain;
    (void)state;
    set_number(config, "train", "patience", 1000);
    set_number(config, "train", "epochs", 40);
    bnn_model *kept = observed_fit(config, &d);
    size_t best = best_of(&d.kept) + 1;
    assert_true(d.kept.n == 40 && best < 40 && d.n_notes == 0);
    set_number(config, "train", "patience", 0);
    set_number(config, "train", "epochs", (double)best);
    bnn_model *of_best = observed_fit(config, &plain);
    assert_same_numbers(&kept->posterior, &of_best->posterior);
    bnn_model_free(kept);
    bnn_model_free(of_best);
    bnn_config_free(config);
}

static void early_stopping_without_validation_rows_is_refused(void **state) {
    bnn_config *config = CONFIG("train.patience=3");
    bnn_dataset *train = noisy_rows(0);
    (void)state;
    assert_refused(config, train, "[train] patience = 3", "add data.valid or data.valid_fraction");
    bnn_config_free(config);
    bnn_dataset_free(train);
}

/* ---- ensembles ------------------------------------------------------------------------------------------------------- */

enum { MEMBERS = 3 };

static bnn_config *ensemble_config(const char *batch) {
    bnn_config *config = CONFIG("method.name=ensemble", "method.members=3", "net.hidden=8", "optimizer.lr=0.02", "train.epochs=15");
    assert_ok(bnn_config_set(config, "train", "batch", batch));
    return config;
}

/* A model of one draw, written to a file: where net.init can begin. */
static const char *write_draw(const bnn_model *model, const bnn_config *config, const bnn_dataset *train, const char *name,
                              const real *theta) {
    bnn_model *one = NULL;
    const char *path = path_of(name);
    assert_ok(bnn_model_make(&one, config, &train->schema, &model->scaling));
    assert_ok(bnn_posterior_make(&one->posterior, &bnn_draws_posterior, one->net.n_weights, one->likelihood.n_noise, 1));
    memcpy(one->posterior.arrays[0].at, theta, one->posterior.n_params * sizeof *theta);
    assert_ok(bnn_model_write(one, path));
    bnn_model_free(one);
    return path;
}

/* Whole batches, so that a member's number decides nothing but its initial weights: the map fit from those is the member. */
static void members_are_map_fits_from_their_own_initial_weights(void **state) {
    bnn_config *config = ensemble_config("full");
    bnn_dataset *train = noisy_rows(0);
    bnn_model *ensemble = fit(config, train, NULL, NULL);
    const bnn_posterior *posterior = &ensemble->posterior;
    real *start = calloc(posterior->n_params, sizeof *start);
    (void)state;
    assert_true(posterior->row == &bnn_draws_posterior && posterior->n_draws == MEMBERS);
    assert_ok(bnn_config_set(config, "method", "name", "map"));
    for (uint32_t k = 0; k < MEMBERS; k++) {
        assert_ok(bnn_config_set(config, "net", "init", "he"));
        bnn_net_init(&ensemble->net, config, 1, k, start);
        assert_ok(bnn_config_set(config, "net", "init", write_draw(ensemble, config, train, "start", start)));
        bnn_model *member = fit(config, train, NULL, NULL);
        const real *draw = posterior->arrays[0].at + k * posterior->n_params;
        assert_memory_equal(draw, member->posterior.arrays[0].at, posterior->n_params * sizeof *draw);
        bnn_model_free(member);
    }
    free(start);
    bnn_model_free(ensemble);
    bnn_config_free(config);
    bnn_dataset_free(train);
}

static bool are_members_equal(const bnn_model *model, size_t a, size_t b) {
    const bnn_posterior *p = &model->posterior;
    return memcmp(p->arrays[0].at + a * p->n_params, p->arrays[0].at + b * p->n_params, p->n_params * sizeof(real)) == 0;
}

/* From one point: whole batches make all members the same, small ones come in an order of each member's own; the first is the map fit. */
static void members_shuffle_their_rows_each_in_its_own_order(void **state) {
    static const char *const batches[] = { "full", "10" };
    bnn_dataset *train = noisy_rows(0);
    (void)state;
    for (int k = 0; k < 2; k++) {
        bnn_config *config = ensemble_config(batches[k]);
        bnn_model *before = fit(config, train, NULL, NULL);
        assert_ok(bnn_config_set(config, "net", "init", write_draw(before, config, train, "start", before->posterior.arrays[0].at)));
        bnn_model *ensemble = fit(config, train, NULL, NULL);
        for (size_t a = 1; a < MEMBERS; a++)
            for (size_t b = 0; b < a; b++) assert_true(are_members_equal(ensemble, a, b) == (k == 0));
        assert_ok(bnn_config_set(config, "method", "name", "map"));
        bnn_model *map = fit(config, train, NULL, NULL);
        assert_memory_equal(ensemble->posterior.arrays[0].at, map->posterior.arrays[0].at, map->posterior.n_params * sizeof(real));
        bnn_model_free(before);
        bnn_model_free(ensemble);
        bnn_model_free(map);
        bnn_config_free(config);
    }
    bnn_dataset_free(train);
}

static bnn_prediction *predict(const bnn_model *model, const bnn_dataset *rows) {
    bnn_prediction *prediction = NULL;
    assert_ok(bnn_predict(&prediction, model, rows, NULL));
    return prediction;
}

/* mean = average of the members' means, log_lik = log of the average of their densities. */
static void an_ensemble_predicts_the_average_of_its_members(void **state) {
    bnn_config *config = ensemble_config("10");
    bnn_dataset *train = noisy_rows(0), *rows = noisy_rows(1);
    bnn_model *ensemble = fit(config, train, NULL, NULL);
    bnn_prediction *whole = predict(ensemble, rows);
    double mean[N] = {0}, density[N] = {0};
    (void)state;
    assert_int_equal(whole->n_draws, MEMBERS);
    for (size_t k = 0; k < MEMBERS; k++) {
        bnn_model *member = NULL;
        const real *theta = ensemble->posterior.arrays[0].at + k * ensemble->posterior.n_params;
        assert_ok(bnn_model_read(&member, write_draw(ensemble, config, train, "member", theta)));
        bnn_prediction *one = predict(member, rows);
        for (int i = 0; i < N; i++) {
            mean[i] += one->mean[i] / MEMBERS;
            density[i] += exp(one->log_lik[i]) / MEMBERS;
        }
        bnn_prediction_free(one);
        bnn_model_free(member);
    }
    for (int i = 0; i < N; i++) {
        assert_close(whole->mean[i], mean[i], 1e-10);
        assert_close(whole->log_lik[i], log(density[i]), 1e-10);
        assert_true(whole->sd_epistemic[i] > 0);
    }
    bnn_prediction_free(whole);
    bnn_model_free(ensemble);
    bnn_config_free(config);
    bnn_dataset_free(train);
    bnn_dataset_free(rows);
}

/* One remark for each member that stopped early, none for one whose epochs ran out. */
static void each_member_stops_early_by_itself(void **state) {
    bnn_config *config = ensemble_config("10");
    diary d;
    int n_early = 0;
    (void)state;
    set_number(config, "train", "epochs", 20);
    set_number(config, "train", "patience", 5);
    bnn_model_free(observed_fit(config, &d));
    for (long m = 0; m < MEMBERS; m++) {
        long n = 0;
        for (size_t e = 0; e < d.kept.n; e++) n += (d.kept.at[e].epoch - 1) / 20 == m;
        n_early += n < 20;
        assert_true(n > 5);
    }
    assert_true(n_early > 0 && n_early < MEMBERS);               /* the test means something */
    assert_int_equal(d.n_notes, n_early);
    bnn_config_free(config);
}

/* ---- means from a finished run --------------------------------------------------------------------------------------- */

/* Fits "net.hidden=8" by `method` and leaves it as a run folder would: NAME/posterior.safetensors. The caller frees the model. */
static bnn_model *leave_run(const char *method, const bnn_dataset *train, const char *name) {
    char path[600];
    bnn_config *config = CONFIG("net.hidden=8", "train.epochs=10", "optimizer.lr=0.02");
    assert_ok(bnn_config_set(config, "method", "name", method));
    bnn_model *model = fit(config, train, NULL, NULL);
    assert_int_equal(mkdir(path_of(name), 0700), 0);
    snprintf(path, sizeof path, "%s/posterior.safetensors", path_of(name));
    assert_ok(bnn_model_write(model, path));
    bnn_config_free(config);
    return model;
}

static void drop_run(const char *name) {
    char path[600];
    snprintf(path, sizeof path, "%s/posterior.safetensors", path_of(name));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(path_of(name)), 0);
}

static bool holds_text(const char *path, const char *text) {
    static char bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

/* A step of 1e-12 leaves every weight where it began; the means and the learnt noise are those of the run. */
static void check_start_at_run(const char *from, const char *method) {
    bnn_dataset *train = noisy_rows(0);
    bnn_model *run = leave_run(from, train, "start-run");
    bnn_config *config = CONFIG("net.hidden=8", "train.epochs=1", "optimizer.lr=1e-12");
    assert_ok(bnn_config_set(config, "method", "name", method));
    assert_ok(bnn_config_set(config, "net", "init", path_of("start-run")));
    bnn_model *next = fit(config, train, NULL, NULL);
    const bnn_posterior *a = &run->posterior, *b = &next->posterior;
    real mean[64];
    assert_true(a->n_params == b->n_params && a->n_params <= 64 && a->n_params == a->n_weights + 1);
    a->row->mean(a, mean);
    for (size_t i = 0; i < a->n_params; i++) assert_close((double)b->arrays[0].at[i], (double)mean[i], 1e-10);
    assert_ok(bnn_model_write(next, path_of("next")));
    assert_false(holds_text(path_of("next"), "start-run"));      /* where it came from is no part of a model */
    bnn_model_free(run);
    bnn_model_free(next);
    bnn_config_free(config);
    bnn_dataset_free(train);
    drop_run("start-run");
}

static void a_fit_begins_at_the_means_of_the_run_that_init_names(void **state) {
    (void)state;
    check_start_at_run("map", "bbb");
    check_start_at_run("bbb", "map");
    check_start_at_run("ensemble", "map");
}

static void runs_of_another_net_and_missing_runs_are_refused(void **state) {
    static const char *const others[][2] = { { "hidden", "9" }, { "hidden", "8, 8" }, { "hidden", "" }, { "bias", "no" } };
    bnn_dataset *train = noisy_rows(0);
    (void)state;
    bnn_model_free(leave_run("map", train, "other-run"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bnn_config *config = CONFIG("net.hidden=8", "train.epochs=1");
        assert_ok(bnn_config_set(config, "net", "init", path_of("other-run")));
        assert_ok(bnn_config_set(config, "net", others[i][0], others[i][1]));
        assert_refused(config, train, "[net] init = ", "other layers");
        bnn_config_free(config);
    }
    bnn_config *config = CONFIG("net.hidden=8", "train.epochs=1");
    assert_ok(bnn_config_set(config, "net", "init", path_of("no-such-run")));
    assert_refused(config, train, "[net] init = ", "nor a run that exists");
    bnn_config_free(config);
    bnn_dataset_free(train);
    drop_run("other-run");
}

/* ---- bbb: spreads as softplus ---------------------------------------------------------------------------------------- */

/* Golden B of test_bbb.c: x = 0 .5 1 1.5 2, noise .2, prior N(0, 1); the mean-field optimum, computed outside this project. */
static const double golden_x[5] = { 0, .5, 1, 1.5, 2 }, golden_y[5] = { -.6, -.4, .05, .3, .7 };
static const double golden_mean[2] = { .639767413241, -.624769259168 }, golden_sd[2] = { .072835704073, .089087080637 };

#define LINEAR "net.hidden=", "likelihood.noise_sd=0.2", "prior.sd=1", "data.scale_x=none", "data.scale_y=none", "run.threads=1"

static bnn_dataset *golden_rows(void) {
    bnn_dataset *data = NULL;
    assert_ok(bnn_dataset_make(&data, 5, 1, golden_x, 1, golden_y, 0));
    return data;
}

/* With the tolerances of test_bbb.c: .05 sd of the mean, 2 % of the sd. */
static void softplus_spreads_reach_the_mean_field_optimum(void **state) {
    bnn_config *config = CONFIG(LINEAR, "train.batch=full", "train.epochs=20000", "method.samples=4", "method.spread=softplus",
                                "optimizer.lr=0.02", "optimizer.schedule=cosine");
    bnn_dataset *data = golden_rows();
    bnn_model *model = fit(config, data, NULL, NULL), *read = NULL;
    (void)state;
    for (int i = 0; i < 2; i++) {
        double mean = (double)model->posterior.arrays[0].at[i], sd = exp((double)model->posterior.arrays[1].at[i]);
        assert_true(fabs(mean - golden_mean[i]) <= .05 * golden_sd[i]);
        assert_true(fabs(sd / golden_sd[i] - 1) <= .02);
    }
    assert_true(model->posterior.row == &bnn_diag_posterior);
    assert_ok(bnn_model_write(model, path_of("softplus")));
    assert_true(holds_text(path_of("softplus"), "0.weight.log_sd") && !holds_text(path_of("softplus"), "rho"));
    assert_ok(bnn_model_read(&read, path_of("softplus")));
    assert_same_numbers(&model->posterior, &read->posterior);
    bnn_model_free(read);
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
}

/* From the same init_sd either way; a first step of plain descent on rho moves log sd by (dlog_sd / drho)^2 times as much,
 * dlog_sd / drho = sigmoid(rho) / sd = (1 - exp(-sd)) / sd. */
static void a_step_on_rho_is_the_step_on_log_sd_through_the_chain_rule(void **state) {
    static const char *const spreads[] = { "log_sd", "softplus" };
    const double init_sd = 1.5, chain = -expm1(-1.5) / 1.5;
    double moved[2][2];
    bnn_dataset *data = golden_rows();
    (void)state;
    for (int k = 0; k < 2; k++) {
        bnn_config *config = CONFIG(LINEAR, "train.batch=full", "train.epochs=1", "method.init_sd=1.5", "method.samples=50",
                                    "optimizer.name=sgd", "optimizer.lr=1e-4");
        assert_ok(bnn_config_set(config, "method", "spread", spreads[k]));
        bnn_model *model = fit(config, data, NULL, NULL);
        for (int i = 0; i < 2; i++) moved[k][i] = (double)model->posterior.arrays[1].at[i] - log(init_sd);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(moved[0][i]) > 1e-3);
        assert_true(fabs(moved[1][i] / moved[0][i] / (chain * chain) - 1) < .02);     /* second order in the step, which is about .01 */
    }
    bnn_dataset_free(data);
}

/* ---- bbb: Blundell's weights ----------------------------------------------------------------------------------------- */

enum { MOST_STEPS = 2001 };

/* log sd of the first weight after each step, from a checkpoint at every step. */
typedef struct trace { int n; double log_sd[MOST_STEPS]; double last_weight; } trace;

static bnn_answer save_it(void *context, uint64_t step) { return (void)context, (void)step, BNN_SAVE; }

static bnn_answer keep_weight(void *context, const bnn_epoch *record) {
    ((trace *)context)->last_weight = record->kl_weight;
    return BNN_GO_ON;
}

static bnn_status keep_log_sd(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    trace *t = context;
    (void)facts;
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, "state.log_sd") == 0) t->log_sd[t->n++] = (double)((const real *)tensors[i].data)[0];
    return BNN_OK;
}

/* One epoch of m one-row batches where the KL alone moves log sd: x and y are 0, sd is far below the prior's, so that every step adds
 * (lr / m) weight. lr = m / 10: steps of weight / 10. */
static trace one_epoch(size_t m, const char *kl_weight) {
    static trace t;
    double *zeros = calloc(m, sizeof *zeros);
    bnn_dataset *data = NULL;
    bnn_model *model = NULL;
    bnn_config *config = CONFIG("net.hidden=", "net.bias=no", "net.init=normal:0", "likelihood.noise_sd=1", "prior.sd=1",
                                "data.scale_x=none", "data.scale_y=none", "method.init_sd=1e-4",
                                "optimizer.name=sgd", "train.batch=1", "train.epochs=1");
    assert_ok(bnn_config_set(config, "method", "kl_weight", kl_weight));
    set_number(config, "optimizer", "lr", (double)m / (m > 100 ? 1e4 : 10));
    assert_ok(bnn_dataset_make(&data, m, 1, zeros, 1, zeros, 0));
    bnn_observer observer = { .context = &t, .step = save_it, .epoch = keep_weight };
    bnn_fit_hooks hooks = { .observer = &observer, .save = keep_log_sd, .context = &t };
    t = (trace){ .n = 1, .log_sd = { log(1e-4) } };
    assert_ok(bnn_fit_run(&model, config, data, NULL, &hooks));
    bnn_model_free(model);
    bnn_config_free(config);
    bnn_dataset_free(data);
    free(zeros);
    return t;
}

/* Share of batch i: 2^(M - i) / (2^M - 1), times M since each step sees the whole KL (Blundell et al. 2015, section 3.4). */
static void blundell_weights_halve_and_sum_to_the_number_of_batches(void **state) {
    enum { M = 5 };
    static const double shares[M] = { 16.0 / 31, 8.0 / 31, 4.0 / 31, 2.0 / 31, 1.0 / 31 };
    (void)state;
    trace t = one_epoch(M, "blundell");
    assert_int_equal(t.n, M + 1);
    for (int i = 0; i < M; i++) assert_close(10 * (t.log_sd[i + 1] - t.log_sd[i]), M * shares[i], 2e-5);
    assert_close(10 * (t.log_sd[M] - t.log_sd[0]), M, 2e-5);
    assert_close(t.last_weight, M * shares[M - 1], 1e-12);
    t = one_epoch(M, "uniform");
    for (int i = 0; i < M; i++) assert_close(10 * (t.log_sd[i + 1] - t.log_sd[i]), 1, 2e-5);
}

/* 2^2000 is no double: the first weight is M / 2, the sum M, and the last one 0. */
static void blundell_weights_of_2000_batches_are_finite(void **state) {
    enum { M = 2000 };
    (void)state;
    trace t = one_epoch(M, "blundell");
    assert_int_equal(t.n, M + 1);
    assert_close(1e4 * (t.log_sd[1] - t.log_sd[0]) / M, 0.5, 1e-3);
    assert_close(1e4 * (t.log_sd[M] - t.log_sd[0]) / M, 1, 1e-3);
    assert_close(t.last_weight, 0, 1e-12);
    for (int i = 0; i <= M; i++) assert_true(isfinite(t.log_sd[i]));
}

/* ---- bbb: antithetic pairs ------------------------------------------------------------------------------------------- */

static void an_odd_number_of_samples_makes_no_pairs(void **state) {
    bnn_config *config = CONFIG("method.antithetic=yes", "method.samples=3");
    bnn_dataset *train = noisy_rows(0);
    (void)state;
    assert_refused(config, train, "[method] antithetic = yes", "even number of method.samples");
    bnn_config_free(config);
    bnn_dataset_free(train);
}

/* In a linear model the gradient is linear in epsilon: a pair has none of its noise, so two seeds take the same first step. */
static void pairs_cancel_the_noise_of_a_linear_model(void **state) {
    static const char *const antithetic[] = { "yes", "no" };
    bnn_dataset *data = golden_rows();
    (void)state;
    for (int k = 0; k < 2; k++) {
        double mu[2];
        for (int seed = 0; seed < 2; seed++) {
            bnn_config *config = CONFIG(LINEAR, "train.batch=full", "train.epochs=1", "net.init=normal:0", "method.samples=2",
                                        "method.init_sd=0.1", "optimizer.name=sgd", "optimizer.lr=0.05");
            assert_ok(bnn_config_set(config, "method", "antithetic", antithetic[k]));
            set_number(config, "run", "seed", seed + 1);
            bnn_model *model = fit(config, data, NULL, NULL);
            mu[seed] = (double)model->posterior.arrays[0].at[0];
            bnn_model_free(model);
            bnn_config_free(config);
        }
        assert_true((fabs(mu[0] - mu[1]) < 1e-5) == (k == 0));
    }
    bnn_dataset_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_stopping_keeps_the_weights_of_the_best_epoch),
        cmocka_unit_test(patience_that_never_ends_keeps_the_best_epoch),
        cmocka_unit_test(early_stopping_without_validation_rows_is_refused),
        cmocka_unit_test(members_are_map_fits_from_their_own_initial_weights),
        cmocka_unit_test(members_shuffle_their_rows_each_in_its_own_order),
        cmocka_unit_test(an_ensemble_predicts_the_average_of_its_members),
        cmocka_unit_test(each_member_stops_early_by_itself),
        cmocka_unit_test(a_fit_begins_at_the_means_of_the_run_that_init_names),
        cmocka_unit_test(runs_of_another_net_and_missing_runs_are_refused),
        cmocka_unit_test(softplus_spreads_reach_the_mean_field_optimum),
        cmocka_unit_test(a_step_on_rho_is_the_step_on_log_sd_through_the_chain_rule),
        cmocka_unit_test(blundell_weights_halve_and_sum_to_the_number_of_batches),
        cmocka_unit_test(blundell_weights_of_2000_batches_are_finite),
        cmocka_unit_test(an_odd_number_of_samples_makes_no_pairs),
        cmocka_unit_test(pairs_cancel_the_noise_of_a_linear_model),
    };
    return RUN_IN_FOLDER(tests);
}
