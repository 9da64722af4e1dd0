#!/usr/bin/env bats
# bnn laplace: a new run around a finished map run; the same bytes as training it in one go; mistakes that leave nothing behind.

load helpers

setup_all() { make_data; make_config first data.csv; "$BNN" train -q first.ini method.name=map data.valid_fraction=0.2; }

@test "the run lies beside its parent, names it, and has four files" {
    setup_all
    [ "$("$BNN" laplace runs/first/ 2> talk.txt)" = "runs/first-laplace" ]
    [ "$(ls runs/first-laplace | tr '\n' ' ')" = "config.ini log.txt manifest.json posterior.safetensors " ]
    grep -q '^name = laplace$' runs/first-laplace/config.ini
    grep -q '^name = first-laplace$' runs/first-laplace/config.ini
    cmp talk.txt runs/first-laplace/log.txt
    grep -q 'kron ggn curvature of 24 training rows over 25 of 25 weights (span = all), .* MB' talk.txt
    grep -q '^log evidence .* = log likelihood .* + Occam term .*; .* weights well determined' talk.txt
    grep -q '^prior precision: [0-9.]* times that of \[prior\] (prior_precision = evidence)$' talk.txt
    python3 - <<END
import hashlib, json
m = json.load(open("runs/first-laplace/manifest.json"))
sha = hashlib.sha256(open("runs/first/posterior.safetensors", "rb").read()).hexdigest()
assert m["parent"] == {"name": "first", "sha256": sha} and m["status"] == "finished", m
assert m["rows"] == {"train": 24, "valid": 6, "test": 10}
END
}

@test "the parent may be the current folder" {
    setup_all
    "$BNN" laplace -q runs/first
    cp runs/first-laplace/posterior.safetensors before
    (cd runs/first && [ "$(basename "$("$BNN" laplace -q . --force)")" = "first-laplace" ])
    cmp runs/first-laplace/posterior.safetensors before
    [ "$(ls runs | tr '\n' ' ')" = "first first-laplace " ]
}

@test "every structure, span and predictive: evaluate, predict, inspect, and the same bytes from bnn train" {
    setup_all
    for structure in kron diag full; do
        for span in all last_layer; do
            for predictive in linearised sampling; do
                rm -rf l t
                "$BNN" laplace -q runs/first "structure=$structure" "span=$span" "predictive=$predictive" -o l
                "$BNN" train -q l/config.ini -o t
                [ "$(grep -c -E '^(log evidence|prior precision)' t/log.txt)" -eq 2 ]
                cmp <(grep -E '^(log evidence|prior precision)' l/log.txt) <(grep -E '^(log evidence|prior precision)' t/log.txt)
                cmp l/config.ini t/config.ini
                cmp l/posterior.safetensors t/posterior.safetensors
                "$BNN" evaluate l --require 'rmse<1'
                "$BNN" predict l > p.csv
                awk -F, 'NR > 1 && !($4 > 0 && $2 > $3) { bad = 1 } END { exit bad || NR != 11 }' p.csv
                "$BNN" inspect l > page.txt
                grep "^posterior *$structure$" page.txt
            done
        done
    done
}

@test "further settings too give the same bytes from bnn train" {
    setup_all
    n=0
    for keys in prior_precision=validation 'prior_precision=fixed curvature=empirical_fisher' ggn_samples=2 \
        'per_layer=yes structure=diag --threads 1'; do
        n=$((n + 1))
        "$BNN" laplace -q runs/first $keys -o "l$n"
        "$BNN" train -q "l$n/config.ini" -o "t$n"
        cmp "l$n/posterior.safetensors" "t$n/posterior.safetensors"
    done
    [ "$(sha256sum l?/posterior.safetensors | cut -d ' ' -f 1 | sort -u | wc -l)" -eq 4 ]
}

