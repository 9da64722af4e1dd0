/* The INI reader. Left out on purpose: continued lines, quotes, keys outside sections, case folding. */
#include "config/ini.h"
#include "base/fail.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 << 20 };    /* a larger file is data given by mistake */

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

typedef struct reader {
    bnn_settings *settings;
    bnn_arena    *arena;
    const char   *path, *section;    /* section: of the last header, NULL before the first */
    int           line;
} reader;

void bnn_settings_push(bnn_settings *settings, bnn_setting setting, bnn_arena *arena) {
    if (settings->n == settings->room) {
        size_t room = 2 * settings->room + 64;
        bnn_setting *at = BNN_TAKE(arena, room, bnn_setting);
        if (at == NULL) return;
        if (settings->n > 0) memcpy(at, settings->at, settings->n * sizeof *at);
        settings->at   = at;
        settings->room = room;
    }
    settings->at[settings->n++] = setting;
}

static bool is_name(const char *at, size_t length) {
    if (length == 0 || isdigit((unsigned char)at[0])) return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)at[i]) && at[i] != '_') return false;
    return true;
}

/* Adds the variable of "${NAME}..." and returns what follows it, or NULL with a fault. */
static const char *variable_add(bnn_text *out, const char *at, const char **fault, bnn_arena *arena) {
    size_t length = strcspn(at + 2, "}");
    const char *name = bnn_phrase_trim(arena, at + 2, length), *value;
    if (at[2 + length] != '}' || !is_name(name, strlen(name)))
        *fault = "holds \"${\" without NAME} (write $${ for the plain characters)";
    else if ((value = getenv(name)) == NULL)
        *fault = bnn_phrase_format(arena, "needs ${%s}, which is not set in the environment",
                                   bnn_phrase_excerpt(arena, name));
    else {
        bnn_text_add(out, "%s", value);
        return at + 2 + length + 1;
    }
    return NULL;
}

static const char *expand(const char *raw, const char **fault, bnn_arena *arena) {
    bnn_text out = {0};
    const char *at = raw;
    while (at != NULL && *at != '\0') {
        size_t plain = strcspn(at, "$");
        bnn_text_add(&out, "%.*s", (int)plain, at);
        at += plain;
        if (at[0] == '\0') break;
        if (at[1] == '{') at = variable_add(&out, at, fault, arena);
        else {
            bool is_escape = at[1] == '$' || at[1] == '#' || at[1] == ';';
            bnn_text_add(&out, "%c", is_escape ? at[1] : '$');
            at += is_escape ? 2 : 1;
        }
    }
    const char *whole = bnn_phrase_take(arena, &out);
    return bnn_phrase_trim(arena, whole, strlen(whole));
}

void bnn_ini_escape(bnn_text *out, const char *value) {
    for (size_t i = 0; value[i] != '\0'; i++) {
        bool is_comment = (value[i] == '#' || value[i] == ';') && (i == 0 || bnn_is_blank(value[i - 1]));
        bnn_text_add(out, "%s%c", is_comment || value[i] == '$' ? "$" : "", value[i]);
    }
}

/* Pushes "section.key = raw value", or the fault of its value. */
static void pair_push(bnn_settings *settings, bnn_setting setting, const char *raw, bnn_arena *arena) {
    const char *wrong = NULL;
    setting.value = expand(raw, &wrong, arena);
    if (wrong != NULL) setting.fault = bnn_phrase_format(arena, "[%s] %s %s", bnn_phrase_excerpt(arena, setting.section),
                                                         bnn_phrase_excerpt(arena, setting.key), wrong);
    bnn_settings_push(settings, setting, arena);
}

