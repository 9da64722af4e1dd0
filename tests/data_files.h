/* Small data files for tests: a temporary folder that a test group makes and removes, and files in it. */
#ifndef BNN_TESTS_DATA_FILES_H
#define BNN_TESTS_DATA_FILES_H

#include "harness.h"
#include "data/data.h"
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

static char folder[256];

static int make_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/bnn-data-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
    return mkdtemp(folder) == NULL;
}

static inline const char *path_of(const char *name) {
    static char paths[32][512];   /* more than any one test keeps at a time */
    static int next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state) {
    (void)state;
    DIR *dir = opendir(folder);
    if (dir == NULL) return -1;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') unlink(path_of(entry->d_name));
    closedir(dir);
    return rmdir(folder);
}

static inline const char *put_bytes(const char *name, const void *bytes, size_t size) {
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline const char *put(const char *name, const char *text) { return put_bytes(name, text, strlen(text)); }

static inline const char *put_gz(const char *name, const void *bytes, size_t size) {
    const char *path = path_of(name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static inline bnn_data_options no_options(void) {
    return (bnn_data_options){ .train = "", .valid = "", .test = "", .train_labels = "", .valid_labels = "", .test_labels = "",
                               .test_rows = "", .splits = "", .scale_x = "standardize", .scale_y = "standardize" };
}

#define WORDS(...) \
    ((bnn_words){ sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ } })

/* The call fails with bad data, and its sentence holds each of the given pieces. */
#define assert_fails_with(call, ...)                                                                                    \
    do {                                                                                                                \
        bnn_status status_ = (call);                                                                                    \
        if (status_ == BNN_OK) fail_msg("%s succeeded", #call);                                                         \
        const char *pieces_[] = { __VA_ARGS__ };                                                                        \
        for (size_t i_ = 0; i_ < sizeof pieces_ / sizeof *pieces_; i_++)                                                \
            if (strstr(bnn_error_text(), pieces_[i_]) == NULL)                                                          \
                fail_msg("the sentence \"%s\" does not say \"%s\"", bnn_error_text(), pieces_[i_]);                     \
    } while (0)

#define RUN_IN_FOLDER(tests) cmocka_run_group_tests_name(__FILE__, (tests), make_folder, remove_folder)

#endif
