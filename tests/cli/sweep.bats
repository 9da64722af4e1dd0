#!/usr/bin/env bats
# Many runs from one file: the same results however they are run, tuning that does not see the test rows, bad files refused.

load helpers

# make_sweep NAME: twelve runs of some hundredths of a second on data.csv, each with several checkpoints.
make_sweep() {
    make_data
    cat > "$1.ini" <<END
[sweep]
run.seed    = 1:6
method.name = map | bbb
baseline    = method.name=map
[data]
train         = data.csv
test_fraction = 0.25
[net]
hidden = 20
[train]
epochs             = 1500
batch              = 10
checkpoint_minutes = 0.0003
[predict]
samples = 20
END
}

same_tables() { cmp "$1/results.csv" "$2/results.csv" && cmp "$1/summary.csv" "$2/summary.csv" && cmp "$1/summary.md" "$2/summary.md"; }

@test "one at a time, two at a time, index by index and by a job script: the same tables" {
    make_sweep s
    "$BNN" sweep s.ini -o one -j 1 > out.txt 2> err.txt
    [ "$(wc -l < one/results.csv)" -eq 13 ]
    grep -q '^bbb .* 6 ' out.txt
    grep -q '12 of 12 runs done' err.txt
    "$BNN" sweep s.ini -o two -j 2 -q
    same_tables one two
    for i in 3 0 11; do "$BNN" sweep s.ini -o index --index "$i" -q; done
    [ "$(ls -d index/*/ | wc -l)" -eq 3 ]
    "$BNN" sweep s.ini -o index -q
    same_tables one index
    "$BNN" sweep s.ini -o script --emit parallel > job.sh
    JOBS=2 sh job.sh > job.txt 2>&1
    same_tables one script
    "$BNN" sweep s.ini -o script --emit list > list.txt
    [ "$(wc -l < list.txt)" -eq 12 ]
    rm -r script
    head -n 2 list.txt | sh
    [ -s "script/seed=1,method=bbb/result.json" ] && [ ! -e script/results.csv ]
}

@test "a sweep killed at random, with its runs or without, and started again: the same tables" {
    make_sweep s
    "$BNN" sweep s.ini -o whole -q
    for i in $(seq 10); do
        "$BNN" sweep s.ini -o killed -j 2 -q 2> talk.txt &
        sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
        if [ $((i % 3)) -eq 0 ]; then kill -KILL $(ps --ppid $! -o pid=) 2> /dev/null || true; fi
        kill -KILL $! 2> /dev/null || true
        wait $! 2> /dev/null || true
    done
    "$BNN" sweep s.ini -o killed -q
    same_tables whole killed
}

@test "SIGTERM stops a sweep with checkpoints and 75; the same command goes on to the same tables" {
    make_sweep s
    "$BNN" sweep s.ini -o whole -q train.epochs=6000
    "$BNN" sweep s.ini -o stopped -j 2 -q train.epochs=6000 2> talk.txt &
    for _ in $(seq 500); do compgen -G "stopped/*/checkpoint/step*" > /dev/null && break; sleep 0.01; done
    kill -TERM $!
    code=0; wait $! || code=$?
    [ "$code" -eq 75 ]
    grep -q 'runs to go; the same command goes on' talk.txt
    compgen -G "stopped/*/checkpoint/step*"
    "$BNN" sweep s.ini -o stopped -q train.epochs=6000
    same_tables whole stopped
}

@test "one run that is killed costs itself alone, is named with exit code 1, and is done at the next start" {
    make_sweep s
    sed -i 's/1:6/1:2/; s/^epochs.*/epochs = 15000/' s.ini
    "$BNN" sweep s.ini -o whole -q
    "$BNN" sweep s.ini -o hurt -q 2> talk.txt &
    sweep=$!
    for _ in $(seq 500); do child="$(ps --ppid $sweep -o pid=)" && [ -n "$child" ] && break; sleep 0.01; done
    kill -KILL $child
    code=0; wait $sweep || code=$?
    [ "$code" -eq 1 ]
    [ "$(grep -c 'failed: killed by signal 9' talk.txt)" -eq 1 ]
    [ "$(grep -c ',finished,' hurt/results.csv)" -eq 3 ]
    [ "$(grep -c 'killed by signal 9' hurt/failures.txt)" -eq 1 ]
    "$BNN" sweep s.ini -o hurt -q
    same_tables whole hurt
    [ ! -e hurt/failures.txt ]
}

