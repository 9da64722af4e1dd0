/* Runs on disk that stop and go on: the same posterior.safetensors and metrics.csv; damaged checkpoints, changed settings and data. */
#include "fitting.h"
#include "data_files.h"
#include "base/text.h"
#include "run/checkpoint.h"
#include "run/folder.h"
#include "run/run.h"
#include <sys/stat.h>

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

enum { RUN_ROWS = 30, RUN_STEPS = 24 };   /* six epochs of four batches */

static const char *put_plane(double slope) {
    bnn_text text = {0};
    bnn_text_add(&text, "a,b,y\n");
    for (int i = 0; i < RUN_ROWS; i++)
        bnn_text_add(&text, "%.6f,%.6f,%.6f\n", sin(1.7 * i), cos(0.9 * i), slope * sin(1.7 * i) - cos(0.9 * i));
    const char *path = put("plane.csv", text.at);
    bnn_text_free(&text);
    return path;
}

/* At the given step of this part of a run: says save or stop, after making a file where one is named. Keeps what it is told. */
typedef struct audience { int at; bnn_answer answer; const char *file; int n_steps; bnn_text told; } audience;

static bnn_answer audience_ask(void *context) {
    audience *a = context;
    if (++a->n_steps != a->at) return BNN_GO_ON;
    if (a->file != NULL) assert_int_equal(fclose(fopen(a->file, "w")), 0);
    return a->answer;
}

static void audience_note(void *context, const char *line) { bnn_text_add(&((audience *)context)->told, "%s\n", line); }

static bool was_told(const audience *a, const char *piece) { return a->told.at != NULL && strstr(a->told.at, piece) != NULL; }

static bnn_status call(audience *a, bool is_resumed, const char *name, size_t n_sets, const char *const *sets) {
    audience nobody = {0};
    if (a == NULL) a = &nobody;
    const bnn_listener listener = { .context = a, .note = audience_note, .ask = audience_ask };
    const bnn_run_request request = { .folder = path_of(name), .listener = &listener, .n_sets = n_sets, .sets = sets };
    bnn_run opened = {0};
    bnn_text_free(&a->told);
    a->n_steps = 0;
    bnn_status status = is_resumed ? bnn_run_resume(&opened, &request) : bnn_run_train(&opened, &request);
    bnn_run_free(&opened);
    bnn_text_free(&nobody.told);
    return status;
}

/* set: one more, or NULL. */
static bnn_status train(const char *name, audience *a, const char *set) {
    char data[600];
    snprintf(data, sizeof data, "data.train=%s", path_of("plane.csv"));
    const char *sets[] = { data, "net.hidden=4", "train.batch=8", "train.epochs=6", "data.valid_fraction=0.1", set };
    return call(a, false, name, set == NULL ? 5 : 6, sets);
}

static bnn_status resume(const char *name, audience *a, const char *set) { return call(a, true, name, set != NULL, &set); }

/* ---- its files ------------------------------------------------------------------------------------------------------- */

static char *contents(const char *name, const char *file, size_t *size) {
    char path[600], *data = NULL;
    snprintf(path, sizeof path, "%s/%s", path_of(name), file);
    assert_ok(bnn_file_read(path, &data, size));
    return data;
}

static bool is_same(const char *one, const char *other, const char *file) {
    size_t n, m;
    char *a = contents(one, file, &n), *b = contents(other, file, &m);
    bool is_equal = n == m && memcmp(a, b, n) == 0;
    free(a);
    free(b);
    return is_equal;
}

static bool has(const char *name, const char *file) {
    struct stat info;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", path_of(name), file);
    return stat(path, &info) == 0;
}

static void assert_finished_as(const char *name, const char *want, int cut) {
    if (!is_same(name, want, BNN_RUN_POSTERIOR)) fail_msg("cut at step %d: another posterior", cut);
    if (!is_same(name, want, BNN_RUN_METRICS)) fail_msg("cut at step %d: other metrics", cut);
    assert_false(has(name, BNN_RUN_CHECKPOINTS));
}

