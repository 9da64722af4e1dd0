/* Columns of a text table as they stand, to be carried through beside what is said of its rows. */
#ifndef BNN_DATA_KEEP_H
#define BNN_DATA_KEEP_H

#include "base/arena.h"
#include "data/data.h"

typedef struct bnn_kept {
    bnn_words names;              /* borrowed                                        */
    size_t    n_rows, room;       /* rows of data in the table                       */
    char    **fields;             /* [n_rows x names.n] as read, quotes taken off    */
    bnn_arena texts;
} bnn_kept;

/* Columns `names` of a text table with a header. text [size]: its content, path being its name for messages; NULL: it is read from path.
 * BNN_ERR_DATA: no such column, no header, or no text table. */
bnn_status bnn_kept_read(bnn_kept *kept, bnn_words names, const bnn_data_options *options, const char *path, const char *text,
                         size_t size);

void bnn_kept_free(bnn_kept *kept);

#endif
