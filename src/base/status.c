/* The thread-local error text behind BNN_FAIL. */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 16384 };

static _Thread_local char text[TEXT_SIZE];

static void append(size_t at, const char *format, va_list args) {
    int n = vsnprintf(text + at, TEXT_SIZE - at, format, args);
    if (n < 0) text[at] = '\0';
    else if ((size_t)n >= TEXT_SIZE - at) memcpy(text + TEXT_SIZE - 4, "...", 4);
}

bnn_status bnn_error_set(bnn_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    append(0, format, args);
    va_end(args);
    return status;
}

bnn_status bnn_error_add(bnn_status status, const char *format, ...) {
    size_t at = strlen(text);
    if (at + 8 >= TEXT_SIZE) return status;
    if (at > 0) text[at++] = '\n';
    va_list args;
    va_start(args, format);
    append(at, format, args);
    va_end(args);
    return status;
}

void bnn_error_clear(void) { text[0] = '\0'; }

const char *bnn_error_text(void) { return text; }

const char *bnn_status_name(bnn_status status) {
    switch (status) {
    case BNN_OK:         return "ok";
    case BNN_ERR_USAGE:  return "usage error";
    case BNN_ERR_CONFIG: return "configuration error";
    case BNN_ERR_DATA:   return "data error";
    case BNN_ERR_FILE:   return "file error";
    case BNN_ERR_MEMORY: return "out of memory";
    case BNN_ERR_NUMERIC: return "numerical failure";
    case BNN_ERR_CHECK:  return "check failed";
    case BNN_STOPPED:    return "stopped";
    }
    return "unknown status";
}
