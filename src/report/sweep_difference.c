/* Differences from the baseline in pairs of runs that differ in nothing else: what the choice of split or seed adds to both cancels. */
#include "report/sweep_figure.h"

#include <math.h>
#include <string.h>

enum { TOLD = 4 };                         /* groups that the caption speaks of one by one */

static size_t count(const bnn_sweep_view *view) { return bnn_sweep_lines_of(view, true).n > 0; }

static void add_rows(bnn_sheet *sheet, bnn_sweep_range *range, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    BNN_SHEET(sheet, "differences", "difference", "se", "pairs");
    sheet->label_heading = "group";
    for (size_t i = 0; i < lines->n; i++) {
        const bnn_outcome_mean *mean = &view->metric->difference[lines->groups[i]];
        bnn_text label = {0};
        bnn_outcome_label(&label, view->outcome, view->panel, lines->groups[i], view->outcome->n_keys);
        BNN_NAMED_ROW(sheet, label.at, mean->value, mean->se, (double)mean->n);
        bnn_sweep_widen(range, mean->value);
        bnn_sweep_widen(range, mean->value - 2 * mean->se);
        bnn_sweep_widen(range, mean->value + 2 * mean->se);
        bnn_text_free(&label);
    }
}

static const char *side_of(double difference, int sign) {
    if (sign == 0) return difference > 0 ? "higher" : "lower";
    return sign * difference > 0 ? "better" : "worse";
}

/* Two standard errors: as much as a reader takes for a difference; with few pairs a weak test, so their number stands beside it. */
static void tell(bnn_text *caption, const char *label, const bnn_outcome_mean *mean, int sign) {
    double size = fabs(mean->value);
    const char *side = side_of(mean->value, sign);
    if (size == 0 && !(mean->se > 0)) bnn_text_add(caption, " %s: the same.", label);
    else if (!(mean->se > 0)) bnn_text_add(caption, " %s: %s by %.3g, with no error bar (%zu pair%s).", label, side, size, mean->n,
                                            mean->n == 1 ? "" : "s");
    else if (size < 2 * mean->se)
        bnn_text_add(caption, " %s: no clear difference (%.1f standard errors, %zu pairs).", label, size / mean->se, mean->n);
    else bnn_text_add(caption, " %s: %s by %.3g (%.1f standard errors, %zu pairs).", label, side, size, size / mean->se, mean->n);
}

/* Groups that are better (sign +1) or worse (-1) by two standard errors, of all in the panel. */
static size_t count_clear(const bnn_sweep_view *view, int sign) {
    size_t n = 0;
    for (size_t i = 0; i < view->panel->n; i++) {
        const bnn_outcome_mean *mean = &view->metric->difference[view->panel->groups[i]];
        n += mean->n > 1 && sign * mean->value > 0 && sign * mean->value >= 2 * mean->se;
    }
    return n;
}

static void tell_many(bnn_text *caption, const bnn_sweep_view *view, size_t n) {
    int sign = view->metric->sign == 0 ? 1 : view->metric->sign;
    bnn_text_add(caption, " Of %zu groups %zu are %s and %zu %s by two standard errors or more.", n, count_clear(view, sign),
                 side_of(sign, view->metric->sign), count_clear(view, -sign), side_of(-sign, view->metric->sign));
}

static void add_caption(bnn_figure *figure, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    bnn_text_add(&figure->caption, "Each run minus its partner with %s: mean, one standard error thick, two thin.", view->outcome->baseline);
    if (view->metric->sign == 0) bnn_text_add(&figure->caption, " Neither side is better in itself.");
    else bnn_text_add(&figure->caption, " %s of zero is better.", view->metric->sign > 0 ? "Right" : "Left");
    if (lines->n_all > TOLD) tell_many(&figure->caption, view, lines->n_all);
    for (size_t i = 0; lines->n_all <= TOLD && i < lines->n; i++) {
        bnn_text label = {0};
        bnn_outcome_label(&label, view->outcome, view->panel, lines->groups[i], view->outcome->n_keys);
        tell(&figure->caption, label.at, &view->metric->difference[lines->groups[i]], view->metric->sign);
        bnn_text_free(&label);
    }
    if (lines->n < lines->n_all)
        bnn_text_add(&figure->caption, " Shown: the %s %zu.", view->metric->sign != 0 ? "best" : "first", lines->n);
}

static void draw(bnn_figure *figure, const bnn_sweep_view *view, size_t i) {
    bnn_sweep_lines lines = bnn_sweep_lines_of(view, true);
    bnn_sweep_range range = { 0, 0 };      /* the zero line is in the picture, whatever else is */
    bnn_text axis = {0};
    (void)i;
    bnn_text_add(&axis, "difference in %s", view->metric->name);
    if (view->metric->sign != 0) bnn_text_add(&axis, " (%s is better)", view->metric->sign > 0 ? "right" : "left");
    bnn_sweep_title_put(figure, view, ", difference from the baseline");
    add_rows(bnn_figure_sheet(figure), &range, view, &lines);
    add_caption(figure, view, &lines);
    bnn_sweep_tell_outside(figure, bnn_sweep_clip(&range, lines.n, lines.groups, view->metric->difference));
    bnn_sweep_widen(&range, 0);
    bnn_figure_axes(figure, axis.at == NULL ? "" : axis.at, "");
    bnn_sweep_lines_put(figure, view, &lines);
    bnn_sweep_axis_put(figure, 'x', &range);
    bnn_text_add(&figure->script, "set arrow from 0, graph 0 to 0, graph 1 nohead linewidth 2 linecolor rgb '#e69f00'\n"
                 "plot $differences using (inside_x($2)):1:(2*$3) with xerrorbars pointtype 0 linewidth 1 linecolor rgb '#0072b2', "
                 "$differences using (inside_x($2)):1:3 with xerrorbars pointtype 0 linewidth 4 linecolor rgb '#0072b2', "
                 "$differences using (inside_x($2)):1 with points pointtype 7 pointsize 0.7 linecolor rgb '#0072b2'\n");
    bnn_text_free(&axis);
}

const bnn_sweep_figure_row bnn_sweep_figure_difference = { .name = "differences", .count = count, .draw = draw };
