/* What tests of whole fits share: configurations from words, fits that must succeed, records of the observer. */
#ifndef BNN_TESTS_FITTING_H
#define BNN_TESTS_FITTING_H

#include "harness.h"
#include "bnn.h"
#include "config/config.h"
#include "method/fit.h"
#include "model/model.h"
#include <stdio.h>

/* A configuration from words "section.key=value", as the command line has them. */
#define CONFIG(...) \
    config_of(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static inline bnn_config *config_of(size_t n, const char *const *words) {
    bnn_config *config = NULL;
    assert_ok(bnn_config_read(&config, NULL, n, words));
    return config;
}

static inline void set_number(bnn_config *config, const char *section, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    assert_ok(bnn_config_set(config, section, key, text));
}

static inline bnn_model *fit(const bnn_config *config, const bnn_dataset *train, const bnn_dataset *valid, const bnn_observer *observer) {
    bnn_model *model = NULL;
    assert_ok(bnn_fit(&model, config, train, valid, observer));
    return model;
}

/* The records of a fit, for up to 64 epochs. */
typedef struct records { size_t n; bnn_epoch at[64]; } records;

static inline bnn_answer keep_record(void *context, const bnn_epoch *record) {
    records *kept = context;
    assert_true(kept->n < sizeof kept->at / sizeof kept->at[0]);
    kept->at[kept->n++] = *record;
    return BNN_GO_ON;
}

#endif
