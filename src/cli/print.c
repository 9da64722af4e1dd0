/* What several commands print. */
#include "cli/cli.h"
#include "base/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cli_error_print(const char *sentences) {
    while (*sentences != '\0') {
        size_t length = strcspn(sentences, "\n");
        fprintf(stderr, "bnn: %.*s\n", (int)length, sentences);
        sentences += length + (sentences[length] == '\n');
    }
}

static bool begins_character(char byte) { return (byte & 0xc0) != 0x80; }

int cli_field_width(const char *text) {
    int n = 0;
    for (; *text != '\0'; text++) n += begins_character(*text);
    return n;
}

/* Padding by printf counts bytes and cuts characters in two. */
void cli_field_print(const char *text, int width) {
    int room = abs(width), n = 0;
    const char *end = text;
    for (; *end != '\0' && n + begins_character(*end) <= room; end++) n += begins_character(*end);
    if (width > 0) printf("%*s", room - n, "");
    for (const char *c = text; c < end; c++) putchar((unsigned char)*c < ' ' ? '?' : *c);
    if (width < 0) printf("%*s", room - n, "");
}

static void print_duration(double seconds) {
    if (seconds < 1e-3) printf("%.3g us", 1e6 * seconds);
    else if (seconds < 1) printf("%.3g ms", 1e3 * seconds);
    else if (seconds < 120) printf("%.3g s", seconds);
    else if (seconds < 7200) printf("%.0f min", seconds / 60);
    else printf("%.1f h", seconds / 3600);
}

void cli_forecast_print(const bnn_run_forecast *f) {
    printf("rows      %zu training, %zu validation, %zu test\n", f->n_train, f->n_valid, f->n_test);
    printf("features  %zu", f->n_features);
    if (f->n_constant > 0) printf(" (%zu with one value only)", f->n_constant);
    printf("\nnet       %s, %zu weights\n", f->layers, f->n_weights);
    printf("memory    %.0f MB (most so far, measured)\n", f->bytes / 1e6);
    printf("time      ");
    print_duration(f->step_seconds);
    printf(" a step (measured), %.0f steps: ", f->n_steps);
    print_duration(f->step_seconds * f->n_steps);
    putchar('\n');
}

json_t *cli_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

bnn_status cli_json_print(json_t *json) {
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(json);
    if (text == NULL) return BNN_FAIL_MEMORY("JSON");
    puts(text);
    free(text);
    return BNN_OK;
}
