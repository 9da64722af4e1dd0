#!/bin/sh
# The whole job in under a minute: install, build, train a Bayesian net on forty points of a sine, evaluate it, predict over a
# grid wider than the data, and show that the model knows where it knows nothing.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install-deps.sh
make -j"$(nproc)" all >/dev/null
bnn=build/bnn
out=${1:-runs/demo}

$bnn train configs/sin40-bbb.ini -o "$out" --force
echo
$bnn evaluate "$out"
$bnn predict "$out" configs/sin40-grid.csv -o "$out/grid.csv"

echo
echo "A page with pictures: $($bnn report "$out")"

# column numbers by name; x of the grid beside the predictions
echo
echo "Predictions on [-1, 1.5]; the data lie in [0, 0.5]:"
paste -d, configs/sin40-grid.csv "$out/grid.csv" | awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i
              printf "%6s %8s %8s %13s %13s\n", "x", "mean", "sd", "sd_aleatoric", "sd_epistemic"; next }
    { x = $at["x"]; e = $at["sd_epistemic"]
      if ((NR - 2) % 5 == 0) printf "%6.2f %8.3f %8.3f %13.3f %13.3f\n", x, $at["mean"], $at["sd"], $at["sd_aleatoric"], e
      if (x >= 0 && x <= 0.5) { inside += e; n++ }
      if (NR == 2) left = e
      right = e }
    END { inside /= n; end = left < right ? left : right
          printf "\nepistemic sd: %.3f at the data on average, %.3f and %.3f at the far ends: %.0f times as large\n", inside, left, right, end / inside
          exit end < 5 * inside }'
