/* The report's text: escaping, embedded JSON, quoting for gnuplot, ids of pictures. */
#include "harness.h"
#include "report/html.h"
#include "report/plot.h"

#include <math.h>
#include <stdio.h>

static void assert_escaped(const char *text, const char *want) {
    bnn_text page = {0};
    bnn_html_escape(&page, text);
    assert_string_equal(page.at, want);
    bnn_text_free(&page);
}

static void names_cannot_open_elements_or_close_attributes(void **state) {
    (void)state;
    assert_escaped("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_escaped("\" onload='x' a=\"", "&quot; onload=&#39;x&#39; a=&quot;");
    assert_escaped("&lt;", "&amp;lt;");
}

/* Byte sequences from the Unicode standard, table 3-8 and around: overlong, surrogate, above U+10FFFF, cut short. */
static void what_is_not_utf8_becomes_the_replacement_character(void **state) {
    (void)state;
#define R "\xef\xbf\xbd"
    assert_escaped("h\xc3\xb6he \xe2\x82\xac \xf0\x9f\x98\x80", "h\xc3\xb6he \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_escaped("\xc0\xbcscript", R R "script");
    assert_escaped("\xed\xa0\x80", R R R);
    assert_escaped("\xf4\x90\x80\x80", R R R R);
    assert_escaped("a\xe2\x82", "a" R R);
    assert_escaped("a\x01\x1b[0m\x7f", "a" R R "[0m" R);
}

static void json_cannot_end_its_element(void **state) {
    (void)state;
    const char *hostile = "</script><script>alert(1)//<!--";
    json_t *json = json_pack("{s:s}", "name", hostile);
    bnn_text page = {0};
    bnn_html_json(&page, "numbers", json);
    json_decref(json);
    char *inside = strchr(page.at, '>') + 1, *end = strstr(inside, "</script>");
    assert_non_null(end);
    assert_string_equal(end, "</script>\n");          /* the first end is ours */
    *end = '\0';
    assert_null(strchr(inside, '<'));
    json = json_loads(inside, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "name")), hostile);
    json_decref(json);
    bnn_text_free(&page);
}

static void assert_measured(double value, double se, const char *want) {
    bnn_text page = {0};
    bnn_html_measured(&page, value, se);
    assert_string_equal(page.at, want);
    bnn_text_free(&page);
}

/* Two digits of the error, by hand; what is millions large, or has no error, in few digits. */
static void a_value_has_the_digits_that_its_error_leaves_it(void **state) {
    (void)state;
    assert_measured(1.23456, 0.0213, "1.235 <small>\xc2\xb1\xc2\xa0""0.021</small>");
    assert_measured(-152.4, 26.1, "-152 <small>\xc2\xb1\xc2\xa0""26</small>");
    assert_measured(0.25, NAN, "0.2500");
    assert_measured(-2.5e26, 3e25, "-2.5e+26 <small>\xc2\xb1\xc2\xa0""3e+25</small>");
    assert_measured(NAN, NAN, "\xe2\x80\x93");
}

/* ---- gnuplot --------------------------------------------------------------------------------------------------------- */

static void quoted_names_hold_no_live_quote_or_line_end(void **state) {
    (void)state;
    bnn_text script = {0};
    bnn_plot_quote(&script, "a'; system 'touch x'\n\xff`id` é");
    assert_string_equal(script.at, "'a''; system ''touch x''??`id` é'");
    bnn_text_free(&script);
    bnn_plot_quote(&script, "0123456789012345678901234567890123456789more");
    assert_string_equal(script.at, "'0123456789012345678901234567890123456789...'");
    bnn_text_free(&script);
}

static void draw(bnn_text *page, const char *label, const char *prefix) {
    bnn_text script = {0}, svg = {0};
    bnn_text_add(&script, "set terminal svg noenhanced\nset xlabel ");
    bnn_plot_quote(&script, label);
    bnn_text_add(&script, "\nplot '+' using 1:1 with points pointtype 7 title ");
    bnn_plot_quote(&script, label);
    bnn_text_add(&script, "\n");
    assert_ok(bnn_plot_run(&svg, script.at));
    bnn_svg_embed(page, svg.at, prefix, label, label);
    bnn_text_free(&svg);
    bnn_text_free(&script);
}

static size_t count_text(const char *text, const char *piece) {
    size_t n = 0;
    for (; (text = strstr(text, piece)) != NULL; text++) n++;
    return n;
}

/* Each id once, each reference to one that is there. */
static void assert_ids_are_sound(const char *page) {
    for (const char *at = page; (at = strstr(at, " id=")) != NULL; at++) {
        char attribute[200], quote = at[4];
        size_t length = strcspn(at + 5, "'\"");
        snprintf(attribute, sizeof attribute, " id=%c%.*s%c", quote, (int)length, at + 5, quote);
        assert_int_equal(count_text(page, attribute), 1);
    }
    assert_non_null(strstr(page, "href='#"));
    for (const char *at = page; (at = strstr(at, "href='#")) != NULL; at++) {
        char attribute[200];
        snprintf(attribute, sizeof attribute, " id='%.*s'", (int)strcspn(at + 7, "'"), at + 7);
        assert_int_equal(count_text(page, attribute), 1);
    }
}

static void two_pictures_on_a_page_share_no_id(void **state) {
    (void)state;
    bnn_text page = {0};
    draw(&page, "first", "f1");
    draw(&page, "second", "f2");
    assert_ids_are_sound(page.at);
    assert_int_equal(count_text(page.at, "<svg "), 2);
    assert_null(strstr(page.at, "<?xml"));
    assert_null(strstr(page.at, "xlink:"));
    bnn_text_free(&page);
}

static void pictures_carry_hostile_labels_as_text(void **state) {
    (void)state;
    bnn_text page = {0};
    draw(&page, "</text><script>x</script> '\"&`touch hacked` $(id) {/*4 big} @me", "f1");
    assert_null(strstr(page.at, "<script"));
    assert_non_null(strstr(page.at, "&lt;script"));
    bnn_text_free(&page);
}

static void a_picture_that_fails_says_what_gnuplot_said(void **state) {
    (void)state;
    bnn_text svg = {0};
    assert_int_equal(bnn_plot_run(&svg, "set terminal svg\nplot $nothing\n"), BNN_ERR_FILE);
    assert_non_null(strstr(bnn_error_text(), "gnuplot drew nothing: "));
    bnn_text_free(&svg);
}

static void without_gnuplot_one_sentence_says_what_to_install(void **state) {
    (void)state;
    bnn_text svg = {0};
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(bnn_plot_run(&svg, "plot x\n"), BNN_ERR_FILE);
    setenv("PATH", path, 1);
    free(path);
    assert_non_null(strstr(bnn_error_text(), "gnuplot-nox"));
    assert_null(strchr(bnn_error_text(), '\n'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_cannot_open_elements_or_close_attributes),
        cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
        cmocka_unit_test(json_cannot_end_its_element),
        cmocka_unit_test(a_value_has_the_digits_that_its_error_leaves_it),
        cmocka_unit_test(quoted_names_hold_no_live_quote_or_line_end),
        cmocka_unit_test(two_pictures_on_a_page_share_no_id),
        cmocka_unit_test(pictures_carry_hostile_labels_as_text),
        cmocka_unit_test(a_picture_that_fails_says_what_gnuplot_said),
        cmocka_unit_test(without_gnuplot_one_sentence_says_what_to_install),
    };
    return RUN(tests);
}
