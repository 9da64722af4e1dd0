/* Text tools: growing strings, numbers in any locale, the nearest word. */
#include "harness.h"
#include "base/text.h"

#include <locale.h>
#include <stdio.h>

static char folder[256];    /* holds the compiled locale */

static void numbers_are_written_short_and_read_back(void **state) {
    static const struct { double value; const char *text; } rows[] = {
        /* by hand; the last digits as Python's repr shows them */
        {0, "0"}, {-0.0, "-0"}, {0.1, "0.1"}, {-2.5, "-2.5"}, {1e-5, "1e-05"}, {3, "3"}, {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"}, {1e15, "1000000000000000"}, {-1e15, "-1000000000000000"}, {1e16, "1e+16"},
        {9007199254740991, "9007199254740991"}, {123456789012, "123456789012"}, {1e300, "1e+300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"}, {INFINITY, "inf"}, {-INFINITY, "-inf"},
        {(double)NAN, "nan"}, {-(double)NAN, "nan"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buffer[32];
        assert_string_equal(bnn_text_number(buffer, rows[i].value), rows[i].text);
    }
}

static void any_bits_survive_being_written_and_read(void **state) {
    uint64_t bits = 88172645463325252u;    /* Marsaglia's xorshift64, any odd pattern would do */
    (void)state;
    for (int i = 0; i < 100000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double value, again;
        char   buffer[32];
        memcpy(&value, &bits, sizeof value);
        if (isnan(value)) continue;
        assert_true(bnn_text_to_number(bnn_text_number(buffer, value), &again));
        if (memcmp(&value, &again, sizeof value) != 0) fail_msg("%a was written as %s", value, buffer);
    }
}

static void whole_fields_are_numbers(void **state) {
    static const struct { const char *text; double value; } rows[] = {
        {"1", 1}, {"-2.5e3", -2500}, {".5", 0.5}, {"5.", 5}, {"+7", 7}, {" 1 ", 1}, {"\t2\r\n", 2}, {"inf", INFINITY},
        {"-Inf", -INFINITY}, {"1e400", INFINITY}, {"1e-400", 0}, {"007", 7},
    };
    double value;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!bnn_text_to_number(rows[i].text, &value)) fail_msg("\"%s\" is not read", rows[i].text);
        assert_close(value, rows[i].value, 0);
    }
    assert_true(bnn_text_to_number("NaN", &value));
    assert_true(isnan(value));
}

static void anything_else_is_no_number(void **state) {
    static const char *const texts[] = {
        "", " ", "1 2", "1,5", "1x", "x", "0x10", "-0X1p3", "nan(7)", "1e", "--1", "1.2.3", "e5", ".",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 42;
        if (bnn_text_to_number(texts[i], &value)) fail_msg("\"%s\" is read as %g", texts[i], value);
        assert_close(value, 42, 0);
    }
}

static void a_decimal_comma_locale_changes_nothing(void **state) {
    char   command[512], buffer[32];
    double value = 0;
    (void)state;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    setenv("LOCPATH", folder, 1);
    bool has_locale = system(command) == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    unsetenv("LOCPATH");
    if (!has_locale) {
        print_message("skipped: needs localedef with the source of de_DE\n");
        skip();
    }
    snprintf(command, sizeof command, "%g", 0.5);    /* that the locale is there at all */
    bnn_text_number(buffer, 0.5);
    bool is_read = bnn_text_to_number("0.5", &value), is_comma_read = bnn_text_to_number("0,5", &value);
    char after[16];
    snprintf(after, sizeof after, "%g", 0.5);
    setlocale(LC_ALL, "C");
    assert_string_equal(command, "0,5");
    assert_string_equal(buffer, "0.5");
    assert_true(is_read && !is_comma_read);
    assert_close(value, 0.5, 0);
    assert_string_equal(after, "0,5");    /* the caller's locale is as it was */
}

static void text_grows_and_failure_sticks(void **state) {
    bnn_text text = {0};
    char     want[3000] = "";
    (void)state;
    for (int i = 0; i < 500; i++) {
        bnn_text_add(&text, "%d,", i);
        sprintf(want + strlen(want), "%d,", i);
    }
    assert_string_equal(text.at, want);
    assert_int_equal(text.length, strlen(want));
    assert_false(bnn_text_reserve(&text, SIZE_MAX - 10));
    bnn_text_add(&text, "more");
    assert_true(text.has_failed);
    assert_string_equal(text.at, want);
    bnn_text_free(&text);
    assert_null(text.at);
}

static void nearest_word_is_found_within_a_third_of_its_length(void **state) {
    static const char *const keys[] = {"epochs", "batch", "lr", "seed", "kl_weight", "kl_warmup", "sitting"};
    static const struct { const char *word, *nearest; } rows[] = {
        {"epohcs", "epochs"}, {"Batch", "batch"}, {"LR", "lr"}, {"rl", "lr"},    /* "rl": one swap, but two replacements */
        {"kl_wieght", "kl_weight"}, {"klwarmup", "kl_warmup"}, {"sede", "seed"}, {"kitten", "sitting"},    /* distance 3 */
        {"hidden", NULL}, {"mitten_s", NULL}, {"", NULL}, {"xy", NULL},
    };
    char long_word[400];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = bnn_text_nearest(rows[i].word, 7, keys);
        if (rows[i].nearest == NULL ? got != NULL : got == NULL || strcmp(got, rows[i].nearest) != 0)
            fail_msg("nearest to %s is %s", rows[i].word, got ? got : "none");
    }
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(bnn_text_nearest(long_word, 7, keys));
    assert_null(bnn_text_nearest("aa", 1, (const char *const[]){long_word}));
}

static void of_equally_near_words_the_first_wins(void **state) {
    static const char *const keys[] = {"sd9", "sd1", "sd2"};
    (void)state;
    assert_string_equal(bnn_text_nearest("sd3", 3, keys), "sd9");
    assert_string_equal(bnn_text_nearest("sd2", 3, keys), "sd2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_short_and_read_back),
        cmocka_unit_test(any_bits_survive_being_written_and_read),
        cmocka_unit_test(whole_fields_are_numbers),
        cmocka_unit_test(anything_else_is_no_number),
        cmocka_unit_test(a_decimal_comma_locale_changes_nothing),
        cmocka_unit_test(text_grows_and_failure_sticks),
        cmocka_unit_test(nearest_word_is_found_within_a_third_of_its_length),
        cmocka_unit_test(of_equally_near_words_the_first_wins),
    };
    const char *parent = getenv("TMPDIR");
    char command[300];
    snprintf(folder, sizeof folder, "%s/bnn-text-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) return 1;
    int n_failed = RUN(tests);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 ? 1 : n_failed;
}
