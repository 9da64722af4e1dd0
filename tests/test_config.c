/* The configuration against a small catalogue of its own, with two axes in one section. Expected sentences, values and pages
 * are written by hand from the contract in config.h and from the rows below. */
#include "harness.h"
#include "config/config.h"
#include "base/fail.h"

#include <stdio.h>
#include <unistd.h>

/* The catalogue. */

typedef struct run_options { const char *name; long long seed; bnn_number_word threads; bool quiet; } run_options;
typedef struct data_options {
    const char *train, *test;
    int         header;
    bnn_words   target;
    double      fraction;
} data_options;
typedef struct net_options { bnn_numbers hidden; const char *init; } net_options;
typedef struct gaussian_options { bnn_number_word noise_sd; } gaussian_options;
typedef struct student_options { bnn_number_word noise_sd; double df; } student_options;
typedef struct optimizer_options { double lr; } optimizer_options;
typedef struct adam_options { double beta1; } adam_options;
typedef struct momentum_options { double momentum; } momentum_options;
typedef struct step_options { long long period; double factor; } step_options;

static const char *init_check(const char *value) {
    return strcmp(value, "he") == 0 || strncmp(value, "normal:", 7) == 0 ? NULL : "he or normal:SD";
}

static const bnn_option run_rows[] = {
    BNN_OPTION_TEXT_ROW(run_options, name, NULL, NULL, "name of the run folder"),
    BNN_OPTION_INT_ROW(run_options, seed, "1", 0, HUGE_VAL, "", "seed of all random numbers"),
    BNN_OPTION_INT_WORD_ROW(run_options, threads, "all", 1, 4096, "all|half", "threads", "number of threads"),
    BNN_OPTION_BOOL_ROW(run_options, quiet, "no", "say less"),
    {0}
};
static const bnn_option data_rows[] = {
    BNN_OPTION_PATH_ROW(data_options, train, "", "training rows"),
    BNN_OPTION_PATH_ROW(data_options, test, "", "test rows"),
    BNN_OPTION_CHOICE_ROW(data_options, header, "auto", "auto|yes|no", "whether the first line holds names"),
    BNN_OPTION_WORDS_ROW(data_options, target, "", "target columns"),
    BNN_OPTION_NUMBER_ROW(data_options, fraction, "0.1", 0, 1, "", "part of the rows for validation"),
    {0}
};
static const bnn_option net_rows[] = {
    BNN_OPTION_NUMBERS_ROW(net_options, hidden, "50, 50", 1, 1e6, "units", "widths of the hidden layers"),
    BNN_OPTION_TEXT_ROW(net_options, init, "he", init_check, "how weights begin"),
    {0}
};
static const bnn_option gaussian_rows[] = {
    BNN_OPTION_NUMBER_WORD_ROW(gaussian_options, noise_sd, "learn", 1e-3, 1e3, "learn", "scaled target", "noise"), {0}
};
static const bnn_option student_rows[] = {
    BNN_OPTION_NUMBER_WORD_ROW(student_options, noise_sd, "learn", 1e-3, 1e3, "learn", "scaled target", "noise"),
    BNN_OPTION_NUMBER_ROW(student_options, df, "4", 2, HUGE_VAL, "", "degrees of freedom"), {0}
};
static const bnn_option optimizer_rows[] = {
    BNN_OPTION_POSITIVE_ROW(optimizer_options, lr, "0.001", 10, "", "learning rate"), {0}
};
static const bnn_option adam_rows[] = {
    BNN_OPTION_NUMBER_ROW(adam_options, beta1, "0.9", 0, 1, "", "decay of the mean"), {0}
};
static const bnn_option momentum_rows[] = {
    BNN_OPTION_NUMBER_ROW(momentum_options, momentum, "0.9", 0, 1, "", "decay of the velocity"), {0}
};
static const bnn_option step_rows[] = {
    BNN_OPTION_INT_ROW(step_options, period, "100", 1, 1e9, "epochs", "epochs between two drops of the learning rate"),
    BNN_OPTION_NUMBER_ROW(step_options, factor, "0.1", 0, 1, "", "what the learning rate is multiplied by at each drop, "
                          "a sentence that is long enough that it must be broken into two lines of the help page"), {0}
};

static const bnn_variant gaussian = {"gaussian", "normal noise", gaussian_rows, sizeof(gaussian_options)};
static const bnn_variant student  = {"student_t", "noise with outliers", student_rows, sizeof(student_options)};
static const bnn_variant bernoulli = {"bernoulli", "two classes", NULL, 0};
static const bnn_variant adam     = {"adam", "a rate for each weight", adam_rows, sizeof(adam_options)};
static const bnn_variant sgd      = {"sgd", "plain gradient steps", NULL, 0};
static const bnn_variant momentum = {"momentum", "a heavy ball", momentum_rows, sizeof(momentum_options)};
static const bnn_variant constant = {"constant", "never changes", NULL, 0};
static const bnn_variant step     = {"step", "drops now and then", step_rows, sizeof(step_options)};

static const bnn_variant *const likelihoods[] = {&gaussian, &student, &bernoulli, NULL};
static const bnn_variant *const optimizers[]  = {&adam, &sgd, &momentum, NULL};
static const bnn_variant *const schedules[]   = {&constant, &step, NULL};

static const bnn_axis likelihood_axes[] = {{"name", likelihoods, "distribution of the target", "likelihood", NULL}, {0}};
static const bnn_axis optimizer_axes[]  = {{"name", optimizers, "update rule", "optimizer", NULL},
                                           {"schedule", schedules, "how the rate changes", "schedule", NULL}, {0}};

static const bnn_section catalogue[] = {
    {"run", "the run", run_rows, NULL},
    {"data", "where rows come from", data_rows, NULL},
    {"net", "the network", net_rows, NULL},
    {"likelihood", "the likelihood", NULL, likelihood_axes},
    {"optimizer", "the optimizer", optimizer_rows, optimizer_axes},
    {0}
};

/* A folder of its own per test. */

typedef struct place { char folder[256], file[300]; } place;

