/* The one clock that durations are measured by. */
#ifndef BNN_BASE_CLOCK_H
#define BNN_BASE_CLOCK_H

#include <time.h>

/* Seconds since some moment in the past; never set back. */
static inline double bnn_seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
