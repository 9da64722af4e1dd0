/* Which program this is. Recompiled with every commit. */
#include "run/run.h"
#include "base/linalg.h"

#include <gsl/gsl_version.h>
#include <zlib.h>

#define VERSION "0.1.0"

#ifndef BNN_COMMIT
#define BNN_COMMIT "unknown"
#endif

const char *bnn_version(void) { return VERSION; }

const char *bnn_commit(void) { return BNN_COMMIT; }

char *bnn_version_text(void) {
    bnn_text text = {0};
    bnn_text_add(&text, "bnn %s (commit %s, %s precision)\n", VERSION, BNN_COMMIT, BNN_REAL_NAME);
    bnn_text_add(&text, "BLAS: %s, core %s\n", bnn_blas_config(), bnn_blas_core());
    bnn_text_add(&text, "products of a training step: by %s\n", bnn_gemm_core());
    bnn_text_add(&text, "GSL %s, jansson %s, zlib %s\n", gsl_version, jansson_version_str(), zlibVersion());
    bnn_text_add(&text, "compiled with %s %s\n",
#ifdef __clang__
                 "clang", __clang_version__);
#else
                 "gcc", __VERSION__);
#endif
    if (text.has_failed) bnn_text_free(&text);
    return text.at;
}
