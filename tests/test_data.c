/* Reading data files: formats, columns, classes, and what every kind of bad input is told. */
#include "data_files.h"
#include "data/read.h"

#include <locale.h>

/* Reads a small text file; the caller frees. */
static bnn_status read_text(bnn_dataset **set, const char *name, const char *text, const bnn_data_options *options,
                            bool wants_classes, const bnn_schema *schema) {
    bnn_data_options none = no_options();
    return bnn_dataset_read_file(set, options != NULL ? options : &none, put(name, text), NULL, wants_classes, schema);
}

static void assert_values(const double *got, size_t n, const double *want) {
    for (size_t i = 0; i < n; i++) assert_true(got[i] == want[i]);
}

/* ---- formats --------------------------------------------------------------------------------------------------------- */

/* The same two rows in every dialect. */
static void every_text_format_gives_the_same_numbers(void **state) {
    (void)state;
    static const struct { const char *name, *text; } files[] = {
        { "a.csv", "a,b,y\n1,2.5,3\n-4,5e-1,6\n" },         { "b.csv", "a,b,y\r\n1,2.5,3\r\n-4,0.5,6" },
        { "c.tsv", "a\tb\ty\n1\t2.5\t3\n-4\t.5\t6\n" },     { "d.txt", "  a b  y\n 1 2.5   3\n-4 +0.5\t6 \n" },
        { "e.dat", "a\tb\ty\n1\t2.5\t3\n-4\t0.5\t6\n" },    { "f.dat", "a, b, y\n 1, 2.5,3\n-4 ,0.5, 6\n" },
        { "g.csv", "\xef\xbb\xbf" "a,b,y\n1,2.5,3\n-4,0.5,6\n" },  { "h.csv", "\"a\",\"b\",\"y\"\n\"1\",2.5,3\n-4,\"0.5\",6\n" },
        { "i.csv", "\n\na,b,y\n\n1,2.5,3\n  \n-4,0.5,6\n\n" },
    };
    const double x[] = { 1, 2.5, -4, 0.5 }, y[] = { 3, 6 };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bnn_dataset *set = NULL;
        assert_ok(read_text(&set, files[i].name, files[i].text, NULL, false, NULL));
        assert_int_equal(set->n_rows, 2);
        assert_int_equal(set->schema.n_features, 2);
        assert_string_equal(set->schema.feature_names[0], "a");
        assert_string_equal(set->schema.feature_names[1], "b");
        assert_string_equal(set->schema.target_names[0], "y");
        assert_values(set->x, 4, x);
        assert_values(set->y, 2, y);
        bnn_dataset_free(set);
    }
}

/* The plain lines are cut by us, the quoted ones by libcsv. */
static void blanks_and_line_ends_count_alike_with_and_without_quotes(void **state) {
    (void)state;
    static const char plain[] = " a ,b\t,y \r\n 1 , 2,3\r\n\r\n   \n4,5 ,\t6\n7,8,9";
    static const char quoted[] = " \"a\" ,\"b\"\t,\"y\" \r\n \"1\" , \"2\",\"3\"\r\n\r\n   \n\"4\",\"5\" ,\t\"6\"\n\"7\",\"8\",\"9\"";
    static const char mixed[] = " a ,\"b\"\t,y \r\n 1 , 2,3\r\n\r\n   \n4,\"5\" ,\t6\n7,8,9";
    static const char *const texts[] = { plain, quoted, mixed };
    static const double x[] = { 1, 2, 4, 5, 7, 8 }, y[] = { 3, 6, 9 };
    bnn_data_options none = no_options();
    for (size_t i = 0; i < 3; i++) {
        bnn_dataset *set = NULL;
        assert_ok(bnn_dataset_read_file(&set, &none, put("blanks.csv", texts[i]), NULL, false, NULL));
        assert_int_equal(set->n_rows, 3);
        assert_values(set->x, 6, x);
        assert_values(set->y, 3, y);
        assert_string_equal(set->schema.feature_names[1], "b");
        assert_string_equal(set->schema.target_names[0], "y");
        assert_true(set->lines[0] == 2 && set->lines[1] == 5 && set->lines[2] == 6);
        bnn_dataset_free(set);
    }
}