static int place_make(void **state) {
    static place p;
    const char *base = getenv("TMPDIR");
    snprintf(p.folder, sizeof p.folder, "%s/test_config.XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(p.folder) == NULL) return -1;
    snprintf(p.file, sizeof p.file, "%s/x.ini", p.folder);
    *state = &p;
    return 0;
}

static int place_remove(void **state) {
    place *p = *state;
    unlink(p->file);    /* some tests write none */
    return rmdir(p->folder);
}

static void write_bytes(const place *p, const char *bytes, size_t size) {
    unlink(p->file);    /* cutting an old file to nothing makes some file systems flush to disk: slow */
    FILE *file = fopen(p->file, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static bnn_config *read_ok(const place *p, const char *ini) {
    bnn_config *config = NULL;
    write_bytes(p, ini, strlen(ini));
    assert_ok(bnn_config_read_catalogue(&config, catalogue, p->file, 0, NULL));
    return config;
}

static bnn_config *set_ok(size_t n, const char *const *words) {
    bnn_config *config = NULL;
    assert_ok(bnn_config_read_catalogue(&config, catalogue, NULL, n, words));
    return config;
}

/* The error text with every "<folder>/" cut out: "x.ini:1: ...". */
static const char *error_without_folder(const place *p) {
    static char text[20000];
    size_t length = strlen(p->folder) + 1, n = 0;
    for (const char *at = bnn_error_text(); *at != '\0';) {
        if (strncmp(at, p->folder, length - 1) == 0) at += length;
        else text[n++] = *at++;
    }
    text[n] = '\0';
    return text;
}

static void expect_bytes_fault(const place *p, const char *ini, size_t size, const char *sentence) {
    bnn_config *config = NULL;
    write_bytes(p, ini, size);
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, p->file, 0, NULL), BNN_ERR_CONFIG);
    assert_null(config);
    assert_string_equal(error_without_folder(p), sentence);
}

static void expect_fault(const place *p, const char *ini, const char *sentence) {
    expect_bytes_fault(p, ini, strlen(ini), sentence);
}

static void expect_word_fault(const char *word, const char *sentence) {
    bnn_config *config = NULL;
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, NULL, 1, &word), BNN_ERR_CONFIG);
    assert_null(config);
    assert_string_equal(bnn_error_text(), sentence);
}

static void expect_resolved(const place *p, const char *ini, const char *section, const char *key, const char *value) {
    bnn_config *config = read_ok(p, ini);
    assert_string_equal(bnn_config_text(config, section, key), value);
    bnn_config_free(config);
}

/* Faults, one sentence each. */

static void unknown_names_are_reported_with_line_and_nearest(void **state) {
    expect_fault(*state, "[net]\n\n\nhiden = 3\n", "x.ini:4: unknown key \"hiden\" in [net]; did you mean \"hidden\"?");
    expect_fault(*state, "# c\n\n[optimiser]\nlr = 1\n", "x.ini:3: unknown section [optimiser]; did you mean [optimizer]?");
    expect_fault(*state, "[]\n", "x.ini:1: unknown section []");
    expect_fault(*state, "[net]\nlr = 1\n", "x.ini:2: unknown key \"lr\" in [net]; it is a key of [optimizer]");
    expect_fault(*state, "[net]\nHidden = 1\n", "x.ini:2: unknown key \"Hidden\" in [net]; did you mean \"hidden\"?");
    expect_fault(*state, "[net]\nzzzzzzzz = 1\n", "x.ini:2: unknown key \"zzzzzzzz\" in [net]");
}

static void bad_values_are_reported_with_what_is_allowed(void **state) {
    expect_fault(*state, "[optimizer]\nlr = -3\n", "x.ini:2: [optimizer] lr = -3 is out of range: a number in (0, 10]");
    expect_fault(*state, "[optimizer]\nlr = 0\n", "x.ini:2: [optimizer] lr = 0 is out of range: a number in (0, 10]");
    expect_fault(*state, "[optimizer]\nlr = 1x\n", "x.ini:2: [optimizer] lr = 1x is not a number: a number in (0, 10]");
    expect_fault(*state, "[optimizer]\nlr =\n", "x.ini:2: [optimizer] lr is not a number: a number in (0, 10]");
    expect_fault(*state, "[optimizer]\nlr = nan\n", "x.ini:2: [optimizer] lr = nan is not finite: a number in (0, 10]");
    expect_fault(*state, "[likelihood]\nname=student_t\ndf = inf",
                 "x.ini:3: [likelihood] df = inf is not finite: a number >= 2");
    expect_fault(*state, "[run]\nseed = 1.5\n", "x.ini:2: [run] seed = 1.5 is not an integer: an integer >= 0");
    expect_fault(*state, "[run]\nseed = 99999999999999999999\n",
                 "x.ini:2: [run] seed = 99999999999999999999 is out of range: an integer >= 0");
    expect_fault(*state, "[run]\nthreads = halv\n", "x.ini:2: [run] threads = halv is not an integer: "
                 "an integer in [1, 4096] or all, half; did you mean \"half\"?");
    expect_fault(*state, "[run]\nquiet = maybe\n", "x.ini:2: [run] quiet = maybe is not a yes or no: yes or no");
    expect_fault(*state, "[optimizer]\nname = adm\nbeta1 = 0.5\n",
                 "x.ini:2: [optimizer] name = adm is unknown: one of adam, sgd, momentum; did you mean \"adam\"?");
    expect_fault(*state, "[optimizer]\nname = adm\nmomentum = 0.5\n",    /* no second fault that only follows */
                 "x.ini:2: [optimizer] name = adm is unknown: one of adam, sgd, momentum; did you mean \"adam\"?");
    expect_fault(*state, "[data]\nheader =\n", "x.ini:2: [data] header is empty: one of auto, yes, no");
    expect_fault(*state, "[net]\ninit = xavier\n", "x.ini:2: [net] init = xavier is not allowed: he or normal:SD");
    expect_fault(*state, "[net]\nhidden = 5, x\n", "x.ini:2: [net] hidden = 5, x has \"x\", which is not a number: "
                 "numbers in [1, 1000000], separated by commas");
    expect_fault(*state, "[net]\nhidden = 5,\n", "x.ini:2: [net] hidden = 5, has nothing between two commas or at an end: "
                 "numbers in [1, 1000000], separated by commas");
    expect_fault(*state, "[data]\ntarget = a,,b\n", "x.ini:2: [data] target = a,,b has nothing between "
                 "two commas or at an end: words, separated by commas");
    expect_fault(*state, "[run]\nname = a\001b\n",
                 "x.ini:2: [run] name = a?b holds a control character: a value is one line of text");
}

