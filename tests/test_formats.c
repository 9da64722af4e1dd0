/* NPY and svmlight files: what is read, and that no damage to a file does more than fail. */
#include "data_files.h"
#include "data/read.h"

static bnn_status read_path(bnn_dataset **set, const char *path, const char *labels, const bnn_data_options *options,
                            bool wants_classes, const bnn_schema *schema) {
    bnn_data_options none = no_options();
    return bnn_dataset_read_file(set, options != NULL ? options : &none, path, labels, wants_classes, schema);
}

static void assert_values(const double *got, size_t n, const double *want) {
    for (size_t i = 0; i < n; i++) assert_true(got[i] == want[i]);
}

/* ---- NPY ------------------------------------------------------------------------------------------------------------- */

/* The file as numpy writes it: the dictionary padded with blanks to a multiple of 64, a newline, the values. Returns its size. */
static size_t make_npy(unsigned char *file, int version, const char *dictionary, const void *values, size_t size) {
    size_t start = version == 1 ? 10 : 12, end = (start + strlen(dictionary) + 1 + 63) / 64 * 64, length = end - start;
    memset(file, ' ', end);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)version;
    file[7] = 0;
    file[8] = (unsigned char)(length & 255);
    file[9] = (unsigned char)(length >> 8);
    if (version > 1) file[10] = file[11] = 0;
    memcpy(file + start, dictionary, strlen(dictionary));
    file[end - 1] = '\n';
    memcpy(file + end, values, size);
    return end + size;
}

static const char *put_npy(const char *name, int version, const char *dictionary, const void *values, size_t size) {
    unsigned char file[1024];
    return put_bytes(name, file, make_npy(file, version, dictionary, values, size));
}

/* Dictionaries and value bytes as numpy 2.4 saves np.array([[1, 2.5, -3], [4, 0.1, 6]]) and its kin. */
#define F8 "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
static const char f8[] = "\0\0\0\0\0\0\xf0\x3f" "\0\0\0\0\0\0\x04\x40" "\0\0\0\0\0\0\x08\xc0"
                         "\0\0\0\0\0\0\x10\x40" "\x9a\x99\x99\x99\x99\x99\xb9\x3f" "\0\0\0\0\0\0\x18\x40";
static const char f8_fortran[] = "\0\0\0\0\0\0\xf0\x3f" "\0\0\0\0\0\0\x10\x40" "\0\0\0\0\0\0\x04\x40"
                                 "\x9a\x99\x99\x99\x99\x99\xb9\x3f" "\0\0\0\0\0\0\x08\xc0" "\0\0\0\0\0\0\x18\x40";
static const char f4[] = "\0\0\x80\x3f" "\0\0\x20\x40" "\0\0\x40\xc0" "\0\0\x80\x40" "\xcd\xcc\xcc\x3d" "\0\0\xc0\x40";
static const char i8[] = "\1\0\0\0\0\0\0\0" "\xfe\xff\xff\xff\xff\xff\xff\xff" "\3\0\0\0\0\0\0\0"
                         "\4\0\0\0\0\0\0\0" "\5\0\0\0\0\0\0\0" "\xfa\xff\xff\xff\xff\xff\xff\xff";
static const char i2[] = "\1\0" "\xfe\xff" "\3\0" "\4\0" "\5\0" "\xfa\xff";
static const char u1[] = "\1\2\3\4\5\xff", u1_fortran[] = "\1\4\2\5\3\xff";
static const char labels_i8[] = "\7\0\0\0\0\0\0\0" "\3\0\0\0\0\0\0\0";