static void gzip_is_unpacked(void **state) {
    (void)state;
    static const char text[] = "a,y\n1,2\n3,4\n";
    bnn_data_options none = no_options();
    bnn_dataset *plain = NULL, *packed = NULL;
    assert_ok(bnn_dataset_read_file(&plain, &none, put("plain.csv", text), NULL, false, NULL));
    assert_ok(bnn_dataset_read_file(&packed, &none, put_gz("packed.csv.gz", text, strlen(text)), NULL, false, NULL));
    assert_values(packed->x, 2, plain->x);
    bnn_dataset_free(plain);
    bnn_dataset_free(packed);
}

static void name_of_a_file_tells_its_format_before_its_content(void **state) {
    (void)state;
    static const char text[] = "a\tb,y\n1,2\n";   /* the content alone looks like TSV */
    bnn_data_options none = no_options();
    bnn_dataset *set = NULL;
    assert_ok(bnn_dataset_read_file(&set, &none, put_gz("tab.CSV.gz", text, strlen(text)), NULL, false, NULL));
    assert_string_equal(set->schema.feature_names[0], "a\tb");
    bnn_dataset_free(set);
}

static void header_is_seen_by_a_field_that_is_no_number(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    assert_ok(read_text(&set, "n.csv", "1,2,3\n4,5,6\n", NULL, false, NULL));
    assert_int_equal(set->n_rows, 2);
    assert_string_equal(set->schema.feature_names[1], "x2");
    assert_string_equal(set->schema.target_names[0], "y");
    bnn_dataset_free(set);
    set = NULL;
    bnn_data_options options = no_options();
    options.header = 1;   /* yes */
    assert_ok(read_text(&set, "n.csv", "1,2,3\n4,5,6\n", &options, false, NULL));
    assert_int_equal(set->n_rows, 1);
    assert_string_equal(set->schema.feature_names[1], "2");
    bnn_dataset_free(set);
    set = NULL;
    options.header = 2;   /* no */
    assert_fails_with(read_text(&set, "n.csv", "a,b,y\n4,5,6\n", &options, false, NULL), "n.csv:1", "'a' is not a number");
}

/* "1,2,setosa": a header named so, or a first row? Guessing would lose a row in silence. */
static void lone_text_in_the_class_column_is_not_guessed(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    assert_fails_with(read_text(&set, "iris", "1,2,setosa\n3,4,virginica\n", &options, true, NULL), "iris:1", "'setosa'", "header");
    options.header = 2;
    assert_ok(read_text(&set, "iris", "1,2,setosa\n3,4,virginica\n", &options, true, NULL));
    assert_int_equal(set->n_rows, 2);
    options.header = 0;
    assert_ok(read_text(&more, "iris", "1,2,virginica\n", &options, true, &set->schema));
    assert_int_equal(more->n_rows, 1);
    assert_true(more->y[0] == 1);
    bnn_dataset_free(set);
    bnn_dataset_free(more);
}

static void numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
        print_message("no locale with a decimal comma here; the C locale is checked\n");
    bnn_status status = read_text(&set, "l.csv", "a,y\n0.1,2.5e-3\n", NULL, false, NULL);
    setlocale(LC_NUMERIC, "C");
    assert_ok(status);
    assert_true(set->x[0] == 0.1 && set->y[0] == 2.5e-3);
    bnn_dataset_free(set);
}

/* The short way must give strtod's bits. */
static void numbers_are_exactly_those_of_strtod(void **state) {
    (void)state;
    static const char *const words[] = { "0", "-0", "+1", "1.", ".5", "0.1", "-0.3", "123456789.123456", "9007199254740993",
                                         "0.0000000000000000000001", "179769313486231570000", "3.141592653589793238",
                                         "1e22", "1.7976931348623157e308", "4.9e-324", "0.3000000000000000444089209850062616",
                                         "12345678901234567890", "16.826000213623", "8.5899346e9", "007.250" };
    static const char *const wrong[] = { "", "-", "+", ".", "1x", "x1", "1.2.3", "--1", "+-1", "1,5", "0x10", "1e", "-.", "1 2" };
    unsigned random = 1;
    char text[32];
    double value;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(bnn_field_to_number(words[i], strlen(words[i]), &value));
        assert_true(value == strtod(words[i], NULL) && signbit(value) == signbit(strtod(words[i], NULL)));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(bnn_field_to_number(wrong[i], strlen(wrong[i]), &value));
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        snprintf(text, sizeof text, "%.*f", (int)(random >> 28), (double)(int)random / 1048576.0 * (i % 1000));
        assert_true(bnn_field_to_number(text, strlen(text), &value));
        assert_true(value == strtod(text, NULL));
    }
}

