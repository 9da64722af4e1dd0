/* Begin and end of every page, whatever stands between. */
#ifndef BNN_REPORT_PAGE_H
#define BNN_REPORT_PAGE_H

#include "base/text.h"
#include <jansson.h>

/* Head with policy and style sheet, up to the open <main>. title is escaped. */
void bnn_page_open(bnn_text *page, const char *title);

/* Appends `before`, then `text` escaped, then `after` and a line end. */
void bnn_page_put(bnn_text *page, const char *before, const char *text, const char *after);

/* Footer, all numbers as JSON, end of the page. */
void bnn_page_close(bnn_text *page, const json_t *json);

#endif
