/* Rows from standard input, one at a time, as they come: for answering each before the next is there.
 *
 * A text table for a model that knows its columns. The first line says whether there is a header; a row ends with its line, unless a quote is
 * open. What cannot come row by row (packed or binary content) is put back for bnn_dataset_read_file. */
#ifndef BNN_DATA_STREAM_H
#define BNN_DATA_STREAM_H

#include "base/text.h"
#include "data/data.h"

typedef struct bnn_stream {
    bnn_data_options  options;       /* a copy; what it points to is borrowed, as is the schema    */
    const bnn_schema *schema;
    bool              is_rows;       /* false: put back, to be read as a whole                     */
    bnn_text          unread;        /* what was read and not yet taken, from `at` on              */
    size_t            at;
    bool              is_at_end;
    bnn_text          text;          /* the header, if there is one, and then the present row      */
    size_t            header_size, header_lines;
    size_t            line;          /* physical lines taken                                       */
    size_t            row_line;      /* of the present row, from 1                                 */
    bool              has_first;     /* the first line was a row and is still to be handed out     */
} bnn_stream;

/* Waits for the first line. BNN_ERR_DATA: nothing there, or columns that are not the model's. */
bnn_status bnn_stream_open(bnn_stream *stream, const bnn_data_options *options, const bnn_schema *schema);

/* *rows: the next row, or NULL at the end. BNN_ERR_DATA names the line. */
bnn_status bnn_stream_next(bnn_stream *stream, bnn_dataset **rows);

void bnn_stream_free(bnn_stream *stream);

#endif
