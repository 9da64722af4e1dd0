/* What is wrong with a sweep shows before its first run starts. */
#include "base/fail.h"
#include "run/folder.h"
#include "run/resume.h"
#include "run/setup.h"
#include "sweep/table.h"
#include "sweep/tune.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does not change what a run comes to; sections of its own are compared elsewhere. */
static bool is_idle(const char *section, const char *key) {
    static const char *const idle[] = { "run.name", "run.out", "run.threads", "run.max_memory", "train.checkpoint_minutes",
                                        "train.time_limit" };
    char name[128];
    snprintf(name, sizeof name, "%s.%s", section, key);
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (strcmp(name, idle[i]) == 0) return true;
    return false;
}

static void add_settings(bnn_text *text, const bnn_config *config) {
    const char *key;
    for (const bnn_section *section = bnn_config_catalogue(config); section->name != NULL; section++)
        for (size_t i = 0; (key = bnn_config_key(config, section->name, i)) != NULL; i++)
            if (!is_idle(section->name, key)) bnn_text_add(text, "%s.%s=%s\n", section->name, key, bnn_config_text(config, section->name, key));
}

static void add_choices(bnn_text *text, const bnn_plan *plan) {
    bnn_text_add(text, "folds=%lld fraction=%.17g score=%s\n", plan->tune.folds, plan->tune.fraction, plan->tune.score);
    for (size_t a = 0; a < plan->choices.n_axes; a++) {
        bnn_text_add(text, "%s", plan->choices.axes[a].column);
        for (size_t k = 0; k < plan->choices.axes[a].n; k++) bnn_text_add(text, "|%s", plan->choices.axes[a].values[k]);
        bnn_text_add(text, "\n");
    }
}

void bnn_plan_digest(char hex[65], const bnn_plan *plan, const bnn_config *config) {
    bnn_text text = {0};
    add_settings(&text, config);
    if (plan->has_tune) add_choices(&text, plan);
    bnn_sha256(text.at == NULL ? "" : text.at, text.length, hex);
    bnn_text_free(&text);
}

/* ---- data ------------------------------------------------------------------------------------------------------------ */

typedef struct checker {
    const bnn_plan *plan;
    bnn_arena       arena;
    bnn_phrases     seen;          /* [data] sections whose files have been read */
} checker;

static bool is_seen(checker *c, const char *data) {
    for (size_t i = 0; i < c->seen.n; i++)
        if (strcmp(c->seen.at[i], data) == 0) return true;
    bnn_phrases_push(&c->seen, &c->arena, bnn_arena_text(&c->arena, data));
    return false;
}

static bnn_status read_parts(const checker *c, const bnn_config *config, size_t run) {
    bnn_data_options options;
    bnn_run_options run_options;
    bnn_data_parts parts = {0};
    bool wants_classes = bnn_setup_data(config, &options);
    bnn_config_fill(config, "run", bnn_run_rows, &run_options);
    bnn_status status = bnn_data_parts_read(&parts, &options, (uint64_t)run_options.seed, wants_classes);
    if (status == BNN_OK && parts.test == NULL && parts.valid == NULL)
        status = BNN_FAIL(BNN_ERR_CONFIG, "%s: run %s has no test or validation rows to be judged by: set data.test, data.splits or "
                          "data.test_fraction", c->plan->path, c->plan->names[run]);
    bnn_data_parts_free(&parts);
    return status;
}

/* Likelihoods differ in whether labels are classes: their word stands beside the section. */
static bnn_status check_data(checker *c, const bnn_config *config, size_t run) {
    bnn_data_options options;
    bool wants_classes = bnn_setup_data(config, &options);
    char *printed = bnn_config_print(config, "data", false);
    bnn_text key = {0};
    bnn_text_add(&key, "%d %s", wants_classes, printed == NULL ? "" : printed);
    free(printed);
    bnn_status status = key.has_failed ? BNN_FAIL_MEMORY("the check of a sweep") : BNN_OK;
    if (status == BNN_OK && !is_seen(c, key.at)) status = read_parts(c, config, run);
    bnn_text_free(&key);
    return status;
}

/* ---- runs ------------------------------------------------------------------------------------------------------------ */

/* With [tune] a run's own settings are known only when it has chosen: it compares them itself. */
static bnn_status check_folder(const checker *c, const bnn_config *config, size_t run) {
    char *folder = bnn_plan_folder(c->plan, run), *path = folder == NULL ? NULL : bnn_folder_join(folder, BNN_RUN_CONFIG);
    bnn_config *then = NULL;
    bnn_status status = BNN_OK;
    if (path != NULL && access(path, F_OK) == 0 && !c->plan->has_tune) {
        status = bnn_config_read(&then, path, 0, NULL);
        if (status == BNN_OK) status = bnn_resume_compare(then, config);
        if (status != BNN_OK) {
            char *sentence = strdup(bnn_error_text());
            BNN_FAIL(status, "%s: made with other settings: give the sweep another folder (-o), or remove this run: %s", folder,
                     sentence == NULL ? "" : sentence);
            free(sentence);
        }
    }
    bnn_config_free(then);
    free(path);
    free(folder);
    return status;
}

static bnn_status check_choices(checker *c, size_t run) {
    bnn_arena arena = {0};
    bnn_grid choices;
    bnn_status status = bnn_plan_choices(&choices, &arena, c->plan, run);
    for (size_t p = 0; status == BNN_OK && p < choices.n_points; p++) {
        bnn_arena strings = {0};
        bnn_config *config = NULL;
        status = bnn_tune_config(&config, &strings, c->plan, run, choices.at + p * choices.n_axes, 0);
        if (status == BNN_OK) status = check_data(c, config, run);
        bnn_config_free(config);
        bnn_arena_free(&strings);
    }
    bnn_arena_free(&arena);
    return status;
}

static bnn_status check_run(checker *c, size_t run) {
    bnn_arena strings = {0};
    bnn_config *config = NULL;
    bnn_status status = bnn_plan_config(&config, &strings, c->plan, run, NULL, NULL);
    if (status == BNN_OK) status = c->plan->has_tune ? check_choices(c, run) : check_data(c, config, run);
    if (status == BNN_OK) status = check_folder(c, config, run);
    bnn_config_free(config);
    bnn_arena_free(&strings);
    return status;
}

bnn_status bnn_plan_check(const bnn_plan *plan) {
    checker c = { .plan = plan };
    bnn_status status = plan->has_tune ? bnn_tune_check(plan) : BNN_OK;
    if (status == BNN_OK) status = bnn_sweep_summary_check(plan);
    for (size_t run = 0; run < bnn_plan_size(plan) && status == BNN_OK; run++) status = check_run(&c, run);
    bnn_arena_free(&c.arena);
    return status;
}
