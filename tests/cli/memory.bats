#!/usr/bin/env bats
# What a run takes: as much as -n says, and no more arrays of the size of the net than Bayes by Backprop needs.

load helpers

# make_run NAME WIDTHS: rows enough for a few batches.
make_run() {
    awk 'BEGIN { srand(1)
                 for (i = 0; i < 400; i++) { for (j = 0; j < 100; j++) printf "%.3f,", rand(); printf "%.3f\n", rand() } }' > rows.csv
    printf '[data]\ntrain = rows.csv\n[net]\nhidden = %s\n[train]\nepochs = 2\nbatch = 128\n' "$2" > "$1.ini"
}

# forecast NAME [setting], peak NAME: megabytes as -n says, and as the run took.
forecast() { "$BNN" train -n "$1.ini" ${2+"$2"} | awk '$1 == "memory" { print $2 }'; }
peak() { python3 -c 'import json, sys; print(json.load(open("runs/%s/manifest.json" % sys.argv[1]))["peak_memory_bytes"] / 1e6)' "$1"; }

# within_tenth A B
within_tenth() { echo "forecast $1 MB, measured $2 MB"; awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0.9 * b - 0.5 && a < 1.1 * b + 0.5) }'; }

@test "the memory that -n forecasts is within a tenth of what the run takes, for a large and a small net" {
    for widths in "1200, 1200" "20"; do
        make_run net "$widths"
        "$BNN" train -q net.ini > /dev/null
        taken="$(peak net)"
        rm -rf runs
        within_tenth "$(forecast net)" "$taken"
    done
}

@test "a fit with early stopping keeps its forecast too" {
    make_run net "1200, 1200"
    echo 'patience = 2' >> net.ini
    "$BNN" train -q net.ini data.valid_fraction=0.1 > /dev/null
    taken="$(peak net)"
    rm -rf runs
    within_tenth "$(forecast net data.valid_fraction=0.1)" "$taken"
}

# 100-1200-1200-1: 1,563,601 weights. Seven arrays are held (mean, log sd, four of Adam, the draw); the eighth is slack, 14 MB are the
# program, the rows and a batch's activations.
@test "Bayes by Backprop takes no more than eight arrays of the size of the net" {
    make_run net "1200, 1200"
    "$BNN" train -q net.ini --threads 2 > /dev/null
    size=4
    if "$BNN" version | grep -q 'double precision'; then size=8; fi
    peak net
    awk -v taken="$(peak net)" -v size=$size 'BEGIN { exit !(taken < 8 * 1563601 * size / 1e6 + 14) }'
}
