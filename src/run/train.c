/* One run from request to finished folder.
 *
 * The folder is made after the first step: whatever is wrong with configuration, data or memory shows before that and leaves nothing
 * behind. */
#include "base/fail.h"
#include "run/folder.h"
#include "run/journal.h"
#include "run/manifest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DUE_LINES = 20 };

typedef struct training {
    const bnn_run_request *request;
    bnn_listener    listener;
    bnn_setup       setup;
    bnn_folder      folder;
    bnn_manifest    manifest;
    bnn_journal     journal;
    struct timespec start;
    bnn_status      trouble;        /* of writing, with its sentence: the fit only hears "stop" */
    char           *sentence;
} training;

static void note(training *t, const char *line) {
    bnn_journal_note(&t->journal, line);
    if (t->listener.note != NULL) t->listener.note(t->listener.context, line);
}

static void note_and_free(training *t, bnn_text *line) {
    if (line->at != NULL) note(t, line->at);
    bnn_text_free(line);
}

/* ---- before the fit -------------------------------------------------------------------------------------------------- */

static void note_data(training *t) {
    const bnn_data_parts *parts = &t->setup.parts;
    const bnn_schema *schema = &parts->train->schema;
    bnn_text line = {0};
    bnn_text_add(&line, "data: %zu training rows", parts->train->n_rows);
    if (parts->valid != NULL) bnn_text_add(&line, ", %zu validation rows", parts->valid->n_rows);
    if (parts->test != NULL) bnn_text_add(&line, ", %zu test rows", parts->test->n_rows);
    bnn_text_add(&line, "; %zu feature%s, ", schema->n_features, schema->n_features == 1 ? "" : "s");
    if (schema->n_classes > 0) bnn_text_add(&line, "%zu classes", schema->n_classes);
    else bnn_text_add(&line, "%zu target%s", schema->n_targets, schema->n_targets == 1 ? "" : "s");
    note_and_free(t, &line);
}

static bnn_status note_model(training *t) {
    const bnn_config *config = t->setup.config;
    bnn_model *model = NULL;
    bnn_text line = {0};
    bnn_status status = bnn_setup_model(&model, &t->setup);
    if (status != BNN_OK) return status;
    char *layers = bnn_setup_layers(&model->net);
    bnn_text_add(&line, "net: %s, %zu weights; %s, %s epochs", layers == NULL ? "" : layers, model->net.n_weights,
                 bnn_config_text(config, "method", "name"), bnn_config_text(config, "train", "epochs"));
    note_and_free(t, &line);
    if (model->scaling.n_constant > 0)
        bnn_text_add(&line, "warning: %zu feature%s with one value only in the training rows", model->scaling.n_constant,
                     model->scaling.n_constant == 1 ? "" : "s");
    note_and_free(t, &line);
    free(layers);
    bnn_model_free(model);
    return BNN_OK;
}

static bnn_status prepare(training *t) {
    bnn_status status;
    if ((status = bnn_setup_read(&t->setup, t->request))                                        != BNN_OK) return status;
    if ((status = bnn_folder_check(&t->folder, t->setup.folder, t->request->force))             != BNN_OK) return status;
    if ((status = bnn_setup_read_data(&t->setup))                                               != BNN_OK) return status;
    if ((status = bnn_manifest_make(&t->manifest, &t->setup, t->request))                       != BNN_OK) return status;
    const bnn_method_row *method = (const bnn_method_row *)bnn_config_variant(t->setup.config, "method", "name");
    t->journal.is_point = method->posterior->sd == NULL;
    t->journal.has_valid = t->setup.parts.valid != NULL;
    note_data(t);
    return note_model(t);
}

/* ---- while it goes --------------------------------------------------------------------------------------------------- */

static bnn_status write_config(const training *t) {
    char *text = bnn_config_print(t->setup.config, NULL, false), *path = bnn_folder_join(t->folder.path, BNN_RUN_CONFIG);
    bnn_status status = text == NULL || path == NULL ? BNN_FAIL_MEMORY("the configuration") : bnn_file_write(path, text, strlen(text));
    free(path);
    free(text);
    return status;
}

static bnn_status open_folder(training *t) {
    bnn_status status;
    if ((status = bnn_folder_make(&t->folder, t->request->force))         != BNN_OK) return status;
    if ((status = write_config(t))                                        != BNN_OK) goto undo;
    if ((status = bnn_manifest_write(&t->manifest, t->folder.path))       != BNN_OK) goto undo;
    if ((status = bnn_journal_open(&t->journal, t->folder.path))          == BNN_OK) return BNN_OK;
undo:
    bnn_folder_undo(&t->folder);
    return status;
}

