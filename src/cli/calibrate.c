/* bnn calibrate RUN | FILE.csv: fits what corrects the predictions of a run, or of another program, and shows what it does. */
#include "cli/cli.h"
#include "base/fail.h"
#include "run/calibration.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the table ------------------------------------------------------------------------------------------------------- */

/* "T = 1.08", "s = 1.2", "q = 1.7, 2.1" */
static void add_value(bnn_text *text, const bnn_calibration *c, bnn_calibration_kind kind) {
    if (kind == BNN_CALIBRATION_TEMPERATURE) bnn_text_add(text, "T = %.4g", c->temperature);
    if (kind == BNN_CALIBRATION_SD_SCALE) bnn_text_add(text, "s = %.4g", c->sd_scale);
    for (size_t j = 0; kind == BNN_CALIBRATION_CONFORMAL && j < c->n_targets; j++)
        bnn_text_add(text, "%s%.4g", j == 0 ? "q = " : ", ", bnn_conformal_radius(c->n_rows, c->scores + j * c->n_rows, c->level));
}

static void print_number(double value) {
    if (isnan(value)) printf("  %10s", "-");
    else printf("  %10.4g", value);
}

static void print_table(const bnn_calibration *c, const char *what) {
    printf("# %s: %zu rows\n# after: each half of the rows by a fit on the other half\n", what, c->n_rows);
    printf("%-12s  %-12s  %-18s  %10s  %10s\n", "calibration", "fitted", "metric", "before", "after");
    for (size_t i = 0; i < c->n_figures; i++) {
        const bnn_calibration_figure *figure = &c->figures[i];
        bool is_first = i == 0 || c->figures[i - 1].kind != figure->kind;
        bnn_text value = {0};
        if (is_first) add_value(&value, c, figure->kind);
        printf("%-12s  %-12s  %-18s", is_first ? bnn_calibration_name(figure->kind) : "", value.at == NULL ? "" : value.at, figure->metric);
        print_number(figure->before);
        print_number(figure->after);
        putchar('\n');
        bnn_text_free(&value);
    }
}

/* What the table alone does not say. */
static void print_notes(const bnn_calibration *c) {
    double needed = ceil(c->level / (1 - c->level) - 1e-9);
    if ((double)c->n_rows < needed)
        fprintf(stderr, "%zu rows are too few for level %g, which takes %.0f: conformal intervals are infinite and sets hold every class\n",
                c->n_rows, c->level, needed);
    if (c->temperature <= BNN_TEMPERATURE_MIN * 1.01 || c->temperature >= BNN_TEMPERATURE_MAX * 0.99)
        fprintf(stderr, "the temperature is at the end of its range, %g to %g: these rows cannot tell it\n", BNN_TEMPERATURE_MIN,
                BNN_TEMPERATURE_MAX);
}

static bnn_status print_result(const bnn_calibration *c, const char *what, const cli_args *args) {
    if (args->json) return cli_json_print(bnn_calibration_to_json(c, false));
    print_table(c, what);
    if (!args->quiet) print_notes(c);
    return BNN_OK;
}

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

static bnn_status calibrate_run(const cli_args *args) {
    bnn_run run = {0};
    bnn_calibration calibration = {0};
    bnn_text what = {0};
    if (args->output != NULL)
        return BNN_FAIL(BNN_ERR_USAGE, "-o %s: the calibration of a run is kept in its folder; -o is for FILE.csv", args->output);
    bnn_status status = bnn_run_open(&run, args->words.at[0], args->sets.n, args->sets.at);
    if (status == BNN_OK) status = bnn_run_calibrate(&calibration, &run);
    if (status == BNN_OK) bnn_text_add(&what, "%s, valid", run.folder);
    if (status == BNN_OK) status = print_result(&calibration, what.at == NULL ? "" : what.at, args);
    bnn_text_free(&what);
    bnn_calibration_free(&calibration);
    bnn_run_free(&run);
    return status;
}

/* ---- a file ---------------------------------------------------------------------------------------------------------- */

/* Only keys of the calibration mean something for predictions that are there already. */
static bnn_status read_settings(bnn_predict_settings *settings, const cli_args *args) {
    static const char key[] = "predict.calibration";
    bnn_config *config = NULL;
    for (size_t i = 0; i < args->sets.n; i++)
        if (strncmp(args->sets.at[i], key, strlen(key)) != 0)
            return BNN_FAIL(BNN_ERR_CONFIG, "%s: a file of predictions takes predict.calibration and predict.calibration_level alone",
                            args->sets.at[i]);
    bnn_status status = bnn_config_read(&config, NULL, args->sets.n, args->sets.at);
    if (status == BNN_OK) bnn_config_fill(config, "predict", bnn_predict_rows, settings);
    bnn_config_free(config);
    return status;
}

/* none: what is usual for the predictions' kind. */
static bnn_status choose_kind(bnn_calibration_kind *kind, int asked, const bnn_prediction *prediction) {
    bnn_calibration_kind usual = prediction->n_classes > 0 ? BNN_CALIBRATION_TEMPERATURE : BNN_CALIBRATION_SD_SCALE;
    *kind = asked == BNN_CALIBRATION_NONE ? usual : (bnn_calibration_kind)asked;
    if (*kind == usual || *kind == BNN_CALIBRATION_CONFORMAL) return BNN_OK;
    return BNN_FAIL(BNN_ERR_CONFIG, "predict.calibration = %s is not for %s: %s or conformal", bnn_calibration_name(*kind),
                    prediction->n_classes > 0 ? "classes" : "numbers", bnn_calibration_name(usual));
}

static bnn_status write_csv(const char *path, const bnn_prediction *prediction) {
    bnn_text csv = {0};
    bnn_prediction_print(prediction, &csv);
    bnn_status status = csv.has_failed || csv.at == NULL ? BNN_FAIL_MEMORY("the predictions as text") : bnn_file_write(path, csv.at, csv.length);
    bnn_text_free(&csv);
    return status;
}

static bnn_status calibrate_file(const cli_args *args) {
    const char *path = args->words.at[0];
    bnn_predict_settings settings;
    bnn_calibration_kind kind;
    bnn_calibration calibration = {0};
    bnn_prediction *prediction = NULL;
    bnn_text left_out = {0};
    bnn_status status;
    if ((status = read_settings(&settings, args))                                                             != BNN_OK) goto done;
    if ((status = bnn_prediction_read(&prediction, path, &left_out))                                          != BNN_OK) goto done;
    if ((status = choose_kind(&kind, settings.calibration, prediction))                                       != BNN_OK) goto done;
    if ((status = bnn_calibration_fit(&calibration, prediction, settings.calibration_level, true))            != BNN_OK) goto done;
    if (args->output != NULL) {
        status = bnn_calibration_apply(&calibration, kind, settings.calibration_level, prediction);
        if (status == BNN_OK) status = write_csv(args->output, prediction);
        if (status != BNN_OK) goto done;
        if (left_out.at != NULL && !args->quiet) fprintf(stderr, "%s: left out, not known here: %s\n", args->output, left_out.at);
    }
    status = print_result(&calibration, path, args);
done:
    bnn_text_free(&left_out);
    bnn_calibration_free(&calibration);
    bnn_prediction_free(prediction);
    return status;
}

bnn_status cli_calibrate(const cli_args *args) {
    struct stat info;
    bool is_folder = stat(args->words.at[0], &info) == 0 && S_ISDIR(info.st_mode);
    return is_folder ? calibrate_run(args) : calibrate_file(args);
}
