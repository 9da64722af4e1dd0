#!/usr/bin/env bats
# bnn report: a page that stands alone, from any run; what it shows of names that come from elsewhere; what it says of bad input.

load helpers

setup_file() { command -v gnuplot > /dev/null || skip "needs gnuplot"; }

# figures REPORT: their kinds, in order, on one line; fails if the page is not sound
figures() {
    python3 "$ROOT/tests/read_report.py" "$1" > ids.txt || return 1
    sed 's/^f[0-9]*-//; s/-[0-9]*$//' ids.txt | uniq | paste -sd ' '
}

@test "every configuration without data of others gives a report that stands alone" {
    for config in "$ROOT"/configs/*.ini; do
        grep -q 'BNN_DATA' <(grep -v '^#' "$config") && continue
        grep -q '^ *\[sweep\]' "$config" && continue
        name="$(basename "$config" .ini)"
        "$BNN" train -q "$config" train.epochs=200 -o "$name"
        [ "$("$BNN" report "$name")" = "$name/report.html" ]
        figures "$name/report.html" > "$name.txt" || { echo "$name"; return 1; }
    done
    [ "$(cat sin40-bbb.txt)" = "curve sources scatter coverage pit risk signal pruning kl kl-curves training" ]
    [ "$(cat moons-bbb.txt)" = "map reliability risk confusion signal pruning kl kl-curves training" ]
    grep -q ' evidence ' polynomial-laplace.txt
}

@test "the page of a run is the same bytes whoever draws it" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a
    "$BNN" report a --threads 1 -o one.html
    LC_ALL=de_DE.UTF-8 GNUTERM=dumb "$BNN" report a --threads 2 -o two.html
    cmp one.html two.html
}

@test "names from data, classes and folders are text on the page, never markup or commands" {
    awk -v OFS=, 'BEGIN { print "\"<b>x'"'"'; system '"'"'touch hacked'"'"'\"", "\"`touch hacked`\"", "\"</script><script>alert(1)</script>\""
        for (i = 0; i < 40; i++) print i % 7, i % 5, i % 2 ? "\"\"\"><img src=x onerror=1>\"" : "\"a & b\xc3\xa9\"" }' > hostile.csv
    make_config hostile hostile.csv
    "$BNN" train -q hostile.ini likelihood.name=categorical -o '<i>run&'
    "$BNN" report '<i>run&' -o page.html
    [ "$(figures page.html)" = "map reliability risk confusion signal pruning kl kl-curves training" ]
    [ ! -e hacked ]
    refute grep -q '<img src=x\|<script>\|<b>x\|<i>run' page.html
    grep -q '&lt;i&gt;run&amp;' page.html
    grep -q '&quot;&gt;&lt;img src=x onerror=1&gt;' page.html
}

@test "several runs stand side by side" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a
    "$BNN" train -q first.ini method.name=map -o b
    [ "$("$BNN" report a b)" = "report.html" ]
    [ "$(figures report.html | tr ' ' '\n' | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd ' ')" = \
      "coverage=2 kl=1 kl-curves=1 map=2 pit=2 pruning=1 risk=2 scatter=2 signal=1 training=1" ]
    python3 - <<'PY'
import json, re
page = open("report.html").read()
numbers = json.loads(re.search(r'id="numbers">(.*?)</script>', page, re.S).group(1))
assert [run["run"] for run in numbers["runs"]] == ["a", "b"]
assert len(numbers["shared"]["training"]["tables"]) == 2, "both runs in the first training curve"
assert numbers["runs"][0]["metrics"]["rmse"]["value"] != numbers["runs"][1]["metrics"]["rmse"]["value"]
PY
}

@test "the numbers of a report are those of evaluate and predict" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a
    "$BNN" report a
    "$BNN" evaluate a --json > scores.json
    "$BNN" predict a -s 'predict.quantiles=0.05, 0.95' > rows.csv
    python3 - <<'PY'
import csv, json, re
run = json.loads(re.search(r'id="numbers">(.*?)</script>', open("a/report.html").read(), re.S).group(1))["runs"][0]
scores = json.load(open("scores.json"))
assert run["rows"] == scores["rows"] and run["split"] == scores["split"]
for name in ("rmse", "crps", "coverage_90", "log_lik"):
    got, want = run["metrics"][name], scores["metrics"][name]
    assert abs(got["value"] - want["value"]) < 1e-7 and abs(got["se"] - want["se"]) < 1e-7, name
rows = list(csv.DictReader(open("rows.csv")))
table = run["figures"]["scatter"]["tables"]["rows"]
assert len(rows) == len(table["rows"]) == run["rows"]
for row, (true, mean, low, high, sd) in zip(rows, table["rows"]):
    for got, name in ((true, "target"), (mean, "mean"), (low, "q05"), (high, "q95"), (sd, "sd")):
        assert abs(got - float(row[name])) < 1e-6 * max(1, abs(got)), name
PY
}

# The law of sin40: y = sin(2 pi x) + N(0, .05^2), x in [0, .5].
@test "the 90 % band of the 1-D demo covers fresh data, and is five times wider far outside" {
    "$BNN" train -q "$ROOT/configs/sin40-bbb.ini" -o sin
    python3 - <<'PY'
import math, random
r = random.Random(7)
with open("fresh.csv", "w") as f:
    f.write("x,y\n")
    for _ in range(4000):
        x = r.uniform(0, .5)
        f.write(f"{x!r},{math.sin(2 * math.pi * x) + r.gauss(0, .05)!r}\n")
open("far.csv", "w").write("x\n-1\n1.5\n")
PY
    "$BNN" predict sin fresh.csv -o fresh-out.csv
    "$BNN" predict sin far.csv -o far-out.csv
    python3 - <<'PY'
import csv
fresh, far = (list(csv.DictReader(open(f"{name}-out.csv"))) for name in ("fresh", "far"))
width = lambda row: float(row["q95"]) - float(row["q05"])
covered = sum(float(r["q05"]) <= float(r["target"]) <= float(r["q95"]) for r in fresh) / len(fresh)
inside, outside = sum(map(width, fresh)) / len(fresh), min(map(width, far))
print(f"coverage {covered:.4f}, width {inside:.3f} inside, {outside:.3f} outside")
assert .85 <= covered <= .95 and outside >= 5 * inside
PY
}

@test "a pruned run has a report too" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a
    "$BNN" prune a --keep 25 -o b
    "$BNN" report b
    [ "$(figures b/report.html)" = "map scatter coverage pit risk signal" ]
}

@test "confidence in many rows keeps the numbers of its axis apart" {
    awk 'BEGIN { print "x,class"; for (i = 0; i < 300; i++) print (i % 2 ? 5 : -5) + i % 7 / 10 "," (i % 2 ? "up" : "down") }' > apart.csv
    make_config apart apart.csv
    "$BNN" train -q apart.ini likelihood.name=categorical data.test_fraction=0.3 method.name=map -o a
    "$BNN" report a
    figures a/report.html
}

@test "a conformal calibration's intervals and sets are scored on the page, as by evaluate" {
    make_data; make_config first data.csv; make_config second classes.csv
    for run in "first width_interval" "second size_set"; do
        set -- $run
        "$BNN" train -q "$1.ini" likelihood.name=$([ "$1" = first ] && echo gaussian || echo categorical) data.valid_fraction=0.4
        "$BNN" calibrate -q "runs/$1" > /dev/null
        "$BNN" evaluate "runs/$1" -s predict.calibration=conformal --json > scores.json
        "$BNN" report "runs/$1" -s predict.calibration=conformal
        NAME=$2 PAGE=runs/$1/report.html python3 - <<'PY'
import json, os, re
run = json.loads(re.search(r'id="numbers">(.*?)</script>', open(os.environ["PAGE"]).read(), re.S).group(1))["runs"][0]
want, got = json.load(open("scores.json"))["metrics"], run["metrics"]
assert set(got) == set(want), (got, want)
got, want = got[os.environ["NAME"]], want[os.environ["NAME"]]
assert want["value"] > 0 and abs(got["value"] - want["value"]) < 1e-7 and got["baseline"] is None, (got, want)
PY
    done
}

@test "a page warns of a fit that has not converged, of rows that differ between runs, and only then" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a; "$BNN" train -q first.ini run.seed=2 method.members=2 -o b
    "$BNN" report a a -o same.html; "$BNN" report a b -o other.html
    refute grep -q 'class="warning"' same.html
    grep -q 'class="warning"><b>Not the same rows' other.html
    refute grep -q 'next member begins' same.html
    grep -q 'next member begins' other.html
    echo "stopped after 9 iterations, not converged: no step lowers the loss" >> a/log.txt
    "$BNN" report a
    grep -q 'class="warning"><b>Warning.</b> stopped after 9 iterations' a/report.html
}

@test "rows from elsewhere get their histograms, whatever classes they have" {
    make_data; make_config first classes.csv
    "$BNN" train -q first.ini likelihood.name=categorical -o a
    awk -F, -v OFS=, 'NR == 1 { print "a,b,colour"; next } { print $1, $2, "green" }' classes.csv > green.csv
    "$BNN" report a --ood green.csv
    awk -F, -v OFS=, 'NR == 1 { print "a,b"; next } { print $1 * 9, $2 + 30 }' classes.csv > far.csv
    "$BNN" report a --ood far.csv
    [[ "$(figures a/report.html)" == *" confusion elsewhere signal "* ]]
    bad_sentence="no such file"
    fails_with 2 "$bad_sentence" "$BNN" report a --ood nowhere.csv -o page.html
    [ ! -e page.html ]
}

@test "what is no finished run, and a missing gnuplot, are one sentence, and no page is left" {
    make_data; make_config first data.csv
    "$BNN" train -q first.ini -o a
    mkdir empty
    refused "not a run folder" "$BNN" report empty
    refused "not a run folder" "$BNN" report a nowhere -o page.html
    refused "report wants RUN" "$BNN" report
    fails_with 1 "gnuplot-nox" env PATH=/nowhere "$BNN" report a
    [ "$(wc -l < stderr.txt)" -eq 1 ] && [ ! -e a/report.html ]
    fails_with 1 "cannot write" "$BNN" report a -o nowhere/page.html
}
