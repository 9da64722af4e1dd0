/* Whole files: reading plain and gzip, atomic writing, SHA-256, paths. */
#include "harness.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

static char folder[256];

/* FOLDER/name, valid until the fourth call from now. */
static const char *in_folder(const char *name) {
    static char paths[4][512];
    static int  next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Plain C, so that bnn_file_read is not judged by bnn_file_write. */
static void put(const char *path, const char *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t get(const char *path, char *data, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, room, file);
    fclose(file);
    return size;
}

static void assert_reads(const char *path, const char *want, size_t want_size) {
    char  *data;
    size_t size;
    assert_ok(bnn_file_read(path, &data, &size));
    assert_int_equal(size, want_size);
    assert_memory_equal(data, want, size);
    assert_int_equal(data[size], '\0');
    free(data);
}

static void assert_refuses(const char *path, const char *reason) {
    char  *data;
    size_t size;
    assert_int_equal(bnn_file_read(path, &data, &size), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), path));
    if (strstr(bnn_error_text(), reason) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), reason);
}

static int count_entries(const char *path) {
    DIR *dir = opendir(path);
    int  n = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL) n++;
    closedir(dir);
    return n - 2;    /* "." and ".." */
}

static void plain_files_are_read_whole(void **state) {
    const char *path = in_folder("plain");
    (void)state;
    put(path, "a\0b\n", 4);
    assert_reads(path, "a\0b\n", 4);
    put(path, "", 0);
    assert_reads(path, "", 0);
    put(path, "\x1f", 1);    /* half of the magic bytes */
    assert_reads(path, "\x1f", 1);
    unlink(path);
}

static void missing_files_and_folders_are_named(void **state) {
    (void)state;
    assert_refuses(in_folder("nowhere"), "no such file");
    assert_refuses(folder, "is a folder");
}