@test "a run whose numbers overflow is named and the rest goes on; it is not tried again" {
    make_sweep s
    sed -i 's/^method.name.*/optimizer.lr = 1e-3 | 10\nprior.sd = 1 | 1e-300\nmethod.name = map/; /^baseline/d; s/1:6/1:2/' s.ini
    fails_with 1 'failed: ' "$BNN" sweep s.ini -o out -j 2 -q
    grep -q '^"seed=1,lr=0.001,sd=1".*finished' <(sed 's/1e-3/0.001/' out/results.csv)
    [ "$(grep -c ',failed,' out/results.csv)" -ge 1 ]
    cp out/results.csv first.csv
    fails_with 1 'failed: ' "$BNN" sweep s.ini -o out -q
    cmp first.csv out/results.csv
}

@test "the summary's means, standard errors and paired differences are those of results.csv" {
    make_sweep s
    "$BNN" sweep s.ini -o out -q -j 2
    python3 - <<'END'
import csv, math, statistics as st
rows = list(csv.DictReader(open('out/results.csv')))
se = lambda v: st.stdev(v) / math.sqrt(len(v))
for line in csv.DictReader(open('out/summary.csv')):
    name, metric = line['method.name'], line['metric']
    of = lambda m: [float(r[metric]) for r in rows if r['method.name'] == m]
    if not rows[0][metric]: continue
    assert abs(float(line['mean']) - st.mean(of(name))) < 1e-12 * max(1, abs(st.mean(of(name)))), line
    assert abs(float(line['se']) - se(of(name))) < 1e-12 * max(1, se(of(name))), line
    if name == 'map':
        assert line['pairs'] == '0', line
        continue
    d = [a - b for a, b in zip(of(name), of('map'))]
    assert line['pairs'] == '6' and abs(float(line['difference']) - st.mean(d)) < 1e-9 and abs(float(line['difference_se']) - se(d)) < 1e-9, line
END
}

@test "an axis that only some variants have multiplies those alone, and a name of its own goes into other values" {
    make_sweep s
    cp data.csv second.csv
    sed -i '/^baseline/d; s/^run.seed.*/set = data | second\nmethod.init_sd = 0.01 | 0.1/; s/^train *=.*/train = {set}.csv/; s/^epochs.*/epochs = 5/' s.ini
    "$BNN" sweep s.ini -n > out.txt
    [ "$(grep -c 'method=map' out.txt)" -eq 2 ] && [ "$(grep -c 'method=bbb' out.txt)" -eq 4 ] && grep -q 'set=second,init_sd=0.1,method=bbb' out.txt
    "$BNN" sweep s.ini -o out -q
    grep -q '/second.csv' "out/set=second,init_sd=0.1,method=bbb/config.ini"
}

@test "several base configurations and settings of the sweep file over them" {
    make_data; make_config a data.csv; make_config b data.csv
    sed -i 's/hidden = 6/hidden = 3/' b.ini
    printf '[sweep]\nconfig = a.ini | b.ini\ndata.split = 0\nrun.seed = 1:2\nbaseline = config=a\n[train]\nepochs = 4\n' > s.ini
    "$BNN" sweep s.ini -q -o out
    [ "$(ls -d out/*/ | tr '\n' ' ')" = "out/a,seed=1/ out/a,seed=2/ out/b,seed=1/ out/b,seed=2/ " ]
    grep -q '^hidden = 3' "out/b,seed=1/config.ini" && grep -q '^epochs = 4' "out/b,seed=1/config.ini"
    grep -q 'Difference from config=a' out/summary.md
}

