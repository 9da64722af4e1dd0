/* Status codes and the error sentence.
 *
 * Every function that touches files, configuration, memory or convergence returns a bnn_status. Anything but BNN_OK
 * leaves one sentence per fault in the calling thread's error text: what was read, where, what is allowed.
 * The library never prints and never exits. */
#ifndef BNN_STATUS_H
#define BNN_STATUS_H

typedef enum bnn_status {
    BNN_OK = 0,
    BNN_ERR_USAGE,    /* wrong call or command line                                     */
    BNN_ERR_CONFIG,   /* configuration: unknown key, value out of range, needs not met  */
    BNN_ERR_DATA,     /* input data: missing, unreadable or malformed                   */
    BNN_ERR_FILE,     /* the system refused to write or read a file of ours             */
    BNN_ERR_MEMORY,   /* out of memory, or above run.max_memory                         */
    BNN_ERR_NUMERIC,  /* a non-finite loss or gradient, no convergence                  */
    BNN_ERR_CHECK,    /* a check that was asked for does not hold                       */
    BNN_STOPPED       /* stopped on request with everything saved                       */
} bnn_status;

/* The calling thread's last error: one sentence per line, no newline at the end, "" if none. Owned by the library. */
const char *bnn_error_text(void);

/* A short name such as "configuration error"; never NULL. */
const char *bnn_status_name(bnn_status status);

#endif