static void bad_lines_are_reported(void **state) {
    expect_fault(*state, "[net] x\nhidden = 0\n", "x.ini:1: \"[net] x\" has text after the section header\n"
                 "x.ini:2: [net] hidden = 0 is out of range: numbers in [1, 1000000], separated by commas");
    expect_fault(*state, "[net\n", "x.ini:1: \"[net\" has no ']'");
    expect_fault(*state, "[net]\nhidden 50\n", "x.ini:2: \"hidden 50\" has no '=': a line is key = value");
    expect_fault(*state, "[net]\n= 50\n", "x.ini:2: \"= 50\" has no key before '='");
    expect_fault(*state, "hidden = 50\n[net]\n", "x.ini:1: \"hidden = 50\" stands before any [section]");
    static const char with_nul[] = "[net]\nhid\0den = 3\n";
    expect_bytes_fault(*state, with_nul, sizeof with_nul - 1,
                       "x.ini:2: \"hid\" is followed by a NUL byte: this is not plain text");
    expect_bytes_fault(*state, "[run]\n\0", 7, "x.ini:2: \"\" is followed by a NUL byte: this is not plain text");
}

static void a_duplicate_names_the_first_line(void **state) {
    expect_fault(*state, "[net]\nhidden = 3\n[run]\n[net]\nhidden = 4\n",
                 "x.ini:5: duplicate key \"hidden\" in [net]; first set in line 2");
}

static void a_key_of_another_variant_names_its_variant(void **state) {
    expect_fault(*state, "[likelihood]\nname = bernoulli\ndf = 3\n",
                 "x.ini:3: df belongs to [likelihood] name = student_t, not bernoulli");
    expect_fault(*state, "[likelihood]\nnoise_sd = 1\nname = bernoulli\n",
                 "x.ini:2: noise_sd belongs to [likelihood] name = gaussian or student_t, not bernoulli");
    expect_fault(*state, "[optimizer]\nperiod = 3\n", 
                 "x.ini:2: period belongs to [optimizer] schedule = step, not constant");
}

static void variables_expand_and_must_be_set(void **state) {
    unsetenv("BNN_TEST_UNSET");
    setenv("BNN_TEST_NAME", " a #b ", 1);
    expect_resolved(*state, "[run]\nname = x${BNN_TEST_NAME}y${BNN_TEST_NAME}\n", "run", "name", "x a #b y a #b");
    expect_fault(*state, "[data]\ntrain = ${BNN_TEST_UNSET}/a.csv\n",
                 "x.ini:2: [data] train needs ${BNN_TEST_UNSET}, which is not set in the environment");
    expect_fault(*state, "[run]\nname = ${BNN\n",
                 "x.ini:2: [run] name holds \"${\" without NAME} (write $${ for the plain characters)");
    expect_resolved(*state, "[run]\nname = $${HOME} $$ $5 $ x\n", "run", "name", "${HOME} $ $5 $ x");
    const char *word = "run.name=${BNN_TEST_NAME}";
    bnn_config *config = set_ok(1, &word);
    assert_string_equal(bnn_config_text(config, "run", "name"), "a #b");
    bnn_config_free(config);
    expect_word_fault("run.name=${BNN_TEST_UNSET}",
                      "command line: [run] name needs ${BNN_TEST_UNSET}, which is not set in the environment");
    unsetenv("BNN_TEST_NAME");
}

static void malformed_words_are_reported(void **state) {
    (void)state;
    expect_word_fault("lr=3", "command line: \"lr=3\" is not section.key=value");
    expect_word_fault("optimizer.lr", "command line: \"optimizer.lr\" is not section.key=value");
    expect_word_fault("lr=0.5", "command line: \"lr=0.5\" is not section.key=value");
    expect_word_fault(".lr=1", "command line: \".lr=1\" is not section.key=value");
    expect_word_fault("", "command line: \"\" is not section.key=value");
    expect_word_fault("optimizr.lr=1", "command line: unknown section [optimizr]; did you mean [optimizer]?");
    expect_word_fault("optimizer.lr=a", "command line: [optimizer] lr = a is not a number: a number in (0, 10]");
    expect_word_fault("optimizer.momentum=0.5", "command line: momentum belongs to [optimizer] name = momentum, not adam");
}

static void all_faults_are_reported_at_once_in_order(void **state) {
    place *p = *state;
    const char *ini = "lr = 1\n[net]\nhiden = 3\nhidden = 0\n[optimiser]\nlr = 3\n[optimizer]\nlr = 30\nlr\n";
    const char *words[] = {"a", "run.seed=x"};
    bnn_config *config = NULL;
    write_bytes(p, ini, strlen(ini));
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, p->file, 2, words), BNN_ERR_CONFIG);
    assert_string_equal(error_without_folder(p),
                        "x.ini:1: \"lr = 1\" stands before any [section]\n"
                        "x.ini:3: unknown key \"hiden\" in [net]; did you mean \"hidden\"?\n"
                        "x.ini:4: [net] hidden = 0 is out of range: numbers in [1, 1000000], separated by commas\n"
                        "x.ini:5: unknown section [optimiser]; did you mean [optimizer]?\n"
                        "x.ini:8: [optimizer] lr = 30 is out of range: a number in (0, 10]\n"
                        "x.ini:9: \"lr\" has no '=': a line is key = value\n"
                        "command line: \"a\" is not section.key=value\n"
                        "command line: [run] seed = x is not an integer: an integer >= 0");
}

static void a_missing_file_is_a_configuration_error(void **state) {
    bnn_config *config = NULL;
    place *p = *state;
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, p->file, 0, NULL), BNN_ERR_CONFIG);
    assert_null(config);
    assert_non_null(strstr(bnn_error_text(), "x.ini"));
}

