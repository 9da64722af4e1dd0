/* Reading one file: its format and the reader for it. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- which format ---------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *name, size_t length, const char *suffix) {
    size_t n = strlen(suffix);
    return length >= n && strncasecmp(name + length - n, suffix, n) == 0;
}

static bnn_data_format format_of_name(const char *path) {
    static const struct { const char *suffix; bnn_data_format format; } known[] = {
        { ".csv", BNN_FORMAT_CSV }, { ".tsv", BNN_FORMAT_TSV }, { ".idx", BNN_FORMAT_IDX }, { "idx1-ubyte", BNN_FORMAT_IDX },
        { "idx2-ubyte", BNN_FORMAT_IDX }, { "idx3-ubyte", BNN_FORMAT_IDX }, { ".npy", BNN_FORMAT_NPY },
        { ".svmlight", BNN_FORMAT_SVMLIGHT }, { ".svm", BNN_FORMAT_SVMLIGHT }, { ".libsvm", BNN_FORMAT_SVMLIGHT },
    };
    size_t length = strlen(path);
    if (ends_with(path, length, ".gz")) length -= 3;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(path, length, known[i].suffix)) return known[i].format;
    return BNN_FORMAT_AUTO;
}

/* "1 3:0.5": the second word of the first line that is no comment begins with digits and a colon. */
static bool looks_like_svmlight(const char *data) {
    const char *line = data + strspn(data, " \r\n");
    while (*line == '#') {
        line += strcspn(line, "\n");
        line += strspn(line, " \r\n");
    }
    size_t first = strcspn(line, ", \t\r\n");
    const char *second = line + first + strspn(line + first, " \t");
    size_t digits = strspn(second, "0123456789");
    return first > 0 && second > line + first && digits > 0 && second[digits] == ':';
}

/* By magic bytes, else by the first line that holds anything: tabs, else commas, else blanks. */
static bnn_data_format format_of_content(const char *data, size_t size) {
    if (size >= 4 && memcmp(data, "\0\0\x08", 3) == 0) return BNN_FORMAT_IDX;
    if (size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0) return BNN_FORMAT_NPY;
    if (looks_like_svmlight(data)) return BNN_FORMAT_SVMLIGHT;
    const char *line = data + strspn(data, " \r\n");
    size_t length = strcspn(line, "\r\n");
    if (memchr(line, '\t', length) != NULL) return BNN_FORMAT_TSV;
    return memchr(line, ',', length) != NULL ? BNN_FORMAT_CSV : BNN_FORMAT_TABLE;
}

bnn_data_format bnn_read_format(const bnn_data_options *options, const char *path, const char *data, size_t size) {
    bnn_data_format format = (bnn_data_format)options->format;
    if (format == BNN_FORMAT_AUTO) format = format_of_name(path);
    return format == BNN_FORMAT_AUTO ? format_of_content(data, size) : format;
}

static bool is_stdin(const char *path) { return strcmp(path, "-") == 0; }

/* ---- reading --------------------------------------------------------------------------------------------------------- */

bnn_status bnn_read_refuse_columns(const bnn_read *request, const char *format) {
    const bnn_data_options *o = request->options;
    const char *key = o->target.n > 0 ? "target" : o->ignore.n > 0 ? "ignore" : o->categorical.n > 0 ? "categorical"
                    : o->weight != NULL && *o->weight != '\0' ? "weight" : NULL;
    if (key == NULL) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: data.%s does not apply to %s files: leave it empty", request->path, key, format);
}

static bnn_status read_content(bnn_dataset *set, const bnn_read *request, char **data, size_t size) {
    bnn_data_format format = bnn_read_format(request->options, request->path, *data, size);
    if (format == BNN_FORMAT_IDX) return bnn_dataset_read_idx(set, request, data, size);
    if (format == BNN_FORMAT_NPY) return bnn_dataset_read_npy(set, request, *data, size);
    if (bnn_read_has_labels(request))
        return BNN_FAIL(BNN_ERR_DATA, "%s: a file of labels belongs to IDX or NPY files, but %s is a text table", request->labels,
                        request->path);
    if (format == BNN_FORMAT_SVMLIGHT) return bnn_dataset_read_svmlight(set, request, *data, size);
    return bnn_dataset_read_delimited(set, request, format, *data, size);
}

static bnn_status finish_rows(bnn_dataset **set, const bnn_read *request) {
    if (request->schema == NULL) return BNN_OK;
    bnn_status status = bnn_dataset_encode(*set);
    return status == BNN_OK && request->may_drop ? bnn_dataset_drop_incomplete(set) : status;
}

static bnn_status take_text(const bnn_read *request, char **data, size_t *size) {
    if ((*data = malloc(request->text_size + 1)) == NULL) return BNN_FAIL_MEMORY("rows");
    memcpy(*data, request->text, request->text_size);
    (*data)[request->text_size] = '\0';
    *size = request->text_size;
    return BNN_OK;
}

bnn_status bnn_dataset_read(bnn_dataset **dataset, const bnn_read *request) {
    bnn_status status;
    bnn_read named = *request;
    char *data = NULL;
    size_t size;
    bnn_dataset *set = calloc(1, sizeof *set);
    assert(*dataset == NULL);
    if (is_stdin(request->path)) named.path = "standard input";
    if (set == NULL || (set->path = strdup(named.path)) == NULL) {
        status = BNN_FAIL_MEMORY("a data set");
        goto done;
    }
    if ((set->degree = bnn_data_degree(request->options->expand)) == 0) {
        status = BNN_FAIL(BNN_ERR_CONFIG, "data.expand = %s, allowed: none, polynomial D", request->options->expand);
        goto done;
    }
    status = request->text != NULL ? take_text(request, &data, &size) : bnn_file_read(request->path, &data, &size);
    if (status != BNN_OK) goto done;
    if ((status = read_content(set, &named, &data, size))          != BNN_OK) goto done;
    if ((status = finish_rows(&set, request))                      != BNN_OK) goto done;
    *dataset = set;
    set = NULL;
done:
    bnn_dataset_free(set);
    free(data);
    return status;
}

/* Every row that may stay trains. */
static bnn_status settle_all(bnn_dataset **set, const bnn_data_options *options) {
    bnn_status status = options->missing == BNN_MISSING_DROP ? bnn_dataset_drop_incomplete(set) : BNN_OK;
    if (status == BNN_OK) status = bnn_dataset_check_weights(*set);
    return status == BNN_OK ? bnn_dataset_settle(*set, options, NULL) : status;
}

bnn_status bnn_dataset_read_file(bnn_dataset **dataset, const bnn_data_options *options, const char *path, const char *labels,
                                 bool wants_classes, const bnn_schema *schema) {
    const bnn_read request = { options, path, labels, wants_classes, schema, .may_drop = false };
    bnn_dataset *set = NULL;
    bnn_status status = bnn_dataset_read(&set, &request);
    if (status == BNN_OK && schema == NULL) status = settle_all(&set, options);
    if (status == BNN_OK) *dataset = set;
    else bnn_dataset_free(set);
    return status;
}

bnn_status bnn_dataset_read_features(bnn_dataset **dataset, const bnn_data_options *options, const char *path, const bnn_schema *schema) {
    const bnn_read request = { .options = options, .path = path, .wants_classes = schema->n_classes > 0, .schema = schema,
                               .skips_targets = true };
    return bnn_dataset_read(dataset, &request);
}
