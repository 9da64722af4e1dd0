/* What all pages share. */
#include "report/page.h"
#include "report/html.h"
#include "report/style.h"
#include "run/run.h"

/* The policy holds even a page that somebody has tampered with: no request, no script. */
void bnn_page_open(bnn_text *page, const char *title) {
    bnn_text_add(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    bnn_html_escape(page, title);
    bnn_text_add(page, "</title>\n<style>\n");
    bnn_report_style(page);
    bnn_text_add(page, "</style>\n</head>\n<body>\n<main>\n");
}

void bnn_page_put(bnn_text *page, const char *before, const char *text, const char *after) {
    bnn_text_add(page, "%s", before);
    bnn_html_escape(page, text);
    bnn_text_add(page, "%s\n", after);
}

void bnn_page_close(bnn_text *page, const json_t *json) {
    bnn_text_add(page, "<footer>Made by bnn %s (%s). Figures by gnuplot. Colours after Okabe and Ito.</footer>\n</main>\n",
                 bnn_version(), bnn_commit());
    bnn_html_json(page, "numbers", json);
    bnn_text_add(page, "</body>\n</html>\n");
}
