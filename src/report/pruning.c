/* What removing the weights of least signal to noise costs. */
#include "report/figure.h"
#include "run/prune.h"

enum { MAX_ROWS = 2000 };

static const double removed[] = { 0, 0.1, 0.25, 0.5, 0.65, 0.75, 0.85, 0.9, 0.95, 0.98 };

enum { POINTS = sizeof removed / sizeof *removed };

/* A run that is pruned already begins with what was removed then. */
static size_t count(const bnn_report *report, const bnn_report_run *run) {
    const bnn_model *model = run->run.model;
    (void)report;
    return model->posterior.row == &bnn_diag_posterior && json_object_get(model->facts, "kept_share") == NULL;
}

/* Rows evenly spread over all, at most MAX_ROWS. */
static bnn_status thin(bnn_dataset **part, const bnn_dataset *rows) {
    size_t list[MAX_ROWS], n = rows->n_rows < MAX_ROWS ? rows->n_rows : MAX_ROWS;
    for (size_t i = 0; i < n; i++) list[i] = i * rows->n_rows / n;
    return bnn_dataset_select(part, rows, n, list);
}

/* Pruning changes the model: it is done to the run opened once more. */
static bnn_status fill(bnn_prune_point points[POINTS], size_t *n_rows, const bnn_report_run *run) {
    bnn_run copy = {0};
    bnn_dataset *rows = NULL;
    bnn_status status;
    for (size_t k = 0; k < POINTS; k++) points[k] = (bnn_prune_point){ .removed = removed[k] };
    if ((status = thin(&rows, run->rows))                               != BNN_OK) goto done;
    if ((status = bnn_run_open(&copy, run->run.folder, 0, NULL))        != BNN_OK) goto done;
    if ((status = bnn_run_prune_curve(&copy, rows, POINTS, points))     != BNN_OK) goto done;
    *n_rows = rows->n_rows;
done:
    bnn_run_free(&copy);
    bnn_dataset_free(rows);
    return status;
}

static bnn_status draw(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    bnn_prune_point points[POINTS];
    const char *score = run->prediction->n_classes > 0 ? "error" : "rmse";
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    size_t n_rows = 0;
    (void)report, (void)i;
    bnn_status status = fill(points, &n_rows, run);
    if (status != BNN_OK) return status;
    BNN_SHEET(sheet, "pruning", "share removed", "weights kept", score, "standard error", "log likelihood");
    for (size_t k = 0; k < POINTS; k++)
        BNN_ROW(sheet, points[k].removed, (double)points[k].n_kept, points[k].error.value, points[k].error.se, points[k].log_lik.value);
    bnn_text_add(&figure->title, "How many weights are needed?");
    bnn_text_add(&figure->caption, "The %s of %zu %s rows when weights are set to zero, those of least signal to noise first; "
                 "bars are one standard error. As long as it stays flat they were not needed: bnn prune removes them.",
                 score, n_rows, run->split);
    bnn_figure_axes(figure, "share of weights removed", score);
    bnn_text_add(&figure->script, "set key off\nset xrange [0:1]\nset yrange [0:*]\n"
                 "plot $pruning using 2:($4-$5):(0):(2*$5) with vectors nohead linewidth 2 linecolor rgb '#8cc9ec', "
                 "$pruning using 2:4 with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb '#0072b2'\n");
    return BNN_OK;
}

const bnn_figure_row bnn_figure_pruning = { .name = "pruning", .count = count, .draw = draw };
