/* A CSV as text, for tables whose columns have a meaning of their own, such as predictions. The first row is the header. */
#ifndef BNN_DATA_CELLS_H
#define BNN_DATA_CELLS_H

#include "base/text.h"

typedef struct bnn_cells {
    const char *path;                   /* borrowed */
    size_t   n_columns, n_rows;         /* without the header */
    bnn_text text;                      /* all cells, each ended by NUL */
    size_t  *starts, n_starts, room;    /* [(1 + n_rows) x n_columns] in text */
    size_t  *lines, lines_room;         /* [1 + n_rows] of the file, from 1 */
} bnn_cells;

/* cells starts zeroed. BNN_ERR_DATA: no readable file, no rows, a row of another length than the header, a name twice. */
bnn_status bnn_cells_read(bnn_cells *cells, const char *path);
void       bnn_cells_free(bnn_cells *cells);

const char *bnn_cells_name(const bnn_cells *cells, size_t column);
const char *bnn_cells_at(const bnn_cells *cells, size_t row, size_t column);

/* n_columns: there is none of that name. */
size_t bnn_cells_find(const bnn_cells *cells, const char *name);

/* A finite number, or BNN_ERR_DATA with file:line, column and what was read. */
bnn_status bnn_cells_number(const bnn_cells *cells, size_t row, size_t column, double *value);

#endif