static void quoted_newlines_keep_line_numbers_right(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.ignore = WORDS("note");
    assert_ok(read_text(&set, "q.csv", "a,note,y\n1,\"two\nlines, and \"\"quotes\"\"\",2\n\n3,,4\n", &options, false, NULL));
    assert_int_equal(set->n_rows, 2);
    assert_int_equal(set->lines[0], 2);
    assert_int_equal(set->lines[1], 5);
    bnn_dataset_free(set);
    set = NULL;
    assert_fails_with(read_text(&set, "q.csv", "a,note,y\r\n1,\"two\r\nlines\",2\r\n\r\nbad,,4\r\n", &options, false, NULL),
                      "q.csv:5: column 'a': 'bad' is not a number");
    assert_fails_with(read_text(&set, "q.csv", "a,note,y\n1,n,2\n1,\"open,2\n3,n,4\n", &options, false, NULL), "q.csv:3", "quote");
}

static void empty_tsv_fields_are_fields(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    assert_fails_with(read_text(&set, "e.tsv", "a\tb\ty\n\t2\t3\n", NULL, false, NULL), "e.tsv:2: column 'a': empty field");
    assert_fails_with(read_text(&set, "e.tsv", "a\tb\ty\n1\t2\t\n", NULL, false, NULL), "e.tsv:2: column 'y': empty field");
}

/* ---- columns --------------------------------------------------------------------------------------------------------- */

static void targets_go_by_name_or_index_and_keep_their_order(void **state) {
    (void)state;
    static const char text[] = "id,u,v,w\n9,1,2,3\n8,4,5,6\n";
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.target = WORDS("w", "1");
    options.ignore = WORDS("id");
    const double x[] = { 2, 5 }, y[] = { 3, 1, 6, 4 };
    assert_ok(read_text(&set, "t.csv", text, &options, false, NULL));
    assert_int_equal(set->schema.n_targets, 2);
    assert_int_equal(set->schema.n_features, 1);
    assert_string_equal(set->schema.feature_names[0], "v");
    assert_string_equal(set->schema.target_names[0], "w");
    assert_string_equal(set->schema.target_names[1], "u");
    assert_values(set->x, 2, x);
    assert_values(set->y, 4, y);
    bnn_dataset_free(set);
    set = NULL;
    assert_fails_with(read_text(&set, "t.csv", text, &options, true, NULL), "t.csv:1", "one target");
    options.target = WORDS("u", "u");
    assert_fails_with(read_text(&set, "t.csv", text, &options, false, NULL), "t.csv:1", "'u' is also another target");
    options.target = WORDS("id");
    assert_fails_with(read_text(&set, "t.csv", text, &options, false, NULL), "t.csv:1", "'id' is also ignored");
}

static void missing_target_column_names_the_nearest(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.target = WORDS("pirce");
    assert_fails_with(read_text(&set, "t.csv", "size,price\n1,2\n", &options, false, NULL), "t.csv:1: no target column 'pirce'",
                      "'price'");
    options.target = WORDS("zzzzzz");
    assert_fails_with(read_text(&set, "t.csv", "size,price\n1,2\n", &options, false, NULL), "size, price");
    options.target = WORDS("7");
    assert_fails_with(read_text(&set, "t.csv", "1,2\n3,4\n", &options, false, NULL), "t.csv:1", "'7'", "2 columns");
    options = no_options();
    options.ignore = WORDS("sise");
    assert_fails_with(read_text(&set, "t.csv", "size,price\n1,2\n", &options, false, NULL), "no ignored column 'sise'", "'size'");
}

