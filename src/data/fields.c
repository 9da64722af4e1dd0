/* Cutting a text table into fields and rows, with the number of the line where each row starts.
 *
 * Separated text (CSV, TSV) goes through libcsv: quotes, doubled quotes, newlines inside quotes, CRLF, blanks around fields. libcsv
 * does not say where it is, so it is fed one physical line at a time; with CSV_REPALL_NL it reports every line end outside
 * quotes, also those of blank lines, and so it is known at each line whether a new row starts there. */
#include "base/fail.h"
#include "data/read.h"

#include <csv.h>
#include <string.h>

typedef struct feed {
    const bnn_field_sink *sink;
    size_t     line, row_line;   /* the line being fed; the one where the row started */
    size_t     n_fields;
    bool       in_row;
    bnn_status status;
} feed;

static void on_field(void *text, size_t length, void *context) {
    feed *f = context;
    f->n_fields++;
    f->sink->field(f->sink->context, text, length);
}

static void on_row(int end, void *context) {
    feed *f = context;
    (void)end;
    if (f->n_fields > 0 && f->status == BNN_OK) f->status = f->sink->row(f->sink->context, f->row_line);
    f->n_fields = 0;
    f->in_row = false;
}

static void feed_lines(feed *f, struct csv_parser *parser, const char *data, size_t size) {
    const char *end = data + size;
    while (data < end && f->status == BNN_OK) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *next = newline != NULL ? newline + 1 : end;
        f->line++;
        if (!f->in_row) f->row_line = f->line;
        f->in_row = true;
        if (csv_parse(parser, data, (size_t)(next - data), on_field, on_row, f) != (size_t)(next - data))
            f->status = BNN_FAIL_MEMORY("a field of a table");
        data = next;
    }
}

bnn_status bnn_fields_read_separated(const char *path, char separator, const char *data, size_t size, const bnn_field_sink *sink) {
    struct csv_parser parser;
    feed f = { .sink = sink };
    if (csv_init(&parser, CSV_APPEND_NULL | CSV_REPALL_NL) != 0) return BNN_FAIL_MEMORY("a table reader");
    csv_set_delim(&parser, (unsigned char)separator);
    csv_set_blk_size(&parser, 4096);
    feed_lines(&f, &parser, data, size);
    if (f.status == BNN_OK) {
        csv_set_opts(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI);   /* strict only about a quote that never ends */
        if (csv_fini(&parser, on_field, on_row, &f) != 0)
            f.status = BNN_FAIL(BNN_ERR_DATA, "%s:%zu: a quoted field of this row never ends", path, f.row_line);
    }
    csv_free(&parser);
    return f.status;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* Hands over the fields of one line and returns how many there were. *stop is where the line ends. */
static size_t cut_line(char *at, char *stop, const bnn_field_sink *sink) {
    size_t n = 0;
    for (;;) {
        while (at < stop && is_blank(*at)) at++;
        if (at == stop) return n;
        char *start = at;
        while (at < stop && !is_blank(*at)) at++;
        bool is_last = at == stop;
        *at = '\0';   /* the newline of the last line of a file is the NUL behind the data */
        sink->field(sink->context, start, (size_t)(at - start));
        n++;
        if (is_last) return n;
        at++;
    }
}

bnn_status bnn_fields_read_blank(char *data, size_t size, const bnn_field_sink *sink) {
    bnn_status status = BNN_OK;
    char *end = data + size;
    for (size_t line = 1; data < end && status == BNN_OK; line++) {
        char *newline = memchr(data, '\n', (size_t)(end - data));
        char *stop = newline != NULL ? newline : end;
        if (cut_line(data, stop, sink) > 0) status = sink->row(sink->context, line);
        data = stop + 1;
    }
    return status;
}
