#!/usr/bin/env bats
# scripts/uci.sh on small made-up sets in the places of the real ones.

load helpers

# $BNN_DATA/uci/SET for all six sets: 40 rows, splits 0 and 1.
make_sets() {
    make_data
    for set in boston concrete energy power wine yacht; do
        mkdir -p "uci/$set/splits"
        cp data.csv "uci/$set/data.csv"
        seq 0 4 > "uci/$set/splits/test_00.txt"
        seq 5 9 > "uci/$set/splits/test_01.txt"
    done
    export BNN_DATA="$PWD" BNN
}

few="train.epochs=3 net.hidden=4"

@test "uci.sh prints a line for each set and method, with the difference from MC dropout on the same splits" {
    make_sets
    # shellcheck disable=SC2086  # settings are words
    "$ROOT/scripts/uci.sh" --quick -o out laplace bbb $few > table.txt
    [ "$(wc -l < table.txt)" -eq 15 ]
    [ "$(awk 'NR > 3 && $2 == "laplace" { printf "%s ", $1 }' table.txt)" = "boston concrete energy power wine yacht " ]
    sed 's/^"[^"]*",//' out/bbb/results.csv > rows.csv
    cat rows.csv "$ROOT/configs/uci-mc-dropout.csv" | awk -F, '
        FNR == 1 { for (i = 1; i <= NF; i++) if ($i == "rmse") rmse = i - 1 }       # the header still has its first column
        $1 == "wine" && $3 == "finished" { ours += $rmse / 2; next }
        $1 == "wine" && $2 < 2 { theirs += $3 / 2 }
        END { printf "%.3f %.3f\n", ours, ours - theirs }' > want.txt
    awk '$1 == "wine" && $2 == "bbb" { print $4, $12 }' table.txt > got.txt
    diff want.txt got.txt
}

@test "uci.sh goes on where it was, to the same table" {
    make_sets
    # shellcheck disable=SC2086
    "$ROOT/scripts/uci.sh" --quick -o out laplace $few > first.txt
    touch -d '2001-01-01' out/laplace/*/posterior.safetensors
    rm -r out/laplace/set=wine,split=1
    # shellcheck disable=SC2086
    "$ROOT/scripts/uci.sh" --quick -o out laplace $few > second.txt
    [ "$(find out/laplace -mindepth 2 -maxdepth 2 -newermt '2002-01-01' -name posterior.safetensors)" = \
      "out/laplace/set=wine,split=1/posterior.safetensors" ]
    diff first.txt second.txt
}

@test "uci.sh says what it needs" {
    make_sets
    fails_with 2 'no option' "$ROOT/scripts/uci.sh" --fast
    fails_with 2 'no method' "$ROOT/scripts/uci.sh" svgd
    BNN_DATA=/nowhere fails_with 2 'set BNN_DATA' "$ROOT/scripts/uci.sh" bbb
}
