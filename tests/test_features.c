/* From columns to features: levels, missing values, powers, weights - what is learnt from which rows, and what new rows meet. */
#include "data_files.h"

static bnn_data_options options_for(const char *train) {
    bnn_data_options options = no_options();
    options.train = train;
    return options;
}

static bnn_status read_text(bnn_dataset **set, const char *name, const char *text, const bnn_data_options *options,
                            bool wants_classes, const bnn_schema *schema) {
    return bnn_dataset_read_file(set, options, put(name, text), NULL, wants_classes, schema);
}

static void assert_values(const double *got, size_t n, const double *want) {
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i]) fail_msg("value %zu is %.17g, expected %.17g", i, got[i], want[i]);
}

static void assert_names(const bnn_schema *schema, size_t n, const char *const *names) {
    assert_int_equal(schema->n_features, n);
    for (size_t j = 0; j < n; j++) assert_string_equal(schema->feature_names[j], names[j]);
}

/* The schema as a model's file holds it. */
static void send_through_json(bnn_schema *back, const bnn_schema *schema) {
    json_t *json = bnn_schema_to_json(schema);
    char *text = json_dumps(json, JSON_REAL_PRECISION(17));
    json_t *read = json_loads(text, 0, NULL);
    assert_ok(bnn_schema_from_json(back, read));
    json_decref(read);
    free(text);
    json_decref(json);
}

/* ---- categorical ----------------------------------------------------------------------------------------------------- */

static const char paint[] = "size,colour,grade,y\n1,red,10,5\n2,blue,9,6\n3,red,-1,7\n";

static void levels_become_features_in_class_order(void **state) {
    (void)state;
    static const char *const names[] = { "size", "colour=blue", "colour=red", "grade=-1", "grade=9", "grade=10" };
    const double x[] = { 1, 0, 1, 0, 0, 1,   2, 1, 0, 0, 1, 0,   3, 0, 1, 1, 0, 0 };
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.categorical = WORDS("colour", "2");
    assert_ok(read_text(&set, "p.csv", paint, &options, false, NULL));
    assert_names(&set->schema, 6, names);
    assert_values(set->x, 18, x);
    assert_true(set->y[2] == 7);
    bnn_dataset_free(set);
}

static void further_rows_use_the_levels_of_the_model(void **state) {
    (void)state;
    const double x[] = { 8, 1, 0, 0, 1, 0 };
    bnn_dataset *set = NULL, *more = NULL;
    bnn_schema model = {0};
    bnn_data_options options = no_options();
    options.categorical = WORDS("colour", "grade");
    assert_ok(read_text(&set, "p.csv", paint, &options, false, NULL));
    send_through_json(&model, &set->schema);
    assert_ok(read_text(&more, "q.csv", "grade,colour,size\n9,blue,8\n", &options, false, &model));
    assert_values(more->x, 6, x);
    assert_null(more->y);
    assert_names(&more->schema, 6, (const char *const *)set->schema.feature_names);
    bnn_dataset_free(more);
    more = NULL;
    options.header = 2;   /* no: by position */
    assert_ok(read_text(&more, "q.csv", "8,blue,9,1\n", &options, false, &model));
    assert_values(more->x, 6, x);
    bnn_dataset_free(more);
    more = NULL;
    options.header = 0;
    assert_fails_with(read_text(&more, "q.csv", "grade,colour,size\n9,blue,8\n\n9,pink,8\n", &options, false, &model),
                      "q.csv:4: column 'colour': unknown level 'pink', the model knows: blue, red");
    assert_fails_with(read_text(&more, "q.csv", "grade,colour=red,size\n9,1,8\n", &options, false, &model), "no feature column 'colour'");
    bnn_schema_free(&model);
    bnn_dataset_free(set);
}

static void levels_come_from_the_training_rows(void **state) {
    (void)state;
    static const char *const names[] = { "c=2", "c=10" };
    const double x[] = { 0, 1, 1, 0 };
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("l.csv", "c,y\n10,1\nodd,2\n2,3\n10,4\n"));
    options.categorical = WORDS("c");
    options.test_rows = put("rows.txt", "1");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false),
                      "l.csv:3: column 'c': level 'odd' occurs in no training row, these do: 2, 10");
    options.test_rows = put("rows.txt", "3");
    options.test = "";
    options.train = put("l.csv", "c,y\n10,1\n?,2\n2,3\n10,4\n");
    options.missing = BNN_MISSING_DROP;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_names(&parts.train->schema, 2, names);
    assert_values(parts.train->x, 4, x);
    assert_int_equal(parts.train->file_rows[1], 2);
    assert_true(parts.test->n_rows == 1 && parts.test->x[1] == 1 && parts.test->y[0] == 4);
    bnn_data_parts_free(&parts);
}

