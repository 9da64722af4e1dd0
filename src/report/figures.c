/* The list of figures, in the order of the page. */
#include "report/figure.h"

extern const bnn_figure_row bnn_figure_training, bnn_figure_curve, bnn_figure_sources, bnn_figure_map, bnn_figure_scatter,
    bnn_figure_signal, bnn_figure_kl, bnn_figure_evidence, bnn_figure_images;

const bnn_figure_row *const bnn_figures[] = {
    &bnn_figure_training, &bnn_figure_curve, &bnn_figure_sources, &bnn_figure_map, &bnn_figure_scatter, &bnn_figure_signal,
    &bnn_figure_kl, &bnn_figure_evidence, &bnn_figure_images, NULL
};
