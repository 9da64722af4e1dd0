#!/usr/bin/env bats
# bnn predict: rows in a pipe, columns carried through, joint draws, the prior, and input that does not fit.

load helpers

train() { make_data; make_config first "${1:-data.csv}"; "$BNN" train -q first.ini "${@:2}" > /dev/null; }

# data.csv with its columns turned round and one more, text that needs quotes: "r, 2".
make_named() { awk -F, 'NR == 1 { print "id," $2 "," $1 } NR > 1 { print "\"r, " NR "\"," $2 "," $1 }' data.csv > named.csv; }

@test "rows from a pipe are answered as they come, with the numbers of a file's" {
    train
    "$BNN" predict runs/first data.csv > file.csv
    mkfifo in out
    "$BNN" predict runs/first - < in > out &
    exec 8> in 9< out
    { read -r header; read -r first; } < <(head -2 data.csv)
    printf '%s\n%s\n' "$header" "$first" >&8
    read -r -t 20 got_header <&9
    read -r -t 20 got_first <&9
    sed -n 3p data.csv >&8
    read -r -t 20 got_second <&9
    exec 8>&- 9<&-
    wait
    [ "$got_header" = "$(sed -n 1p file.csv)" ]
    python3 - "$got_first" "$got_second" <<'PYTHON'
import sys
for line, want in zip(sys.argv[1:], open("file.csv").read().split()[1:]):
    assert all(abs(float(a) - float(b)) < 1e-4 for a, b in zip(line.split(","), want.split(","))), (line, want)
PYTHON
}

@test "a piped table without header, with quotes or as classes gives a line for each row" {
    train
    tail -n +2 data.csv | cut -d, -f1,2 | "$BNN" predict runs/first - > bare.csv
    [ "$(wc -l < bare.csv)" -eq 41 ]
    make_config second classes.csv
    "$BNN" train -q second.ini likelihood.name=bernoulli > /dev/null
    sed 's/red/"red"/' classes.csv | "$BNN" predict runs/second - > classes.out
    [ "$(wc -l < classes.out)" -eq 41 ]
    head -1 classes.out | grep -q '^label,p_blue,p_red,'
    gzip -c data.csv | "$BNN" predict runs/first - > packed.csv
    "$BNN" predict runs/first data.csv | cmp - packed.csv
}

@test "a bad row ends a pipe with its line number, after the rows before it" {
    train
    { head -3 data.csv; echo; echo '1,x,2'; echo '1,2,3'; } > bad.csv
    fails_with 2 "standard input:5: column 'b': 'x' is not a number" sh -c '"$0" predict runs/first - < bad.csv' "$BNN"
    [ "$(wc -l < stdout.txt)" -eq 3 ] && [ "$(wc -l < stderr.txt)" -eq 1 ]
    { head -2 data.csv; echo '1,2'; } > short.csv
    fails_with 2 "standard input:3: 2 fields, but 3 in line 1" sh -c '"$0" predict runs/first - < short.csv' "$BNN"
    refused "standard input:1: no rows of data" sh -c 'head -1 data.csv | "$0" predict runs/first -' "$BNN"
    refused "standard input" sh -c '"$0" predict runs/first - < /dev/null' "$BNN"
    refused "no feature column 'b'" sh -c 'cut -d, -f1 data.csv | "$0" predict runs/first -' "$BNN"
}

@test "--keep carries columns through, from a file and from a pipe" {
    train
    make_named
    "$BNN" predict runs/first named.csv --keep id,b > kept.csv
    [ "$(head -1 kept.csv | cut -d, -f1-3)" = "id,b,mean" ]
    grep -q '^"r, 2",1.000000,' kept.csv
    [ "$(wc -l < kept.csv)" -eq 41 ]
    "$BNN" predict runs/first - --keep 'id, b' < named.csv > piped.csv
    [ "$(cut -d, -f1-3 kept.csv)" = "$(cut -d, -f1-3 piped.csv)" ]
    "$BNN" predict runs/first --keep a > test.csv                                    # the run's own test rows
    python3 - <<'PYTHON'
import csv
a = {r["a"]: r["y"] for r in csv.DictReader(open("data.csv"))}
rows = list(csv.DictReader(open("test.csv")))
assert len(rows) == 10 and all(float(a[r["a"]]) == float(r["target"]) for r in rows), rows
PYTHON
    refused "no column 'nope' to keep" "$BNN" predict runs/first named.csv --keep id,nope
    refused "named twice" "$BNN" predict runs/first named.csv --keep id,id
}

