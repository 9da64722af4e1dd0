/* Walking a catalogue: a section with one variant chosen per axis is a plain list of option rows. */
#ifndef BNN_CONFIG_CATALOGUE_H
#define BNN_CONFIG_CATALOGUE_H

#include "config/option.h"
#include "config/phrase.h"

typedef struct bnn_choice {
    const bnn_section  *section;
    size_t              n_axes;
    bnn_option         *axis_rows;    /* [n_axes] each axis key as a row of kind CHOICE */
    const bnn_variant **variants;     /* [n_axes] the chosen ones; at first the defaults */
} bnn_choice;

size_t             bnn_catalogue_count(const bnn_section *catalogue);
const bnn_section *bnn_catalogue_find(const bnn_section *catalogue, const char *name);   /* NULL: none */

size_t             bnn_rows_count(const bnn_option *rows);                    /* rows may be NULL */
const bnn_option  *bnn_rows_find(const bnn_option *rows, const char *name);   /* NULL: none       */
const bnn_variant *bnn_axis_find(const bnn_axis *axis, const char *variant);  /* NULL: none       */

/* An axis key as an option row: its words are the names of the variants, its default the first. */
bnn_option bnn_axis_row(const bnn_axis *axis, bnn_arena *arena);

/* All sections with their default variants, ended by {0}; NULL: out of memory. */
bnn_choice *bnn_choices_make(const bnn_section *catalogue, bnn_arena *arena);

/* Does axis a apply to the variant chosen on the first axis? One that does not has no key and no rows. */
bool bnn_choice_has_axis(const bnn_choice *choice, size_t a);

/* Row i in the order of printing: the axis keys, the section's own, those of the chosen variants; NULL past the end. */
const bnn_option *bnn_choice_row(const bnn_choice *choice, size_t i);
const bnn_option *bnn_choice_find(const bnn_choice *choice, const char *key);

/* The number of the axis of which some variant, chosen or not, has this key; n_axes: none. */
size_t bnn_choice_owner(const bnn_choice *choice, const char *key);

#endif