@test "what is wrong with a sweep is refused before its first run, with file and line" {
    make_data
    data='[data]\ntrain = data.csv\ntest_fraction = 0.25\n[train]\nepochs = 5\n'
    try() { printf "$2$data" > bad.ini; refused "$1" "$BNN" sweep bad.ini; }
    try 'bad.ini:2: .*no option is called "prior.sdd"; did you mean "prior.sd"' '[sweep]\nprior.sdd = 1 | 2\n'
    try 'bad.ini:2: .*run.seed has no value' '[sweep]\nrun.seed =\n'
    try 'bad.ini:2: two runs would share the folder seed=1' '[sweep]\nrun.seed = 1, 2, 1\n'
    try 'bad.ini:2: two runs would share the folder' '[sweep]\nset = a b | a/b\nrun.max_memory = 0\ndata.ignore = {set}\n'
    try 'bad.ini:2: .*5:1: lo:hi are the integers' '[sweep]\nrun.seed = 5:1\n'
    try 'bad.ini:2: unknown key "jbos".*did you mean "jobs"' '[sweep]\njbos = 2\nrun.seed = 1:2\n'
    try 'bad.ini:2: \[prior\] sd = -1 is out of range' '[sweep]\nprior.sd = 1 | -1\n'
    try 'bad.ini:3: method.init_sd applies to no run' '[sweep]\nmethod.name = map\nmethod.init_sd = 0.1 | 0.2\n'
    try 'bad.ini:2: .*nothere.ini: no such file' '[sweep]\nconfig = nothere.ini\n'
    try 'run.name is no axis' '[sweep]\nrun.name = a | b\n'
    try 'write AXIS=VALUE' '[sweep]\nmethod.name = map | bbb\nbaseline = method.name=foo\n'
    try 'replicates: fold is no axis' '[sweep]\nrun.seed = 1:2\nreplicates = fold\n'
    try 'no metric "rsme"' '[sweep]\nrun.seed = 1:2\nmetrics = rsme\n'
    try 'folds = K (2 or more) or fraction' '[tune]\nprior.sd = 1 | 2\n'
    try 'score = coverage_90 is no metric that is better higher or lower' '[tune]\nprior.sd = 1 | 2\nfolds = 2\nscore = coverage_90\n'
    try 'neither \[sweep\] nor \[tune\]' ''
    echo 1 2 3 > test_0.txt; printf '4 5\n6 40\n' > test_1.txt
    printf '[sweep]\ndata.split = 0:1\n[data]\ntrain = data.csv\nsplits = test_%%d.txt\n' > bad.ini
    refused "test_1.txt:2: row number '40' is out of range" "$BNN" sweep bad.ini
    printf '[sweep]\nrun.seed = 1:2\n[data]\ntrain = data.csv\n' > bad.ini
    refused 'no test or validation rows' "$BNN" sweep bad.ini
    mkdir other; touch other/file
    printf "[sweep]\nrun.seed = 1:2\n$data" > good.ini
    refused 'exists and is no sweep' "$BNN" sweep good.ini -o other
    refused 'run.seed is an axis' "$BNN" sweep good.ini run.seed=3
    refused 'slurm, parallel and list' "$BNN" sweep good.ini --emit lsf
    refused 'from 0 to 1' "$BNN" sweep good.ini --index 2
    "$BNN" sweep good.ini -q
    refused 'made with other settings.*prior.sd was 1' "$BNN" sweep good.ini prior.sd=2
}

# make_tune: one split; the rows of test_0.txt are for testing.
make_tune() {
    make_data
    seq 0 4 39 > test_0.txt
    printf '[sweep]\nmethod.name = map | bbb\n[tune]\nprior.sd = 0.01 | 1\nnet.hidden = 3 | 3, 3\nfolds = 3\nscore = rmse\n[data]\ntrain = data.csv\nsplits = test_%%d.txt\n[train]\nepochs = 200\n[optimizer]\nlr = 1e-2\n' > t.ini
}

# poison FILE: the rows of test_0.txt say something else (VALUE for the target).
poison() { awk -v value="$1" -F, -v OFS=, 'FNR == NR { test[$1] = 1; next } FNR > 1 && (FNR - 2) in test { $3 = value } 1' test_0.txt data.csv > new.csv && mv new.csv data.csv; }