static void bad_tables_are_told_in_one_sentence(void **state) {
    (void)state;
    static const struct { const char *text, *piece; } bad[] = {
        { "a,b,y\n1,2,3\n4,5\n", "bad.csv:3: 2 fields, but 3 in line 1" },
        { "a,b,y\n1,2,3,4\n", "bad.csv:2: 4 fields, but 3 in line 1" },
        { "a,b,y\nx,2\n", "bad.csv:2: 2 fields" },                            /* the count before the text */
        { "a,b,y\n1,2,3\n1,two,3\n", "bad.csv:3: column 'b': 'two' is not a number" },
        { "a,b,y\n1,2,3\n1,,3\n", "bad.csv:3: column 'b': empty field" },
        { "a,b,y\n1,nan,3\n", "bad.csv:2: column 'b': 'nan' is not a finite value; data.missing" },
        { "a,b,y\n1,2,-inf\n", "bad.csv:2: column 'y': '-inf' is not a finite value" },
        { "a,b,y\n1,1e999,3\n", "bad.csv:2: column 'b': '1e999' is not a finite value" },
        { "1,2,3\n1,two,3\n", "bad.csv:2: column 1 (counted from 0): 'two'" },
        { "a,b,y\n", "bad.csv:1: no rows of data after the header" },
        { "", "bad.csv:1: no rows of data: the file is empty" },
        { "\n \n", "no rows of data" },
        { "y\n1\n", "bad.csv:1: no column is left for features" },
        { "a,a,y\n1,2,3\n", "bad.csv:1: two columns are named 'a'" },
        { "a,Temp\xb0,y\n1,2,3\n", "bad.csv:1: the column name 'Temp\xb0' is not UTF-8" },
        { "a,b,y\n1,\x1b[31m,3\n", "'?[31m' is not a number" },               /* nothing that moves a terminal */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bnn_dataset *set = NULL;
        assert_fails_with(read_text(&set, "bad.csv", bad[i].text, NULL, false, NULL), bad[i].piece);
        assert_null(set);
        assert_null(strchr(bnn_error_text(), '\n'));
    }
}

static void unreadable_files_are_told(void **state) {
    (void)state;
    static const char text[] = "a,y\n1,2\n3,4\n5,6\n7,8\n";
    bnn_data_options none = no_options();
    bnn_dataset *set = NULL;
    assert_int_equal(bnn_dataset_read_file(&set, &none, path_of("absent.csv"), NULL, false, NULL), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "absent.csv"));
    unsigned char packed[256];
    FILE *file = fopen(put_gz("cut.csv.gz", text, strlen(text)), "rb");
    size_t size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    put_bytes("cut.csv.gz", packed, size - 12);
    assert_fails_with(bnn_dataset_read_file(&set, &none, path_of("cut.csv.gz"), NULL, false, NULL), "cut.csv.gz");
    assert_fails_with(bnn_dataset_read_file(&set, &none, put_bytes("zero.csv", "a,y\n1,\0\n", 8), NULL, false, NULL),
                      "zero.csv:2: a zero byte");
}

/* ---- classes --------------------------------------------------------------------------------------------------------- */

static void classes_are_ordered_as_numbers_or_bytewise(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    const double numeric[] = { 2, 0, 1, 2 }, bytewise[] = { 2, 1, 0, 2 };
    assert_ok(read_text(&set, "c.csv", "a,y\n1,10\n2,-1\n3,9\n4,10\n", NULL, true, NULL));
    assert_int_equal(set->schema.n_classes, 3);
    assert_string_equal(set->schema.class_names[0], "-1");
    assert_string_equal(set->schema.class_names[2], "10");
    assert_values(set->y, 4, numeric);
    bnn_dataset_free(set);
    set = NULL;
    assert_ok(read_text(&set, "c.csv", "a,y\n1,b\n2,B\n3,10\n4,b\n", NULL, true, NULL));
    assert_string_equal(set->schema.class_names[0], "10");
    assert_string_equal(set->schema.class_names[1], "B");
    assert_values(set->y, 4, bytewise);
    bnn_dataset_free(set);
    set = NULL;
    assert_fails_with(read_text(&set, "c.csv", "a,y\n1,1\n2,1.0\n", NULL, true, NULL), "'1' and '1.0' are the same number");
    assert_fails_with(read_text(&set, "c.csv", "a,y\n1,1\n2,\n", NULL, true, NULL), "c.csv:3: column 'y': empty field");
    assert_fails_with(read_text(&set, "c.csv", "a,y\n1,1\n2,nan\n", NULL, true, NULL), "c.csv:3: column 'y': 'nan' is not a finite value; only data.missing = drop");
}

