/* A run in words. */
#include "report/words.h"
#include "report/html.h"
#include "run/setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static void add_escaped(bnn_text *page, const char *before, const char *text, const char *after) {
    bnn_text_add(page, "%s", before);
    bnn_html_escape(page, text);
    bnn_text_add(page, "%s", after);
}

/* "with prior gaussian (a normal around 0)": the names of the configuration, and their own help. */
static void add_choice(bnn_text *page, const bnn_config *config, const char *section, const char *what) {
    const bnn_variant *variant = bnn_config_variant(config, section, "name");
    add_escaped(page, what, variant->name, "");
    if (variant->help != NULL) {
        size_t length = strcspn(variant->help, ":;");      /* what follows is advice */
        char *help = strndup(variant->help, length);
        add_escaped(page, " (", help, ")");
        free(help);
    }
}

static void add_data(bnn_text *page, const bnn_report_run *run) {
    const bnn_data_parts *parts = &run->parts;
    const bnn_schema *schema = &run->run.model->schema;
    bnn_text_add(page, "Trained on %zu row%s of <b>", parts->train->n_rows, plural(parts->train->n_rows));
    bnn_html_escape(page, file_name(parts->train->path));
    bnn_text_add(page, "</b> with %zu feature%s", schema->n_features, plural(schema->n_features));
    if (schema->n_classes > 0) bnn_text_add(page, " to tell %zu classes apart", schema->n_classes);
    else if (schema->n_targets > 1) bnn_text_add(page, " to predict %zu numbers", schema->n_targets);
    else add_escaped(page, " to predict <b>", schema->target_names[0], "</b>");
    if (parts->valid != NULL) bnn_text_add(page, "; %zu rows validate", parts->valid->n_rows);
    if (parts->test != NULL) bnn_text_add(page, "; %zu rows were kept for the test", parts->test->n_rows);
    bnn_text_add(page, ". ");
}

static void add_time(bnn_text *page, const bnn_report_run *run) {
    double seconds = json_number_value(json_object_get(run->manifest, "processor_seconds"));
    if (!(seconds > 0)) return;
    bnn_text_add(page, " in ");
    if (seconds < 120) bnn_text_add(page, "%.2g s", seconds);
    else if (seconds < 7200) bnn_text_add(page, "%.0f min", seconds / 60);
    else bnn_text_add(page, "%.1f h", seconds / 3600);
    bnn_text_add(page, " of processor time");
}

static void add_net(bnn_text *page, const bnn_report_run *run) {
    const bnn_model *model = run->run.model;
    const bnn_config *config = run->run.config;
    char *layers = bnn_setup_layers(&model->net);
    bnn_text_add(page, "The net is %s, %zu weights; ", layers == NULL ? "" : layers, model->net.n_weights);
    free(layers);
    add_choice(page, config, "likelihood", "likelihood ");
    add_choice(page, config, "prior", ", prior ");
    add_choice(page, config, "method", ", method ");
    if (run->history.n_rows > 0) bnn_text_add(page, ", %zu epoch%s", run->history.n_rows, plural(run->history.n_rows));
    add_time(page, run);
    bnn_text_add(page, ". ");
}

static void add_scored(bnn_text *page, const bnn_report_run *run) {
    const bnn_prediction *p = run->prediction;
    bnn_text_add(page, "What follows is measured on the <b>%zu %s rows</b>", run->rows->n_rows, run->split);
    if (p->n_draws > 1) bnn_text_add(page, ", averaged over %zu draws of the weights", p->n_draws);
    const char *calibration = bnn_config_text(run->run.config, "predict", "calibration");
    if (calibration != NULL && strcmp(calibration, "none") != 0) bnn_text_add(page, ", calibrated by %s", calibration);
    if (run->parts.test == NULL && run->parts.valid == NULL) bnn_text_add(page, "; the run has no others, and new rows will do worse");
    bnn_text_add(page, ".");
}

/* A fit that has not converged says so in passing; on the page it throws doubt on all that follows. */
static void add_warnings(bnn_text *page, const char *log) {
    static const char word[] = "warning: ";
    for (const char *line = log; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        char *text = strndup(line, strcspn(line, "\n"));
        bool has_word = text != NULL && strncmp(text, word, strlen(word)) == 0;
        if (has_word || (text != NULL && strstr(text, ", not converged") != NULL))
            add_escaped(page, "<p class=\"warning\"><b>Warning.</b> ", has_word ? text + strlen(word) : text, "</p>\n");
        free(text);
    }
}

void bnn_words_put(bnn_text *page, const bnn_report_run *run) {
    bnn_text_add(page, "<p>");
    add_data(page, run);
    add_net(page, run);
    add_scored(page, run);
    bnn_text_add(page, "</p>\n");
    add_warnings(page, run->log);
}