/* What the reader accepts. */

static void comments_begin_at_line_start_or_after_a_blank(void **state) {
    expect_resolved(*state, "; c\n #c\n[run] ; c\nname = a#b;c # d ; e\n", "run", "name", "a#b;c");
    expect_resolved(*state, "[run]\nname = a\t;b\n", "run", "name", "a");
    expect_resolved(*state, "[run]\nname = # b\n", "run", "name", "");
    expect_resolved(*state, "[run]\nname =#b\n", "run", "name", "#b");
    expect_resolved(*state, "[run]\nname = a $#b $;c $$#d\n", "run", "name", "a #b ;c $#d");
    expect_resolved(*state, "[run]\nname = a=b = c\n", "run", "name", "a=b = c");
}

static void crlf_and_byte_order_mark_are_accepted(void **state) {
    expect_resolved(*state, "\xEF\xBB\xBF[run]\r\n\r\nname = a b \r\nseed = 7\r\n", "run", "name", "a b");
    expect_resolved(*state, "\xEF\xBB\xBF[run]\r\nseed = 7\r", "run", "seed", "7");
    expect_resolved(*state, "", "run", "seed", "1");
}

static void indented_keys_split_sections_and_long_lines_are_accepted(void **state) {
    enum { LENGTH = 100000 };
    char *ini = calloc(LENGTH + 100, 1), *value = calloc(LENGTH + 1, 1);
    memset(value, 'x', LENGTH);
    snprintf(ini, LENGTH + 100, "[ run ]\n\tseed=3\n[net]\n[run]\n  name = %s\n", value);
    expect_resolved(*state, ini, "run", "name", value);
    expect_resolved(*state, ini, "run", "seed", "3");
    free(ini);
    free(value);
}

static void long_values_are_shortened_in_sentences(void **state) {
    char ini[400] = "[run]\nseed = ", sentence[500];
    memset(ini + 13, '9', 300);
    snprintf(sentence, sizeof sentence, "x.ini:2: [run] seed = %.60s... is out of range: an integer >= 0", ini + 13);
    expect_fault(*state, ini, sentence);
}

static void values_have_one_canonical_text(void **state) {
    place *p = *state;
    static const char *const cases[][4] = {    /* section, key, written, canonical */
        {"run", "quiet", "TRUE", "yes"}, {"run", "quiet", "on", "yes"}, {"run", "quiet", "1", "yes"},
        {"run", "quiet", "Off", "no"}, {"run", "quiet", "0", "no"}, {"run", "quiet", "false", "no"},
        {"run", "seed", "1e6", "1000000"}, {"run", "seed", "9007199254740993", "9007199254740993"},
        {"run", "seed", "+7", "7"},
        {"run", "seed", "12.0", "12"}, {"run", "threads", "08", "8"}, {"run", "threads", "half", "half"},
        {"optimizer", "lr", "1.0e-1", "0.1"}, {"optimizer", "lr", ".5", "0.5"}, {"optimizer", "lr", "0.30000000000000004",
        "0.30000000000000004"}, {"net", "hidden", "5 ,6.0,7e0", "5, 6, 7"}, {"net", "hidden", "", ""},
        {"data", "target", " a b,c ", "a b, c"}, {"data", "target", "", ""}, {"data", "train", "", ""},
        {"run", "name", "", ""}, {"data", "train", "/a/./b/../c.csv", "/a/c.csv"},
        {"likelihood", "noise_sd", "0.10", "0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ini[200];
        snprintf(ini, sizeof ini, "[%s]\n%s = %s\n", cases[i][0], cases[i][1], cases[i][2]);
        expect_resolved(p, ini, cases[i][0], cases[i][1], cases[i][3]);
    }
}

static void paths_are_relative_to_the_file_or_the_current_folder(void **state) {
    place *p = *state;
    const char *word = "data.test=a/../b.csv", *ini = "[data]\ntrain = sub/./t.csv\n";
    char expected[5000], here[4096];
    bnn_config *config = NULL;
    write_bytes(p, ini, strlen(ini));
    assert_ok(bnn_config_read_catalogue(&config, catalogue, p->file, 1, &word));
    snprintf(expected, sizeof expected, "%s/sub/t.csv", p->folder);
    assert_string_equal(bnn_config_text(config, "data", "train"), expected);
    assert_non_null(getcwd(here, sizeof here));
    snprintf(expected, sizeof expected, "%s/b.csv", here);
    assert_string_equal(bnn_config_text(config, "data", "test"), expected);
    assert_ok(bnn_config_set(config, "data", "train", "b.csv"));
    assert_string_equal(bnn_config_text(config, "data", "train"), expected);
    bnn_config_free(config);
}

/* Resolving. */

static void command_line_beats_file_beats_default(void **state) {
    place *p = *state;
    const char *ini = "[optimizer]\nlr = 0.5\n[run]\nseed = 3\n", *words[] = {"run.seed=4", " run . seed = 5 "};
    char where[400];
    bnn_config *config = NULL;
    write_bytes(p, ini, strlen(ini));
    assert_ok(bnn_config_read_catalogue(&config, catalogue, p->file, 2, words));
    assert_string_equal(bnn_config_text(config, "run", "seed"), "5");
    assert_string_equal(bnn_config_where(config, "run", "seed"), "command line");
    assert_string_equal(bnn_config_text(config, "optimizer", "lr"), "0.5");
    snprintf(where, sizeof where, "%s:2", p->file);
    assert_string_equal(bnn_config_where(config, "optimizer", "lr"), where);
    assert_string_equal(bnn_config_text(config, "optimizer", "beta1"), "0.9");
    assert_string_equal(bnn_config_where(config, "optimizer", "beta1"), "default");
    assert_string_equal(bnn_config_text(config, "run", "name"), "");
    assert_null(bnn_config_text(config, "optimizer", "momentum"));
    assert_null(bnn_config_text(config, "nowhere", "lr"));
    assert_ptr_equal(bnn_config_catalogue(config), catalogue);
    bnn_config_free(config);
}

static void variants_follow_their_axis_keys(void **state) {
    bnn_config *config = read_ok(*state, "[optimizer]\nschedule = step\nname = sgd\n");
    assert_ptr_equal(bnn_config_variant(config, "optimizer", "name"), &sgd);
    assert_ptr_equal(bnn_config_variant(config, "optimizer", "schedule"), &step);
    assert_ptr_equal(bnn_config_variant(config, "likelihood", "name"), &gaussian);
    bnn_config_free(config);
}

static void command_line_variant_drops_the_files_keys(void **state) {
    place *p = *state;
    const char *ini = "[likelihood]\nname = student_t\ndf = 3\nnoise_sd = 2\n", *word = "likelihood.name=gaussian";
    bnn_config *config = NULL;
    write_bytes(p, ini, strlen(ini));
    assert_ok(bnn_config_read_catalogue(&config, catalogue, p->file, 1, &word));
    assert_null(bnn_config_text(config, "likelihood", "df"));
    assert_string_equal(bnn_config_text(config, "likelihood", "noise_sd"), "2");    /* both variants have it */
    bnn_config_free(config);
    config = NULL;
    const char *words[] = {word, "likelihood.df=5"};     /* but words must fit each other */
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, p->file, 2, words), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), "command line: df belongs to [likelihood] name = student_t, not gaussian");
    ini = "[likelihood]\nname = student_t\ndf = 1\n";    /* a bad value stays a fault */
    write_bytes(p, ini, strlen(ini));
    assert_int_equal(bnn_config_read_catalogue(&config, catalogue, p->file, 1, &word), BNN_ERR_CONFIG);
    assert_string_equal(error_without_folder(p), "x.ini:3: [likelihood] df = 1 is out of range: a number >= 2");
}

