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

few="train.epochs=3 method.kl_warmup=1 net.hidden=4"

@test "uci.sh prints a line for each set and method, with the difference from MC dropout on the same splits" {
    make_sets
    # shellcheck disable=SC2086  # settings are words
    "$ROOT/scripts/uci.sh" --quick -o out bbb $few > table.txt
    [ "$(wc -l < table.txt)" -eq 8 ]
    [ "$(awk 'NR > 2 { printf "%s ", $1 }' table.txt)" = "boston concrete energy power wine yacht " ]
    cat out/bbb-wine-?.csv "$ROOT/configs/uci-mc-dropout.csv" | awk -F, '
        $1 == "bbb" { ours += $4 / 2 }
        $1 == "wine" && $2 < 2 { theirs += $3 / 2 }
        END { printf "%.3f %.3f\n", ours, ours - theirs }' > want.txt
    awk '$1 == "wine" { print $4, $11 }' table.txt > got.txt
    diff want.txt got.txt
}

@test "uci.sh goes on where it was, and chooses among its candidates by the training part alone" {
    make_sets
    # shellcheck disable=SC2086
    "$ROOT/scripts/uci.sh" --quick -o out bbb $few > first.txt
    cp out/bbb-wine-1.csv wine.csv
    rm out/bbb-wine-1.csv
    touch -d '2001-01-01' out/*.csv
    # other targets in the test rows: another score, the same choice
    awk -F, 'NR > 6 && NR < 12 { $3 += 100 } 1' OFS=, data.csv > uci/wine/data.csv
    # shellcheck disable=SC2086
    "$ROOT/scripts/uci.sh" --quick -o out bbb $few > second.txt
    [ "$(find out -newermt '2002-01-01' -name '*.csv')" = "out/bbb-wine-1.csv" ]
    grep -q ',method.temperature=[01.57]*$' wine.csv
    [ "$(cut -d , -f 7 wine.csv)" = "$(cut -d , -f 7 out/bbb-wine-1.csv)" ]
    refute cmp -s wine.csv out/bbb-wine-1.csv
    refute cmp -s first.txt second.txt
}

@test "uci.sh says what it needs" {
    make_sets
    fails_with 2 'no option' "$ROOT/scripts/uci.sh" --fast
    fails_with 2 'no method' "$ROOT/scripts/uci.sh" svgd
    BNN_DATA=/nowhere fails_with 2 'set BNN_DATA' "$ROOT/scripts/uci.sh" bbb
}
