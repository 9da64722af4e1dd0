/* Splits and scaling: which rows train, and what is fitted on them. */
#include "data_files.h"
#include "data/rows.h"

static bnn_data_options options_for(const char *train) {
    bnn_data_options options = no_options();
    options.train = train;
    return options;
}

/* "a,y" and rows i, 10 i. */
static const char *put_line(const char *name, int n) {
    char text[4096] = "a,y\n";
    for (int i = 0; i < n; i++) sprintf(text + strlen(text), "%d,%d\n", i, 10 * i);
    return put(name, text);
}

static bool are_ascending(const bnn_dataset *part) {
    for (size_t i = 1; i < part->n_rows; i++)
        if (part->file_rows[i] <= part->file_rows[i - 1]) return false;
    return true;
}

/* counts [n]: how often each row of a file made by put_line occurs in a part. */
static void count_rows(const bnn_dataset *part, int *counts) {
    for (size_t i = 0; part != NULL && i < part->n_rows; i++) {
        assert_true(part->x[i] == (double)part->file_rows[i] && part->y[i] == 10 * part->x[i]);
        counts[part->file_rows[i]]++;
    }
}

/* ---- splits ---------------------------------------------------------------------------------------------------------- */

static void random_parts_share_out_all_rows(void **state) {
    (void)state;
    bnn_data_parts parts = {0}, again = {0}, other = {0};
    bnn_data_options options = options_for(put_line("r.csv", 100));
    int counts[100] = {0};
    options.test_fraction = 0.1;
    options.valid_fraction = 0.2;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_int_equal(parts.test->n_rows, 10);
    assert_int_equal(parts.valid->n_rows, 18);   /* 0.2 of the 90 that are left */
    assert_int_equal(parts.train->n_rows, 72);
    count_rows(parts.train, counts);
    count_rows(parts.valid, counts);
    count_rows(parts.test, counts);
    for (int i = 0; i < 100; i++) assert_int_equal(counts[i], 1);
    assert_true(are_ascending(parts.train) && are_ascending(parts.valid) && are_ascending(parts.test));
    assert_ok(bnn_data_parts_read(&again, &options, 1, false));
    assert_memory_equal(again.test->x, parts.test->x, 10 * sizeof(double));
    assert_ok(bnn_data_parts_read(&other, &options, 2, false));
    assert_memory_not_equal(other.test->x, parts.test->x, 10 * sizeof(double));
    bnn_data_parts_free(&parts);
    bnn_data_parts_free(&again);
    bnn_data_parts_free(&other);
}

static void subset_comes_before_the_split(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put_line("r.csv", 100));
    int counts[100] = {0}, n = 0;
    options.rows = 40;
    options.test_rows = put("rows.txt", "0 1 2 3 4 5 6 7 8 9\n10 11 12 13 14 15 16 17 18 19\n\n20 21 22 23 24 25 26 27 28 29\n");
    assert_ok(bnn_data_parts_read(&parts, &options, 3, false));
    assert_int_equal(parts.train->n_rows + parts.test->n_rows, 40);
    count_rows(parts.train, counts);
    for (int i = 0; i < 30; i++) assert_int_equal(counts[i], 0);
    count_rows(parts.test, counts);
    for (int i = 0; i < 100; i++) n += counts[i];
    assert_int_equal(n, 40);
    bnn_data_parts_free(&parts);
    options.rows = 101;
    assert_fails_with(bnn_data_parts_read(&parts, &options, 3, false), "data.rows = 101", "r.csv has 100 rows");
}

static void without_a_split_all_rows_train(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put_line("r.csv", 5));
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_int_equal(parts.train->n_rows, 5);
    assert_null(parts.valid);
    assert_null(parts.test);
    bnn_data_parts_free(&parts);
}

static void bad_row_files_name_the_line(void **state) {
    (void)state;
    static const struct { const char *text, *piece; } bad[] = {
        { "1\n2\n10\n", "rows.txt:3: row number '10' is out of range, the data have rows 0 to 9" },
        { "1\n\n2 1\n", "rows.txt:3: row number '1' occurs twice" },
        { "1\n2.0\n", "rows.txt:2: row number '2.0' is not a 0-based row number" },
        { "-1\n", "rows.txt:1: row number '-1' is not" },
        { "99999999999999999999\n", "rows.txt:1: row number '99999999999999999999' is not" },
        { "\n", "rows.txt: the test part comes out empty" },
        { "0 1 2 3 4 5 6 7 8 9", "rows.txt: no row is left for training" },
    };
    bnn_data_options options = options_for(put_line("r.csv", 10));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bnn_data_parts parts = {0};
        options.test_rows = put("rows.txt", bad[i].text);
        assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), bad[i].piece);
        assert_null(parts.train);
    }
}

