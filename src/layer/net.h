/* A net: layers in order over one flat vector theta [n_weights], with named blocks as PyTorch names them. */
#ifndef BNN_LAYER_NET_H
#define BNN_LAYER_NET_H

#include "base/arena.h"
#include "base/rng.h"
#include "bnn/status.h"
#include "config/config.h"
#include "layer/layer.h"

typedef struct bnn_net_options {
    bnn_numbers hidden;        /* widths of the hidden layers; none: a linear model                */
    bnn_words   layers;        /* long form: "dense 200 relu, dense 200 tanh"; replaces hidden     */
    bool        bias;
    double      dropout, input_dropout;   /* shares of hidden units and of inputs dropped            */
    const char *init;          /* he | glorot | lecun | normal:SD | path of a run                  */
} bnn_net_options;

extern const bnn_option bnn_net_rows[];     /* [net], of bnn_net_options */
extern const bnn_axis   bnn_net_axes[];

typedef struct bnn_net {
    size_t     n_inputs, n_outputs;
    size_t     n_layers;
    bnn_layer *layers;
    size_t     n_blocks;
    bnn_block *blocks;
    size_t     n_weights;
    bnn_arena  arena;
} bnn_net;

/* From [net] of a configuration. The last layer is dense with identity activation and n_outputs units. BNN_ERR_CONFIG. */
bnn_status bnn_net_make(bnn_net *net, const bnn_config *config, size_t n_inputs, size_t n_outputs);
void       bnn_net_free(bnn_net *net);

/* The weight block of layer l, or of the last layer before it that has weights. */
const bnn_block *bnn_net_block_of(const bnn_net *net, size_t l);

/* Is this value of [net] init a rule (he, glorot, lecun, normal:SD), not the path of a run? */
bool bnn_net_is_init_rule(const char *value);

/* theta [n_weights]: weights by the [net] init rule, biases 0. */
void bnn_net_init(const bnn_net *net, const bnn_config *config, uint64_t seed, uint32_t member, real *theta);

/* Activations and gradients of up to max_rows rows; one per concurrent use of a net. */
typedef struct bnn_workspace {
    size_t  max_rows, n_threads;
    real  **y;                 /* [n_layers][max_rows x n_out of that layer]             */
    real   *d[2];              /* gradients, in turn; [max_rows x widest layer]          */
    bnn_layer_noise *noise;    /* [n_layers] for noisy passes, or NULL                   */
    real   *scratch;           /* per thread                                             */
    size_t  scratch_size;
} bnn_workspace;

void bnn_workspace_take(bnn_workspace *workspace, bnn_arena *arena, const bnn_net *net, size_t max_rows, int n_threads);

/* Adds the arrays that noisy passes need. */
void bnn_workspace_take_noise(bnn_workspace *workspace, bnn_arena *arena, const bnn_net *net);

/* A net of so few weights hands its gradient to the sink in one span: what the sink does with each span then costs a step of microseconds
 * once, not once a block. */
enum { BNN_SMALL_NET = 1024 };

/* The general pass: forward, and backward after it with the same arguments. */
bnn_mat bnn_net_forward_pass(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, bnn_pass pass, size_t n, const real *x);
void    bnn_net_backward_pass(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, bnn_pass pass, size_t n, const real *x,
                              const real *df, const bnn_sink *sink);

/* After a forward: backprop of df [n x n_outputs] without weight gradients; visits each layer with weights, the last first, with its inputs
 * x [n x n_in] and dz = d objective / d z [n x n_out], down to layer `lowest`. */
typedef void bnn_visit_fn(void *context, size_t layer, bnn_mat x, bnn_mat dz);
void bnn_net_backprop(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x,
                      const real *df, size_t lowest, bnn_visit_fn *visit, void *context);

/* The lowest layer that has weights; the last layer always has. */
size_t bnn_net_first_with_weights(const bnn_net *net);
bool   bnn_layer_has_weights(const bnn_layer *layer);

/* Outputs f [n x n_outputs] inside the workspace, valid until the next forward. x [n x n_inputs], n <= max_rows. */
bnn_mat bnn_net_forward(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x);

/* After a forward with the same arguments: df [n x n_outputs] in, every block of d objective / d theta into the sink. */
void bnn_net_backward(const bnn_net *net, bnn_workspace *workspace, bnn_team *team, const real *theta, size_t n, const real *x,
                      const real *df, const bnn_sink *sink);

#endif
