/* A metric against an axis of numbers: one line for each group of the other axes, or all groups as points where that would be a tangle. */
#include "report/sweep_figure.h"
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = BNN_FIGURE_SHEETS, MAX_TICS = 8 };

/* ---- which axes ------------------------------------------------------------------------------------------------------ */

static double number_of(const bnn_outcome *o, size_t k, size_t group) { return o->keys[k].numbers[o->keys[k].of_run[o->first[group]]]; }

static bool is_drawn(const bnn_sweep_view *view, size_t group, size_t k) {
    return view->metric->mean[group].n > 0 && isfinite(number_of(view->outcome, k, group));
}

/* Values of the axis among the panel's groups, in rising order; at most MAX_TICS + 1 of them are kept. */
static size_t find_values(double values[MAX_TICS + 1], const bnn_sweep_view *view, size_t k) {
    size_t n = 0;
    for (size_t i = 0; i < view->panel->n; i++) {
        size_t at = 0;
        if (!is_drawn(view, view->panel->groups[i], k)) continue;
        double value = number_of(view->outcome, k, view->panel->groups[i]);
        while (at < n && values[at] < value) at++;
        if ((at < n && values[at] == value) || n > MAX_TICS) continue;
        memmove(values + at + 1, values + at, (n - at) * sizeof *values);
        values[at] = value;
        n++;
    }
    return n;
}

static bool is_axis(const bnn_sweep_view *view, size_t k) {
    double values[MAX_TICS + 1];
    const bnn_outcome_key *key = &view->outcome->keys[k];
    return !key->is_replicate && key->numbers != NULL && find_values(values, view, k) >= 3;
}

static size_t count(const bnn_sweep_view *view) {
    size_t n = 0;
    for (size_t k = 0; k < view->outcome->n_keys; k++) n += is_axis(view, k);
    return n;
}

