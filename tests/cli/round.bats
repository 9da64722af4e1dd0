#!/usr/bin/env bats
# A whole round: train, evaluate, predict, inspect, and the same bytes again.

load helpers

@test "train prints the run folder alone on stdout and leaves the five files" {
    make_data; make_config first data.csv
    "$BNN" train first.ini > out.txt 2> talk.txt
    [ "$(cat out.txt)" = "runs/first" ]
    [ "$(ls runs/first | tr '\n' ' ')" = "config.ini log.txt manifest.json metrics.csv posterior.safetensors " ]
    [ "$(ls -a runs/first | wc -l)" -eq 7 ]
    grep -q 'epoch 60/60' talk.txt
    [ "$(grep -c '^epoch' talk.txt)" -eq 20 ]
}

@test "metrics.csv has one row per epoch, and elbo = -(nll + kl)" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    [ "$(head -1 runs/first/metrics.csv)" = "epoch,step,lr,nll,kl,elbo,kl_weight,kl_0,kl_1" ]
    [ "$(wc -l < runs/first/metrics.csv)" -eq 61 ]
    awk -F, 'NR > 1 && ($6 + $4 + $5 > 1e-9 * $5 || $6 + $4 + $5 < -1e-9 * $5) { bad = 1 } END { exit bad }' runs/first/metrics.csv
    awk -F, 'NR > 1 && ($8 + $9 - $5 > 1e-9 * $5 || $8 + $9 - $5 < -1e-9 * $5) { bad = 1 } END { exit bad }' runs/first/metrics.csv
    "$BNN" train -q first.ini method.name=map data.valid_fraction=0.2 -o map
    [ "$(head -1 map/metrics.csv)" = "epoch,step,lr,nll,neg_log_prior,log_joint,valid_nll" ]
}

@test "manifest.json holds the facts of the run" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini run.seed=5
    python3 - <<END
import hashlib, json
m = json.load(open("runs/first/manifest.json"))
assert m["status"] == "finished" and m["seed"] == 5 and m["rows"] == {"train": 30, "test": 10}, m
assert m["data"][0]["sha256"] == hashlib.sha256(open("data.csv", "rb").read()).hexdigest()
assert m["argv"][1:] == ["train", "-q", "first.ini", "run.seed=5"]
assert m["finished"] >= m["started"] and m["started"].endswith("Z") and m["processor_seconds"] > 0
assert m["blas"]["core"] and m["blas"]["products"] in ("AVX-512", "AVX2", "BLAS") and m["version"] and m["commit"] and m["threads"] >= 1
END
}

@test "evaluate beats the constant predictor, as a table and as JSON" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini train.epochs=500
    "$BNN" evaluate runs/first > table.txt
    awk '$1 == "rmse" { found = 1; exit !($2 < $4 / 3) } END { exit !found }' table.txt
    "$BNN" evaluate runs/first --json > test.json
    "$BNN" evaluate runs/first --split train --json > train.json
    python3 - <<END
import json
test, train = json.load(open("test.json")), json.load(open("train.json"))
names = "rmse mae r2 log_lik log_lik_moment crps coverage_50 coverage_90 coverage_95 pit_ks".split()
assert sorted(test) == ["metrics", "rows", "run", "split"], test
assert (test["run"], test["split"], test["rows"]) == ("runs/first", "test", 10)
assert list(test["metrics"]) == names and test["metrics"]["rmse"]["se"] > 0
assert list(train["metrics"]) == names + ["elbo", "nll", "kl"] and train["rows"] == 30
m = train["metrics"]
assert m["elbo"]["se"] is None and abs(m["elbo"]["value"] + m["nll"]["value"] + m["kl"]["value"]) < 1e-6
END
}

@test "--require exits with 4 and names only what does not hold" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    "$BNN" evaluate runs/first --require 'rmse<1e3' --require 'rmse >= 0'
    fails_with 4 'rmse<1e-9' "$BNN" evaluate runs/first --require 'rmse<1e-9' --require 'mae<1e3'
    [ "$(grep -c "required" stderr.txt)" -eq 1 ]
    fails_with 2 'did you mean "rmse"' "$BNN" evaluate runs/first --require 'rmsee<1'
    fails_with 2 'are allowed' "$BNN" evaluate runs/first --require 'rmse=1'
}

