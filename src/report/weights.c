/* What the weights have learnt: signal to noise |mu| / sd. */
#include "report/figure.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 30, MAX_LAYERS = 6 };

static const double first_bin = -4, bin_width = 0.2;      /* of log10 |mu| / sd */

static const char *const layer_names[MAX_LAYERS] = { "layer 0", "layer 1", "layer 2", "layer 3", "layer 4", "layer 5" };

/* The first six layers with weights; larger nets have more, and the tables say so by what they leave out. */
static size_t layers_of(const bnn_net *net, size_t layers[MAX_LAYERS]) {
    size_t n = 0;
    for (size_t l = 0; l < net->n_layers && n < MAX_LAYERS; l++)
        if (bnn_layer_has_weights(&net->layers[l])) layers[n++] = l;
    return n;
}

static size_t count(const bnn_report *report, const bnn_report_run *run) {
    (void)report;
    return run->run.model->posterior.row == &bnn_diag_posterior;
}

/* Is the block a part of the layer that begins at `weight`? Blocks of a layer follow each other. */
static size_t layer_of_block(const bnn_net *net, size_t n_layers, const size_t *layers, const bnn_block *block) {
    size_t k = n_layers - 1;
    while (k > 0 && block->first < net->layers[layers[k]].weight) k--;
    return k;
}

/* shares [BINS x MAX_LAYERS] of each layer's uncertain weights; back comes the share of all weights below their sd, certain ones (pruned)
 * among them. */
static double fill_histogram(const bnn_model *model, size_t n_layers, const size_t *layers, double *shares) {
    const real *mean = model->posterior.arrays[0].at, *log_sd = model->posterior.arrays[1].at;
    size_t n_below = 0, sizes[MAX_LAYERS] = {0};
    for (size_t b = 0; b < model->net.n_blocks; b++) {
        const bnn_block *block = &model->net.blocks[b];
        size_t k = layer_of_block(&model->net, n_layers, layers, block);
        for (size_t i = block->first; i < block->first + block->n; i++) {
            if (!isfinite((double)log_sd[i])) {
                n_below += mean[i] == 0;
                continue;
            }
            double ratio = log10(fabs((double)mean[i])) - (double)log_sd[i] / M_LN10, bin = floor((ratio - first_bin) / bin_width);
            shares[(size_t)fmin(fmax(bin, 0), BINS - 1) * MAX_LAYERS + k]++;
            n_below += ratio < 0;
            sizes[k]++;
        }
    }
    for (size_t i = 0; i < BINS * MAX_LAYERS; i++)
        if (sizes[i % MAX_LAYERS] > 0) shares[i] /= (double)sizes[i % MAX_LAYERS];
    return (double)n_below / (double)model->net.n_weights;
}

static bnn_status draw_signal(bnn_figure *figure, const bnn_report *report, const bnn_report_run *run, size_t i) {
    const bnn_model *model = run->run.model;
    size_t layers[MAX_LAYERS], n_layers = layers_of(&model->net, layers);
    double shares[BINS * MAX_LAYERS] = {0};
    const char *headings[1 + MAX_LAYERS] = { "log10 |mu|/sd" };
    bnn_sheet *sheet = bnn_figure_sheet(figure);
    (void)report, (void)i;
    double below = fill_histogram(model, n_layers, layers, shares);
    for (size_t k = 0; k < n_layers; k++) headings[1 + k] = layer_names[k];
    bnn_sheet_start(sheet, "signal", 1 + n_layers, headings);
    for (size_t b = 0; b < BINS; b++) {
        double row[1 + MAX_LAYERS] = { first_bin + bin_width * ((double)b + 0.5) };
        for (size_t k = 0; k < n_layers; k++) row[1 + k] = shares[b * MAX_LAYERS + k];
        bnn_sheet_add(sheet, NULL, row);
    }
    bnn_text_add(&figure->title, "Signal to noise of the weights");
    bnn_text_add(&figure->caption, "How far each weight's mean is from zero, in its own standard deviations (powers of ten); the first step holds "
                 "all below. %.0f %% of all weights lie left of the line: zero is within one standard deviation, and most of them could be "
                 "removed.", 100 * below);
    bnn_figure_axes(figure, "log10 |mu| / sd", "share of the layer's weights");
    bnn_text_add(&figure->script, "set yrange [0:*]\nset arrow 1 from 0, graph 0 to 0, graph 1 nohead linecolor rgb '#8a8a8a' dashtype 2\n");
    for (size_t k = 0; k < n_layers; k++)
        bnn_text_add(&figure->script, "%s$signal using 2:%zu with histeps linewidth 2 linecolor rgb '%s' title '%s'", k == 0 ? "plot " : ", ",
                     k + 3, bnn_figure_colour(k), layer_names[k]);
    bnn_text_add(&figure->script, "\n");
    return BNN_OK;
}

const bnn_figure_row bnn_figure_signal = { .name = "signal", .count = count, .draw = draw_signal };
