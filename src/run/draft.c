/* From a request to a finished folder, with whatever its maker does in between. */
#include "run/draft.h"
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bnn_status bnn_draft_start(bnn_draft *draft, const bnn_run_request *request) {
    bnn_status status;
    draft->request = request;
    if ((status = bnn_setup_read(&draft->setup, request))                                    != BNN_OK) return status;
    if ((status = bnn_folder_check(&draft->folder, draft->setup.folder, request->force))     != BNN_OK) return status;
    if ((status = bnn_setup_read_data(&draft->setup))                                        != BNN_OK) return status;
    return bnn_manifest_make(&draft->manifest, &draft->setup, request);
}

void bnn_draft_note(bnn_draft *draft, const char *format, ...) {
    const bnn_listener *listener = draft->request->listener;
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0) return;
    bnn_text_add(&draft->log, "%s\n", line);
    if (listener != NULL && listener->note != NULL) listener->note(listener->context, line);
    free(line);
}

static bnn_status write_log(const bnn_draft *draft) {
    char *path = bnn_folder_join(draft->folder.path, BNN_RUN_LOG);
    bool is_whole = path != NULL && !draft->log.has_failed;
    bnn_status status = is_whole ? bnn_file_write(path, draft->log.at, draft->log.length) : BNN_FAIL_MEMORY("the log");
    free(path);
    return status;
}

static bnn_status write_posterior(const bnn_draft *draft, const bnn_model *model) {
    char *path = bnn_folder_join(draft->folder.path, BNN_RUN_POSTERIOR);
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("the name of the posterior's file") : bnn_model_write(model, path);
    free(path);
    return status;
}

/* The posterior last: it says that the run is finished. */
static bnn_status write_all(bnn_draft *draft, const bnn_model *model) {
    bnn_status status;
    bnn_manifest_end(&draft->manifest, "finished", NULL);
    if ((status = bnn_setup_write(&draft->setup, draft->folder.path))         != BNN_OK) return status;
    if ((status = bnn_manifest_write(&draft->manifest, draft->folder.path))   != BNN_OK) return status;
    if ((status = write_log(draft))                                           != BNN_OK) return status;
    return write_posterior(draft, model);
}

bnn_status bnn_draft_save(bnn_draft *draft, bnn_model **model, bnn_run *run) {
    bnn_status status = bnn_folder_make(&draft->folder, draft->request->force);
    if (status == BNN_OK) status = write_all(draft, *model);
    if (status != BNN_OK) {
        bnn_folder_undo(&draft->folder);
        return status;
    }
    bnn_folder_settle(&draft->folder);
    *run = (bnn_run){ .folder = draft->folder.path, .config = draft->setup.config, .model = *model };
    draft->folder.path = NULL;
    draft->setup.config = NULL;
    *model = NULL;
    return BNN_OK;
}

void bnn_draft_free(bnn_draft *draft) {
    bnn_text_free(&draft->log);
    bnn_manifest_free(&draft->manifest);
    bnn_folder_free(&draft->folder);
    bnn_setup_free(&draft->setup);
    *draft = (bnn_draft){0};
}
