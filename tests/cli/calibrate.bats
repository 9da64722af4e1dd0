#!/usr/bin/env bats
# bnn calibrate: a run by its validation rows, predictions of another program, and what predict and evaluate make of it.

load helpers

# A quick run whose spread is wrong: noise far too large.
make_run() {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini likelihood.noise_sd=1 data.valid_fraction=0.5 > /dev/null
}

make_class_run() {
    make_data; make_config second classes.csv
    "$BNN" train -q second.ini likelihood.name=categorical data.valid_fraction=0.5 > /dev/null
}

@test "a run without validation rows is told how to get them" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    refused 'data.valid_fraction = 0.1' "$BNN" calibrate runs/first
    refused 'run bnn calibrate runs/first' "$BNN" predict runs/first -s predict.calibration=conformal
    refused 'run bnn calibrate runs/first' "$BNN" evaluate runs/first -s predict.calibration=sd_scale
}

@test "a regression run gets sd_scale and conformal from its validation rows, the same again" {
    make_run
    "$BNN" calibrate runs/first > table.txt
    [ "$(awk '$1 == "sd_scale" || $1 == "conformal"' table.txt | wc -l)" -eq 2 ]
    python3 - <<'PY'
import json
c = json.load(open("runs/first/calibration.json"))
assert c["rows"] == 15 and len(c["conformal"]["scores"]) == 1 and len(c["conformal"]["scores"][0]) == 15, c
assert c["sd_scale"]["value"] < 0.9 and c["sd_scale"]["after"]["log_lik_moment"] > c["sd_scale"]["before"]["log_lik_moment"], c
assert "temperature" not in c and c["samples"] == 20
PY
    cp runs/first/calibration.json before.json
    "$BNN" calibrate runs/first -q > again.txt
    cmp table.txt again.txt
    cmp before.json runs/first/calibration.json
}

@test "figures before are those of evaluate --split valid, and predict applies the factor" {
    make_run
    "$BNN" calibrate runs/first > /dev/null
    "$BNN" evaluate runs/first --split valid --json > before.json
    "$BNN" evaluate runs/first --split valid --json -s predict.calibration=sd_scale > after.json
    "$BNN" predict runs/first > plain.csv
    "$BNN" predict runs/first -s predict.calibration=sd_scale > scaled.csv
    python3 - <<'PY'
import csv, json
c = json.load(open("runs/first/calibration.json"))["sd_scale"]
value = lambda name, metric: json.load(open(name))["metrics"][metric]["value"]
assert abs(value("before.json", "log_lik_moment") - c["before"]["log_lik_moment"]) < 1e-12
assert abs(value("before.json", "coverage_90") - c["before"]["coverage_90"]) < 1e-12
assert value("after.json", "log_lik_moment") > value("before.json", "log_lik_moment")
plain, scaled = list(csv.DictReader(open("plain.csv"))), list(csv.DictReader(open("scaled.csv")))
for a, b in zip(plain, scaled):
    assert a["mean"] == b["mean"] and abs(float(b["sd"]) / float(a["sd"]) - c["value"]) < 1e-6, (a, b)
PY
}

@test "conformal adds lower and upper and their metrics, at any level" {
    make_run
    "$BNN" calibrate runs/first > /dev/null
    "$BNN" predict runs/first -s predict.calibration=conformal > conformal.csv
    [ "$(head -1 conformal.csv)" = "mean,sd,sd_aleatoric,sd_epistemic,q05,q50,q95,lower,upper,target,log_lik" ]
    python3 - <<'PY'
import csv, json
scores = json.load(open("runs/first/calibration.json"))["conformal"]["scores"][0]
for row in csv.DictReader(open("conformal.csv")):
    # 15 rows: ceil(16 * .9) = 15th smallest, the largest
    assert abs((float(row["upper"]) - float(row["mean"])) / float(row["sd"]) - scores[14]) < 1e-9 * scores[14]
PY
    "$BNN" evaluate runs/first -s predict.calibration=conformal -s predict.calibration_level=0.5 | grep -q '^coverage_interval'
    "$BNN" predict runs/first -s predict.calibration=conformal -s predict.calibration_level=0.95 | sed -n 2p | grep -q ',-inf,inf,'
    "$BNN" calibrate runs/first -s predict.calibration_level=0.95 2>&1 > /dev/null | grep -q '15 rows are too few for level 0.95, which takes 19'
}

