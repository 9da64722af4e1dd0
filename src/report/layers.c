/* What each layer pays for what it has learnt: its KL to the prior, while training and at the end. */
#include "method/audit.h"
#include "report/figure.h"

#include <string.h>

enum { MAX_LAYERS = 6, POINTS = 150 };

/* ---- while training -------------------------------------------------------------------------------------------------- */

/* Columns kl_0, kl_1, ... of the history; a net of one layer has its one curve already. */
static size_t columns_of(const bnn_history *h, size_t columns[MAX_LAYERS]) {
    size_t n = 0;
    for (size_t c = 0; c < h->n_columns && n < MAX_LAYERS; c++)
        if (strncmp(h->columns[c], "kl_", 3) == 0 && strcmp(h->columns[c], "kl_weight") != 0) columns[n++] = c;
    return n;
}

static size_t count_curves(const bnn_report *report, const bnn_report_run *run) {
    size_t columns[MAX_LAYERS];
    (void)report;
    return run->history.n_rows > 1 && columns_of(&run->history, columns) > 1;
}

/* The last epoch of each of at most POINTS groups: the KL is no noisy estimate. */
static void add_epochs(bnn_sheet *sheet, const bnn_history *h, size_t n_layers, const size_t *columns) {
    size_t n = h->n_rows < POINTS ? h->n_rows : POINTS, epoch = bnn_history_column(h, "epoch");
    for (size_t k = 1; k <= n; k++) {
        const double *from = h->at + (k * h->n_rows / n - 1) * h->n_columns;
        double row[1 + MAX_LAYERS] = { from[epoch] };
        for (size_t l = 0; l < n_layers; l++) row[1 + l] = from[columns[l]];
        bnn_sheet_add(sheet, NULL, row);
    }
}

static bnn_status draw_curves(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    size_t columns[MAX_LAYERS], n_layers = columns_of(&run->history, columns);
    const char *headings[1 + MAX_LAYERS] = { "epoch" };
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    (void)report, (void)i;
    for (size_t l = 0; l < n_layers; l++) headings[1 + l] = run->history.columns[columns[l]];
    bnn_sheet_start(sheet, "layers", 1 + n_layers, headings);
    add_epochs(sheet, &run->history, n_layers, columns);
    bnn_text_add(&figure->title, "KL of each layer while training");
    bnn_text_add(&figure->caption, "Which layer learns when. Nats, on a logarithmic scale; a layer that falls and falls is on "
                 "its way back to the prior.");
    bnn_figure_axes(figure, "epoch", "KL in nats");
    bnn_text_add(&figure->script, "set logscale y\n");
    for (size_t l = 0; l < n_layers; l++)
        bnn_text_add(&figure->script, "%s$layers using 2:%zu with lines linewidth 2 linecolor rgb '%s' title 'layer %zu'", l == 0 ? "plot " : ", ",
                     l + 3, bnn_figure_colour(l), l);
    bnn_text_add(&figure->script, "\n");
    return BNN_OK;
}

/* ---- at the end ------------------------------------------------------------------------------------------------------ */

/* Weights that were pruned are certain: no KL to a density is finite. */
static size_t count_bars(const bnn_report *report, const bnn_report_run *run) {
    const bnn_model *model = run->run.model;
    (void)report;
    return model->posterior.row == &bnn_diag_posterior && json_object_get(model->facts, "kept_share") == NULL
        && model->prior.row != &bnn_flat_prior;
}

static void add_layers(bnn_sheet *sheet, const bnn_audit *audit) {
    BNN_SHEET(sheet, "kl", "weights", "KL in nats", "nats a weight");
    sheet->label_heading = "layer";
    for (size_t l = 0; l < audit->n_layers; l++) {
        char label[32];
        snprintf(label, sizeof label, "layer %zu", l);
        BNN_NAMED_ROW(sheet, label, (double)audit->layers[l].n_weights, audit->layers[l].kl,
                      audit->layers[l].kl / (double)audit->layers[l].n_weights);
    }
}

static bnn_status draw_bars(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_audit audit = {0};
    bnn_status status = bnn_audit_make(&audit, run->run.model);
    (void)report, (void)i;
    if (status != BNN_OK) return status;
    add_layers(bnn_figure_sheet(figure), &audit);
    bnn_text_add(&figure->title, "What each layer has learnt");
    bnn_text_add(&figure->caption, "KL from posterior to prior at the end of training, layer by layer. A layer near 0 has stayed "
                 "at its prior and does no work.");
    bnn_figure_axes(figure, "layer", "KL in nats");
    bnn_text_add(&figure->script, "set key off\nset yrange [0:*]\nset xrange [-0.6:%zu.6]\nset xtics 1\nset boxwidth 0.6\nset grid noxtics\n"
                 "plot $kl using 1:3 with boxes linecolor rgb '#56b4e9'\n", audit.n_layers - 1);
    bnn_audit_free(&audit);
    return BNN_OK;
}

const bnn_figure_row bnn_figure_kl = { .name = "kl", .count = count_bars, .draw = draw_bars };
const bnn_figure_row bnn_figure_kl_curves = { .name = "kl-curves", .count = count_curves, .draw = draw_curves };
