/* What every test program needs: cmocka, a comparison of doubles that compares doubles (cmocka's own casts to float), and the
 * folder of the big data sets. */
#ifndef BNN_TESTS_HARNESS_H
#define BNN_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "base/real.h"
#include "bnn/status.h"

/* |got - want| <= tolerance * max(1, |want|): relative for large values, absolute near zero. NaN fails. */
static inline int is_close(double got, double want, double tolerance) {
    double scale = fabs(want) > 1.0 ? fabs(want) : 1.0;
    return got == want || fabs(got - want) <= tolerance * scale;
}

#define assert_close(got, want, tolerance)                                                                              \
    do {                                                                                                                \
        double got_ = (got), want_ = (want);                                                                            \
        if (!is_close(got_, want_, (tolerance)))                                                                        \
            fail_msg("%s = %.17g, expected %.17g within %g", #got, got_, want_, (double)(tolerance));                   \
    } while (0)

#define assert_ok(call)                                                                                                 \
    do {                                                                                                                \
        bnn_status status_ = (call);                                                                                    \
        if (status_ != BNN_OK) fail_msg("%s: %s: %s", #call, bnn_status_name(status_), bnn_error_text());               \
    } while (0)

/* The folder of the big data sets ($BNN_DATA, else ../shared/data), or NULL: then say so and skip(). */
static inline const char *big_data(void) {
    const char *folder = getenv("BNN_DATA");
    static char path[4096];
    if (folder == NULL || *folder == '\0') folder = "../shared/data";
    if (realpath(folder, path) == NULL) {
        print_message("skipped: needs the data sets (set BNN_DATA)\n");
        return NULL;
    }
    return path;
}

#define RUN(tests) cmocka_run_group_tests_name(__FILE__, (tests), NULL, NULL)

#endif