static void npy_gives_the_numbers_of_numpy(void **state) {
    (void)state;
    static const struct { int version; const char *dictionary, *values; size_t size; double want[6]; } files[] = {
        { 1, F8, f8, 48, { 1, 2.5, -3, 4, 0.1, 6 } },
        { 2, F8, f8, 48, { 1, 2.5, -3, 4, 0.1, 6 } },
        { 3, "{'shape': (2,3), \"x\": 0, 'fortran_order':False, 'descr':\"<f8\"}", f8, 48, { 1, 2.5, -3, 4, 0.1, 6 } },
        { 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", f8_fortran, 48, { 1, 2.5, -3, 4, 0.1, 6 } },
        { 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }", f4, 24, { 1, 2.5, -3, 4, 0.1f, 6 } },
        { 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", i8, 48, { 1, -2, 3, 4, 5, -6 } },
        { 1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", i2, 12, { 1, -2, 3, 4, 5, -6 } },
        { 1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }", i2, 12, { 1, 65534, 3, 4, 5, 65530 } },
        { 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", u1, 6, { 1, 2, 3, 4, 5, 255 } },
        { 1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", u1_fortran, 6, { 1, 2, 3, 4, 5, 255 } },
        { 1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }", u1, 6, { 1, 2, 3, 4, 5, -1 } },
    };
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        bnn_dataset *set = NULL;
        const double *w = files[f].want, x[] = { w[0], w[1], w[3], w[4] }, y[] = { w[2], w[5] };
        assert_ok(read_path(&set, put_npy("a.npy", files[f].version, files[f].dictionary, files[f].values, files[f].size), NULL, NULL,
                            false, NULL));
        assert_int_equal(set->n_rows, 2);
        assert_int_equal(set->schema.n_features, 2);
        assert_string_equal(set->schema.feature_names[1], "x2");
        assert_values(set->x, 4, x);
        assert_values(set->y, 2, y);
        assert_null(set->lines);
        bnn_dataset_free(set);
    }
}

static void npy_is_known_by_its_content_and_unpacked(void **state) {
    (void)state;
    unsigned char file[512];
    bnn_dataset *set = NULL;
    size_t size = make_npy(file, 1, F8, f8, 48);
    assert_ok(read_path(&set, put_gz("array.gz", file, size), NULL, NULL, false, NULL));
    assert_true(set->n_rows == 2 && set->x[3] == 0.1);
    bnn_dataset_free(set);
}

static void npy_columns_go_by_index(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    options.target = WORDS("0");
    options.ignore = WORDS("1");
    const char *path = put_npy("a.npy", 1, F8, f8, 48);
    assert_ok(read_path(&set, path, NULL, &options, false, NULL));
    const double x[] = { -3, 6 }, y[] = { 1, 4 };
    assert_values(set->x, 2, x);
    assert_values(set->y, 2, y);
    assert_ok(read_path(&more, path, NULL, &options, false, &set->schema));
    assert_values(more->y, 2, y);
    bnn_dataset_free(more);
    more = NULL;
    options.target = WORDS("3");
    assert_fails_with(read_path(&more, path, NULL, &options, false, NULL), "a.npy: no target column '3'", "3 columns");
    bnn_dataset_free(set);
}

/* One file of labels: classes, or numbers in one or several columns. The array is then nothing but features. */
static void npy_labels_come_from_their_own_file(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    const char *x = put_npy("x.npy", 1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", u1_fortran, 6);
    const char *y = put_npy("y.npy", 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", labels_i8, 16);
    assert_ok(read_path(&set, x, y, NULL, true, NULL));
    assert_null(set->x);
    assert_memory_equal(set->x_bytes, u1, 6);   /* images cost what they cost in the file */
    assert_int_equal(set->schema.n_classes, 2);
    assert_string_equal(set->schema.class_names[0], "3");
    assert_true(set->y[0] == 1 && set->y[1] == 0);
    assert_ok(read_path(&more, x, NULL, NULL, true, &set->schema));
    assert_null(more->y);
    bnn_dataset_free(more);
    more = NULL;
    assert_ok(read_path(&more, x, y, NULL, true, &set->schema));
    assert_true(more->y[0] == 1);
    bnn_dataset_free(more);
    bnn_dataset_free(set);
    set = more = NULL;
    assert_ok(read_path(&set, x, put_npy("y2.npy", 1, F8, f8, 48), NULL, false, NULL));
    const double three[] = { 1, 2.5, -3, 4, 0.1, 6 };
    assert_int_equal(set->schema.n_targets, 3);
    assert_string_equal(set->schema.target_names[2], "y3");
    assert_values(set->y, 6, three);
    assert_fails_with(read_path(&more, x, y, NULL, false, &set->schema), "1 label(s) a row, the model has 3 target(s)");
    bnn_dataset_free(set);
}

static void npy_nan_is_a_missing_value(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    double values[] = { 1, NAN, 3, 4, 5, 6 };
    assert_fails_with(read_path(&set, put_npy("n.npy", 1, F8, values, 48), NULL, NULL, false, NULL),
                      "n.npy: row 0: column 1 (counted from 0): 'nan' is not a finite value; data.missing");
    options.missing = BNN_MISSING_DROP;
    assert_ok(read_path(&set, path_of("n.npy"), NULL, &options, false, NULL));
    assert_true(set->n_rows == 1 && set->x[0] == 4 && set->file_rows[0] == 1);
    bnn_dataset_free(set);
    set = NULL;
    values[1] = INFINITY;
    assert_fails_with(read_path(&set, put_npy("n.npy", 1, F8, values, 48), NULL, &options, false, NULL), "'inf' is not a finite value");
}

static void bad_npy_files_are_told(void **state) {
    (void)state;
    static const struct { int version; const char *dictionary, *piece; } bad[] = {
        { 4, F8, "NPY version 4.0" },
        { 1, "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 3), }", "type '>f8'" },
        { 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }", "type '<f2'" },
        { 1, "{'descr': '<c16', 'fortran_order': False, 'shape': (2, 3), }", "type '<c16'" },
        { 1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,), }", "type [('a', '<f8')]" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }", "2 dimensions, [rows, features]: use reshape" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3), }", "more than 2 dimensions" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "a single number" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", "an empty array" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }", "48 bytes of values, the header says 2 x 4 of 8 bytes" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }", "48 bytes of values, the header says 2 x 2 of 8 bytes" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "48 bytes of values" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3), }", "the shape is malformed" },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3", "the shape is malformed" },
        { 1, "{'descr': '<f8', 'fortran_order': False}", "no shape" },
        { 1, "{'descr': '<f8', 'shape': (2, 3)}", "the header is malformed" },
        { 1, "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2, 3)}", "the header is malformed" },
    };
    bnn_dataset *set = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails_with(read_path(&set, put_npy("b.npy", bad[i].version, bad[i].dictionary, f8, 48), NULL, NULL, false, NULL),
                          bad[i].piece, "b.npy: ");
    assert_fails_with(read_path(&set, put("b.npy", "1,2,3\n4,5,6\n"), NULL, NULL, false, NULL), "does not begin like one");
    const char *x = put_npy("x.npy", 1, F8, f8, 48);
    assert_fails_with(read_path(&set, x, put_npy("y.npy", 1, "{'descr': '<i2', 'fortran_order': False, 'shape': (6,), }", i2, 12), NULL,
                                false, NULL), "y.npy: 6 labels for the 2 rows of");
    bnn_data_options options = no_options();
    options.target = WORDS("0");
    assert_fails_with(read_path(&set, x, x, &options, false, NULL), "data.target must be empty");
}

