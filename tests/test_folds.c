/* data.folds: cross-validation inside the training part, while rows for testing stay unread. */
#include "data_files.h"

enum { ROWS = 50 };

/* "a,y" with rows i, 10 i; every fifth, which is for testing, is `odd` instead. */
static const char *put_rows(const char *name, const char *odd) {
    char text[8192] = "a,y\n";
    for (int i = 0; i < ROWS; i++) {
        if (i % 5 == 0) strcat(text, odd);
        else sprintf(text + strlen(text), "%d,%d", i, 10 * i);
        strcat(text, "\n");
    }
    return put(name, text);
}

static const char *put_test_rows(void) {
    char text[512] = "";
    for (int i = 0; i < ROWS; i += 5) sprintf(text + strlen(text), "%d\n", i);
    return put("test.txt", text);
}

static bnn_data_options options_for(const char *train) {
    bnn_data_options options = no_options();
    options.train = train;
    options.test_rows = put_test_rows();
    options.folds = 3;
    return options;
}

/* seen [ROWS]: how often each row of the file was in the part. */
static void count_rows(const bnn_dataset *part, int *seen) {
    for (size_t i = 0; i < part->n_rows; i++) {
        assert_true(part->x[i] == (double)part->file_rows[i] && part->y[i] == 10 * part->x[i]);
        seen[part->file_rows[i]]++;
    }
}

static void folds_share_out_the_training_part_and_no_test_row(void **state) {
    (void)state;
    bnn_data_options options = options_for(put_rows("rows.csv", "3,7"));
    int tested[ROWS] = {0}, trained[ROWS] = {0};
    for (options.fold = 0; options.fold < 3; options.fold++) {
        bnn_data_parts parts = {0};
        assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
        assert_int_equal(parts.train->n_rows + parts.test->n_rows, 40);
        assert_in_range(parts.test->n_rows, 13, 14);
        count_rows(parts.test, tested);
        count_rows(parts.train, trained);
        bnn_data_parts_free(&parts);
    }
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(tested[i], i % 5 == 0 ? 0 : 1);
        assert_int_equal(trained[i], i % 5 == 0 ? 0 : 2);
    }
}

/* Whatever stands there, the parts are those of an honest file. */
static void rows_for_testing_may_hold_anything(void **state) {
    (void)state;
    static const char *const odd[] = { "no,number", "1,2,3,4", "1", "nan,2", ",", "5,inf" };
    const int missing[] = { BNN_MISSING_ERROR, BNN_MISSING_DROP, BNN_MISSING_MEAN_INDICATOR };
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++)
        for (size_t m = 0; m < 3; m++) {
            bnn_data_parts honest = {0}, parts = {0};
            bnn_data_options options = options_for(put_rows("rows.csv", "3,7"));
            options.missing = missing[m];
            assert_ok(bnn_data_parts_read(&honest, &options, 1, false));
            options.train = put_rows("odd.csv", odd[k]);
            assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
            assert_int_equal(parts.train->n_rows, honest.train->n_rows);
            assert_int_equal(parts.train->schema.n_features, 1);
            assert_memory_equal(parts.train->x, honest.train->x, honest.train->n_rows * sizeof(double));
            assert_memory_equal(parts.test->y, honest.test->y, honest.test->n_rows * sizeof(double));
            bnn_data_parts_free(&honest);
            bnn_data_parts_free(&parts);
        }
}

/* The same file read as it is for testing: each of these is a fault there. */
static void without_folds_such_rows_are_faults(void **state) {
    (void)state;
    bnn_data_options options = options_for(put_rows("odd.csv", "no,number"));
    bnn_data_parts parts = {0};
    options.folds = 0;
    assert_int_equal(bnn_data_parts_read(&parts, &options, 1, false), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "odd.csv:2"));
}

static void a_garbled_training_row_is_a_fault_with_folds_too(void **state) {
    (void)state;
    for (int m = BNN_MISSING_ERROR; m <= BNN_MISSING_DROP; m++) {
        bnn_data_options options = options_for(put("short.csv", "a,y\n1,10\n2,20\n3,x\n4,40\n"));
        bnn_data_parts parts = {0};
        options.test_rows = put("one.txt", "0\n");
        options.missing = m;
        assert_int_equal(bnn_data_parts_read(&parts, &options, 1, false), BNN_ERR_DATA);
        assert_non_null(strstr(bnn_error_text(), "short.csv:4: column 'y': 'x' is not a number"));
    }
}

static void classes_that_only_test_rows_have_are_no_classes_of_a_fold(void **state) {
    (void)state;
    bnn_data_options options = options_for(put("classes.csv", "a,y\n1,green\n2,red\n3,blue\n4,red\n5,blue\n6,red\n7,blue\n"));
    bnn_data_parts parts = {0};
    options.test_rows = put("one.txt", "0\n");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, true));
    assert_int_equal(parts.train->schema.n_classes, 2);
    bnn_data_parts_free(&parts);
}

static void a_test_file_stays_shut(void **state) {
    (void)state;
    bnn_data_options options = options_for(put_rows("rows.csv", "3,7"));
    bnn_data_parts parts = {0};
    options.test_rows = "";
    options.test = path_of("there-is-no-such-file.csv");
    options.folds = 0;
    options.fold_fraction = 0.2;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_int_equal(parts.test->n_rows, 10);
    bnn_data_parts_free(&parts);
}

static void folds_that_cannot_be_are_refused(void **state) {
    (void)state;
    const long long wrong[][2] = { { 1, 0 }, { 3, 3 }, { 41, 0 } };
    for (size_t i = 0; i < 3; i++) {
        bnn_data_options options = options_for(put_rows("rows.csv", "3,7"));
        bnn_data_parts parts = {0};
        options.folds = wrong[i][0];
        options.fold = wrong[i][1];
        assert_int_equal(bnn_data_parts_read(&parts, &options, 1, false), BNN_ERR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_share_out_the_training_part_and_no_test_row),
        cmocka_unit_test(rows_for_testing_may_hold_anything),
        cmocka_unit_test(without_folds_such_rows_are_faults),
        cmocka_unit_test(a_garbled_training_row_is_a_fault_with_folds_too),
        cmocka_unit_test(classes_that_only_test_rows_have_are_no_classes_of_a_fold),
        cmocka_unit_test(a_test_file_stays_shut),
        cmocka_unit_test(folds_that_cannot_be_are_refused),
    };
    return RUN_IN_FOLDER(tests);
}
