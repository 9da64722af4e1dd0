/* Lines off standard input, as many as make a row, and each through the reader of whole tables, behind its header. */
#include "data/stream.h"
#include "base/fail.h"
#include "data/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

static const char name[] = "standard input";

/* ---- lines ------------------------------------------------------------------------------------------------------------- */

/* Waits for something more. */
static bnn_status read_more(bnn_stream *stream) {
    bnn_text *unread = &stream->unread;
    if (stream->at > 0) {
        memmove(unread->at, unread->at + stream->at, unread->length - stream->at);
        unread->length -= stream->at;
        stream->at = 0;
    }
    if (!bnn_text_reserve(unread, PIECE)) return BNN_FAIL_MEMORY("a row");
    ssize_t n = read(STDIN_FILENO, unread->at + unread->length, PIECE);
    if (n < 0 && errno != EINTR) return BNN_FAIL(BNN_ERR_DATA, "%s: cannot read: %s", name, strerror(errno));
    if (n == 0) stream->is_at_end = true;
    if (n > 0) unread->length += (size_t)n;
    unread->at[unread->length] = '\0';
    return BNN_OK;
}

/* Where the row at `at` ends, behind its newline; 0: more is needed. *lines: how many it has. */
static size_t row_size(const bnn_stream *stream, size_t *lines) {
    const char *start = stream->unread.at + stream->at, *end = stream->unread.at + stream->unread.length;
    bool is_quoted = false;
    *lines = 0;
    for (const char *c = start; c < end; c++) {
        if (*c == '"') is_quoted = !is_quoted;
        if (*c == '\n') ++*lines;
        if (*c == '\n' && !is_quoted) return (size_t)(c + 1 - start);
    }
    if (!stream->is_at_end) return 0;
    ++*lines;
    return (size_t)(end - start);
}

static bool is_blank(const char *at, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r\n", at[i]) == NULL || at[i] == '\0') return false;
    return true;
}

/* Appends the next row that is not blank to text; *size 0: there is none. */
static bnn_status take_row(bnn_stream *stream, size_t *size) {
    size_t lines;
    for (*size = 0;;) {
        size_t n = stream->unread.at == NULL ? 0 : row_size(stream, &lines);
        if (n == 0 && stream->is_at_end) return BNN_OK;
        if (n == 0) {
            bnn_status status = read_more(stream);
            if (status != BNN_OK) return status;
            continue;
        }
        const char *at = stream->unread.at + stream->at;
        stream->row_line = stream->line + 1;
        stream->line += lines;
        stream->at += n;
        if (is_blank(at, n)) continue;
        if (!bnn_text_reserve(&stream->text, n)) return BNN_FAIL_MEMORY("a row");
        memcpy(stream->text.at + stream->text.length, at, n);
        stream->text.length += n;
        stream->text.at[stream->text.length] = '\0';
        *size = n;
        return BNN_OK;
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------------- */

static bnn_status read_text(const bnn_stream *stream, bnn_dataset **rows) {
    const bnn_read request = { .options = &stream->options, .path = name, .wants_classes = stream->schema->n_classes > 0,
                               .schema = stream->schema, .text = stream->text.at, .text_size = stream->text.length,
                               .lines_before = stream->row_line - 1 - stream->header_lines, .may_be_empty = true };
    return bnn_dataset_read(rows, &request);
}

/* Whether the first bytes say that this is no text table. */
static bool is_whole(const bnn_stream *stream) {
    const unsigned char *at = (const unsigned char *)stream->unread.at;
    int format = stream->options.format;
    if (format == BNN_FORMAT_IDX || format == BNN_FORMAT_NPY) return true;
    return stream->unread.length > 0 && (at[0] == 0x1f || at[0] == 0x93 || at[0] == 0);
}

/* A file of all that was and will be read takes the place of standard input. */
static bnn_status put_back(bnn_stream *stream) {
    bnn_status status = BNN_OK;
    FILE *file = tmpfile();
    while (status == BNN_OK && !stream->is_at_end) status = read_more(stream);
    if (status == BNN_OK && (file == NULL || fwrite(stream->unread.at, 1, stream->unread.length, file) != stream->unread.length ||
                             fflush(file) != 0 || lseek(fileno(file), 0, SEEK_SET) != 0 || dup2(fileno(file), STDIN_FILENO) < 0))
        status = BNN_FAIL(BNN_ERR_FILE, "%s: cannot keep it in a temporary file: %s", name, strerror(errno));
    if (file != NULL) fclose(file);
    return status;
}

/* The first line alone is a table without rows, if it is a header. */
static bnn_status read_first(bnn_stream *stream) {
    static const char mark[] = "\xef\xbb\xbf";
    bnn_dataset *rows = NULL;
    size_t size;
    bnn_status status = take_row(stream, &size);
    if (status != BNN_OK) return status;
    if (size == 0) return BNN_FAIL(BNN_ERR_DATA, "%s:1: no rows of data: it is empty", name);
    if (strncmp(stream->text.at, mark, 3) == 0) {
        memmove(stream->text.at, stream->text.at + 3, stream->text.length - 2);
        stream->text.length -= 3;
    }
    if ((status = read_text(stream, &rows)) != BNN_OK) return status;
    stream->has_first = rows->n_rows > 0;
    if (!stream->has_first) {
        stream->header_size = stream->text.length;
        stream->header_lines = stream->line - stream->row_line + 1;
    }
    bnn_dataset_free(rows);
    return BNN_OK;
}

bnn_status bnn_stream_open(bnn_stream *stream, const bnn_data_options *options, const bnn_schema *schema) {
    *stream = (bnn_stream){ .options = *options, .schema = schema, .is_rows = true };
    bnn_status status = read_more(stream);
    while (status == BNN_OK && stream->unread.length == 0 && !stream->is_at_end) status = read_more(stream);
    if (status == BNN_OK && is_whole(stream)) {
        stream->is_rows = false;
        status = put_back(stream);
    } else if (status == BNN_OK) {
        status = read_first(stream);
    }
    if (status != BNN_OK) bnn_stream_free(stream);
    return status;
}

bnn_status bnn_stream_next(bnn_stream *stream, bnn_dataset **rows) {
    size_t size = 1;
    bnn_status status = BNN_OK;
    *rows = NULL;
    if (!stream->has_first) {
        stream->text.length = stream->header_size;
        status = take_row(stream, &size);
    }
    stream->has_first = false;
    if (status != BNN_OK || size == 0) return status;
    return read_text(stream, rows);
}

void bnn_stream_free(bnn_stream *stream) {
    bnn_text_free(&stream->unread);
    bnn_text_free(&stream->text);
    *stream = (bnn_stream){0};
}
