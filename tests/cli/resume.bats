#!/usr/bin/env bats
# Runs that are stopped or killed and go on: signals, time limits, --resume, --force with a run that stopped.

load helpers

# A run of a second or so, that keeps a checkpoint every few milliseconds.
setup_all() {
    make_data; make_config first data.csv
    sed -i 's/^hidden.*/hidden = 40, 40/; s/^epochs.*/epochs = 20000\ncheckpoint_minutes = 0.0003/' first.ini
}

# wait_until COMMAND...: until it succeeds (at most 10 s).
wait_until() { for _ in $(seq 1000); do "$@" && return; sleep 0.01; done; echo "never: $*"; return 1; }

has_checkpoint() { compgen -G "$1/checkpoint/step-*.safetensors" > /dev/null; }
has_two_checkpoints() { [ "$(ls "$1"/checkpoint/step-*.safetensors | wc -l)" -eq 2 ]; }

# start FOLDER ARGUMENTS...: in the background, its number in $run, until there is a checkpoint.
start() {
    local folder="$1"; shift
    env --default-signal=INT "$BNN" train -q "$@" 2> talk.txt &
    run=$!
    wait_until has_checkpoint "$folder"
}

# ends_with CODE: the run in the background does.
ends_with() { local code=0; wait "$run" || code=$?; [ "$code" -eq "$1" ] || { echo "exit code $code"; cat talk.txt; return 1; }; }

same_result() { cmp "$1/posterior.safetensors" "$2/posterior.safetensors" && cmp "$1/metrics.csv" "$2/metrics.csv"; }

@test "SIGINT and SIGTERM leave a checkpoint, 75 and the command that goes on to the same result" {
    setup_all
    "$BNN" train -q first.ini -o whole
    for signal in INT TERM; do
        start "run $signal" first.ini -o "run $signal" train.checkpoint_minutes=0.0001
        kill -s "$signal" "$run"
        ends_with 75
        [ ! -e "run $signal/posterior.safetensors" ]
        grep -q '"status": "stopped"' "run $signal/manifest.json"
        command="$(sed -n 's/^bnn: stopped after step [0-9]*; go on with: bnn //p' talk.txt)"
        [ "$command" = "train --resume 'run $signal'" ]
        [ "$(eval "\"$BNN\" $command -q")" = "run $signal" ]
        same_result "run $signal" whole
        [ "$(ls "run $signal" | tr '\n' ' ')" = "config.ini log.txt manifest.json metrics.csv posterior.safetensors " ]
        grep -q '"status": "finished"' "run $signal/manifest.json"
    done
}

@test "a run killed five times with SIGKILL ends with the same posterior and metrics" {
    setup_all
    "$BNN" train -q first.ini -o whole train.epochs=40000
    start killed first.ini -o killed train.epochs=40000
    for i in 1 2 3 4 5; do
        sleep "0.0$((RANDOM % 10))"
        kill -KILL "$run"
        ends_with 137
        "$BNN" train -q --resume killed --threads $((1 + i % 2)) 2> talk.txt &
        run=$!
    done
    ends_with 0
    same_result killed whole
    [ "$(ls -A killed | wc -l)" -eq 5 ]
}

@test "SIGUSR1 makes a checkpoint and the run goes on" {
    setup_all
    "$BNN" train first.ini train.checkpoint_minutes=0 -o asked 2> talk.txt &
    run=$!
    wait_until [ -s asked/metrics.csv ]
    refute has_checkpoint asked
    kill -USR1 "$run"
    wait_until has_checkpoint asked
    kill -USR1 "$run"
    ends_with 0
    grep -q '^checkpoint after step' talk.txt
    grep -q '^checkpoint after step' asked/log.txt
    [ ! -e asked/checkpoint ]
}

@test "a second SIGINT stops at once" {
    setup_all
    env --default-signal=INT "$BNN" train -q first.ini net.hidden=1000,1000 method.samples=400 train.batch=full -o slow 2> talk.txt &
    run=$!
    wait_until [ -s slow/metrics.csv ]      # the first step is over, the second takes seconds
    kill -INT "$run"
    sleep 0.1
    kill -INT "$run"
    ends_with 130
}

