/* The report: one HTML file that needs nothing else, to look at what a run has learnt and how far it can be trusted. */
#ifndef BNN_REPORT_REPORT_H
#define BNN_REPORT_REPORT_H

#include "report/gather.h"
#include "report/outcome.h"

/* Writes the report of one or several runs and says where (*path, which the caller frees; may be NULL). Statuses of bnn_run_open, data and
 * bnn_predict; BNN_ERR_FILE without gnuplot or where nothing can be written. */
bnn_status bnn_report_write(const bnn_report_request *request, char **path);

/* The same of a sweep, from its tables alone: output NULL: folder/report.html, with links to the runs' own reports. Statuses of
 * bnn_outcome_read; BNN_ERR_FILE. */
bnn_status bnn_report_write_sweep(const char *folder, const char *output, const bnn_outcome_lore *lore, char **path);

#endif