/* Each of the six epochs once, in order; their speeds differ from run to run. */
static void assert_log_is_whole(const char *name) {
    size_t n;
    char *log = contents(name, BNN_RUN_LOG, &n), word[32], *at = log;
    for (int e = 1; e <= 6; e++) {
        snprintf(word, sizeof word, "\nepoch %d/6 ", e);
        at = strstr(at, word);
        assert_non_null(at);
        assert_null(strstr(at + 1, word));
    }
    free(log);
}

static const char *const names[] = { "run", "whole", "other" };

static int remove_runs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) bnn_folder_remove(path_of(names[i]));
    return 0;
}

static int start_anew(void **state) {
    put_plane(2);
    return remove_runs(state);
}

static int remove_all(void **state) { return remove_runs(state) + remove_folder(state); }

/* ---- stopping and going on ------------------------------------------------------------------------------------------- */

static void a_run_stopped_at_any_step_ends_with_the_same_files(void **state) {
    (void)state;
    assert_ok(train("whole", NULL, NULL));
    for (int cut = 1; cut <= RUN_STEPS; cut++) {
        audience a = { .at = cut, .answer = BNN_STOP };
        assert_int_equal(train("run", &a, NULL), BNN_STOPPED);
        assert_non_null(strstr(bnn_error_text(), "bnn train --resume"));
        assert_false(has("run", BNN_RUN_POSTERIOR));
        assert_ok(resume("run", NULL, cut % 2 == 0 ? "run.threads=1" : "run.threads=2"));
        assert_finished_as("run", "whole", cut);
        assert_log_is_whole("run");
        bnn_text_free(&a.told);
        assert_true(bnn_folder_remove(path_of("run")));
    }
}

/* Each part of the run does one step. */
static void check_step_by_step(const char *method) {
    audience a = { .at = 1, .answer = BNN_STOP };
    assert_ok(train("whole", NULL, method));
    bnn_status status = train("run", &a, method);
    for (int part = 1; status == BNN_STOPPED; part++) {
        char sentence[64];
        snprintf(sentence, sizeof sentence, "stopped after step %d;", part);
        assert_non_null(strstr(bnn_error_text(), sentence));
        assert_true(part <= 5 * RUN_STEPS);
        status = resume("run", &a, NULL);
    }
    assert_ok(status);
    assert_finished_as("run", "whole", 1);
    bnn_text_free(&a.told);
    remove_runs(NULL);
}

static void a_run_stopped_after_every_single_step_ends_with_the_same_files(void **state) {
    (void)state;
    check_step_by_step("method.name=ensemble");
    check_step_by_step("method.name=laplace");
}

static void only_the_last_two_checkpoints_are_kept(void **state) {
    audience a = { .at = 20, .answer = BNN_STOP };
    bnn_checkpoint_list list;
    (void)state;
    assert_int_equal(train("run", &a, "train.checkpoint_minutes=1e-9"), BNN_STOPPED);
    assert_ok(bnn_checkpoint_find(&list, path_of("run")));
    assert_int_equal(list.n, 2);
    assert_true(list.steps[0] == 20 && list.steps[1] == 19);
    bnn_checkpoint_list_free(&list);
    bnn_text_free(&a.told);
}

static void a_time_limit_stops_after_a_step_and_so_does_the_next_part(void **state) {
    (void)state;
    assert_ok(train("whole", NULL, NULL));
    assert_int_equal(train("run", NULL, "train.time_limit=1e-9"), BNN_STOPPED);
    assert_non_null(strstr(bnn_error_text(), "stopped after step 1 at train.time_limit = 1e-09; go on with"));
    assert_int_equal(resume("run", NULL, NULL), BNN_STOPPED);
    assert_non_null(strstr(bnn_error_text(), "stopped after step 2 "));
    assert_ok(resume("run", NULL, "train.time_limit=0"));
    assert_finished_as("run", "whole", 2);
}

