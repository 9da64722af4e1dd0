/* A sweep file as a plan: which runs, in which order, under which names. */
#include "data_files.h"
#include "sweep/table.h"

static bnn_plan plan_of(const char *text) {
    bnn_plan plan = {0};
    assert_ok(bnn_plan_make(&plan, put("s.ini", text), 0, NULL, NULL));
    return plan;
}

static void assert_names(const char *text, size_t n, const char *const *names) {
    bnn_plan plan = plan_of(text);
    assert_int_equal(bnn_plan_size(&plan), n);
    for (size_t i = 0; i < n; i++) assert_string_equal(plan.names[i], names[i]);
    bnn_plan_free(&plan);
}

static const char *text_of(const bnn_plan *plan, size_t run, const char *section, const char *key) {
    static char kept[512];
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    assert_ok(bnn_plan_config(&config, &strings, plan, run, NULL, NULL));
    const char *value = bnn_config_text(config, section, key);
    snprintf(kept, sizeof kept, "%s", value == NULL ? "(none)" : value);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    return kept;
}

static void the_last_axis_moves_fastest(void **state) {
    (void)state;
    assert_names("[sweep]\nmethod.name = map | bbb\nrun.seed = 3:5\n", 6,
                 (const char *const[]){ "method=map,seed=3", "method=map,seed=4", "method=map,seed=5", "method=bbb,seed=3", "method=bbb,seed=4",
                                        "method=bbb,seed=5" });
}

static void commas_separate_values_of_keys_that_take_one(void **state) {
    (void)state;
    assert_names("[sweep]\nprior.sd = 0.1, 1 | 3\nnet.hidden = 50, 50 | 10\ntrain.epochs = 7\n", 6,
                 (const char *const[]){ "sd=0.1,hidden=50_50", "sd=0.1,hidden=10", "sd=1,hidden=50_50", "sd=1,hidden=10", "sd=3,hidden=50_50",
                                        "sd=3,hidden=10" });
}

static void an_empty_list_is_a_value(void **state) {
    (void)state;
    assert_names("[sweep]\nnet.hidden = | 50\n", 2, (const char *const[]){ "hidden=none", "hidden=50" });
}

static void labels_that_two_axes_share_name_their_section(void **state) {
    (void)state;
    assert_names("[sweep]\nprior.sd = 1 | 2\nmethod.name = map\nlikelihood.name = gaussian | student_t\nprior.name = gaussian\n", 4,
                 (const char *const[]){ "sd=1,likelihood=gaussian", "sd=1,likelihood=student_t", "sd=2,likelihood=gaussian",
                                        "sd=2,likelihood=student_t" });
}

static void an_axis_of_some_variants_multiplies_those_alone(void **state) {
    (void)state;
    assert_names("[sweep]\nmethod.name = map | bbb\nmethod.kl_warmup = 0 | 5\n", 3,
                 (const char *const[]){ "method=map", "method=bbb,kl_warmup=0", "method=bbb,kl_warmup=5" });
}

static void keys_of_another_variant_in_the_base_are_dropped(void **state) {
    (void)state;
    bnn_plan plan = plan_of("[sweep]\nmethod.name = map | bbb\n[method]\nname = bbb\nkl_warmup = 9\n");
    assert_string_equal(text_of(&plan, 0, "method", "kl_warmup"), "(none)");
    assert_string_equal(text_of(&plan, 1, "method", "kl_warmup"), "9");
    bnn_plan_free(&plan);
}

static void names_of_its_own_go_into_values(void **state) {
    (void)state;
    bnn_plan plan = plan_of("[sweep]\nset = a | b\n[data]\ntrain = /d/{set}/{other}.csv\n");
    assert_string_equal(text_of(&plan, 1, "data", "train"), "/d/b/{other}.csv");
    bnn_plan_free(&plan);
}

static void paths_of_axes_start_from_the_sweep_file(void **state) {
    (void)state;
    bnn_plan plan = plan_of("[sweep]\ndata.train = x.csv | sub/y.csv\n");
    assert_string_equal(text_of(&plan, 1, "data", "train"), path_of("sub/y.csv"));
    assert_string_equal(plan.names[1], "train=sub_y.csv");
    bnn_plan_free(&plan);
}

