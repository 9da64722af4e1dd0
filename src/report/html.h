/* Text for a web page. Names, classes and paths come from data and configurations: whatever is written goes through
 * bnn_html_escape, in element content and in attributes within double quotes alike. */
#ifndef BNN_REPORT_HTML_H
#define BNN_REPORT_HTML_H

#include "base/text.h"
#include <jansson.h>

/* Appends `text` (NULL: nothing): & < > " ' as entities, bytes that are not UTF-8 and characters that no page may hold as U+FFFD. */
void bnn_html_escape(bnn_text *page, const char *text);

/* Appends four significant digits; a dash for what is not finite. */
void bnn_html_number(bnn_text *page, double value);

/* Appends the value to the digits that its standard error (NaN: none) leaves it, two of that, and the error, small. */
void bnn_html_measured(bnn_text *page, double value, double se);

/* Appends a <script> element of type application/json. Nothing in it can end the element: every < is written \u003c. */
void bnn_html_json(bnn_text *page, const char *id, const json_t *json);

/* `bytes` as JSON text, with U+FFFD for what is not UTF-8. New reference. */
json_t *bnn_json_text(const char *bytes);

/* null for what is not finite. New reference. */
json_t *bnn_json_number(double value);

/* Bytes of the character at `text` if it is whole and valid UTF-8 (RFC 3629), else 0. */
size_t bnn_utf8_length(const char *text);

#endif
