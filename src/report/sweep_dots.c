/* Every group a line: single runs as dots, their mean with its standard error. */
#include "report/sweep_figure.h"

#include <math.h>

static size_t count(const bnn_sweep_view *view) { return bnn_sweep_lines_of(view, false).n > 0; }

static void add_means(bnn_sheet *sheet, bnn_sweep_range *range, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    BNN_SHEET(sheet, "means", "mean", "se", "runs", "is baseline");
    sheet->label_heading = "group";
    for (size_t i = 0; i < lines->n; i++) {
        size_t g = lines->groups[i];
        const bnn_outcome_mean *mean = &view->metric->mean[g];
        bnn_text label = {0};
        bnn_outcome_label(&label, view->outcome, view->panel, g, view->outcome->n_keys);
        BNN_NAMED_ROW(sheet, label.at, mean->value, mean->se, (double)mean->n, view->outcome->is_baseline[g]);
        bnn_sweep_widen(range, mean->value - mean->se);
        bnn_sweep_widen(range, mean->value + mean->se);
        bnn_text_free(&label);
    }
}

static void add_runs(bnn_sheet *sheet, bnn_sweep_range *range, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    const bnn_outcome *o = view->outcome;
    BNN_SHEET(sheet, "runs", "line", "value");
    sheet->label_heading = "run";
    for (size_t i = 0; i < lines->n; i++)
        for (size_t run = 0; run < o->n_runs; run++) {
            double value = view->metric->of_run[run];
            if (o->group_of[run] != lines->groups[i] || !isfinite(value)) continue;
            BNN_NAMED_ROW(sheet, o->runs[run], (double)i, value);
            bnn_sweep_widen(range, value);
        }
}

static void add_caption(bnn_figure *figure, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    static const char *const sides[] = { "left is better; best first", "", "right is better; best first" };
    bool has_baseline = false, has_several = false;
    for (size_t i = 0; i < lines->n; i++) {
        has_baseline |= view->outcome->is_baseline[lines->groups[i]];
        has_several |= view->metric->mean[lines->groups[i]].n > 1;
    }
    bnn_text_add(&figure->caption, "%s",
                 has_several ? "Pale dots are runs, the dark dot is their mean with one standard error" : "Each dot is one run");
    if (has_baseline) bnn_text_add(&figure->caption, ", orange for the baseline");
    if (view->metric->sign != 0) bnn_text_add(&figure->caption, "; %s", sides[view->metric->sign + 1]);
    bnn_text_add(&figure->caption, ".");
    if (lines->n < lines->n_all)
        bnn_text_add(&figure->caption, " The %s %zu of %zu groups.", view->metric->sign != 0 ? "best" : "first", lines->n, lines->n_all);
}

static void draw(bnn_figure *figure, const bnn_sweep_view *view, size_t i) {
    bnn_sweep_lines lines = bnn_sweep_lines_of(view, false);
    bnn_sweep_range range = { INFINITY, -INFINITY };
    (void)i;
    bnn_sweep_title_put(figure, view, "");
    add_means(bnn_figure_sheet(figure), &range, view, &lines);
    add_runs(bnn_figure_sheet(figure), &range, view, &lines);
    add_caption(figure, view, &lines);
    bnn_sweep_tell_outside(figure, bnn_sweep_clip(&range, lines.n, lines.groups, view->metric->mean));
    bnn_figure_axes(figure, view->metric->name, "");
    bnn_sweep_lines_put(figure, view, &lines);
    bnn_sweep_axis_put(figure, 'x', &range);
    bnn_text_add(&figure->script, "colour(is_baseline) = is_baseline == 1 ? 0xe69f00 : 0x0072b2\n"
                 "plot $runs using 3:2 with points pointtype 7 pointsize 0.4 linecolor rgb '#8cc9ec', "
                 "$means using (inside_x($2)):1:3:(colour($5)) with xerrorbars pointtype 0 linewidth 2 linecolor rgb variable, "
                 "$means using (inside_x($2)):1:(colour($5)) with points pointtype 7 pointsize 0.7 linecolor rgb variable\n");
}

const bnn_sweep_figure_row bnn_sweep_figure_dots = { .name = "groups", .count = count, .draw = draw };
