#!/bin/sh
# check.sh: everything that must hold before a commit. Installs what is missing, checks the layers, builds in float and in double, runs all
# tests of both; the last line counts them.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install-deps.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT INT TERM
passed=0 failed=0 skipped=0

# number_of WORD: N in "N WORD" of the last line of the log
number_of() { tail -n 1 "$log" | tr ',' '\n' | awk -v word="$1" '$2 == word { print $1 }'; }

# build_and_test OUT [make options]
build_and_test() {
    out=$1
    shift
    if ! make -s -j2 "$@" all tests >"$log" 2>&1; then
        cat "$log"
        echo "the build of $out failed"
        failed=$((failed + 1))
        return
    fi
    cat "$log"
    if grep -q 'warning:' "$log"; then echo "the build of $out has warnings"; fi
    sh scripts/run-tests.sh "$out" >"$log" 2>&1 || true
    sed '$d' "$log"
    echo "$out: $(tail -n 1 "$log")"
    count=$(number_of passed)
    if [ -z "$count" ]; then failed=$((failed + 1)); fi
    passed=$((passed + ${count:-0}))
    count=$(number_of failed)
    failed=$((failed + ${count:-0}))
    count=$(number_of skipped)
    skipped=$((skipped + ${count:-0}))
}

sh scripts/check-layers.sh || failed=1
build_and_test build
build_and_test build/double PRECISION=double

summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
