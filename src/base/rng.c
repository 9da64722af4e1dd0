/* Keys, normals, uniforms, a GSL generator and shuffles over Random123's Philox4x32-10 and Threefry2x32-13.
 *
 * Normals come in granules of 32: the counters 16 b + i, i < 16, of granule b give two 32-bit words each, and Box & Muller
 * (1958, eq. 1) make two normals of them: r cos t is number 32 b + i, r sin t number 32 b + 16 + i, with r = sqrt(-2 log u),
 * u = (word 0 + 1) / 2^32, t = 2 pi word 1 / 2^32. All stores are contiguous, so gcc makes one vector loop of a granule. */
#include "base/rng.h"
#include "base/vmath.h"

#include <Random123/philox.h>
#include <Random123/threefry.h>
#include <string.h>

enum { LANES = 16, GRANULE = 2 * LANES };

bnn_key bnn_key_make(uint64_t seed, bnn_purpose purpose, uint32_t step, uint32_t sample, uint32_t member) {
    philox4x32_key_t key = {{ (uint32_t)seed, (uint32_t)(seed >> 32) }};
    philox4x32_ctr_t counter = {{ (uint32_t)purpose, step, sample, member }};
    philox4x32_ctr_t words = philox4x32_R(10, counter, key);
    return (bnn_key){{ words.v[0], words.v[1] }};
}

/* The two words of one counter of an array. */
BNN_INLINE threefry2x32_ctr_t array_words(bnn_key key, uint32_t low, uint32_t high) {
    threefry2x32_ctr_t counter = {{ low, high }};
    threefry2x32_key_t array = {{ key.v[0], key.v[1] }};
    return threefry2x32_R(13, counter, array);
}

/* u and turns of a granule. u is formed in floating point: 2^-32 for the smallest word (r = 6.66), all its digits for small words where the
 * tail lies, and at most 1 after rounding (r = 0), so r is always finite. */
BNN_INLINE void granule_uniforms(bnn_key key, uint64_t granule, real *restrict u, uint32_t *restrict turn) {
    uint64_t counter = granule * LANES;
    uint32_t low = (uint32_t)counter, high = (uint32_t)(counter >> 32);
    for (uint32_t i = 0; i < LANES; i++) {
        threefry2x32_ctr_t word = array_words(key, low + i, high);
        u[i] = ((real)word.v[0] + 1) * (real)0x1p-32;
        turn[i] = word.v[1];
    }
}

BNN_INLINE void granule_normals(const real *restrict radius, const uint32_t *restrict turn, real *restrict out) {
    for (size_t i = 0; i < LANES; i++) {
        real sine, cosine;
        bnn_sincos_turn(turn[i], &sine, &cosine);
        out[i] = radius[i] * cosine;
        out[LANES + i] = radius[i] * sine;
    }
}

enum { STRETCH = 8 };

/* The first n numbers from granule `first` on, in stretches of three loops, whose values stay in the first-level cache: as one loop, a
 * granule is a chain of some hundred instructions that each wait for the one before, and a processor looks ahead no farther than two of
 * them. 35 % faster on a Zen 5. A part of a granule comes from the same code as whole ones, hence the same bits. */
BNN_CLONES static void fill(bnn_key key, uint64_t first, size_t n, real *restrict out) {
    real     radius[STRETCH * LANES];      /* u at first */
    uint32_t turn[STRETCH * LANES];
    size_t   n_whole = n / GRANULE, n_granules = (n + GRANULE - 1) / GRANULE;
    for (size_t done = 0; done < n_granules; done += STRETCH) {
        size_t m = n_granules - done < STRETCH ? n_granules - done : STRETCH;
        for (size_t g = 0; g < m; g++) granule_uniforms(key, first + done + g, radius + g * LANES, turn + g * LANES);
        for (size_t i = 0; i < m * LANES; i++) radius[i] = bnn_sqrt(-2 * bnn_log_normal(radius[i]));
        for (size_t g = 0; g < m && done + g < n_whole; g++)
            granule_normals(radius + g * LANES, turn + g * LANES, out + (done + g) * GRANULE);
    }
    if (n_whole == n_granules) return;
    real   last[GRANULE];
    size_t at = n_whole % STRETCH * LANES;
    granule_normals(radius + at, turn + at, last);
    memcpy(out + n_whole * GRANULE, last, n % GRANULE * sizeof *out);
}

void bnn_rng_normals(bnn_key key, uint64_t first, size_t n, real *out) {
    uint64_t granule = first / GRANULE;
    size_t   skip = first % GRANULE;
    if (skip > 0) {
        size_t head = n < GRANULE - skip ? n : GRANULE - skip;
        real whole[GRANULE];
        fill(key, granule++, skip + head, whole);
        memcpy(out, whole + skip, head * sizeof *out);
        out += head;
        n -= head;
    }
    fill(key, granule, n, out);
}

