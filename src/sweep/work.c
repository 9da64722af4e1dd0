/* From a configuration to a result. */
#include "sweep/work.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/team.h"
#include "run/checkpoint.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/resume.h"
#include "sweep/tune.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- settings as words ----------------------------------------------------------------------------------------------- */

static bool is_in(const char *section, const char *const *sections) {
    for (; sections != NULL && *sections != NULL; sections++)
        if (strcmp(section, *sections) == 0) return true;
    return sections == NULL;
}

static const char *word_of(const bnn_config *config, const char *section, const char *key, bnn_arena *arena) {
    bnn_text word = {0};
    bnn_text_add(&word, "%s.%s=", section, key);
    bnn_ini_escape(&word, bnn_config_text(config, section, key));
    return bnn_phrase_take(arena, &word);
}

/* "section.key=value" of every key in these sections (NULL: all): what is resolved already needs no file. */
static bnn_phrases words_of(const bnn_config *config, const char *const *sections, bnn_arena *arena) {
    bnn_phrases words = {0};
    const char *key;
    for (const bnn_section *section = bnn_config_catalogue(config); section->name != NULL; section++)
        for (size_t i = 0; is_in(section->name, sections) && (key = bnn_config_key(config, section->name, i)) != NULL; i++)
            bnn_phrases_push(&words, arena, word_of(config, section->name, key, arena));
    return words;
}

/* What may change after a run has begun. */
static bnn_phrases changeable_words(const bnn_config *config, bool is_finished, bnn_arena *arena) {
    static const char *const predict[] = { "predict", NULL };
    bnn_phrases words = words_of(config, predict, arena);
    bnn_phrases_push(&words, arena, word_of(config, "run", "threads", arena));
    if (is_finished) return words;
    bnn_phrases_push(&words, arena, word_of(config, "train", "time_limit", arena));
    bnn_phrases_push(&words, arena, word_of(config, "train", "checkpoint_minutes", arena));
    return words;
}

/* ---- folders --------------------------------------------------------------------------------------------------------- */

/* Files that a run leaves when it is killed before it is one. */
static bool is_ours(const char *name) {
    static const char *const known[] = { ".", "..", BNN_RUN_CONFIG, BNN_RUN_MANIFEST, BNN_RUN_METRICS, BNN_RUN_LOG, BNN_SWEEP_RESULT,
                                         BNN_RUN_CHECKPOINTS };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0) return true;
    return fnmatch(".bnn-*.tmp", name, FNM_PERIOD) == 0;
}

static bool holds_only_ours(const char *folder) {
    DIR *dir = opendir(folder);
    bool is_clean = dir != NULL;
    for (struct dirent *entry; is_clean && (entry = readdir(dir)) != NULL;) is_clean = is_ours(entry->d_name);
    if (dir != NULL) closedir(dir);
    return is_clean;
}

static bnn_status clear_folder(const char *folder) {
    if (access(folder, F_OK) != 0) return BNN_OK;
    if (!bnn_folder_is_run(folder) && !holds_only_ours(folder))
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: is in the way and holds no run: remove it", folder);
    return bnn_folder_remove(folder) ? BNN_OK : BNN_FAIL(BNN_ERR_FILE, "%s: cannot remove the broken run: %s", folder, strerror(errno));
}

static bnn_status compare_settings(const bnn_work *work) {
    char *path = bnn_folder_join(work->folder, BNN_RUN_CONFIG);
    bnn_config *then = NULL;
    bnn_status status = path == NULL ? BNN_FAIL_MEMORY("the names of a run's files") : bnn_config_read(&then, path, 0, NULL);
    if (status == BNN_OK) status = bnn_resume_compare(then, work->config);
    bnn_config_free(then);
    free(path);
    return status;
}

/* ---- the fit --------------------------------------------------------------------------------------------------------- */

typedef enum fit_way { FIT_ANEW, FIT_RESUME, FIT_OPEN } fit_way;

static bnn_status choose_way(fit_way *way, const bnn_work *work) {
    *way = bnn_folder_is_finished(work->folder) ? FIT_OPEN
         : bnn_folder_is_run(work->folder) && bnn_checkpoint_exists(work->folder) ? FIT_RESUME : FIT_ANEW;
    if (*way == FIT_ANEW) return clear_folder(work->folder);
    bnn_status status = compare_settings(work);
    if (status != BNN_ERR_CONFIG || !work->is_cache) return status;
    *way = FIT_ANEW;
    return clear_folder(work->folder);
}

static bnn_status fit(bnn_run *run, const bnn_work *work) {
    bnn_arena arena = {0};
    bnn_run_request request = *work->request;
    fit_way way;
    bnn_status status = choose_way(&way, work);
    if (status != BNN_OK) return status;
    bnn_phrases words = way == FIT_ANEW ? words_of(work->config, NULL, &arena) : changeable_words(work->config, way == FIT_OPEN, &arena);
    request.config_path = NULL;
    request.n_sets = words.n;
    request.sets = words.at;
    request.folder = work->folder;
    if (arena.has_failed) status = BNN_FAIL_MEMORY("the settings of a run");
    else if (way == FIT_ANEW) status = bnn_run_train(run, &request);
    else if (way == FIT_RESUME) status = bnn_run_resume(run, &request);
    else status = bnn_run_open(run, work->folder, words.n, words.at);
    bnn_arena_free(&arena);
    return status;
}

