/* Colours are Okabe & Ito's (2008), which the colour-blind can tell apart; in the dark their brighter half. gnuplot writes the light ones
 * into its attributes, and rules made from the table below replace them by the page's own, so that one picture serves both. */
#include "report/style.h"

#include <stdio.h>

static const char sheet[] =
    ":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#5b6672;--edge:#dfe3e8;--axis:#8a8a8a;--grid:#e8eaed;"
    "--blue:#0072b2;--sky:#56b4e9;--orange:#e69f00;--red:#d55e00;--green:#009e73;--pink:#cc79a7;--band1:#cfe8f7;--band2:#8cc9ec;"
    "--band3:#f6d79a;--shade:0,114,178}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#101418;--card:#181d23;--ink:#e6e9ed;--soft:#9aa5b1;--edge:#2c343d;--axis:#7d8791;"
    "--grid:#28303a;--blue:#6cc0f5;--sky:#8fd0f7;--orange:#f0b429;--red:#ff8b47;--green:#2fc49a;--pink:#e39cc4;--band1:#1d3a4d;"
    "--band2:#2f6a8c;--band3:#5d4a1a;--shade:86,180,233}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "overflow-wrap:anywhere}\n"
    "main{max-width:1240px;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2rem) 3rem}\n"
    "h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0 .6rem}h2{font-size:1.25rem;margin:2.2rem 0 .8rem}"
    "h3{font-size:1rem;margin:0 0 .5rem}\n"
    "p{margin:.4rem 0 .8rem;max-width:75ch}.kind{color:var(--soft);margin:0}.more{color:var(--soft);font-size:.85rem}\n"
    ".warning{border-left:4px solid var(--orange);background:var(--card);padding:.5rem .8rem;border-radius:4px}\n"
    ".scores{display:grid;grid-template-columns:repeat(auto-fill,minmax(175px,1fr));gap:.7rem;margin:1.2rem 0;padding:0;list-style:none}\n"
    ".scores li{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:.6rem .8rem}\n"
    ".scores b{display:block;font-size:1.35rem;white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".scores small{font-size:.8rem;font-weight:400;color:var(--soft)}"
    ".scores span{display:block;line-height:1.3;color:var(--soft);font-size:.85rem}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:1rem;align-items:start;margin:1rem 0}\n"
    "figure{margin:0;min-width:0;max-width:640px;background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:1rem}\n"
    "figure>svg{display:block;width:100%;height:auto}figcaption{color:var(--soft);font-size:.88rem;line-height:1.45;margin-top:.5rem}\n"
    ".scroll{overflow-x:auto;max-width:100%}.scroll:focus-visible{outline:2px solid var(--blue)}\n"
    "table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--edge)}th{font-weight:600}\n"
    "tbody th,thead th:first-child{text-align:left}thead th{color:var(--soft);font-weight:500}"
    ".words{text-align:left;white-space:normal;min-width:14rem}\n"
    "details{margin:.6rem 0}summary{cursor:pointer;color:var(--soft);font-size:.88rem}details .scroll{max-height:22rem;overflow-y:auto}\n"
    "pre{overflow-x:auto;font-size:.82rem;line-height:1.4;background:var(--card);border:1px solid var(--edge);border-radius:8px;"
    "padding:.8rem}\n"
    "figure.wide{max-width:none;grid-column:1/-1}\n"
    ".images{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:.8rem;list-style:none;margin:0;padding:0}\n"
    ".images li{display:grid;grid-template-columns:56px 1fr;gap:.2rem .6rem;align-items:center}"
    ".images img{width:56px;image-rendering:pixelated;"
    "border-radius:4px}.images small{grid-column:1/-1;color:var(--soft);font-size:.78rem}\n"
    "@media (min-width:900px){.images{grid-template-columns:repeat(5,1fr)}}.bar b{margin-right:.4em}\n"
    ".confusion{font-size:.82rem}.confusion td{min-width:2.1rem}.confusion th,.confusion td{padding:.25rem .35rem}"
    ".confusion .hit{background:rgba(var(--shade),calc(.6*var(--v)))}"
    ".confusion .miss{background:rgba(230,140,0,calc(min(1,8*var(--v))*.8))}\n"
    ".bar{display:block;font-size:.8rem;line-height:1.35;margin:1px 0;padding:0 .3rem;border-radius:3px;white-space:nowrap;overflow:hidden;"
    "background:linear-gradient(var(--fill),var(--fill)) 0/calc(100%*var(--p)) 100% no-repeat var(--grid)}"
    ".bar{--fill:var(--band2)}.bar.right{--fill:color-mix(in srgb,var(--green) 55%,transparent)}\n"
    "a{color:var(--blue)}footer{color:var(--soft);font-size:.85rem;margin-top:2.5rem}\n"
    "svg text{font-family:Arial,Helvetica,'Liberation Sans',sans-serif}\n";

/* What the scripts of the figures may use. */
static const struct { unsigned rgb; const char *name; } colours[] = {
    { 0x000000, "ink" },  { 0x5b6672, "soft" },   { 0x8a8a8a, "axis" },   { 0xe2e2e2, "grid" },  { 0x0072b2, "blue" },  { 0x56b4e9, "sky" },   { 0xe69f00, "orange" },
    { 0xd55e00, "red" },  { 0x009e73, "green" },  { 0xcc79a7, "pink" },  { 0xcfe8f7, "band1" }, { 0x8cc9ec, "band2" }, { 0xf6d79a, "band3" },
};

/* fill, stroke and color: attributes and properties of one name. */
static void add_rules(bnn_text *page, const char *value, const char *name) {
    static const char *const attributes[] = { "fill", "stroke", "color" };
    for (size_t a = 0; a < sizeof attributes / sizeof *attributes; a++)
        bnn_text_add(page, "svg [%s='%s']{%s:var(--%s)}", attributes[a], value, attributes[a], name);
    bnn_text_add(page, "\n");
}

void bnn_report_style(bnn_text *page) {
    bnn_text_add(page, "%s", sheet);
    add_rules(page, "black", "ink");
    for (size_t c = 0; c < sizeof colours / sizeof *colours; c++) {
        char of_lines[32], of_text[32];
        unsigned r = colours[c].rgb >> 16 & 255, g = colours[c].rgb >> 8 & 255, b = colours[c].rgb & 255;
        snprintf(of_lines, sizeof of_lines, "rgb(%3u, %3u, %3u)", r, g, b);
        snprintf(of_text, sizeof of_text, "rgb(%u,%u,%u)", r, g, b);
        add_rules(page, of_lines, colours[c].name);
        add_rules(page, of_text, colours[c].name);
    }
}
