/* What a run does while its fit goes on: folder, journal, progress, checkpoints. */
#include "base/clock.h"
#include "base/fail.h"
#include "run/checkpoint.h"
#include "run/training.h"

#include <stdlib.h>
#include <string.h>

enum { DUE_LINES = 20 };

void bnn_training_note(bnn_training *t, const char *line) {
    bnn_journal_note(&t->journal, line);
    if (t->listener.note != NULL) t->listener.note(t->listener.context, line);
}

void bnn_training_note_text(bnn_training *t, bnn_text *line) {
    if (line->at != NULL) bnn_training_note(t, line->at);
    bnn_text_free(line);
}

/* ---- the folder ------------------------------------------------------------------------------------------------------ */

static bnn_status write_facts(bnn_training *t, const bnn_journal_mark *cut) {
    bnn_status status;
    if ((status = bnn_setup_write(&t->setup, t->folder.path))           != BNN_OK) return status;
    if ((status = bnn_manifest_write(&t->manifest, t->folder.path))       != BNN_OK) return status;
    return bnn_journal_open(&t->journal, t->folder.path, cut);
}

static bnn_status make_folder(bnn_training *t) {
    bnn_status status = bnn_folder_make(&t->folder, t->request->force);
    if (status != BNN_OK) return status;
    status = write_facts(t, NULL);
    if (status != BNN_OK) bnn_folder_undo(&t->folder);
    return status;
}

/* From here on the folder is written to; the checkpoint has long been read. */
static bnn_status reopen_folder(bnn_training *t) {
    t->folder.is_made = true;
    bnn_folder_sweep(t->folder.path);
    bnn_status status = write_facts(t, &t->resume.mark);
    bnn_resume_free(&t->resume);
    return status;
}

bnn_status bnn_training_open_folder(bnn_training *t) {
    if (!t->folder.is_made && t->trouble == BNN_OK) {
        t->trouble = t->is_resumed ? reopen_folder(t) : make_folder(t);
        if (t->trouble != BNN_OK) t->sentence = strdup(bnn_error_text());
    }
    if (t->trouble == BNN_OK) return BNN_OK;
    return BNN_FAIL(t->trouble, "%s", t->sentence == NULL ? "the run folder cannot be written" : t->sentence);
}

/* ---- checkpoints ----------------------------------------------------------------------------------------------------- */

static bool is_over(double start, double minutes) { return minutes > 0 && bnn_seconds_now() - start >= 60 * minutes; }

static bnn_answer on_step(void *context, uint64_t step) {
    bnn_training *t = context;
    t->step = step;
    if (bnn_training_open_folder(t) != BNN_OK) return BNN_STOP;
    t->answer = t->listener.ask == NULL ? BNN_GO_ON : t->listener.ask(t->listener.context);
    t->is_asked = t->answer != BNN_GO_ON;
    if (t->answer == BNN_STOP) return BNN_STOP;
    t->is_timed_out = is_over(t->begun, t->options.time_limit);
    if (t->is_timed_out) t->answer = BNN_STOP;
    else if (is_over(t->saved, t->options.checkpoint_minutes)) t->answer = BNN_SAVE;
    return t->answer;
}

static bnn_status write_checkpoint(bnn_training *t, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    bnn_journal_mark mark;
    bnn_status status = bnn_journal_sync(&t->journal, &mark);
    if (status != BNN_OK) return status;
    json_t *all = bnn_resume_facts(facts, &t->setup, &t->manifest, &mark);
    status = all == NULL ? BNN_FAIL_MEMORY("a checkpoint") : bnn_checkpoint_write(t->folder.path, t->step, n, tensors, all);
    json_decref(all);
    return status;
}

static void note_checkpoint(bnn_training *t, bnn_status status) {
    bnn_text line = {0};
    if (status != BNN_OK) bnn_text_add(&line, "warning: no checkpoint: %s", bnn_error_text());
    else if (t->is_asked) bnn_text_add(&line, "checkpoint after step %llu", (unsigned long long)t->step);
    bnn_training_note_text(t, &line);
}

/* A run that means to go on does so even where the disk is full for a while. */
static bnn_status save_checkpoint(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    bnn_training *t = context;
    bnn_status status = bnn_training_open_folder(t);
    if (status != BNN_OK) return status;
    status = write_checkpoint(t, n, tensors, facts);
    t->saved = bnn_seconds_now();
    t->has_checkpoint = t->has_checkpoint || status == BNN_OK;
    if (t->answer == BNN_STOP) return status;
    note_checkpoint(t, status);
    return BNN_OK;
}

/* ---- epochs ---------------------------------------------------------------------------------------------------------- */

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
    bnn_training *t = context;
    if (bnn_training_open_folder(t) != BNN_OK) return BNN_STOP;
    if (!t->has_epochs) t->epochs_before = record->epoch - 1;
    t->has_epochs = true;
    bnn_progress progress = { .record = record, .is_point = t->journal.is_point, .is_due = is_due(record),
                              .seconds = bnn_seconds_now() - t->start, .epochs_before = t->epochs_before };
    bnn_journal_epoch(&t->journal, record);
    if (progress.is_due) log_progress(&t->journal, &progress);
    if (t->listener.progress != NULL) t->listener.progress(t->listener.context, &progress);
    return BNN_GO_ON;
}

static void on_note(void *context, const char *line) {
    bnn_training *t = context;
    if (bnn_training_open_folder(t) == BNN_OK) bnn_training_note(t, line);
}

/* ---- the fit --------------------------------------------------------------------------------------------------------- */

/* For a shell to read as one word. */
static void add_quoted(bnn_text *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,:@%";
    const char *quote = word[strspn(word, plain)] == '\0' ? "" : "'";
    bnn_text_add(text, "%s", quote);
    for (; *word != '\0'; word++) {
        if (*word == '\'') bnn_text_add(text, "'\\''");
        else bnn_text_add(text, "%c", *word);
    }
    bnn_text_add(text, "%s", quote);
}

/* How the run goes on, and what waits beside it. */
static bnn_status fail_stopped(const bnn_training *t) {
    bnn_text rest = {0};
    if (t->is_timed_out) bnn_text_add(&rest, " at train.time_limit = %s", bnn_config_text(t->setup.config, "train", "time_limit"));
    bnn_text_add(&rest, "; go on with: bnn train --resume ");
    add_quoted(&rest, t->folder.path);
    if (t->folder.has_old) bnn_text_add(&rest, " (the run before is in %s)", t->folder.old);
    bnn_status status = BNN_FAIL(BNN_STOPPED, "stopped after step %llu%s", (unsigned long long)t->step, rest.at == NULL ? "" : rest.at);
    bnn_text_free(&rest);
    return status;
}

bnn_status bnn_training_fit(bnn_training *t, bnn_model **model) {
    bnn_observer observer = { .context = t, .step = on_step, .epoch = on_epoch, .note = on_note };
    bnn_fit_hooks hooks = { .observer = &observer, .save = save_checkpoint, .context = t, .resume = t->is_resumed ? &t->resume.file : NULL };
    t->saved = t->start = bnn_seconds_now();
    bnn_status status = bnn_fit_run(model, t->setup.config, t->setup.parts.train, t->setup.parts.valid, &hooks);
    return status == BNN_STOPPED ? fail_stopped(t) : status;
}