static void split_pattern_takes_exactly_one_number(void **state) {
    (void)state;
    static const struct { const char *pattern, *path; } good[] = {
        { "s/test_%02d.txt", "s/test_07.txt" }, { "%d", "7" }, { "a%3db", "a  7b" }, { "100%/%s%n/%d", "100%/%s%n/7" },
    };
    static const char *const bad[] = { "s/test.txt", "%d/%d", "%s", "%", "%0999d", "%ld" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *path = NULL;
        assert_ok(bnn_rows_path(&path, good[i].pattern, 7));
        assert_string_equal(path, good[i].path);
        free(path);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = NULL;
        assert_int_equal(bnn_rows_path(&path, bad[i], 7), BNN_ERR_CONFIG);
        assert_non_null(strstr(bnn_error_text(), bad[i]));
    }
}

static void contradicting_or_empty_choices_are_refused(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for("");
    assert_int_equal(bnn_data_parts_read(&parts, &options, 1, false), BNN_ERR_CONFIG);
    options.train = put_line("r.csv", 10);
    options.test_fraction = 0.01;
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "data.test_fraction = 0.01 of 10 rows", "empty");
    options.test = "x.csv";
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "2 of data.test,");
    options = options_for(options.train);
    options.valid = "x.csv";
    options.valid_fraction = 0.5;
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "only one of data.valid and");
}

static void classes_come_from_the_training_rows(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("c.csv", "a,y\n0,c\n1,a\n2,b\n3,c\n4,b\n"));
    options.test_rows = put("rows.txt", "1\n");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, true),
                      "c.csv:3: column 'y': class 'a' occurs in no training row, these do: b, c");
    options.test_rows = put("rows.txt", "2 3\n");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, true));
    assert_int_equal(parts.train->schema.n_classes, 3);
    assert_true(parts.test->y[0] == 1 && parts.test->y[1] == 2);
    bnn_data_parts_free(&parts);
    options.test_rows = "";
    options.test = put("d.csv", "y,a\nb,1\nd,1\n");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, true), "d.csv:3", "'d'", "a, b, c");
    options.test = put("d.csv", "a\n1\n");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, true), "d.csv", "no column 'y'");
}

/* A class that only dropped rows have is no class; the others are numbered anew. */
static void classes_of_dropped_rows_are_forgotten(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("c.csv", "x,y\n0,a\n1,b\n2,c\n3,d\n"));
    options.rows = 2;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, true));
    assert_int_equal(parts.train->n_rows, 2);
    assert_int_equal(parts.train->schema.n_classes, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(parts.train->y[i] == (double)i);
        assert_int_equal(parts.train->schema.class_names[i][0], 'a' + (int)parts.train->x[i]);
    }
    bnn_data_parts_free(&parts);
}

/* ---- scaling --------------------------------------------------------------------------------------------------------- */

/* Means and population sds by numpy over the 277 training rows of split 0: d[mask].mean(0), d[mask].std(0). */
static void yacht_split_0_scales_as_numpy_says(void **state) {
    (void)state;
    static const double mean[] = { -2.4166064981949438, 0.5646064981949446, 4.790685920577603, 3.9438989169675125,
                                   3.2079422382671385, 0.2893501805054151, 10.646462093862812 };
    static const double sd[] = { 1.4926578554093286, 0.023169140149051415, 0.25532148401355087, 0.548258776977735,
                                 0.2529574319278905, 0.1006940361985763, 15.1099077559384 };
    const char *root = big_data();
    if (root == NULL) skip();
    char train[4200], splits[4200];
    bnn_data_parts parts = {0};
    bnn_scaling scaling = {0};
    snprintf(train, sizeof train, "%s/uci/yacht/data.csv", root);
    snprintf(splits, sizeof splits, "%s/uci/yacht/splits/test_%%02d.txt", root);
    bnn_data_options options = options_for(train);
    options.splits = splits;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_int_equal(parts.train->n_rows, 277);
    assert_int_equal(parts.test->n_rows, 31);
    assert_int_equal(parts.test->schema.n_features, 6);
    assert_true(parts.test->y[3] == 8.25 && parts.test->file_rows[3] == 37);   /* numpy: d[37] */
    assert_ok(bnn_scaling_fit(&scaling, parts.train, "standardize", "standardize"));
    for (size_t j = 0; j < 6; j++) {
        assert_close(scaling.x_shift[j], mean[j], 1e-13);
        assert_close(scaling.x_scale[j], sd[j], 1e-13);
    }
    assert_close(scaling.y_shift[0], mean[6], 1e-13);
    assert_close(scaling.y_scale[0], sd[6], 1e-13);
    assert_int_equal(scaling.n_constant, 0);
    bnn_scaling_free(&scaling);
    bnn_data_parts_free(&parts);
}

