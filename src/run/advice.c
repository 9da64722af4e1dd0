/* What a run says of the sense of its fit, in plain words: the weights of its terms at the start, and at the end what looks wrong. */
#include "method/audit.h"
#include "run/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STILL     0.01     /* median change of log sd below which spreads count as never moved */
#define MOST_IDLE 0.5

static bool is_bbb(const bnn_training *t) { return strcmp(bnn_config_text(t->setup.config, "method", "name"), "bbb") == 0; }

static double method_number(const bnn_training *t, const char *key) {
    return strtod(bnn_config_text(t->setup.config, "method", key), NULL);
}

/* ---- the start ------------------------------------------------------------------------------------------------------- */

static size_t batch_count(const bnn_training *t) {
    double n = (double)t->setup.parts.train->n_rows;
    bool is_full = t->options.batch.word >= 0 || t->options.batch.number >= n;
    return is_full ? 1 : (size_t)ceil(n / t->options.batch.number);
}

static void note_terms(bnn_training *t, const bnn_audit *audit, double nll) {
    bnn_text line = {0};
    double n = (double)t->setup.parts.train->n_rows;
    bnn_text_add(&line, "start: nll %.4g nats at the mean weights (%.3g a row), kl %.4g nats (%.3g a row): ", nll, nll / n, audit->kl,
                 audit->kl / n);
    for (size_t l = 0; l < audit->n_layers; l++)
        bnn_text_add(&line, "%slayer %zu %.4g", l > 0 ? ", " : "", l, audit->layers[l].kl);
    bnn_training_note_text(t, &line);
}

/* What the sum of an epoch's batches sees of the KL. */
static void note_weight(bnn_training *t, const bnn_audit *audit) {
    bnn_text line = {0};
    size_t n_batches = batch_count(t);
    double temperature = method_number(t, "temperature"), warmup = method_number(t, "kl_warmup");
    bool is_blundell = strcmp(bnn_config_text(t->setup.config, "method", "kl_weight"), "blundell") == 0;
    bnn_text_add(&line, "kl weight: %g in all, %.4g nats at the start, over %zu batch%s an epoch", temperature, temperature * audit->kl, n_batches,
                 n_batches == 1 ? "" : "es");
    if (n_batches > 1) bnn_text_add(&line, is_blundell ? ", each half of the one before" : ", %.3g of it in each", 1 / (double)n_batches);
    if (warmup > 0) bnn_text_add(&line, "; it rises from 0 over the first %g epochs", warmup);
    bnn_training_note_text(t, &line);
}

void bnn_training_note_start(bnn_training *t, bnn_model *model) {
    bnn_audit audit = {0};
    double nll;
    if (!is_bbb(t) || bnn_audit_start(model, t->setup.config, t->setup.parts.train, &nll) != BNN_OK) return;
    if (bnn_audit_make(&audit, model) == BNN_OK) {
        note_terms(t, &audit, nll);
        note_weight(t, &audit);
    }
    bnn_audit_free(&audit);
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

static void warn_of_spreads(bnn_training *t, const bnn_model *model) {
    bnn_text line = {0};
    double init_sd = method_number(t, "init_sd"), moved = bnn_audit_spread(model, init_sd);
    if (moved < STILL)
        bnn_text_add(&line, "warning: the spreads have hardly moved from method.init_sd = %g (log sd by %.2g in the median): they say little about "
                     "the data; train longer, or raise optimizer.lr or optimizer.log_sd_lr_factor", init_sd, moved);
    bnn_training_note_text(t, &line);
}

static void warn_of_layers(bnn_training *t, const bnn_model *model) {
    bnn_audit audit;
    bnn_text line = {0};
    if (bnn_audit_make(&audit, model) != BNN_OK) return;
    for (size_t l = 0; l < audit.n_layers; l++) {
        if (!(audit.layers[l].idle > MOST_IDLE)) continue;
        bnn_text_add(&line, "warning: %.0f %% of the weights of layer %zu have fallen back to the prior and do no work: try a smaller net, a "
                     "prior that suits its size, method.kl_warmup, or a temperature below 1", 100 * audit.layers[l].idle, l);
        bnn_training_note_text(t, &line);
    }
    bnn_audit_free(&audit);
}

static void warn_of_noise(bnn_training *t, const bnn_model *model) {
    bnn_text line = {0};
    for (size_t j = 0; j < model->likelihood.n_noise; j++) {
        int at = bnn_audit_noise(model, j);
        const char *name = j < model->schema.n_targets ? model->schema.target_names[j] : "the target";
        if (at < 0)
            bnn_text_add(&line, "warning: the learnt noise of %s sits at its lower bound, %g of the scaled target's units: the net goes through the "
                         "training rows; trust its sd only where that is plausible, or set likelihood.noise_sd", name, exp(BNN_LOG_NOISE_SD_MIN));
        if (at > 0)
            bnn_text_add(&line, "warning: the learnt noise of %s sits at its upper bound, %g of the scaled target's units: the fit has not taken hold; "
                         "try a smaller optimizer.lr", name, exp(BNN_LOG_NOISE_SD_MAX));
        bnn_training_note_text(t, &line);
    }
}

void bnn_training_note_end(bnn_training *t, const bnn_model *model) {
    if (is_bbb(t)) {
        warn_of_spreads(t, model);
        warn_of_layers(t, model);
    }
    warn_of_noise(t, model);
}
