/* Reading one file: its format, the reader for it, and the hash that the manifest records. */
#include "base/fail.h"
#include "base/text.h"
#include "data/read.h"

#include <assert.h>
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
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
        { "idx2-ubyte", BNN_FORMAT_IDX }, { "idx3-ubyte", BNN_FORMAT_IDX },
    };
    size_t length = strlen(path);
    if (ends_with(path, length, ".gz")) length -= 3;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(path, length, known[i].suffix)) return known[i].format;
    return BNN_FORMAT_AUTO;
}

/* By the first line that holds anything: tabs, else commas, else blanks. */
static bnn_data_format format_of_content(const char *data, size_t size) {
    if (size >= 4 && memcmp(data, "\0\0\x08", 3) == 0) return BNN_FORMAT_IDX;
    const char *line = data + strspn(data, " \r\n");
    size_t length = strcspn(line, "\r\n");
    if (memchr(line, '\t', length) != NULL) return BNN_FORMAT_TSV;
    return memchr(line, ',', length) != NULL ? BNN_FORMAT_CSV : BNN_FORMAT_TABLE;
}

static bnn_data_format choose_format(const bnn_data_options *options, const char *path, const char *data, size_t size) {
    bnn_data_format format = (bnn_data_format)options->format;
    if (format == BNN_FORMAT_AUTO) format = format_of_name(path);
    return format == BNN_FORMAT_AUTO ? format_of_content(data, size) : format;
}

/* ---- the hash -------------------------------------------------------------------------------------------------------- */

static bnn_status hash_file(SHA2_CTX *hash, const char *path) {
    char buffer[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return BNN_FAIL(BNN_ERR_DATA, "%s: %s", path, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) SHA256Update(hash, (const uint8_t *)buffer, n);
    bool has_failed = ferror(file);
    fclose(file);
    return has_failed ? BNN_FAIL(BNN_ERR_DATA, "%s: reading failed", path) : BNN_OK;
}

/* The bytes as stored, so that `sha256sum FILE` gives the same; standard input cannot be read twice and counts as unpacked. */
static bnn_status hash_files(char hex[65], const bnn_read *request, bool is_stdin, const char *data, size_t size) {
    SHA2_CTX hash;
    bnn_status status = BNN_OK;
    SHA256Init(&hash);
    if (is_stdin) SHA256Update(&hash, (const uint8_t *)data, size);
    else status = hash_file(&hash, request->path);
    if (status == BNN_OK && request->labels != NULL && *request->labels != '\0') status = hash_file(&hash, request->labels);
    SHA256End(&hash, hex);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bnn_status read_content(bnn_dataset *set, const bnn_read *request, char **data, size_t size) {
    bnn_data_format format = choose_format(request->options, request->path, *data, size);
    if (format == BNN_FORMAT_IDX) return bnn_dataset_read_idx(set, request, data, size);
    if (request->labels != NULL && *request->labels != '\0')
        return BNN_FAIL(BNN_ERR_DATA, "%s: a file of labels belongs to IDX images, but %s is a text table", request->labels,
                        request->path);
    return bnn_dataset_read_delimited(set, request, format, *data, size);
}

bnn_status bnn_dataset_read_file(bnn_dataset **dataset, const bnn_data_options *options, const char *path, const char *labels,
                                 bool wants_classes, const bnn_schema *schema) {
    bool is_stdin = strcmp(path, "-") == 0;
    const bnn_read request = { options, is_stdin ? "standard input" : path, labels, wants_classes, schema };
    bnn_status status;
    char *data = NULL;
    size_t size;
    bnn_dataset *set = calloc(1, sizeof *set);
    assert(*dataset == NULL);
    if (set == NULL || (set->path = strdup(request.path)) == NULL) {
        status = BNN_FAIL_MEMORY("a data set");
        goto done;
    }
    if ((status = bnn_file_read(path, &data, &size))                               != BNN_OK) goto done;
    if ((status = hash_files(set->sha256, &request, is_stdin, data, size))         != BNN_OK) goto done;
    if ((status = read_content(set, &request, &data, size))                        != BNN_OK) goto done;
    *dataset = set;
    set = NULL;
done:
    bnn_dataset_free(set);
    free(data);
    return status;
}
