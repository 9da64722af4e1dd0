#!/usr/bin/env bats
# evaluate beyond its table, and compare.

load helpers

make_classes_run() {
    make_data; make_config first classes.csv
    "$BNN" train -q first.ini likelihood.name=categorical train.epochs=200 > /dev/null
}

@test "--level adds coverages, and --require knows them" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    "$BNN" evaluate runs/first --level 0.8 --level 0.975 --level 0.9 --require 'coverage_80<=1' --require 'coverage_975>=0' > table.txt
    [ "$(grep -c '^coverage_' table.txt)" -eq 5 ]
    refused 'between 0 and 1' "$BNN" evaluate runs/first --level 80
    refused 'between 0 and 1' "$BNN" evaluate runs/first --level much
}

@test "few weight draws are noted on stderr, many are not, JSON has them as mcse" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    "$BNN" evaluate runs/first -s predict.samples=2 > table.txt 2> note.txt
    grep -q 'Monte Carlo error of .* raise predict.samples (now 2)' note.txt
    grep -q '^metric .* mcse' table.txt
    "$BNN" evaluate runs/first -s predict.samples=20000 2>&1 > /dev/null | cmp - /dev/null
    "$BNN" evaluate runs/first -s predict.samples=2 --json > two.json 2> note.txt
    [ ! -s note.txt ]
    python3 - <<'PY'
import json
m = json.load(open("two.json"))["metrics"]
assert m["rmse"]["mcse"] > 0 and m["log_lik"]["mcse"] > 0 and "mcse" not in m["mae"], m
PY
}

@test "who holds all its draws is not told to draw more" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini method.name=ensemble method.members=3 train.epochs=5
    "$BNN" evaluate runs/first 2>&1 > /dev/null | grep -q 'all 3 draws of the run are used'
}

@test "tables fit 80 columns and cut names between characters" {
    make_data; make_config first data.csv
    awk -F, 'NR == 1 { print "a,b,kind"; next } { printf "%s,%s,%s\n", $1, $2, ($3 > 0 ? "\xc3\xa9t\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9t\xc3\xa9-with-a-long-name-in-it" : "b") }' data.csv > long.csv
    make_config second long.csv
    "$BNN" train -q first.ini data.valid_fraction=0.3; "$BNN" train -q second.ini likelihood.name=categorical data.valid_fraction=0.3
    "$BNN" evaluate runs/second -v > tables.txt
    for run in runs/first runs/second; do
        for command in evaluate calibrate prune inspect; do "$BNN" $command $run; done
    done >> tables.txt
    "$BNN" compare runs/first runs/first >> tables.txt
    python3 - <<'PY'
lines = list(open("tables.txt", encoding="utf-8", errors="strict"))
assert not [line for line in lines if len(line) > 81]
name = "\u00e9t\u00e9\u00e9\u00e9\u00e9t\u00e9-with-a-long-name-in-it"
assert any(line.startswith(name[:12] + " ") for line in lines) and any(line.startswith(name[:18] + " ") for line in lines)
PY
}

@test "the confusion of classes stands in JSON, and in the table with -v" {
    make_classes_run
    refute grep -q 'precision' <("$BNN" evaluate runs/first)
    "$BNN" evaluate runs/first -v | grep -q '^class .* precision'
    "$BNN" evaluate runs/first --json > e.json
    python3 - <<'PY'
import json
e = json.load(open("e.json"))
c, m = e["confusion"], e["metrics"]
assert c["classes"] == ["blue", "red"] and sum(map(sum, c["counts"])) == e["rows"] == 10
assert abs((c["counts"][0][0] + c["counts"][1][1]) / 10 - m["accuracy"]["value"]) < 1e-12
assert abs(sum(c["brier"]) - m["brier"]["value"]) < 1e-12
assert list(m) == "accuracy error log_lik brier ece ace aurc auroc".split()
PY
    refused 'intervals are of numbers' "$BNN" evaluate runs/first --level 0.8
}

@test "--ood tells rows from elsewhere, which need no targets the model knows" {
    make_classes_run
    awk -F, 'NR == 1 { print; next } { printf "%s,%s,violet\n", $1 * 30 + 90, $2 * 30 - 70 }' classes.csv > far.csv
    "$BNN" evaluate runs/first --ood far.csv --require 'auroc_mutual_information>=0' --require 'fpr95_entropy<=1' > table.txt
    grep -q '^# far.csv: 40 rows' table.txt
    [ "$(awk 'length > 80' table.txt | wc -l)" -eq 0 ]
    fails_with 4 'required auroc_max_probability>2' "$BNN" evaluate runs/first --ood far.csv --require 'auroc_max_probability>2'
    fails_with 2 'did you mean "auroc_entropy"' "$BNN" evaluate runs/first --ood far.csv --require 'auroc_entropi>0'
    "$BNN" evaluate runs/first classes.csv --ood classes.csv --json > same.json
    python3 - <<'PY'
import json
ood = json.load(open("same.json"))["ood"]
assert ood["rows"] == 40 and ood["data"] == "classes.csv" and len(ood["metrics"]) == 9
for name, score in ood["metrics"].items():      # the same rows cannot be told apart
    if name.startswith("auroc"): assert abs(score["value"] - 0.5) < 1e-12, (name, score)
PY
    refused 'nowhere.csv: no such file' "$BNN" evaluate runs/first --ood nowhere.csv
}

