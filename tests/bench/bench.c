/* make bench: our steps, their products, PyTorch peers, models, files and programs, asked in turn round by round, as ratios with spread.
 *
 *     bench [--rounds N] [--only WORD] [--json]     WORD: rows whose group or name contains it
 *     bench --serve                                  see serve.h
 *     bench --steps N                                see instructions.sh
 *
 * A ratio is the median over rounds of (a of the round / b of the round), in brackets the quartiles: both sides of a round saw the same
 * machine. Where several settings of a peer can be asked, the fastest counts. */
#include "bench.h"
#include "serve.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_MEASURES = 400, ROUNDS = 9, CSV_BLOCKS = 100, CSV_BLOCK = 1 << 20, IMAGES = 60000, PIXELS = 784 };

typedef struct options { int rounds; bool is_json; const char *only; } options;

static measure measures[MOST_MEASURES];
static size_t n_measures;

/* ---- what is measured ------------------------------------------------------------------------------------------------ */

static bool is_same(const operand *a, const operand *b) {
    return strcmp(a->job, b->job) == 0 && strcmp(a->net, b->net) == 0 && a->threads == b->threads;
}

/* A peer's threads are part of its setting. */
static operand seen_by(operand what, const server *s) {
    if (s->kinds & (TORCH_ONE | TORCH_TWO)) what.threads = 0;
    if (strcmp(what.net, "$DATA") == 0) what.net = getenv("BNN_DATA") == NULL ? "../shared/data" : getenv("BNN_DATA");
    return what;
}

static void want_from(operand what, server *s) {
    what = seen_by(what, s);
    for (size_t i = 0; i < n_measures; i++)
        if (measures[i].from == s && is_same(&measures[i].what, &what)) return;
    if (n_measures < MOST_MEASURES) measures[n_measures++] = (measure){ .what = what, .from = s };
}

static void want(operand what) {
    for (size_t s = 0; s < n_servers && what.job != NULL; s++)
        if (servers[s].kinds & what.kinds) want_from(what, &servers[s]);
}

static bool is_asked(const row *r, const char *only) {
    return only == NULL || strstr(r->group, only) != NULL || strstr(r->name, only) != NULL;
}

/* ---- rounds ---------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* q = .5: the median */
static double quantile(size_t n, const double *values, double q) {
    double sorted[MOST_ROUNDS];
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    return sorted[(size_t)((double)(n - 1) * q + 0.5)];
}

static const measure *fastest(operand what) {
    const measure *best = NULL;
    for (size_t i = 0; i < n_measures && what.job != NULL; i++) {
        const measure *m = &measures[i];
        operand seen = seen_by(what, m->from);
        if (!(m->from->kinds & what.kinds) || !is_same(&m->what, &seen) || m->n == 0) continue;
        if (best == NULL || quantile(m->n, m->times, .5) < quantile(best->n, best->times, .5)) best = m;
    }
    return best;
}

static void run_round(void) {
    for (size_t i = 0; i < n_measures; i++) {
        measure *m = &measures[i];
        if (m->why[0] == '\0' && server_time(m->from, m->what.job, m->what.net, m->what.threads, &m->times[m->n], m->why)) m->n++;
    }
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

/* Blocks of the same text: 14 columns of numbers with six decimals. */
static bool write_table(const char *path) {
    FILE *file = fopen(path, "w");
    char *block = malloc(CSV_BLOCK + 256);
    size_t n = 0;
    for (unsigned i = 0; block != NULL && n < CSV_BLOCK; i++) {
        for (unsigned c = 0; c < 14; c++)
            n += (size_t)sprintf(block + n, "%.6f%c", (double)(i * 7919u % 20011u * (c + 1)) * 1e-4, c == 13 ? '\n' : ',');
    }
    bool is_good = file != NULL && block != NULL && fputs("a,b,c,d,e,f,g,h,i,j,k,l,m,y\n", file) >= 0;
    for (int i = 0; i < CSV_BLOCKS && is_good; i++) is_good = fwrite(block, 1, n, file) == n;
    free(block);
    return file != NULL && fclose(file) == 0 && is_good;
}

/* IDX: pixels that are 0 four times in five, as in MNIST; labels 0 to 9 in turn. */
static bool write_images(const char *images, const char *labels) {
    static const unsigned char image_head[16] = { 0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28 };
    static const unsigned char label_head[8] = { 0, 0, 8, 1, 0, 0, 0xea, 0x60 };
    FILE *x = fopen(images, "wb"), *y = fopen(labels, "wb");
    bool is_good = x != NULL && y != NULL && fwrite(image_head, 1, 16, x) == 16 && fwrite(label_head, 1, 8, y) == 8;
    uint64_t state = 1;
    for (size_t i = 0; i < IMAGES && is_good; i++) {
        unsigned char image[PIXELS];
        for (size_t j = 0; j < PIXELS; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            image[j] = state >> 32 & 3 ? 0 : (unsigned char)(state >> 56);
        }
        is_good = fwrite(image, 1, PIXELS, x) == PIXELS && putc((int)(i % 10), y) != EOF;
    }
    is_good = x != NULL && fclose(x) == 0 && is_good;
    return y != NULL && fclose(y) == 0 && is_good;
}

static bool write_files(char *folder) {
    char images[256];
    if (mkdtemp(folder) == NULL || setenv("BENCH_FOLDER", folder, 1) != 0) return false;
    snprintf(images, sizeof images, "%s", bench_path("images.idx"));
    return write_images(images, bench_path("labels.idx")) && write_table(bench_path("table.csv"));
}

static void remove_files(const char *folder) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) fprintf(stderr, "bench: %s is left behind\n", folder);
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