/* ---- svmlight -------------------------------------------------------------------------------------------------------- */

static const char svm[] = "# made by hand\n+1 1:0.5 3:-2 # the first\n\n-1 2:1e3\r\n+1\n";

static void svmlight_rows_become_dense(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    const double x[] = { 0.5, 0, -2, 0, 1000, 0, 0, 0, 0 }, y[] = { 1, -1, 1 }, classes[] = { 1, 0, 1 };
    static const char *const names[] = { "a.svm", "a.svmlight", "a.LIBSVM", "known-by-content" };
    for (size_t i = 0; i < 4; i++) {
        assert_ok(read_path(&set, put(names[i], svm), NULL, NULL, false, NULL));
        assert_int_equal(set->n_rows, 3);
        assert_int_equal(set->schema.n_features, 3);
        assert_string_equal(set->schema.feature_names[0], "x1");
        assert_values(set->x, 9, x);
        assert_values(set->y, 3, y);
        assert_int_equal(set->lines[1], 4);
        bnn_dataset_free(set);
        set = NULL;
    }
    assert_ok(read_path(&set, put_gz("a.svm.gz", svm, strlen(svm)), NULL, NULL, true, NULL));
    assert_string_equal(set->schema.class_names[0], "-1");
    assert_string_equal(set->schema.class_names[1], "+1");
    assert_values(set->y, 3, classes);
    bnn_dataset_free(set);
}

