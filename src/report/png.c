/* PNG (ISO 15948) with one grey byte per pixel: signature, IHDR, one IDAT (zlib), IEND; and base64 (RFC 4648) around it. Each line is
 * stored as it is (filter 0): pictures of a few hundred pixels gain nothing from the others. */
#include "report/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEADER = 13, CHUNK = 12 };

static void put_number(uint8_t *at, size_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Length, name, data and their checksum; the bytes written. data may already stand in its place. */
static size_t put_chunk(uint8_t *at, const char *name, const uint8_t *data, size_t size) {
    put_number(at, size);
    memcpy(at + 4, name, 4);
    if (size > 0) memmove(at + 8, data, size);
    put_number(at + 8 + size, crc32(crc32(0, NULL, 0), at + 4, (uInt)(size + 4)));
    return size + CHUNK;
}

static size_t put_header(uint8_t *at, size_t rows, size_t cols) {
    uint8_t header[HEADER] = {0};
    put_number(header, cols);
    put_number(header + 4, rows);
    header[8] = 8;                      /* bits; colour type 0: grey; the rest 0 */
    memcpy(at, "\x89PNG\r\n\x1a\n", 8);
    return 8 + put_chunk(at + 8, "IHDR", header, HEADER);
}

static void add_base64(bnn_text *page, const uint8_t *at, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!bnn_text_reserve(page, (n + 2) / 3 * 4)) return;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t bits = (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) | (left > 2 ? at[i + 2] : 0);
        char *out = page->at + page->length;
        for (int k = 0; k < 4; k++) out[k] = digits[bits >> (18 - 6 * k) & 63];
        if (left < 3) out[3] = '=';
        if (left < 2) out[2] = '=';
        page->length += 4;
    }
    page->at[page->length] = '\0';
}

void bnn_png_embed(bnn_text *page, size_t rows, size_t cols, const uint8_t *grey) {
    size_t n_lines = rows * (cols + 1);
    uLong  packed = compressBound(n_lines);
    uint8_t *lines = malloc(n_lines), *png = malloc(8 + HEADER + 3 * CHUNK + packed);
    if (lines == NULL || png == NULL) {
        page->has_failed = true;
        goto done;
    }
    for (size_t r = 0; r < rows; r++) {
        lines[r * (cols + 1)] = 0;
        memcpy(lines + r * (cols + 1) + 1, grey + r * cols, cols);
    }
    size_t size = put_header(png, rows, cols);
    if (compress2(png + size + 8, &packed, lines, n_lines, Z_BEST_COMPRESSION) != Z_OK) page->has_failed = true;
    size += put_chunk(png + size, "IDAT", png + size + 8, packed);
    size += put_chunk(png + size, "IEND", NULL, 0);
    bnn_text_add(page, "data:image/png;base64,");
    add_base64(page, png, size);
done:
    free(png);
    free(lines);
}
