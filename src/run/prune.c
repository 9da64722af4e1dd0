/* A pruned copy of a run; the curve of its scores. */
#include "run/prune.h"
#include "base/fail.h"
#include "config/phrase.h"
#include "run/draft.h"
#include "run/parent.h"

#include <assert.h>
#include <string.h>

typedef struct pruning {
    const bnn_prune_request *request;
    bnn_run_request own;
    bnn_run         parent;
    bnn_draft       draft;
    bnn_arena       arena;
} pruning;

/* ---- the new run ----------------------------------------------------------------------------------------------------- */

/* "-pruned-25", "-pruned-2.5" */
static const char *suffix_of(pruning *p) { return bnn_phrase_format(&p->arena, "-pruned-%.6g", 100 * p->request->keep); }

static bnn_status fill_request(pruning *p) {
    const char *parent = bnn_parent_path(&p->arena, p->request->parent);
    p->own = p->request->run;
    if (p->own.folder == NULL) p->own.folder = bnn_phrase_format(&p->arena, "%s%s", parent, suffix_of(p));
    p->draft.request = &p->own;
    return p->arena.has_failed ? BNN_FAIL_MEMORY("the request") : bnn_parent_check_place(p->request->parent, p->own.folder);
}

/* The draft's configuration is the parent's, taken over. */
static bnn_status take_config(pruning *p) {
    bnn_config *config = p->draft.setup.config = p->parent.config;
    p->parent.config = NULL;
    const char *name = bnn_phrase_format(&p->arena, "%s%s", bnn_config_text(config, "run", "name"), suffix_of(p));
    return p->arena.has_failed ? BNN_FAIL_MEMORY("the name of the run") : bnn_config_set(config, "run", "name", name);
}

static void note_result(pruning *p) {
    bnn_weight_count count = bnn_model_count_weights(p->parent.model);
    bnn_draft_note(&p->draft, "pruned %s: %zu of %zu weights kept, those with the largest |mean| / sd; biases stay", p->request->parent,
                   count.n_kept, count.n);
    if (p->request->is_dry) bnn_draft_note(&p->draft, "folder: %s", p->own.folder);
}

bnn_status bnn_run_prune(bnn_run *run, const bnn_prune_request *request) {
    pruning p = { .request = request };
    bnn_status status;
    if ((status = bnn_run_open(&p.parent, request->parent, 0, NULL))                              != BNN_OK) goto done;
    if ((status = bnn_model_prune(p.parent.model, request->keep))                                 != BNN_OK) goto done;
    if ((status = fill_request(&p))                                                               != BNN_OK) goto done;
    if ((status = bnn_folder_check(&p.draft.folder, p.own.folder, p.own.force))                   != BNN_OK) goto done;
    if ((status = take_config(&p))                                                                != BNN_OK) goto done;
    if ((status = bnn_manifest_derive(&p.draft.manifest, request->parent, &p.own))                != BNN_OK) goto done;
    if ((status = bnn_parent_note(&p.draft.manifest, request->parent))                            != BNN_OK) goto done;
    note_result(&p);
    if (!request->is_dry) status = bnn_draft_save(&p.draft, &p.parent.model, run);
done:
    bnn_draft_free(&p.draft);
    bnn_run_free(&p.parent);
    bnn_arena_free(&p.arena);
    return status;
}

/* ---- the curve ------------------------------------------------------------------------------------------------------- */

static bnn_score score_of(const bnn_prediction *prediction, const char *name) {
    const bnn_metric *metric = bnn_metrics;
    while (strcmp(metric->name, name) != 0) metric++;
    return metric->score(prediction);
}

static bnn_status score_point(const bnn_run *run, const bnn_dataset *rows, bnn_prune_point *point) {
    bnn_predict_options options = bnn_run_predict_options(run);
    bnn_prediction *prediction = NULL;
    bnn_status status = bnn_predict(&prediction, run->model, rows, &options);
    if (status != BNN_OK) return status;
    point->error = score_of(prediction, prediction->n_classes > 0 ? "error" : "rmse");
    point->log_lik = score_of(prediction, "log_lik");
    point->n_kept = bnn_model_count_weights(run->model).n_kept;
    bnn_prediction_free(prediction);
    return BNN_OK;
}

bnn_status bnn_run_prune_curve(bnn_run *run, const bnn_dataset *rows, size_t n, bnn_prune_point *points) {
    if (rows->y == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: no target column, so nothing to score", rows->path);
    bnn_status status = BNN_OK;
    for (size_t i = 0; status == BNN_OK && i < n; i++) {
        assert(i == 0 || points[i].removed >= points[i - 1].removed);
        status = bnn_model_prune(run->model, 1 - points[i].removed);
        if (status == BNN_OK) status = score_point(run, rows, &points[i]);
    }
    return status;
}