/* The text "odd" would have made the order bytewise ("10" before "2"), had it counted. */
static void dropped_rows_neither_add_levels_nor_change_their_order(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("l.csv", "a,c,y\n1,10,1\n?,odd,2\n2,2,3\n"));
    options.categorical = WORDS("c");
    options.missing = BNN_MISSING_DROP;
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    static const char *const names[] = { "a", "c=2", "c=10" };
    assert_names(&parts.train->schema, 3, names);
    bnn_data_parts_free(&parts);
    options.categorical = (bnn_words){0};
    options.target = WORDS("c");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, true));
    assert_int_equal(parts.train->schema.n_classes, 2);
    assert_string_equal(parts.train->schema.class_names[0], "2");
    assert_true(parts.train->y[0] == 1 && parts.train->y[1] == 0);
    bnn_data_parts_free(&parts);
}

static void bad_categorical_columns_are_told(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.categorical = WORDS("color");
    assert_fails_with(read_text(&set, "p.csv", paint, &options, false, NULL), "p.csv:1: no categorical column 'color'", "'colour'");
    options.categorical = WORDS("y");
    assert_fails_with(read_text(&set, "p.csv", paint, &options, false, NULL), "categorical column 'y' is no feature");
    options.categorical = WORDS("size");
    assert_fails_with(read_text(&set, "p.csv", "size,y\n1,2\n1.0,3\n", &options, false, NULL), "'1' and '1.0' are the same number");
    assert_fails_with(read_text(&set, "p.csv", "size,y\n1,2\n,3\n", &options, false, NULL), "p.csv:3: column 'size': empty field");
    static const unsigned char images[] = { 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7 }, labels[] = { 0, 0, 8, 1, 0, 0, 0, 1, 7 };
    assert_fails_with(bnn_dataset_read_file(&set, &options, put_bytes("i.idx", images, 13), put_bytes("l.idx", labels, 9), true, NULL),
                      "data.categorical does not apply to IDX");
}

static void features_of_levels_are_not_scaled(void **state) {
    (void)state;
    static const char *const ways[] = { "standardize", "divide:4" };
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.categorical = WORDS("colour");
    options.missing = BNN_MISSING_MEAN_INDICATOR;
    assert_ok(read_text(&set, "p.csv", "size,colour,y\n1,red,5\n?,blue,6\n3,red,7\n", &options, false, NULL));
    for (size_t w = 0; w < 2; w++) {
        bnn_scaling s = {0};
        assert_ok(bnn_scaling_fit(&s, set, ways[w], "none"));
        assert_int_equal(s.n_features, 4);   /* size, size missing, colour=blue, colour=red */
        for (size_t j = 1; j < 4; j++) assert_true(s.x_shift[j] == 0 && s.x_scale[j] == 1);
        assert_true(w == 0 ? s.x_shift[0] == 2 && fabs(s.x_scale[0] - sqrt(2.0 / 3)) < 1e-15 : s.x_scale[0] == 4);
        bnn_scaling_free(&s);
    }
    bnn_dataset_free(set);
}

/* ---- missing values -------------------------------------------------------------------------------------------------- */

static void each_spelling_of_missing_is_known(void **state) {
    (void)state;
    static const char *const words[] = { "", "?", "NA", "NaN", "nan", "-nan", "\"\"" };
    static const char *const others[] = { "na", "null", "-", "??", "Na" };
    bnn_data_options options = no_options();
    for (size_t i = 0; i < 12; i++) {
        bnn_dataset *set = NULL;
        char text[64];
        snprintf(text, sizeof text, "a,b,y\n1,2,3\n%s,5,6\n", i < 7 ? words[i] : others[i - 7]);
        options.missing = BNN_MISSING_ERROR;
        assert_fails_with(read_text(&set, "m.csv", text, &options, false, NULL), "m.csv:3: column 'a'",
                          i < 7 ? "data.missing says what to do" : "is not a number");
        if (i >= 7) continue;
        options.missing = BNN_MISSING_DROP;
        assert_ok(read_text(&set, "m.csv", text, &options, false, NULL));
        assert_int_equal(set->n_rows, 1);
        bnn_dataset_free(set);
    }
}