static void a_base_file_is_overridden_by_the_sections_of_the_sweep_and_those_by_axes(void **state) {
    (void)state;
    put("base.ini", "[train]\nepochs = 1\nbatch = 2\n[prior]\nsd = 3\n");
    bnn_plan plan = plan_of("[sweep]\nconfig = base.ini\nprior.sd = 4 | 5\n[train]\nbatch = 6\n[prior]\nsd = 7\n");
    assert_string_equal(text_of(&plan, 1, "train", "epochs"), "1");
    assert_string_equal(text_of(&plan, 1, "train", "batch"), "6");
    assert_string_equal(text_of(&plan, 1, "prior", "sd"), "5");
    bnn_plan_free(&plan);
}

/* What a result depends on changes the digest; where and how fast it is made does not. */
static void digests_know_what_matters(void **state) {
    (void)state;
    bnn_plan plan = plan_of("[sweep]\nrun.threads = 1 | 2\nprior.sd = 1 | 2\n");
    char hex[4][65];
    for (size_t run = 0; run < 4; run++) {
        bnn_arena strings = {0};
        bnn_config *config = NULL;
        assert_ok(bnn_plan_config(&config, &strings, &plan, run, NULL, NULL));
        bnn_plan_digest(hex[run], &plan, config);
        bnn_config_free(config);
        bnn_arena_free(&strings);
    }
    assert_string_equal(hex[0], hex[2]);
    assert_string_not_equal(hex[0], hex[1]);
    bnn_plan_free(&plan);
}

/* By hand: metric 0 of two methods over three seeds: map 1, 2, 3; bbb 2, 4, 9. bbb: mean 5, se sqrt(13 / 3); difference 1, 2, 6: mean 3, sd^2 7. */
static void the_summary_is_that_of_a_hand_calculation(void **state) {
    (void)state;
    static const double values[] = { 1, 2, 3, 2, 4, 9 };
    bnn_plan plan = plan_of("[sweep]\nmethod.name = map | bbb\nrun.seed = 1:3\nbaseline = method=map\n");
    bnn_sweep_table table = {0};
    bnn_text csv = {0};
    assert_ok(bnn_sweep_table_make(&table, &plan));
    table.has_metric[0] = true;
    for (size_t run = 0; run < 6; run++) {
        table.state[run] = BNN_RUN_FINISHED;
        table.value[run * table.n_metrics] = values[run];
    }
    assert_ok(bnn_sweep_summary_print(&csv, &table, BNN_SUMMARY_CSV));
    char name[32];
    double mean, se, difference, difference_se;
    const char *line = strstr(csv.at, "\nbbb,");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\nbbb,%31[a-z],3,%lf,%lf,3,%lf,%lf", name, &mean, &se, &difference, &difference_se), 5);
    assert_string_equal(name, "rmse");
    assert_close(mean, 5, 1e-15);
    assert_close(se, sqrt(13.0 / 3), 1e-15);
    assert_close(difference, 3, 1e-15);
    assert_close(difference_se, sqrt(7.0 / 3), 1e-15);
    assert_non_null(strstr(csv.at, "\nmap,rmse,3,2,"));
    bnn_text_free(&csv);
    bnn_sweep_table_free(&table);
    bnn_plan_free(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_axis_moves_fastest),
        cmocka_unit_test(commas_separate_values_of_keys_that_take_one),
        cmocka_unit_test(an_empty_list_is_a_value),
        cmocka_unit_test(labels_that_two_axes_share_name_their_section),
        cmocka_unit_test(an_axis_of_some_variants_multiplies_those_alone),
        cmocka_unit_test(keys_of_another_variant_in_the_base_are_dropped),
        cmocka_unit_test(names_of_its_own_go_into_values),
        cmocka_unit_test(paths_of_axes_start_from_the_sweep_file),
        cmocka_unit_test(a_base_file_is_overridden_by_the_sections_of_the_sweep_and_those_by_axes),
        cmocka_unit_test(digests_know_what_matters),
        cmocka_unit_test(the_summary_is_that_of_a_hand_calculation),
    };
    return RUN_IN_FOLDER(tests);
}
