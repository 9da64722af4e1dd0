/* Cutting a text table into fields and rows, with the number of the line where each row starts.
 *
 * Lines of separated text (CSV, TSV) without quotes are cut here, in place, as libcsv would: blanks around fields do not count, nor do
 * blank lines. The others go through libcsv: quotes, doubled quotes, newlines inside quotes, carriage returns anywhere. libcsv does not say
 * where it is, so it is fed one physical line at a time; with CSV_REPALL_NL it reports every line end outside quotes, also those of blank
 * lines, and so it is known at each line whether a new row starts there. */
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

/* Without quotes and with no carriage return but one before its end. *stop is moved before that. */
static bool is_plain(const char *line, char **stop) {
    if (*stop > line && (*stop)[-1] == '\r') --*stop;
    size_t length = (size_t)(*stop - line);
    return memchr(line, '"', length) == NULL && memchr(line, '\r', length) == NULL;
}

static bool is_space(char c, char separator) { return (c == ' ' || c == '\t') && c != separator; }

/* Hands over the fields of a plain line. *stop, and what separates fields, becomes NUL. */
static void cut_plain(char *at, char *stop, char separator, const bnn_field_sink *sink) {
    for (bool is_last = false; !is_last; at++) {
        while (at < stop && is_space(*at, separator)) at++;
        char *start = at;
        while (at < stop && *at != separator) at++;
        char *end = at;
        while (end > start && is_space(end[-1], separator)) end--;
        is_last = at == stop;
        *end = '\0';
        sink->field(sink->context, start, (size_t)(end - start));
    }
}

static bool is_all_space(const char *at, const char *stop, char separator) {
    while (at < stop && is_space(*at, separator)) at++;
    return at == stop;
}

static void feed_line(feed *f, struct csv_parser *parser, const char *line, size_t size) {
    if (!f->in_row) f->row_line = f->line;
    f->in_row = true;
    if (csv_parse(parser, line, size, on_field, on_row, f) != size) f->status = BNN_FAIL_MEMORY("a field of a table");
}

static void read_lines(feed *f, struct csv_parser *parser, char separator, char *data, size_t size) {
    char *end = data + size, *next;
    for (char *line = data; line < end && f->status == BNN_OK; line = next) {
        char *newline = memchr(line, '\n', (size_t)(end - line)), *stop = newline != NULL ? newline : end;
        next = newline != NULL ? newline + 1 : end;
        f->line++;
        if (f->in_row || !is_plain(line, &stop)) {
            feed_line(f, parser, line, (size_t)(next - line));
        } else if (!is_all_space(line, stop, separator)) {
            cut_plain(line, stop, separator, f->sink);
            f->status = f->sink->row(f->sink->context, f->line);
        }
    }
}

bnn_status bnn_fields_read_separated(const char *path, char separator, char *data, size_t size, const bnn_field_sink *sink) {
    struct csv_parser parser;
    feed f = { .sink = sink };
    if (csv_init(&parser, CSV_APPEND_NULL | CSV_REPALL_NL) != 0) return BNN_FAIL_MEMORY("a table reader");
    csv_set_delim(&parser, (unsigned char)separator);
    csv_set_blk_size(&parser, 4096);
    read_lines(&f, &parser, separator, data, size);
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