static void a_finished_run_says_so_and_stays_as_it_is(void **state) {
    audience a = {0};
    (void)state;
    assert_ok(train("run", NULL, NULL));
    assert_ok(train("whole", NULL, NULL));
    assert_ok(resume("run", &a, NULL));
    assert_true(was_told(&a, "the run is finished"));
    assert_finished_as("run", "whole", 0);
    assert_int_equal(resume("run", &a, "train.epochs=9"), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "train.epochs was 6 when the run began and is 9 now"));
    bnn_text_free(&a.told);
}

/* ---- what is in the way ---------------------------------------------------------------------------------------------- */

static void stopped_run(const char *name) {
    audience a = { .at = 9, .answer = BNN_STOP };
    assert_int_equal(train(name, &a, "train.checkpoint_minutes=1e-9"), BNN_STOPPED);   /* after step 8 too, before the row of epoch 2 */
    bnn_text_free(&a.told);
}

/* One byte of a checkpoint turned over, `at` counted from the front, or with < 0 from the end; at = 0: the second half is lost. */
static void damage(const char *name, uint64_t step, long at) {
    char *path = bnn_checkpoint_path(path_of(name), step), *data;
    size_t n;
    assert_ok(bnn_file_read(path, &data, &n));
    if (at == 0) n /= 2;
    else data[at > 0 ? at : (long)n + at] ^= 1;
    assert_ok(bnn_file_write(path, data, n));
    free(data);
    free(path);
}

/* Byte 1 is of the header's length; 20 in its first key; some 40 in a fact; the last one is a weight's. */
static void a_damaged_checkpoint_is_named_and_the_one_before_it_used(void **state) {
    static const long places[] = { 0, 1, 20, 40, 100, 500, -1, -300 };
    (void)state;
    assert_ok(train("whole", NULL, NULL));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        audience a = {0};
        stopped_run("run");
        damage("run", 9, places[i]);
        assert_ok(resume("run", &a, NULL));
        if (!was_told(&a, "warning: ") || !was_told(&a, "step-000000000009.safetensors") || !was_told(&a, "goes on after step 8\n"))
            fail_msg("byte %ld: told \"%s\"", places[i], a.told.at);
        assert_finished_as("run", "whole", 8);
        assert_log_is_whole("run");
        bnn_text_free(&a.told);
        assert_true(bnn_folder_remove(path_of("run")));
    }
}

static void without_a_whole_checkpoint_there_is_no_going_on(void **state) {
    audience a = {0};
    (void)state;
    stopped_run("run");
    damage("run", 9, 0);
    damage("run", 8, -1);
    assert_int_equal(resume("run", &a, NULL), BNN_ERR_DATA);
    assert_true(was_told(&a, "step-000000000009.safetensors") && was_told(&a, "step-000000000008.safetensors"));
    assert_non_null(strstr(bnn_error_text(), "no checkpoint that is whole"));
    bnn_checkpoint_remove(path_of("run"));
    assert_int_equal(resume("run", NULL, NULL), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "no checkpoint to go on from"));
    assert_int_equal(resume("nowhere", NULL, NULL), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "not a run folder"));
    bnn_text_free(&a.told);
}

static void metrics_that_were_lost_rule_a_checkpoint_out(void **state) {
    audience a = {0};
    char path[600];
    (void)state;
    stopped_run("run");
    snprintf(path, sizeof path, "%s/%s", path_of("run"), BNN_RUN_METRICS);
    assert_int_equal(truncate(path, 60), 0);
    assert_int_equal(resume("run", &a, NULL), BNN_ERR_DATA);
    assert_true(was_told(&a, "metrics.csv has 60 bytes, it had"));
    bnn_text_free(&a.told);
}

static void changed_settings_are_refused_by_name_with_both_values(void **state) {
    (void)state;
    stopped_run("run");
    assert_int_equal(resume("run", NULL, "net.hidden=5"), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "net.hidden was 4 when the run began and is 5 now"));
    assert_int_equal(resume("run", NULL, "method.name=map"), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "method.name was bbb when the run began and is map now"));
    assert_non_null(strstr(bnn_error_text(), "method.init_sd was 0.02 when the run began and is not there now"));
    assert_int_equal(resume("run", NULL, "net.hiden=5"), BNN_ERR_CONFIG);
    assert_ok(resume("run", NULL, "predict.samples=7"));
}

