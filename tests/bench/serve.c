/* Answers requests one by one, and makes what several jobs share: rows and configurations. */
#include "serve.h"
#include "base/fail.h"
#include "base/rng.h"
#include "data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBERS = 3200, IMAGE_INPUTS = 784, MOST_SETS = 24 };

double bench_now(void) {
    struct timespec t;
    clock_gettime(getenv("BENCH_PROCESSOR_TIME") == NULL ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

size_t bench_widths(const char *net, size_t widths[BENCH_WIDTHS]) {
    size_t n = 0;
    for (const char *at = net; at != NULL && n < BENCH_WIDTHS; at = strchr(at, '-')) {
        if (*at == '-') at++;
        widths[n++] = (size_t)strtoul(at, NULL, 10);
    }
    return n;
}

const char *bench_path(const char *name) {
    static char path[4096];
    const char *folder = getenv("BENCH_FOLDER");
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "." : folder, name);
    return path;
}

static bnn_status read_images(bnn_dataset **rows) {
    bnn_data_options options = { .scale_x = "divide:126", .expand = "none" };
    char images[4096];
    snprintf(images, sizeof images, "%s", bench_path("images.idx"));
    return bnn_dataset_read_file(rows, &options, images, bench_path("labels.idx"), true, NULL);
}

static bnn_status make_numbers(bnn_dataset **rows, size_t n_features) {
    double *x = malloc(NUMBERS * n_features * sizeof *x), *y = malloc(NUMBERS * sizeof *y);
    bnn_status status = x != NULL && y != NULL ? BNN_OK : BNN_FAIL_MEMORY("random rows");
    if (status == BNN_OK) {
        bnn_rng_uniforms(bnn_key_make(1, BNN_PURPOSE_TEST, 0, 0, 0), 0, NUMBERS * n_features, x);
        for (size_t i = 0; i < NUMBERS; i++) y[i] = x[i * n_features] - x[i * n_features + 1];
        status = bnn_dataset_make(rows, NUMBERS, n_features, x, 1, y, 0);
    }
    free(x);
    free(y);
    return status;
}

bnn_status bench_rows(const bnn_dataset **rows, const bench_request *request) {
    static bnn_dataset *images, *numbers;
    size_t widths[BENCH_WIDTHS];
    bench_widths(request->net, widths);
    bool has_images = widths[0] == IMAGE_INPUTS;
    bnn_dataset **kept = has_images ? &images : &numbers;
    bnn_status status = *kept != NULL ? BNN_OK : has_images ? read_images(kept) : make_numbers(kept, widths[0]);
    *rows = *kept;
    return status;
}

bnn_status bench_config(bnn_config **config, const bench_request *request, size_t n, const char *const *sets) {
    size_t widths[BENCH_WIDTHS], n_widths = bench_widths(request->net, widths), n_all = 0;
    char hidden[128] = "net.hidden=", threads[32];
    const char *all[MOST_SETS];
    for (size_t l = 1; l + 1 < n_widths; l++)
        snprintf(hidden + strlen(hidden), sizeof hidden - strlen(hidden), "%s%zu", l > 1 ? ", " : "", widths[l]);
    snprintf(threads, sizeof threads, "run.threads=%d", request->threads);
    all[n_all++] = hidden;
    all[n_all++] = threads;
    all[n_all++] = "train.epochs=1000000";
    all[n_all++] = widths[0] == IMAGE_INPUTS ? "train.batch=128" : "train.batch=32";
    if (widths[0] == IMAGE_INPUTS) all[n_all++] = "likelihood.name=categorical";
    if (widths[0] == IMAGE_INPUTS) all[n_all++] = "data.scale_x=divide:126";
    for (size_t i = 0; i < n && n_all < MOST_SETS; i++) all[n_all++] = sets[i];
    return bnn_config_read(config, NULL, n_all, all);
}

static const bench_job *find_job(const char *name) {
    static const bench_job *const tables[] = { bench_step_jobs, bench_product_jobs, bench_model_jobs, bench_file_jobs };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const bench_job *job = tables[t]; job->name != NULL; job++)
            if (strcmp(job->name, name) == 0) return job;
    return NULL;
}

void bench_serve(void) {
    bench_request request;
    while (scanf("%63s %511s %d", request.job, request.net, &request.threads) == 3) {
        double seconds = 0;
        const bench_job *job = find_job(request.job);
        bnn_status status = job == NULL ? BNN_FAIL(BNN_ERR_USAGE, "no job of that name") : job->run(&request, &seconds);
        if (status == BNN_OK) printf("%.9g\n", seconds);
        else printf("- %s\n", bnn_error_text());
        fflush(stdout);
    }
}
