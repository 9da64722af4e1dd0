#!/bin/sh
# The UCI regression benchmark: six sets, 20 standard splits, 1 hidden layer of 50 ReLU, three methods, beside published results.
#
#     scripts/uci.sh [--quick] [-j JOBS] [-o FOLDER] [METHOD...] [section.key=value...]      METHOD: bbb mixture laplace
#
# Needs BNN_DATA (the folder that holds uci/). Every choice is made inside the training part: each candidate is fitted to 80 % of it and
# scored on the other 20 %, the best log likelihood wins and is fitted to the whole part. Candidates are the same for all sets. What is done
# stays in FOLDER (one line a split): started again, the script goes on. --quick: splits 0 and 1 alone, less than 5 minutes. Settings at the
# end hold for every fit: train.epochs=500 is a cheaper benchmark.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
bnn=${BNN:-$here/build/bnn}
sets="boston concrete energy power wine yacht"
heavy_tails="likelihood.name=student_t likelihood.df=8"

# One line a candidate: settings beside those of the configuration.
candidates() {
    case $1 in
    bbb)     for t in 1 0.7 0.5; do echo "method.temperature=$t"; done ;;
    mixture) for t in 0.7 0.5 0.35; do echo "method.members=5 method.temperature=$t"; done ;;
    laplace) for noise in likelihood.name=gaussian "$heavy_tails"; do
                 for sd in 1 2; do echo "$noise prior.sd=$sd"; done
             done ;;
    esac
}

config() { case $1 in laplace) echo "$here/configs/uci-laplace.ini" ;; *) echo "$here/configs/uci-bbb.ini" ;; esac; }

# RUN PART SAMPLES: rmse, log_lik and log_lik_moment on a part of its rows, blank-separated
scores() {
    "$bnn" evaluate "$1" --split "$2" -s predict.samples="$3" --json --threads 1 | awk -F'[":, ]+' '
        $2 ~ /^(rmse|log_lik|log_lik_moment)$/ { name = $2 }
        $2 == "value" && name != "" { value[name] = $3; name = "" }
        END { print value["rmse"], value["log_lik"], value["log_lik_moment"] }'
}

# METHOD SET SPLIT FOLDER SETTING...: trains anew and leaves the run in FOLDER
fit() {
    method=$1 data=$BNN_DATA/uci/$2 split=$3 run=$4
    shift 4
    # shellcheck disable=SC2086  # settings are words
    "$bnn" train "$(config "$method")" -q -o "$run" --force --threads 1 data.train="$data/data.csv" \
        data.splits="$data/splits/test_%02d.txt" data.split="$split" "$@" ${UCI_SETTINGS:-} > "$run.log"
}

# METHOD SET SPLIT: chooses, fits, scores; one line METHOD,SET,SPLIT,rmse,log_lik,log_lik_moment,CHOICE. A candidate that cannot be
# fitted or scored is out. To tell candidates apart, fewer draws do than for the final score.
one() {
    line=$out/$1-$2-$3.csv run=$out/$1-$2-$3.run best='' best_score=''
    [ -f "$line" ] && return
    while read -r candidate; do
        # shellcheck disable=SC2086
        fit "$1" "$2" "$3" "$run" data.valid_fraction=0.2 $candidate || continue
        score=$(scores "$run" valid 50 | cut -d ' ' -f 2)
        [ -n "$score" ] || continue
        if [ -z "$best" ] || awk "BEGIN { exit !($score > $best_score) }"; then best=$candidate best_score=$score; fi
    done <<END
$(candidates "$1")
END
    # shellcheck disable=SC2086
    fit "$1" "$2" "$3" "$run" $best
    scores "$run" test 200 | { read -r rmse log_lik moment; echo "$1,$2,$3,$rmse,$log_lik,$moment,$best" > "$line.new"; }
    mv "$line.new" "$line"
    rm -rf "$run" "$run.log"
}

# Means over splits with standard errors, and differences from MC dropout on the same splits.
table() {
    cat "$out"/*-*-*.csv | awk -F, -v published="$here/configs/uci-published.csv" -v by_split="$here/configs/uci-mc-dropout.csv" '
        function add(name, v) { sum[name] += v; squares[name] += v * v; n[name]++ }
        function mean(name) { return sum[name] / n[name] }
        function se(name,    m) { m = mean(name); return n[name] < 2 ? 0 : sqrt(squares[name] / n[name] - m * m) / sqrt(n[name] - 1) }
        function measured(r, l) { return sprintf("%.3f +- %.3f / %.3f +- %.3f", mean(r), se(r), mean(l), se(l)) }
        BEGIN {
            while ((getline line < published) > 0) { split(line, p, ","); theirs[p[1], p[2]] = p[3] " / " p[5] }
            while ((getline line < by_split) > 0) { split(line, p, ","); rmse[p[1], p[2]] = p[3]; log_lik[p[1], p[2]] = p[4] }
            print "rmse / log_lik over the splits done +- standard error; paired: ours minus MC dropout (4000 epochs) on the same splits"
            printf "%-9s %-8s %6s  %-34s %-34s %-15s %s\n", "set", "method", "splits", "ours", "paired", "MC dropout 4000", "published BBB"
        }
        {
            key = $2 " " $1
            add("r" key, $4); add("l" key, $5)
            add("dr" key, $4 - rmse[$2, $3]); add("dl" key, $5 - log_lik[$2, $3])
            if (!(key in seen)) { seen[key] = 1; order[++keys] = key }
        }
        END {
            for (i = 1; i <= keys; i++) {
                key = order[i]; split(key, k, " ")
                printf "%-9s %-8s %6d  %-34s %-34s %-15s %s\n", k[1], k[2], n["r" key], measured("r" key, "l" key), measured("dr" key, "dl" key),
                       theirs["mc_dropout_4000", k[1]], theirs["bbb", k[1]]
            }
        }' | { read -r head; echo "$head"; read -r head; echo "$head"; sort; }
}

jobs=2 out=runs/uci last=19
if [ "${1:-}" = --one ]; then out=$2; one "$3" "$4" "$5"; exit; fi
while [ $# -gt 0 ]; do
    case $1 in
    --quick) last=1 ;;
    -j) jobs=$2; shift ;;
    -o) out=$2; shift ;;
    -*) echo "uci.sh: $1 is no option: --quick, -j JOBS, -o FOLDER" >&2; exit 2 ;;
    bbb | mixture | laplace) methods="${methods:-} $1" ;;
    *.*=*) UCI_SETTINGS="${UCI_SETTINGS:-} $1" ;;
    *) echo "uci.sh: $1 is no method (bbb, mixture, laplace) and no setting" >&2; exit 2 ;;
    esac
    shift
done
[ -d "${BNN_DATA:-}/uci" ] || { echo "uci.sh: set BNN_DATA to the folder that holds uci/" >&2; exit 2; }
[ -x "$bnn" ] || { echo "uci.sh: no $bnn: run make, or set BNN" >&2; exit 2; }
mkdir -p "$out"
export UCI_SETTINGS="${UCI_SETTINGS:-}"
for split in $(seq 0 "$last"); do
    for method in ${methods:-bbb laplace mixture}; do
        for set in $sets; do echo "$method $set $split"; done
    done
done | xargs -P "$jobs" -L 1 "$0" --one "$out"
table
