/* bnn_fit: from a configuration and rows to a model. */
#include "method/fit.h"
#include "base/fail.h"
#include "method/catalogue.h"
#include "model/model.h"
#include "predict/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    f->fit.config = config;
    f->fit.seed = (uint64_t)f->run.seed;
    return BNN_OK;
}

/* What bfgs and cg ask of other keys, in the words of the configuration. */
static const struct { const char *section, *key, *value; } whole_needs[] = {
    { "method", "name", "map" },            { "train", "batch", "full" },  { "train", "clip_norm", "0" },
    { "optimizer", "schedule", "constant" }, { "optimizer", "warmup", "0" },
};

static bnn_status check_needs(const bnn_config *config) {
    const bnn_optimizer_row *row = (const bnn_optimizer_row *)bnn_config_variant(config, "optimizer", "name");
    if (row->algorithm == NULL) return BNN_OK;
    for (size_t i = 0; i < sizeof whole_needs / sizeof *whole_needs; i++) {
        const char *section = whole_needs[i].section, *key = whole_needs[i].key, *value = whole_needs[i].value;
        if (strcmp(bnn_config_text(config, section, key), value) != 0)
            return bnn_config_fail(config, section, key, "optimizer.name = %s minimises the whole objective with steps of its own: set %s.%s = "
                                   "%s (it needs method.name = map, train.batch = full, train.clip_norm = 0 and a constant schedule without "
                                   "warmup), or another optimizer, such as adam", row->head.name, section, key, value);
    }
    return BNN_OK;
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

static bnn_status make_problem(fitting *f, bnn_problem *problem, const bnn_dataset *data, size_t max_rows) {
    const bnn_model *model = f->model;
    return bnn_problem_make(problem, &model->net, &model->likelihood, &model->prior, data, &model->scaling, f->team, max_rows);
}

static bnn_status make_problems(fitting *f, const bnn_dataset *train, const bnn_dataset *valid) {
    size_t batch = batch_rows(&f->fit.train, train->n_rows), pass = batch < BNN_PASS_ROWS ? batch : BNN_PASS_ROWS;
    bnn_status status = make_problem(f, &f->problem, train, pass);
    if (status == BNN_OK && valid != NULL) status = make_problem(f, &f->valid, valid, 0);
    f->fit.problem = &f->problem;
    f->fit.n_batches = (train->n_rows + batch - 1) / batch;
    f->fit.n_passes = (batch + pass - 1) / pass;
    f->fit.n_steps = (uint64_t)f->fit.train.epochs * f->fit.n_batches;
    return status;
}

static bnn_status note_facts(fitting *f, const bnn_dataset *train, const bnn_epoch *last) {
    bnn_model *model = f->model;
    json_t *baseline = bnn_baseline_of(train);
    char *text = baseline == NULL ? NULL : json_dumps(baseline, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    bnn_status status = text == NULL ? BNN_FAIL_MEMORY("the model's facts") : bnn_model_note_text(model, "baseline", text);
    if (status == BNN_OK) status = bnn_model_note_text(model, "method", f->method->head.name);
    if (status == BNN_OK) status = bnn_model_note_number(model, "n_rows", (double)train->n_rows);
    if (status == BNN_OK) status = bnn_model_note_number(model, "nll", last->nll);
    if (status == BNN_OK && f->method->posterior->sd != NULL) status = bnn_model_note_number(model, "kl", last->penalty);
    if (status == BNN_OK && f->method->posterior->sd != NULL) status = bnn_model_note_number(model, "elbo", last->elbo);
    free(text);
    json_decref(baseline);
    return status;
}

static bnn_status finish(fitting *f, const bnn_dataset *train, const bnn_epoch *last) {
    size_t n_draws = f->method->posterior->sd == NULL ? 1 : 0;
    bnn_status status = bnn_posterior_make(&f->model->posterior, f->method->posterior, f->model->net.n_weights,
                                           f->model->likelihood.n_noise, n_draws);
    if (status != BNN_OK) return status;
    f->method->finish(f->state, &f->model->posterior);
    return note_facts(f, train, last);
}

static void fitting_free(fitting *f) {
    if (f->state != NULL) f->method->free(f->state);
    bnn_problem_free(&f->valid);
    bnn_problem_free(&f->problem);
    bnn_team_free(f->team);
    bnn_scaling_free(&f->scaling);
    bnn_model_free(f->model);
    bnn_arena_free(&f->arena);
}

bnn_status bnn_fit(bnn_model **model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid,
                   const bnn_observer *observer) {
    fitting f = {0};
    bnn_epoch last = { .nll = NAN, .penalty = NAN, .elbo = NAN };
    bnn_status status;
    bnn_blas_threads saved = bnn_blas_enter();
    if ((status = check_needs(config))                                                          != BNN_OK) goto done;
    if ((status = read_options(&f, config))                                                     != BNN_OK) goto done;
    if ((status = make_model(&f, config, train, valid))                                         != BNN_OK) goto done;
    if ((status = bnn_team_make(&f.team, (int)f.run.threads))                                   != BNN_OK) goto done;
    if ((status = make_problems(&f, train, valid))                                              != BNN_OK) goto done;
    if ((status = f.method->start(f.state, &f.fit))                                             != BNN_OK) goto done;
    status = bnn_fit_loop(&f.fit, f.method, f.state, valid == NULL ? NULL : &f.valid, observer, &last);
    if (status == BNN_OK) status = finish(&f, train, &last);
    if (status != BNN_OK) goto done;
    *model = f.model;
    f.model = NULL;
done:
    fitting_free(&f);
    bnn_blas_leave(saved);
    return status;
}