void bnn_ini_word(bnn_settings *settings, const char *word, bnn_arena *arena) {
    bnn_setting setting = {.section = "", .value = "", .where = "command line"};
    const char *equals = strchr(word, '='), *dot = strchr(word, '.');
    if (equals != NULL && dot != NULL && dot < equals) {
        setting.section = bnn_phrase_trim(arena, word, (size_t)(dot - word));
        setting.key     = bnn_phrase_trim(arena, dot + 1, (size_t)(equals - dot - 1));
    }
    if (*setting.section != '\0' && *setting.key != '\0') {
        pair_push(settings, setting, equals + 1, arena);
        return;
    }
    setting.fault = bnn_phrase_format(arena, "\"%s\" is not section.key=value", bnn_phrase_excerpt(arena, word));
    bnn_settings_push(settings, setting, arena);
}

/* Pushes the fault `"text" what`. */
static void fault_push(reader *r, bnn_setting setting, const char *text, const char *what) {
    setting.fault = bnn_phrase_format(r->arena, "\"%s\" %s", bnn_phrase_excerpt(r->arena, text), what);
    bnn_settings_push(r->settings, setting, r->arena);
}

/* "[name]" opens a section even when the line has a fault, so that the keys below it are still checked. */
static void header_read(reader *r, bnn_setting setting, const char *text) {
    size_t length = strcspn(text + 1, "]");
    const char *close = text + 1 + length;
    r->section = setting.section = bnn_phrase_trim(r->arena, text + 1, length);
    if (*close == '\0') fault_push(r, setting, text, "has no ']'");
    else if (close[1] != '\0') fault_push(r, setting, text, "has text after the section header");
    else bnn_settings_push(r->settings, setting, r->arena);
}

static void pair_read(reader *r, bnn_setting setting, const char *text) {
    const char *equals = strchr(text, '=');
    setting.section = r->section != NULL ? r->section : "";
    setting.key     = bnn_phrase_trim(r->arena, text, equals != NULL ? (size_t)(equals - text) : 0);
    if (equals == NULL) fault_push(r, setting, text, "has no '=': a line is key = value");
    else if (*setting.key == '\0') fault_push(r, setting, text, "has no key before '='");
    else if (r->section == NULL) fault_push(r, setting, text, "stands before any [section]");
    else pair_push(r->settings, setting, equals + 1, r->arena);
}

static size_t comment_start(const char *at, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((at[i] == '#' || at[i] == ';') && (i == 0 || bnn_is_blank(at[i - 1]))) return i;
    return length;
}

static void line_read(reader *r, const char *at, size_t length) {
    bool has_nul = memchr(at, '\0', length) != NULL;
    if (length > 0 && at[length - 1] == '\r') length--;
    const char *text = bnn_phrase_trim(r->arena, at, comment_start(at, length));
    if (*text == '\0' && !has_nul) return;
    bnn_setting setting = {.section = "", .value = "", .file = r->path, .line = r->line};
    setting.where = bnn_phrase_format(r->arena, "%s:%d", r->path, r->line);
    if (has_nul) fault_push(r, setting, text, "is followed by a NUL byte: this is not plain text");
    else if (*text == '[') header_read(r, setting, text);
    else pair_read(r, setting, text);
}

bnn_status bnn_ini_read(bnn_settings *settings, const char *path, bnn_arena *arena) {
    char  *data = NULL;
    size_t size = 0;
    bnn_status status = bnn_file_read(path, &data, &size);
    if (status == BNN_OK && size > FILE_MOST)
        status = BNN_FAIL(BNN_ERR_CONFIG, "%s: %zu bytes are too many for a configuration (at most %d)", path, size,
                          FILE_MOST);
    reader r = {settings, arena, bnn_phrase_format(arena, "%s", path), NULL, 0};
    const char *at = data, *end = data != NULL ? data + size : NULL;
    if (size >= 3 && memcmp(data, BYTE_ORDER_MARK, 3) == 0) at += 3;
    while (status == BNN_OK && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
        r.line++;
        line_read(&r, at, (size_t)(stop - at));
        at = newline != NULL ? newline + 1 : end;
    }
    free(data);
    return status;
}
