/* Pictures by gnuplot, as SVG that can stand inside a page among others. */
#ifndef BNN_REPORT_PLOT_H
#define BNN_REPORT_PLOT_H

#include "base/text.h"
#include "bnn/status.h"

/* Runs gnuplot (a child process found in PATH, without the user's own settings) on `script`: what it prints is appended to svg.
 * BNN_ERR_FILE: it is not installed, failed, or drew nothing. */
bnn_status bnn_plot_run(bnn_text *svg, const char *script);

/* 'text' as gnuplot reads it back: in single quotes, where nothing is expanded. What is not UTF-8 and control characters become '?',
 * and more than 40 characters are cut. */
void bnn_plot_quote(bnn_text *script, const char *text);

/* Appends gnuplot's `svg` to the page: without XML header, as large as its place allows, all ids and references to them prefixed
 * by `prefix` ([a-z0-9-]+), with the given title and description for those who cannot see it. */
void bnn_svg_embed(bnn_text *page, const char *svg, const char *prefix, const char *title, const char *description);

#endif