static void dropped_rows_keep_the_row_numbers_of_the_file(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("d.csv", "a,y\n0,0\nNA,1\n2,\n3,3\n4,4\n"));
    options.missing = BNN_MISSING_DROP;
    options.test_rows = put("rows.txt", "1 4");
    options.valid = put("v.csv", "a,y\n7,7\n,8\n9,?\n");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_true(parts.train->n_rows == 2 && parts.train->x[0] == 0 && parts.train->x[1] == 3);
    assert_true(parts.test->n_rows == 1 && parts.test->x[0] == 4 && parts.test->file_rows[0] == 4);
    assert_true(parts.valid->n_rows == 1 && parts.valid->x[0] == 7);
    bnn_data_parts_free(&parts);
    options.test_rows = "";
    options.rows = 4;
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "data.rows = 4", "has 3 rows that miss no value");
    options.rows = 0;
    options.train = put("d.csv", "a,y\n,0\nNA,1\n");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "d.csv: each row misses a value");
}

static void rows_to_predict_are_never_dropped(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    options.missing = BNN_MISSING_DROP;
    assert_ok(read_text(&set, "d.csv", "a,b,y\n1,2,3\n,5,6\n", &options, false, NULL));
    assert_fails_with(read_text(&more, "e.csv", "a,b\n1,2\n1,?\n", &options, false, &set->schema),
                      "e.csv:3: column 'b': '?' is a missing value; data.missing = drop leaves out rows in training only");
    assert_fails_with(read_text(&more, "e.csv", "a,b,y\n1,2,\n", &options, false, &set->schema), "e.csv:2: column 'y': empty field");
    bnn_dataset_free(set);
}

/* Training rows 0, 1, 3: a has 1, 5 (mean 3), colour red, blue, red (2/3 red), b no gap. Row 2 tests. */
static void fills_are_means_of_the_training_rows(void **state) {
    (void)state;
    static const char *const names[] = { "a", "colour=blue", "colour=red", "b" };
    const double train[] = { 1, 0, 1, 1,   3, 1, 0, 2,   5, 0, 1, 3 }, test[] = { 100, 1.0 / 3, 2.0 / 3, 4 };
    const double more_x[] = { 3, 1.0 / 3, 2.0 / 3, 2 };
    bnn_data_parts parts = {0};
    bnn_dataset *more = NULL;
    bnn_schema model = {0};
    bnn_data_options options = options_for(put("f.csv", "a,colour,b,y\n1,red,1,0\n?,blue,2,0\n100,NA,4,0\n5,red,3,0\n"));
    options.categorical = WORDS("colour");
    options.missing = BNN_MISSING_MEAN;
    options.test_rows = put("rows.txt", "2");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_names(&parts.train->schema, 4, names);
    assert_values(parts.train->x, 12, train);
    assert_values(parts.test->x, 4, test);
    send_through_json(&model, &parts.train->schema);
    assert_ok(read_text(&more, "g.csv", "a,colour,b\n,,\n", &options, false, &model));
    assert_values(more->x, 4, more_x);
    bnn_dataset_free(more);
    more = NULL;
    assert_fails_with(read_text(&more, "g.csv", "a,colour,b,y\n,,,\n", &options, false, &model), "g.csv:2: column 'y': empty field",
                      "only data.missing = drop");
    bnn_schema_free(&model);
    bnn_data_parts_free(&parts);
}

static void indicators_tell_what_was_missing_in_training(void **state) {
    (void)state;
    static const char *const names[] = { "a", "a missing", "c=u", "c=v", "c missing", "b" };
    const double x[] = { 1, 0, 1, 0, 0, 1,   2, 1, 0, 1, 0, 2,   3, 0, 0.5, 0.5, 1, 6 };
    const double more_x[] = { 2, 1, 1, 0, 0, 3,   4, 0, 0, 1, 0, 5 };
    bnn_dataset *set = NULL, *more = NULL;
    bnn_schema model = {0};
    bnn_data_options options = no_options();
    options.categorical = WORDS("c");
    options.missing = BNN_MISSING_MEAN_INDICATOR;
    assert_ok(read_text(&set, "i.csv", "a,c,b,y\n1,u,1,0\nNA,v,2,0\n3,,6,0\n", &options, false, NULL));
    assert_names(&set->schema, 6, names);
    assert_values(set->x, 18, x);
    send_through_json(&model, &set->schema);
    assert_ok(read_text(&more, "j.csv", "a,c,b\n,u,\n4,v,5\n", &options, false, &model));
    assert_values(more->x, 12, more_x);   /* b had no gap in training: a mean, no indicator */
    bnn_dataset_free(more);
    bnn_schema_free(&model);
    bnn_dataset_free(set);
}