static const double single = 1e-6, twice = 1e-14;   /* of float and double arithmetic, with room for a few roundings */
static double precision(void) { return sizeof(real) == sizeof(float) ? single : twice; }

static void gather_scales_the_rows_asked_for(void **state) {
    (void)state;
    const double x[] = { 1, 5, 0.1, 3, 5, 0.1, 8, 5, 0.1 }, y[] = { 2, 4, 9 };
    const size_t rows[] = { 2, 0 };
    real sx[6], sy[3];
    bnn_dataset *set = NULL;
    bnn_scaling s = {0};
    assert_ok(bnn_dataset_make(&set, 3, 3, x, 1, y, 0));
    assert_ok(bnn_scaling_fit(&s, set, "standardize", "standardize"));
    assert_int_equal(s.n_constant, 2);
    assert_true(s.x_scale[1] == 1 && s.x_scale[2] == 1);
    bnn_scaling_gather(&s, set, 2, rows, sx, sy);
    /* by hand: mean 4, var (9 + 1 + 16) / 3; y: mean 5, var (9 + 1 + 16) / 3 */
    const double sd = sqrt(26.0 / 3);
    assert_close((double)sx[0], 4 / sd, precision());
    assert_close((double)sx[3], -3 / sd, precision());
    assert_true(sx[1] == 0 && sx[2] == 0 && sx[4] == 0);   /* constant columns become exactly 0 */
    assert_close((double)sy[0], 4 / sd, precision());
    assert_close((double)sy[1], -3 / sd, precision());
    bnn_scaling_free(&s);
    assert_ok(bnn_scaling_fit(&s, set, "divide:4", "none"));
    bnn_scaling_gather(&s, set, 3, NULL, NULL, sy);
    bnn_scaling_gather(&s, set, 1, rows, sx, NULL);
    assert_true(sx[0] == 2 && sx[1] == (real)1.25 && sy[1] == 4);
    bnn_scaling_free(&s);
    bnn_dataset_free(set);
}

static void classes_are_never_scaled(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3 }, y[] = { 2, 0, 1 };
    real sy[3];
    bnn_dataset *set = NULL;
    bnn_scaling s = {0};
    assert_ok(bnn_dataset_make(&set, 3, 1, x, 1, y, 3));
    assert_ok(bnn_scaling_fit(&s, set, "standardize", "standardize"));
    bnn_scaling_gather(&s, set, 3, NULL, NULL, sy);
    for (int i = 0; i < 3; i++) assert_true(sy[i] == (real)y[i]);
    bnn_scaling_free(&s);
    bnn_dataset_free(set);
}

/* Pixels as bytes and the same numbers as doubles are scaled alike. */
static void bytes_scale_as_doubles_do(void **state) {
    (void)state;
    enum { N = 7, D = 37 };
    double x[N * D];
    uint8_t bytes[N * D];
    real from_bytes[N * D], from_doubles[N * D];
    static const char *const ways[] = { "standardize", "none", "divide:126", "divide:255" };
    for (int i = 0; i < N * D; i++) x[i] = bytes[i] = i % D == 5 ? 200 : (uint8_t)(i * i * 7 + 3 * i);
    bnn_dataset *set = NULL;
    assert_ok(bnn_dataset_make(&set, N, D, x, 0, NULL, 0));
    bnn_dataset image = *set;
    image.x = NULL;
    image.x_bytes = bytes;
    for (size_t w = 0; w < 4; w++) {
        bnn_scaling s = {0}, t = {0};
        assert_ok(bnn_scaling_fit(&s, set, ways[w], "none"));
        assert_ok(bnn_scaling_fit(&t, &image, ways[w], "none"));
        assert_memory_equal(s.x_scale, t.x_scale, D * sizeof *s.x_scale);
        assert_memory_equal(s.x_shift, t.x_shift, D * sizeof *s.x_shift);
        assert_int_equal(t.n_constant, w == 0 ? 1 : 0);
        bnn_scaling_gather(&s, set, N, NULL, from_doubles, NULL);
        bnn_scaling_gather(&t, &image, N, NULL, from_bytes, NULL);
        for (int i = 0; i < N * D; i++) assert_close((double)from_bytes[i], (double)from_doubles[i], precision());
        if (w > 0) assert_close((double)from_bytes[4], x[4] / (w == 1 ? 1 : w == 2 ? 126 : 255), precision());
        bnn_scaling_free(&s);
        bnn_scaling_free(&t);
    }
    bnn_dataset_free(set);
}

