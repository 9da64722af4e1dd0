/* Axes and the grid of their values: what [sweep] and [tune] are made of.
 *
 *     data.split  = 0:4                  integers, both ends in
 *     method.name = map | bbb            ` | ` separates values; so does a comma where a key takes one value
 *     set         = yacht | boston       a name of its own: {set} in values of other axes and of other sections of the same file
 *
 * An axis whose key only some variants have (method.kl_warmup: bbb) applies to runs with such a variant; the others are not multiplied by
 * it. One that applies to no run is refused. */
#ifndef BNN_SWEEP_GRID_H
#define BNN_SWEEP_GRID_H

#include "config/config.h"
#include "config/ini.h"

enum { BNN_GRID_MOST = 100000 };       /* points; more are a slip of the pen */

#define BNN_NO_VALUE ((size_t)-1)      /* the axis does not apply */

typedef struct bnn_grid_axis {
    const char *section, *key;         /* section "": `config` (base files), or a name of its own       */
    const char *column;                /* "data.split": as written                                      */
    const char *label;                 /* in names of runs: "split", "method"                            */
    const char *where, *file;          /* "sweep.ini:3"; what relative paths start from                  */
    size_t      n;
    const char **values;               /* [n] as written                                                 */
    bool        is_conditional;        /* only some variants have this key                               */
    bool        is_structural;         /* its value decides which keys there are                         */
} bnn_grid_axis;

typedef struct bnn_grid {
    size_t         n_axes;
    bnn_grid_axis *axes;
    size_t         n_points;
    size_t        *at;                 /* [n_points x n_axes] number of the value, or BNN_NO_VALUE; the last axis moves fastest */
} bnn_grid;

/* One axis from the setting of its line. BNN_ERR_CONFIG with file:line for a key of no option row, no value, a range that is none. */
bnn_status bnn_grid_axis_read(bnn_grid_axis *axis, const bnn_setting *setting, bnn_arena *arena);

/* The configuration of a point: point [n_axes]; axes with BNN_NO_VALUE left out. Strings of `config` live in `arena`. */
typedef bnn_status bnn_grid_resolve(void *context, bnn_config **config, bnn_arena *arena, const size_t *point);

/* All points, in `arena`. resolve is asked only where some axis is conditional. BNN_ERR_CONFIG. */
bnn_status bnn_grid_expand(bnn_grid *grid, bnn_arena *arena, bnn_grid_resolve *resolve, void *context);

/* Axes with more than one value: those that tell runs apart. */
static inline bool bnn_grid_axis_varies(const bnn_grid_axis *axis) { return axis->n > 1; }

/* The text of axis a at a point; "" where it does not apply. */
const char *bnn_grid_text(const bnn_grid *grid, size_t point, size_t a);

/* "yacht-bbb,split=3": values of the axes that vary, in letters that suit a folder. "" if none does. */
const char *bnn_grid_name(const bnn_grid *grid, const size_t *point, bnn_arena *arena);

/* Axis labels ("split", or "data.split" where two axes would share it), once all axes are read. */
void bnn_grid_label(bnn_grid *grid, bnn_arena *arena);

/* `text` with each {name} replaced by that axis' value at the point. */
const char *bnn_grid_substitute(const bnn_grid *grid, const size_t *point, const char *text, bnn_arena *arena);

/* Pushes the settings of a point. */
void bnn_grid_push(bnn_settings *settings, const bnn_grid *grid, const size_t *point, bnn_arena *arena);

#endif
