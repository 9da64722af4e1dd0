/* gnuplot's SVG inside a page. Ids are unique in a whole page, not in each picture, and gnuplot calls its marks gpPt1 in every one.
 *
 * Colours stay as gnuplot writes them: the page's style sheet turns each of the few we use into one for light and one for dark. What is
 * dropped: the XML header, gnuplot's own titles (browsers show them as tips), filters nobody uses, groups with nothing in them. */
#include "report/html.h"
#include "report/plot.h"

#include <stdio.h>
#include <string.h>

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

/* The end of what is to be left out at `at`, or `at` itself. */
static const char *skip(const char *at) {
    static const struct { const char *start, *end; } dropped[] = {
        { "<title>", "</title>" }, { "<desc>", "</desc>" }, { "<filter ", "</filter>" },
    };
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        const char *end = starts_with(at, dropped[i].start) ? strstr(at, dropped[i].end) : NULL;
        if (end != NULL) return end + strlen(dropped[i].end);
    }
    if (!starts_with(at, "<g ")) return at;
    const char *inside = at + strcspn(at, ">"), *after = *inside == '>' ? inside + 1 + strspn(inside + 1, " \t\n") : inside;
    return starts_with(after, "</g>") ? after + 4 : at;
}

/* Copies `at` up to and with the part of an id or of a reference that stands before its name; NULL: neither begins here. */
static const char *copy_reference(bnn_text *page, const char *at) {
    static const struct { const char *from, *to; } starts[] = {
        { " id='", " id='" }, { " id=\"", " id=\"" }, { "xlink:href='#", "href='#" }, { "url(#", "url(#" }, { "xlink:href='data:", "href='data:" },
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (!starts_with(at, starts[i].from)) continue;
        bnn_text_add(page, "%s", starts[i].to);
        return at + strlen(starts[i].from);
    }
    return NULL;
}

static void copy_body(bnn_text *page, const char *at, const char *prefix) {
    while (*at != '\0') {
        const char *next = skip(at), *plain;
        if (next != at) {
            at = next;
            continue;
        }
        if ((next = copy_reference(page, at)) != NULL) {
            if (!starts_with(next - 5, "data:")) bnn_text_add(page, "%s-", prefix);
            at = next;
            continue;
        }
        plain = at + 1 + strcspn(at + 1, "< xu");
        bnn_text_add(page, "%.*s", (int)(plain - at), at);
        at = plain;
    }
}

static void open_svg(bnn_text *page, const char *svg, const char *prefix, const char *title, const char *description) {
    double width = 460, height = 320;
    const char *box = strstr(svg, "viewBox=\"0 0 ");
    if (box != NULL) sscanf(box, "viewBox=\"0 0 %lf %lf\"", &width, &height);
    bnn_text_add(page, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" role=\"img\" aria-labelledby=\"%s-t "
                 "%s-d\">\n<title id=\"%s-t\">",
                 width, height, prefix, prefix, prefix);
    bnn_html_escape(page, title);
    bnn_text_add(page, "</title>\n<desc id=\"%s-d\">", prefix);
    bnn_html_escape(page, description);
    bnn_text_add(page, "</desc>\n");
}

void bnn_svg_embed(bnn_text *page, const char *svg, const char *prefix, const char *title, const char *description) {
    const char *start = strstr(svg, "<svg"), *body = start == NULL ? NULL : strchr(start, '>');
    if (body == NULL) return;
    open_svg(page, start, prefix, title, description);
    copy_body(page, body + 1, prefix);
}
