/* Activations: y = a(z) elementwise, and a'(z) written in terms of y, so that z need not be kept. */
#ifndef BNN_LAYER_ACTIVATION_H
#define BNN_LAYER_ACTIVATION_H

#include "base/real.h"
#include "config/option.h"

typedef struct bnn_activation {
    bnn_variant head;
    void (*forward)(size_t n, real *z);                      /* z <- a(z)                        */
    void (*backward)(size_t n, const real *y, real *dy);     /* dy <- dy a'(z), y = a(z)         */
    double (*bend)(double y);                                /* a''(z), y = a(z)                 */
} bnn_activation;

/* relu first: the default. Ended by NULL. */
extern const bnn_variant *const bnn_activations[];

/* NULL if there is none of that name. */
const bnn_activation *bnn_activation_find(const char *name);

#endif
