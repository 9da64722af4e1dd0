/* Configurations: one INI file, every key known, checked and resolved. */
#ifndef BNN_CONFIG_H
#define BNN_CONFIG_H

#include "bnn/status.h"
#include <stddef.h>

typedef struct bnn_config bnn_config;

/* Reads and checks an INI file (path NULL: all defaults), then applies n_sets words "section.key=value".
 * *config must be NULL. BNN_ERR_CONFIG lists every fault at once, each with file:line. */
bnn_status bnn_config_read(bnn_config **config, const char *path, size_t n_sets, const char *const *sets);

void bnn_config_free(bnn_config *config);

#endif
