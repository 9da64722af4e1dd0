#!/usr/bin/env bats
# bnn report SWEEP: the numbers of its tables, what is better said rightly, unfinished and failed sweeps, names that come from elsewhere.

load helpers

setup_file() { command -v gnuplot > /dev/null || skip "needs gnuplot"; }

# figures PAGE: ids of its figures, one a line; fails if the page is not sound
figures() { python3 "$ROOT/tests/read_report.py" "$1"; }

# numbers PAGE EXPRESSION: of its JSON, as the variable d
numbers() {
    python3 -c "
import json, re, sys
d = json.loads(re.search(r'id=\"numbers\">(.*?)</script>', open(sys.argv[1]).read(), re.S).group(1))
print($2)" "$1"
}

# make_sweep [LINES OF SWEEP]: tiny runs on data.csv, compared with map
make_sweep() {
    make_data
    { printf '[sweep]\nmethod.name = map | bbb\nrun.seed = 1:4\nbaseline = method=map\n'
      [ $# -eq 0 ] || printf '%s\n' "$@"
      printf '[data]\ntrain = data.csv\ntest_fraction = 0.25\n[net]\nhidden = 4\n[optimizer]\nlr = 1e-2\n[train]\nepochs = 40\nbatch = 10\n'
      printf '[predict]\nsamples = 10\n'; } > s.ini
}

# make_tables: a sweep of numbers made by hand. rmse of a: 1, 3; of b: 0.5, 2.1, so b - a is -0.5, -0.9: mean -0.7, se 0.2. log_lik of a: -1, -3;
# of b: -1.25, -3.75: mean difference -0.5, se 0.25. crps differs by 0.1 and -0.1: mean 0, se 0.1.
make_tables() {
    mkdir hand
    printf '[sweep]\nconfig = x/a.ini | x/b.ini\nrun.seed = 1:2\nbaseline = config=a\n' > hand/sweep.ini
    cat > hand/results.csv <<'END'
run,config,run.seed,status,rows,rmse,rmse_se,log_lik,log_lik_se,crps,crps_se
"a,seed=1",x/a.ini,1,finished,10,1,,-1,,2,
"a,seed=2",x/a.ini,2,finished,10,3,,-3,,2,
"b,seed=1",x/b.ini,1,finished,10,0.5,,-1.25,,2.1,
"b,seed=2",x/b.ini,2,finished,10,2.1,,-3.75,,1.9,
END
    cat > hand/summary.csv <<'END'
config,metric,runs,mean,se,pairs,difference,difference_se
x/a.ini,rmse,2,2,1,0,,
x/a.ini,log_lik,2,-2,1,0,,
x/a.ini,crps,2,2,0,0,,
x/b.ini,rmse,2,1.3,0.8,2,-0.7,0.2
x/b.ini,log_lik,2,-2.5,1.25,2,-0.5,0.25
x/b.ini,crps,2,2,0.1,2,0,0.1
END
    printf 'run,seconds,processor_seconds,memory_mb,threads,host\n"a,seed=1",1,2,9,1,h\n"a,seed=2",3,4,9,1,h\n"b,seed=1",10,10,9,1,h\n"b,seed=2",,,,,\n' \
        > hand/timings.csv
}

@test "means and paired differences on the page are those of results.csv" {
    make_sweep
    "$BNN" sweep s.ini -o out -q -j 2
    [ "$("$BNN" report out)" = "out/report.html" ]
    figures out/report.html > ids.txt
    # the run is the first, quoted field and holds one comma: method $3, seed $4, metrics from $7 on
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i + 1] = $i; next }
             { for (i = 7; i <= NF; i += 2) { v[$3, $4, i] = $i; sum[$3, i] += $i; columns = i } }
             END { for (i = 7; i <= columns; i += 2) { d = 0; for (s = 1; s <= 4; s++) d += v["bbb", s, i] - v["map", s, i]
                       if (v["map", 1, i] != "") printf "%s map mean %.10g\n", name[i], sum["map", i] / 4
                       if (v["map", 1, i] != "" && v["bbb", 1, i] != "") printf "%s bbb difference %.10g\n", name[i], d / 4 } }' out/results.csv > want.txt
    [ "$(wc -l < want.txt)" -ge 16 ]
    python3 - <<'PY'
import json, re
d = json.loads(re.search(r'id="numbers">(.*?)</script>', open("out/report.html").read(), re.S).group(1))
groups = {g["values"]["method.name"]: g for g in d["groups"]}
assert groups["map"]["is_baseline"] and not groups["bbb"]["is_baseline"]
for line in open("want.txt"):
    metric, method, what, value = line.split()
    got = groups[method]["metrics"][metric][what]
    assert abs(got - float(value)) <= 1e-7 * max(1, abs(got)), (line, got)
drawn = d["figures"]["rmse"]["groups"]["tables"]
for label, row in zip(drawn["means"]["labels"], drawn["means"]["rows"]):
    assert row[0] == groups[label]["metrics"]["rmse"]["mean"] and row[2] == 4
