/* metrics.csv, log.txt and how an epoch reads in one line. */
#include "run/journal.h"
#include "base/fail.h"
#include "run/folder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static bool cut_file(FILE *file, uint64_t size) {
    struct stat info;
    if (fstat(fileno(file), &info) != 0) return false;
    return (uint64_t)info.st_size <= size || ftruncate(fileno(file), (off_t)size) == 0;
}

/* size: what is kept of a file that is there. */
static FILE *open_file(const char *folder, const char *name, uint64_t size) {
    char *path = bnn_folder_join(folder, name);
    FILE *file = path == NULL ? NULL : fopen(path, "ae");
    if (file != NULL && !cut_file(file, size)) {
        fclose(file);
        file = NULL;
    }
    int reason = errno;
    free(path);
    errno = reason;
    return file;
}

bnn_status bnn_journal_open(bnn_journal *journal, const char *folder, const bnn_journal_mark *cut) {
    journal->metrics = open_file(folder, BNN_RUN_METRICS, cut == NULL ? 0 : cut->metrics);
    journal->log = journal->metrics == NULL ? NULL : open_file(folder, BNN_RUN_LOG, cut == NULL ? 0 : cut->log);
    if (journal->log == NULL)
        return BNN_FAIL(BNN_ERR_FILE, "%s: cannot write %s: %s", folder, journal->metrics == NULL ? BNN_RUN_METRICS : BNN_RUN_LOG,
                        strerror(errno));
    journal->has_header = cut != NULL && cut->metrics > 0;
    if (journal->early.at != NULL) fputs(journal->early.at, journal->log);
    bnn_text_free(&journal->early);
    return BNN_OK;
}

static bool sync_file(FILE *file, uint64_t *size) {
    struct stat info;
    if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0 || fstat(fileno(file), &info) != 0) return false;
    *size = (uint64_t)info.st_size;
    return true;
}

bnn_status bnn_journal_sync(bnn_journal *journal, bnn_journal_mark *mark) {
    if (sync_file(journal->metrics, &mark->metrics) && sync_file(journal->log, &mark->log)) return BNN_OK;
    return BNN_FAIL(BNN_ERR_FILE, "%s and %s cannot be written: %s", BNN_RUN_METRICS, BNN_RUN_LOG, strerror(errno));
}

void bnn_journal_note(bnn_journal *journal, const char *line) {
    if (journal->log == NULL) {
        bnn_text_add(&journal->early, "%s\n", line);
    } else {
        fprintf(journal->log, "%s\n", line);
        fflush(journal->log);
    }
}

static void put_number(FILE *file, double value) {
    char text[32];
    fputc(',', file);
    fputs(bnn_text_number(text, value), file);
}

/* With the first row, which knows the layers. */
static void put_header(bnn_journal *journal, const bnn_epoch *record) {
    fputs(journal->is_point ? "epoch,step,lr,nll,neg_log_prior,log_joint" : "epoch,step,lr,nll,kl,elbo,kl_weight", journal->metrics);
    if (journal->has_valid) fputs(",valid_nll", journal->metrics);
    for (size_t l = 0; l < record->n_layers; l++) fprintf(journal->metrics, ",kl_%zu", l);
    fputc('\n', journal->metrics);
    journal->has_header = true;
}

void bnn_journal_epoch(bnn_journal *journal, const bnn_epoch *record) {
    FILE *file = journal->metrics;
    if (!journal->has_header) put_header(journal, record);
    fprintf(file, "%ld,%llu", record->epoch, (unsigned long long)record->step);
    put_number(file, record->lr);
    put_number(file, record->nll);
    put_number(file, record->penalty);
    put_number(file, record->elbo);
    if (!journal->is_point) put_number(file, record->kl_weight);
    if (journal->has_valid) put_number(file, record->valid_nll);
    for (size_t l = 0; l < record->n_layers; l++) put_number(file, record->kl_layers[l]);
    fputc('\n', file);
    fflush(file);
}

static bool close_file(FILE *file) {
    if (file == NULL) return true;
    bool has_failed = ferror(file) != 0;
    return fclose(file) == 0 && !has_failed;
}

bnn_status bnn_journal_close(bnn_journal *journal) {
    bool is_metrics_good = close_file(journal->metrics), is_log_good = close_file(journal->log);
    bnn_text_free(&journal->early);
    journal->metrics = journal->log = NULL;
    if (is_metrics_good && is_log_good) return BNN_OK;
    return BNN_FAIL(BNN_ERR_FILE, "%s: could not be written in full: is the disk full?", is_log_good ? BNN_RUN_METRICS : BNN_RUN_LOG);
}

/* ---- one line -------------------------------------------------------------------------------------------------------- */

static void add_time_left(bnn_text *line, const bnn_epoch *r, double rate) {
    double seconds = (double)(r->n_epochs - r->epoch) / rate;
    if (r->epoch >= r->n_epochs) return;
    if (seconds < 100) bnn_text_add(line, "  %.0f s left", seconds);
    else if (seconds < 6000) bnn_text_add(line, "  %.0f min left", seconds / 60);
    else bnn_text_add(line, "  %.1f h left", seconds / 3600);
}

/* What matters most stands first: a narrow terminal cuts the end off. */
void bnn_progress_print(bnn_text *line, const bnn_progress *progress) {
    const bnn_epoch *r = progress->record;
    bool is_point = progress->is_point;
    double rate = progress->seconds > 0 ? (double)(r->epoch - progress->epochs_before) / progress->seconds : 0;
    bnn_text_add(line, "epoch %ld/%ld  %s %.6g  nll %.6g  %s %.6g", r->epoch, r->n_epochs, is_point ? "log joint" : "elbo", r->elbo,
                 r->nll, is_point ? "-log prior" : "kl", r->penalty);
    if (!isnan(r->valid_nll)) bnn_text_add(line, "  valid nll %.4g", r->valid_nll);
    if (rate > 0) add_time_left(line, r, rate);
    bnn_text_add(line, "  lr %.3g", r->lr);
    if (rate > 0) bnn_text_add(line, rate < 10 ? "  %.2f epochs/s" : "  %.0f epochs/s", rate);
}