static void expect_unsound(const bnn_section *section, const char *sentence) {
    const bnn_section sections[] = {*section, {0}};
    assert_int_equal(bnn_catalogue_check(sections), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), sentence);
}

static void an_axis_of_one_variant_rests_with_the_others(void **state) {
    const bnn_axis axes[] = {{"name", optimizers, "h", "optimizer", NULL}, {"schedule", schedules, "h", "schedule", "sgd"}, {0}};
    const bnn_section resting[] = {{"optimizer", "h", NULL, axes}, {0}};
    const char *words[] = {"optimizer.name=sgd", "optimizer.schedule=step", "optimizer.period=7", "optimizer.name=adam"};
    bnn_config *config = NULL;
    (void)state;
    assert_ok(bnn_catalogue_check(resting));
    assert_ok(bnn_config_read_catalogue(&config, resting, NULL, 3, words));
    assert_string_equal(bnn_config_text(config, "optimizer", "period"), "7");
    assert_ok(bnn_config_set(config, "optimizer", "name", "adam"));
    assert_null(bnn_config_text(config, "optimizer", "schedule"));
    assert_null(bnn_config_text(config, "optimizer", "period"));
    bnn_config_free(config);
    config = NULL;
    assert_int_equal(bnn_config_read_catalogue(&config, resting, NULL, 2, words + 1), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), "command line: schedule belongs to [optimizer] name = sgd, not adam\n"
                                          "command line: period belongs to [optimizer] name = sgd, not adam");
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){axes[0], {"schedule", schedules, "h", "t", "nobody"}, {0}}},
                   "catalogue: [s] \"schedule\" belongs to a variant that there is not");
}

static void set_replaces_checks_and_drops(void **state) {
    bnn_config *config = read_ok(*state, "[optimizer]\nbeta1 = 0.5\n");
    assert_ok(bnn_config_set(config, "optimizer", "lr", " 0.25 "));
    assert_string_equal(bnn_config_text(config, "optimizer", "lr"), "0.25");
    assert_int_equal(bnn_config_set(config, "optimizer", "lr", "11"), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), "command line: [optimizer] lr = 11 is out of range: a number in (0, 10]");
    assert_string_equal(bnn_config_text(config, "optimizer", "lr"), "0.25");
    assert_int_equal(bnn_config_set(config, "optimizer", "momentum", "0.5"), BNN_ERR_CONFIG);
    assert_int_equal(bnn_config_set(config, "optimzer", "lr", "1"), BNN_ERR_CONFIG);
    assert_string_equal(bnn_config_text(config, "optimizer", "beta1"), "0.5");
    assert_ok(bnn_config_set(config, "optimizer", "name", "momentum"));
    assert_null(bnn_config_text(config, "optimizer", "beta1"));
    assert_string_equal(bnn_config_text(config, "optimizer", "momentum"), "0.9");
    assert_ok(bnn_config_set(config, "optimizer", "name", "adam"));
    assert_string_equal(bnn_config_text(config, "optimizer", "beta1"), "0.9");     /* back at the default */
    assert_ok(bnn_config_set(config, "run", "name", "${HOME} $# #"));              /* taken literally */
    assert_string_equal(bnn_config_text(config, "run", "name"), "${HOME} $# #");
    bnn_config_free(config);
}

static void fill_gives_every_kind_its_c_type(void **state) {
    bnn_config *config = read_ok(*state, "[run]\nname = n\nseed = 9007199254740993\nthreads = half\nquiet = yes\n"
                                         "[data]\ntrain = /t.csv\nheader = no\ntarget = y1, y 2\nfraction = 0.25\n"
                                         "[net]\nhidden = 3, 4.5\n[likelihood]\nnoise_sd = 0.5\n");
    run_options run;  data_options data;  net_options net;  gaussian_options noise;
    memset(&run, 0xAA, sizeof run);
    bnn_config_fill(config, "run", run_rows, &run);
    bnn_config_fill(config, "data", data_rows, &data);
    bnn_config_fill(config, "net", net_rows, &net);
    bnn_config_fill(config, "likelihood", gaussian_rows, &noise);
    assert_ok(bnn_config_set(config, "net", "hidden", "1"));              /* may not touch what was filled */
    assert_ok(bnn_config_set(config, "data", "target", "z"));
    assert_ok(bnn_config_set(config, "run", "name", "other"));
    assert_string_equal(run.name, "n");
    assert_true(run.seed == 9007199254740993LL);                            /* 2^53 + 1: no double holds it */
    assert_int_equal(run.threads.word, 1);
    assert_true(run.quiet);
    assert_string_equal(data.train, "/t.csv");
    assert_string_equal(data.test, "");
    assert_int_equal(data.header, 2);
    assert_int_equal(data.target.n, 2);
    assert_string_equal(data.target.at[1], "y 2");
    assert_close(data.fraction, 0.25, 0);
    assert_int_equal(net.hidden.n, 2);
    assert_close(net.hidden.at[1], 4.5, 0);
    assert_string_equal(net.init, "he");
    assert_int_equal(noise.noise_sd.word, -1);
    assert_close(noise.noise_sd.number, 0.5, 0);
    assert_ok(bnn_config_set(config, "run", "threads", "12"));
    bnn_config_fill(config, "run", run_rows, &run);
    assert_int_equal(run.threads.word, -1);
    assert_close(run.threads.number, 12, 0);
    bnn_config_free(config);
}