assert len(drawn["runs"]["rows"]) == 8
assert d["figures"]["rmse"]["differences"]["tables"]["differences"]["rows"][0][0] == groups["bbb"]["metrics"]["rmse"]["difference"]
PY
}

@test "better and worse are said rightly, whichever way a metric points" {
    make_tables
    "$BNN" report hand
    figures hand/report.html > ids.txt
    grep -q 'Left of zero is better. b: better by 0.7 (3.5 standard errors, 2 pairs).' hand/report.html
    grep -q 'Right of zero is better. b: worse by 0.5 (2.0 standard errors, 2 pairs).' hand/report.html
    grep -q 'b: no clear difference (0.0 standard errors, 2 pairs).' hand/report.html
    [ "$(numbers hand/report.html 'd["figures"]["rmse"]["groups"]["tables"]["means"]["labels"]')" = "['b', 'a']" ]
    [ "$(numbers hand/report.html 'd["figures"]["log_lik"]["groups"]["tables"]["means"]["labels"]')" = "['a', 'b']" ]
    grep -q '<b>4 of 4 runs</b> finished, in 2 groups. The runs took 14 s in all, added up; 16 s of processor time' hand/report.html
    [ "$(numbers hand/report.html '[g["seconds"] for g in d["groups"]]')" = "[2.0, 10.0]" ]
    # the best mean of each metric, and no other, is bold: rmse of b, log_lik of a, crps of both
    [ "$(sed -n '/id="summary"/,/<\/table>/p' hand/report.html | grep -o '<td><b>[^ ]*' | tr '\n' ' ')" = "<td><b>-2.0 <td><b>2.0000 <td><b>1.30 <td><b>2.00 " ]
}

@test "an axis of numbers has its curve, logarithmic where its values are; an axis of two values, words or seeds has none" {
    make_sweep 'prior.sd = 0.01 | 0.1 | 1 | 10' 'net.hidden = 3 | 4'
    sed -i 's/1:4/1:3/; s/^hidden.*//' s.ini
    "$BNN" sweep s.ini -o out -q -j 2 train.epochs=3
    "$BNN" report out
    [ "$(figures out/report.html | sed -n 's/^m1-axis-//p')" = 1 ]
    grep -q 'rmse against prior.sd' out/report.html
    grep -q 'The horizontal axis is logarithmic' out/report.html
    [ "$(numbers out/report.html '[len(t["rows"]) for t in d["figures"]["rmse"]["axis"]["tables"].values()]')" = "[4, 4, 4, 4]" ]
    [ "$(numbers out/report.html '[r[0] for r in d["figures"]["rmse"]["axis"]["tables"]["line1"]["rows"]]')" = "[0.01, 0.1, 1.0, 10.0]" ]
}

@test "fits that went astray do not squeeze the others into a line: the picture leaves them out and says so" {
    mkdir hand
    printf '[sweep]\nprior.sd = 1 | 2 | 3 | 4\n' > hand/sweep.ini
    echo 'run,prior.sd,status,rows,log_lik,log_lik_se' > hand/results.csv
    echo 'prior.sd,metric,runs,mean,se,pairs,difference,difference_se' > hand/summary.csv
    for run in 1,-1.5 2,-2.5 3,-1.25 4,-3e20; do
        echo "sd=${run%,*},${run%,*},finished,10,${run#*,}," >> hand/results.csv
        echo "${run%,*},log_lik,1,${run#*,},,0,," >> hand/summary.csv
    done
    "$BNN" report hand
    [ "$(grep -c '1 group is too far off for this picture' hand/report.html)" -ge 2 ]
    [ "$(numbers hand/report.html 'd["figures"]["log_lik"]["groups"]["tables"]["means"]["rows"][3][0]')" = "-3e+20" ]
    refute grep -q 'e+20</text>\|e+20 *</text>' hand/report.html
    sed -i 's/-3e20/-30/' hand/*.csv
    "$BNN" report hand
    refute grep -q 'too far off' hand/report.html
}

@test "data sets have pictures of their own, and [sweep] metrics says of what" {
    make_sweep 'set = data | second' 'metrics = mae'
    awk -F, -v OFS=, 'NR > 1 { $3 *= 1000 } 1' data.csv > second.csv
    sed -i 's/^train *=.*/train = {set}.csv/; s/1:4/1:2/' s.ini
    "$BNN" sweep s.ini -o out -q -j 2
    "$BNN" report out
    [ "$(figures out/report.html | paste -sd ' ')" = "m1-groups-1 m1-groups-2 m1-differences-1 m1-differences-2 m2-groups-1" ]
    [ "$(numbers out/report.html '[d["figures"]["mae"][f]["title"] for f in ("groups", "groups-2")]')" = "['mae: data', 'mae: second']" ]
    [ "$(numbers out/report.html 'sorted(d["figures"]["seconds"]["groups"]["tables"]["means"]["labels"])')" = \
      "['bbb, data', 'bbb, second', 'map, data', 'map, second']" ]
}

