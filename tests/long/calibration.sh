#!/bin/sh
# calibration.sh [BNN]: calibration and pruning of MNIST nets trained by Bayes by Backprop, against stated bounds. Some minutes; needs BNN_DATA
# (the folder that holds mnist/) and python3. Exit code 1: out of bounds.
# Bounds: an independent prototype of the same nets has an ece of .013 and .003 after temperature, and loses nothing by removing 75 % of the
# weights, with the scale mixture prior 95 %; Blundell et al. 2015, table 2, lose .05 points there with 1200 units.
set -eu
# shellcheck source=tests/long/common.sh
. "$(dirname "$0")/common.sh"
needs mnist/train-images-idx3-ubyte.gz

# train NAME [SECTION.KEY=VALUE ...]
train() {
    name=$1
    shift
    "$bnn" train -q "$root/configs/mnist-bbb.ini" -o "$work/$name" "$@" >/dev/null
}

# within NAME SHARE: removing that share of the weights costs at most .002 of test error.
within() {
    "$bnn" prune "$work/$1" --json > "$work/curve.json"
    "$bnn" prune "$work/$1"
    python3 - "$work/curve.json" "$2" <<'PY' || fail "$1: removing $2 of the weights costs more than .2 points of error"
import json, sys
errors = {p["removed"]: p["error"] for p in json.load(open(sys.argv[1]))["curve"]}
sys.exit(errors[float(sys.argv[2])] - errors[0] > 0.002)
PY
}

train gaussian data.valid_fraction=0.1
"$bnn" calibrate "$work/gaussian"
"$bnn" evaluate "$work/gaussian" --require 'ece<=0.02' || fail "ece as it is trained"
"$bnn" evaluate "$work/gaussian" -s predict.calibration=temperature --require 'ece<=0.01' || fail "ece after temperature"
# 3 binomial standard errors of 6,000 validation and 10,000 test rows together
"$bnn" evaluate "$work/gaussian" -s predict.calibration=conformal --require 'coverage_set>=0.885' --require 'coverage_set<=0.915' \
    || fail "coverage of the prediction sets"
within gaussian 0.75
train mixture prior.name=scale_mixture prior.pi=0.5 prior.sd1=1 prior.sd2=0.00247875 method.kl=monte_carlo train.epochs=60
within mixture 0.95
[ "$failures" -eq 0 ]
