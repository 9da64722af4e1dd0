#!/bin/sh
# run-tests.sh OUT: runs every test program in OUT/tests and the end-to-end tests with OUT/bnn; the last line counts single tests.
# Programs speak TAP: "ok N - name", "not ok N - name". Only programs with failures are printed, in full.
set -eu
out=${1:?usage: run-tests.sh OUT (for instance build)}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
passed=0 failed=0 skipped=0

# count NAME STATUS: adds up $work/tap; a program that stops before its plans are over counts as one more failure. cmocka says
# "not ok N # SKIP", bats "ok N name # skip".
count() {
    skip=$(grep -Eic '^(not )?ok [0-9]+.* # skip' "$work/tap" || true)
    ok=$(grep -E '^ok [0-9]' "$work/tap" | grep -Eivc ' # skip' || true)
    bad=$(grep -E '^not ok [0-9]' "$work/tap" | grep -Eivc ' # skip' || true)
    run=$((ok + bad + skip))
    planned=$(awk -F. '/^1\.\.[0-9]+/ { n += $3 } END { print n + 0 }' "$work/tap")
    if [ "$run" -ne "$planned" ] || [ "$planned" -eq 0 ] || { [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        bad=$((bad + 1))
        echo "$1: ended with status $2 after $run of $planned tests" >>"$work/tap"
    fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    if [ "$bad" -gt 0 ]; then
        echo "---- $1"
        grep -Ev '^ok ' "$work/tap" || true
    fi
}

# One program or file of tests: its TAP and its exit status, by name, in $work.
export out work
cat >"$work/one" <<'END'
name=$(basename "$1")
case $1 in
*.bats) BNN="$out/bnn" bats --tap "$1" ;;
*)      CMOCKA_MESSAGE_OUTPUT=TAP "$1" ;;
esac >"$work/$name.tap" 2>&1 && echo 0 >"$work/$name.status" || echo $? >"$work/$name.status"
END

programs=$(for program in "$out"/tests/test_*; do if [ "${program%.d}" = "$program" ] && [ -x "$program" ]; then echo "$program"; fi; done)
files=""
if command -v bats >/dev/null 2>&1 && [ -x "$out/bnn" ]; then files=$(ls tests/cli/*.bats)
else echo "end-to-end tests left out: they need bats and $out/bnn"; fi

# Two at a time: most tests use one thread. The longest come first.
for test in $(for long in test_data_runs test_resume test_data_softmax_gaussian; do echo "$programs" | grep "/$long$" || true; done) \
            $(echo "$programs" | grep -Ev '/(test_data_runs|test_resume|test_data_softmax_gaussian)$') $files; do echo "$test"; done |
    xargs -P 2 -n 1 sh "$work/one" || true

for test in $programs $files; do
    name=$(basename "$test")
    mv "$work/$name.tap" "$work/tap"
    count "$test" "$(cat "$work/$name.status")"
done

summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
