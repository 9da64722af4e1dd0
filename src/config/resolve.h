/* The inside of a bnn_config: its settings and what they resolve to. */
#ifndef BNN_CONFIG_RESOLVE_H
#define BNN_CONFIG_RESOLVE_H

#include "config/catalogue.h"
#include "config/config.h"
#include "config/ini.h"
#include "config/value.h"

/* One key with its value. */
typedef struct bnn_entry {
    const char       *section, *where;
    const bnn_option *row;
    bnn_value         value;
} bnn_entry;

/* What settings resolve to; replaced as a whole. */
typedef struct bnn_state {
    bnn_arena   arena;
    bnn_choice *choices;    /* [n_sections] */
    size_t      n;
    bnn_entry  *entries;    /* [n] in the order of printing */
} bnn_state;

struct bnn_config {
    const bnn_section *catalogue;
    size_t       n_sections;
    const char  *path;
    bnn_arena    arena;         /* settings and values: what was filled from them lives as long as the config */
    bnn_settings settings;
    bnn_state    now;
};

/* Resolves the settings; on BNN_OK config->now is the new state. The first n_earlier settings are those of earlier layers:
 * they may name keys of a variant that a later setting has replaced. BNN_ERR_CONFIG with every fault: nothing has changed. */
bnn_status bnn_config_resolve(bnn_config *config, size_t n_earlier);

/* The section's number in the catalogue; n_sections: none of that name. */
size_t bnn_config_section(const bnn_config *config, const char *name);

#endif