@test "tuning chooses inside the training part: whatever the test rows hold, the choice is the same" {
    make_tune
    "$BNN" sweep t.ini -o clean -q
    [ "$(grep -c '"score": [0-9]' "clean/method=map/result.json")" -eq 4 ]
    grep -q '^tune' <(ls clean)
    grep -q '^method=map,map,finished,1,' <(tr -d '"' < clean/results.csv)
    grep -q 'Chosen prior.sd' clean/summary.md
    poison 1e6
    "$BNN" sweep t.ini -o poisoned -q
    for m in map bbb; do
        python3 -c "
import json, sys
a, b = (json.load(open(f'{d}/method=$m/result.json')) for d in ('clean', 'poisoned'))
assert a['tune'] == b['tune'] and a['tuned'] == b['tuned'] and a['metrics'] != b['metrics']"
    done
    poison 'no number at all,'
    fails_with 1 "failed: .*data.csv:2: " "$BNN" sweep t.ini -o garbage -q
    for fold in clean/tune/method=map/*; do cmp "$fold/posterior.safetensors" "garbage/${fold#clean/}/posterior.safetensors"; done
}

@test "a garbled row of the training part is an error in tuning, too" {
    make_tune
    sed -i '3s/,/,x/' data.csv
    refused "data.csv:3: .*is not a number" "$BNN" sweep t.ini
}

@test "a test file stays shut while settings are chosen" {
    make_tune
    head -n 30 data.csv > train.csv; (head -n 1 data.csv; tail -n 10 data.csv) > test.csv
    sed -i 's/^train .*/train = train.csv\ntest = test.csv/; /^splits/d; s/method.name.*/method.name = map/' t.ini
    "$BNN" sweep t.ini -o out -q
    echo garbage > test.csv
    fails_with 1 'failed: .*test.csv' "$BNN" sweep t.ini -o shut -q
    for fold in out/tune/run/*; do cmp "$fold/posterior.safetensors" "shut/${fold#out/}/posterior.safetensors"; done
    refute grep -q '^test = .' shut/tune/run/*/config.ini
}

@test "a tuned sweep that is killed goes on with what it has, to the same tables" {
    make_tune
    sed -i 's/^epochs.*/epochs = 2000/' t.ini
    "$BNN" sweep t.ini -o whole -q -j 2
    for _ in 1 2 3; do
        "$BNN" sweep t.ini -o killed -j 2 -q 2> talk.txt &
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        kill -KILL $! 2> /dev/null || true
        wait $! 2> /dev/null || true
    done
    "$BNN" sweep t.ini -o killed -q
    same_tables whole killed
}

@test "two hundred tiny runs: no zombie, memory of the sweep stays flat" {
    make_data
    printf '[sweep]\nrun.seed = 1:200\n[data]\ntrain = data.csv\ntest_fraction = 0.25\n[net]\nhidden =\n[method]\nname = map\n[train]\nepochs = 1\nbatch = full\n[predict]\nsamples = 2\n' > s.ini
    "$BNN" sweep s.ini -o out -j 2 -q &
    sweep=$! zombies=0 first=0 last=0
    while kill -0 $sweep 2> /dev/null; do
        zombies=$((zombies + $(ps --ppid $sweep -o stat= | grep -c '^Z' || true) / 3))     # up to two may have ended a moment ago
        last="$(awk '/^VmRSS/ { print $2 }' /proc/$sweep/status 2> /dev/null || true)"
        [ "$first" -gt 0 ] || [ "$(ls out 2> /dev/null | wc -l)" -lt 20 ] || first="${last:-0}"
        [ -z "$last" ] || most="$last"
        sleep 0.05
    done
    wait $sweep
    [ "$zombies" -eq 0 ]
    [ "$(grep -c ',finished,' out/results.csv)" -eq 200 ]
    echo "kB after 20 runs: $first, at the end: $most"
    [ "$first" -gt 0 ] && [ "$most" -lt $((first + 1000)) ]
}

@test "bnn train says of a sweep file in one sentence what it is, and still names the faults of any other file" {
    make_sweep s; make_tune
    for file in s.ini t.ini; do
        refused "$file: describes a sweep.*bnn sweep $file. does" "$BNN" train "$file"
        refused "$file: describes a sweep" "$BNN" train -n "$file" prior.sd=2
    done
    printf '[swep]\nrun.seed = 1\n' > w.ini
    refused 'w.ini:1: unknown section \[swep\]' "$BNN" train w.ini
}

@test "the sweeps of configs/ are read whole" {
    [ "$(wc -l < "$ROOT/configs/uci-sweep.ini")" -le 15 ]
    "$BNN" sweep "$ROOT/configs/sin40-sweep.ini" -o out -j 2 -q train.epochs=20
    [ "$(grep -c ',finished,' out/results.csv)" -eq 12 ]
    [ -d "${BNN_DATA:-/nonexistent}/uci/yacht" ] || skip "needs the data sets (set BNN_DATA)"
    [ "$("$BNN" sweep "$ROOT/configs/uci-sweep.ini" -n | grep -c 'split=')" -eq 30 ]
}
