/* Escaping, numbers and embedded JSON. */
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Table 3-7 of the Unicode standard: the second byte of a character has a narrower range after some first bytes. */
static const struct { unsigned char from, to, low, high; size_t length; } firsts[] = {
    { 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t bnn_utf8_length(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        if (at[0] < firsts[i].from || at[0] > firsts[i].to) continue;
        for (size_t k = 1; k < firsts[i].length; k++) {
            unsigned char low = k == 1 ? firsts[i].low : 0x80, high = k == 1 ? firsts[i].high : 0xbf;
            if (at[k] < low || at[k] > high) return 0;
        }
        return firsts[i].length;
    }
    return 0;
}

static const char *entity_of(char c) {
    switch (c) {
    case '&':  return "&amp;";
    case '<':  return "&lt;";
    case '>':  return "&gt;";
    case '"':  return "&quot;";
    case '\'': return "&#39;";
    default:   return NULL;
    }
}

/* Control characters are no part of a page. */
static bool is_forbidden(char c) { return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

void bnn_html_escape(bnn_text *page, const char *text) {
    while (text != NULL && *text != '\0') {
        const char *entity = entity_of(*text);
        size_t length = bnn_utf8_length(text);
        if (entity != NULL) bnn_text_add(page, "%s", entity);
        else if (length == 0 || is_forbidden(*text)) bnn_text_add(page, REPLACEMENT);
        else bnn_text_add(page, "%.*s", (int)length, text);
        text += length == 0 ? 1 : length;
    }
}

void bnn_html_number(bnn_text *page, double value) {
    char number[32];
    if (!isfinite(value)) {
        bnn_text_add(page, "\xe2\x80\x93");
        return;
    }
    snprintf(number, sizeof number, "%.4g", value);
    bnn_text_add(page, "%s", number);
}

void bnn_html_measured(bnn_text *page, double value, double se) {
    int decimals = isfinite(se) && se > 0 ? 1 - (int)floor(log10(se)) : 4;
    bool is_huge = fabs(value) >= 1e6 || se >= 1e6;
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    if (isfinite(value) && !is_huge) bnn_text_add(page, "%.*f", decimals, value);
    else bnn_html_number(page, value);
    if (!isfinite(se)) return;
    if (is_huge) bnn_text_add(page, " <small>\xc2\xb1\xc2\xa0%.2g</small>", se);
    else bnn_text_add(page, " <small>\xc2\xb1\xc2\xa0%.*f</small>", decimals, se);
}

json_t *bnn_json_text(const char *bytes) {
    bnn_text clean = {0};
    while (*bytes != '\0') {
        size_t length = bnn_utf8_length(bytes);
        if (length == 0) bnn_text_add(&clean, REPLACEMENT);
        else bnn_text_add(&clean, "%.*s", (int)length, bytes);
        bytes += length == 0 ? 1 : length;
    }
    json_t *string = json_string(clean.at == NULL ? "" : clean.at);
    bnn_text_free(&clean);
    return string;
}

json_t *bnn_json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

void bnn_html_json(bnn_text *page, const char *id, const json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text == NULL) {
        page->has_failed = true;
        return;
    }
    bnn_text_add(page, "<script type=\"application/json\" id=\"%s\">", id);
    for (const char *at = text; *at != '\0';) {
        size_t n = strcspn(at, "<");
        bnn_text_add(page, "%.*s%s", (int)n, at, at[n] == '<' ? "\\u003c" : "");
        at += at[n] == '<' ? n + 1 : n;
    }
    bnn_text_add(page, "</script>\n");
    free(text);
}