static void scaling_survives_json_bit_for_bit(void **state) {
    (void)state;
    const double x[] = { 0.1, 1e-9, 0.7, 3e8, 1.0 / 3, 2e7 }, y[] = { 0.1, 0.2, 0.4 };
    bnn_dataset *set = NULL;
    bnn_scaling s = {0}, back = {0}, bad = {0};
    assert_ok(bnn_dataset_make(&set, 3, 2, x, 1, y, 0));
    assert_ok(bnn_scaling_fit(&s, set, "standardize", "standardize"));
    json_t *json = bnn_scaling_to_json(&s);
    char *text = json_dumps(json, JSON_REAL_PRECISION(17));
    json_t *read = json_loads(text, 0, NULL);
    assert_ok(bnn_scaling_from_json(&back, read));
    assert_int_equal(back.n_features, 2);
    assert_memory_equal(back.x_shift, s.x_shift, 2 * sizeof(double));
    assert_memory_equal(back.x_scale, s.x_scale, 2 * sizeof(double));
    assert_memory_equal(back.y_scale, s.y_scale, sizeof(double));
    assert_memory_equal(back.byte_factor, s.byte_factor, 2 * sizeof(real));
    json_array_set_new(json_object_get(read, "x_scale"), 0, json_real(0));
    assert_fails_with(bnn_scaling_from_json(&bad, read), "x_scale");
    json_array_set_new(json_object_get(read, "x_scale"), 0, json_real(1));
    json_object_del(read, "y_shift");
    assert_fails_with(bnn_scaling_from_json(&bad, read), "y_shift");
    free(text);
    json_decref(json);
    json_decref(read);
    bnn_scaling_free(&s);
    bnn_scaling_free(&back);
    bnn_dataset_free(set);
}

static void values_too_large_to_standardize_are_refused(void **state) {
    (void)state;
    const double x[] = { 1e300, -1e300, 0 };
    bnn_dataset *set = NULL;
    bnn_scaling s = {0};
    assert_ok(bnn_dataset_make(&set, 3, 1, x, 0, NULL, 0));
    assert_fails_with(bnn_scaling_fit(&s, set, "standardize", "none"), "'x1'", "too large");
    bnn_dataset_free(set);
}

/* ---- options --------------------------------------------------------------------------------------------------------- */

static const bnn_option *row_of(const char *name) {
    const bnn_option *row = bnn_data_rows;
    while (row->name != NULL && strcmp(row->name, name) != 0) row++;
    return row;
}

static void scaling_words_are_checked(void **state) {
    (void)state;
    static const char *const good[] = { "standardize", "none", "divide:126", "divide:0.5" };
    static const char *const bad[] = { "", "divide", "divide:", "divide:0", "divide:-1", "divide:x", "divide:inf", "standardise" };
    const bnn_option *x = row_of("scale_x"), *y = row_of("scale_y");
    for (size_t i = 0; i < 4; i++) assert_null(x->check(good[i]));
    for (size_t i = 0; i < 8; i++) assert_non_null(x->check(bad[i]));
    assert_null(y->check("none"));
    assert_non_null(y->check("divide:126"));
    assert_string_equal(row_of("format")->words, "auto|csv|tsv|table|idx|npy|svmlight");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_parts_share_out_all_rows),
        cmocka_unit_test(subset_comes_before_the_split),
        cmocka_unit_test(without_a_split_all_rows_train),
        cmocka_unit_test(bad_row_files_name_the_line),
        cmocka_unit_test(split_pattern_takes_exactly_one_number),
        cmocka_unit_test(contradicting_or_empty_choices_are_refused),
        cmocka_unit_test(classes_come_from_the_training_rows),
        cmocka_unit_test(classes_of_dropped_rows_are_forgotten),
        cmocka_unit_test(yacht_split_0_scales_as_numpy_says),
        cmocka_unit_test(gather_scales_the_rows_asked_for),
        cmocka_unit_test(classes_are_never_scaled),
        cmocka_unit_test(bytes_scale_as_doubles_do),
        cmocka_unit_test(scaling_survives_json_bit_for_bit),
        cmocka_unit_test(values_too_large_to_standardize_are_refused),
        cmocka_unit_test(scaling_words_are_checked),
    };
    return RUN_IN_FOLDER(tests);
}