@test "--samples gives joint draws, as CSV and as an array" {
    train
    { echo a,b; echo 1,0; echo 1,0; echo 0.5,0.5; } > rows.csv
    "$BNN" predict runs/first rows.csv --samples 30 > draws.csv
    "$BNN" predict runs/first rows.csv --samples 30 -o draws.npy
    "$BNN" predict runs/first rows.csv --samples 30 -o draws.again.csv --threads 1
    cmp draws.csv draws.again.csv
    python3 - <<'PYTHON'
import array, csv, struct
rows = list(csv.DictReader(open("draws.csv")))
assert list(rows[0]) == ["draw", "row", "mean", "y"] and len(rows) == 90
assert [r["draw"] + r["row"] for r in rows[:4]] == ["00", "01", "02", "10"]
assert all(a["mean"] == b["mean"] and a["y"] != b["y"] for a, b in zip(rows[0::3], rows[1::3]))     # rows 0 and 1 are equal
assert len({r["mean"] for r in rows}) > 50
raw = open("draws.npy", "rb").read()
size = struct.unpack("<H", raw[8:10])[0]
assert raw[:6] == b"\x93NUMPY" and (10 + size) % 64 == 0
assert eval(raw[10:10 + size]) == {"descr": "<f8", "fortran_order": False, "shape": (30, 3, 1)}
assert list(array.array("d", raw[10 + size:])) == [float(r["mean"]) for r in rows]
PYTHON
    refused "samples 0, allowed: a whole number from 1" "$BNN" predict runs/first rows.csv --samples 0
    refused "draws are not calibrated" "$BNN" predict runs/first rows.csv --samples 3 -s predict.calibration=sd_scale
}

@test "--prior is as wide as the prior, and needs a proper one" {
    train
    "$BNN" predict runs/first data.csv --prior > prior.csv
    "$BNN" predict runs/first data.csv > posterior.csv
    python3 - <<'PYTHON'
import csv
prior, posterior = ([float(r["sd_epistemic"]) for r in csv.DictReader(open(f))] for f in ("prior.csv", "posterior.csv"))
assert min(prior) > 2 * max(posterior), (prior, posterior)
PYTHON
    "$BNN" train -q first.ini method.name=map prior.name=flat -o flat > /dev/null
    refused "prior flat is improper" "$BNN" predict flat data.csv --prior
}

@test "predict.first_layer = local predicts about the same, and is refused where it has no meaning" {
    train data.csv train.epochs=200
    "$BNN" predict runs/first data.csv -s predict.samples=2000 > weights.csv
    "$BNN" predict runs/first data.csv -s predict.samples=2000 -s predict.first_layer=local > local.csv
    python3 - <<'PYTHON'
import csv
a, b = ([(float(r["mean"]), float(r["sd"])) for r in csv.DictReader(open(f))] for f in ("weights.csv", "local.csv"))
assert a != b and all(abs(m - n) < 0.15 * s and abs(s / t - 1) < 0.15 for (m, s), (n, t) in zip(a, b)), list(zip(a, b))
PYTHON
    "$BNN" train -q first.ini method.name=map -o point > /dev/null
    refused "needs independent normal weights" "$BNN" predict point data.csv -s predict.first_layer=local
}

@test "columns in another order are matched by name; others are one sentence" {
    train
    make_named
    cut -d, -f1,2 data.csv | "$BNN" predict runs/first - | cut -d, -f1 > straight.csv
    sed 's/^"[^"]*",//; s/^id,//' named.csv > turned.csv
    "$BNN" predict runs/first turned.csv | cut -d, -f1 > turned.out
    paste -d, straight.csv turned.out | awk -F, 'NR > 1 && ($1 - $2 > 1e-4 || $2 - $1 > 1e-4) { bad = 1 } END { exit bad }'
    refused "column 'id' is unknown to the model" "$BNN" predict runs/first named.csv
    cut -d, -f1 data.csv > narrow.csv
    refused "no feature column 'b'" "$BNN" predict runs/first narrow.csv
    : > empty.csv
    refused "the file is empty" "$BNN" predict runs/first empty.csv
    make_config second classes.csv
    "$BNN" train -q second.ini likelihood.name=bernoulli > /dev/null
    sed '5s/,[a-z]*$/,green/' classes.csv > green.csv
    refused "green.csv:5: .*green" "$BNN" predict runs/second green.csv
    refused "no such file" "$BNN" predict runs/first nowhere.csv
    rm runs/first/posterior.safetensors
    refused "the run has no posterior" "$BNN" predict runs/first data.csv
}

@test "a column that the model does not know can be ignored, but no feature be exchanged" {
    make_data; make_config first data.csv
    awk -F, '{ print $0 "," (NR == 1 ? "id" : NR) }' data.csv | awk -F, -v OFS=, '{ print $1, $2, $4, $3 }' > with-id.csv
    "$BNN" train -q first.ini
    refused "column 'id' is unknown to the model" "$BNN" predict runs/first with-id.csv
    "$BNN" predict runs/first with-id.csv -s data.ignore=id > with.csv
    "$BNN" predict runs/first data.csv | cmp - with.csv
    "$BNN" train -q first.ini data.train=with-id.csv data.ignore=id -o ignoring
    refused "feature 1 is 'id', but 'b' in the model" "$BNN" evaluate ignoring -s data.ignore=b
    refused "feature 1 is 'id', but 'b' in the model" "$BNN" report ignoring -s data.ignore=b
}