static void columns_without_any_value_have_no_mean(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.missing = BNN_MISSING_MEAN;
    assert_fails_with(read_text(&set, "n.csv", "a,b,y\n,1,2\n,2,3\n", &options, false, NULL), "column 'a' has no value in any training row");
    assert_fails_with(read_text(&set, "n.csv", "a,b,y\n1e308,1,2\n1e308,2,3\n", &options, false, NULL), "'a' holds values too large");
    options.categorical = WORDS("a");
    assert_fails_with(read_text(&set, "n.csv", "a,b,y\n,1,2\n,2,3\n", &options, false, NULL), "column 'a' has no value in any training row");
}

static void gap_in_the_first_row_is_no_header(void **state) {
    (void)state;
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.missing = BNN_MISSING_DROP;
    assert_ok(read_text(&set, "h.csv", "?,1,2\n3,4,5\n", &options, false, NULL));
    assert_true(set->n_rows == 1 && set->file_rows[0] == 1);
    assert_string_equal(set->schema.feature_names[0], "x1");
    bnn_dataset_free(set);
}

static void svmlight_gaps_are_filled_too(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3, 1 };
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.missing = BNN_MISSING_MEAN;
    assert_ok(read_text(&set, "s.svm", "0 1:1 2:2\n0 1:3 2:0\n", &options, false, NULL));
    bnn_dataset *more = NULL;
    assert_ok(read_text(&more, "t.svm", "0 1:1 2:2\n0 1:3 2:nan\n", &options, false, &set->schema));
    assert_values(more->x, 4, x);
    bnn_dataset_free(more);
    bnn_dataset_free(set);
}

static void schemas_of_older_files_are_still_read(void **state) {
    (void)state;
    static const char text[] = "{\"n_features\":2,\"feature_names\":[\"a\",\"b\"],\"n_targets\":1,\"target_names\":[\"y\"],"
                               "\"n_classes\":0,\"class_names\":null,\"image_rows\":0,\"image_cols\":0}";
    bnn_schema schema = {0};
    json_t *json = json_loads(text, 0, NULL), *again;
    assert_ok(bnn_schema_from_json(&schema, json));
    assert_null(schema.sources);
    assert_null(schema.fills);
    again = bnn_schema_to_json(&schema);
    assert_true(json_equal(json, again));   /* and a plain model's file is what it was */
    json_decref(again);
    json_decref(json);
    bnn_schema_free(&schema);
}

static void malformed_schemas_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"sources\":[]}", "{\"sources\":{}}", "{\"sources\":[{\"name\":\"a\",\"levels\":null,\"indicator\":false}]}",
        "{\"sources\":[{\"name\":\"a\",\"levels\":[],\"indicator\":false},{\"name\":\"b\",\"levels\":null,\"indicator\":true}]}",
        "{\"sources\":[{\"name\":\"a\",\"levels\":[1],\"indicator\":false},{\"name\":\"b\",\"levels\":null,\"indicator\":false}]}",
        "{\"sources\":[{\"name\":1,\"levels\":null,\"indicator\":true}]}", "{\"sources\":[{\"name\":\"a\",\"indicator\":true}]}",
        "{\"fills\":[1,2]}", "{\"sources\":[{\"name\":\"a\",\"levels\":[\"u\",\"v\"],\"indicator\":false}],\"fills\":[1]}",
        "{\"sources\":[{\"name\":\"a\",\"levels\":[\"u\",\"v\"],\"indicator\":false}],\"fills\":[1,\"2\"]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bnn_schema schema = {0};
        json_t *json = json_loads("{\"n_features\":2,\"feature_names\":[\"a\",\"b\"],\"n_targets\":1,\"target_names\":[\"y\"],\"n_classes\":0,"
                                  "\"class_names\":null,\"image_rows\":0,\"image_cols\":0}", 0, NULL);
        json_t *change = json_loads(bad[i], 0, NULL);
        assert_non_null(change);
        json_object_update(json, change);
        assert_fails_with(bnn_schema_from_json(&schema, json), "malformed", "schema: '");
        json_decref(change);
        json_decref(json);
    }
}

/* ---- powers ---------------------------------------------------------------------------------------------------------- */

