/* The table of activations. softplus' = 1 - exp(-softplus), tanh' = 1 - tanh^2, sigmoid' = s (1 - s); relu' is 0 at 0, relu'' everywhere. */
#include "layer/activation.h"
#include "base/vmath.h"

#include <math.h>
#include <string.h>

static double straight(double y) { (void)y; return 0; }

static void identity_forward(size_t n, real *z) { (void)n, (void)z; }
static void identity_backward(size_t n, const real *y, real *dy) { (void)n, (void)y, (void)dy; }

BNN_CLONES static void relu_forward(size_t n, real *z) {
    for (size_t i = 0; i < n; i++) z[i] = z[i] < 0 ? 0 : z[i];     /* a NaN stays a NaN and is found in the loss */
}
BNN_CLONES static void relu_backward(size_t n, const real *y, real *dy) {
    for (size_t i = 0; i < n; i++) dy[i] = y[i] > 0 ? dy[i] : 0;
}

BNN_CLONES static void tanh_forward(size_t n, real *z) {
    for (size_t i = 0; i < n; i++) z[i] = bnn_tanh(z[i]);
}
BNN_CLONES static void tanh_backward(size_t n, const real *y, real *dy) {
    for (size_t i = 0; i < n; i++) dy[i] *= 1 - y[i] * y[i];
}

static double tanh_bend(double y) { return -2 * y * (1 - y * y); }

BNN_CLONES static void sigmoid_forward(size_t n, real *z) {
    for (size_t i = 0; i < n; i++) z[i] = bnn_sigmoid(z[i]);
}
BNN_CLONES static void sigmoid_backward(size_t n, const real *y, real *dy) {
    for (size_t i = 0; i < n; i++) dy[i] *= y[i] * (1 - y[i]);
}

static double sigmoid_bend(double y) { return y * (1 - y) * (1 - 2 * y); }

BNN_CLONES static void softplus_forward(size_t n, real *z) {
    for (size_t i = 0; i < n; i++) z[i] = bnn_softplus(z[i]);
}
BNN_CLONES static void softplus_backward(size_t n, const real *y, real *dy) {
    for (size_t i = 0; i < n; i++) dy[i] *= 1 - bnn_exp(-y[i]);
}

static double softplus_bend(double y) { return exp(-y) * (1 - exp(-y)); }

static const bnn_activation relu = {
    { "relu", "max(0, z): the usual choice for hidden layers", NULL, 0 }, relu_forward, relu_backward, straight };
static const bnn_activation tanh_row = {
    { "tanh", "smooth, between -1 and 1: for small nets and smooth functions", NULL, 0 }, tanh_forward, tanh_backward, tanh_bend };
static const bnn_activation sigmoid = {
    { "sigmoid", "1 / (1 + exp(-z)), between 0 and 1", NULL, 0 }, sigmoid_forward, sigmoid_backward, sigmoid_bend };
static const bnn_activation softplus = {
    { "softplus", "log(1 + exp(z)): a smooth relu", NULL, 0 }, softplus_forward, softplus_backward, softplus_bend };
static const bnn_activation identity = {
    { "identity", "z itself: a linear layer", NULL, 0 }, identity_forward, identity_backward, straight };

const bnn_variant *const bnn_activations[] = {
    &relu.head, &tanh_row.head, &sigmoid.head, &softplus.head, &identity.head, NULL };

const bnn_activation *bnn_activation_find(const char *name) {
    for (size_t i = 0; bnn_activations[i] != NULL; i++) {
        if (strcmp(bnn_activations[i]->name, name) == 0) return (const bnn_activation *)bnn_activations[i];
    }
    return NULL;
}
