/* bnn predict --samples N: joint draws, one after the other, as CSV or as an NPY array. */
#include "cli/cli.h"
#include "base/fail.h"

#include <string.h>

static bool is_npy(const char *path) {
    size_t length = path == NULL ? 0 : strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

/* NPY 1.0: magic, the size of the text that follows, the text padded to a multiple of 64 in all. */
static void print_npy_header(FILE *stream, size_t n, const bnn_joint *joint) {
    char text[192];
    int length = snprintf(text, sizeof text, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu, %zu), }", n, joint->n_rows,
                          joint->n_values);
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    fprintf(stream, "\x93NUMPY%c%c%c%c%s%*s", 1, 0, padded % 256, padded / 256, text, padded - length, "\n");
}

static bnn_status print_csv(FILE *stream, const bnn_joint *joint) {
    bnn_text line = {0};
    for (size_t i = 0; i < joint->n_rows; i++) {
        bnn_text_add(&line, "%zu,%zu,", joint->draw, i);
        bnn_joint_print_row(joint, i, &line);
    }
    bnn_status status = line.has_failed ? BNN_FAIL_MEMORY("a draw as text") : BNN_OK;
    if (status == BNN_OK) fwrite(line.at, 1, line.length, stream);
    bnn_text_free(&line);
    return status;
}

static bnn_status print_csv_header(FILE *stream, const bnn_joint *joint) {
    bnn_text line = {0};
    bnn_text_add(&line, "draw,row,");
    bnn_joint_print_header(joint, &line);
    bnn_status status = line.has_failed ? BNN_FAIL_MEMORY("a draw as text") : BNN_OK;
    if (status == BNN_OK) fwrite(line.at, 1, line.length, stream);
    bnn_text_free(&line);
    return status;
}

/* A reader that has gone away ends the draws: main says so. */
static bnn_status print_draws(FILE *stream, bnn_joint *joint, size_t n, bool is_array) {
    bnn_status status = BNN_OK;
    if (is_array) print_npy_header(stream, n, joint);
    else status = print_csv_header(stream, joint);
    for (size_t s = 0; s < n && status == BNN_OK && !ferror(stream); s++) {
        status = bnn_joint_next(joint);
        if (status == BNN_OK && is_array) fwrite(joint->value, sizeof(double), joint->n_rows * joint->n_values, stream);
        else if (status == BNN_OK) status = print_csv(stream, joint);
    }
    return status;
}

bnn_status cli_predict_draws(const cli_predicting *p, const bnn_dataset *rows) {
    const char *path = p->args->output;
    bnn_joint joint = {0};
    cli_sink sink;
    bnn_status status = bnn_joint_make(&joint, p->run.model, rows, &p->options);
    if (status != BNN_OK) return status;
    status = cli_sink_open(&sink, path);
    if (status == BNN_OK) status = cli_sink_close(&sink, print_draws(sink.stream, &joint, (size_t)p->options.samples, is_npy(path)));
    bnn_joint_free(&joint);
    return status;
}
