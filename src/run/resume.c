/* Choosing a checkpoint, and making sure that it belongs to these settings and these data. */
#include "run/resume.h"
#include "base/fail.h"
#include "run/checkpoint.h"
#include "run/folder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What may change without changing the run. Files are known by their sums, the folder by its place. */
static const char *const changeable[] = {
    "run.name", "run.out", "run.threads", "train.checkpoint_minutes", "train.time_limit", "data.train", "data.train_labels", "data.valid", "data.valid_labels",
    "data.test", "data.test_labels", "data.test_rows", "data.splits",
};

static bool may_change(const char *name) {
    bool is_listed = strncmp(name, "predict.", strlen("predict.")) == 0;
    for (size_t i = 0; i < sizeof changeable / sizeof *changeable; i++) is_listed = is_listed || strcmp(name, changeable[i]) == 0;
    return is_listed;
}

/* {"section.key": "value", ...} of all that may not change. */
static json_t *settings_of(const bnn_config *config) {
    json_t *settings = json_object();
    char name[128];
    const char *key;
    for (const bnn_section *section = bnn_config_catalogue(config); section->name != NULL; section++)
        for (size_t i = 0; (key = bnn_config_key(config, section->name, i)) != NULL; i++) {
            snprintf(name, sizeof name, "%s.%s", section->name, key);
            if (!may_change(name)) json_object_set_new(settings, name, json_string(bnn_config_text(config, section->name, key)));
        }
    return settings;
}

/* ---- comparing ------------------------------------------------------------------------------------------------------- */

/* Calls `differs` for each name that the two objects do not have with the same text; a text is NULL where there is none. */
static bnn_status each_difference(json_t *then, json_t *now, const bnn_config *config,
                                  bnn_status (*differs)(const bnn_config *config, const char *name, const char *was, const char *is)) {
    bnn_status status = BNN_OK;
    const char *name;
    json_t *value;
    bnn_error_clear();
    json_object_foreach(then, name, value) {
        const char *was = json_string_value(value), *is = json_string_value(json_object_get(now, name));
        if (was != NULL && (is == NULL || strcmp(was, is) != 0)) status = differs(config, name, was, is);
    }
    json_object_foreach(now, name, value)
        if (json_object_get(then, name) == NULL) status = differs(config, name, NULL, json_string_value(value));
    return status;
}

static const char *shown(const char *value) { return value == NULL ? "not there" : *value == '\0' ? "empty" : value; }

static bnn_status setting_differs(const bnn_config *config, const char *name, const char *was, const char *is) {
    (void)config;
    return bnn_error_add(BNN_ERR_CONFIG, "%s was %s when the run began and is %s now: a run goes on with its own settings; only [predict], "
                         "run.threads, train.checkpoint_minutes, train.time_limit and the places of data files may change", name, shown(was),
                         shown(is));
}

static bnn_status file_differs(const bnn_config *config, const char *name, const char *was, const char *is) {
    const char *path = bnn_config_text(config, "data", name);
    if (was == NULL || is == NULL)
        return bnn_error_add(BNN_ERR_DATA, "data.%s: the run began with%s such a file and has %s now", name, was == NULL ? "out" : "",
                             is == NULL ? "none" : "one");
    return bnn_error_add(BNN_ERR_DATA, "data.%s: %s has changed since the run began (sha256 %.12s..., was %.12s...): put the old file back, or "
                         "train anew", name, path, is, was);
}

bnn_status bnn_resume_compare(const bnn_config *then, const bnn_config *now) {
    json_t *was = settings_of(then), *is = settings_of(now);
    bnn_status status = each_difference(was, is, now, setting_differs);
    json_decref(was);
    json_decref(is);
    return status;
}

/* ---- facts ----------------------------------------------------------------------------------------------------------- */

static void put_count(json_t *facts, const char *name, uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    json_object_set_new(facts, name, json_string(text));
}

/* Takes the reference. */
static void put_object(json_t *facts, const char *name, json_t *object) {
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    json_object_set_new(facts, name, json_string(text));
    free(text);
    json_decref(object);
}

