/* Do probabilities mean what they say? Confidence against accuracy in bins (classes), the probability integral transform (numbers).
 *
 * Confidence is the probability of the most probable class. Case weights count in every share and mean. Targets are known. */
#ifndef BNN_PREDICT_RELIABILITY_H
#define BNN_PREDICT_RELIABILITY_H

#include "predict/predict.h"

enum { BNN_RELIABILITY_BINS = 15 };      /* of ece and ace, as in Guo et al. 2017 */

typedef struct bnn_bin {
    double low, high;                    /* confidences: equal width (low, high]; equal mass: the least and the largest in it */
    size_t n_rows;
    double weight;                       /* sum of the rows' case weights */
    double confidence, accuracy;         /* weighted means; NaN in an empty bin */
} bnn_bin;

/* bins [n_bins]: (b / n_bins, (b + 1) / n_bins]. */
void bnn_reliability_equal_width(const bnn_prediction *prediction, size_t n_bins, bnn_bin *bins);

/* bins [n_bins] of about equal weight: bin = floor(n_bins (weight below + half the weight of this confidence) / all), so that rows
 * of equal confidence share one. BNN_ERR_MEMORY. */
bnn_status bnn_reliability_equal_mass(const bnn_prediction *prediction, size_t n_bins, bnn_bin *bins);

/* sum_b weight_b |accuracy_b - confidence_b| / sum_b weight_b: the expected calibration error (Naeini, Cooper & Hauskrecht 2015). */
double bnn_calibration_error(size_t n_bins, const bnn_bin *bins);

/* share [n_bins]: of the weight whose PIT lies in (b / n_bins, (b + 1) / n_bins], all targets together; sums to 1. Of exact predictions
 * each is 1 / n_bins. */
void bnn_pit_histogram(const bnn_prediction *prediction, size_t n_bins, double *share);

/* Metrics, with bootstrap errors: ece (equal width), ace (equal mass: Nguyen & O'Connor 2015), both of 15 bins; pit_ks, the largest
 * distance of the PIT's distribution function to the uniform one (Kolmogorov-Smirnov), all targets together. */
bnn_score bnn_score_ece(const bnn_prediction *prediction);
bnn_score bnn_score_ace(const bnn_prediction *prediction);
bnn_score bnn_score_pit_ks(const bnn_prediction *prediction);

/* Share of targets inside the central interval of this probability; of a mean over rows, so its se is exact. */
bnn_score bnn_score_coverage(const bnn_prediction *prediction, double probability);

#endif
