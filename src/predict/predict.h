/* The one predictor: draws from a posterior, outputs of the net for every draw, and what they say together.
 *
 * Numbers: y | draw s ~ p(y | f_s), a mixture over draws with
 *     mean = E_s[m_s],  sd_aleatoric^2 = E_s[v_s],  sd_epistemic^2 = Var_s[m_s] (n - 1; 0 for one draw),  sd^2 = their sum,
 * quantiles of the mixture itself. Classes: p = E_s[p_s],  entropy H(p),  entropy_aleatoric E_s[H(p_s)],  mutual information their
 * difference. log_lik = log E_s[p(y | f_s)], in the target's own units. Everything in double. */
#ifndef BNN_PREDICT_PREDICT_H
#define BNN_PREDICT_PREDICT_H

#include "bnn/predict.h"
#include "base/text.h"
#include "model/model.h"

enum { BNN_PREDICT_MAX_SAMPLES = 1000000 };

typedef struct bnn_predict_settings {      /* the [predict] section */
    long long   samples;
    bnn_numbers quantiles;
    int         first_layer;               /* 0: weights, 1: local                          */
    int         calibration;               /* bnn_calibration_kind (predict/calibration.h)      */
    double      calibration_level;
} bnn_predict_settings;

extern const bnn_option bnn_predict_rows[];    /* of bnn_predict_settings */

struct bnn_prediction {
    size_t  n_rows, n_draws, n_targets, n_classes, n_quantiles;
    char  **target_names, **class_names;       /* copies                                    */
    double *quantile_levels;                   /* [n_quantiles]                             */
    /* numbers, [n_rows x n_targets], original units; NULL for classes */
    double *mean, *sd, *sd_aleatoric, *sd_epistemic;
    double *quantiles;                         /* [n_rows x n_targets x n_quantiles]        */
    /* classes; NULL for numbers */
    double *p;                                 /* [n_rows x n_classes]                      */
    size_t *label;                             /* [n_rows] the most probable; ties: the first */
    double *entropy, *entropy_aleatoric, *mutual_information;   /* [n_rows] nats            */
    /* where the target is known, else NULL */
    double *target;                            /* [n_rows x n_targets] values or class numbers */
    double *log_lik;                           /* [n_rows] nats, all targets of a row together */
    double *log_lik_moment;                    /* [n_rows] numbers: the same for N(mean, sd^2) */
    double *crps;                              /* [n_rows] numbers: of the mixture, mean over targets, original units */
    double *pit;                               /* [n_rows x n_targets] numbers: mixture CDF at the target; of counts the middle of its step */
    double *expected_nll;                      /* [n_rows] E_s[nll(y, f_s)] in scaled units: what the ELBO sums */
    double *weight;                            /* [n_rows] case weights; NULL: all 1        */
    /* What draw s by itself does to a mean over rows (weighted), [n_draws], for Monte Carlo errors: sd over s / sqrt(n_draws). Random
     * draws (n_draws > 1) and known targets only, else NULL. */
    double *draw_likelihood;                   /* mean_i p(y_i | s) / E_s'[p(y_i | s')]: 1 on average, for log_lik */
    double *draw_square;                       /* numbers: mean_i 2 (mean_i - y_i) (m_is - mean_i), all targets: for the mean square */
    double *draw_brier;                        /* classes: mean_i sum_k 2 (p_ik - [y_i = k]) (p_isk - p_ik) */
    /* set by a conformal calibration, else NULL */
    double *lower, *upper;                     /* [n_rows x n_targets] numbers, original units */
    bool   *in_set;                            /* [n_rows x n_classes]                      */
    bnn_arena arena;
};

/* ---- metrics (metrics.c: one row per metric) -------------------------------------------------------------------------- */

typedef struct bnn_score { double value, se; } bnn_score;

typedef struct bnn_metric {
    const char *name, *help;
    bool for_numbers, for_classes, needs_two_classes, needs_conformal;
    bnn_score (*score)(const bnn_prediction *prediction);   /* se over rows; NaN where there is none, and out of memory */
    double (*mcse)(const bnn_prediction *prediction);       /* Monte Carlo error, from the number of draws; NaN: not known; may be NULL */
} bnn_metric;

/* Ended by {0}; names of the interface: rmse mae r2 log_lik log_lik_moment crps coverage_50 coverage_90 coverage_95 pit_ks | accuracy
 * error log_lik brier ece ace aurc, auroc of two classes; of a conformal calibration coverage_interval width_interval | coverage_set size_set.
 * Targets are known. */
extern const bnn_metric bnn_metrics[];

/* Whether the prediction has what the metric scores: only then it may be asked. */
bool bnn_metric_fits(const bnn_metric *metric, const bnn_prediction *prediction);

/* What a predictor that ignores the features would say of the same rows: training mean and sd (one Gaussian), or class frequencies,
 * as the model's facts "baseline" hold them (bnn_fit notes them). */
bnn_status bnn_predict_baseline(bnn_prediction **prediction, const bnn_model *model, const bnn_dataset *rows);

/* {"mean": [...], "sd": [...]} or {"p": [...]} of the training targets: the fact "baseline". New reference; NULL: out of memory. */
json_t *bnn_baseline_of(const bnn_dataset *train);

/* ELBO of a model with a prior and a diagonal posterior on its whole training set, from a prediction on exactly those rows: nll =
 * sum of expected_nll, kl = KL(q || prior). Other kinds of posterior: has_kl false, kl and elbo NaN. Nats, scaled units, with the se
 * over weight draws left out. */
typedef struct bnn_elbo { double nll, kl, elbo; bool has_kl; } bnn_elbo;
bnn_elbo bnn_predict_elbo(const bnn_model *model, const bnn_prediction *train);

/* KL(q || prior) of a diagonal posterior in nats, exact or from n_draws draws; NaN for other kinds. */
double bnn_predict_kl(const bnn_model *model, size_t n_draws);

enum { BNN_LEVEL_DIGITS = 17 };

/* The digits of a level in (0, 1) after "0.", at least two, as they stand in names: 05, 50, 975. */
void bnn_level_digits(char digits[BNN_LEVEL_DIGITS + 1], double level);

/* ---- CSV (csv.c) ------------------------------------------------------------------------------------------------------ */

/* The header and one line per row, names and order as in the interface page: mean, sd, sd_aleatoric, sd_epistemic, q05, q50, q95,
 * [lower, upper], [target, log_lik]; several targets: mean_NAME, ...; classes: label, p_<class>..., entropy, entropy_aleatoric,
 * mutual_information, [set], [target, log_lik]; a set is names with | between. Several targets: all columns of one, then those of the next;
 * last target_NAME of each, and log_lik. What a prediction does not have (NULL) has no column. Quantile names: digits after "0.", at least
 * two (q05, q50, q975). Numbers in their shortest exact form; names are quoted where needed. */
void bnn_prediction_print(const bnn_prediction *prediction, bnn_text *csv);

/* csv_read.c: predictions that another program made, in columns named as above, in any order: p_<class>... and target, or mean, sd and target (with
 * _NAME each where there are several). Quantiles, parts of the sd and mutual information are taken where they are; all else is not known
 * here: its names come back in *left_out ("a, b"; may be NULL). Probabilities of a row may miss 1 by .01 and are made to add up.
 * BNN_ERR_DATA with file:line. *prediction must be NULL. */
bnn_status bnn_prediction_read(bnn_prediction **prediction, const char *path, bnn_text *left_out);

#endif
