/* A layer: how it maps a batch forward and a gradient backward, and which blocks of theta it owns.
 *
 * All weights of a net are one flat vector theta; a block is a named stretch of it. Backward hands each finished block of the
 * weight gradient to a sink, on the thread that made it, while it is in cache. */
#ifndef BNN_LAYER_LAYER_H
#define BNN_LAYER_LAYER_H

#include "base/linalg.h"
#include "base/rng.h"
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

/* Takes gradient span g [n] of theta[first .. first + n); in a noisy pass g is [2 n], followed by the gradient of `second`. Called from
 * any thread, once per span and pass; a span is part of a block, or all blocks of a small net (net.h). By then nobody needs the old weights
 * of that span any more, so the sink may change them, and overwrite g. */
typedef struct bnn_sink {
    void (*block)(void *context, size_t first, size_t n, real *g);
    void  *context;
} bnn_sink;

/* How randomness enters the outputs of a layer in a noisy pass; x q stands for the elementwise product.
 * local:   y = x theta' + sqrt(x^2 second') epsilon,          second = variances of the weights, epsilon ~ N(0, 1) per output
 * flipout: y = x theta' + ((x q) second') s,                  second = one draw of w - theta, q and s random signs per row */
typedef enum bnn_noise_kind { BNN_NOISE_NONE, BNN_NOISE_LOCAL, BNN_NOISE_FLIPOUT } bnn_noise_kind;

/* What one pass through a net needs besides the layers. */
typedef struct bnn_pass {
    const real    *theta;        /* weights, or their means in a noisy pass                  */
    bnn_noise_kind noise;
    const real    *second;       /* [n_weights], see above; NULL without noise               */
    bool           is_mirrored;  /* noise with the opposite sign: the other half of an antithetic pair */
    bool           is_training;  /* dropout drops                                            */
    bool           is_whole;     /* forward products in large tiles: many passes run side by side, each on its own thread */
    bnn_key        key;          /* of the pass's random numbers                             */
    uint64_t       first_row;    /* number of the pass's first row among those that share the key */
    /* set by the net */
    bnn_team      *team;         /* NULL: on the calling thread                              */
    real          *scratch;      /* scratch_size reals per thread of the team                */
    size_t         scratch_size;
} bnn_pass;

/* Arrays that a noisy pass keeps from forward to backward, for one layer. */
typedef struct bnn_layer_noise {
    real *q;                     /* [n x n_in] flipout: signs; local: not used               */
    real *xq;                    /* [n x n_in] local: x^2; flipout: x q                      */
    real *h;                     /* [n x n_out] d y / d (xq second')                         */
} bnn_layer_noise;

typedef struct bnn_layer bnn_layer;

/* y = layer(x);  x [n x n_in], y [n x n_out] are contiguous and row-major. */
typedef struct bnn_layer_row {
    bnn_variant head;
    void (*forward)(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y);
    /* From dy = d objective / d y (overwritten by d objective / d z, z before the activation): dx, unless dx.at is NULL, and all weight
     * gradients into the sink, after dx; sink NULL: none. */
    void (*backward)(const bnn_layer *layer, const bnn_pass *pass, bnn_mat x, bnn_mat y, bnn_mat dy, bnn_mat dx,
                     const bnn_sink *sink);
    /* The same in a noisy pass; NULL: a layer without weights. */
    void (*forward_noisy)(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y);
    void (*backward_noisy)(const bnn_layer *layer, const bnn_pass *pass, const bnn_layer_noise *noise, bnn_mat x, bnn_mat y, bnn_mat dy,
                           bnn_mat dx, const bnn_sink *sink);
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
    size_t                       number;       /* in the net: part of the index of its random numbers */
    size_t                       weight, bias; /* first positions in theta */
    double                       rate;         /* dropout: share of units dropped */
};

/* The first index of a layer's random numbers for one row, of n numbers each, in the array of pass->key. */
static inline uint64_t bnn_layer_index(const bnn_layer *layer, const bnn_pass *pass, size_t row, size_t n) {
    return ((uint64_t)layer->number << 40) + (pass->first_row + row) * n;
}

extern const bnn_layer_row bnn_dense_row, bnn_dropout_row;

/* Every kind of layer, ended by NULL. */
extern const bnn_variant *const bnn_layers[];

#endif