@test "values chosen by tuning are counted, those that nobody chose as well" {
    make_sweep
    printf '[tune]\nprior.sd = 0.001 | 1 | 3\nfraction = 0.3\nscore = rmse\n' >> s.ini
    sed -i 's/1:4/1:3/; s/^epochs.*/epochs = 100/' s.ini
    "$BNN" sweep s.ini -o out -q -j 2
    "$BNN" report out
    for value in 0.001 1 3; do
        want="$(awk -F, -v value=$value 'NR > 1 && $6 == value { n++ } END { print n + 0 }' out/results.csv)"
        [ "$(numbers out/report.html "d['tuned']['prior.sd']['$value']")" = "$want" ]
        [ "$value" != 0.001 ] || [ "$want" = 0 ]
    done
    [ "$(numbers out/report.html 'sum(d["tuned"]["prior.sd"].values())')" = 6 ]
}

@test "failed and waiting runs are counted, named and left out; a sweep that has only begun has a page" {
    make_tables
    sed -i 's/^"b,seed=2",x\/b.ini,2,finished.*/"b,seed=2",x\/b.ini,2,failed,,,,,,,/; s/^"a,seed=2",x\/a.ini,2,finished.*/"a,seed=2",x\/a.ini,2,stopped,,,,,,,/' \
        hand/results.csv
    echo 'b,seed=2: the objective is <not> finite' > hand/failures.txt
    "$BNN" report hand
    grep -q '<b>2 of 4 runs</b> finished, 1 failed, 1 waiting' hand/report.html
    grep -q '1 of 4 runs are waiting' hand/report.html
    grep -q 'the objective is &lt;not&gt; finite' hand/report.html
    [ "$(numbers hand/report.html '[r["status"] for r in d["runs"]]')" = "['finished', 'waiting', 'finished', 'failed']" ]
    make_sweep
    sed -i 's/^epochs.*/epochs = 100000/' s.ini
    "$BNN" sweep s.ini -o begun -q &
    sweep=$!
    for _ in $(seq 500); do [ -e begun/summary.md ] && break; sleep 0.01; done
    kill -KILL $sweep; wait $sweep || true
    "$BNN" report begun
    grep -q '<b>0 of 8 runs</b> finished, 8 waiting' begun/report.html
}

@test "runs that have a report of their own are linked, and only they" {
    make_sweep
    "$BNN" sweep s.ini -o out -q -j 2 train.epochs=2
    "$BNN" report "out/method=bbb,seed=2" > /dev/null
    "$BNN" report out
    figures out/report.html > ids.txt
    [ "$(grep -o 'href="[^"#]*"' out/report.html)" = 'href="./method=bbb,seed=2/report.html"' ]
    "$BNN" report out -o elsewhere.html
    refute grep -q 'href="\./' elsewhere.html
}

@test "names in tables are text on the page, never markup or commands" {
    make_tables
    sed -i "s/x\/a.ini/\"<img src=x onerror=1>' system 'touch hacked\"/; s/crps/<b>x/g" hand/results.csv hand/summary.csv
    sed -i "s/\"b,seed=1\"/javascript:<i>x/" hand/results.csv
    mkdir 'hand/javascript:<i>x'; touch 'hand/javascript:<i>x/report.html'
    printf '[sweep]\nmetrics = rmse, <b>x\nbaseline = config=<script>\n' > hand/sweep.ini
    "$BNN" report hand
    figures hand/report.html > ids.txt
    [ ! -e hacked ]
    refute grep -q '<img\|<i>\|<script>\|<b>x\|href="javascript' hand/report.html
    grep -q 'href="./javascript:%3Ci%3Ex/report.html"' hand/report.html
    grep -q '&lt;img src=x onerror=1&gt;' hand/report.html
}

@test "what is no sweep, or one whose tables do not fit together, is one sentence, and no page is left" {
    make_sweep; mkdir empty
    refused 'empty: not a run folder and not that of a sweep' "$BNN" report empty
    "$BNN" sweep s.ini -o out -q --index 0
    refused 'out: this sweep has no results.csv yet' "$BNN" report out
    "$BNN" sweep s.ini -o out -q -j 2
    refused 'out: is a sweep.*name it alone' "$BNN" report out "out/method=map,seed=1"
    refused 'out: is a sweep.*name it alone' "$BNN" report "out/method=map,seed=1" out
    refused 'out: is a sweep.*--ood' "$BNN" report out --ood data.csv
    refused 'out: is a sweep.*predict.samples=3' "$BNN" report out predict.samples=3
    "$BNN" report out --threads 1 -o page.html
    rm page.html
    cp out/summary.csv whole.csv
    sed -i '3s/map/mcmc/' out/summary.csv
    refused 'summary.csv:3: does not belong to the results.csv' "$BNN" report out
    cp whole.csv out/summary.csv
    sed -i '2s/$/,1/' out/results.csv
    refused 'results.csv:2: ' "$BNN" report out
}