/* After every step: the first makes the folder. */
static bnn_answer on_step(void *context, uint64_t step) {
    training *t = context;
    (void)step;
    if (!t->folder.is_made && (t->trouble = open_folder(t)) != BNN_OK) {
        t->sentence = strdup(bnn_error_text());
        return BNN_STOP;
    }
    return t->listener.wants_stop != NULL && t->listener.wants_stop(t->listener.context) ? BNN_STOP : BNN_GO_ON;
}

static double seconds_since(const struct timespec *start) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start->tv_sec) + 1e-9 * (double)(end.tv_nsec - start->tv_nsec);
}

/* Epochs e with a new multiple of n / 20 between e - 1 and e; the last is one of them. */
static bool is_due(const bnn_epoch *record) {
    long n = record->n_epochs, e = record->epoch;
    return n <= DUE_LINES || e * DUE_LINES / n != (e - 1) * DUE_LINES / n;
}

static void log_progress(bnn_journal *journal, const bnn_progress *progress) {
    bnn_text line = {0};
    bnn_progress_print(&line, progress);
    if (line.at != NULL) bnn_journal_note(journal, line.at);
    bnn_text_free(&line);
}

static bnn_answer on_epoch(void *context, const bnn_epoch *record) {
    training *t = context;
    bnn_progress progress = { .record = record, .is_point = t->journal.is_point, .is_due = is_due(record),
                              .seconds = seconds_since(&t->start) };
    bnn_journal_epoch(&t->journal, record);
    if (progress.is_due) log_progress(&t->journal, &progress);
    if (t->listener.progress != NULL) t->listener.progress(t->listener.context, &progress);
    return BNN_GO_ON;
}

/* ---- at the end ------------------------------------------------------------------------------------------------------ */

static bnn_status save(training *t, const bnn_model *model) {
    char *path = bnn_folder_join(t->folder.path, BNN_RUN_POSTERIOR);
    bnn_status status = bnn_journal_close(&t->journal);
    if (path == NULL) status = BNN_FAIL_MEMORY("the name of the posterior's file");
    if (status == BNN_OK) status = bnn_model_write(model, path);
    free(path);
    if (status != BNN_OK) return status;
    bnn_manifest_end(&t->manifest, "finished", NULL);
    status = bnn_manifest_write(&t->manifest, t->folder.path);
    bnn_folder_settle(&t->folder);
    return status;
}

/* What can still be written is; the error text stays. */
static void end_badly(training *t, bnn_status status) {
    char *sentence = strdup(bnn_error_text());
    if (t->folder.has_old) {
        bnn_folder_undo(&t->folder);
    } else if (t->folder.is_made) {
        bnn_journal_note(&t->journal, sentence == NULL ? "" : sentence);
        bnn_manifest_end(&t->manifest, status == BNN_STOPPED ? "stopped" : "failed", sentence);
        bnn_manifest_write(&t->manifest, t->folder.path);
    }
    bnn_journal_close(&t->journal);
    if (sentence != NULL) bnn_error_set(status, "%s", sentence);
    free(sentence);
}

static bnn_status fit(training *t, bnn_model **model) {
    bnn_observer observer = { .context = t, .step = on_step, .epoch = on_epoch };
    clock_gettime(CLOCK_MONOTONIC, &t->start);
    bnn_status status = bnn_fit(model, t->setup.config, t->setup.parts.train, t->setup.parts.valid, &observer);
    if (t->trouble == BNN_OK) return status;
    return BNN_FAIL(t->trouble, "%s", t->sentence == NULL ? "the run folder cannot be made" : t->sentence);
}

bnn_status bnn_run_train(bnn_run *run, const bnn_run_request *request) {
    training t = { .request = request };
    bnn_run made = {0};
    bnn_status status;
    if (request->listener != NULL) t.listener = *request->listener;
    if ((status = prepare(&t))               != BNN_OK) goto done;
    if ((status = fit(&t, &made.model))      != BNN_OK) goto done;
    if ((status = save(&t, made.model))      != BNN_OK) goto done;
    made.config = t.setup.config;
    made.folder = t.folder.path;
    t.setup.config = NULL;
    t.folder.path = NULL;
    *run = made;
    made = (bnn_run){0};
done:
    if (status != BNN_OK) end_badly(&t, status);
    bnn_run_free(&made);
    bnn_journal_close(&t.journal);
    bnn_manifest_free(&t.manifest);
    bnn_folder_free(&t.folder);
    bnn_setup_free(&t.setup);
    free(t.sentence);
    return status;
}
