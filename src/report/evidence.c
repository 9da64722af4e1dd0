/* Laplace: the log evidence as the sum of its parts, and the precision of the prior that it chose. */
#include "report/figure.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS = 64 };

/* The numbers of a fact "1.5, 2"; their count, 0 if there is none such. */
static size_t read_fact(const bnn_model *model, const char *name, size_t room, double *numbers) {
    const char *text = json_string_value(json_object_get(model->facts, name));
    char *copy = text == NULL ? NULL : strdup(text), *rest = copy;
    size_t n = 0;
    for (char *word; n < room && (word = strsep(&rest, ",")) != NULL;) n += bnn_text_to_number(word, &numbers[n]);
    free(copy);
    return n;
}

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    double value;
    (void)report;
    return read_fact(run->run.model, "log_evidence", 1, &value) == 1 && read_fact(run->run.model, "nll", 1, &value) == 1
        && read_fact(run->run.model, "occam", 1, &value) == 1;
}

/* One factor for all, or one for each layer with uncertain weights; the precision of a layer's weights is factor x prior precision. */
static void add_precisions(bnn_sheet *sheet, const bnn_model *model) {
    double factors[GROUPS];
    size_t n = read_fact(model, "prior_precision_factor", GROUPS, factors);
    double plain = model->prior.row->precision == NULL ? 1 : model->prior.row->precision(&model->prior, 1);
    BNN_SHEET(sheet, "precision", "factor", "prior precision of a weight");
    sheet->label_heading = "weights";
    for (size_t g = 0; g < n; g++) {
        char label[32];
        snprintf(label, sizeof label, n == 1 ? "all" : "group %zu", g);
        BNN_NAMED_ROW(sheet, label, factors[g], factors[g] * plain);
    }
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_model *model = run->run.model;
    double evidence = 0, nll = 0, occam = 0, determined = 0;
    bnn_sheet *parts = bnn_figure_sheet(figure);
    (void)report, (void)i;
    read_fact(model, "log_evidence", 1, &evidence);
    read_fact(model, "nll", 1, &nll);
    read_fact(model, "occam", 1, &occam);
    read_fact(model, "well_determined", 1, &determined);
    BNN_SHEET(parts, "parts", "from", "to");
    parts->label_heading = "nats";
    BNN_NAMED_ROW(parts, "fit", 0, -nll);
    BNN_NAMED_ROW(parts, "Occam factor", -nll, evidence);
    BNN_NAMED_ROW(parts, "log evidence", 0, evidence);
    add_precisions(bnn_figure_sheet(figure), model);
    bnn_text_add(&figure->title, "Evidence and its parts");
    bnn_text_add(&figure->caption, "Log evidence %.5g nats = fit %.5g (log likelihood of the training rows at the best weights) "
                 "+ Occam factor %.5g (what the weights cost: prior and volume). Compare runs on the same rows by it. The data "
                 "determine about %.3g of %zu weights.", evidence,
                 -nll, occam, determined, model->net.n_weights);
    bnn_figure_axes(figure, "", "nats");
    bnn_text_add(&figure->script, "set key off\nset xrange [-0.6:2.6]\nset grid noxtics\nset xzeroaxis linetype 1 linecolor rgb '#8a8a8a'\n"
                 "set xtics ('fit' 0, 'Occam factor' 1, 'log evidence' 2)\nset offsets 0, 0, graph 0.05, graph 0.05\n"
                 "colour(i) = i == 0 ? 0x009e73 : i == 1 ? 0xd55e00 : 0x0072b2\n"
                 "plot $parts using 1:2:($1-0.3):($1+0.3):2:3:(colour($1)) with boxxyerror linecolor rgb variable\n");
    return BNN_OK;
}

const bnn_figure_row bnn_figure_evidence = { .name = "evidence", .count = count, .draw = draw };