static void unknown_class_names_line_and_known_classes(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    assert_ok(read_text(&set, "c.csv", "a,y\n1,cat\n2,dog\n", NULL, true, NULL));
    assert_fails_with(read_text(&more, "d.csv", "y,a\ndog,2\ncow,1\n", NULL, true, &set->schema),
                      "d.csv:3: column 'y': unknown class 'cow'", "cat, dog");
    assert_ok(read_text(&more, "d.csv", "y,a\ndog,2\n", NULL, true, &set->schema));
    assert_true(more->y[0] == 1 && more->x[0] == 2);
    assert_int_equal(more->schema.n_classes, 2);
    bnn_dataset_free(set);
    bnn_dataset_free(more);
}

/* ---- further files of a model ---------------------------------------------------------------------------------------- */

static void columns_of_a_further_file_are_matched_by_name(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    options.ignore = WORDS("id");
    assert_ok(read_text(&set, "m.csv", "id,age,size,y\n1,2,3,4\n", &options, false, NULL));
    const double x[] = { 2, 3 };
    static const char *const same[] = { "size,age\n3,2\n", "y,size,age\n4,3,2\n", "size,id,age\n3,text,2\n", "2,3\n", "2,3,4\n" };
    for (size_t i = 0; i < 5; i++) {
        assert_ok(read_text(&more, "n.csv", same[i], &options, false, &set->schema));
        assert_values(more->x, 2, x);
        assert_int_equal(more->y != NULL, strchr(same[i], '4') != NULL);
        assert_true(more->y == NULL || more->y[0] == 4);
        bnn_dataset_free(more);
        more = NULL;
    }
    const bnn_schema *schema = &set->schema;
    assert_fails_with(read_text(&more, "n.csv", "aqe,size\n1,2\n", &options, false, schema),
                      "n.csv:1: no feature column 'age'", "'aqe'");
    assert_fails_with(read_text(&more, "n.csv", "age,size,z\n1,2,3\n", &options, false, schema),
                      "n.csv:1: column 'z' is unknown", "age, size, y");
    assert_fails_with(read_text(&more, "n.csv", "age,size,age\n1,2,3\n", &options, false, schema), "two columns are named 'age'");
    assert_fails_with(read_text(&more, "n.csv", "1\n", &options, false, schema), "n.csv:1: 1 column", "2 (features)", "4");
    options.ignore = WORDS("0");
    assert_ok(read_text(&more, "n.csv", "7,2,3,4\n", &options, false, &set->schema));
    assert_values(more->x, 2, x);
    assert_true(more->y[0] == 4);
    bnn_dataset_free(more);
    bnn_dataset_free(set);
}

static void position_of_a_named_target_is_unknown_without_header(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    options.target = WORDS("y");
    assert_ok(read_text(&set, "m.csv", "y,a\n1,2\n", &options, false, NULL));
    assert_fails_with(read_text(&more, "n.csv", "1,2\n", &options, false, &set->schema), "no target column 'y'", "no header");
    assert_ok(read_text(&more, "n.csv", "5\n6\n", &options, false, &set->schema));
    assert_null(more->y);
    bnn_dataset_free(set);
    bnn_dataset_free(more);
}

