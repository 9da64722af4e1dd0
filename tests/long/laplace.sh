#!/bin/sh
# laplace.sh [BNN]: one map fit of the shipped MNIST configuration on 54,000 images, Laplace around it by structure, span and choice of the
# prior precision (the other 6,000 images are the validation rows), and a Markdown table: error, log_lik and ECE of the 10,000 test images, AUROC
# by entropy of those against notMNIST, seconds of `bnn laplace`, bytes of the posterior. Some ten minutes; needs BNN_DATA and python3.
# Fails where a figure is missed: predictions of a tuned precision are as good as map's (log_lik not below it, .1 points of error), diag over all
# layers by validation .04 above map's AUROC, kron over the last layer by evidence .02 above.
set -eu
bnn=$(realpath "${1:-build/bnn}")
root=$(cd "$(dirname "$0")/../.." && pwd)
skip() { echo "laplace.sh: skipped: $1"; exit 0; }
[ -n "${BNN_DATA:-}" ] || skip "set BNN_DATA to the folder that holds mnist/ and notmnist/"
[ -r "$BNN_DATA/mnist/train-images-idx3-ubyte.gz" ] || skip "no mnist/train-images-idx3-ubyte.gz in $BNN_DATA"
[ -r "$BNN_DATA/notmnist/t10k-images-idx3-ubyte.gz" ] || skip "no notmnist/t10k-images-idx3-ubyte.gz in $BNN_DATA"
BNN_DATA=$(realpath "$BNN_DATA")
export BNN_DATA
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# entropies FILE: of a CSV of predictions, one a line.
entropies() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "entropy") at = i; next } { print $at }' "$1"; }

# auroc INSIDE OUTSIDE: the chance that a row of the second file has more entropy than one of the first, ties counted half.
auroc() {
    { entropies "$1" | sed 's/$/ 0/'; entropies "$2" | sed 's/$/ 1/'; } | sort -g | awk '
        $1 != last { sum += outside * (below + inside / 2); below += inside; inside = outside = 0; last = $1 }
        $2 == 0 { inside++; n++ }
        $2 == 1 { outside++; m++ }
        END { print (sum + outside * (below + inside / 2)) / (n * m) }'
}

# row NAME SECONDS: of the table; what is measured stays in $work/NAME.txt as "error log_lik auroc".
row() {
    "$bnn" evaluate "$work/$1" --json > "$work/metrics.json"
    "$bnn" predict "$work/$1" > "$work/inside.csv"
    "$bnn" predict "$work/$1" "$BNN_DATA/notmnist/t10k-images-idx3-ubyte.gz" > "$work/outside.csv"
    python3 - "$work/metrics.json" "$work/$1.txt" "$(auroc "$work/inside.csv" "$work/outside.csv")" "$1" "$2" \
        "$(stat -c %s "$work/$1/posterior.safetensors")" <<'END'
import json, sys
path, kept, auroc, name, seconds, size = sys.argv[1:]
value = {k: v["value"] for k, v in json.load(open(path))["metrics"].items()}
print(value["error"], value["log_lik"], auroc, file=open(kept, "w"))
print(f"| {name.replace('.', ' | ')} | {100 * value['error']:.2f} % | {value['log_lik']:.5f} | {value['ece']:.4f} | {float(auroc):.4f} | {seconds} | {size} |")
END
}

# holds NAME EXPRESSION: of error, log_lik, auroc of NAME and map_error, map_log_lik, map_auroc; else says so.
failures=0
holds() {
    read -r map_error map_log_lik map_auroc < "$work/map.-.-.txt"
    read -r error log_lik auroc < "$work/$1.txt"
    awk "BEGIN { error = $error; log_lik = $log_lik; auroc = $auroc; map_error = $map_error; map_log_lik = $map_log_lik
                 map_auroc = $map_auroc; exit !($2) }" && return
    echo "laplace.sh: $1: not $2 (error $error, log_lik $log_lik, auroc $auroc)" >&2
    failures=$((failures + 1))
}

"$bnn" train -q "$root/configs/mnist-map.ini" data.valid_fraction=0.1 -o "$work/map.-.-" > /dev/null
echo "| structure | span | prior_precision | error | log_lik | ECE | AUROC | seconds | bytes |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
row map.-.- ""
for span in all last_layer; do
    for structure in diag kron full; do
        for rule in evidence validation; do
            case $structure.$span.$rule in full.all.* | full.*.validation) continue ;; esac      # 1.8 TB; an hour of predictions
            start=$(date +%s)
            "$bnn" laplace -q "$work/map.-.-" structure=$structure span=$span prior_precision=$rule -o "$work/$structure.$span.$rule" > /dev/null
            row "$structure.$span.$rule" "$(($(date +%s) - start))"
        done
    done
done
holds diag.all.validation "auroc >= map_auroc + 0.04"
holds kron.last_layer.evidence "auroc >= map_auroc + 0.02"
for tuned in diag.all kron.all diag.last_layer kron.last_layer; do
    holds $tuned.validation "log_lik >= map_log_lik"
    holds $tuned.validation "error <= map_error + 0.001 && error >= map_error - 0.001"
done
[ "$failures" -eq 0 ]
