/* bnn_fit: from a configuration and rows to a model. */
#include "method/fit.h"
#include "base/fail.h"
#include "base/text.h"
#include "method/catalogue.h"
#include "method/map.h"
#include "model/model.h"
#include "predict/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPORT_WORK 2e10   /* a fraction of a second */

typedef struct fitting {
    const bnn_method_row *method;
    bnn_run_options       run;
    bnn_model            *model;
    bnn_scaling           scaling;
    bnn_team             *team;
    bnn_problem           problem, valid;
    bnn_fit_state         fit;
    void                 *state;
    bnn_arena             arena;
} fitting;

static size_t batch_rows(const bnn_train_options *train, size_t n_rows) {
    if (train->batch.word >= 0 || train->batch.number >= (double)n_rows) return n_rows;
    return (size_t)train->batch.number;
}

static bnn_status read_options(fitting *f, const bnn_config *config) {
    const bnn_schedule *schedule = (const bnn_schedule *)bnn_config_variant(config, "optimizer", "schedule");
    f->method = (const bnn_method_row *)bnn_config_variant(config, "method", "name");
    bnn_config_fill(config, "run", bnn_run_rows, &f->run);
    bnn_config_fill(config, "train", bnn_train_rows, &f->fit.train);
    bnn_config_fill(config, "optimizer", bnn_optimizer_rows, &f->fit.optimizer);
    f->fit.schedule = schedule;
    f->fit.schedule_options = bnn_arena_take(&f->arena, 1, schedule->head.size);
    f->state = bnn_arena_take(&f->arena, 1, f->method->state_size);
    if (f->arena.has_failed) return BNN_FAIL_MEMORY("the method");
    if (schedule->head.size > 0) bnn_config_fill(config, "optimizer", schedule->head.options, f->fit.schedule_options);
    f->fit.n_members = f->method->members == NULL ? 1 : (uint32_t)f->method->members(config);
    f->fit.config = config;
    f->fit.seed = (uint64_t)f->run.seed;
    return BNN_OK;
}

/* What bfgs and cg ask of other keys, in the words of the configuration. */
static const struct { const char *section, *key, *value; } whole_needs[] = {
    { "method", "name", "map" },            { "train", "batch", "full" },  { "train", "clip_norm", "0" },
    { "optimizer", "schedule", "constant" }, { "optimizer", "warmup", "0" },
};

/* map and the methods that are made of it */
static bool fits_a_point(const bnn_config *config) {
    return ((const bnn_method_row *)bnn_config_variant(config, "method", "name"))->step == bnn_map_step;
}

static bnn_status check_minimiser(const bnn_config *config) {
    const bnn_optimizer_row *row = (const bnn_optimizer_row *)bnn_config_variant(config, "optimizer", "name");
    if (row->algorithm == NULL) return BNN_OK;
    for (size_t i = 0; i < sizeof whole_needs / sizeof *whole_needs; i++) {
        const char *section = whole_needs[i].section, *key = whole_needs[i].key, *value = whole_needs[i].value;
        if (strcmp(key, "name") == 0 && fits_a_point(config)) continue;
        if (strcmp(bnn_config_text(config, section, key), value) != 0)
            return bnn_config_fail(config, section, key, "optimizer.name = %s minimises the whole objective with steps of its own: set %s.%s = "
                                   "%s (it needs method.name = map, train.batch = full, train.clip_norm = 0 and a constant schedule without "
                                   "warmup), or another optimizer, such as adam", row->head.name, section, key, value);
    }
    return BNN_OK;
}

static bnn_status check_rows(const bnn_dataset *rows, const bnn_schema *want) {
    const bnn_schema *got = &rows->schema;
    if (rows->y == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: the rows of a fit need their targets", rows->path);
    if (got->n_features == want->n_features && got->n_targets == want->n_targets && got->n_classes == want->n_classes) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: %zu features, %zu targets and %zu classes; the training rows have %zu, %zu and %zu", rows->path,
                    got->n_features, got->n_targets, got->n_classes, want->n_features, want->n_targets, want->n_classes);
}

