/* Random numbers as functions, not a stream (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * An array of random numbers has a key = Philox4x32-10(key = seed; counter = purpose, step, sample, member); its elements
 * come from Threefry2x32-13(key; 64-bit counter): uniform i from counter i, normals two from each. Any stretch of any array
 * can be made by any thread, in any order, or again, with the same bits; resuming a run needs only the step number. Normals
 * and uniforms of one key share words: use one kind of a key. Normals come from a vectorised Box-Muller (.35 ns with AVX-512).
 * Both generators are Random123's. */
#ifndef BNN_BASE_RNG_H
#define BNN_BASE_RNG_H

#include "base/real.h"
#include <gsl/gsl_rng.h>

/* What an array is for: part of its key, so that no two uses ever share numbers. Append only: the values are part of
 * what makes runs reproducible. */
typedef enum bnn_purpose {
    BNN_PURPOSE_TEST = 0,
    BNN_PURPOSE_INIT,          /* initial weights; sample = block number            */
    BNN_PURPOSE_SHUFFLE,       /* order of the training rows; step = epoch          */
    BNN_PURPOSE_SPLIT,         /* random train / valid / test rows                  */
    BNN_PURPOSE_WEIGHTS,       /* epsilon of weight draws in training               */
    BNN_PURPOSE_PREDICT,       /* draws from a posterior; sample = draw number      */
    BNN_PURPOSE_EVALUATE,      /* Monte Carlo KL and ELBO estimates                 */
    BNN_PURPOSE_PRIOR,         /* draws from a prior                                */
    BNN_PURPOSE_OUTPUTS,       /* noise on a layer's outputs: local_reparam, flipout, dropout */
    BNN_PURPOSE_LABELS         /* labels drawn from a model for its curvature       */
} bnn_purpose;

typedef struct bnn_key { uint32_t v[2]; } bnn_key;

bnn_key bnn_key_make(uint64_t seed, bnn_purpose purpose, uint32_t step, uint32_t sample, uint32_t member);

/* out[j] = standard normal number first + j of the array, j < n. Numbers are independent of how the array is cut into
 * calls: (first, n) and (first, a) + (first + a, n - a) give the same bits. Fast when `first` is a multiple of 32.
 * Tails reach 6.6 sd (32-bit uniforms). */
void bnn_rng_normals(bnn_key key, uint64_t first, size_t n, real *out);

/* out[j] = +1 or -1, each with probability 1/2: sign first + j of the array. Same cutting rule. */
void bnn_rng_signs(bnn_key key, uint64_t first, size_t n, real *out);

/* out[j] = uniform number first + j in the open interval (0, 1), double with 53 random bits. Same cutting rule. */
void bnn_rng_uniforms(bnn_key key, uint64_t first, size_t n, double *out);

/* A GSL generator over the same key (Philox4x32-10 in counter mode), for every gsl_ran_* and for shuffles. Free with
 * gsl_rng_free. NULL when out of memory. */
gsl_rng *bnn_rng_gsl(bnn_key key);

/* permutation [n]: 0..n-1 in random order (Fisher-Yates). */
void bnn_rng_shuffle(bnn_key key, size_t n, size_t *permutation);

#endif
