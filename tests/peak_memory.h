/* The most memory that a stretch of work has held, as Linux counts it. */
#ifndef BNN_TESTS_PEAK_MEMORY_H
#define BNN_TESTS_PEAK_MEMORY_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A line of /proc/self/status ("VmHWM:", "VmRSS:") in bytes; 0: there is none. */
static inline double memory_of(const char *name) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name), "%lf", &kilobytes);
    if (file != NULL) fclose(file);
    return 1024 * kilobytes;
}

/* From here on the peak counts anew: false where the kernel does not let it. */
static inline bool memory_begin(double *before) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return false;
    bool is_reset = fputs("5", file) >= 0;
    is_reset = fclose(file) == 0 && is_reset;
    *before = memory_of("VmRSS:");
    return is_reset && *before > 0;
}

/* Bytes above `before` at the peak since. */
static inline double memory_peak(double before) { return memory_of("VmHWM:") - before; }

#endif
