/* The catalogue: every section of a configuration. */
#ifndef BNN_METHOD_CATALOGUE_H
#define BNN_METHOD_CATALOGUE_H

#include "config/option.h"

typedef struct bnn_run_options {
    const char *name;              /* "": the file's stem        */
    long long   seed;
    long long   threads;           /* 0: all                     */
    double      max_memory;        /* MB; 0: 80 % of what is free */
    const char *out;               /* folder of run folders      */
} bnn_run_options;

extern const bnn_option  bnn_run_rows[];     /* of bnn_run_options */
extern const bnn_section bnn_catalogue[];

#endif
