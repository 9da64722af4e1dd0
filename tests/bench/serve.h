/* The serving side of the benchmark: `bench --serve` reads lines "JOB NET THREADS" from standard input, does that job for a fraction of a
 * second and answers each with the seconds that one unit of it took (a step, a file, a start), or with "- " and why it cannot. peers.py
 * speaks the same language, so that one driver asks all of them in turn. */
#ifndef BNN_TESTS_BENCH_SERVE_H
#define BNN_TESTS_BENCH_SERVE_H

#include "bnn.h"
#include <stdint.h>

/* net: layer widths, "784-400-400-10": a classifier of images, "13-50-1": of numbers to a number; or what else the job needs. */
typedef struct bench_request { char job[64], net[512]; int threads; } bench_request;

#define BENCH_SECONDS 0.2           /* of work for one answer */

typedef bnn_status bench_job_fn(const bench_request *request, double *seconds);
typedef struct bench_job { const char *name; bench_job_fn *run; } bench_job;

extern const bench_job bench_step_jobs[];      /* serve_steps.c: training steps                        */
extern const bench_job bench_product_jobs[];   /* serve_products.c: the products of a step, alone      */
extern const bench_job bench_model_jobs[];     /* serve_models.c: predictions and curvatures           */
extern const bench_job bench_file_jobs[];      /* serve_files.c: reading, start-up; each ended by {0}  */

/* n steps of Bayes by Backprop on 13-50-1 and nothing else, for counting instructions. */
bnn_status bench_steps(uint64_t n);

void bench_serve(void);                        /* until the end of standard input */

/* Seconds: of the clock on the wall, or of the processor with BENCH_PROCESSOR_TIME set (for one thread on a busy machine). */
double bench_now(void);

/* "784-400-10" in numbers; returns how many. */
enum { BENCH_WIDTHS = 8 };
size_t bench_widths(const char *net, size_t widths[BENCH_WIDTHS]);

/* The path of a file in the benchmark's folder, valid until the next call. */
const char *bench_path(const char *name);

/* The rows that a net trains on, made once: 60,000 images for 784 inputs, else 3,200 rows of numbers. Borrowed. */
bnn_status bench_rows(const bnn_dataset **rows, const bench_request *request);

/* The configuration of a net plus n further settings; batches of 128 images or of 32 rows of numbers. */
bnn_status bench_config(bnn_config **config, const bench_request *request, size_t n, const char *const *sets);

#endif
