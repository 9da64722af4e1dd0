/* Whole files: reading (plain or gzip), writing so that no reader ever sees a part, SHA-256, and paths.
 *
 * gzip is RFC 1952: one or more members one after the other; zero bytes after the last (tape padding) are let pass.
 * Not here: memory mapping and streaming. Our largest inputs unpack to some tens of megabytes. */
#include "base/text.h"
#include "base/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    FIRST_ROOM    = 1 << 16,    /* for pipes, whose size is unknown                             */
    ZLIB_MOST     = 1 << 30,    /* zlib counts in unsigned int: larger spans go piece by piece  */
    DEFLATE_MOST  = 1032,       /* deflate cannot shrink further than this                      */
    GZIP_TRAILER  = 8,          /* CRC-32 and ISIZE                                             */
    GZIP_WINDOW   = 15 + 16     /* inflateInit2: largest window, gzip header and CRC            */
};

static bool is_stdin(const char *path) { return strcmp(path, "-") == 0; }

static const char *shown(const char *path) { return is_stdin(path) ? "standard input" : path; }

static bnn_status fail_memory(const char *path) {
    return BNN_FAIL(BNN_ERR_MEMORY, "%s: out of memory while reading", shown(path));
}

static bnn_status open_input(int *fd, const char *path) {
    *fd = is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0) return BNN_OK;
    if (errno == ENOENT) return BNN_FAIL(BNN_ERR_DATA, "%s: no such file", path);
    return BNN_FAIL(BNN_ERR_DATA, "%s: cannot open: %s", path, strerror(errno));
}

/* Appends everything up to the end of fd. The size that fstat tells is a hint: the file may grow, or be a pipe. */
static bnn_status read_rest(bnn_text *raw, int fd, const char *path) {
    struct stat info;
    if (fstat(fd, &info) != 0) return BNN_FAIL(BNN_ERR_DATA, "%s: cannot read: %s", shown(path), strerror(errno));
    if (S_ISDIR(info.st_mode)) return BNN_FAIL(BNN_ERR_DATA, "%s: is a folder, not a file", shown(path));
    size_t hint = S_ISREG(info.st_mode) ? (size_t)info.st_size + 1 : FIRST_ROOM;
    for (;;) {
        if (!bnn_text_reserve(raw, raw->length == 0 ? hint : 1)) return fail_memory(path);
        ssize_t n = read(fd, raw->at + raw->length, raw->room - raw->length - 1);
        if (n == 0) return BNN_OK;
        if (n > 0) raw->length += (size_t)n;
        else if (errno != EINTR) return BNN_FAIL(BNN_ERR_DATA, "%s: cannot read: %s", shown(path), strerror(errno));
    }
}

static bool is_gzip(const unsigned char *at, size_t size) { return size >= 2 && at[0] == 0x1f && at[1] == 0x8b; }

static bool is_all_zero(const unsigned char *at, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (at[i] != 0) return false;
    return true;
}

/* The last four bytes of a gzip file say how much the last member unpacks to, modulo 2^32: a hint, never believed beyond
 * what deflate can do. The slack lets zlib reach the trailer without asking for more room. */
static size_t unpacked_hint(const unsigned char *at, size_t size) {
    if (size < GZIP_TRAILER) return FIRST_ROOM;
    const unsigned char *t = at + size - 4;
    size_t told = t[0] | (size_t)t[1] << 8 | (size_t)t[2] << 16 | (size_t)t[3] << 24;
    size_t most = size < SIZE_MAX / DEFLATE_MOST ? size * DEFLATE_MOST : SIZE_MAX / 4;
    return (told < most ? told : most) + 64;
}

/* Unpacks one member into `out`, moving *at and *left over what it took. */
static bnn_status inflate_member(bnn_text *out, z_stream *z, const unsigned char **at, size_t *left, const char *path) {
    int code = Z_OK;
    while (code != Z_STREAM_END) {
        if (!bnn_text_reserve(out, 1)) return fail_memory(path);
        size_t room = out->room - out->length - 1;
        uInt given = (uInt)(*left < ZLIB_MOST ? *left : ZLIB_MOST), asked = (uInt)(room < ZLIB_MOST ? room : ZLIB_MOST);
        z->next_in  = (unsigned char *)(uintptr_t)*at;    /* zlib takes no const; it does not write there */
        z->avail_in = given;
        z->next_out  = (unsigned char *)out->at + out->length;
        z->avail_out = asked;
        code = inflate(z, Z_NO_FLUSH);
        *at         += given - z->avail_in;
        *left       -= given - z->avail_in;
        out->length += asked - z->avail_out;
        if (code == Z_MEM_ERROR) return fail_memory(path);
        if (code == Z_BUF_ERROR)    /* there is always room: it is input that is missing */
            return BNN_FAIL(BNN_ERR_DATA, "%s: unexpected end of file: truncated?", shown(path));
        if (code != Z_OK && code != Z_STREAM_END)
            return BNN_FAIL(BNN_ERR_DATA, "%s: corrupt gzip data: %s", shown(path), z->msg ? z->msg : zError(code));
    }
    return BNN_OK;
}

static bnn_status gunzip(bnn_text *out, const bnn_text *packed, const char *path) {
    const unsigned char *at = (const unsigned char *)packed->at;
    size_t left = packed->length;
    z_stream z = {0};
    if (!bnn_text_reserve(out, unpacked_hint(at, left)) || inflateInit2(&z, GZIP_WINDOW) != Z_OK) return fail_memory(path);
    bnn_status status;
    do {
        status = inflate_member(out, &z, &at, &left, path);
        inflateReset(&z);
    } while (status == BNN_OK && is_gzip(at, left));
    inflateEnd(&z);
    if (status == BNN_OK && !is_all_zero(at, left))
        status = BNN_FAIL(BNN_ERR_DATA, "%s: corrupt gzip data: %zu unknown bytes after its end", shown(path), left);
    return status;
}