static void fail_names_place_and_value(void **state) {
    (void)state;
    const char *word = "net.hidden=4";
    bnn_config *config = set_ok(1, &word);
    assert_int_equal(bnn_config_fail(config, "net", "hidden", "needs %d", 3), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), "command line: [net] hidden = 4: needs 3");
    assert_int_equal(bnn_config_fail(config, "data", "train", "must be given"), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(), "default: [data] train: must be given");
    bnn_config_free(config);
}

/* Printing. */

static void print_holds_every_key_in_catalogue_order(void **state) {
    (void)state;
    const char *words[] = {"optimizer.schedule=step", "run.name=a #b $${c}", "data.target=#a, ;b"};
    bnn_config *config = set_ok(3, words);
    char *all = bnn_config_print(config, NULL, false), *helped = bnn_config_print(config, "net", true);
    assert_string_equal(all,
        "[run]\nname = a $#b $${c}\nseed = 1\nthreads = all\nquiet = no\n\n"
        "[data]\ntrain =\ntest =\nheader = auto\ntarget = $#a, $;b\nfraction = 0.1\n\n"
        "[net]\nhidden = 50, 50\ninit = he\n\n"
        "[likelihood]\nname = gaussian\nnoise_sd = learn\n\n"
        "[optimizer]\nname = adam\nschedule = step\nlr = 0.001\nbeta1 = 0.9\nperiod = 100\nfactor = 0.1\n");
    assert_string_equal(helped, "# the network\n[net]\n"
        "# widths of the hidden layers (numbers in [1, 1000000], separated by commas; units)\nhidden = 50, 50\n"
        "# how weights begin (text)\ninit = he\n");
    free(all);
    free(helped);
    bnn_config_free(config);
}

/* Reads `printed` and prints again, with and without help: the same bytes as `printed`. */
static void expect_same_print(const place *p, const char *printed, bool with_help) {
    bnn_config *config = read_ok(p, printed);
    char *again = bnn_config_print(config, NULL, with_help);
    assert_string_equal(again, printed);
    free(again);
    bnn_config_free(config);
}

static void print_reads_back_as_the_same_bytes(void **state) {
    place *p = *state;
    static const char *const names[] = {"", "a", "#", " ;x", "a #b", "a# ;;", "$", "$$", "$#", "a $", "${HOME}", "$${x}",
                                        "[x]", "a=b", "\xC3\xA9\t#", "\"q\" ; '"};
    static const char *const numbers[] = {"0.1", "1e-300", "3", "0.30000000000000004", "9.999999999999999"};
    static const char *const paths[] = {"", "a #b.csv", "../x;y $z", "/", "~ ;"};
    for (size_t i = 0; i < 16 * 5 * 5; i++) {
        bnn_config *config = NULL;
        assert_ok(bnn_config_read_catalogue(&config, catalogue, NULL, 0, NULL));
        assert_ok(bnn_config_set(config, "optimizer", "name", optimizers[i % 3]->name));
        assert_ok(bnn_config_set(config, "optimizer", "schedule", schedules[i % 2]->name));
        assert_ok(bnn_config_set(config, "likelihood", "name", likelihoods[i / 2 % 3]->name));
        assert_ok(bnn_config_set(config, "run", "name", names[i % 16]));
        assert_ok(bnn_config_set(config, "optimizer", "lr", numbers[i / 16 % 5]));
        assert_ok(bnn_config_set(config, "data", "train", paths[i / 80]));
        assert_ok(bnn_config_set(config, "data", "target", names[i % 16]));
        bool with_help = i % 2 == 0;
        char *printed = bnn_config_print(config, NULL, with_help);
        assert_non_null(printed);
        expect_same_print(p, printed, with_help);
        free(printed);
        bnn_config_free(config);
    }
}

static void values_that_no_line_can_hold_are_refused(void **state) {
    place *p = *state;
    bnn_config *config = read_ok(p, "");
    assert_int_equal(bnn_config_set(config, "run", "name", "a\nseed = 3"), BNN_ERR_CONFIG);
    assert_string_equal(bnn_error_text(),
                        "command line: [run] name = a?seed = 3 holds a control character: a value is one line of text");
    assert_int_equal(bnn_config_set(config, "data", "train", "/a /"), BNN_ERR_CONFIG);    /* folds to "/a " */
    assert_string_equal(bnn_error_text(), "command line: [data] train = /a / ends with a blank");
    bnn_config_free(config);
}

/* Help. */

static char *help_ok(const char *topic) {
    char *text = NULL;
    assert_ok(bnn_config_help(catalogue, topic, &text));
    for (char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) assert_true(strcspn(line, "\n") <= 100);
    return text;
}

static void expect_help(const char *topic, const char *page) {
    char *text = help_ok(topic);
    assert_string_equal(text, page);
    free(text);
}

