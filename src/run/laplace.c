/* A Laplace posterior around a finished map run. Its configuration is the parent's with method.name = laplace: fed to `bnn train` it finds the
 * same weights again and then the same posterior, byte for byte. */
#include "run/laplace.h"
#include "base/fail.h"
#include "base/team.h"
#include "config/phrase.h"
#include "method/laplace.h"
#include "run/draft.h"
#include "run/parent.h"

#include <string.h>

static const char *const changeable[] = { "method.", "predict.", "run.threads=", "run.max_memory=", NULL };

typedef struct derivation {
    const bnn_laplace_request *request;
    bnn_run_request own;               /* the request of the new run, all words in the arena */
    bnn_run         parent;
    bnn_draft       draft;
    bnn_arena       arena;
} derivation;

/* ---- the request ----------------------------------------------------------------------------------------------------- */

/* A bare key is one of [method]. */
static const char *full_set(bnn_arena *arena, const char *set) {
    size_t key = strcspn(set, "=");
    bool is_bare = set[key] == '=' && memchr(set, '.', key) == NULL;
    return bnn_phrase_format(arena, "%s%s", is_bare ? "method." : "", set);
}

static bool is_changeable(const char *set) {
    for (size_t k = 0; changeable[k] != NULL; k++)
        if (strncmp(set, changeable[k], strlen(changeable[k])) == 0) return true;
    return false;
}

static bnn_status check_set(const char *set) {
    static const char name[] = "method.name=";
    if (!is_changeable(set))
        return bnn_error_add(BNN_ERR_CONFIG, "%s: the new run keeps the settings of its parent; only keys of [method] and [predict], run.threads "
                             "and run.max_memory can be given", set);
    if (strncmp(set, name, strlen(name)) == 0 && strcmp(set + strlen(name), "laplace") != 0)
        return bnn_error_add(BNN_ERR_CONFIG, "%s: the method of the new run is laplace", set);
    return BNN_OK;
}

/* The configuration of the new run: the parent's file, the sets, and what makes it this run. */
static bnn_status fill_request(derivation *d) {
    const bnn_run_request *asked = &d->request->run;
    const char **sets = BNN_TAKE(&d->arena, asked->n_sets + 1, const char *), *parent = bnn_parent_path(&d->arena, d->request->parent);
    bnn_status status = BNN_OK;
    bnn_error_clear();
    d->own = *asked;
    for (size_t i = 0; sets != NULL && i < asked->n_sets; i++) {
        sets[i] = full_set(&d->arena, asked->sets[i]);
        if (check_set(sets[i]) != BNN_OK) status = BNN_ERR_CONFIG;
    }
    d->own.config_path = bnn_phrase_format(&d->arena, "%s/%s", d->request->parent, BNN_RUN_CONFIG);
    if (asked->folder == NULL) d->own.folder = bnn_phrase_format(&d->arena, "%s-laplace", parent);
    if (d->arena.has_failed) return BNN_FAIL_MEMORY("the request");
    sets[asked->n_sets] = "method.name=laplace";
    d->own.n_sets = asked->n_sets + 1;
    d->own.sets = sets;
    return status;
}

/* ---- the parent ------------------------------------------------------------------------------------------------------ */

static bnn_status open_parent(derivation *d) {
    bnn_status status = bnn_run_open(&d->parent, d->request->parent, 0, NULL);
    if (status != BNN_OK) return status;
    const char *method = json_string_value(json_object_get(d->parent.model->facts, "method"));
    if (method != NULL && strcmp(method, "map") == 0) return BNN_OK;
    return BNN_FAIL(BNN_ERR_CONFIG, "%s: a run of method %s: Laplace goes around the weights of a finished map run (bnn train CONFIG.ini "
                    "method.name=map)", d->request->parent, method == NULL ? "unknown" : method);
}

/* Whatever decides the training and validation rows; a test file may come and go. */
static bnn_status compare_files(const derivation *d, json_t *then, json_t *now) {
    const char *key, *hash;
    json_t *value;
    json_object_foreach(now, key, value) {
        hash = json_string_value(json_object_get(then, key));
        bool is_test = strcmp(key, "test") == 0 || strcmp(key, "test_labels") == 0;
        if (is_test || (hash != NULL && strcmp(hash, json_string_value(value)) == 0)) continue;
        return BNN_FAIL(BNN_ERR_DATA, "%s: not the file that %s was trained on (another sha256): put that one back, or train anew",
                        bnn_config_text(d->draft.setup.config, "data", key), d->request->parent);
    }
    return BNN_OK;
}

static bool has_columns_of(const bnn_schema *a, const bnn_schema *b) {
    return a->n_features == b->n_features && a->n_targets == b->n_targets && a->n_classes == b->n_classes;
}