static void svmlight_may_count_from_0(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.first_index = 1;   /* the word "0" */
    const double x[] = { 7, 0, 8 };
    assert_fails_with(read_path(&set, put("z.svm", "1 0:7 2:8\n"), NULL, NULL, false, NULL), "z.svm:1: '0:7' has index 0",
                      "data.first_index = 0");
    assert_ok(read_path(&set, path_of("z.svm"), NULL, &options, false, NULL));
    assert_int_equal(set->schema.n_features, 3);
    assert_values(set->x, 3, x);
    bnn_dataset_free(set);
}

static void svmlight_features_are_those_of_the_training_file(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    const double x[] = { 0, 4, 0 };
    assert_ok(read_path(&set, put("a.svm", svm), NULL, NULL, true, NULL));
    assert_ok(read_path(&more, put("b.svm", "-1 2:4\n"), NULL, NULL, true, &set->schema));
    assert_values(more->x, 3, x);
    assert_true(more->y[0] == 0);
    bnn_dataset_free(more);
    more = NULL;
    assert_ok(read_path(&more, put("b.svm", "2:4\n"), NULL, NULL, true, &set->schema));
    assert_null(more->y);
    assert_values(more->x, 3, x);
    bnn_dataset_free(more);
    more = NULL;
    assert_fails_with(read_path(&more, put("b.svm", "-1 2:4\n+1 4:1\n"), NULL, NULL, true, &set->schema),
                      "b.svm:2: '4:1' has an index beyond the features of the training file");
    assert_fails_with(read_path(&more, put("b.svm", "0 2:4\n"), NULL, NULL, true, &set->schema),
                      "b.svm:1: label: unknown class '0', the model knows: -1, +1");
    assert_fails_with(read_path(&more, put("b.svm", "2:4\n1 2:4\n"), NULL, NULL, true, &set->schema), "b.svm:2: '1' is no index:value");
    bnn_dataset_free(set);
}

static void bad_svmlight_files_are_told(void **state) {
    (void)state;
    static const struct { const char *text, *piece; } bad[] = {
        { "1 1:2\n2 1:3 1:4\n", "s.svm:2: '1:4' comes after an index as large" },
        { "1 2:2 1:3\n", "s.svm:1: '1:3' comes after" },
        { "1 1:2 x\n", "s.svm:1: 'x' is no index:value" },
        { "1 1:2 a:3\n", "s.svm:1: 'a:3' does not start with a feature's index" },
        { "1 1:2 -1:3\n", "s.svm:1: '-1:3' does not start with" },
        { "1 1:two\n", "s.svm:1: column 1 (counted from 1): 'two' is not a number" },
        { "1 1:\n", "s.svm:1: column 1 (counted from 1): empty field" },
        { "1 1:inf\n", "'inf' is not a finite value" },
        { "one 1:2\n", "s.svm:1: label: 'one' is not a number" },
        { "1 1:2\n3:4 4:5\n", "s.svm:2: '3:4' stands where the first row has its label" },
        { "1 qid:3 1:2\n", "'qid:3' belongs to rankings" },
        { "1:2 2:3\n", "start with a label" },
        { "1\n2\n", "the largest feature index is 0, allowed from 1" },
        { "1 1000001:1\n", "the largest feature index is 1000001, allowed from 1 to 1000000" },
        { "1 99999999999999999999:1 1:1\n", "s.svm:1: '99999999999999999999:1' does not start with" },
        { "# nothing\n", "the largest feature index is 0" },
    };
    bnn_dataset *set = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails_with(read_path(&set, put("s.svm", bad[i].text), NULL, NULL, false, NULL), bad[i].piece);
    assert_fails_with(read_path(&set, put_bytes("s.svm", "1 1:2\n2\0 1:3\n", 13), NULL, NULL, false, NULL), "s.svm:2: a zero byte");
    bnn_data_options options = no_options();
    options.ignore = WORDS("0");
    assert_fails_with(read_path(&set, put("s.svm", svm), NULL, &options, false, NULL), "data.ignore does not apply to svmlight");
}

static void times_and_ratios_do_not_make_a_table_svmlight(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.ignore = WORDS("a:b");
    assert_ok(read_path(&set, put("t.txt", "a:b c y\n12:30 2 3\n"), NULL, &options, false, NULL));
    assert_true(set->x[0] == 2);
    bnn_dataset_free(set);
}