static bnn_status make_model(fitting *f, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid) {
    const char *scale_x = bnn_config_text(config, "data", "scale_x"), *scale_y = bnn_likelihood_scale_y(config);
    bnn_status status = bnn_scaling_fit(&f->scaling, train, scale_x, scale_y);
    if (status == BNN_OK) status = bnn_model_make(&f->model, config, &train->schema, &f->scaling);
    if (status == BNN_OK) status = bnn_likelihood_check_targets(&f->model->likelihood, train);
    if (status == BNN_OK && valid != NULL) status = bnn_likelihood_check_targets(&f->model->likelihood, valid);
    if (status == BNN_OK) f->model->seed = f->fit.seed;
    return status;
}

/* Everything that method, optimizer and loop ask for, before any work. */
static bnn_status check_needs(const fitting *f, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid) {
    bnn_status status = check_minimiser(config);
    bool has_images = train->x_bytes != NULL && train->schema.image_rows > 0;
    if (status == BNN_OK && !has_images && (f->fit.train.shift > 0 || f->fit.train.rotation > 0))
        return bnn_config_fail(config, "train", f->fit.train.shift > 0 ? "shift" : "rotation", "only images (data.format = idx) can be shifted "
                               "and rotated");
    if (status == BNN_OK && f->method->check != NULL) status = f->method->check(config, &f->model->net, valid != NULL);
    if (status == BNN_OK && f->fit.train.patience > 0 && valid == NULL)
        return bnn_config_fail(config, "train", "patience", "early stopping needs validation rows: add data.valid or data.valid_fraction");
    return status;
}

static bnn_status make_problem(fitting *f, bnn_problem *problem, const bnn_dataset *data, size_t max_rows) {
    const bnn_model *model = f->model;
    return bnn_problem_make(problem, &model->net, &model->likelihood, &model->prior, data, &model->scaling, f->team, max_rows);
}

static bnn_status make_problems(fitting *f, const bnn_dataset *train, const bnn_dataset *valid) {
    size_t batch = batch_rows(&f->fit.train, train->n_rows), pass = batch < BNN_PASS_ROWS ? batch : BNN_PASS_ROWS;
    bnn_status status = make_problem(f, &f->problem, train, pass);
    if (status == BNN_OK && valid != NULL) status = make_problem(f, &f->valid, valid, 0);
    f->fit.problem = &f->problem;
    f->fit.valid = valid == NULL ? NULL : &f->valid;
    f->problem.perturbation = (bnn_perturbation){ .noise_sd = f->fit.train.input_noise_sd, .shift = f->fit.train.shift,
                                                  .rotation = f->fit.train.rotation };
    f->fit.n_batches = (train->n_rows + batch - 1) / batch;
    f->fit.n_passes = (batch + pass - 1) / pass;
    f->fit.n_steps = (uint64_t)f->fit.train.epochs * f->fit.n_batches;
    return status;
}

/* E_q[nll] of the finished posterior on its training rows, nats: exact for a point, else from as many draws as REPORT_WORK
 * multiply-adds allow. */
static bnn_status expected_nll(fitting *f, size_t *n_draws, double *nll) {
    const bnn_posterior *posterior = &f->model->posterior;
    double work = (double)f->problem.n_rows * (double)f->problem.n_weights, sum = 0;
    size_t allowed = (size_t)fmin(fmax(REPORT_WORK / work, 1), 100);
    *n_draws = bnn_posterior_draws(posterior, allowed);
    real *theta = BNN_TAKE(&f->arena, posterior->n_params, real);
    if (theta == NULL) return BNN_FAIL_MEMORY("the report of the fit");
    for (size_t s = 0; s < *n_draws; s++) {
        double value;
        posterior->row->draw(posterior, f->fit.seed, s, 0, posterior->n_params, theta);
        bnn_status status = bnn_problem_nll(&f->problem, theta, 0, NULL, NULL, &value);
        if (status != BNN_OK) return status;
        sum += value;
    }
    *nll = sum / (double)*n_draws;
    return BNN_OK;
}

static bnn_status note_terms(fitting *f) {
    bnn_model *model = f->model;
    size_t n_draws = 0;
    double nll = 0;
    bnn_status status = expected_nll(f, &n_draws, &nll);
    if (status == BNN_OK) status = bnn_model_note_number(model, "nll", nll);
    double kl = bnn_predict_kl(model, n_draws);
    if (status != BNN_OK || !isfinite(kl)) return status;
    status = bnn_model_note_number(model, "kl", kl);
    return status == BNN_OK ? bnn_model_note_number(model, "elbo", -(nll + kl)) : status;
}

