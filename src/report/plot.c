/* gnuplot as a child: commands from one nameless temporary file, the picture into another, what it complains of into a third. No pipe, so
 * nothing can fill up and wait; posix_spawn, since a fork would copy a process with threads in it. */
#include "report/plot.h"
#include "base/fail.h"
#include "report/html.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUOTED = 40 };

extern char **environ;

/* Numbers have points, whatever the user's language, and gnuplot finds no settings but ours. Caller frees the list alone. */
static char **environment_of_child(void) {
    static char locale[] = "LC_ALL=C";
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) n++;
    char **copy = calloc(n + 2, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0 && strncmp(environ[i], "GNU", 3) != 0) copy[kept++] = environ[i];
    if (copy != NULL) copy[kept] = locale;
    return copy;
}

/* files: the child's standard input, output and error. An error number, or 0. */
static int spawn(pid_t *child, FILE *const files[3]) {
    static char program[] = "gnuplot", option[] = "--default-settings";
    char *const words[] = { program, option, NULL };
    posix_spawn_file_actions_t actions;
    char **environment = environment_of_child();
    int code = environment == NULL ? ENOMEM : posix_spawn_file_actions_init(&actions);
    if (code != 0) goto done;
    for (int i = 0; code == 0 && i < 3; i++) code = posix_spawn_file_actions_adddup2(&actions, fileno(files[i]), i);
    if (code == 0) code = posix_spawnp(child, program, &actions, NULL, words, environment);
    posix_spawn_file_actions_destroy(&actions);
done:
    free(environment);
    return code;
}

static bool write_script(FILE *file, const char *script) {
    return fputs(script, file) >= 0 && fflush(file) == 0 && lseek(fileno(file), 0, SEEK_SET) == 0;
}

static bool read_all(FILE *file, bnn_text *text) {
    char block[1 << 14];
    size_t n;
    rewind(file);
    while ((n = fread(block, 1, sizeof block, file)) > 0 && bnn_text_reserve(text, n)) {
        memcpy(text->at + text->length, block, n);
        text->length += n;
        text->at[text->length] = '\0';
    }
    return !ferror(file) && !text->has_failed;
}

/* The first line that says something and is more than a warning. */
static const char *find_reason(const char *line) {
    const char *end;
    for (line += strspn(line, "\n ^"); *line != '\0'; line = end + strspn(end, "\n ^")) {
        end = line + strcspn(line, "\n");
        if (memmem(line, (size_t)(end - line), "warning:", 8) == NULL) return line;
    }
    return "no reason given";
}

static bnn_status fail_plot(FILE *errors) {
    bnn_text said = {0};
    bool is_read = read_all(errors, &said);
    const char *line = find_reason(said.at == NULL || !is_read ? "" : said.at);
    bnn_status status = BNN_FAIL(BNN_ERR_FILE, "gnuplot drew nothing: %.*s", (int)strcspn(line, "\n"), line);
    bnn_text_free(&said);
    return status;
}

static bnn_status run(bnn_text *svg, FILE *const files[3], const char *script) {
    pid_t child;
    int end = 0;
    size_t before = svg->length;
    if (!write_script(files[0], script)) return BNN_FAIL(BNN_ERR_FILE, "no temporary file for gnuplot: %s", strerror(errno));
    int code = spawn(&child, files);
    if (code == ENOENT)
        return BNN_FAIL(BNN_ERR_FILE, "gnuplot is not installed, and it draws the report's figures: install it (Debian: gnuplot-nox)");
    if (code != 0) return BNN_FAIL(BNN_ERR_FILE, "gnuplot cannot be started: %s", strerror(code));
    while (waitpid(child, &end, 0) < 0 && errno == EINTR) {}
    if (!read_all(files[1], svg)) return BNN_FAIL_MEMORY("a figure");
    bool is_whole = svg->length > before && strstr(svg->at + before, "</svg>") != NULL;
    return WIFEXITED(end) && WEXITSTATUS(end) == 0 && is_whole ? BNN_OK : fail_plot(files[2]);
}

bnn_status bnn_plot_run(bnn_text *svg, const char *script) {
    FILE *files[3] = { NULL };
    bnn_status status = BNN_OK;
    for (int i = 0; i < 3 && status == BNN_OK; i++)
        if ((files[i] = tmpfile()) == NULL) status = BNN_FAIL(BNN_ERR_FILE, "no temporary file for gnuplot: %s", strerror(errno));
    if (status == BNN_OK) status = run(svg, files, script);
    for (int i = 0; i < 3; i++)
        if (files[i] != NULL) fclose(files[i]);
    return status;
}

void bnn_plot_quote(bnn_text *script, const char *text) {
    bnn_text_add(script, "'");
    for (size_t n = 0; *text != '\0' && n < QUOTED; n++) {
        size_t length = bnn_utf8_length(text);
        if (*text == '\'') bnn_text_add(script, "''");
        else if (length == 0 || (unsigned char)*text < 0x20 || *text == 0x7f) bnn_text_add(script, "?");
        else bnn_text_add(script, "%.*s", (int)length, text);
        text += length == 0 ? 1 : length;
    }
    bnn_text_add(script, *text == '\0' ? "'" : "...'");
}