/* ---- damage ---------------------------------------------------------------------------------------------------------- */

typedef bnn_status (*reader)(bnn_dataset *set, const bnn_read *request, char *data, size_t size);

static bnn_status npy_reader(bnn_dataset *set, const bnn_read *request, char *data, size_t size) {
    return bnn_dataset_read_npy(set, request, data, size);
}

/* Reads a copy that ends where its memory ends (text: behind a NUL), so that a sanitizer sees each step too far. */
static bnn_status read_damaged(reader read, bool is_text, const void *bytes, size_t size) {
    bnn_data_options options = no_options();
    const bnn_read request = { .options = &options, .path = "damaged", .wants_classes = is_text };
    char *data = malloc(size + is_text);
    bnn_dataset *set = calloc(1, sizeof *set);
    assert_true(set != NULL && data != NULL);
    if (size > 0) memcpy(data, bytes, size);
    if (is_text) data[size] = '\0';
    bnn_status status = read(set, &request, data, size);
    double sum = 0;
    for (size_t i = 0; status == BNN_OK && set->x != NULL && i < set->n_rows * set->schema.n_features; i++) sum += set->x[i] + set->y[i / set->schema.n_features];
    assert_true(status == BNN_OK ? !isnan(sum) || isinf(sum) : status == BNN_ERR_DATA);
    bnn_dataset_free(set);
    free(data);
    return status;
}

static size_t flip_all(reader read, bool is_text, const unsigned char *bytes, size_t size) {
    static const unsigned char masks[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
    unsigned char damaged[512];
    size_t n_refused = 0;
    for (size_t at = 0; at < size; at++)
        for (size_t m = 0; m < sizeof masks; m++) {
            memcpy(damaged, bytes, size);
            damaged[at] ^= masks[m];
            n_refused += read_damaged(read, is_text, damaged, size) != BNN_OK;
        }
    return n_refused;
}

static void damaged_npy_files_only_fail(void **state) {
    (void)state;
    unsigned char file[512];
    size_t size = make_npy(file, 1, F8, f8, 48);
    assert_int_equal(read_damaged(npy_reader, false, file, size), BNN_OK);
    for (size_t n = 0; n < size; n++) assert_int_equal(read_damaged(npy_reader, false, file, n), BNN_ERR_DATA);
    size_t n_refused = flip_all(npy_reader, false, file, size);
    assert_in_range(n_refused, 9 * 60, 9 * size);   /* nearly each flip in the 67 bytes of magic and dictionary is seen */
    size = make_npy(file, 2, F8, f8, 48);
    for (size_t n = 0; n < size; n++) assert_int_equal(read_damaged(npy_reader, false, file, n), BNN_ERR_DATA);
    flip_all(npy_reader, false, file, size);
}

static void damaged_svmlight_files_only_fail(void **state) {
    (void)state;
    size_t size = strlen(svm);
    assert_int_equal(read_damaged(bnn_dataset_read_svmlight, true, svm, size), BNN_OK);
    for (size_t n = 0; n < size; n++) read_damaged(bnn_dataset_read_svmlight, true, svm, n);
    assert_in_range(flip_all(bnn_dataset_read_svmlight, true, (const unsigned char *)svm, size), size, 9 * size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_gives_the_numbers_of_numpy),
        cmocka_unit_test(npy_is_known_by_its_content_and_unpacked),
        cmocka_unit_test(npy_columns_go_by_index),
        cmocka_unit_test(npy_labels_come_from_their_own_file),
        cmocka_unit_test(npy_nan_is_a_missing_value),
        cmocka_unit_test(bad_npy_files_are_told),
        cmocka_unit_test(svmlight_rows_become_dense),
        cmocka_unit_test(svmlight_may_count_from_0),
        cmocka_unit_test(svmlight_features_are_those_of_the_training_file),
        cmocka_unit_test(bad_svmlight_files_are_told),
        cmocka_unit_test(times_and_ratios_do_not_make_a_table_svmlight),
        cmocka_unit_test(damaged_npy_files_only_fail),
        cmocka_unit_test(damaged_svmlight_files_only_fail),
    };
    return RUN_IN_FOLDER(tests);
}
