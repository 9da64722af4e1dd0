/* bnn predict RUN -: answers each row of standard input as it comes. */
#include "cli/cli.h"
#include "base/fail.h"
#include "data/keep.h"
#include "data/stream.h"

typedef struct answering {
    const cli_predicting *p;
    bnn_data_options      data;
    bnn_predict_options   options;
    bnn_stream            stream;
    FILE                 *out;
    bool                  has_targets;     /* of the first row: the header says so */
} answering;

static bnn_status print_answer(answering *a, const bnn_prediction *prediction, char *const *fields) {
    bnn_text csv = {0};
    if (a->options.first_row == 0) {
        cli_kept_print(&csv, a->p->keep, NULL);
        bnn_prediction_print_header(prediction, &csv);
    }
    cli_kept_print(&csv, a->p->keep, fields);
    bnn_prediction_print_row(prediction, 0, &csv);
    bnn_status status = csv.has_failed ? BNN_FAIL_MEMORY("a prediction as text") : BNN_OK;
    if (status == BNN_OK) fwrite(csv.at, 1, csv.length, a->out);
    fflush(a->out);
    bnn_text_free(&csv);
    return status;
}

static bnn_status answer(answering *a, const bnn_dataset *row) {
    bnn_prediction *prediction = NULL;
    bnn_kept kept = {0};
    bnn_status status = BNN_OK;
    if (a->options.first_row == 0) a->has_targets = row->y != NULL;
    if (a->has_targets != (row->y != NULL))
        return BNN_FAIL(BNN_ERR_DATA, "standard input:%zu: this row has %s target, unlike the first", a->stream.row_line,
                        row->y != NULL ? "a" : "no");
    if (a->p->keep.n > 0)
        status = bnn_kept_read(&kept, a->p->keep, &a->data, "standard input", a->stream.text.at, a->stream.text.length);
    if (status == BNN_OK) status = bnn_run_predict_as(&prediction, &a->p->run, row, &a->options);
    if (status == BNN_OK) status = print_answer(a, prediction, kept.fields);
    bnn_prediction_free(prediction);
    bnn_kept_free(&kept);
    return status;
}

/* A failure ends the answers; those before have been given. */
static bnn_status answer_all(answering *a) {
    bnn_dataset *row = NULL;
    bnn_status status;
    while ((status = bnn_stream_next(&a->stream, &row)) == BNN_OK && row != NULL) {
        status = answer(a, row);
        bnn_dataset_free(row);
        row = NULL;
        a->options.first_row++;
        if (status != BNN_OK || ferror(a->out)) return status;
    }
    if (status == BNN_OK && a->options.first_row == 0) status = BNN_FAIL(BNN_ERR_DATA, "standard input:1: no rows of data after the header");
    return status;
}

bnn_status cli_predict_stream(const cli_predicting *p) {
    answering a = { .p = p, .options = p->options };
    bnn_arena arena = {0};
    cli_sink sink;
    bnn_status status = bnn_run_data_options(&a.data, &p->run, p->keep, &arena);
    if (status == BNN_OK) status = bnn_stream_open(&a.stream, &a.data, &p->run.model->schema);
    if (status == BNN_OK && !a.stream.is_rows) status = cli_predict_whole(p);
    else if (status == BNN_OK) {
        status = bnn_kept_draws_make(&a.options.kept, p->run.model, &a.options);
        if (status == BNN_OK) status = cli_sink_open(&sink, p->args->output);
        if (status == BNN_OK) {
            a.out = sink.stream;
            status = cli_sink_close(&sink, answer_all(&a));
        }
    }
    bnn_kept_draws_free(a.options.kept);
    bnn_stream_free(&a.stream);
    bnn_arena_free(&arena);
    return status;
}
