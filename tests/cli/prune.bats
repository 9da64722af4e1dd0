#!/usr/bin/env bats
# bnn prune: what removing weights costs, and a run without them.

load helpers

make_run() {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini > /dev/null
}

@test "without --keep it shows the curve and writes nothing" {
    make_run
    touch before.list curve.txt
    find . | sort > before.list
    "$BNN" prune runs/first > curve.txt
    find . | sort | cmp - before.list
    [ "$(awk 'NR > 2 { print $1 }' curve.txt | tr '\n' ' ')" = "0 25 50 75 90 95 98 " ]
    "$BNN" prune runs/first --json --split train > curve.json
    "$BNN" evaluate runs/first --json --split train > all.json
    python3 - <<'PY'
import json
curve, all = json.load(open("curve.json")), json.load(open("all.json"))
assert curve["split"] == "train" and [p["kept"] for p in curve["curve"]] == [18, 14, 9, 5, 2, 1, 0], curve
first = curve["curve"][0]
assert first["rmse"] == all["metrics"]["rmse"]["value"] and first["log_lik"] == all["metrics"]["log_lik"]["value"]
PY
}

@test "--keep makes a run that predicts like the curve says, names its parent and counts what is left" {
    make_run
    [ "$("$BNN" prune runs/first --keep 50 2> talk.txt)" = "runs/first-pruned-50" ]
    grep -q '9 of 18 weights kept' talk.txt
    "$BNN" prune runs/first --json > curve.json
    "$BNN" evaluate runs/first-pruned-50 --json > pruned.json
    "$BNN" inspect runs/first-pruned-50 --json > in.json
    python3 - <<'PY'
import hashlib, json
curve, pruned, inside = json.load(open("curve.json"))["curve"], json.load(open("pruned.json"))["metrics"], json.load(open("in.json"))
assert curve[2]["rmse"] == pruned["rmse"]["value"] and curve[2]["log_lik"] == pruned["log_lik"]["value"]
blocks = inside["blocks"]
assert blocks["0.weight"]["nonzero"] + blocks["1.weight"]["nonzero"] == 9 and blocks["0.bias"]["nonzero"] == 6
assert inside["facts"]["kept_share"] == 0.5 and "elbo" not in inside["facts"]
m = json.load(open("runs/first-pruned-50/manifest.json"))
assert m["parent"] == {"name": "first", "sha256": hashlib.sha256(open("runs/first/posterior.safetensors", "rb").read()).hexdigest()}
assert m["status"] == "finished" and m["argv"][1] == "prune" and m["rows"] == {"train": 30, "test": 10}
PY
    grep -q 'name *= *first-pruned-50' runs/first-pruned-50/config.ini
    "$BNN" predict runs/first-pruned-50 | head -1 | grep -q '^mean,sd'
    "$BNN" prune runs/first --keep 100 -o whole -q > /dev/null
    "$BNN" predict whole > whole.csv
    "$BNN" predict runs/first | cmp - whole.csv
}

@test "the data of the parent are not needed" {
    make_run; rm data.csv
    "$BNN" prune runs/first --keep 25 -q
    [ -e runs/first-pruned-25/posterior.safetensors ]
}

@test "what prune cannot do is one sentence" {
    make_run
    "$BNN" train -q first.ini method.name=map -o map > /dev/null
    refused 'posterior of kind draws has no such spread' "$BNN" prune map --keep 50
    refused 'posterior of kind draws has no such spread' "$BNN" prune map
    "$BNN" train -q first.ini method.name=map data.test_fraction=0 -o without-test > /dev/null
    refused 'posterior of kind draws has no such spread' "$BNN" prune without-test
    refused 'above 0 and at most 100' "$BNN" prune runs/first --keep 0
    refused 'above 0 and at most 100' "$BNN" prune runs/first --keep half
    refused 'say with --keep' "$BNN" prune runs/first -o elsewhere
    refused 'is the parent itself' "$BNN" prune runs/first --keep 50 -o runs/first/ --force
    "$BNN" prune runs/first --keep 50 -q > /dev/null
    refused 'exists and is not empty' "$BNN" prune runs/first --keep 50
    "$BNN" prune runs/first --keep 50 -q --force > /dev/null
    [ "$("$BNN" prune runs/first --keep 10 -n | tail -1)" = "folder: runs/first-pruned-10" ]
    [ ! -e runs/first-pruned-10 ]
}
