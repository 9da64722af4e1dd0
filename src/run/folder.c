/* Renaming and removing run folders.
 *
 * Only folders that look like runs are ever removed: a wrong -o with --force must not cost anybody their files. */
#include "run/folder.h"
#include "base/fail.h"
#include "base/text.h"
#include "run/checkpoint.h"
#include "run/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 16 };

char *bnn_folder_join(const char *folder, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

bnn_status bnn_folder_write_json(const char *folder, const char *name, const json_t *json, size_t flags) {
    char *path = bnn_folder_join(folder, name), *text = json_dumps(json, JSON_INDENT(2) | flags);
    bnn_text whole = {0};
    if (text != NULL) bnn_text_add(&whole, "%s\n", text);
    bnn_status status = path == NULL || whole.at == NULL ? BNN_FAIL_MEMORY(name) : bnn_file_write(path, whole.at, whole.length);
    bnn_text_free(&whole);
    free(text);
    free(path);
    return status;
}

static bool has_file(const char *folder, const char *name) {
    struct stat info;
    char *path = bnn_folder_join(folder, name);
    bool is_there = path != NULL && stat(path, &info) == 0 && S_ISREG(info.st_mode);
    free(path);
    return is_there;
}

bool bnn_folder_is_run(const char *path) { return has_file(path, BNN_RUN_CONFIG) && has_file(path, BNN_RUN_MANIFEST); }

bool bnn_folder_is_finished(const char *path) { return bnn_folder_is_run(path) && has_file(path, BNN_RUN_POSTERIOR); }

static bool is_resumable(const char *path) {
    return bnn_folder_is_run(path) && !bnn_folder_is_finished(path) && bnn_checkpoint_exists(path);
}

/* Nothing there counts as empty. */
static bool is_empty(const char *path) {
    struct stat info;
    DIR *dir = opendir(path);
    if (dir == NULL) return lstat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
    bool is_bare = true;
    for (struct dirent *entry; is_bare && (entry = readdir(dir)) != NULL;)
        is_bare = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return is_bare;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

bool bnn_folder_remove(const char *path) { return nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0; }

void bnn_folder_sync(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

void bnn_folder_sweep(const char *path) {
    DIR *dir = opendir(path);
    if (dir == NULL) return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (fnmatch(".bnn-*.tmp", entry->d_name, FNM_PERIOD) == 0) unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

/* ---- locking --------------------------------------------------------------------------------------------------------- */

/* Only a lock that somebody else has is a fault: some network file systems have none. */
static bnn_status lock_folder(bnn_folder *folder) {
    int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_taken) {
        close(fd);
        return BNN_FAIL(BNN_ERR_USAGE, "%s: another bnn is at work on this run", folder->path);
    }
    folder->is_locked = fd >= 0;
    folder->lock = fd;
    return BNN_OK;
}

static void unlock_folder(bnn_folder *folder) {
    if (folder->is_locked) close(folder->lock);
    folder->is_locked = false;
}

static bnn_status check_unlocked(const bnn_folder *folder) {
    bnn_folder probe = { .path = folder->path };
    bnn_status status = lock_folder(&probe);
    unlock_folder(&probe);
    return status;
}

/* ---- checking -------------------------------------------------------------------------------------------------------- */

static bnn_status name_paths(bnn_folder *folder, const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    if (length == 0) return BNN_FAIL(BNN_ERR_CONFIG, "the run folder has no name: give one with -o");
    folder->path = strndup(path, length);
    if (folder->path == NULL || asprintf(&folder->old, "%s.old", folder->path) < 0) {
        folder->old = NULL;
        return BNN_FAIL_MEMORY("the name of the run folder");
    }
    return BNN_OK;
}

static bnn_status check_paths(const bnn_folder *folder, bool force) {
    struct stat info;
    if (is_empty(folder->path)) return BNN_OK;
    if (stat(folder->path, &info) != 0 || !S_ISDIR(info.st_mode))
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: exists and is not a folder: choose another with -o", folder->path);
    if (!force && is_resumable(folder->path))
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: holds an unfinished run: --resume goes on with it, --force begins anew, -o chooses another folder",
                        folder->path);
    if (!force)
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: exists and is not empty: --force replaces it, -o chooses another folder", folder->path);
    if (!is_empty(folder->old) && !bnn_folder_is_run(folder->old))
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: is in the way and holds no run: --force would move the present folder there", folder->old);
    if (is_resumable(folder->path) && bnn_folder_is_finished(folder->old))
        return BNN_FAIL(BNN_ERR_CONFIG, "%s: is in the way: it holds a finished run, and %s one that --resume can go on with: remove or rename "
                        "one of them", folder->old, folder->path);
    return check_unlocked(folder);
}

bnn_status bnn_folder_check(bnn_folder *folder, const char *path, bool force) {
    bnn_status status = name_paths(folder, path);
    return status == BNN_OK ? check_paths(folder, force) : status;
}

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static bnn_status fail_system(const char *path, const char *what) {
    return BNN_FAIL(BNN_ERR_FILE, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Both a run in the folder and one in `old`: a forced run was killed. If `old` is finished, the one in the folder is neither finished nor
 * to be resumed (check_paths): it does not push the other out. */
static bnn_status move_away(bnn_folder *folder) {
    bool is_worthless = bnn_folder_is_run(folder->path) && !bnn_folder_is_finished(folder->path) && bnn_folder_is_finished(folder->old);
    const char *lost = is_worthless ? folder->path : folder->old;
    if (!is_empty(lost) && !bnn_folder_remove(lost)) return fail_system(lost, "remove the run");
    if (!is_worthless && rename(folder->path, folder->old) != 0) return fail_system(folder->path, "rename to .old");
    folder->has_old = true;
    return BNN_OK;
}

bool bnn_folder_make_path(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_there = mkdir(path, 0777) == 0 || errno == EEXIST;
        *slash = '/';
        if (!is_there) return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bnn_status bnn_folder_make(bnn_folder *folder, bool force) {
    bnn_status status = check_paths(folder, force);    /* again: a fit may have taken hours to its first step */
    if (status == BNN_OK && !is_empty(folder->path)) status = move_away(folder);
    if (status != BNN_OK) return status;
    folder->is_made = bnn_folder_make_path(folder->path);
    if (folder->is_made) {
        status = lock_folder(folder);
        folder->is_made = status == BNN_OK;
        return status;
    }
    status = fail_system(folder->path, "make the folder");
    bnn_folder_undo(folder);
    return status;
}

bnn_status bnn_folder_open(bnn_folder *folder, const char *path) {
    bnn_status status = name_paths(folder, path);
    if (status == BNN_OK && !bnn_folder_is_run(folder->path))
        return BNN_FAIL(BNN_ERR_DATA, "%s: not a run folder: it has no %s and %s", folder->path, BNN_RUN_CONFIG, BNN_RUN_MANIFEST);
    return status == BNN_OK ? lock_folder(folder) : status;
}

void bnn_folder_settle(bnn_folder *folder) {
    if (folder->has_old && bnn_folder_is_run(folder->old)) bnn_folder_remove(folder->old);
    folder->has_old = false;
}

void bnn_folder_undo(bnn_folder *folder) {
    unlock_folder(folder);
    if (folder->is_made) bnn_folder_remove(folder->path);
    if (folder->has_old) rename(folder->old, folder->path);
    folder->is_made = folder->has_old = false;
}

void bnn_folder_free(bnn_folder *folder) {
    unlock_folder(folder);
    free(folder->path);
    free(folder->old);
    *folder = (bnn_folder){0};
}
