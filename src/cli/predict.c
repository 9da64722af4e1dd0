/* bnn predict RUN [DATA | -]: what the run says of rows, as CSV on standard output or in a file. */
#include "cli/cli.h"
#include "base/fail.h"
#include "data/keep.h"

#include <stdlib.h>
#include <string.h>

/* ---- what was asked for ------------------------------------------------------------------------------------------------ */

static bool is_stream(const cli_args *args) { return args->words.n > 1 && strcmp(args->words.at[1], "-") == 0; }

/* "id, name" into words; text is cut in place. */
static bnn_status cut_keep(bnn_words *keep, const char **words, char *text) {
    char *rest = NULL;
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        while (*word == ' ') word++;
        size_t length = strlen(word);
        while (length > 0 && word[length - 1] == ' ') word[--length] = '\0';
        for (size_t i = 0; i < keep->n; i++)
            if (strcmp(words[i], word) == 0) return BNN_FAIL(BNN_ERR_USAGE, "--keep: column '%s' is named twice", word);
        words[keep->n++] = word;
    }
    keep->at = words;
    return keep->n > 0 ? BNN_OK : BNN_FAIL(BNN_ERR_USAGE, "--keep wants names of columns, separated by commas");
}

/* Draws and the prior are the model's own: no calibration was fitted to them. */
static bnn_status check_calibration(const cli_predicting *p) {
    const char *calibration = bnn_config_text(p->run.config, "predict", "calibration");
    if (strcmp(calibration, "none") == 0 || (p->args->samples == NULL && !p->args->prior)) return BNN_OK;
    return BNN_FAIL(BNN_ERR_USAGE, "%s are not calibrated: leave it out, or add -s predict.calibration=none",
                    p->args->samples != NULL ? "--samples: draws" : "--prior: predictions from the prior");
}

static bnn_status check_samples(cli_predicting *p) {
    double n;
    if (p->args->samples == NULL) return BNN_OK;
    if (!bnn_text_to_number(p->args->samples, &n) || !(n >= 1 && n <= BNN_PREDICT_MAX_SAMPLES) || n != (double)(long long)n)
        return BNN_FAIL(BNN_ERR_USAGE, "--samples %s, allowed: a whole number from 1 to %d", p->args->samples, BNN_PREDICT_MAX_SAMPLES);
    p->options.samples = (long long)n;
    p->options.local_first_layer = false;      /* joint draws are of weights */
    return BNN_OK;
}

/* ---- whole tables ------------------------------------------------------------------------------------------------------ */

void cli_kept_print(bnn_text *line, bnn_words names, char *const *fields) {
    for (size_t i = 0; i < names.n; i++) {
        bnn_csv_name(line, "", "", fields == NULL ? names.at[i] : fields[i]);
        bnn_text_add(line, ",");
    }
}

static bnn_status read_rows(bnn_dataset **rows, const cli_predicting *p) {
    const cli_args *args = p->args;
    if (args->words.n > 1) return bnn_run_read_rows_keeping(rows, &p->run, args->words.at[1], args->labels, p->keep);
    if (args->labels != NULL) return BNN_FAIL(BNN_ERR_USAGE, "--labels belongs to a file of rows, and none is named");
    return bnn_run_read_split(rows, &p->run, NULL, NULL);
}

static bnn_status read_kept(bnn_kept *kept, const cli_predicting *p, const bnn_dataset *rows) {
    bnn_data_options options;
    bnn_arena arena = {0};
    if (p->keep.n == 0) return BNN_OK;
    if (is_stream(p->args))
        return BNN_FAIL(BNN_ERR_USAGE, "--keep: standard input cannot be read twice; name a file");
    bnn_status status = bnn_run_data_options(&options, &p->run, p->keep, &arena);
    if (status == BNN_OK) status = bnn_kept_read(kept, p->keep, &options, rows->path, NULL, 0);
    bnn_arena_free(&arena);
    return status;
}

static bnn_status print_rows(const cli_predicting *p, const bnn_prediction *prediction, const bnn_dataset *rows, const bnn_kept *kept) {
    bnn_text csv = {0};
    bnn_status status = BNN_OK;
    cli_kept_print(&csv, p->keep, NULL);
    bnn_prediction_print_header(prediction, &csv);
    for (size_t i = 0; i < rows->n_rows; i++) {
        if (p->keep.n > 0) cli_kept_print(&csv, p->keep, kept->fields + rows->file_rows[i] * p->keep.n);
        bnn_prediction_print_row(prediction, i, &csv);
    }
    if (csv.has_failed || csv.at == NULL) status = BNN_FAIL_MEMORY("the predictions as text");
    else if (p->args->output != NULL) status = bnn_file_write(p->args->output, csv.at, csv.length);
    else fwrite(csv.at, 1, csv.length, stdout);
    bnn_text_free(&csv);
    return status;
}

bnn_status cli_predict_whole(const cli_predicting *p) {
    bnn_dataset *rows = NULL;
    bnn_prediction *prediction = NULL;
    bnn_kept kept = {0};
    bnn_status status = read_rows(&rows, p);
    if (status == BNN_OK && p->args->samples != NULL) {
        status = p->keep.n > 0 ? BNN_FAIL(BNN_ERR_USAGE, "--keep does not go with --samples: draws name their rows by number")
                               : cli_predict_draws(p, rows);
        goto done;
    }
    if (status == BNN_OK) status = read_kept(&kept, p, rows);
    if (status == BNN_OK) status = bnn_run_predict_as(&prediction, &p->run, rows, &p->options);
    if (status == BNN_OK) status = print_rows(p, prediction, rows, &kept);
done:
    bnn_kept_free(&kept);
    bnn_prediction_free(prediction);
    bnn_dataset_free(rows);
    return status;
}

bnn_status cli_predict(const cli_args *args) {
    cli_predicting p = { .args = args };
    char *text = args->keep == NULL ? NULL : strdup(args->keep);
    const char **words = text == NULL ? NULL : calloc(strlen(text) + 1, sizeof *words);
    bnn_status status = args->keep != NULL && words == NULL ? BNN_FAIL_MEMORY("the names of columns") : BNN_OK;
    if (status == BNN_OK && words != NULL) status = cut_keep(&p.keep, words, text);
    if (status == BNN_OK) status = bnn_run_open(&p.run, args->words.at[0], args->sets.n, args->sets.at);
    if (status != BNN_OK) goto done;
    p.options = bnn_run_predict_options(&p.run);
    p.options.from_prior = args->prior;
    if ((status = check_calibration(&p)) != BNN_OK) goto done;
    if ((status = check_samples(&p))     != BNN_OK) goto done;
    status = is_stream(args) && args->samples == NULL && args->labels == NULL ? cli_predict_stream(&p) : cli_predict_whole(&p);
done:
    bnn_run_free(&p.run);
    free(words);
    free(text);
    return status;
}
