/* Small grey pictures inside a page. */
#ifndef BNN_REPORT_PNG_H
#define BNN_REPORT_PNG_H

#include "base/text.h"
#include <stdint.h>

/* Appends "data:image/png;base64,..." of grey [rows x cols], 0 black; both at most 65535. */
void bnn_png_embed(bnn_text *page, size_t rows, size_t cols, const uint8_t *grey);

#endif
