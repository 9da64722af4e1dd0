/* Weighted means with linearised errors, and the bootstrap for what is no mean. */
#include "predict/average.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double weight_of(const double *weight, size_t i) { return weight == NULL ? 1 : weight[i]; }

bnn_score bnn_average(size_t n, const double *weight, bnn_row_value *value, const void *context) {
    double total = 0, sum = 0, squares = 0, n_counted = 0;
    for (size_t i = 0; i < n; i++) {
        double w = weight_of(weight, i);
        if (!(w > 0)) continue;
        total += w;
        sum += w * value(context, i);
        n_counted++;
    }
    double mean = sum / total;
    for (size_t i = 0; i < n; i++) {
        double w = weight_of(weight, i), difference = w > 0 ? w * (value(context, i) - mean) : 0;
        squares += difference * difference;
    }
    return (bnn_score){ mean, n_counted > 1 ? sqrt(squares * n_counted / (n_counted - 1)) / total : NAN };
}

/* ---- bootstrap --------------------------------------------------------------------------------------------------------- */

enum { RESAMPLES = 200, UNIFORMS = 512 };      /* 200: an sd within 5 % */

/* Adds the weights of n rows taken with replacement from first .. first + n. */
static void draw_rows(const bnn_statistic *s, size_t first, size_t n, bnn_key key, double *weight) {
    double u[UNIFORMS];
    for (size_t done = 0; done < n; done += UNIFORMS) {
        size_t now = n - done < UNIFORMS ? n - done : UNIFORMS;
        bnn_rng_uniforms(key, done, now, u);
        for (size_t i = 0; i < now; i++) {
            size_t row = first + (size_t)(u[i] * (double)n);
            weight[row] += weight_of(s->weight, row);
        }
    }
}

static double value_of_resample(const bnn_statistic *s, uint32_t resample, double *weight) {
    memset(weight, 0, s->n * sizeof *weight);
    draw_rows(s, 0, s->n_first, bnn_key_make(0, BNN_PURPOSE_EVALUATE, 0, resample, 1), weight);
    draw_rows(s, s->n_first, s->n - s->n_first, bnn_key_make(0, BNN_PURPOSE_EVALUATE, 0, resample, 0), weight);
    return s->of(s->context, weight);
}

/* Resamples that caught rows of weight 0 only have no value and are left out. */
static double sd_over_resamples(const bnn_statistic *s, double *weight) {
    double mean = 0, squares = 0, n = 0;
    for (uint32_t r = 0; r < RESAMPLES; r++) {
        double value = value_of_resample(s, r, weight), before = mean;
        if (isnan(value)) continue;
        mean += (value - mean) / ++n;
        squares += (value - mean) * (value - before);
    }
    return n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

bnn_score bnn_statistic_score(const bnn_statistic *statistic) {
    double *weight = malloc(statistic->n * sizeof *weight);
    if (weight == NULL) return (bnn_score){ NAN, NAN };
    for (size_t i = 0; i < statistic->n; i++) weight[i] = weight_of(statistic->weight, i);
    bnn_score score = { statistic->of(statistic->context, weight), NAN };
    if (statistic->n > 1) score.se = sd_over_resamples(statistic, weight);
    free(weight);
    return score;
}