static void help_lists_sections_and_tables(void **state) {
    (void)state;
    expect_help(NULL, "Sections (help SECTION, help SECTION.KEY):\n\n"
                "  run         the run\n  data        where rows come from\n  net         the network\n"
                "  likelihood  the likelihood\n  optimizer   the optimizer\n\n"
                "Tables of variants (help TABLE, help TABLE.VARIANT):\n\n"
                "  likelihood  gaussian, student_t, bernoulli\n  optimizer   adam, sgd, momentum\n"
                "  schedule    constant, step\n");
}

static const char schedule_page[] =
    "Table schedule, chosen by [optimizer] schedule: how the rate changes\n\n"
    "  constant (default)  never changes\n"
    "  step                drops now and then\n"
    "      period = 100  epochs between two drops of the learning rate (an integer in [1, 1000000000];\n"
    "                    epochs)\n"
    "      factor = 0.1  what the learning rate is multiplied by at each drop, a sentence that is long\n"
    "                    enough that it must be broken into two lines of the help page (a number in [0,\n"
    "                    1])\n";

static void help_of_a_section_shows_its_keys_and_variants(void **state) {
    (void)state;
    char page[2000];
    snprintf(page, sizeof page, "%s%s",
             "Section [optimizer]: the optimizer\n\n"
             "  name = adam          update rule (one of adam, sgd, momentum)\n"
             "  schedule = constant  how the rate changes (one of constant, step)\n"
             "  lr = 0.001           learning rate (a number in (0, 10])\n\n"
             "Table optimizer, chosen by [optimizer] name: update rule\n\n"
             "  adam (default)  a rate for each weight\n"
             "      beta1 = 0.9  decay of the mean (a number in [0, 1])\n"
             "  sgd             plain gradient steps\n"
             "  momentum        a heavy ball\n"
             "      momentum = 0.9  decay of the velocity (a number in [0, 1])\n\n", schedule_page);
    expect_help("optimizer", page);
    expect_help("schedule", schedule_page);
}

static void help_of_a_variant_and_of_a_key(void **state) {
    (void)state;
    expect_help("optimizer.adam", "[optimizer] name = adam: a rate for each weight\n"
                                  "  beta1 = 0.9  decay of the mean (a number in [0, 1])\n");
    expect_help("schedule.constant", "[optimizer] schedule = constant: never changes\n");
    expect_help("optimizer.lr", "[optimizer] lr: learning rate\n\n"
                "  value       a number in (0, 10]\n  default     0.001\n");
    expect_help("likelihood.noise_sd", "[likelihood] noise_sd: noise\n\n"
                "  value       a number in [0.001, 1000] or learn\n  default     learn\n  unit        scaled target\n"
                "  belongs to  name = gaussian, student_t\n");
    expect_help("likelihood.name", "[likelihood] name: distribution of the target\n\n"
                "  value       one of gaussian, student_t, bernoulli\n  default     gaussian\n");
    expect_help("optimizer.momentum",    /* a key and a variant */
                "[optimizer] momentum: decay of the velocity\n\n  value       a number in [0, 1]\n  default     0.9\n"
                "  belongs to  name = momentum\n\n"
                "[optimizer] name = momentum: a heavy ball\n  momentum = 0.9  decay of the velocity (a number in [0, 1])\n");
}

static void expect_no_help(const char *topic, const char *sentence) {
    char *text = NULL;
    assert_int_equal(bnn_config_help(catalogue, topic, &text), BNN_ERR_USAGE);
    assert_null(text);
    assert_string_equal(bnn_error_text(), sentence);
}

static void unknown_topics_name_the_nearest(void **state) {
    (void)state;
    expect_no_help("optimiser", "no help on \"optimiser\"; did you mean \"optimizer\"?");
    expect_no_help("optimizer.adm", "no help on \"optimizer.adm\"; did you mean \"optimizer.adam\"?");
    expect_no_help("lr", "no help on \"lr\"; did you mean \"optimizer.lr\"?");
    expect_no_help("", "no help on \"\"; help alone lists the topics");
    expect_no_help("qqqqqqqqqqqq", "no help on \"qqqqqqqqqqqq\"; help alone lists the topics");
}

/* The check of a catalogue. */

static void a_sound_catalogue_passes(void **state) {
    (void)state;
    assert_ok(bnn_catalogue_check(catalogue));
}

static void bad_rows_of_a_catalogue_are_found(void **state) {
    (void)state;
    const bnn_option bad_default[] = {{.name = "lr", .kind = BNN_OPTION_NUMBER, .fallback = "3", .max = 1, .help = "h"},
                                      {0}};
    const bnn_option no_default[]  = {{.name = "lr", .kind = BNN_OPTION_INT, .help = "h"}, {0}};
    const bnn_option no_help[]     = {{.name = "lr", .kind = BNN_OPTION_TEXT, .help = ""}, {0}};
    const bnn_option twice[]       = {{.name = "lr", .kind = BNN_OPTION_TEXT, .help = "h"},
                                      {.name = "lr", .kind = BNN_OPTION_PATH, .help = "h"}, {0}};
    const bnn_option bad_name[]    = {{.name = "l r", .kind = BNN_OPTION_TEXT, .help = "h"}, {0}};
    const bnn_option of_axis[]     = {{.name = "schedule", .kind = BNN_OPTION_TEXT, .help = "h"}, {0}};
    const bnn_option of_variant[]  = {{.name = "period", .kind = BNN_OPTION_TEXT, .help = "h"}, {0}};
    expect_unsound(&(bnn_section){"s", "h", bad_default, NULL},
                   "catalogue: [s] \"lr\" has a default that is out of range: a number in [0, 1]");
    expect_unsound(&(bnn_section){"s", "h", no_default, NULL},
                   "catalogue: [s] \"lr\" has a default that is not an integer: an integer");
    expect_unsound(&(bnn_section){"s", "h", no_help, NULL}, "catalogue: [s] \"lr\" has no help");
    expect_unsound(&(bnn_section){"s", NULL, NULL, NULL}, "catalogue: section \"s\" has no help");
    expect_unsound(&(bnn_section){"s", "h", twice, NULL}, "catalogue: [s] \"lr\" is the name of two keys");
    expect_unsound(&(bnn_section){"s", "h", bad_name, NULL},
                   "catalogue: [s] \"l r\" is not a name of letters, digits, _ and -");
    expect_unsound(&(bnn_section){"s", "h", of_axis, optimizer_axes}, "catalogue: [s] \"schedule\" is the name of two keys");
    expect_unsound(&(bnn_section){"s", "h", of_variant, optimizer_axes},
                   "catalogue: [s] schedule = step: \"period\" is the name of two keys");
}

