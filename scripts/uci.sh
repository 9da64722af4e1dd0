#!/bin/sh
# The UCI regression benchmark: six sets, 20 standard splits, 1 hidden layer of 50 ReLU, three methods, beside published results.
#
#     scripts/uci.sh [--quick] [-j JOBS] [-o FOLDER] [METHOD...] [section.key=value...]        METHOD: bbb laplace mixture
#
# Runs configs/uci-METHOD-sweep.ini into FOLDER/METHOD (default runs/uci) and prints the table. Every choice is made inside the training
# part: each candidate is fitted to 80 % of it and scored on the other 20 %, the best log likelihood wins and is fitted to the whole part.
# Candidates are the same for all sets. Needs BNN_DATA, the folder that holds uci/. Started again, it goes on where it was. --quick: splits
# 0 and 1 alone, less than 5 minutes. Settings hold for every fit: train.epochs=500 is a cheaper benchmark.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
bnn=${BNN:-$here/build/bnn}

# METHOD: its sweep file, with fewer splits if that is wanted
sweep_file() {
    file=$here/configs/uci-$1-sweep.ini
    if [ "$splits" != 0:19 ]; then
        sed -e "s|^config *= *|&$here/configs/|" -e "s|^data.split *=.*|data.split = $splits|" "$file" > "$out/$1.ini"
        file=$out/$1.ini
    fi
    echo "$file"
}

# Lines "METHOD SET SPLIT rmse log_lik log_lik_moment" of what is done
results() {
    for method in $methods; do
        sed -e 's/^"[^"]*",//' -e 's/^run,//' "$out/$method/results.csv" | awk -F, -v method="$method" '
            NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
            $column["status"] == "finished" {
                print method, $column["set"], $column["data.split"], $column["rmse"], $column["log_lik"], $column["log_lik_moment"]
            }'
    done
}

# Means over splits with standard errors, and differences from MC dropout on the same splits
table() {
    awk -v published="$here/configs/uci-published.csv" -v by_split="$here/configs/uci-mc-dropout.csv" '
        function add(name, v) { sum[name] += v; squares[name] += v * v; n[name]++ }
        function mean(name) { return sum[name] / n[name] }
        function se(name,    v) {
            v = squares[name] / n[name] - mean(name) ^ 2
            return n[name] > 1 && v > 0 ? sqrt(v / (n[name] - 1)) : 0
        }
        function measured(r, l) { return sprintf("%.3f +- %.3f / %.3f +- %.3f", mean(r), se(r), mean(l), se(l)) }
        BEGIN {
            while ((getline line < published) > 0) { split(line, p, ","); theirs[p[1], p[2]] = p[3] " / " p[5] }
            while ((getline line < by_split) > 0) { split(line, p, ","); rmse[p[1], p[2]] = p[3]; log_lik[p[1], p[2]] = p[4] }
            row = "%-9s %-8s %6s  %-34s %-7s %-34s %-15s %s\n"
            print "rmse / log_lik, mean over the splits +- standard error; moment: log_lik of one Gaussian with the predictive mean and sd;"
            print "paired: ours minus MC dropout (4000 epochs) on the same splits"
            printf row, "set", "method", "splits", "ours", "moment", "paired", "MC dropout 4000", "published BBB"
        }
        {
            key = $2 " " $1
            add("r" key, $4); add("l" key, $5); add("m" key, $6)
            add("dr" key, $4 - rmse[$2, $3]); add("dl" key, $5 - log_lik[$2, $3])
            if (!(key in seen)) { seen[key] = 1; order[++keys] = key }
        }
        END {
            for (i = 1; i <= keys; i++) {
                key = order[i]; split(key, k, " ")
                printf row, k[1], k[2], n["r" key], measured("r" key, "l" key), sprintf("%.3f", mean("m" key)),
                       measured("dr" key, "dl" key), theirs["mc_dropout_4000", k[1]], theirs["bbb", k[1]]
            }
        }'
}

jobs=0 out=runs/uci splits=0:19 methods='' settings='' status=0
while [ $# -gt 0 ]; do
    case $1 in
    --quick) splits=0:1 ;;
    -j) jobs=$2; shift ;;
    -o) out=$2; shift ;;
    -*) echo "uci.sh: $1 is no option: --quick, -j JOBS, -o FOLDER" >&2; exit 2 ;;
    bbb | laplace | mixture) methods="$methods $1" ;;
    *.*=*) settings="$settings $1" ;;
    *) echo "uci.sh: $1 is no method (bbb, laplace, mixture) and no setting" >&2; exit 2 ;;
    esac
    shift
done
methods=${methods:-bbb laplace mixture}
[ -d "${BNN_DATA:-}/uci" ] || { echo "uci.sh: set BNN_DATA to the folder that holds uci/" >&2; exit 2; }
[ -x "$bnn" ] || { echo "uci.sh: no $bnn: run make, or set BNN" >&2; exit 2; }
mkdir -p "$out"
for method in $methods; do
    # shellcheck disable=SC2086  # settings are words
    "$bnn" sweep "$(sweep_file "$method")" -j "$jobs" -o "$out/$method" $settings > /dev/null || status=$?
    [ "$status" -le 1 ] || exit "$status"       # some runs may have failed; the sweep has said which
done
results | sort -k 2,2 -k 1,1 -s | table
exit "$status"