/* ---- the result ------------------------------------------------------------------------------------------------------ */

/* A run that fails in its first step has left no folder. */
static bnn_status keep_failure(json_t **result, const bnn_work *work) {
    char *reason = strdup(bnn_error_text()), *folder = strdup(work->folder);
    *result = bnn_result_failed(reason == NULL ? "" : reason, work->digest);
    if (*result != NULL && folder != NULL && bnn_folder_make_path(folder)) bnn_result_write(folder, *result);
    bnn_status status = BNN_FAIL(BNN_ERR_NUMERIC, "%s", reason == NULL ? "" : reason);
    free(folder);
    free(reason);
    return status;
}

static bool is_failed(const json_t *result) {
    const char *status = json_string_value(json_object_get(result, "status"));
    return status == NULL || strcmp(status, "finished") != 0;
}

bnn_status bnn_work_do(json_t **result, const bnn_work *work, bool keeps) {
    bnn_run run = {0};
    *result = bnn_result_read(work->folder, work->digest);
    if (*result != NULL && is_failed(*result))
        return BNN_FAIL(BNN_ERR_NUMERIC, "%s", json_string_value(json_object_get(*result, "reason")));
    if (*result != NULL && bnn_folder_is_finished(work->folder)) return BNN_OK;
    json_decref(*result);
    *result = NULL;
    bnn_status status = fit(&run, work);
    if (status == BNN_OK) status = bnn_result_make(result, &run, work->digest);
    if (status == BNN_OK && keeps) status = bnn_result_write(work->folder, *result);
    bnn_run_free(&run);
    return status == BNN_ERR_NUMERIC ? keep_failure(result, work) : status;
}

/* ---- a run of a sweep ------------------------------------------------------------------------------------------------ */

/* Of this process: where a run was stopped, of its last part. */
static json_t *timing_since(double begun, const bnn_config *config) {
    struct rusage use;
    char host[256] = "";
    double threads = strtod(bnn_config_text(config, "run", "threads"), NULL);
    getrusage(RUSAGE_SELF, &use);
    gethostname(host, sizeof host - 1);
    double processor = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    return json_pack("{s:f, s:f, s:f, s:i, s:s}", "seconds", bnn_seconds_now() - begun, "processor_seconds", processor, "memory_mb",
                     (double)use.ru_maxrss / 1024, "threads", threads > 0 ? (int)threads : bnn_team_default_size(), "host", host);
}

/* Adds the values chosen to the run's own settings. */
static bnn_status choose(bnn_config **config, bnn_arena *strings, json_t **tuning, const bnn_plan *plan, size_t run,
                         const bnn_run_request *request) {
    bnn_grid choices = {0};
    size_t best = 0;
    bnn_status status = plan->has_tune ? bnn_tune_run(tuning, &choices, &best, strings, plan, run, request) : BNN_OK;
    if (status != BNN_OK) return status;
    return bnn_plan_config(config, strings, plan, run, plan->has_tune ? choices.at + best * choices.n_axes : NULL, NULL);
}

/* The digest is that of the settings before the choice: it names what was asked for. */
static bnn_status digest_of(char hex[65], const bnn_plan *plan, size_t run) {
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    bnn_status status = bnn_plan_config(&config, &strings, plan, run, NULL, NULL);
    if (status == BNN_OK) bnn_plan_digest(hex, plan, config);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    return status;
}

static bool is_done(const char *folder, const char *digest) {
    json_t *result = bnn_result_read(folder, digest);
    bool is_there = result != NULL && (is_failed(result) || bnn_folder_is_finished(folder));
    json_decref(result);
    return is_there;
}

bnn_status bnn_sweep_run(const bnn_plan *plan, size_t run, const bnn_run_request *request) {
    double begun = bnn_seconds_now();
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    json_t *result = NULL, *tuning = NULL;
    char digest[65], *folder = bnn_plan_folder(plan, run);
    bnn_status status = folder == NULL ? BNN_FAIL_MEMORY("the name of a run") : digest_of(digest, plan, run);
    bool is_old = status == BNN_OK && is_done(folder, digest);
    if (status == BNN_OK && !is_old) status = choose(&config, &strings, &tuning, plan, run, request);
    bnn_work work = { .folder = folder, .config = config, .digest = digest, .request = request };
    if (status == BNN_OK) status = bnn_work_do(&result, &work, false);
    if (status == BNN_OK && !is_old) {
        json_object_set_new(result, "timing", timing_since(begun, config));
        if (tuning != NULL) json_object_update(result, tuning);
        status = bnn_result_write(folder, result);
    }
    json_decref(result);
    json_decref(tuning);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    free(folder);
    return status;
}
