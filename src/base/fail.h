/* Leaving an error sentence: how every layer reports what went wrong.
 *
 *     return BNN_FAIL(BNN_ERR_CONFIG, "%s:%d: lr = %g, allowed (0, 10]", path, line, lr);
 *
 * The text is thread-local and holds up to 16 kB; bnn_error_add appends further sentences, so that all faults of a file
 * can be reported at once. Worker threads return codes; the calling thread writes the sentence. */
#ifndef BNN_BASE_FAIL_H
#define BNN_BASE_FAIL_H

#include "bnn/status.h"

#define BNN_FAIL(status, ...) bnn_error_set((status), __VA_ARGS__)
#define BNN_FAIL_MEMORY(what) BNN_FAIL(BNN_ERR_MEMORY, "out of memory for %s", (what))

/* Replaces the error text by one sentence and returns `status`. */
bnn_status bnn_error_set(bnn_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a sentence on a line of its own (a full text is cut with "...") and returns `status`. */
bnn_status bnn_error_add(bnn_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

void bnn_error_clear(void);

#endif