typedef struct result { double median, low, high; bool is_known, holds; const measure *a, *b; } result;

static result compare(const row *r) {
    result made = { .a = fastest(r->a), .b = fastest(r->b) };
    double ratios[MOST_ROUNDS];
    if (made.a == NULL || (r->b.job != NULL && made.b == NULL)) return made;
    size_t n = made.b == NULL || made.a->n < made.b->n ? made.a->n : made.b->n;
    for (size_t i = 0; i < n; i++) ratios[i] = made.a->times[i] / (made.b == NULL ? 1 : made.b->times[i]);
    made.is_known = true;
    made.median = quantile(n, ratios, .5);
    made.low = quantile(n, ratios, .25);
    made.high = quantile(n, ratios, .75);
    made.holds = r->must == 0 || (r->is_least ? made.median >= r->must : made.median <= r->must);
    return made;
}

static const char *reason(const row *r) {
    for (size_t i = 0; i < n_measures; i++)
        if (measures[i].why[0] != '\0' && strcmp(measures[i].what.job, r->a.job) == 0) return measures[i].why;
    return "nobody to ask is installed";
}

static void print_row(const row *r) {
    result made = compare(r);
    if (!made.is_known) {
        printf("%-46s  not measured: %s\n", r->name, reason(r));
        return;
    }
    printf("%-46s %9.4g  (%.4g .. %.4g)", r->name, made.median, made.low, made.high);
    if (r->must > 0) printf("  %s %g", made.holds ? "holds:" : "DOES NOT HOLD:", r->must);
    if (r->aim > 0) printf(", aim %g", r->aim);
    printf("  [%.4g s, %s]\n", quantile(made.a->n, made.a->times, .5), made.a->from->name);
}

static void print_table(const options *o) {
    const char *group = "";
    for (size_t r = 0; r < n_rows; r++) {
        if (!is_asked(&rows[r], o->only)) continue;
        if (strcmp(group, rows[r].group) != 0) printf("\n%s\n", group = rows[r].group);
        print_row(&rows[r]);
    }
}

static void print_json(const options *o) {
    json_t *list = json_array();
    for (size_t r = 0; r < n_rows; r++) {
        if (!is_asked(&rows[r], o->only)) continue;
        result made = compare(&rows[r]);
        json_t *one = json_pack("{s:s, s:s, s:f, s:f, s:b}", "group", rows[r].group, "name", rows[r].name, "must", rows[r].must, "aim", rows[r].aim,
                                "is_least", rows[r].is_least);
        if (made.is_known)
            json_object_update_new(one, json_pack("{s:f, s:f, s:f, s:b, s:f, s:s}", "median", made.median, "low", made.low, "high", made.high,
                                   "holds", made.holds, "seconds", quantile(made.a->n, made.a->times, .5), "by", made.a->from->name));
        json_array_append_new(list, one);
    }
    json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(list);
}

static bool parse(options *o, int argc, char **argv) {
    *o = (options){ .rounds = ROUNDS };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) o->is_json = true;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) o->rounds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) o->only = argv[++i];
        else return false;
    }
    return o->rounds > 0 && o->rounds <= MOST_ROUNDS;
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/bnn-bench-XXXXXX";
    options o;
    if (argc == 2 && strcmp(argv[1], "--serve") == 0) return bench_serve(), 0;
    if (argc == 3 && strcmp(argv[1], "--steps") == 0) return bench_steps(strtoul(argv[2], NULL, 10)) != BNN_OK;
    if (!parse(&o, argc, argv)) return fprintf(stderr, "usage: bench [--rounds 1..%d] [--only WORD] [--json]\n", MOST_ROUNDS), 2;
    if (!write_files(folder)) return fprintf(stderr, "bench: cannot write its files to %s\n", folder), 1;
    servers_start(argv[0]);
    for (size_t r = 0; r < n_rows; r++) {
        if (!is_asked(&rows[r], o.only)) continue;
        want(rows[r].a);
        want(rows[r].b);
    }
    for (int i = 0; i < o.rounds; i++) run_round();
    if (o.is_json) print_json(&o);
    else print_table(&o);
    servers_stop();
    remove_files(folder);
    return 0;
}
