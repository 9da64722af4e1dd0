/* Finished runs: their model and their rows. */
#include "base/fail.h"
#include "data/read.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const changeable[] = { "predict.", "run.threads=", "data.format=", "data.header=", "data.ignore=", NULL };

static bnn_status check_sets(size_t n_sets, const char *const *sets) {
    bnn_status status = BNN_OK;
    bnn_error_clear();
    for (size_t i = 0; i < n_sets; i++) {
        size_t k = 0;
        while (changeable[k] != NULL && strncmp(sets[i], changeable[k], strlen(changeable[k])) != 0) k++;
        if (changeable[k] == NULL)
            status = bnn_error_add(BNN_ERR_CONFIG, "%s: a finished run keeps its settings; only those of [predict], run.threads, "
                                   "data.format, data.header and data.ignore can be changed", sets[i]);
    }
    return status;
}

/* Why there is no posterior. */
static bnn_status fail_unfinished(const char *folder) {
    char *state = bnn_manifest_status(folder);
    bnn_status status = bnn_folder_is_run(folder)
        ? BNN_FAIL(BNN_ERR_DATA, "%s: the run has no posterior, its status is %s", folder, state == NULL ? "unknown" : state)
        : BNN_FAIL(BNN_ERR_DATA, "%s: not a run folder: it has no %s", folder, BNN_RUN_POSTERIOR);
    free(state);
    return status;
}

bnn_status bnn_run_open(bnn_run *run, const char *folder, size_t n_sets, const char *const *sets) {
    bnn_run made = { .folder = strdup(folder) };
    char *posterior = bnn_folder_join(folder, BNN_RUN_POSTERIOR), *config = bnn_folder_join(folder, BNN_RUN_CONFIG);
    bnn_status status;
    if (made.folder == NULL || posterior == NULL || config == NULL) {
        status = BNN_FAIL_MEMORY("the names of a run's files");
        goto done;
    }
    if ((status = check_sets(n_sets, sets)) != BNN_OK) goto done;
    if (access(posterior, F_OK) != 0) {
        status = fail_unfinished(folder);
        goto done;
    }
    if ((status = bnn_config_read(&made.config, config, n_sets, sets)) != BNN_OK) goto done;
    if ((status = bnn_model_read(&made.model, posterior))              != BNN_OK) goto done;
    *run = made;
    made = (bnn_run){0};
done:
    bnn_run_free(&made);
    free(config);
    free(posterior);
    return status;
}

void bnn_run_free(bnn_run *run) {
    bnn_model_free(run->model);
    bnn_config_free(run->config);
    free(run->folder);
    *run = (bnn_run){0};
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bnn_dataset **find_part(bnn_data_parts *parts, const char **split) {
    if (*split == NULL) *split = parts->test != NULL ? "test" : "valid";
    if (strcmp(*split, "train") == 0) return &parts->train;
    return strcmp(*split, "valid") == 0 ? &parts->valid : &parts->test;
}

static bool is_split(const char *name) {
    return name == NULL || strcmp(name, "train") == 0 || strcmp(name, "valid") == 0 || strcmp(name, "test") == 0;
}

bnn_status bnn_run_check_features(const bnn_run *run, const bnn_dataset *rows) {
    const bnn_schema *got = &rows->schema, *want = &run->model->schema;
    bool has_names = got->feature_names != NULL && want->feature_names != NULL && got->n_features == want->n_features;
    for (size_t j = 0; has_names && j < want->n_features; j++)
        if (strcmp(got->feature_names[j], want->feature_names[j]) != 0)
            return BNN_FAIL(BNN_ERR_DATA, "%s: feature %zu is '%s', but '%s' in the model of %s: leave data.ignore and the file as they were "
                            "in training", rows->path, j, got->feature_names[j], want->feature_names[j], run->folder);
    return BNN_OK;
}

bnn_status bnn_run_read_split(bnn_dataset **rows, const bnn_run *run, const char *split, const char **taken) {
    bnn_data_options options;
    bnn_run_options run_options;
    bnn_data_parts parts = {0};
    const char *found = split;
    if (!is_split(split)) return BNN_FAIL(BNN_ERR_USAGE, "no split \"%s\": train, valid or test", split);
    bool wants_classes = bnn_setup_data(run->config, &options);
    bnn_config_fill(run->config, "run", bnn_run_rows, &run_options);
    bnn_status status = bnn_data_parts_read(&parts, &options, (uint64_t)run_options.seed, wants_classes);
    if (status != BNN_OK) return status;
    bnn_dataset **part = find_part(&parts, &found);
    if (*part == NULL)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: the run has no %s rows: name a file of rows, or another split", run->folder,
                          split == NULL ? "test or validation" : split);
    else status = bnn_run_check_features(run, *part);
    if (status == BNN_OK) {
        *rows = *part;
        *part = NULL;
    }
    if (taken != NULL) *taken = found;
    bnn_data_parts_free(&parts);
    return status;
}

static bool knows_column(const bnn_schema *schema, char *const *sources, const char *name) {
    for (size_t i = 0; i < bnn_schema_source_count(schema); i++)
        if (strcmp(sources[i], name) == 0) return true;
    for (size_t j = 0; j < schema->n_targets; j++)
        if (strcmp(schema->target_names[j], name) == 0) return true;
    return false;
}

bnn_status bnn_run_data_options(bnn_data_options *options, const bnn_run *run, bnn_words keep, bnn_arena *arena) {
    const bnn_schema *schema = &run->model->schema;
    bnn_setup_data(run->config, options);
    size_t n = options->ignore.n;
    char **sources = bnn_schema_source_names(schema);
    const char **ignore = BNN_TAKE(arena, n + keep.n, const char *);
    bool is_whole = sources != NULL && ignore != NULL;
    for (size_t i = 0; is_whole && i < n; i++) ignore[i] = options->ignore.at[i];
    for (size_t i = 0; is_whole && i < keep.n; i++)
        if (!knows_column(schema, sources, keep.at[i])) ignore[n++] = keep.at[i];
    if (is_whole && n > options->ignore.n) options->ignore = (bnn_words){ n, ignore };
    bnn_names_free(bnn_schema_source_count(schema), sources);
    return is_whole ? BNN_OK : BNN_FAIL_MEMORY("the names of columns");
}

bnn_status bnn_run_read_rows_keeping(bnn_dataset **rows, const bnn_run *run, const char *path, const char *labels, bnn_words keep) {
    const bnn_schema *schema = &run->model->schema;
    bnn_data_options options;
    bnn_arena arena = {0};
    bnn_status status = bnn_run_data_options(&options, run, keep, &arena);
    if (status == BNN_OK) status = bnn_dataset_read_file(rows, &options, path, labels, schema->n_classes > 0, schema);
    bnn_arena_free(&arena);
    return status;
}

bnn_status bnn_run_read_rows(bnn_dataset **rows, const bnn_run *run, const char *path, const char *labels) {
    return bnn_run_read_rows_keeping(rows, run, path, labels, (bnn_words){0});
}

bnn_status bnn_run_read_features(bnn_dataset **rows, const bnn_run *run, const char *path) {
    bnn_data_options options;
    bnn_setup_data(run->config, &options);
    return bnn_dataset_read_features(rows, &options, path, &run->model->schema);
}