/* What settings said at the start is in the checkpoint: an edited config.ini is no way round. */
static void an_edited_configuration_is_seen(void **state) {
    char path[600], *text, *at;
    size_t n;
    (void)state;
    stopped_run("run");
    snprintf(path, sizeof path, "%s/%s", path_of("run"), BNN_RUN_CONFIG);
    assert_ok(bnn_file_read(path, &text, &n));
    assert_non_null(at = strstr(text, "epochs = 6"));
    at[9] = '8';
    assert_ok(bnn_file_write(path, text, n));
    free(text);
    assert_int_equal(resume("run", NULL, NULL), BNN_ERR_CONFIG);
    assert_non_null(strstr(bnn_error_text(), "train.epochs was 6 when the run began and is 8 now"));
}

static void changed_data_are_refused_and_moved_data_are_not(void **state) {
    char set[600];
    (void)state;
    assert_ok(train("whole", NULL, NULL));
    stopped_run("run");
    put_plane(2.001);
    assert_int_equal(resume("run", NULL, NULL), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "plane.csv has changed since the run began"));
    put_plane(2);
    snprintf(set, sizeof set, "data.train=%s", path_of("moved.csv"));
    assert_int_equal(rename(path_of("plane.csv"), path_of("moved.csv")), 0);
    assert_int_equal(resume("run", NULL, NULL), BNN_ERR_DATA);
    assert_ok(resume("run", NULL, set));
    assert_finished_as("run", "whole", 9);
}

/* A file where the folder of checkpoints should be: nothing can be saved there. */
static void a_checkpoint_that_cannot_be_written_ends_only_a_run_that_stops(void **state) {
    char path[600];
    audience a = { .at = 3, .answer = BNN_SAVE, .file = path };
    (void)state;
    assert_ok(train("whole", NULL, NULL));
    snprintf(path, sizeof path, "%s/%s", path_of("run"), BNN_RUN_CHECKPOINTS);
    assert_ok(train("run", &a, NULL));
    assert_true(was_told(&a, "warning: no checkpoint: "));
    assert_finished_as("run", "whole", 3);
    snprintf(path, sizeof path, "%s/%s", path_of("other"), BNN_RUN_CHECKPOINTS);
    a.answer = BNN_STOP;
    assert_int_equal(train("other", &a, NULL), BNN_ERR_FILE);
    bnn_text_free(&a.told);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_run_stopped_at_any_step_ends_with_the_same_files, start_anew),
        cmocka_unit_test_setup(a_run_stopped_after_every_single_step_ends_with_the_same_files, start_anew),
        cmocka_unit_test_setup(only_the_last_two_checkpoints_are_kept, start_anew),
        cmocka_unit_test_setup(a_time_limit_stops_after_a_step_and_so_does_the_next_part, start_anew),
        cmocka_unit_test_setup(a_finished_run_says_so_and_stays_as_it_is, start_anew),
        cmocka_unit_test_setup(a_damaged_checkpoint_is_named_and_the_one_before_it_used, start_anew),
        cmocka_unit_test_setup(without_a_whole_checkpoint_there_is_no_going_on, start_anew),
        cmocka_unit_test_setup(metrics_that_were_lost_rule_a_checkpoint_out, start_anew),
        cmocka_unit_test_setup(changed_settings_are_refused_by_name_with_both_values, start_anew),
        cmocka_unit_test_setup(an_edited_configuration_is_seen, start_anew),
        cmocka_unit_test_setup(changed_data_are_refused_and_moved_data_are_not, start_anew),
        cmocka_unit_test_setup(a_checkpoint_that_cannot_be_written_ends_only_a_run_that_stops, start_anew),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, make_folder, remove_all);
}