static void schema_survives_json(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_schema back = {0}, bad = {0};
    assert_ok(read_text(&set, "j.csv", "a b,\xc3\xa9,y\n1,2,no\n1,2,yes\n", NULL, true, NULL));
    json_t *json = bnn_schema_to_json(&set->schema);
    assert_ok(bnn_schema_from_json(&back, json));
    assert_int_equal(back.n_features, 2);
    assert_string_equal(back.feature_names[1], "\xc3\xa9");
    assert_int_equal(back.n_classes, 2);
    assert_string_equal(back.class_names[1], "yes");
    assert_string_equal(back.target_names[0], "y");
    for (int n = 1; n <= 3; n += 2) {   /* two names */
        json_object_set_new(json, "n_features", json_integer(n));
        assert_fails_with(bnn_schema_from_json(&bad, json), "feature_names");
    }
    json_decref(json);
    bnn_schema_free(&back);
    bnn_dataset_free(set);
}

/* ---- IDX ------------------------------------------------------------------------------------------------------------- */

static const unsigned char images[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255 };
static const unsigned char labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 7, 3 };

static void idx_images_stay_bytes(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options none = no_options();
    const char *image_path = put_gz("t-idx3-ubyte.gz", images, sizeof images);
    const char *label_path = put_bytes("l", labels, sizeof labels);
    assert_ok(bnn_dataset_read_file(&set, &none, image_path, label_path, true, NULL));
    assert_int_equal(set->n_rows, 2);
    assert_int_equal(set->schema.n_features, 6);
    assert_int_equal(set->schema.image_rows, 2);
    assert_int_equal(set->schema.image_cols, 3);
    assert_null(set->x);
    assert_memory_equal(set->x_bytes, images + 16, 12);
    assert_int_equal(set->schema.n_classes, 2);
    assert_string_equal(set->schema.class_names[0], "3");
    assert_true(set->y[0] == 1 && set->y[1] == 0);
    assert_ok(bnn_dataset_read_file(&more, &none, put_bytes("sniffed", images, sizeof images), NULL, true, &set->schema));
    assert_null(more->y);
    assert_int_equal(more->n_rows, 2);
    bnn_dataset_free(more);
    bnn_dataset_free(set);
}

static void bad_idx_files_are_told(void **state) {
    (void)state;
    static const unsigned char three[] = { 0, 0, 8, 1, 0, 0, 0, 3, 7, 3, 1 };
    bnn_data_options none = no_options();
    bnn_dataset *set = NULL;
    unsigned char bytes[sizeof images];
    const char *a = path_of("a.idx"), *l = put_bytes("l", labels, sizeof labels);
    memcpy(bytes, images, sizeof images);
    bytes[2] = 13;
    put_bytes("a.idx", bytes, sizeof bytes);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, l, true, NULL), "a.idx: wrong IDX magic 00 00 0d 03");
    bytes[2] = 8;
    bytes[7] = 0;
    put_bytes("a.idx", bytes, sizeof bytes);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, l, true, NULL), "a.idx: an empty data set");
    memset(bytes + 4, 255, 12);   /* sizes whose product overflows */
    put_bytes("a.idx", bytes, sizeof bytes);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, l, true, NULL), "IDX header says");
    put_bytes("a.idx", images, sizeof images - 1);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, l, true, NULL), "a.idx: 11 bytes", "12");
    put_bytes("a.idx", images, sizeof images);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, a, true, NULL), "expected labels");
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, NULL, true, NULL), "train_labels");
    put_bytes("l.idx", labels, sizeof labels);
    assert_fails_with(bnn_dataset_read_file(&set, &none, path_of("l.idx"), l, true, NULL), "wrong IDX magic 00 00 08 01", "images");
    put_bytes("l3", three, sizeof three);
    assert_fails_with(bnn_dataset_read_file(&set, &none, a, path_of("l3"), true, NULL), "l3: 3 labels for the 2 images");
}

