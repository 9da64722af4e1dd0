/* What a run writes while it goes: metrics.csv and log.txt. Both stay open, and are flushed with every epoch. */
#ifndef BNN_RUN_JOURNAL_H
#define BNN_RUN_JOURNAL_H

#include "run/run.h"
#include <stdio.h>

typedef struct bnn_journal {
    FILE    *metrics, *log;      /* NULL until the folder is there            */
    bnn_text early;              /* what was said before that                 */
    bool     is_point, has_valid, has_header;
} bnn_journal;

/* Sizes in bytes. */
typedef struct bnn_journal_mark { uint64_t metrics, log; } bnn_journal_mark;

/* Opens the files in the run folder. cut: NULL, or those of an earlier part of the run go on after being cut there. BNN_ERR_FILE. */
bnn_status bnn_journal_open(bnn_journal *journal, const char *folder, const bnn_journal_mark *cut);

/* How long the files are by now, all of it safe on disk. */
bnn_status bnn_journal_sync(bnn_journal *journal, bnn_journal_mark *mark);

/* One line of log.txt; `line` without newline. */
void bnn_journal_note(bnn_journal *journal, const char *line);

/* One row of metrics.csv. */
void bnn_journal_epoch(bnn_journal *journal, const bnn_epoch *record);

/* Closes the files: BNN_ERR_FILE if anything written so far was refused. Accepts a zeroed journal. */
bnn_status bnn_journal_close(bnn_journal *journal);

#endif
