/* The folder of checkpoints. */
#include "run/checkpoint.h"
#include "base/fail.h"
#include "base/text.h"
#include "run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT = 2 };

#define PREFIX "step-"
#define SUFFIX ".safetensors"

char *bnn_checkpoint_path(const char *folder, uint64_t step) {
    char *path = NULL;
    int n = asprintf(&path, "%s/" BNN_RUN_CHECKPOINTS "/" PREFIX "%012" PRIu64 SUFFIX, folder, step);
    return n < 0 ? NULL : path;
}

/* ---- finding --------------------------------------------------------------------------------------------------------- */

static bool parse_name(const char *name, uint64_t *step) {
    char *end;
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || name[strlen(PREFIX)] < '0' || name[strlen(PREFIX)] > '9') return false;
    *step = strtoull(name + strlen(PREFIX), &end, 10);
    return strcmp(end, SUFFIX) == 0;
}

static int newest_first(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left < right) - (left > right);
}

static bnn_status list_names(bnn_checkpoint_list *list, DIR *dir) {
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        uint64_t step, *longer;
        if (!parse_name(entry->d_name, &step)) continue;
        if ((longer = reallocarray(list->steps, list->n + 1, sizeof *longer)) == NULL) return BNN_FAIL_MEMORY("the list of checkpoints");
        list->steps = longer;
        list->steps[list->n++] = step;
    }
    return BNN_OK;
}

bnn_status bnn_checkpoint_find(bnn_checkpoint_list *list, const char *folder) {
    *list = (bnn_checkpoint_list){0};
    char *path = bnn_folder_join(folder, BNN_RUN_CHECKPOINTS);
    if (path == NULL) return BNN_FAIL_MEMORY("the list of checkpoints");
    DIR *dir = opendir(path);
    free(path);
    if (dir == NULL) return BNN_OK;
    bnn_status status = list_names(list, dir);
    closedir(dir);
    if (list->n > 1) qsort(list->steps, list->n, sizeof *list->steps, newest_first);
    return status;
}

void bnn_checkpoint_list_free(bnn_checkpoint_list *list) {
    free(list->steps);
    *list = (bnn_checkpoint_list){0};
}

bool bnn_checkpoint_exists(const char *folder) {
    bnn_checkpoint_list list;
    bool is_there = bnn_checkpoint_find(&list, folder) == BNN_OK && list.n > 0;
    bnn_checkpoint_list_free(&list);
    return is_there;
}

/* ---- the sum --------------------------------------------------------------------------------------------------------- */

/* hex [65] of the facts and of each tensor's bytes, whatever their order. False: out of memory. */
static bool sum_up(char *hex, size_t n, const bnn_tensor *tensors, json_t *facts) {
    json_t *sums = json_object(), *whole = json_pack("{s:O, s:o}", "facts", facts, "tensors", sums);
    for (size_t i = 0; i < n; i++) {
        bnn_sha256(tensors[i].data, bnn_tensor_count(&tensors[i]) * bnn_tensor_type_size(tensors[i].type), hex);
        json_object_set_new(sums, tensors[i].name, json_string(hex));
    }
    char *text = whole == NULL ? NULL : json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    if (text != NULL) bnn_sha256(text, strlen(text), hex);
    bool is_done = text != NULL;
    free(text);
    json_decref(whole);
    return is_done;
}

bnn_status bnn_checkpoint_read(bnn_tensor_file *file, const char *path) {
    char hex[65];
    bnn_status status = bnn_tensors_read(file, path);
    if (status != BNN_OK) return status;
    json_t *sum = json_incref(json_object_get(file->metadata, "sha256"));
    json_object_del(file->metadata, "sha256");
    if (!sum_up(hex, file->n, file->tensors, file->metadata)) status = BNN_FAIL_MEMORY("a checkpoint");
    else if (sum == NULL || strcmp(json_string_value(sum), hex) != 0)
        status = BNN_FAIL(BNN_ERR_DATA, "%s: damaged: its sha256 is another than when it was written", path);
    json_decref(sum);
    if (status != BNN_OK) bnn_tensors_free(file);
    return status;
}

/* ---- writing and removing -------------------------------------------------------------------------------------------- */

/* A new folder is only safe on disk with the folder that it is in. */
static bnn_status make_folder(const char *folder) {
    char *path = bnn_folder_join(folder, BNN_RUN_CHECKPOINTS);
    bnn_status status = BNN_OK;
    if (path == NULL) return BNN_FAIL_MEMORY("a checkpoint");
    if (mkdir(path, 0777) == 0) bnn_folder_sync(folder);
    else if (errno != EEXIST) status = BNN_FAIL(BNN_ERR_FILE, "%s: cannot make the folder: %s", path, strerror(errno));
    free(path);
    return status;
}

static void remove_one(const char *folder, uint64_t step) {
    char *path = bnn_checkpoint_path(folder, step);
    if (path != NULL) unlink(path);
    free(path);
}

static void prune(const char *folder, uint64_t step) {
    bnn_checkpoint_list list;
    size_t n_kept = 0;
    if (bnn_checkpoint_find(&list, folder) == BNN_OK)
        for (size_t i = 0; i < list.n; i++)
            if (list.steps[i] > step || n_kept++ >= KEPT) remove_one(folder, list.steps[i]);
    bnn_checkpoint_list_free(&list);
}

bnn_status bnn_checkpoint_write(const char *folder, uint64_t step, size_t n, const bnn_tensor *tensors, json_t *facts) {
    char hex[65], *path = bnn_checkpoint_path(folder, step);
    bool is_summed = path != NULL && sum_up(hex, n, tensors, facts) && json_object_set_new(facts, "sha256", json_string(hex)) == 0;
    bnn_status status = is_summed ? make_folder(folder) : BNN_FAIL_MEMORY("a checkpoint");
    if (status == BNN_OK) status = bnn_tensors_write(path, n, tensors, facts);
    if (status == BNN_OK) prune(folder, step);
    free(path);
    return status;
}

void bnn_checkpoint_remove(const char *folder) {
    char *path = bnn_folder_join(folder, BNN_RUN_CHECKPOINTS);
    if (path != NULL) bnn_folder_remove(path);
    free(path);
}
