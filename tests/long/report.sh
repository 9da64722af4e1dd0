#!/bin/sh
# report.sh [BNN]: the report of each configuration and of some sweeps, read by a stranger and opened in headless Chromium at 360 and 1200 pixels. Configurations
# on public data take part if BNN_DATA is set, cut to a short fit.
set -eu
# shellcheck source=tests/long/common.sh
. "$(dirname "$0")/common.sh"
command -v gnuplot >/dev/null 2>&1 || { echo "no gnuplot: install it (Debian: apt-get install gnuplot-nox) to check reports"; exit 1; }

# train_one CONFIG [settings]: the run, named after the configuration
train_one() {
    config=$1 name=$(basename "$1" .ini)
    shift
    "$bnn" train -q "$config" "$@" -o "$work/$name" >/dev/null
}

for config in "$root"/configs/*.ini; do
    name=$(basename "$config" .ini)
    grep -q '^ *\[sweep\]' "$config" && continue
    ood=""
    if grep -v '^#' "$config" | grep -q BNN_DATA; then
        if [ -z "${BNN_DATA:-}" ]; then
            echo "skipped - $name: needs the data sets (set BNN_DATA)"
            continue
        fi
        case $name in
        mnist*) train_one "$config" net.hidden=50 train.epochs=2
                [ ! -d "$BNN_DATA/notmnist" ] || ood="--ood $BNN_DATA/notmnist/t10k-images-idx3-ubyte.gz" ;;
        *)      train_one "$config" train.epochs=300 ;;
        esac
    else
        train_one "$config"
    fi
    # shellcheck disable=SC2086  # two words or none
    "$bnn" report "$work/$name" $ood >/dev/null
done
"$bnn" report "$work/sin40-bbb" "$work/polynomial-laplace" "$work/moons-bbb" -o "$work/side-by-side.html" >/dev/null

"$bnn" sweep -q "$root/configs/sin40-sweep.ini" -j 2 -o "$work/sin40-sweep" train.epochs=200
"$bnn" report "$work/sin40-sweep/method=bbb,seed=1" >/dev/null
"$bnn" report "$work/sin40-sweep" >/dev/null
printf '[sweep]\nconfig = %s/configs/sin40-bbb.ini\nprior.sd = 0.1 | 0.3 | 1 | 3\nnet.hidden = 5 | 10 | 20\nrun.seed = 1:3\n[train]\nepochs = 100\n' \
    "$root" >"$work/axes.ini"
"$bnn" sweep -q "$work/axes.ini" -j 2 -o "$work/axes" && "$bnn" report "$work/axes" >/dev/null
if [ -n "${BNN_DATA:-}" ]; then
    "$bnn" sweep -q "$root/configs/uci-sweep.ini" -j 2 -o "$work/uci-sweep" train.epochs=60 method.kl_warmup=30
    "$bnn" report "$work/uci-sweep" >/dev/null
fi

for page in "$work"/*/report.html "$work/side-by-side.html"; do python3 "$root/tests/read_report.py" "$page" >/dev/null; done
cd "$work"
python3 "$root/tests/browse_report.py" ./*/report.html side-by-side.html
