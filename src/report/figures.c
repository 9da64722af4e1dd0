/* The list of figures, in the order of the page. */
#include "report/figure.h"

extern const bnn_figure_row bnn_figure_training, bnn_figure_curve, bnn_figure_sources, bnn_figure_map, bnn_figure_scatter, bnn_figure_pit,
    bnn_figure_coverage, bnn_figure_reliability, bnn_figure_risk, bnn_figure_confusion, bnn_figure_images, bnn_figure_elsewhere,
    bnn_figure_evidence, bnn_figure_signal, bnn_figure_pruning, bnn_figure_kl,
    bnn_figure_kl_curves;

const bnn_figure_row *const bnn_figures[] = {
    &bnn_figure_curve, &bnn_figure_sources, &bnn_figure_map, &bnn_figure_scatter, &bnn_figure_coverage, &bnn_figure_pit,
    &bnn_figure_reliability, &bnn_figure_risk, &bnn_figure_confusion, &bnn_figure_images, &bnn_figure_elsewhere,
    &bnn_figure_evidence, &bnn_figure_signal, &bnn_figure_pruning, &bnn_figure_kl, &bnn_figure_kl_curves, &bnn_figure_training, NULL
};