static void bad_variants_of_a_catalogue_are_found(void **state) {
    (void)state;
    const bnn_option clash[] = {{.name = "period", .kind = BNN_OPTION_TEXT, .help = "h"}, {0}};
    const bnn_option bad[]   = {{.name = "b", .kind = BNN_OPTION_BOOL, .fallback = "maybe", .help = "h"}, {0}};
    const bnn_variant plain = {"plain", "h", NULL, 0}, again = {"plain", "h", NULL, 0},
                      clashing = {"clashing", "h", clash, 8}, faulty = {"faulty", "h", bad, 8}, small = {"small", "h", clash, 0};
    const bnn_variant *const twins[] = {&plain, &again, NULL}, *const clashes[] = {&clashing, NULL},
                      *const faults[] = {&plain, &faulty, NULL}, *const smalls[] = {&small, NULL}, *const none[] = {NULL};
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){{"name", twins, "h", "t", NULL}, {0}}},
                   "catalogue: [s] \"plain\" is the name of two variants");
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){{"name", clashes, "h", "t", NULL}, optimizer_axes[1], {0}}},
                   "catalogue: [s] schedule = step: \"period\" is the name of two keys");
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){{"name", faults, "h", "t", NULL}, {0}}},
                   "catalogue: [s] name = faulty: \"b\" has a default that is not a yes or no: yes or no");
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){{"name", smalls, "h", "t", NULL}, {0}}},
                   "catalogue: [s] name = small: \"period\" lies outside the options struct");
    expect_unsound(&(bnn_section){"s", "h", NULL, (const bnn_axis[]){{"name", none, "h", "t", NULL}, {0}}},
                   "catalogue: [s] \"name\" has a default that is empty: one of \ncatalogue: [s] \"name\" has no variants");
}

/* Damaged files. */

static const char whole[] =
    "\xEF\xBB\xBF# c\n[run]\nname = a $#b ; c\nseed = 3\nthreads = half\n[data]\r\ntrain = ${HOME}/x.csv\ntarget = a, b\n"
    "[net]\nhidden = 5, 6\n[likelihood]\nname = student_t\ndf = 3\n"
    "[optimizer]\nname = momentum\nschedule = step\nperiod = 3\n";

/* OK, or an error with a sentence; counts the good ones. */
static void expect_no_crash(const place *p, const char *bytes, size_t size, size_t *n_good) {
    bnn_config *config = NULL;
    write_bytes(p, bytes, size);
    bnn_status status = bnn_config_read_catalogue(&config, catalogue, p->file, 0, NULL);
    assert_true(status == BNN_OK || (status == BNN_ERR_CONFIG && *bnn_error_text() != '\0'));
    assert_true((status == BNN_OK) == (config != NULL));
    if (status == BNN_OK) {
        char *printed = bnn_config_print(config, NULL, false);
        assert_non_null(printed);
        free(printed);
        (*n_good)++;
    }
    bnn_config_free(config);
}

static void every_truncation_is_read_or_refused(void **state) {
    size_t n_good = 0;
    for (size_t size = 0; size < sizeof whole; size++) expect_no_crash(*state, whole, size, &n_good);
    assert_in_range(n_good, 20, sizeof whole - 20);    /* some of each, or nothing was tested */
}

static void every_damaged_byte_is_read_or_refused(void **state) {
    static const char nasty[] = {'\0', '\n', '\r', '=', '[', ']', '#', '$', '{', ',', ' ', '\x80', '\xFF'};
    size_t n_good = 0, size = sizeof whole - 1;
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < sizeof nasty; j++) {
            char damaged[sizeof whole];
            memcpy(damaged, whole, sizeof whole);
            damaged[i] = nasty[j];
            expect_no_crash(*state, damaged, size, &n_good);
        }
    assert_in_range(n_good, 100, size * sizeof nasty - 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_make, place_remove)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(unknown_names_are_reported_with_line_and_nearest),
        TEST(bad_values_are_reported_with_what_is_allowed),
        TEST(bad_lines_are_reported),
        TEST(a_duplicate_names_the_first_line),
        TEST(a_key_of_another_variant_names_its_variant),
        TEST(variables_expand_and_must_be_set),
        TEST(malformed_words_are_reported),
        TEST(all_faults_are_reported_at_once_in_order),
        TEST(a_missing_file_is_a_configuration_error),
        TEST(comments_begin_at_line_start_or_after_a_blank),
        TEST(crlf_and_byte_order_mark_are_accepted),
        TEST(indented_keys_split_sections_and_long_lines_are_accepted),
        TEST(long_values_are_shortened_in_sentences),
        TEST(values_have_one_canonical_text),
        TEST(paths_are_relative_to_the_file_or_the_current_folder),
        TEST(command_line_beats_file_beats_default),
        TEST(variants_follow_their_axis_keys),
        TEST(an_axis_of_one_variant_rests_with_the_others),
        TEST(command_line_variant_drops_the_files_keys),
        TEST(set_replaces_checks_and_drops),
        TEST(fill_gives_every_kind_its_c_type),
        TEST(fail_names_place_and_value),
        TEST(print_holds_every_key_in_catalogue_order),
        TEST(print_reads_back_as_the_same_bytes),
        TEST(values_that_no_line_can_hold_are_refused),
        TEST(help_lists_sections_and_tables),
        TEST(help_of_a_section_shows_its_keys_and_variants),
        TEST(help_of_a_variant_and_of_a_key),
        TEST(unknown_topics_name_the_nearest),
        TEST(a_sound_catalogue_passes),
        TEST(bad_rows_of_a_catalogue_are_found),
        TEST(bad_variants_of_a_catalogue_are_found),
        TEST(every_truncation_is_read_or_refused),
        TEST(every_damaged_byte_is_read_or_refused),
    };
    return RUN(tests);
}