@test "classes: probit and linearised" {
    make_data; make_config first classes.csv
    "$BNN" train -q first.ini method.name=map likelihood.name=categorical train.epochs=200
    for predictive in probit linearised; do
        "$BNN" laplace -q runs/first "predictive=$predictive" -o "$predictive"
        "$BNN" evaluate "$predictive" --require 'accuracy>0.7'
        "$BNN" predict "$predictive" > p.csv
        [ "$(cut -d , -f 1-4 p.csv | head -1)" = 'label,p_blue,p_red,entropy' ]
    done
}

# Bishop, Pattern Recognition and Machine Learning, 3.3 and 3.5: posterior, predictive variance and evidence of a linear model
@test "of a linear model it is the exact posterior, with the exact evidence" {
    python3 -c 'import numpy' || skip "needs numpy"
    make_data; make_config first data.csv
    "$BNN" train -q first.ini method.name=map net.hidden= likelihood.noise_sd=0.3 prior.sd=0.7 optimizer.name=bfgs train.batch=full
    "$BNN" laplace -q runs/first structure=full prior_precision=fixed
    "$BNN" predict runs/first-laplace data.csv > all.csv
    "$BNN" predict runs/first > test.csv
    "$BNN" inspect runs/first-laplace --json > in.json
    python3 - <<END
import csv, json
import numpy as np
d = np.genfromtxt("data.csv", delimiter=",", skip_header=1)
held = [float(r["target"]) for r in csv.DictReader(open("test.csv"))]
t = d[[not any(abs(v - h) < 1e-9 for h in held) for v in d[:, 2]]]
assert len(t) == 30
m, s = t.mean(0), t.std(0)
z = lambda a: np.column_stack([(a[:, :2] - m[:2]) / s[:2], np.ones(len(a))])
x, y = z(t), (t[:, 2] - m[2]) / s[2]
a = x.T @ x / 0.09 + np.eye(3) / 0.49
sd = s[2] * np.sqrt(np.einsum("ij,jk,ik->i", z(d), np.linalg.inv(a), z(d)))
mean = m[2] + s[2] * z(d) @ np.linalg.solve(a, x.T @ y / 0.09)
p = list(csv.DictReader(open("all.csv")))
error = abs(np.array([float(r["sd_epistemic"]) for r in p]) / sd - 1).max()
assert error < 1e-4, error         # float sums over 30 rows; the draws have the exact variance
error = abs(np.array([float(r["mean"]) for r in p]) - mean).max()
assert error < 1e-4, error
c = 0.49 * x @ x.T + 0.09 * np.eye(30)
evidence = -0.5 * (y @ np.linalg.solve(c, y) + np.linalg.slogdet(c)[1] + 30 * np.log(2 * np.pi))
got = json.load(open("in.json"))["facts"]["log_evidence"]
assert abs(got - evidence) < 1e-3, (got, evidence)
END
}

@test "inspect: certain weights have sd 0, factors are among the tensors, facts are there" {
    setup_all
    "$BNN" laplace -q runs/first structure=diag span=last_layer -o diag
    "$BNN" laplace -q runs/first -o kron
    "$BNN" laplace -q runs/first structure=full -o full
    for kind in kron full; do
        "$BNN" inspect "$kind" | awk '/^[0-9]+\.(weight|bias) / && NF == 6 { n++; bad += !($4 > 0 && $5 <= 1) } END { exit n != 4 || bad > 0 }'
    done
    "$BNN" inspect diag --json > diag.json
    "$BNN" inspect kron --json > kron.json
    "$BNN" inspect kron > page.txt
    grep -q '^prior_precision_factor  [0-9]' page.txt
    python3 - <<END
import json
d, k = json.load(open("diag.json")), json.load(open("kron.json"))
b = d["blocks"]
assert b["0.weight"]["mean_sd"] == 0 and b["0.weight"]["share_above_sd"] is None, b
assert 0 < b["1.weight"]["mean_sd"] < 1 and 0 <= b["1.weight"]["share_above_sd"] <= 1, b
assert k["posterior"] == "kron" and k["tensors"]["0.weight.kron.in_vectors"]["shape"] == [3, 3], k["tensors"]
f = k["facts"]
for name in ("log_evidence", "well_determined", "prior_precision_factor"): assert isinstance(f[name], (int, float)), f
assert f["predictive"] == "linearised" and f["method"] == "laplace" and abs(f["log_evidence"] + f["nll"] - f["occam"]) < 1e-9, f
END
}