static bnn_status note_facts(fitting *f, const bnn_dataset *train) {
    bnn_model *model = f->model;
    json_t *baseline = bnn_baseline_of(train);
    char *text = baseline == NULL ? NULL : json_dumps(baseline, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    bnn_status status = text == NULL ? BNN_FAIL_MEMORY("the model's facts") : bnn_model_note_text(model, "baseline", text);
    if (status == BNN_OK) status = bnn_model_note_text(model, "method", f->method->head.name);
    if (status == BNN_OK) status = bnn_model_note_number(model, "n_rows", (double)train->n_rows);
    if (status == BNN_OK) status = note_terms(f);
    free(text);
    json_decref(baseline);
    return status;
}

/* The result of the last member, or the results of all. */
static bnn_status finish(fitting *f, const bnn_dataset *train) {
    bnn_posterior *posterior = &f->model->posterior, *result = f->fit.n_members > 1 ? &f->fit.finished : &f->fit.best;
    *posterior = *result;
    *result = (bnn_posterior){0};
    posterior->net = &f->model->net;
    return note_facts(f, train);
}

/* ---- initial weights ------------------------------------------------------------------------------------------------- */

void bnn_fit_initial(const bnn_fit_state *fit, real *theta) {
    if (fit->initial != NULL) memcpy(theta, fit->initial, fit->problem->n_params * sizeof *theta);
    else bnn_net_init(fit->problem->net, fit->config, fit->seed, fit->member, theta);
}

static bool has_same_blocks(const bnn_net *a, const bnn_net *b) {
    if (a->n_blocks != b->n_blocks) return false;
    for (size_t i = 0; i < a->n_blocks; i++)
        if (a->blocks[i].n != b->blocks[i].n || a->blocks[i].shape[0] != b->blocks[i].shape[0]) return false;
    return true;
}

/* Means of the run that net.init names, learnt noise too where both have it. */
static bnn_status read_initial(fitting *f, const bnn_config *config) {
    const char *place = bnn_config_text(config, "net", "init");
    if (bnn_net_is_init_rule(place)) return BNN_OK;
    struct stat info;
    bnn_text path = {0};
    bnn_model *model = NULL;
    if (stat(place, &info) != 0) return bnn_config_fail(config, "net", "init", "neither he, glorot, lecun or normal:SD, nor a run that exists");
    bnn_text_add(&path, S_ISDIR(info.st_mode) ? "%s/posterior.safetensors" : "%s", place);
    bnn_status status = path.at == NULL ? BNN_FAIL_MEMORY("the initial weights") : bnn_model_read(&model, path.at);
    real *initial = BNN_TAKE(&f->arena, f->problem.n_params, real), *mean = NULL;
    if (status == BNN_OK && !has_same_blocks(&model->net, &f->model->net))
        status = bnn_config_fail(config, "net", "init", "that run's net has other layers than this one");
    if (status == BNN_OK) mean = BNN_TAKE(&f->arena, model->posterior.n_params, real);
    if (status == BNN_OK && f->arena.has_failed) status = BNN_FAIL_MEMORY("the initial weights");
    if (status == BNN_OK) {
        size_t n = model->posterior.n_params < f->problem.n_params ? model->posterior.n_params : f->problem.n_params;
        model->posterior.row->mean(&model->posterior, mean);
        memcpy(initial, mean, n * sizeof *initial);
        f->fit.initial = initial;
    }
    bnn_model_free(model);
    bnn_text_free(&path);
    return status;
}

bnn_status bnn_fit_make_best(bnn_fit_state *fit, const bnn_method_row *method) {
    const bnn_problem *problem = fit->problem;
    size_t n_draws = method->posterior == &bnn_draws_posterior ? 1 : 0;
    return bnn_posterior_make(&fit->best, method->posterior, problem->n_weights, problem->n_params - problem->n_weights, n_draws);
}

static void drop_state(fitting *f) {
    f->method->free(f->state);
    memset(f->state, 0, f->method->state_size);
}

/* Makes a fresh state for one member; going on from a checkpoint, puts it where that was. */
static bnn_status start_member(fitting *f, const bnn_tensor_file *resume) {
    bnn_fit_state *fit = &f->fit;
    fit->step = fit->epoch = fit->batch = fit->best_epoch = 0;
    fit->nll_sum = fit->best_valid = 0;
    fit->is_finished = false;
    fit->remark[0] = '\0';
    bnn_posterior_free(&fit->best);
    drop_state(f);
    bnn_status status = fit->train.patience > 0 || resume != NULL ? bnn_fit_make_best(fit, f->method) : BNN_OK;
    if (status == BNN_OK) status = f->method->start(f->state, fit);
    if (status == BNN_OK) status = bnn_fit_allow_rollback(fit, f->method, f->state);
    if (status == BNN_OK && resume != NULL) status = bnn_fit_load(fit, f->method, f->state, resume);
    return status;
}

/* Room for the results of all members, where there are several. */
static bnn_status make_finished(fitting *f) {
    bnn_fit_state *fit = &f->fit;
    const bnn_model *model = f->model;
    if (fit->n_members == 1) return BNN_OK;
    return bnn_posterior_make(&fit->finished, f->method->joint, model->net.n_weights, model->likelihood.n_noise, fit->n_members);
}

static void keep_member(bnn_fit_state *fit) {
    size_t n = fit->best.n_params;
    for (size_t a = 0; a < fit->finished.n_arrays; a++)
        memcpy(fit->finished.arrays[a].at + fit->member * n, fit->best.arrays[a].at, n * sizeof(real));
}

static bnn_status fit_members(fitting *f, const bnn_fit_hooks *hooks) {
    bnn_fit_state *fit = &f->fit;
    const bnn_tensor_file *resume = hooks->resume;
    bnn_status status = resume == NULL ? BNN_OK : bnn_fit_resumed_member(resume, &fit->member);
    if (status == BNN_OK && fit->member >= fit->n_members) status = BNN_FAIL(BNN_ERR_DATA, "the checkpoint is of a larger ensemble");
    if (status == BNN_OK) status = make_finished(f);
    for (; status == BNN_OK && fit->member < fit->n_members; fit->member++) {
        if ((status = start_member(f, resume)) != BNN_OK) break;
        if ((status = bnn_fit_loop(fit, f->method, f->state, hooks)) != BNN_OK) break;
        if (fit->n_members > 1) keep_member(fit);
        resume = NULL;
    }
    return status;
}

static void fitting_free(fitting *f) {
    if (f->state != NULL) f->method->free(f->state);
    bnn_posterior_free(&f->fit.best);
    bnn_posterior_free(&f->fit.finished);
    free(f->fit.kept);
    bnn_problem_free(&f->valid);
    bnn_problem_free(&f->problem);
    bnn_team_free(f->team);
    bnn_scaling_free(&f->scaling);
    bnn_model_free(f->model);
    bnn_arena_free(&f->arena);
}

bnn_status bnn_fit_run(bnn_model **model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid,
                       const bnn_fit_hooks *hooks) {
    fitting f = {0};
    bnn_status status;
    bnn_blas_threads saved = bnn_blas_enter();
    if ((status = read_options(&f, config))                                                     != BNN_OK) goto done;
    if ((status = check_rows(train, &train->schema))                                            != BNN_OK) goto done;
    if (valid != NULL && (status = check_rows(valid, &train->schema))                           != BNN_OK) goto done;
    if ((status = make_model(&f, config, train, valid))                                         != BNN_OK) goto done;
    if ((status = check_needs(&f, config, train, valid))                                             != BNN_OK) goto done;
    if ((status = bnn_team_make(&f.team, (int)f.run.threads))                                   != BNN_OK) goto done;
    if ((status = make_problems(&f, train, valid))                                              != BNN_OK) goto done;
    if ((status = read_initial(&f, config))                                                     != BNN_OK) goto done;
    if ((status = fit_members(&f, hooks))                                                       != BNN_OK) goto done;
    drop_state(&f);
    if ((status = finish(&f, train))                                                     != BNN_OK) goto done;
    if (f.method->refine != NULL && (status = f.method->refine(f.model, config, train, valid, f.team)) != BNN_OK) goto done;
    *model = f.model;
    f.model = NULL;
done:
    fitting_free(&f);
    bnn_blas_leave(saved);
    return status;
}

bnn_status bnn_fit(bnn_model **model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid,
                   const bnn_observer *observer) {
    return bnn_fit_run(model, config, train, valid, &(bnn_fit_hooks){ .observer = observer });
}
