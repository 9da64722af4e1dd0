/* Calibration: predictions corrected by rows that training has not seen.
 *
 * temperature (classes; Guo et al. 2017, "On calibration of modern neural networks"): p_k^(1/T) / sum_l p_l^(1/T) of the mixture's
 * probabilities, T of most likelihood. sd_scale (numbers; Laves et al. 2020, "Well-calibrated regression uncertainty"): sd times s,
 * s^2 = mean of ((y - mean) / sd)^2, the s of most likelihood for N(mean, (s sd)^2); one s for all targets. conformal: sets with a
 * guarantee. For n rows that are exchangeable with the next one, the next target is covered with a probability of at least `level`, whatever
 * the model (Vovk et al. 2005; Lei et al. 2018): numbers by mean -+ q sd with scores |y - mean| / sd, a guarantee for each target;
 * classes by {k : 1 - p_k <= q} with scores 1 - p_y, the sets of least mean size (Sadinle, Lei & Wasserman 2019), which are empty where every
 * class is less probable than is usual for the right one. q is the ceil((n + 1) level)-th smallest score; infinite if that is more than n.
 *
 * Case weights count in T and s, not in q: the guarantee is for rows. */
#ifndef BNN_PREDICT_CALIBRATION_H
#define BNN_PREDICT_CALIBRATION_H

#include "predict/predict.h"

/* In the order of predict.calibration. */
typedef enum bnn_calibration_kind { BNN_CALIBRATION_NONE, BNN_CALIBRATION_TEMPERATURE, BNN_CALIBRATION_SD_SCALE, BNN_CALIBRATION_CONFORMAL }
    bnn_calibration_kind;

const char *bnn_calibration_name(bnn_calibration_kind kind);

/* Rows first, first + step, ... of a prediction. */
typedef struct bnn_stride { size_t first, step; } bnn_stride;
static const bnn_stride bnn_all_rows = { 0, 1 };

/* ---- temperature.c --------------------------------------------------------------------------------------------------- */

/* T stays between these: rows that are all right ask for 0, rows without any order for infinity. */
#define BNN_TEMPERATURE_MIN 0.05
#define BNN_TEMPERATURE_MAX 20.0

/* From p and targets; p counts as at least 1.2e-38, the least that float probabilities hold. */
bnn_status bnn_temperature_fit(double *temperature, const bnn_prediction *prediction, bnn_stride rows);

/* Sets p, label, log_lik and the entropies: entropy is that of the new p, the mutual information stays, entropy_aleatoric is their
 * difference, at least 0. Monte Carlo errors of the draws belong to the old p: all rows or none, they become NULL. */
void bnn_temperature_apply(bnn_prediction *prediction, bnn_stride rows, double temperature);

/* ---- sd_scale.c ------------------------------------------------------------------------------------------------------ */

/* From mean, sd and targets. BNN_ERR_DATA if an sd is not above 0, or all means are exact. */
bnn_status bnn_sd_scale_fit(double *scale, const bnn_prediction *prediction, bnn_stride rows);

/* What can be done without the draws (bnn_predict_options.sd_scale has all): sds, quantiles about the mean, log_lik_moment. */
void bnn_sd_scale_apply(bnn_prediction *prediction, bnn_stride rows, double scale);

/* ---- conformal.c ----------------------------------------------------------------------------------------------------- */

/* Scores of target j in rising order: scores has room for all rows; their number comes back. */
size_t bnn_conformal_scores(const bnn_prediction *prediction, bnn_stride rows, size_t j, double *scores);

/* q of n scores in rising order; INFINITY if n is too small for the level. */
double bnn_conformal_radius(size_t n, const double *scores, double level);

/* Sets lower and upper, or in_set, of those rows. radius [n_targets]. An infinite one: everything. */
bnn_status bnn_conformal_apply(bnn_prediction *prediction, bnn_stride rows, const double *radius);

/* Of predictions that have intervals, or sets: the share of targets they hold, and their mean width (units of the target) or size. */
bnn_score bnn_score_coverage_interval(const bnn_prediction *prediction);
bnn_score bnn_score_width_interval(const bnn_prediction *prediction);
bnn_score bnn_score_coverage_set(const bnn_prediction *prediction);
bnn_score bnn_score_size_set(const bnn_prediction *prediction);

/* ---- calibration.c --------------------------------------------------------------------------------------------------- */

enum { BNN_CALIBRATION_FIGURES = 4 };

/* A metric of the same rows before and after. After: every second row by what was fitted on the others, so no row judges its own fit. */
typedef struct bnn_calibration_figure {
    bnn_calibration_kind kind;
    char                 metric[32];
    double               before, after;
} bnn_calibration_figure;

typedef struct bnn_calibration {
    size_t  n_rows, n_targets;
    double  level;                   /* of the figures */
    double  temperature, sd_scale;   /* NaN: not of this kind of model */
    double *scores;                  /* [n_targets x n_rows] conformal, in rising order for each target */
    size_t  n_figures;
    bnn_calibration_figure figures[BNN_CALIBRATION_FIGURES];
    bnn_arena arena;
} bnn_calibration;

/* All kinds that fit the prediction, from all its rows; its targets are known. is_continuous: numbers whose sd can be scaled. Before
 * figures of intervals take the quantiles (1 -+ level) / 2 where the prediction has them, else those of N(mean, sd^2). BNN_ERR_DATA
 * for fewer than 2 rows and what the fits refuse. calibration starts zeroed. */
bnn_status bnn_calibration_fit(bnn_calibration *calibration, const bnn_prediction *prediction, double level, bool is_continuous);

/* Corrects all rows by one kind that was fitted. */
bnn_status bnn_calibration_apply(const bnn_calibration *calibration, bnn_calibration_kind kind, double level, bnn_prediction *prediction);

void bnn_calibration_free(bnn_calibration *calibration);

#endif