/* Figures by numpy: sums and counts over the unpacked files. */
static void mnist_has_its_known_sums(void **state) {
    (void)state;
    const char *root = big_data();
    if (root == NULL) skip();
    char image_path[4200], label_path[4200];
    bnn_data_options none = no_options();
    bnn_dataset *set = NULL;
    snprintf(image_path, sizeof image_path, "%s/mnist/train-images-idx3-ubyte.gz", root);
    snprintf(label_path, sizeof label_path, "%s/mnist/train-labels-idx1-ubyte.gz", root);
    assert_ok(bnn_dataset_read_file(&set, &none, image_path, label_path, true, NULL));
    assert_int_equal(set->n_rows, 60000);
    assert_int_equal(set->schema.n_features, 784);
    assert_int_equal(set->schema.n_classes, 10);
    unsigned long long sum = 0, fives = 0;
    for (size_t i = 0; i < 60000 * 784; i++) sum += set->x_bytes[i];
    for (size_t i = 0; i < 60000; i++) fives += set->y[i] == 5;
    assert_int_equal(sum, 1567298545);
    assert_int_equal(fives, 5421);
    assert_true(set->y[0] == 5 && set->y[1] == 0 && set->y[9] == 4);
    bnn_dataset_free(set);
}

/* ---- from memory ----------------------------------------------------------------------------------------------------- */

static void data_from_memory_are_checked_and_copied(void **state) {
    (void)state;
    double x[] = { 1, 2, 3, 4 }, y[] = { 0, 2 };
    bnn_dataset *set = NULL, *part = NULL;
    assert_ok(bnn_dataset_make(&set, 2, 2, x, 1, y, 3));
    x[3] = 0;
    assert_true(set->x[3] == 4 && set->y[1] == 2);
    assert_int_equal(bnn_dataset_rows(set), 2);
    assert_int_equal(bnn_dataset_features(set), 2);
    assert_string_equal(set->schema.class_names[2], "2");
    assert_string_equal(set->schema.feature_names[1], "x2");
    const size_t rows[] = { 1, 1, 0 };
    assert_ok(bnn_dataset_select(&part, set, 3, rows));
    assert_true(part->x[0] == 3 && part->x[2] == 3 && part->x[5] == 2 && part->y[0] == 2 && part->y[2] == 0);
    assert_int_equal(part->file_rows[0], 1);
    bnn_dataset_free(part);
    bnn_dataset_free(set);
    set = NULL;
    assert_fails_with(bnn_dataset_make(&set, 2, 2, x, 1, y, 2), "y[1] = 2", "0 to 1");
    y[0] = 0.5;
    assert_fails_with(bnn_dataset_make(&set, 2, 2, x, 1, y, 3), "y[0] = 0.5");
    x[2] = NAN;
    assert_fails_with(bnn_dataset_make(&set, 2, 2, x, 0, NULL, 0), "x[1][0]");
    assert_fails_with(bnn_dataset_make(&set, 0, 2, x, 1, y, 0), "without rows");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_format_gives_the_same_numbers),
        cmocka_unit_test(blanks_and_line_ends_count_alike_with_and_without_quotes),
        cmocka_unit_test(gzip_is_unpacked),
        cmocka_unit_test(name_of_a_file_tells_its_format_before_its_content),
        cmocka_unit_test(header_is_seen_by_a_field_that_is_no_number),
        cmocka_unit_test(lone_text_in_the_class_column_is_not_guessed),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(numbers_are_exactly_those_of_strtod),
        cmocka_unit_test(quoted_newlines_keep_line_numbers_right),
        cmocka_unit_test(empty_tsv_fields_are_fields),
        cmocka_unit_test(targets_go_by_name_or_index_and_keep_their_order),
        cmocka_unit_test(missing_target_column_names_the_nearest),
        cmocka_unit_test(bad_tables_are_told_in_one_sentence),
        cmocka_unit_test(unreadable_files_are_told),
        cmocka_unit_test(classes_are_ordered_as_numbers_or_bytewise),
        cmocka_unit_test(unknown_class_names_line_and_known_classes),
        cmocka_unit_test(columns_of_a_further_file_are_matched_by_name),
        cmocka_unit_test(position_of_a_named_target_is_unknown_without_header),
        cmocka_unit_test(schema_survives_json),
        cmocka_unit_test(idx_images_stay_bytes),
        cmocka_unit_test(bad_idx_files_are_told),
        cmocka_unit_test(mnist_has_its_known_sums),
        cmocka_unit_test(data_from_memory_are_checked_and_copied),
    };
    return RUN_IN_FOLDER(tests);
}
