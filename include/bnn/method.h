/* Fitting: a method turns a configuration and training rows into a model. */
#ifndef BNN_METHOD_H
#define BNN_METHOD_H

#include "bnn/config.h"
#include "bnn/data.h"
#include "bnn/model.h"
#include <stdint.h>

/* One epoch's record. Terms are nats of the whole training set; nll is the mean over the epoch's steps of their estimates. */
typedef struct bnn_epoch {
    long     epoch, n_epochs;      /* 1-based; n_epochs falls to epoch where a run ends early */
    uint64_t step, n_steps;        /* steps done, steps in all; likewise */
    double   lr;                   /* of the last step */
    double   nll;
    double   penalty;              /* bbb: KL(q || prior); map: -log prior */
    double   kl_weight;            /* what the penalty was multiplied by (warm-up, temperature) */
    double   elbo;                 /* bbb: -(nll + KL); map: -(nll - log prior), the log joint */
    size_t   n_layers;             /* bbb: layers with weights; else 0 */
    const double *kl_layers;       /* [n_layers] their parts of the KL, until the next step; else NULL */
    double   valid_nll;            /* mean per validation row at the mean weights; NaN without them */
} bnn_epoch;

/* BNN_SAVE: keep a checkpoint and go on; BNN_STOP: keep one where there is a place for it, and end. */
typedef enum bnn_answer { BNN_GO_ON = 0, BNN_SAVE, BNN_STOP } bnn_answer;

/* How progress comes out; any member may be NULL. */
typedef struct bnn_observer {
    void       *context;
    bnn_answer (*step)(void *context, uint64_t step);
    bnn_answer (*epoch)(void *context, const bnn_epoch *record);
    void       (*note)(void *context, const char *line);     /* at the end: "converged after 23 iterations: ..."; no newline */
} bnn_observer;

/* Fits config's method to `train`; valid and observer may be NULL. The same config, data and seed give the same model on one kind of
 * processor, whatever the number of threads. *model must be NULL. BNN_ERR_CONFIG: a need of the method is not met; BNN_ERR_DATA: rows
 * without targets, or not of one shape;
 * BNN_ERR_NUMERIC: a loss or gradient was not finite, with step and block; BNN_STOPPED: the observer said so (no model). */
bnn_status bnn_fit(bnn_model **model, const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid,
                   const bnn_observer *observer);

#endif
