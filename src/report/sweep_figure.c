/* What the figures of a sweep have in common, and the list of them. */
#include "report/sweep_figure.h"
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const bnn_sweep_figure_row bnn_sweep_figure_dots, bnn_sweep_figure_difference, bnn_sweep_figure_curve;

const bnn_sweep_figure_row *const bnn_sweep_figures[] = {
    &bnn_sweep_figure_dots, &bnn_sweep_figure_difference, &bnn_sweep_figure_curve, NULL
};

/* ---- groups as lines ------------------------------------------------------------------------------------------------- */

typedef struct ranking { const bnn_outcome_mean *means; int sign; } ranking;

/* Ties stay in the order of the sweep, which qsort does not promise by itself. */
static int compare(const void *a, const void *b, void *context) {
    const ranking *r = context;
    size_t g = *(const size_t *)a, h = *(const size_t *)b;
    double better = r->sign * (r->means[h].value - r->means[g].value);
    return better > 0 ? 1 : better < 0 ? -1 : g < h ? -1 : 1;
}

bnn_sweep_lines bnn_sweep_lines_of(const bnn_sweep_view *view, bool is_difference) {
    const bnn_outcome_mean *means = is_difference ? view->metric->difference : view->metric->mean;
    bnn_sweep_lines lines = {0};
    size_t *groups = malloc((view->panel->n + 1) * sizeof *groups);
    for (size_t i = 0; groups != NULL && i < view->panel->n; i++)
        if (means[view->panel->groups[i]].n > 0) groups[lines.n_all++] = view->panel->groups[i];
    if (groups != NULL) qsort_r(groups, lines.n_all, sizeof *groups, compare, &(ranking){ means, view->metric->sign });
    while (lines.n < lines.n_all && lines.n < BNN_SWEEP_GROUPS) {
        lines.groups[lines.n] = groups[lines.n];
        lines.n++;
    }
    free(groups);
    return lines;
}

/* Long names make the picture wider, not its inside narrower. */
void bnn_sweep_lines_put(bnn_figure *figure, const bnn_sweep_view *view, const bnn_sweep_lines *lines) {
    enum { PLAIN = 16, MOST = 40, LETTER = 7, LINE = 24, MARGINS = 76 };
    size_t longest = 0;
    bnn_text_add(&figure->script, "set ytics (");
    for (size_t i = 0; i < lines->n; i++) {
        bnn_text label = {0};
        bnn_outcome_label(&label, view->outcome, view->panel, lines->groups[i], view->outcome->n_keys);
        longest = label.length > longest ? label.length : longest;
        bnn_text_add(&figure->script, "%s", i > 0 ? ", " : "");
        bnn_plot_quote(&figure->script, label.at == NULL ? "" : label.at);
        bnn_text_add(&figure->script, " %zu", i);
        bnn_text_free(&label);
    }
    bnn_text_add(&figure->script, ")\nset yrange [%zu.5:-0.5]\nset key off\n", lines->n - 1);
    longest = longest > MOST ? MOST : longest;
    figure->width = BNN_FIGURE_WIDTH + (longest > PLAIN ? (int)(longest - PLAIN) * LETTER : 0);
    figure->height = MARGINS + LINE * (int)(lines->n < 3 ? 3 : lines->n);
}

/* ---- axes ------------------------------------------------------------------------------------------------------------ */

void bnn_sweep_widen(bnn_sweep_range *range, double value) {
    if (!isfinite(value)) return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static bool is_logarithmic(const bnn_sweep_range *range) { return range->low > 0 && range->high >= 100 * range->low; }

static int compare_values(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The shortest stretch that holds more than half of n sorted values. */
static bnn_sweep_range shortest_half(const double *values, size_t n) {
    size_t width = n / 2, at = 0;
    for (size_t i = 1; i + width < n; i++)
        if (values[i + width] - values[i] < values[at + width] - values[at]) at = i;
    return (bnn_sweep_range){ values[at], values[at + width] };
}

/* Fits that went astray lie not twice but millions of times as far off as the others. */
static void clip(bnn_sweep_range *range, bnn_sweep_range most) {
    double scale = fmax(fabs(most.low), fabs(most.high)), margin = fmax(3 * (most.high - most.low), 0.1 * scale);
    if (range->high - range->low <= 1000 * scale || scale == 0) return;
    *range = (bnn_sweep_range){ fmax(range->low, most.low - margin), fmin(range->high, most.high + margin) };
}

size_t bnn_sweep_clip(bnn_sweep_range *range, size_t n, const size_t *groups, const bnn_outcome_mean *means) {
    double *values = malloc((n + 1) * sizeof *values);
    size_t n_values = 0, n_outside = 0;
    for (size_t i = 0; values != NULL && i < n; i++)
        if (means[groups[i]].n > 0) values[n_values++] = means[groups[i]].value;
    if (n_values > 2 && !is_logarithmic(range)) {
        qsort(values, n_values, sizeof *values, compare_values);
        clip(range, shortest_half(values, n_values));
        for (size_t i = 0; i < n_values; i++) n_outside += values[i] < range->low || values[i] > range->high;
    }
    free(values);
    return n_outside;
}

void bnn_sweep_tell_outside(bnn_figure *figure, size_t n) {
    const char *verb = n == 1 ? " is" : "s are", *object = n == 1 ? "it" : "them";
    if (n > 0) bnn_text_add(&figure->caption, " %zu group%s too far off for this picture; the numbers below have %s.", n, verb, object);
}

/* 1, 2 or 5 times a power of ten, at least `least`. */
static double round_step(double least) {
    double power = pow(10, floor(log10(least)));
    return least <= power ? power : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
}

/* What lies outside leaves no error bar behind: gnuplot would draw the end that happens to be inside. */
static void add_range(bnn_text *script, char axis, double low, double high) {
    bnn_text_add(script, "set %crange [%.9g:%.9g]\n", axis, low, high);
    bnn_text_add(script, "inside_%c(value) = value < %.9g || value > %.9g ? NaN : value\n", axis, low, high);
}

bool bnn_sweep_axis_put(bnn_figure *figure, char axis, const bnn_sweep_range *range) {
    double low = range->low, high = range->high, reach = high > low ? high - low : fmax(fabs(low), 1e-9);
    bool is_log = is_logarithmic(range);
    if (is_log) {
        double decades = ceil(log10(high / low) / 5), margin = pow(high / low, 0.04);
        bnn_text_add(&figure->script, "set logscale %c\nset %ctics 1e%.0f, 1e%.0f\nset format %c '%%g'\n", axis, axis, floor(log10(low)),
                     decades, axis);
        add_range(&figure->script, axis, low / margin, high * margin);
    } else {
        bnn_text_add(&figure->script, "set %ctics %.9g\n", axis, round_step(reach / 4));
        add_range(&figure->script, axis, low - 0.04 * reach, high + 0.04 * reach);
    }
    return is_log;
}

void bnn_sweep_title_put(bnn_figure *figure, const bnn_sweep_view *view, const char *what) {
    bnn_text_add(&figure->title, "%s%s", view->metric->name, what);
    if (*view->panel->title != '\0') bnn_text_add(&figure->title, ": %s", view->panel->title);
}