static size_t pick(const bnn_sweep_view *view, size_t i) {
    size_t k = 0;
    while (!is_axis(view, k) || i-- > 0) k++;
    return k;
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

/* One line: groups that differ in the axis alone. */
typedef struct lines { size_t n; char *labels[MAX_LINES + 1]; } lines;

static size_t line_of(lines *l, const bnn_sweep_view *view, size_t group, size_t k) {
    bnn_text label = {0};
    size_t at = 0;
    bnn_outcome_label(&label, view->outcome, view->panel, group, k);
    while (at < l->n && strcmp(l->labels[at], label.at) != 0) at++;
    if (at == l->n && l->n <= MAX_LINES) l->labels[l->n++] = label.at;
    else bnn_text_free(&label);
    return at;
}

static lines find_lines(const bnn_sweep_view *view, size_t k) {
    lines l = {0};
    for (size_t i = 0; i < view->panel->n; i++)
        if (is_drawn(view, view->panel->groups[i], k)) line_of(&l, view, view->panel->groups[i], k);
    return l;
}

static void free_lines(lines *l) {
    for (size_t i = 0; i < l->n; i++) free(l->labels[i]);
}

typedef struct rising { const bnn_sweep_view *view; size_t k; } rising;

static int compare(const void *a, const void *b, void *context) {
    const rising *r = context;
    size_t g = *(const size_t *)a, h = *(const size_t *)b;
    double x = number_of(r->view->outcome, r->k, g), y = number_of(r->view->outcome, r->k, h);
    return x < y ? -1 : x > y ? 1 : g < h ? -1 : 1;
}

/* Groups of line `line`, or of all (MAX_LINES + 1), by rising axis. */
static void add_groups(bnn_sheet *sheet, bnn_sweep_range *range, const bnn_sweep_view *view, size_t k, lines *l, size_t line) {
    size_t n = 0, *groups = malloc((view->panel->n + 1) * sizeof *groups);
    sheet->has_failed |= groups == NULL;
    for (size_t i = 0; groups != NULL && i < view->panel->n; i++) {
        size_t group = view->panel->groups[i];
        if (is_drawn(view, group, k) && (line > MAX_LINES || line_of(l, view, group, k) == line)) groups[n++] = group;
    }
    if (groups != NULL) qsort_r(groups, n, sizeof *groups, compare, &(rising){ view, k });
    for (size_t i = 0; i < n; i++) {
        const bnn_outcome_mean *mean = &view->metric->mean[groups[i]];
        BNN_ROW(sheet, number_of(view->outcome, k, groups[i]), mean->value, mean->se, (double)mean->n);
        bnn_sweep_widen(range, mean->value);
        bnn_sweep_widen(range, mean->value - mean->se);
        bnn_sweep_widen(range, mean->value + mean->se);
    }
    free(groups);
}

static void add_line(bnn_figure *figure, bnn_sweep_range *range, bnn_text *plot, const bnn_sweep_view *view, size_t k, lines *l,
                     size_t line) {
    static const char *const names[] = { "line1", "line2", "line3", "line4", "line5", "line6" };
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    const char *colour = bnn_figure_colour(line);
    BNN_SHEET(sheet, names[line], view->outcome->keys[k].name, "mean", "se", "runs");
    add_groups(sheet, range, view, k, l, line);
    bnn_text_add(plot, "%s$%s using 2:(inside_y($3)):4 with yerrorbars pointtype 0 linewidth 1 linecolor rgb '%s' notitle, "
                 "$%s using 2:(inside_y($3)) with linespoints pointtype 7 pointsize 0.5 linewidth 2 linecolor rgb '%s' title ",
                 line == 0 ? "plot " : ", ", names[line], colour, names[line], colour);
    bnn_plot_quote(plot, l->labels[line]);
}

static void add_points(bnn_figure *figure, bnn_sweep_range *range, bnn_text *plot, const bnn_sweep_view *view, size_t k) {
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    BNN_SHEET(sheet, "points", view->outcome->keys[k].name, "mean", "se", "runs");
    add_groups(sheet, range, view, k, NULL, MAX_LINES + 1);
    bnn_text_add(plot, "set key off\nplot $points using 2:(inside_y($3)) with points pointtype 7 pointsize 0.4 linecolor rgb '#0072b2'");
}

/* ---- the picture ----------------------------------------------------------------------------------------------------- */

/* The values themselves stand at the axis where there are few and the axis is logarithmic, which spreads them. */
static bool put_axis(bnn_figure *figure, const bnn_sweep_view *view, size_t k) {
    double values[MAX_TICS + 1];
    size_t n = find_values(values, view, k);
    bnn_sweep_range range = { INFINITY, -INFINITY };
    for (size_t i = 0; i < view->panel->n; i++)
        if (is_drawn(view, view->panel->groups[i], k)) bnn_sweep_widen(&range, number_of(view->outcome, k, view->panel->groups[i]));
    bool is_log = bnn_sweep_axis_put(figure, 'x', &range), are_apart = n <= MAX_TICS;
    for (size_t i = 1; is_log && i < n; i++) are_apart &= log(values[i] / values[i - 1]) >= 0.1 * log(range.high / range.low);
    if (!is_log || !are_apart) return is_log;
    bnn_text_add(&figure->script, "set xtics (");
    for (size_t i = 0; i < n; i++) bnn_text_add(&figure->script, "%s%.9g", i > 0 ? ", " : "", values[i]);
    bnn_text_add(&figure->script, ")\n");
    return true;
}

static void draw(bnn_figure *figure, const bnn_sweep_view *view, size_t i) {
    static const char *const sides[] = { " Lower is better.", "", " Higher is better." };
    size_t k = pick(view, i);
    const bnn_outcome_key *key = &view->outcome->keys[k];
    lines l = find_lines(view, k);
    bnn_sweep_range range = { INFINITY, -INFINITY };
    bnn_text plot = {0}, what = {0};
    bool has_lines = l.n <= MAX_LINES;
    bnn_text_add(&what, " against %s", key->name);
    bnn_sweep_title_put(figure, view, what.at == NULL ? "" : what.at);
    for (size_t line = 0; has_lines && line < l.n; line++) add_line(figure, &range, &plot, view, k, &l, line);
    if (!has_lines) add_points(figure, &range, &plot, view, k);
    bnn_figure_axes(figure, key->name, view->metric->name);
    bool is_log = put_axis(figure, view, k);
    size_t n_outside = bnn_sweep_clip(&range, view->panel->n, view->panel->groups, view->metric->mean);
    bnn_sweep_axis_put(figure, 'y', &range);
    bnn_text_add(&figure->caption, "%s%s%s",
                 has_lines ? "Means with one standard error." : "Every group a dot: the other axes differ among them.",
                 sides[view->metric->sign + 1], is_log ? " The horizontal axis is logarithmic." : "");
    bnn_sweep_tell_outside(figure, n_outside);
    bnn_text_add(&figure->script, "%s%s\n", l.n == 1 ? "set key off\n" : "", plot.at == NULL ? "" : plot.at);
    free_lines(&l);
    bnn_text_free(&what);
    bnn_text_free(&plot);
}

const bnn_sweep_figure_row bnn_sweep_figure_curve = { .name = "axis", .count = count, .draw = draw };
