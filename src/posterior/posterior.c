/* The table of posterior kinds and their making. */
#include "posterior/posterior.h"
#include "base/fail.h"

#include <string.h>

const bnn_variant *const bnn_posteriors[] = {
    &bnn_draws_posterior.head, &bnn_diag_posterior.head, &bnn_dropout_posterior.head, &bnn_kron_posterior.head,
    &bnn_full_posterior.head, &bnn_mixture_posterior.head, NULL };

const bnn_posterior_row *bnn_posterior_find(const char *name) {
    for (size_t i = 0; bnn_posteriors[i] != NULL; i++)
        if (strcmp(bnn_posteriors[i]->name, name) == 0) return (const bnn_posterior_row *)bnn_posteriors[i];
    return NULL;
}

static void start(bnn_posterior *posterior, const bnn_posterior_row *row, size_t n_weights, size_t n_noise, size_t n_draws) {
    *posterior = (bnn_posterior){ .row = row, .n_weights = n_weights, .n_params = n_weights + n_noise, .n_draws = n_draws };
    row->start(posterior);
}

static void list_factors(bnn_posterior *posterior, const struct bnn_net *net, size_t lowest) {
    posterior->net = net;
    posterior->lowest = lowest;
    if (posterior->row->lay_out != NULL) posterior->row->lay_out(posterior);
}

bnn_status bnn_posterior_make(bnn_posterior *posterior, const bnn_posterior_row *row, size_t n_weights, size_t n_noise, size_t n_draws) {
    start(posterior, row, n_weights, n_noise, n_draws);
    for (size_t a = 0; a < posterior->n_arrays; a++) {
        bnn_posterior_array *array = &posterior->arrays[a];
        array->at = BNN_TAKE(&posterior->arena, array->copies * posterior->n_params, real);
    }
    if (!posterior->arena.has_failed) return BNN_OK;
    bnn_posterior_free(posterior);
    return BNN_FAIL_MEMORY("the posterior");
}

void bnn_posterior_free(bnn_posterior *posterior) {
    bnn_arena_free(&posterior->arena);
    *posterior = (bnn_posterior){0};
}

bnn_status bnn_posterior_lay_out(bnn_posterior *posterior, const struct bnn_net *net, size_t lowest) {
    list_factors(posterior, net, lowest);
    for (size_t i = 0; i < posterior->n_factors && !posterior->arena.has_failed; i++) {
        bnn_factor *factor = &posterior->factors[i];
        factor->at = BNN_TAKE(&posterior->arena, factor->rows * factor->cols, double);
    }
    return posterior->arena.has_failed ? BNN_FAIL_MEMORY("the factors of the posterior") : BNN_OK;
}

bnn_status bnn_posterior_outline(bnn_posterior *posterior, const bnn_posterior_row *row, const struct bnn_net *net, size_t n_weights,
                                 size_t n_noise, size_t n_draws, size_t lowest) {
    start(posterior, row, n_weights, n_noise, n_draws);
    list_factors(posterior, net, lowest);
    if (!posterior->arena.has_failed) return BNN_OK;
    bnn_posterior_free(posterior);
    return BNN_FAIL_MEMORY("the outline of the posterior");
}

size_t bnn_posterior_draws(const bnn_posterior *posterior, size_t wanted) {
    size_t n = posterior->n_draws;
    if (n == 0) return wanted;
    return posterior->row->is_list ? n : (wanted + n - 1) / n * n;
}

double bnn_posterior_stored_mean(const bnn_posterior *posterior, size_t i) {
    double sum = 0;
    for (size_t s = 0; s < posterior->n_draws; s++) sum += (double)posterior->arrays[0].at[s * posterior->n_params + i];
    return sum / (double)posterior->n_draws;
}

void bnn_posterior_mean_of_stored(const bnn_posterior *posterior, real *out) {
    for (size_t i = 0; i < posterior->n_params; i++) out[i] = (real)bnn_posterior_stored_mean(posterior, i);
}

bnn_factor *bnn_posterior_factor(const bnn_posterior *posterior, const char *name) {
    for (size_t i = 0; i < posterior->n_factors; i++)
        if (strcmp(posterior->factors[i].name, name) == 0) return &posterior->factors[i];
    return NULL;
}
