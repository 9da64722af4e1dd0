/* The list of figures, in the order of the page. */
#include "report/figure.h"

extern const bnn_figure_row bnn_figure_training, bnn_figure_curve, bnn_figure_sources, bnn_figure_scatter;

const bnn_figure_row *const bnn_figures[] = {
    &bnn_figure_training, &bnn_figure_curve, &bnn_figure_sources, &bnn_figure_scatter, NULL
};
