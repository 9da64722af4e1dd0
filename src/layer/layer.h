/* A layer: how it maps a batch forward and a gradient backward, and which blocks of theta it owns.
 *
 * All weights of a net are one flat vector theta; a block is a named stretch of it. Backward hands each finished block of the
 * weight gradient to a sink, on the thread that made it, while it is in cache. */
#ifndef BNN_LAYER_LAYER_H
#define BNN_LAYER_LAYER_H

#include "base/linalg.h"
#include "base/team.h"
#include "config/option.h"

typedef enum bnn_role { BNN_ROLE_WEIGHT, BNN_ROLE_BIAS, BNN_ROLE_NOISE } bnn_role;

typedef struct bnn_block {
    char     name[40];        /* "0.weight", "0.bias", "likelihood.log_noise_sd"        */
    size_t   first, n;        /* span of theta                                          */
    int      n_dims;
    size_t   shape[4];        /* [out, in] or [out]                                     */
    bnn_role role;
    size_t   fan_in, fan_out;
} bnn_block;

/* Takes gradient span g [n] of theta[first .. first + n). Called once per span, from any thread, never twice for one weight.
 * By then nobody needs the old theta of that span any more, so the sink may change it. */
typedef struct bnn_sink {
    void (*block)(void *context, size_t first, size_t n, const real *g);
    void  *context;
} bnn_sink;

/* What one pass through a net needs besides the layer itself. */
typedef struct bnn_pass {
    bnn_team   *team;         /* NULL: on the calling thread                              */
    const real *theta;        /* weights of this pass                                     */
    real       *scratch;      /* scratch_size reals per thread of the team                */
    size_t      scratch_size;
} bnn_pass;

typedef struct bnn_layer bnn_layer;

/* y = layer(x);  x [n x n_in], y [n x n_out] are contiguous and row-major. */
typedef struct bnn_layer_row {
    bnn_variant head;
    void (*forward)(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y);
    /* From dy = d objective / d y (overwritten): dx, unless dx.at is NULL, and all weight gradients into the sink, after dx. */
    void (*backward)(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                     const bnn_sink *sink);
    size_t (*scratch)(const bnn_layer *layer);     /* reals needed per thread */
    /* Sets n_out and the layer's own fields (n_in, has_bias and a default activation are set) from the words after the layer's
     * name in the long form. NULL if fine, else what is expected. */
    const char *(*parse)(bnn_layer *layer, size_t n_words, char *const *words);
} bnn_layer_row;

struct bnn_layer {
    const bnn_layer_row         *row;
    size_t                       n_in, n_out;
    const struct bnn_activation *activation;   /* applied to the outputs */
    bool                         has_bias;
    size_t                       weight, bias; /* first positions in theta */
};

extern const bnn_layer_row bnn_dense_row;

/* Every kind of layer, ended by NULL. */
extern const bnn_variant *const bnn_layers[];

#endif