/* Appends a gzip member by zlib's own writer. */
static void put_gzip(const char *path, const char *mode, const char *data, size_t size) {
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, data, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void gzip_members_are_joined_whatever_the_name(void **state) {
    enum { SIZE = 300000 };
    char *want = calloc(SIZE + 5, 1);
    const char *path = in_folder("packed.csv");
    (void)state;
    for (size_t i = 0; i < SIZE; i++) want[i] = (char)(i * i >> 7);
    memcpy(want + SIZE, "tail\n", 5);
    put_gzip(path, "wb", want, SIZE);
    assert_reads(path, want, SIZE);
    put_gzip(path, "ab", want + SIZE, 5);    /* the length in the last trailer now tells far too little */
    assert_reads(path, want, SIZE + 5);
    free(want);
    unlink(path);
}

static void damaged_gzip_is_refused(void **state) {
    char whole[200], bad[200];
    const char *path = in_folder("damaged.gz");
    (void)state;
    put_gzip(path, "wb", "1,2,3\n4,5,6\n1,2,3\n", 18);
    size_t size = get(path, whole, sizeof whole);
    assert_in_range(size, 25, 100);
    for (size_t i = 2; i < size; i++) {
        put(path, whole, i);
        assert_refuses(path, "truncated?");
    }
    for (size_t i = 10; i < size; i++) {    /* past the gzip header every byte counts: data, CRC, length */
        memcpy(bad, whole, size);
        bad[i] ^= 0x10;
        put(path, bad, size);
        assert_refuses(path, "");
    }
    assert_non_null(strstr(bnn_error_text(), "corrupt gzip data"));    /* the length in the trailer */
    memcpy(bad, whole, size);
    memcpy(bad + size, "rubbish", 7);
    put(path, bad, size + 7);
    assert_refuses(path, "7 unknown bytes");
    memset(bad + size, 0, 7);
    put(path, bad, size + 7);
    assert_reads(path, "1,2,3\n4,5,6\n1,2,3\n", 18);    /* tape padding */
    unlink(path);
}

static void dash_reads_standard_input(void **state) {
    const char *path = in_folder("stdin.gz");
    int saved = dup(STDIN_FILENO), ends[2];
    (void)state;
    put_gzip(path, "wb", "from gzip", 9);
    int fd = open(path, O_RDONLY);
    dup2(fd, STDIN_FILENO);
    assert_reads("-", "from gzip", 9);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    assert_reads("-", "from a pipe", 11);
    dup2(saved, STDIN_FILENO);
    close(fd), close(ends[0]), close(saved);
    unlink(path);
}

static void mnist_unpacks_to_the_bytes_of_zcat(void **state) {
    char path[4200], hex[65], *data;
    size_t size;
    const char *big = big_data();
    (void)state;
    if (big == NULL) skip();
    snprintf(path, sizeof path, "%s/mnist/train-images-idx3-ubyte.gz", big);
    assert_ok(bnn_file_read(path, &data, &size));
    bnn_sha256(data, size, hex);
    free(data);
    assert_int_equal(size, 16 + 60000 * 28 * 28);
    /* zcat train-images-idx3-ubyte.gz | sha256sum */
    assert_string_equal(hex, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
}

static void sha256_matches_fips_180(void **state) {
    char hex[65];
    (void)state;
    bnn_sha256("abc", 3, hex);    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    bnn_sha256("", 0, hex);       /* sha256sum </dev/null */
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_written_file_replaces_the_old_one(void **state) {
    const char *path = in_folder("out");
    (void)state;
    put(path, "a longer old file", 17);
    assert_ok(bnn_file_write(path, "new\0!", 5));
    assert_reads(path, "new\0!", 5);
    assert_ok(bnn_file_write(path, "", 0));
    assert_reads(path, "", 0);
    assert_int_equal(count_entries(folder), 1);
    unlink(path);
}

static void a_bare_name_goes_to_the_current_folder(void **state) {
    char *here = getcwd(NULL, 0);
    (void)state;
    assert_int_equal(chdir(folder), 0);
    bnn_status status = bnn_file_write("bare", "x", 1);
    assert_int_equal(chdir(here), 0);
    free(here);
    assert_int_equal(status, BNN_OK);
    assert_reads(in_folder("bare"), "x", 1);
    unlink(in_folder("bare"));
}

static void a_link_stays_a_link(void **state) {
    const char *target = in_folder("target"), *link = in_folder("link");
    struct stat info;
    (void)state;
    put(target, "old", 3);
    assert_int_equal(symlink("target", link), 0);
    assert_ok(bnn_file_write(link, "new", 3));
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_reads(target, "new", 3);
    unlink(link), unlink(target);
}

/* Not tried on /dev/null: the fault that this test looks for would replace the machine's own. */
static void a_pipe_is_written_to_and_not_replaced(void **state) {
    const char *path = in_folder("pipe");
    char got[4] = "";
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_ok(bnn_file_write(path, "x,y", 3));
    assert_int_equal(read(fd, got, 3), 3);
    assert_string_equal(got, "x,y");
    close(fd);
    unlink(path);
}

static void assert_write_fails(const char *path, const char *data, size_t size, const char *reason) {
    assert_int_equal(bnn_file_write(path, data, size), BNN_ERR_FILE);
    assert_non_null(strstr(bnn_error_text(), path));
    assert_non_null(strstr(bnn_error_text(), reason));
}

static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state) {
    static const char data[100000] = {0};
    const char *path = in_folder("kept");
    struct rlimit limit, small;
    (void)state;
    put(path, "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 5000, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bnn_status status = bnn_file_write(path, data, sizeof data);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, BNN_ERR_FILE);
    assert_non_null(strstr(bnn_error_text(), "File too large"));    /* EFBIG */
    assert_reads(path, "old", 3);
    assert_int_equal(count_entries(folder), 1);
    unlink(path);
    assert_write_fails(in_folder("nowhere/out"), "x", 1, "No such file or directory");
    assert_write_fails(folder, "x", 1, "Is a directory");
}

static void a_reader_never_sees_a_part(void **state) {
    enum { SIZE = 1 << 20, WRITES = 40 };
    static char data[SIZE], seen[SIZE + 1];
    const char *path = in_folder("busy");
    int reads = 0, result = 0;
    (void)state;
    put(path, memset(data, 'a', SIZE), SIZE);
    pid_t writer = fork();
    if (writer == 0) {
        bnn_status status = BNN_OK;
        for (int i = 0; i < WRITES && status == BNN_OK; i++)
            status = bnn_file_write(path, memset(data, 'a' + i % 26, SIZE), SIZE);
        _exit((int)status);
    }
    while (waitpid(writer, &result, WNOHANG) == 0) {
        assert_int_equal(get(path, seen, sizeof seen), SIZE);
        assert_memory_equal(seen, seen + 1, SIZE - 1);    /* all of one letter */
        reads++;
    }
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    assert_true(reads > 0);
    unlink(path);
}

static void paths_resolve_against_the_file_that_names_them(void **state) {
    static const struct { const char *base, *path, *want; } rows[] = {
        {"/c/x.ini", "d.csv", "/c/d.csv"}, {"/c/x.ini", "../d.csv", "/d.csv"}, {"/c/x.ini", "./a//b/./d", "/c/a/b/d"},
        {"/c/x.ini", "/abs/../d", "/d"}, {"/x.ini", "d", "/d"}, {"/x.ini", "../../..", "/"}, {NULL, "/a/b/", "/a/b"},
        {"/c/d/x.ini", "..", "/c"}, {NULL, "/", "/"}, {NULL, "/a/...", "/a/..."}, {NULL, "/a/.b", "/a/.b"},
        {NULL, "d", "HERE/d"}, {"x.ini", "d", "HERE/d"}, {"s/x.ini", "d", "HERE/s/d"}, {"s/x.ini", "../d", "HERE/d"},
        {NULL, ".", "HERE"},
    };
    char *here = getcwd(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[5000], *got = bnn_path_resolve(rows[i].base, rows[i].path);
        bool is_here = strncmp(rows[i].want, "HERE", 4) == 0;
        snprintf(want, sizeof want, "%s%s", is_here ? here : "", rows[i].want + (is_here ? 4 : 0));
        assert_string_equal(got, want);
        free(got);
    }
    free(here);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files_are_read_whole),
        cmocka_unit_test(missing_files_and_folders_are_named),
        cmocka_unit_test(gzip_members_are_joined_whatever_the_name),
        cmocka_unit_test(damaged_gzip_is_refused),
        cmocka_unit_test(dash_reads_standard_input),
        cmocka_unit_test(mnist_unpacks_to_the_bytes_of_zcat),
        cmocka_unit_test(sha256_matches_fips_180),
        cmocka_unit_test(a_written_file_replaces_the_old_one),
        cmocka_unit_test(a_bare_name_goes_to_the_current_folder),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(a_pipe_is_written_to_and_not_replaced),
        cmocka_unit_test(a_failed_write_leaves_the_old_file_and_nothing_else),
        cmocka_unit_test(a_reader_never_sees_a_part),
        cmocka_unit_test(paths_resolve_against_the_file_that_names_them),
    };
    const char *parent = getenv("TMPDIR");
    char command[300];
    snprintf(folder, sizeof folder, "%s/bnn-file-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) return 1;
    int n_failed = RUN(tests);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 ? 1 : n_failed;
}