@test "classes get a temperature and sets, and entropies follow" {
    make_class_run
    "$BNN" calibrate runs/second | grep -q '^temperature   T = '
    "$BNN" predict runs/second -s predict.calibration=temperature > warm.csv
    "$BNN" predict runs/second > plain.csv
    "$BNN" predict runs/second -s predict.calibration=conformal > sets.csv
    [ "$(head -1 sets.csv)" = "label,p_blue,p_red,entropy,entropy_aleatoric,mutual_information,set,target,log_lik" ]
    python3 - <<'PY'
import csv, json, math
c = json.load(open("runs/second/calibration.json"))
T, scores = c["temperature"]["value"], c["conformal"]["scores"][0]
read = lambda name: list(csv.DictReader(open(name)))
for a, b, s in zip(read("plain.csv"), read("warm.csv"), read("sets.csv")):
    p = [float(a["p_blue"]), float(a["p_red"])]
    q = [x ** (1 / T) for x in p]
    q = [x / sum(q) for x in q]
    assert abs(float(b["p_red"]) - q[1]) < 1e-9
    entropy = -sum(x * math.log(x) for x in q)
    assert abs(float(b["entropy"]) - entropy) < 1e-9 and a["mutual_information"] == b["mutual_information"]
    assert abs(float(b["entropy_aleatoric"]) - max(0, entropy - float(a["mutual_information"]))) < 1e-9
    assert abs(float(b["log_lik"]) - math.log(q[["blue", "red"].index(b["target"])])) < 1e-9
    assert s["set"] == "|".join(k for k, x in zip(("blue", "red"), p) if 1 - x <= scores[14])
PY
    "$BNN" evaluate runs/second -s predict.calibration=conformal --json | grep -q size_set
}

@test "a kind that is not for the run's targets is refused with the ones that are" {
    make_run; "$BNN" calibrate runs/first > /dev/null
    refused 'is for classes, and runs/first predicts numbers: sd_scale or conformal' "$BNN" predict runs/first -s predict.calibration=temperature
    refused 'none, temperature, sd_scale, conformal\|none|temperature|sd_scale|conformal' "$BNN" predict runs/first -s predict.calibration=platt
    echo '{"rows": 15}' > runs/first/calibration.json
    refused 'run bnn calibrate runs/first again' "$BNN" predict runs/first -s predict.calibration=conformal
}

@test "predictions of another program are calibrated as a file, and columns that are not known are named" {
    cat > other.csv <<'CSV'
id,target,p_cat,p_dog
1,cat,0.99,0.01
2,dog,0.98,0.02
3,cat,0.97,0.03
4,dog,0.01,0.99
5,cat,0.03,0.97
6,dog,0.02,0.98
CSV
    "$BNN" calibrate other.csv -o out.csv > table.txt 2> talk.txt
    grep -q 'left out, not known here: id' talk.txt
    grep -q '^temperature   T = ' table.txt
    [ "$(head -1 out.csv)" = "label,p_cat,p_dog,entropy,target,log_lik" ]
    python3 - <<'PY'
import csv, math
# the likelihood's peak by bisection on its derivative in b = 1 / T: sum over rows of d (1 - sigma(b d)), d = log p_target - log p_other
d = [math.log(99), -math.log(49), math.log(.97 / .03), math.log(99), -math.log(.97 / .03), math.log(49)]
low, high = 0.05, 20
for _ in range(100):
    b = (low + high) / 2
    if sum(x * (1 - 1 / (1 + math.exp(-b * x))) for x in d) > 0: low = b
    else: high = b
row = next(csv.DictReader(open("out.csv")))
assert abs(math.log(float(row["p_cat"]) / float(row["p_dog"])) - b * math.log(99)) < 1e-5, (row, b)
PY
}

@test "faults of a file of predictions are one sentence with the line" {
    printf 'mean,sd\n1,2\n' > a.csv
    refused "no column 'target'" "$BNN" calibrate a.csv
    printf 'x,target\n1,2\n' > a.csv
    refused "no column 'mean'" "$BNN" calibrate a.csv
    printf 'mean,sd,target\n1,1,2\n1,0,2\n' > a.csv
    refused 'a.csv:3: sd = 0' "$BNN" calibrate a.csv
    printf 'mean,sd,target\n1,1,2\n1,x,2\n' > a.csv
    refused "a.csv:3: column 'sd': 'x'" "$BNN" calibrate a.csv
    printf 'mean,sd,target\n1,1,2\n1,2\n' > a.csv
    refused 'a.csv:3: 2 fields' "$BNN" calibrate a.csv
    printf 'mean,sd,target\n1,1,2\n' > a.csv
    refused 'at least 2' "$BNN" calibrate a.csv
    printf 'p_a,p_b,target\n.5,.5,a\n.5,.4,b\n' > a.csv
    refused 'a.csv:3: the probabilities do not add up' "$BNN" calibrate a.csv
    printf 'p_a,p_b,target\n.5,.5,a\n.5,.5,c\n' > a.csv
    refused "a.csv:3: target 'c'" "$BNN" calibrate a.csv
    printf '' > a.csv
    refused 'empty' "$BNN" calibrate a.csv
    refused 'nowhere.csv' "$BNN" calibrate nowhere.csv
}

@test "our own predictions of classes come back whole, and nothing is said to be left out" {
    make_data; make_config first classes.csv
    "$BNN" train -q first.ini likelihood.name=categorical > /dev/null
    "$BNN" predict runs/first > rows.csv
    "$BNN" calibrate rows.csv -o out.csv 2> talk.txt > /dev/null
    refute grep -q 'left out' talk.txt
    [ "$(head -1 out.csv)" = "$(head -1 rows.csv)" ]
}