bnn_status bnn_file_read(const char *path, char **data, size_t *size) {
    bnn_text raw = {0}, unpacked = {0}, *whole = &raw;
    int fd;
    bnn_status status = open_input(&fd, path);
    if (status != BNN_OK) return status;
    if ((status = read_rest(&raw, fd, path)) != BNN_OK) goto done;
    if (is_gzip((unsigned char *)raw.at, raw.length)) {
        whole = &unpacked;
        if ((status = gunzip(&unpacked, &raw, path)) != BNN_OK) goto done;
    }
    whole->at[whole->length] = '\0';
    *data = whole->at;
    *size = whole->length;
    *whole = (bnn_text){0};
done:
    bnn_text_free(&unpacked);
    bnn_text_free(&raw);
    if (!is_stdin(path)) close(fd);
    return status;
}

static bool write_all(int fd, const char *at, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) {
            at   += n;
            size -= (size_t)n;
        }
    }
    return true;
}

/* Closes fd in any case; errno tells of the first failure. */
static bool write_and_close(int fd, size_t n, const bnn_piece *pieces, bool is_synced) {
    bool is_written = true;
    for (size_t i = 0; i < n && is_written; i++) is_written = write_all(fd, pieces[i].at, pieces[i].size);
    is_written = is_written && (!is_synced || fsync(fd) == 0);
    int  reason = errno;
    bool is_closed = close(fd) == 0;
    if (!is_written) errno = reason;
    return is_written && is_closed;
}

/* A new file in `folder`, whose name no other process, thread or earlier crash has taken: O_EXCL decides. */
static int open_temporary(char name[64], int folder) {
    int fd = -1;
    for (int i = 0; i < 10000 && fd < 0; i++) {
        snprintf(name, 64, ".bnn-%ld-%d.tmp", (long)getpid(), i);
        fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) break;
    }
    return fd;
}

/* False with errno set; then nothing is left behind. */
static bool replace_file(int folder, const char *name, size_t n, const bnn_piece *pieces) {
    char temporary[64];
    int fd = open_temporary(temporary, folder);
    if (fd < 0) return false;
    if (write_and_close(fd, n, pieces, true) && renameat(folder, temporary, folder, name) == 0)
        return fsync(folder) == 0 || errno == EINVAL;    /* some network file systems cannot sync a folder */
    int reason = errno;
    unlinkat(folder, temporary, 0);
    errno = reason;
    return false;
}

/* The file to replace: behind a link the file it points to, so that the link stays one. Has a slash; caller frees. */
static char *find_target(const char *path, bool is_there) {
    if (is_there) return realpath(path, NULL);
    bnn_text target = {0};
    bnn_text_add(&target, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    return target.at;
}

/* As replace_file; cuts `target` at its last slash. */
static bool replace_target(char *target, size_t n, const bnn_piece *pieces) {
    char *slash = strrchr(target, '/');
    *slash = '\0';
    int folder = open(slash == target ? "/" : target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    bool is_done = replace_file(folder, slash + 1, n, pieces);
    int  reason = errno;
    close(folder);
    errno = reason;
    return is_done;
}

/* Devices and pipes (/dev/null, /dev/stdout) are written to, not replaced. */
static bool write_in_place(const char *path, size_t n, const bnn_piece *pieces) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write_and_close(fd, n, pieces, false);
}

bnn_status bnn_file_write_pieces(const char *path, size_t n, const bnn_piece *pieces) {
    struct stat info;
    bool  is_there = stat(path, &info) == 0, is_special = is_there && !S_ISREG(info.st_mode);
    char *target = is_special ? NULL : find_target(path, is_there);
    bool  is_done = is_special ? write_in_place(path, n, pieces) : target != NULL && replace_target(target, n, pieces);
    int reason = errno;
    free(target);
    return is_done ? BNN_OK : BNN_FAIL(BNN_ERR_FILE, "%s: cannot write: %s", path, strerror(reason));
}

bnn_status bnn_file_write(const char *path, const void *data, size_t size) {
    return bnn_file_write_pieces(path, 1, &(bnn_piece){ data, size });
}

void bnn_sha256(const void *data, size_t size, char hex[65]) { SHA256Data(data, size, hex); }

/* Folds "//", "." and ".." of an absolute path in place. */
static void fold(char *path) {
    char *out = path;
    for (const char *in = path; *in != '\0';) {
        in += strspn(in, "/");
        size_t n = strcspn(in, "/");
        if (n == 2 && memcmp(in, "..", 2) == 0) {
            while (out > path && *--out != '/') {}
        } else if (n > 0 && !(n == 1 && *in == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
    }
    if (out == path) *out++ = '/';
    *out = '\0';
}

char *bnn_path_resolve(const char *base_file, const char *path) {
    bnn_text whole = {0};
    const char *slash = base_file == NULL ? NULL : strrchr(base_file, '/');
    bool is_absolute = path[0] == '/', has_absolute_base = slash != NULL && base_file[0] == '/';
    if (!is_absolute && !has_absolute_base) {
        char *here = getcwd(NULL, 0);
        if (here == NULL) return NULL;
        bnn_text_add(&whole, "%s/", here);
        free(here);
    }
    if (!is_absolute && slash != NULL) bnn_text_add(&whole, "%.*s/", (int)(slash - base_file), base_file);
    bnn_text_add(&whole, "%s", path);
    if (whole.has_failed) bnn_text_free(&whole);
    else fold(whole.at);
    return whole.at;
}
