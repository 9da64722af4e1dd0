/* Job scripts: the same runs by somebody else's hands. Each task is `bnn sweep FILE --index I`; `bnn sweep FILE` gathers in the end. */
#include "base/fail.h"
#include "sweep/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One word for a shell. */
static void add_quoted(bnn_text *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,:@%=";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        bnn_text_add(text, "%s", word);
        return;
    }
    bnn_text_add(text, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'') bnn_text_add(text, "'\\''");
        else bnn_text_add(text, "%c", *word);
    }
    bnn_text_add(text, "'");
}

static void add_command(bnn_text *text, const bnn_sweep_request *request) {
    for (size_t i = 0; i < request->n_arguments; i++) {
        if (i > 0) bnn_text_add(text, " ");
        add_quoted(text, i == 0 ? request->program : request->arguments[i]);
    }
}

/* Relative paths of the command mean this folder, wherever the script is started. */
static void add_start(bnn_text *text, const char *shell, const bnn_plan *plan, const char *after) {
    bnn_text_add(text, "#!%s\n# %zu runs of %s.\n%s", shell, bnn_plan_size(plan), plan->path, after);
    char *here = getcwd(NULL, 0);
    bnn_text_add(text, "cd ");
    add_quoted(text, here == NULL ? "." : here);
    bnn_text_add(text, " || exit 1\n");
    free(here);
}

static void emit_list(bnn_text *text, const bnn_plan *plan, const bnn_sweep_request *request) {
    for (size_t run = 0; run < bnn_plan_size(plan); run++) {
        add_command(text, request);
        bnn_text_add(text, " --index=%zu    # %s\n", run, plan->names[run]);
    }
}

static void emit_parallel(bnn_text *text, const bnn_plan *plan, const bnn_sweep_request *request) {
    add_start(text, "/bin/sh", plan, "# Tasks at a time: JOBS. Starting it again goes on where it was.\n");
    bnn_text_add(text, "if command -v parallel >/dev/null 2>&1; then each=\"parallel -j ${JOBS:-%zu}\"; else each=\"xargs -n 1 -P ${JOBS:-%zu} -I{}\"; fi\n"
                 "seq 0 %zu | $each ", request->jobs, request->jobs, bnn_plan_size(plan) - 1);
    add_command(text, request);
    bnn_text_add(text, " --index={}\n");
    bnn_text_add(text, "exec ");
    add_command(text, request);
    bnn_text_add(text, "    # gathers; tries again what has failed\n");
}

/* Slurm tells the script 60 s before the time is over, the script tells the run, the run makes a checkpoint and ends with 75: the task
 * goes back into the queue. `wait` returns early when the trap has run, hence twice. */
static void emit_slurm(bnn_text *text, const bnn_plan *plan, const bnn_sweep_request *request) {
    bnn_text head = {0};
    bnn_text_add(&head, "# sbatch THIS, then, when the array has ended: bnn sweep %s (gathers). Options of sbatch override these lines.\n"
                 "#SBATCH --job-name=bnn-sweep\n#SBATCH --array=0-%zu\n#SBATCH --cpus-per-task=1\n#SBATCH --requeue\n"
                 "#SBATCH --signal=B:TERM@60\n#SBATCH --open-mode=append\n#SBATCH --output=slurm-%%x-%%a.log\n",
                 plan->path, bnn_plan_size(plan) - 1);
    add_start(text, "/bin/bash", plan, head.at == NULL ? "" : head.at);
    bnn_text_free(&head);
    add_command(text, request);
    bnn_text_add(text, " --index=\"$SLURM_ARRAY_TASK_ID\" &\nrun=$!\ntrap 'kill -TERM \"$run\"' TERM\n"
                 "wait \"$run\"\nstatus=$?\n"
                 "if [ \"$status\" -gt 128 ]; then wait \"$run\"; status=$?; fi\n"
                 "if [ \"$status\" -eq 75 ]; then scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"; fi\n"
                 "exit \"$status\"\n");
}

bnn_status bnn_sweep_emit(bnn_text *script, const bnn_plan *plan, const char *kind, const bnn_sweep_request *request) {
    if (strcmp(kind, "slurm") == 0) emit_slurm(script, plan, request);
    else if (strcmp(kind, "parallel") == 0) emit_parallel(script, plan, request);
    else if (strcmp(kind, "list") == 0) emit_list(script, plan, request);
    else return BNN_FAIL(BNN_ERR_USAGE, "--emit %s: slurm, parallel and list are allowed", kind);
    return script->has_failed ? BNN_FAIL_MEMORY("a job script") : BNN_OK;
}
