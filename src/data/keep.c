/* One more pass over the table, for the text of a few columns. */
#include "data/keep.h"
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <stdlib.h>
#include <string.h>

typedef struct keeper {
    bnn_kept   *kept;
    const char *path;
    size_t      column;           /* of the next field                                     */
    bool        has_header;       /* it has been read                                      */
    char      **header;           /* [n_header] names                                      */
    size_t      n_header;
    size_t     *place;            /* [n_header] which of the kept names, or names.n: none  */
} keeper;

static bool keep_name(keeper *k, const char *text) {
    char **header = reallocarray(k->header, k->n_header + 1, sizeof *header);
    if (header == NULL) return false;
    k->header = header;
    return (header[k->n_header] = strdup(text)) != NULL && ++k->n_header > 0;
}

/* Room for one more row. */
static void make_room(bnn_kept *kept) {
    size_t room = kept->room == 0 ? 64 : 2 * kept->room;
    if (kept->n_rows < kept->room) return;
    char **fields = reallocarray(kept->fields, room * kept->names.n, sizeof *fields);
    if (fields == NULL) {
        kept->texts.has_failed = true;
        return;
    }
    memset(fields + kept->room * kept->names.n, 0, (room - kept->room) * kept->names.n * sizeof *fields);
    kept->fields = fields;
    kept->room = room;
}

static void take_field(void *context, const char *text, size_t length) {
    keeper *k = context;
    bnn_kept *kept = k->kept;
    size_t c = k->column++;
    (void)length;
    if (!k->has_header) {
        if (!keep_name(k, text)) kept->texts.has_failed = true;
        return;
    }
    if (c == 0) make_room(kept);
    if (kept->texts.has_failed || c >= k->n_header || k->place[c] == kept->names.n) return;
    kept->fields[kept->n_rows * kept->names.n + k->place[c]] = bnn_arena_text(&kept->texts, text);
}

static bnn_status find_names(keeper *k, size_t line) {
    bnn_kept *kept = k->kept;
    char list[BNN_LIST_SIZE], shown[BNN_SHOWN_SIZE];
    if ((k->place = calloc(k->n_header, sizeof *k->place)) == NULL) return BNN_FAIL_MEMORY("the names of columns");
    for (size_t c = 0; c < k->n_header; c++) k->place[c] = kept->names.n;
    for (size_t i = 0; i < kept->names.n; i++) {
        size_t c = 0;
        while (c < k->n_header && strcmp(k->header[c], kept->names.at[i]) != 0) c++;
        if (c == k->n_header)
            return BNN_FAIL(BNN_ERR_DATA, "%s:%zu: no column '%s' to keep, the first line has: %s", k->path, line,
                            bnn_shown(shown, kept->names.at[i]), bnn_list_names(list, k->n_header, k->header));
        k->place[c] = i;
    }
    k->has_header = true;
    return BNN_OK;
}

static bnn_status end_row(void *context, size_t line) {
    keeper *k = context;
    k->column = 0;
    if (k->kept->texts.has_failed) return BNN_FAIL_MEMORY("columns to keep");
    if (!k->has_header) return find_names(k, line);
    k->kept->n_rows++;
    return BNN_OK;
}

static bnn_status read_table(keeper *k, const bnn_data_options *options, char *data, size_t size) {
    const bnn_field_sink sink = { take_field, end_row, k };
    bnn_data_format format = bnn_read_format(options, k->path, data, size);
    if (format != BNN_FORMAT_CSV && format != BNN_FORMAT_TSV && format != BNN_FORMAT_TABLE)
        return BNN_FAIL(BNN_ERR_DATA, "%s: columns are kept by the names in a text table's first line, and this is no text table", k->path);
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        data += 3;
        size -= 3;
    }
    if (format == BNN_FORMAT_TABLE) return bnn_fields_read_blank(data, size, &sink);
    return bnn_fields_read_separated(k->path, format == BNN_FORMAT_TSV ? '\t' : ',', data, size, &sink);
}

bnn_status bnn_kept_read(bnn_kept *kept, bnn_words names, const bnn_data_options *options, const char *path, const char *text,
                         size_t size) {
    keeper k = { .kept = kept, .path = path };
    char *data = NULL;
    bnn_status status = BNN_OK;
    *kept = (bnn_kept){ .names = names };
    if (text == NULL) status = bnn_file_read(path, &data, &size);
    else if ((data = malloc(size + 1)) == NULL) status = BNN_FAIL_MEMORY("columns to keep");
    else ((char *)memcpy(data, text, size))[size] = '\0';
    if (status == BNN_OK) status = read_table(&k, options, data, size);
    bnn_names_free(k.n_header, k.header);
    free(k.place);
    free(data);
    if (status != BNN_OK) bnn_kept_free(kept);
    return status;
}

void bnn_kept_free(bnn_kept *kept) {
    free(kept->fields);
    bnn_arena_free(&kept->texts);
    *kept = (bnn_kept){0};
}
