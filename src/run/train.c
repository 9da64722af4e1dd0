/* One run from request, or from a checkpoint, to finished folder.
 *
 * The folder is made, or written to again, after the first step: whatever is wrong with configuration, data or memory shows before that
 * and leaves nothing behind. */
#include "base/clock.h"
#include "base/fail.h"
#include "run/checkpoint.h"
#include "run/laplace.h"
#include "run/training.h"

#include <stdlib.h>
#include <string.h>

/* ---- before the fit -------------------------------------------------------------------------------------------------- */

static void note_data(bnn_training *t) {
    const bnn_data_parts *parts = &t->setup.parts;
    const bnn_schema *schema = &parts->train->schema;
    bnn_text line = {0};
    bnn_text_add(&line, "data: %zu training rows", parts->train->n_rows);
    if (parts->valid != NULL) bnn_text_add(&line, ", %zu validation rows", parts->valid->n_rows);
    if (parts->test != NULL) bnn_text_add(&line, ", %zu test rows", parts->test->n_rows);
    bnn_text_add(&line, "; %zu feature%s, ", schema->n_features, schema->n_features == 1 ? "" : "s");
    if (schema->n_classes > 0) bnn_text_add(&line, "%zu classes", schema->n_classes);
    else bnn_text_add(&line, "%zu target%s", schema->n_targets, schema->n_targets == 1 ? "" : "s");
    bnn_training_note_text(t, &line);
}

static bnn_status note_model(bnn_training *t) {
    const bnn_config *config = t->setup.config;
    bnn_model *model = NULL;
    bnn_text line = {0};
    bnn_status status = bnn_setup_model(&model, &t->setup);
    if (status != BNN_OK) return status;
    char *layers = bnn_setup_layers(&model->net);
    bnn_text_add(&line, "net: %s, %zu weights; %s, %s epochs", layers == NULL ? "" : layers, model->net.n_weights,
                 bnn_config_text(config, "method", "name"), bnn_config_text(config, "train", "epochs"));
    bnn_training_note_text(t, &line);
    if (model->scaling.n_constant > 0)
        bnn_text_add(&line, "warning: %zu feature%s with one value only in the training rows", model->scaling.n_constant,
                     model->scaling.n_constant == 1 ? "" : "s");
    bnn_training_note_text(t, &line);
    bnn_training_note_start(t, model);
    free(layers);
    bnn_model_free(model);
    return BNN_OK;
}

static void note_lines(bnn_training *t, bnn_text *lines) {
    for (char *line = lines->at, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        bnn_training_note(t, line);
    }
    bnn_text_free(lines);
}

static bnn_status find_checkpoint(bnn_training *t) {
    bnn_text lines = {0};
    bnn_status status = bnn_resume_find(&t->resume, &t->setup, &t->manifest, &lines);
    if (status == BNN_OK) {
        bnn_text_add(&lines, "the run goes on after step %llu\n", (unsigned long long)t->resume.step);
        bnn_manifest_continue(&t->manifest, t->folder.path, t->resume.step);
        t->has_checkpoint = true;
    }
    note_lines(t, &lines);
    return status;
}

static bnn_status prepare(bnn_training *t) {
    bnn_status status;
    if ((status = bnn_setup_read(&t->setup, t->request))                                        != BNN_OK) return status;
    if (!t->is_resumed && (status = bnn_folder_check(&t->folder, t->setup.folder, t->request->force)) != BNN_OK) return status;
    if ((status = bnn_setup_read_data(&t->setup))                                               != BNN_OK) return status;
    if ((status = bnn_manifest_make(&t->manifest, &t->setup, t->request))                       != BNN_OK) return status;
    const bnn_method_row *method = (const bnn_method_row *)bnn_config_variant(t->setup.config, "method", "name");
    bnn_config_fill(t->setup.config, "train", bnn_train_rows, &t->options);
    t->journal.is_point = method->posterior->sd == NULL;
    t->journal.has_valid = t->setup.parts.valid != NULL;
    if (t->is_resumed) return find_checkpoint(t);
    note_data(t);
    return note_model(t);
}

/* ---- at the end ------------------------------------------------------------------------------------------------------ */