/* a = 1, 3: mean 2, sd 1; b = 10, 20: mean 15, sd 5. Scaled: -1, 1 both. */
static void powers_are_of_scaled_features(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_scaling s = {0}, back = {0};
    bnn_data_options options = no_options();
    options.expand = "polynomial 3";
    real x[12];
    const double want[] = { 2, 4, 8, -3, 9, -27,   0, 0, 0, 1, 1, 1 };   /* a = 4, b = 0; a = 2, b = 20 */
    assert_ok(read_text(&set, "p.csv", "a,b,y\n1,10,0\n3,20,1\n", &options, false, NULL));
    assert_ok(bnn_scaling_fit(&s, set, "standardize", "none"));
    assert_int_equal(bnn_scaling_width(&s), 6);
    assert_int_equal(s.n_features, 2);
    json_t *json = bnn_scaling_to_json(&s);
    assert_ok(bnn_scaling_from_json(&back, json));
    assert_int_equal(bnn_scaling_width(&back), 6);
    assert_ok(read_text(&more, "q.csv", "a,b\n4,0\n2,20\n", &options, false, &set->schema));
    bnn_scaling_gather(&back, more, 2, NULL, x, NULL);
    for (size_t i = 0; i < 12; i++) assert_true((double)x[i] == want[i]);   /* small integers: exact */
    const size_t second[] = { 1 };
    bnn_scaling_gather(&back, more, 1, second, x, NULL);
    for (size_t i = 0; i < 6; i++) assert_true((double)x[i] == want[6 + i]);
    json_object_set_new(json, "degree", json_integer(101));
    bnn_scaling bad = {0};
    assert_fails_with(bnn_scaling_from_json(&bad, json), "'degree' is malformed");
    json_decref(json);
    bnn_scaling_free(&s);
    bnn_scaling_free(&back);
    bnn_dataset_free(set);
    bnn_dataset_free(more);
}

static void without_expand_the_width_is_the_number_of_features(void **state) {
    (void)state;
    const double x[] = { 1, 2, 3, 4 };
    bnn_dataset *set = NULL;
    bnn_scaling s = {0};
    assert_ok(bnn_dataset_make(&set, 2, 2, x, 0, NULL, 0));
    assert_ok(bnn_scaling_fit(&s, set, "none", "none"));
    assert_int_equal(bnn_scaling_width(&s), 2);
    json_t *json = bnn_scaling_to_json(&s);
    assert_null(json_object_get(json, "degree"));
    json_decref(json);
    bnn_scaling_free(&s);
    bnn_dataset_free(set);
}

static void images_are_not_expanded(void **state) {
    (void)state;
    static const unsigned char images[] = { 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7 }, labels[] = { 0, 0, 8, 1, 0, 0, 0, 1, 7 };
    bnn_dataset *set = NULL;
    bnn_scaling s = {0};
    bnn_data_options options = no_options();
    options.expand = "polynomial 2";
    assert_ok(bnn_dataset_read_file(&set, &options, put_bytes("i.idx", images, 13), put_bytes("l.idx", labels, 9), true, NULL));
    assert_fails_with(bnn_scaling_fit(&s, set, "none", "none"), "data.expand", "not for images");
    bnn_dataset_free(set);
}

static void words_of_expand_are_checked(void **state) {
    (void)state;
    static const char *const good[] = { "none", "polynomial 1", "polynomial 15", "polynomial  3", "polynomial 100" };
    static const char *const bad[] = { "polynomial", "polynomial 0", "polynomial 101", "polynomial x", "polynomial 2.5", "polynomial -2", "poly 3" };
    const bnn_option *row = bnn_data_rows;
    while (strcmp(row->name, "expand") != 0) row++;
    for (size_t i = 0; i < 5; i++) assert_null(row->check(good[i]));
    for (size_t i = 0; i < 7; i++) assert_non_null(row->check(bad[i]));
    assert_int_equal(bnn_data_degree("polynomial 15"), 15);
    assert_int_equal(bnn_data_degree("none"), 1);
}

/* ---- weights --------------------------------------------------------------------------------------------------------- */

