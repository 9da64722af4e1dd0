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

/* 1, 2 or 5 times a power of ten, at least `least`. */
static double round_step(double least) {
    double power = pow(10, floor(log10(least)));
    return least <= power ? power : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
}

bool bnn_sweep_axis_put(bnn_figure *figure, char axis, const bnn_sweep_range *range) {
    double low = range->low, high = range->high, reach = high > low ? high - low : fmax(fabs(low), 1e-9);
    bool is_log = low > 0 && high >= 100 * low;
    if (is_log) {
        double decades = ceil(log10(high / low) / 5);
        bnn_text_add(&figure->script, "set logscale %c\nset %ctics 1e%.0f\nset format %c '%%g'\nset %crange [%.9g:%.9g]\n",
                     axis, axis, decades, axis, axis, low / pow(high / low, 0.04), high * pow(high / low, 0.04));
    } else {
        bnn_text_add(&figure->script, "set %ctics %.9g\nset %crange [%.9g:%.9g]\n", axis, round_step(reach / 4), axis, low - 0.04 * reach,
                     high + 0.04 * reach);
    }
    return is_log;
}

void bnn_sweep_title_put(bnn_figure *figure, const bnn_sweep_view *view, const char *what) {
    bnn_text_add(&figure->title, "%s%s", view->metric->name, what);
    if (*view->panel->title != '\0') bnn_text_add(&figure->title, ": %s", view->panel->title);
}