static bnn_status save(bnn_training *t, const bnn_model *model) {
    bnn_status status = bnn_training_open_folder(t);
    if (status != BNN_OK) return status;
    bnn_text lines = {0};
    bnn_laplace_describe(&lines, model, t->setup.config);
    note_lines(t, &lines);
    bnn_training_note_end(t, model);
    char *path = bnn_folder_join(t->folder.path, BNN_RUN_POSTERIOR);
    status = bnn_journal_close(&t->journal);
    if (path == NULL) status = BNN_FAIL_MEMORY("the name of the posterior's file");
    if (status == BNN_OK) status = bnn_model_write(model, path);
    free(path);
    if (status != BNN_OK) return status;
    bnn_manifest_end(&t->manifest, "finished", NULL);
    status = bnn_manifest_write(&t->manifest, t->folder.path);
    bnn_checkpoint_remove(t->folder.path);
    bnn_folder_settle(&t->folder);
    return status;
}

/* What can still be written is; the error text stays. */
static void end_badly(bnn_training *t, bnn_status status) {
    char *sentence = strdup(bnn_error_text());
    if (t->folder.has_old && !t->has_checkpoint) {
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

static void training_free(bnn_training *t) {
    bnn_journal_close(&t->journal);
    bnn_manifest_free(&t->manifest);
    bnn_resume_free(&t->resume);
    bnn_folder_free(&t->folder);
    bnn_setup_free(&t->setup);
    free(t->sentence);
}

/* From a request and, to go on, a folder that is open. */
static bnn_status train(bnn_training *t, bnn_run *run) {
    bnn_run made = {0};
    bnn_status status;
    if (t->request->listener != NULL) t->listener = *t->request->listener;
    t->begun = bnn_seconds_now();
    if ((status = prepare(t))                       != BNN_OK) goto done;
    if ((status = bnn_training_fit(t, &made.model)) != BNN_OK) goto done;
    if ((status = save(t, made.model))              != BNN_OK) goto done;
    made.config = t->setup.config;
    made.folder = t->folder.path;
    t->setup.config = NULL;
    t->folder.path = NULL;
    *run = made;
    made = (bnn_run){0};
done:
    if (status != BNN_OK) end_badly(t, status);
    bnn_run_free(&made);
    return status;
}

bnn_status bnn_run_train(bnn_run *run, const bnn_run_request *request) {
    bnn_training t = { .request = request };
    bnn_status status = train(&t, run);
    training_free(&t);
    return status;
}

/* ---- going on -------------------------------------------------------------------------------------------------------- */

/* Nothing to do but what a run that was killed at its very end left undone. */
static bnn_status open_finished(bnn_run *run, const bnn_run_request *request) {
    bnn_run opened = {0};
    bnn_config *asked = NULL;
    bnn_status status = bnn_run_open(&opened, request->folder, 0, NULL);
    if (status == BNN_OK) status = bnn_config_read(&asked, request->config_path, request->n_sets, request->sets);
    if (status == BNN_OK) status = bnn_resume_compare(opened.config, asked);
    if (status == BNN_OK) status = bnn_manifest_mend(request->folder);
    bnn_config_free(asked);
    if (status != BNN_OK) {
        bnn_run_free(&opened);
        return status;
    }
    bnn_checkpoint_remove(request->folder);
    const bnn_listener *listener = request->listener;
    if (listener != NULL && listener->note != NULL) listener->note(listener->context, "the run is finished: nothing to go on with");
    *run = opened;
    return BNN_OK;
}

bnn_status bnn_run_resume(bnn_run *run, const bnn_run_request *request) {
    bnn_run_request own = *request;
    bnn_training t = { .request = &own, .is_resumed = true };
    bnn_status status = bnn_folder_open(&t.folder, request->folder);
    char *config = status == BNN_OK ? bnn_folder_join(t.folder.path, BNN_RUN_CONFIG) : NULL;
    if (status == BNN_OK && config == NULL) status = BNN_FAIL_MEMORY("the names of a run's files");
    own.folder = t.folder.path;
    own.config_path = config;
    if (status == BNN_OK) status = bnn_folder_is_finished(t.folder.path) ? open_finished(run, &own) : train(&t, run);
    training_free(&t);
    free(config);
    return status;
}