void bnn_rng_signs(bnn_key key, uint64_t first, size_t n, real *out) {
    for (size_t j = 0; j < n;) {
        uint64_t counter = (first + j) / 64;
        unsigned bit = (unsigned)((first + j) % 64);
        threefry2x32_ctr_t word = array_words(key, (uint32_t)counter, (uint32_t)(counter >> 32));
        uint64_t bits = ((uint64_t)word.v[1] << 32 | word.v[0]) >> bit;
        for (; bit < 64 && j < n; bit++, j++, bits >>= 1) out[j] = bits & 1 ? 1 : -1;
    }
}

/* (27 bits, 26 bits) / 2^53, and half of the smallest step in place of 0. */
static inline double open_uniform(uint32_t high, uint32_t low) {
    double integer = (double)(int32_t)(high >> 5) * 0x1p26 + (double)(int32_t)(low >> 6);
    return (integer > 0.0 ? integer : 0.5) * 0x1p-53;
}

BNN_CLONES void bnn_rng_uniforms(bnn_key key, uint64_t first, size_t n, double *out) {
    for (size_t j = 0; j < n; j++) {
        uint64_t counter = first + j;
        threefry2x32_ctr_t word = array_words(key, (uint32_t)counter, (uint32_t)(counter >> 32));
        out[j] = open_uniform(word.v[0], word.v[1]);
    }
}

enum { BLOCKS = 16 };

/* Philox4x32-10 in counter mode: counter (0, 0, 0, 0), (1, 0, 0, 0), ..., four words each, in order; some blocks in advance. */
typedef struct stream {
    philox4x32_key_t key;
    uint64_t         next;        /* counter of the next block                */
    uint32_t         words[4 * BLOCKS];
    unsigned         n_left;      /* words not yet handed out                 */
} stream;

BNN_CLONES static void fill_blocks(philox4x32_key_t key, uint64_t first, uint32_t *restrict words) {
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uint64_t next = first + i;
        philox4x32_ctr_t counter = {{ (uint32_t)next, (uint32_t)(next >> 32), 0, 0 }};
        philox4x32_ctr_t block = philox4x32_R(10, counter, key);
        for (size_t k = 0; k < 4; k++) words[4 * i + k] = block.v[k];
    }
}

static uint32_t stream_word(stream *s) {
    if (s->n_left == 0) {
        fill_blocks(s->key, s->next, s->words);
        s->next += BLOCKS;
        s->n_left = 4 * BLOCKS;
    }
    return s->words[4 * BLOCKS - s->n_left--];
}

static void stream_start(stream *s, uint32_t key0, uint32_t key1) {
    *s = (stream){ .key = {{ key0, key1 }} };
}

static void gsl_start(void *state, unsigned long seed) {
    stream_start(state, (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32));
}

static unsigned long gsl_word(void *state) { return stream_word(state); }

/* [0, 1), 53 bits: gsl_ran_* reach farther into the tails than with one word. */
static double gsl_double(void *state) {
    uint32_t high = stream_word(state) >> 5, low = stream_word(state) >> 6;
    return ((double)high * 0x1p26 + (double)low) * 0x1p-53;
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10", .max = UINT32_MAX, .min = 0, .size = sizeof(stream),
    .set = gsl_start, .get = gsl_word, .get_double = gsl_double
};

gsl_rng *bnn_rng_gsl(bnn_key key) {
    gsl_rng *rng = gsl_rng_alloc(&philox_type);
    if (rng != NULL) stream_start(rng->state, key.v[0], key.v[1]);
    return rng;
}

static unsigned __int128 stream_product(stream *s, uint64_t n) {
    uint64_t high = stream_word(s), low = stream_word(s);
    return (unsigned __int128)(high << 32 | low) * n;
}

/* An integer below n, all equally likely (Lemire 2019, "Fast random integer generation in an interval", algorithm 5): 2^64 mod n of the
 * products would make some results likelier. That is less than n, so the division is hardly ever needed. */
static uint64_t stream_below(stream *s, uint64_t n) {
    unsigned __int128 product = stream_product(s, n);
    if ((uint64_t)product < n) {
        const uint64_t n_surplus = (0 - n) % n;
        while ((uint64_t)product < n_surplus) product = stream_product(s, n);
    }
    return (uint64_t)(product >> 64);
}

void bnn_rng_shuffle(bnn_key key, size_t n, size_t *permutation) {
    stream s;
    stream_start(&s, key.v[0], key.v[1]);
    for (size_t i = 0; i < n; i++) permutation[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = stream_below(&s, i), last = permutation[i - 1];
        permutation[i - 1] = permutation[j];
        permutation[j] = last;
    }
}