@test "numbers are told by their sd, which grows away from the data" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    awk -F, 'NR == 1 { print "a,b"; next } { printf "%s,%s\n", $1 * 30 + 90, $2 * 30 - 70 }' data.csv > far.csv
    "$BNN" evaluate runs/first --ood far.csv --require 'auroc_sd_epistemic>0.99' --require 'auroc_sd>0.9' --require 'fpr95_sd_epistemic<0.05'
}

# ---- compare -----------------------------------------------------------------------------------------------------------

@test "compare ranks runs on the same rows and says what is noise" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini train.epochs=500
    "$BNN" train -q first.ini train.epochs=1 -o bad
    "$BNN" train -q first.ini train.epochs=500 -o twin
    "$BNN" compare bad runs/first twin > table.txt
    [ "$(awk 'length > 80' table.txt | wc -l)" -eq 0 ]
    awk '$1 == "squared_error:" { getline; getline; a = $1 $3; getline; b = $1 $NF; getline; c = $1 $NF }
         END { if (a b c != "runs/firstbest" "twinnoise" "badworse") { print a, b, c; exit 1 } }' table.txt
    "$BNN" compare bad runs/first --json > c.json
    "$BNN" evaluate bad --json > bad.json
    python3 - <<'PY'
import json
c, bad = json.load(open("c.json")), json.load(open("bad.json"))["metrics"]
assert c["rows"] == 10 and c["split"] == "test" and list(c["scores"]) == ["log_lik", "squared_error", "abs_error", "crps"]
best, worst = c["scores"]["log_lik"]
assert (best["run"], worst["run"], best["verdict"], worst["verdict"]) == ("runs/first", "bad", "best", "worse")
assert abs(worst["value"] - bad["log_lik"]["value"]) < 1e-12 and abs(worst["se"] - bad["log_lik"]["se"]) < 1e-12
assert abs(worst["difference"] - (worst["value"] - best["value"])) < 1e-12 and worst["z"] < -2
PY
}

@test "compare refuses runs whose rows differ, and takes the rows of a file" {
    make_data; make_config first data.csv; make_config other classes.csv
    "$BNN" train -q first.ini
    "$BNN" train -q first.ini run.seed=2 -o second
    "$BNN" train -q other.ini likelihood.name=categorical
    refused 'the test rows of runs/first and second are different rows of .*data.csv' "$BNN" compare runs/first second
    "$BNN" compare runs/first second --data data.csv | grep -q '^# data.csv: 40 rows'
    "$BNN" compare runs/first second --split train 2>&1 | grep -q 'different rows'
    refused 'predict different things' "$BNN" compare runs/first runs/other
    refused 'only one of them' "$BNN" compare runs/first second --data data.csv --split test
    refused 'names a file\|none is named' "$BNN" compare runs/first second --labels data.csv
    cut -d, -f1,2 data.csv > bare.csv
    refused 'no targets' "$BNN" compare runs/first second --data bare.csv
    refused 'compare wants RUN RUN' "$BNN" compare runs/first
}

@test "a requirement on what is not measured is refused before anything is printed" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    refused 'no metric "rmsee" here; did you mean "rmse"' "$BNN" evaluate runs/first --require 'rmse<100' --require 'rmsee<1'
    fails_with 4 'required rmse<0' "$BNN" evaluate runs/first --require 'rmse<0'
    grep -q '^rmse ' stdout.txt
}

@test "a folder whose name is not UTF-8 does not spoil JSON" {
    make_data; make_config first data.csv
    odd="$(printf 'b\351')"
    "$BNN" train -q first.ini -o "$odd" > /dev/null
    "$BNN" evaluate "$odd" --json > evaluate.json
    "$BNN" prune "$odd" --json > prune.json
    "$BNN" compare "$odd" "$odd" --json > compare.json
    python3 - <<'PY'
import json
assert json.load(open("evaluate.json"))["run"] == json.load(open("prune.json"))["run"] == "b\ufffd"
assert json.load(open("compare.json"))["scores"]["log_lik"][0]["run"] == "b\ufffd"
PY
}
