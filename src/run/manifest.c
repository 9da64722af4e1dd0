/* Facts about a run as JSON. */
#include "run/manifest.h"
#include "base/fail.h"
#include "base/linalg.h"
#include "base/memory.h"
#include "base/team.h"
#include "data/rows.h"
#include "run/folder.h"

#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double processor_seconds(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static json_t *now(void) {
    time_t seconds = time(NULL);
    struct tm parts;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
    return json_string(text);
}

/* Paths and arguments are bytes, JSON is UTF-8: what is not shows '?' for each byte above ASCII. */
static json_t *text_of(const char *bytes) {
    json_t *string = json_string(bytes);
    char *ascii = string != NULL || bytes == NULL ? NULL : strdup(bytes);
    for (char *at = ascii; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at > 127) *at = '?';
    if (ascii != NULL) string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *arguments_of(const bnn_run_request *request) {
    json_t *list = json_array();
    for (int i = 0; i < request->argc; i++) json_array_append_new(list, text_of(request->argv[i]));
    return list;
}

/* ---- data files ------------------------------------------------------------------------------------------------------ */

/* The bytes as stored: what `sha256sum FILE` gives. */
static bnn_status add_file(json_t *list, const char *key, const char *path) {
    char hex[SHA256_DIGEST_STRING_LENGTH];
    if (path == NULL || *path == '\0') return BNN_OK;
    if (SHA256File(path, hex) == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    json_t *file = json_object();
    json_object_set_new(file, "key", json_string(key));
    json_object_set_new(file, "path", text_of(path));
    json_object_set_new(file, "sha256", json_string(hex));
    json_array_append_new(list, file);
    return BNN_OK;
}

static bnn_status add_split(json_t *list, const bnn_data_options *data) {
    char *path = NULL;
    if (*data->splits == '\0') return BNN_OK;
    bnn_status status = bnn_rows_path(&path, data->splits, data->split);
    if (status == BNN_OK) status = add_file(list, "splits", path);
    free(path);
    return status;
}

static bnn_status add_files(json_t *list, const bnn_data_options *data) {
    const struct { const char *key, *path; } files[] = {
        { "train", data->train }, { "train_labels", data->train_labels }, { "valid", data->valid }, { "valid_labels", data->valid_labels },
        { "test", data->test }, { "test_labels", data->test_labels }, { "test_rows", data->test_rows },
    };
    bnn_status status = BNN_OK;
    for (size_t i = 0; status == BNN_OK && i < sizeof files / sizeof *files; i++) status = add_file(list, files[i].key, files[i].path);
    return status == BNN_OK ? add_split(list, data) : status;
}

static json_t *rows_of(const bnn_data_parts *parts) {
    json_t *rows = json_object();
    json_object_set_new(rows, "train", json_integer((json_int_t)parts->train->n_rows));
    if (parts->valid != NULL) json_object_set_new(rows, "valid", json_integer((json_int_t)parts->valid->n_rows));
    if (parts->test != NULL) json_object_set_new(rows, "test", json_integer((json_int_t)parts->test->n_rows));
    return rows;
}

/* ---- the manifest ---------------------------------------------------------------------------------------------------- */

static json_t *blas_of(void) {
    json_t *blas = json_object();
    json_object_set_new(blas, "core", json_string(bnn_blas_core()));
    json_object_set_new(blas, "build", json_string(bnn_blas_config()));
    json_object_set_new(blas, "products", json_string(bnn_gemm_core()));
    return blas;
}

static void put_folder(json_t *json) {
    char *here = getcwd(NULL, 0);
    json_object_set_new(json, "working_folder", text_of(here == NULL ? "" : here));
    free(here);
}

/* What is known before any data: the program, the machine, the call. */
static void put_call(json_t *json, const bnn_run_request *request, long long threads) {
    json_object_set_new(json, "status", json_string("running"));
    json_object_set_new(json, "program", json_string("bnn"));
    json_object_set_new(json, "version", json_string(bnn_version()));
    json_object_set_new(json, "commit", json_string(bnn_commit()));
    json_object_set_new(json, "precision", json_string(BNN_REAL_NAME));
    json_object_set_new(json, "argv", arguments_of(request));
    put_folder(json);
    json_object_set_new(json, "blas", blas_of());
    json_object_set_new(json, "threads", json_integer(threads > 0 ? threads : bnn_team_default_size()));
    json_object_set_new(json, "started", now());
}

bnn_status bnn_manifest_make(bnn_manifest *manifest, const bnn_setup *setup, const bnn_run_request *request) {
    json_t *json = manifest->json = json_object(), *data = json_array();
    manifest->processor_start = processor_seconds();
    put_call(json, request, setup->run.threads);
    json_object_set_new(json, "seed", json_integer(setup->run.seed));
    json_object_set_new(json, "rows", rows_of(&setup->parts));
    json_object_set_new(json, "data", data);
    return json == NULL || data == NULL ? BNN_FAIL_MEMORY("the manifest") : add_files(data, &setup->data);
}

bnn_status bnn_manifest_derive(bnn_manifest *manifest, const char *parent, const bnn_run_request *request) {
    static const char *const gone[] = { "reason", "resumed", "finished", "parent", "imported", NULL };
    manifest->processor_start = processor_seconds();
    manifest->json = bnn_manifest_read(parent);
    if (manifest->json == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: no readable %s, so nothing says where the run comes from", parent, BNN_RUN_MANIFEST);
    for (size_t i = 0; gone[i] != NULL; i++) json_object_del(manifest->json, gone[i]);
    put_call(manifest->json, request, 0);
    return BNN_OK;
}

bnn_status bnn_manifest_note_origin(bnn_manifest *manifest, const char *role, const char *name, const char *path) {
    char hex[SHA256_DIGEST_STRING_LENGTH];
    if (SHA256File(path, hex) == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    json_object_set_new(manifest->json, role, json_pack("{s:o, s:s}", "name", text_of(name), "sha256", hex));
    return BNN_OK;
}

void bnn_manifest_end(bnn_manifest *manifest, const char *status, const char *reason) {
    json_t *json = manifest->json;
    json_object_set_new(json, "status", json_string(status));
    if (reason != NULL) json_object_set_new(json, "reason", text_of(reason));
    json_object_set_new(json, "finished", now());
    json_object_set_new(json, "peak_memory_bytes", json_integer((json_int_t)bnn_memory_peak()));
    json_object_set_new(json, "processor_seconds", json_real(processor_seconds() - manifest->processor_start));
}

json_t *bnn_manifest_read(const char *folder) {
    char *path = bnn_folder_join(folder, BNN_RUN_MANIFEST);
    json_t *json = path == NULL ? NULL : json_load_file(path, 0, NULL);
    free(path);
    return json;
}

/* An old manifest that cannot be read is replaced by the new one. */
void bnn_manifest_continue(bnn_manifest *manifest, const char *folder, uint64_t step) {
    json_t *old = bnn_manifest_read(folder), *json = manifest->json, *list = json_object_get(old, "resumed");
    json_t *part = json_pack("{s:I, s:O, s:O}", "step", (json_int_t)step, "started", json_object_get(json, "started"),
                             "argv", json_object_get(json, "argv"));
    list = list != NULL ? json_incref(list) : json_array();
    json_array_append_new(list, part);
    json_object_set_new(json, "resumed", list);
    const char *const kept[] = { "argv", "started", "working_folder" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(old, kept[i]) != NULL) json_object_set(json, kept[i], json_object_get(old, kept[i]));
    manifest->processor_start -= json_number_value(json_object_get(old, "processor_seconds"));
    json_decref(old);
}

json_t *bnn_manifest_data(const bnn_manifest *manifest) {
    json_t *sums = json_object(), *file;
    size_t i;
    json_array_foreach(json_object_get(manifest->json, "data"), i, file)
        json_object_set(sums, json_string_value(json_object_get(file, "key")), json_object_get(file, "sha256"));
    return sums;
}

bnn_status bnn_manifest_mend(const char *folder) {
    bnn_manifest manifest = { .json = bnn_manifest_read(folder) };
    bnn_status status = BNN_OK;
    const char *was = json_string_value(json_object_get(manifest.json, "status"));
    if (was != NULL && strcmp(was, "finished") != 0) {
        json_object_set_new(manifest.json, "status", json_string("finished"));
        json_object_del(manifest.json, "reason");
        status = bnn_manifest_write(&manifest, folder);
    }
    bnn_manifest_free(&manifest);
    return status;
}

bnn_status bnn_manifest_write(const bnn_manifest *manifest, const char *folder) {
    return bnn_folder_write_json(folder, BNN_RUN_MANIFEST, manifest->json, JSON_REAL_PRECISION(6));
}

void bnn_manifest_free(bnn_manifest *manifest) {
    json_decref(manifest->json);
    *manifest = (bnn_manifest){0};
}

char *bnn_manifest_status(const char *folder) {
    json_t *json = bnn_manifest_read(folder);
    const char *status = json_string_value(json_object_get(json, "status")), *reason = json_string_value(json_object_get(json, "reason"));
    bnn_text text = {0};
    if (status != NULL) bnn_text_add(&text, "%s%s%s", status, reason != NULL ? ": " : "", reason != NULL ? reason : "");
    json_decref(json);
    return text.at;
}