@test "-n says what would be done and writes nothing, -q is silent" {
    setup_all
    "$BNN" laplace -n runs/first span=last_layer > said.txt
    grep -q 'over 7 of 25 weights' said.txt
    grep -q '^folder: runs/first-laplace$' said.txt
    [ "$(ls runs)" = "first" ]
    "$BNN" laplace -q runs/first 2> talk.txt
    [ ! -s talk.txt ]
}

@test "a folder that is there is refused; --force replaces it" {
    setup_all
    "$BNN" laplace -q runs/first
    refused 'runs/first-laplace: .*--force' "$BNN" laplace runs/first
    cp runs/first-laplace/posterior.safetensors before
    "$BNN" laplace -q runs/first structure=diag --force
    refute cmp -s runs/first-laplace/posterior.safetensors before
    [ "$(ls runs | tr '\n' ' ')" = "first first-laplace " ]
    refused 'runs/../runs/first: is the parent itself' "$BNN" laplace runs/first -o runs/../runs/first --force
}

@test "only a finished map run" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini
    refused 'runs/first: a run of method bbb: .*map run' "$BNN" laplace runs/first
    refused 'nowhere: not a run folder' "$BNN" laplace nowhere
    fails_with 3 'step' "$BNN" train -q first.ini method.name=map likelihood.noise_sd=0.1 optimizer.name=sgd optimizer.lr=1000 \
        train.batch=full -o bad
    refused 'bad: the run has no posterior, its status is failed' "$BNN" laplace bad
    "$BNN" train -q first.ini method.name=map -o map
    "$BNN" laplace -q map
    refused 'map-laplace: a run of method laplace' "$BNN" laplace map-laplace
}

@test "keys that do not exist or do not belong here" {
    setup_all
    refused 'unknown key "structre" in \[method\]; did you mean "structure"?' "$BNN" laplace runs/first structre=diag
    refused 'structure = dig' "$BNN" laplace runs/first structure=dig
    refused 'net.hidden=3: the new run keeps the settings of its parent' "$BNN" laplace runs/first net.hidden=3
    refused 'method.name=bbb: the method of the new run is laplace' "$BNN" laplace runs/first name=bbb
    fails_with 2 'laplace wants RUN' "$BNN" laplace
}

@test "what Laplace needs of the run" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini method.name=map
    refused 'prior_precision = validation: needs validation rows' "$BNN" laplace runs/first prior_precision=validation
    "$BNN" train -q first.ini method.name=map prior.name=laplace -o abs
    refused '\[prior\] name = laplace: Laplace needs a gaussian prior' "$BNN" laplace abs
}

@test "more memory than run.max_memory is a run-time failure that writes nothing" {
    setup_all
    fails_with 1 'structure = full needs .*, 1.0 kB may be used; kron needs' "$BNN" laplace runs/first structure=full run.max_memory=0.001
    fails_with 1 'structure = full needs' "$BNN" laplace -n runs/first structure=full run.max_memory=0.001
    [ "$(ls runs)" = "first" ]
}

@test "data that changed since the run" {
    setup_all; cp data.csv whole.csv
    sed -i '5s/^[^,]*/0.5/' data.csv
    refused 'data.csv: not the file that runs/first was trained on' "$BNN" laplace runs/first
    rm data.csv
    refused 'data.csv: no such file' "$BNN" laplace runs/first
    cp whole.csv data.csv
    sed -i 's/^test_fraction = .*/test_fraction = 0.5/' runs/first/config.ini
    refused 'no longer gives the rows' "$BNN" laplace runs/first
    sed -i 's/^test_fraction = .*/test_fraction = 0.25/' runs/first/config.ini
    rm runs/first/manifest.json
    refused 'no readable manifest.json' "$BNN" laplace runs/first
}
