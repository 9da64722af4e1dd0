/* Reading beside the tools that read and do nothing, and programs from start to end. */
#include "serve.h"
#include "base/fail.h"
#include "data/data.h"

#include <csv.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bnn_status time_reading(const char *path, const char *labels, bool wants_classes, double *seconds) {
    bnn_data_options options = { .scale_x = "none", .scale_y = "none", .expand = "none" };
    bnn_dataset *rows = NULL;
    double start = bench_now();
    bnn_status status = bnn_dataset_read_file(&rows, &options, path, labels, wants_classes, NULL);
    *seconds = bench_now() - start;
    bnn_dataset_free(rows);
    return status;
}

static bnn_status read_csv(const bench_request *request, double *seconds) {
    (void)request;
    return time_reading(bench_path("table.csv"), NULL, false, seconds);
}

/* net: the folder of the big data sets */
static bnn_status read_idx(const bench_request *request, double *seconds) {
    char images[1024], labels[1024];
    snprintf(images, sizeof images, "%s/mnist/train-images-idx3-ubyte.gz", request->net);
    snprintf(labels, sizeof labels, "%s/mnist/train-labels-idx1-ubyte.gz", request->net);
    if (access(images, R_OK) != 0 || access(labels, R_OK) != 0) return BNN_FAIL(BNN_ERR_DATA, "needs MNIST (set BNN_DATA)");
    return time_reading(images, labels, true, seconds);
}

static void on_field(void *text, size_t length, void *context) { (void)text, (void)length, (void)context; }
static void on_row(int end, void *context) { (void)end, (void)context; }

static bnn_status empty_csv(const bench_request *request, double *seconds) {
    struct csv_parser parser;
    char buffer[65536];
    size_t n;
    (void)request;
    double start = bench_now();
    FILE *file = fopen(bench_path("table.csv"), "rb");
    if (file == NULL || csv_init(&parser, 0) != 0) return BNN_FAIL(BNN_ERR_DATA, "cannot read the table");
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) csv_parse(&parser, buffer, n, on_field, on_row, NULL);
    csv_fini(&parser, on_field, on_row, NULL);
    csv_free(&parser);
    fclose(file);
    *seconds = bench_now() - start;
    return BNN_OK;
}

/* ---- programs -------------------------------------------------------------------------------------------------------- */

/* Its output goes nowhere. wall and processor seconds; false: it failed. */
static bool time_program(char *const *argv, double *wall, double *processor) {
    posix_spawn_file_actions_t actions;
    struct rusage use;
    pid_t child;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    double start = bench_now();
    bool is_started = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ) == 0;
    bool is_ended = is_started && wait4(child, &status, 0, &use) == child;
    *wall = bench_now() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (!is_ended) return false;
    *processor = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static char *text(const char *constant) { return (char *)(uintptr_t)constant; }   /* argv wants no const and changes nothing */

/* net: the folder of the big data sets */
static bnn_status zcat(const bench_request *request, double *seconds) {
    char images[1024], labels[1024];
    double processor;
    snprintf(images, sizeof images, "%s/mnist/train-images-idx3-ubyte.gz", request->net);
    snprintf(labels, sizeof labels, "%s/mnist/train-labels-idx1-ubyte.gz", request->net);
    char *argv[] = { text("zcat"), images, labels, NULL };
    return time_program(argv, seconds, &processor) ? BNN_OK : BNN_FAIL(BNN_ERR_DATA, "zcat needs MNIST (set BNN_DATA)");
}

/* net: the program */
static bnn_status start_help(const bench_request *request, double *seconds) {
    char program[512];
    double processor;
    snprintf(program, sizeof program, "%s", request->net);
    char *argv[] = { program, text("--help"), NULL };
    return time_program(argv, seconds, &processor) ? BNN_OK : BNN_FAIL(BNN_ERR_DATA, "%s does not run", program);
}

static bnn_status train_sin40(const bench_request *request, double *seconds) {
    char program[512], folder[4096];
    double wall;
    snprintf(program, sizeof program, "%s", request->net);
    snprintf(folder, sizeof folder, "%s", bench_path("sin40"));
    char *argv[] = { program, text("train"), text("-q"), text("--force"), text("-o"), folder, text("configs/sin40-bbb.ini"), NULL };
    return time_program(argv, &wall, seconds) ? BNN_OK : BNN_FAIL(BNN_ERR_DATA, "%s train configs/sin40-bbb.ini fails", program);
}

const bench_job bench_file_jobs[] = {
    { "read_csv", read_csv }, { "empty_csv", empty_csv }, { "read_idx", read_idx }, { "zcat", zcat }, { "start_help", start_help },
    { "train_sin40", train_sin40 }, {0}
};