static void weights_are_no_feature(void **state) {
    (void)state;
    bnn_dataset *set = NULL, *more = NULL;
    bnn_data_options options = no_options();
    options.weight = "w";
    const double weights[] = { 2, 0, 0.5 }, x[] = { 1, 2, 3 };
    assert_ok(read_text(&set, "w.csv", "a,w,y\n1,2,4\n2,0,5\n3,.5,6\n", &options, false, NULL));
    assert_int_equal(set->schema.n_features, 1);
    assert_values(set->weights, 3, weights);
    assert_values(set->x, 3, x);
    static const char *const same[] = { "y,w,a\n6,.5,3\n", "a\n3\n", "a,y\n3,6\n", "3,.5,6\n", "3,6\n", "3\n" };
    for (size_t i = 0; i < 6; i++) {
        options.weight = i == 3 ? "1" : "w";   /* by index where there is no header */
        assert_ok(read_text(&more, "v.csv", same[i], &options, false, &set->schema));
        assert_true(more->x[0] == 3 && (more->y == NULL || more->y[0] == 6));
        assert_int_equal(more->weights != NULL, strstr(same[i], ".5") != NULL);
        bnn_dataset_free(more);
        more = NULL;
    }
    bnn_dataset_free(set);
}

static void parts_keep_their_weights(void **state) {
    (void)state;
    bnn_data_parts parts = {0};
    bnn_data_options options = options_for(put("w.csv", "a,w,y\n0,0,0\n1,1,0\n2,2,0\n3,3,0\n"));
    options.weight = "w";
    options.test_rows = put("rows.txt", "1");
    assert_ok(bnn_data_parts_read(&parts, &options, 1, false));
    assert_values(parts.train->weights, 3, parts.train->x);
    assert_true(parts.test->weights[0] == 1);
    bnn_data_parts_free(&parts);
    options.test_rows = put("rows.txt", "1 2 3");
    assert_fails_with(bnn_data_parts_read(&parts, &options, 1, false), "the weights (data.weight) of 1 row(s) sum to 0");
}

static void bad_weights_are_told(void **state) {
    (void)state;
    static const struct { const char *text, *piece; } bad[] = {
        { "a,w,y\n1,-1,2\n", "w.csv:2: column 'w': weight -1, allowed from 0" },
        { "a,w,y\n1,x,2\n", "w.csv:2: column 'w': 'x' is not a number" },
        { "a,w,y\n1,,2\n", "w.csv:2: column 'w': empty field; only data.missing = drop" },
        { "a,w,y\n1,inf,2\n", "'inf' is not a finite value" },
        { "a,w,y\n1,0,2\n3,0,4\n", "2 row(s) sum to 0" },
        { "a,v,y\n1,0,2\n", "w.csv:1: no weight column 'w'" },
        { "a,w\n1,2\n", "w.csv:1: target column '(the last)' is also the weight" },
    };
    bnn_dataset *set = NULL;
    bnn_data_options options = no_options();
    options.weight = "w";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.missing = BNN_MISSING_MEAN;
        assert_fails_with(read_text(&set, "w.csv", bad[i].text, &options, false, NULL), bad[i].piece);
    }
    options.missing = BNN_MISSING_DROP;
    assert_ok(read_text(&set, "w.csv", "a,w,y\n1,NA,2\n3,1,4\n", &options, false, NULL));
    assert_true(set->n_rows == 1 && set->weights[0] == 1);
    bnn_dataset_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_become_features_in_class_order),
        cmocka_unit_test(further_rows_use_the_levels_of_the_model),
        cmocka_unit_test(levels_come_from_the_training_rows),
        cmocka_unit_test(dropped_rows_neither_add_levels_nor_change_their_order),
        cmocka_unit_test(bad_categorical_columns_are_told),
        cmocka_unit_test(features_of_levels_are_not_scaled),
        cmocka_unit_test(each_spelling_of_missing_is_known),
        cmocka_unit_test(dropped_rows_keep_the_row_numbers_of_the_file),
        cmocka_unit_test(rows_to_predict_are_never_dropped),
        cmocka_unit_test(fills_are_means_of_the_training_rows),
        cmocka_unit_test(indicators_tell_what_was_missing_in_training),
        cmocka_unit_test(columns_without_any_value_have_no_mean),
        cmocka_unit_test(gap_in_the_first_row_is_no_header),
        cmocka_unit_test(svmlight_gaps_are_filled_too),
        cmocka_unit_test(schemas_of_older_files_are_still_read),
        cmocka_unit_test(malformed_schemas_are_refused),
        cmocka_unit_test(powers_are_of_scaled_features),
        cmocka_unit_test(without_expand_the_width_is_the_number_of_features),
        cmocka_unit_test(images_are_not_expanded),
        cmocka_unit_test(words_of_expand_are_checked),
        cmocka_unit_test(weights_are_no_feature),
        cmocka_unit_test(parts_keep_their_weights),
        cmocka_unit_test(bad_weights_are_told),
    };
    return RUN_IN_FOLDER(tests);
}