json_t *bnn_resume_facts(const json_t *facts, const bnn_setup *setup, const bnn_manifest *manifest, const bnn_journal_mark *mark) {
    json_t *all = json_deep_copy(facts);
    if (all == NULL) return NULL;
    put_count(all, "metrics_bytes", mark->metrics);
    put_count(all, "log_bytes", mark->log);
    put_object(all, "settings", settings_of(setup->config));
    put_object(all, "data", bnn_manifest_data(manifest));
    return all;
}

static uint64_t get_count(const json_t *facts, const char *name) {
    const char *text = json_string_value(json_object_get(facts, name));
    return text == NULL ? UINT64_MAX : strtoull(text, NULL, 10);
}

static json_t *get_object(const json_t *facts, const char *name) {
    const char *text = json_string_value(json_object_get(facts, name));
    return text == NULL ? NULL : json_loads(text, 0, NULL);
}

/* Takes the reference to `now`. */
static bnn_status compare_fact(const bnn_resume *resume, const char *name, json_t *now, const bnn_config *config,
                               bnn_status (*differs)(const bnn_config *config, const char *name, const char *was, const char *is)) {
    json_t *then = get_object(resume->file.metadata, name);
    bnn_status status = then == NULL ? BNN_FAIL(BNN_ERR_DATA, "the checkpoint has no %s", name) : each_difference(then, now, config, differs);
    json_decref(then);
    json_decref(now);
    return status;
}

/* ---- choosing -------------------------------------------------------------------------------------------------------- */

/* The log is a help, the metrics are a result: those must be there in full. */
static bnn_status check_metrics(const bnn_resume *resume, const char *folder, const char *checkpoint) {
    struct stat info;
    char *path = bnn_folder_join(folder, BNN_RUN_METRICS);
    uint64_t size = path != NULL && stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    bnn_status status = size >= resume->mark.metrics ? BNN_OK
        : BNN_FAIL(BNN_ERR_DATA, "%s: of no use: %s has %" PRIu64 " bytes, it had %" PRIu64 " then", checkpoint, BNN_RUN_METRICS, size,
                   resume->mark.metrics);
    free(path);
    return status;
}

static bnn_status try_checkpoint(bnn_resume *resume, const char *folder, uint64_t step) {
    char *path = bnn_checkpoint_path(folder, step);
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("a checkpoint") : bnn_checkpoint_read(&resume->file, path);
    if (status == BNN_OK) {
        resume->step = step;
        resume->mark = (bnn_journal_mark){ get_count(resume->file.metadata, "metrics_bytes"), get_count(resume->file.metadata, "log_bytes") };
        status = check_metrics(resume, folder, path);
    }
    if (status != BNN_OK) bnn_tensors_free(&resume->file);
    free(path);
    return status;
}

static bnn_status choose(bnn_resume *resume, const char *folder, bnn_text *warnings) {
    bnn_checkpoint_list list;
    bnn_status status = bnn_checkpoint_find(&list, folder);
    bool is_found = false;
    for (size_t i = 0; status == BNN_OK && !is_found && i < list.n; i++) {
        status = try_checkpoint(resume, folder, list.steps[i]);
        is_found = status == BNN_OK;
        if (status != BNN_ERR_DATA) continue;
        bnn_text_add(warnings, "warning: %s\n", bnn_error_text());
        status = BNN_OK;
    }
    if (status == BNN_OK && !is_found)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: %s to go on from: train it anew", folder, list.n == 0 ? "no checkpoint" : "no checkpoint that is whole");
    bnn_checkpoint_list_free(&list);
    return status;
}

bnn_status bnn_resume_find(bnn_resume *resume, const bnn_setup *setup, const bnn_manifest *manifest, bnn_text *warnings) {
    const bnn_config *config = setup->config;
    bnn_status status = choose(resume, setup->folder, warnings);
    if (status == BNN_OK) status = compare_fact(resume, "settings", settings_of(config), config, setting_differs);
    if (status == BNN_OK) status = compare_fact(resume, "data", bnn_manifest_data(manifest), config, file_differs);
    return status;
}

void bnn_resume_free(bnn_resume *resume) {
    bnn_tensors_free(&resume->file);
    *resume = (bnn_resume){0};
}