@test "predict writes one row per row, to stdout, to a file, and from standard input" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    "$BNN" predict runs/first > test.csv
    [ "$(head -1 test.csv)" = "mean,sd,sd_aleatoric,sd_epistemic,q05,q50,q95,target,log_lik" ]
    [ "$(wc -l < test.csv)" -eq 11 ]
    "$BNN" predict runs/first data.csv -o all.csv
    [ "$(wc -l < all.csv)" -eq 41 ]
    cut -d, -f1,2 data.csv | "$BNN" predict runs/first - > bare.csv
    [ "$(head -1 bare.csv)" = "mean,sd,sd_aleatoric,sd_epistemic,q05,q50,q95" ]
    cut -d, -f1-7 all.csv | cmp - bare.csv
    "$BNN" predict runs/first -s predict.samples=3 -s predict.quantiles=0.975 | head -1 | grep -q ',q975,target'
    fails_with 2 'keeps its settings' "$BNN" predict runs/first net.hidden=3
}

@test "classes are predicted by name" {
    make_data; make_config first classes.csv
    "$BNN" train -q first.ini likelihood.name=categorical train.epochs=200
    "$BNN" predict runs/first | head -1 | grep -q '^label,p_blue,p_red,entropy,entropy_aleatoric,mutual_information,target,log_lik$'
    "$BNN" evaluate runs/first --require 'accuracy>0.7' | grep -q '^ece '
    sed 's/red$/green/' classes.csv > other.csv
    bad_row=$(grep -n 'green' other.csv | head -1 | cut -d: -f1)
    fails_with 2 "other.csv:$bad_row: column 'colour': unknown class 'green'" "$BNN" evaluate runs/first other.csv
}

@test "inspect reads a run and a bare file, and counts the weights" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    cp runs/first/posterior.safetensors alone.safetensors
    "$BNN" inspect runs/first | tail -n +2 > a.txt
    "$BNN" inspect alone.safetensors | tail -n +2 | cmp - a.txt
    "$BNN" inspect runs/first --json > in.json
    python3 - <<END
import json
m = json.load(open("in.json"))
assert m["weights"] == 2 * 6 + 6 + 6 + 1 and m["parameters"] == m["weights"] + 1
assert m["tensors"]["0.weight"]["shape"] == [6, 2] and m["facts"]["method"] == "bbb"
assert all(0 <= m["blocks"][b]["share_above_sd"] <= 1 for b in ("0.weight", "0.bias", "1.weight", "1.bias"))
assert m["facts"]["elbo"] < 0 and m["layers"][1]["outputs"] == 1
END
}

@test "config fed back gives the same configuration and the same posterior, byte for byte" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini run.seed=3 optimizer.schedule=cosine
    "$BNN" config first.ini run.seed=3 optimizer.schedule=cosine | cmp - runs/first/config.ini
    "$BNN" train -q runs/first/config.ini -o again
    cmp runs/first/config.ini again/config.ini
    cmp runs/first/posterior.safetensors again/posterior.safetensors
    cmp runs/first/metrics.csv again/metrics.csv
}

@test "one and two threads give the same posterior, byte for byte" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini net.hidden=300,300 train.batch=full train.epochs=5 --threads 1 -o one
    "$BNN" train -q first.ini net.hidden=300,300 train.batch=full train.epochs=5 --threads 2 -o two
    cmp one/posterior.safetensors two/posterior.safetensors
    cmp one/metrics.csv two/metrics.csv
}

@test "another seed gives another posterior" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o one
    "$BNN" train -q first.ini run.seed=2 -o two
    refute cmp -s one/posterior.safetensors two/posterior.safetensors
}

@test "posterior.safetensors opens in an independent reader with the shapes that inspect prints" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    python3 "$ROOT/tests/read_safetensors.py" runs/first/posterior.safetensors | sed -n 's/^\([^ ]* F[0-9]* \[[^]]*\]\) .*/\1/p' > reader.txt
    "$BNN" inspect runs/first | awk '$2 ~ /^F(32|64)$/ { $1 = $1; print }' | sed 's/^\([^ ]* F[0-9]* \[[^]]*\]\).*/\1/' | sort > inspect.txt
    [ "$(wc -l < reader.txt)" -eq 9 ]
    sort reader.txt | cmp - inspect.txt
}
