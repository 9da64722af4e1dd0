#!/bin/sh
# mnist.sh [--quick] [OUT]: the published MNIST experiments, our figures beside theirs (configs/mnist-published.csv).
#   1. Bayes by Backprop with a scale-mixture prior, 784-1200-1200-10 (configs/mnist-mixture.ini): test error, what removing weights costs,
#      and three such fits mixed.
#   2. MNIST against letters (notMNIST) by every method, 784-400-400-10: error, log_lik, ECE, AUROC by each score, seconds.
# Runs stay in OUT (runs/mnist), a stopped script goes on where it was, and OUT/tables.md has the tables. --quick: fewer epochs, within
# five minutes. Needs BNN_DATA, the folder that holds mnist/ and notmnist/ (scripts/fetch-data.sh).
set -eu
cd "$(dirname "$0")/.."
epochs_mixture="" epochs="" out=runs/mnist
if [ "${1:-}" = --quick ]; then
    epochs_mixture=train.epochs=4 epochs=train.epochs=3 out=runs/mnist-quick
    shift
fi
out=${1:-$out}
fail() { echo "mnist.sh: $1" >&2; exit 2; }
[ -n "${BNN_DATA:-}" ] || fail "set BNN_DATA to the folder that holds mnist/ and notmnist/ (sh scripts/fetch-data.sh mnist)"
letters=$BNN_DATA/notmnist/t10k-images-idx3-ubyte.gz
[ -r "$BNN_DATA/mnist/train-images-idx3-ubyte.gz" ] || fail "no mnist/train-images-idx3-ubyte.gz in $BNN_DATA"
[ -r "$letters" ] || fail "no notmnist/t10k-images-idx3-ubyte.gz in $BNN_DATA"
sh scripts/install-deps.sh
make -s all
bnn=build/bnn
mkdir -p "$out"

# seconds_of FILE COMMAND ...: runs it, once: a FILE that is there says it has been done. The file gets the seconds it took.
seconds_of() {
    file=$1
    shift
    [ ! -s "$file" ] || return 0
    start=$(date +%s.%N)
    "$@"
    echo "$(date +%s.%N) $start" | awk '{ printf "%.1f\n", $1 - $2 }' > "$file"
}

# fit NAME CONFIG [SECTION.KEY=VALUE ...]: trains, or goes on training
fit() {
    name=$1 config=$2
    shift 2
    if [ -e "$out/$name/posterior.safetensors" ]; then return; fi
    echo "training $name" >&2
    if [ -d "$out/$name/checkpoint" ]; then seconds_of "$out/$name.train" $bnn train -q --resume "$out/$name" >/dev/null
    else seconds_of "$out/$name.train" $bnn train -q "configs/$config" -o "$out/$name" "$@" >/dev/null; fi
}

# around NAME PARENT [KEY=VALUE ...]: a Laplace posterior around a run
around() {
    name=$1 parent=$2
    shift 2
    [ -e "$out/$name/posterior.safetensors" ] || seconds_of "$out/$name.train" $bnn laplace -q "$out/$parent" -o "$out/$name" "$@" >/dev/null
}

judge() {
    seconds_of "$out/$1.predict" $bnn predict "$out/$1" -o "$out/$1.csv"
    rm -f "$out/$1.csv"
    [ -s "$out/$1.txt" ] || $bnn evaluate "$out/$1" --ood "$letters" > "$out/$1.txt" 2>/dev/null
}

# of NAME KEY [COLUMN]: a number of its evaluation
of() { awk -v key="$2" -v column="${3:-2}" '$1 == key { print $column; exit }' "$out/$1.txt"; }

# row NAME LABEL: a line of the second table
row() {
    judge "$1"
    printf '| %s | %.2f | %.4f | %.4f | %.3f | %.3f | %.3f | %s | %s |\n' "$2" "$(awk "BEGIN { print 100 * $(of "$1" error) }")" \
        "$(of "$1" log_lik)" "$(of "$1" ece)" "$(of "$1" entropy)" "$(of "$1" mutual_information)" "$(of "$1" max_probability)" \
        "$(cat "$out/$1.train")" "$(cat "$out/$1.predict")"
}

mixture_table() {
    fit mixture mnist-mixture.ini $epochs_mixture
    [ -s "$out/mixture.prune" ] || $bnn prune "$out/mixture" > "$out/mixture.prune"
    fit three mnist-mixture.ini method.members=3 $epochs_mixture
    [ -s "$out/three.txt" ] || $bnn evaluate "$out/three" > "$out/three.txt" 2>/dev/null
    echo "Scale-mixture prior, 784-1200-1200-10, trained in $(cat "$out/mixture.train") s; test error in %, +- .13 by the test set alone."
    echo
    echo "| weights removed, % | ours | Blundell et al. 2015 |"
    echo "|---|---|---|"
    for removed in 0 50 75 95 98; do
        ours=$(awk -v at=$removed '$1 == at { printf "%.2f", 100 * $3 }' "$out/mixture.prune")
        theirs=$(awk -F, -v at=$removed '$1 == "prune" && $2 == at { print $3 }' configs/mnist-published.csv)
        echo "| $removed | $ours | $theirs |"
    done
    echo
    echo "Three such fits mixed, trained in $(cat "$out/three.train") s: $(awk "BEGIN { printf \"%.2f\", 100 * $(of three error) }"), log_lik $(of three log_lik)" \
        "(one: $(awk '$1 == 0 { print $5 }' "$out/mixture.prune"))."
    echo "Published test errors at 1200 units: $(awk -F, '$1 == "1200" { printf "%s%s %s", n++ ? "; " : "", $2, $3 }' configs/mnist-published.csv)."
}

methods_table() {
    fit map mnist-map.ini $epochs
    fit map-54000 mnist-map.ini data.valid_fraction=0.1 $epochs
    fit mc_dropout mnist-map.ini method.name=mc_dropout net.dropout=0.2 net.input_dropout=0.1 $epochs
    fit ensemble mnist-map.ini method.name=ensemble $epochs
    fit bbb mnist-bbb.ini $epochs
    around laplace-kron map span=last_layer prior_precision=evidence
    around laplace-diag map-54000 structure=diag prior_precision=validation
    echo "784-400-400-10: 10,000 digits, and how well 10,000 letters are told from them by uncertainty. Seconds to train (Laplace: after map)"
    echo "and to predict 10,000 digits."
    echo
    echo "| method | error % | log_lik | ECE | AUROC entropy | AUROC mutual information | AUROC max probability | train s | predict s |"
    echo "|---|---|---|---|---|---|---|---|---|"
    row map "map"
    row mc_dropout "MC dropout .2"
    row ensemble "ensemble of 5"
    row bbb "Bayes by Backprop"
    row laplace-kron "Laplace, kron, last layer, evidence"
    row laplace-diag "Laplace, diag, validation (54,000 images)"
}

{ mixture_table && echo && methods_table; } > "$out/tables.md.part"
mv "$out/tables.md.part" "$out/tables.md"
cat "$out/tables.md"