@test "train.time_limit stops with 75, part by part, to the same result" {
    setup_all
    "$BNN" train -q first.ini -o whole
    fails_with 75 'at train.time_limit = 0.004; go on with: bnn train --resume parts' "$BNN" train -q first.ini -o parts train.time_limit=0.004
    code=75
    for _ in $(seq 60); do [ $code -eq 75 ] || break; code=0; "$BNN" train -q --resume parts || code=$?; done
    [ $code -eq 0 ]
    same_result parts whole
}

@test "a cut or flipped newest checkpoint is named in a warning, and the one before it used" {
    setup_all
    "$BNN" train -q first.ini -o whole
    for fault in cut flip; do
        start "$fault" first.ini -o "$fault"
        wait_until has_two_checkpoints "$fault"
        kill -TERM "$run"
        ends_with 75
        newest="$(ls "$fault"/checkpoint/*.safetensors | tail -1)"
        if [ $fault = cut ]; then truncate -s 3000 "$newest"; else printf 'X' | dd of="$newest" bs=1 seek=60 conv=notrunc 2> dd.txt; fi
        "$BNN" train --resume "$fault" 2> talk.txt
        grep -q "^warning: $newest" talk.txt
        grep -q "^warning: $newest" "$fault/log.txt"
        same_result "$fault" whole
    done
}

@test "settings that change the run are refused by name, each with both values" {
    setup_all
    start stopped first.ini -o stopped
    kill -TERM "$run"
    ends_with 75
    fails_with 2 '^bnn: optimizer.lr was 0.01 when the run began and is 0.5 now' "$BNN" train --resume stopped optimizer.lr=0.5 -s train.batch=7
    grep -q '^bnn: train.batch was 10 when the run began and is 7 now' stderr.txt
    [ "$(wc -l < stderr.txt)" -eq 2 ]
    sed -i 's/^lr = .*/lr = 0.02/' stopped/config.ini
    fails_with 2 '^bnn: optimizer.lr was 0.01 when the run began and is 0.02 now' "$BNN" train --resume stopped
    [ -d stopped/checkpoint ]
}

@test "changed data are refused" {
    setup_all
    start stopped first.ini -o stopped
    kill -TERM "$run"
    ends_with 75
    sed -i '7s/^0/1/; 7s/^-0/-1/' data.csv
    fails_with 2 'data.csv has changed since the run began' "$BNN" train --resume stopped
}

@test "--resume of what is finished, running, no run, or has no checkpoint" {
    setup_all
    "$BNN" train -q first.ini train.epochs=5 -o done
    [ "$("$BNN" train --resume done 2> talk.txt)" = "done" ]
    grep -q 'finished' talk.txt
    start busy first.ini -o busy
    fails_with 2 'busy: another bnn is at work' "$BNN" train --resume busy
    fails_with 2 'busy: another bnn is at work' "$BNN" train first.ini -o busy --force
    kill -TERM "$run"
    ends_with 75
    rm -r busy/checkpoint
    fails_with 2 'busy: no checkpoint to go on from' "$BNN" train --resume busy
    fails_with 2 'nowhere: not a run folder' "$BNN" train --resume nowhere
    fails_with 2 'first.ini: not a run folder' "$BNN" train --resume first.ini
    fails_with 2 'only one of them' "$BNN" train --resume busy --force
}

@test "--force: a run stopped with a checkpoint stays, and so does the run before it" {
    setup_all
    "$BNN" train -q first.ini train.epochs=5
    cp runs/first/posterior.safetensors before
    start runs/first first.ini --force
    kill -TERM "$run"
    ends_with 75
    grep -q 'the run before is in runs/first.old' talk.txt
    cmp runs/first.old/posterior.safetensors before
    fails_with 2 'runs/first.old: is in the way' "$BNN" train -q first.ini --force
    fails_with 2 'runs/first: holds an unfinished run: --resume' "$BNN" train -q first.ini
    "$BNN" train -q --resume runs/first
    cmp runs/first.old/posterior.safetensors before
    "$BNN" train -q first.ini train.epochs=5 --force
    [ "$(ls runs)" = "first" ]
    cmp runs/first/posterior.safetensors before
}