static bnn_status compare_data(const derivation *d) {
    const bnn_data_parts *parts = &d->draft.setup.parts;
    bnn_manifest old = { .json = bnn_manifest_read(d->request->parent) };
    if (old.json == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: no readable %s, so nothing says which data the run saw", d->request->parent, BNN_RUN_MANIFEST);
    json_t *then = bnn_manifest_data(&old), *now = bnn_manifest_data(&d->draft.manifest);
    bnn_status status = then == NULL || now == NULL ? BNN_FAIL_MEMORY("the manifest") : compare_files(d, then, now);
    bool is_same = json_equal(json_object_get(old.json, "rows"), json_object_get(d->draft.manifest.json, "rows"))
                   && has_columns_of(&parts->train->schema, &d->parent.model->schema);
    if (status == BNN_OK && !is_same)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: its %s no longer gives the rows and columns that the run saw", d->request->parent, BNN_RUN_CONFIG);
    json_decref(then);
    json_decref(now);
    bnn_manifest_free(&old);
    return status;
}

static bnn_status name_run(derivation *d) {
    bnn_config *config = d->draft.setup.config;
    const char *name = bnn_phrase_format(&d->arena, "%s-laplace", bnn_config_text(config, "run", "name"));
    return d->arena.has_failed ? BNN_FAIL_MEMORY("the name of the run") : bnn_config_set(config, "run", "name", name);
}

/* ---- what is said ---------------------------------------------------------------------------------------------------- */

static bnn_status note_forecast(derivation *d) {
    const bnn_config *config = d->draft.setup.config;
    bnn_laplace_need need;
    bnn_status status = bnn_laplace_check(&need, d->parent.model, config, d->draft.setup.parts.valid);
    if (status != BNN_OK) return status;
    bnn_draft_note(&d->draft, "laplace around %s: %s %s curvature of %zu training rows over %zu of %zu weights (span = %s), %.3g MB",
                   d->request->parent, bnn_config_text(config, "method", "structure"), bnn_config_text(config, "method", "curvature"),
                   d->draft.setup.parts.train->n_rows, need.n_span, d->parent.model->net.n_weights, bnn_config_text(config, "method", "span"),
                   need.bytes / 1e6);
    return BNN_OK;
}

static double fact(const bnn_model *model, const char *name) {
    const char *text = json_string_value(json_object_get(model->facts, name));
    double value = 0;
    if (text != NULL) bnn_text_to_number(text, &value);
    return value;
}

/* The fact "0.5, 12" in fewer digits. */
static void add_factors(bnn_text *lines, const bnn_model *model, const bnn_config *config) {
    bnn_arena arena = {0};
    char *text = bnn_arena_text(&arena, json_string_value(json_object_get(model->facts, "prior_precision_factor"))), *item;
    const char *between = "";
    bnn_text_add(lines, "prior precision: ");
    for (double value; text != NULL && (item = strsep(&text, ",")) != NULL; between = ", ")
        if (bnn_text_to_number(item, &value)) bnn_text_add(lines, "%s%.4g", between, value);
    bnn_text_add(lines, " times that of [prior] (prior_precision = %s)\n", bnn_config_text(config, "method", "prior_precision"));
    bnn_arena_free(&arena);
}

void bnn_laplace_describe(bnn_text *lines, const bnn_model *model, const bnn_config *config) {
    if (json_object_get(model->facts, "log_evidence") == NULL) return;
    bnn_text_add(lines, "log evidence %.6g = log likelihood %.6g + Occam term %.6g; %.4g weights well determined\n",
                 fact(model, "log_evidence"), -fact(model, "nll"), fact(model, "occam"), fact(model, "well_determined"));
    add_factors(lines, model, config);
    if (fact(model, "newton_steps") > 0)
        bnn_text_add(lines, "the weights were moved onto the minimum of the loss by %g Newton step%s\n", fact(model, "newton_steps"),
                     fact(model, "newton_steps") > 1 ? "s" : "");
    if (fact(model, "jitter") > 0)
        bnn_text_add(lines, "warning: the Cholesky factor needed a jitter of %.0e of the mean diagonal\n", fact(model, "jitter"));
}

static void note_result(derivation *d) {
    bnn_text lines = {0};
    bnn_laplace_describe(&lines, d->parent.model, d->draft.setup.config);
    for (char *line = lines.at, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
        bnn_draft_note(&d->draft, "%.*s", (int)(end - line), line);
    bnn_text_free(&lines);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static bnn_status prepare(derivation *d) {
    const char *parent = d->request->parent;
    bnn_status status;
    if ((status = open_parent(d))                                   != BNN_OK) return status;
    if ((status = fill_request(d))                                  != BNN_OK) return status;
    if ((status = bnn_parent_check_place(parent, d->own.folder))    != BNN_OK) return status;
    if ((status = bnn_draft_start(&d->draft, &d->own))              != BNN_OK) return status;
    if ((status = name_run(d))                                      != BNN_OK) return status;
    if ((status = compare_data(d))                                  != BNN_OK) return status;
    if ((status = bnn_parent_note(&d->draft.manifest, parent))      != BNN_OK) return status;
    return note_forecast(d);
}

static bnn_status compute(derivation *d) {
    const bnn_setup *setup = &d->draft.setup;
    bnn_team *team = NULL;
    bnn_status status = bnn_team_make(&team, (int)setup->run.threads);
    if (status == BNN_OK) status = bnn_laplace(d->parent.model, setup->config, setup->parts.train, setup->parts.valid, team);
    bnn_team_free(team);
    return status;
}

bnn_status bnn_run_laplace(bnn_run *run, const bnn_laplace_request *request) {
    derivation d = { .request = request };
    bnn_status status = prepare(&d);
    if (status == BNN_OK && request->is_dry) bnn_draft_note(&d.draft, "folder: %s", d.own.folder);
    if (status != BNN_OK || request->is_dry) goto done;
    if ((status = compute(&d)) != BNN_OK) goto done;
    note_result(&d);
    status = bnn_draft_save(&d.draft, &d.parent.model, run);
done:
    bnn_draft_free(&d.draft);
    bnn_run_free(&d.parent);
    bnn_arena_free(&d.arena);
    return status;
}
