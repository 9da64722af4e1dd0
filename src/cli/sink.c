/* Results that come piece by piece. */
#include "cli/cli.h"
#include "base/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bnn_status cli_sink_open(cli_sink *sink, const char *path) {
    *sink = (cli_sink){ .stream = stdout, .path = path };
    if (path == NULL) return BNN_OK;
    if (asprintf(&sink->temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
        sink->temporary = NULL;
        return BNN_FAIL_MEMORY("the name of a file");
    }
    if ((sink->stream = fopen(sink->temporary, "wxe")) != NULL) return BNN_OK;
    bnn_status status = BNN_FAIL(BNN_ERR_FILE, "%s: cannot write: %s", path, strerror(errno));
    free(sink->temporary);
    return status;
}

/* main checks standard output itself. */
bnn_status cli_sink_close(cli_sink *sink, bnn_status status) {
    if (sink->path == NULL) return status;
    bool is_written = fflush(sink->stream) == 0 && fsync(fileno(sink->stream)) == 0;
    is_written &= fclose(sink->stream) == 0;
    if (status == BNN_OK && !(is_written && rename(sink->temporary, sink->path) == 0))
        status = BNN_FAIL(BNN_ERR_FILE, "%s: cannot write: %s", sink->path, strerror(errno));
    if (status != BNN_OK) unlink(sink->temporary);
    free(sink->temporary);
    *sink = (cli_sink){0};
    return status;
}
