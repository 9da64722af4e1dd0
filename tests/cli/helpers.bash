# What the end-to-end tests share. $BNN is the program; everything happens in the test's own temporary folder.

setup() {
    BNN="$(realpath "${BNN:-build/bnn}")"
    ROOT="$PWD"
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset NO_COLOR
}

# data.csv: 40 rows of y = 2 a - b + small waves, without chance; classes.csv: the sign of the same as red or blue.
make_data() {
    awk 'BEGIN { print "a,b,y"
                 for (i = 0; i < 40; i++) { a = sin(i * 1.7); b = cos(i * 0.9)
                                            printf "%.6f,%.6f,%.6f\n", a, b, 2 * a - b + 0.1 * sin(i * 5.3) } }' > data.csv
    awk -F, 'NR == 1 { print "a,b,colour"; next } { printf "%s,%s,%s\n", $1, $2, ($3 > 0 ? "red" : "blue") }' data.csv > classes.csv
}

# make_config NAME DATA: a run of well under a second.
make_config() {
    cat > "$1.ini" <<END
[data]
train         = $2
test_fraction = 0.25

[net]
hidden = 6

[optimizer]
lr = 1e-2

[train]
epochs = 60
batch  = 10

[predict]
samples = 20
END
}

# refute COMMAND...: it must fail (a plain "! command" is not seen by set -e).
refute() { if "$@"; then echo "did not fail: $*"; return 1; fi; }

# fails_with CODE PATTERN COMMAND...: that exit code and the pattern on stderr.
fails_with() {
    local code="$1" pattern="$2"
    shift 2
    local got=0
    "$@" > stdout.txt 2> stderr.txt || got=$?
    [ "$got" -eq "$code" ] || { echo "exit code $got, expected $code"; cat stderr.txt; return 1; }
    grep -q -- "$pattern" stderr.txt || { echo "no '$pattern' in:"; cat stderr.txt; return 1; }
}

# bad_input PATTERN COMMAND...: exit code 2, exactly one sentence, nothing on stdout, no run folder.
bad_input() {
    fails_with 2 "$1" "${@:2}" || return 1
    [ ! -s stdout.txt ] && [ ! -e runs ] && [ "$(wc -l < stderr.txt)" -eq 1 ] && grep -q '^bnn: ' stderr.txt \
        || { echo "more than one sentence, or something left behind:"; cat stdout.txt stderr.txt; ls; return 1; }
}

# refused PATTERN COMMAND...: exit code 2, exactly one sentence, nothing on stdout, and no file more or less than before.
refused() {
    touch before.list stdout.txt stderr.txt
    find . | sort > before.list
    fails_with 2 "$@" || return 1
    [ ! -s stdout.txt ] && [ "$(wc -l < stderr.txt)" -eq 1 ] && grep -q '^bnn: ' stderr.txt && find . | sort | cmp - before.list \
        || { echo "more than one sentence, or something left behind:"; cat stdout.txt stderr.txt; ls -R; return 1; }
}
