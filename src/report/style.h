/* The style sheet of every report. */
#ifndef BNN_REPORT_STYLE_H
#define BNN_REPORT_STYLE_H

#include "base/text.h"

/* Appends it, without the <style> element around it. */
void bnn_report_style(bnn_text *page);

#endif
