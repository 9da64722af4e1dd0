#!/bin/sh
# instructions.sh BENCH: counts the instructions of one bbb step at 13-50-1 (batch 32, one thread, an epoch's share of its end) and compares
# with the number in instructions.txt: more than a tenth off, up or down, fails. Under valgrind every processor has AVX2 at most, and the BLAS
# core is fixed here, so the number hardly depends on the machine; it does on the compiler (gcc 12).
set -eu
bench=${1:?usage: instructions.sh BENCH (for instance build/bench/bench)}
kept=$(grep -v '^#' "$(dirname "$0")/instructions.txt")
command -v valgrind > /dev/null || { echo "check-instructions needs valgrind: skipped"; exit 0; }

# count N: instructions of a whole program with N steps
count() {
    OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" --steps "$1" 2>&1 |
        awk '$2 == "Collected" { print $4 }'
}

few=$(count 200)
many=$(count 1200)
step=$(((many - few) / 1000))
echo "$step instructions a step, kept: $kept"
[ $((10 * step)) -le $((11 * kept)) ] && [ $((10 * step)) -ge $((9 * kept)) ] ||
    { echo "that is more than a tenth off: find out why, or write the new number into tests/bench/instructions.txt and say why in the commit"; exit 1; }
