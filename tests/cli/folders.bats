#!/usr/bin/env bats
# Run folders: never overwritten, replaced only by a run that is saved, left behind when a run is stopped.

load helpers

setup_all() { make_data; make_config first data.csv; "$BNN" train -q first.ini; cp runs/first/posterior.safetensors before; }

# Waits until the run in $1 has begun (at most 5 s).
wait_for() { for _ in $(seq 100); do [ -e "$1/metrics.csv" ] && return; sleep 0.05; done; return 1; }

# Sends a signal; what does not end within 5 s is killed.
stop_with() {
    kill -s "$1" "$2"
    for _ in $(seq 100); do kill -0 "$2" 2> /dev/null || return 0; sleep 0.05; done
    kill -KILL "$2"
}

@test "a folder that holds something is refused, and named with --force" {
    setup_all
    fails_with 2 '^bnn: runs/first: .*--force' "$BNN" train -q first.ini run.seed=2
    cmp runs/first/posterior.safetensors before
    mkdir other; : > other/mine
    fails_with 2 '^bnn: other: .*--force' "$BNN" train -q first.ini -o other
    mkdir empty
    "$BNN" train -q first.ini -o empty
}

@test "--force replaces a run and leaves no .old" {
    setup_all
    "$BNN" train -q first.ini run.seed=2 --force
    refute cmp -s runs/first/posterior.safetensors before
    [ "$(ls runs)" = "first" ]
}

@test "--force keeps what was no run as .old" {
    setup_all; mkdir other; : > other/mine
    "$BNN" train -q first.ini -o other --force
    [ -e other/posterior.safetensors ]
    [ -e other.old/mine ]
    fails_with 2 'other.old: is in the way' "$BNN" train -q first.ini -o other --force
    [ -e other/posterior.safetensors ]
    [ -e other.old/mine ]
}

@test "a forced run that fails before its first save puts the old one back" {
    setup_all
    fails_with 3 'step' "$BNN" train -q first.ini --force optimizer.name=sgd optimizer.lr=1000 train.batch=full
    cmp runs/first/posterior.safetensors before
    [ "$(ls runs)" = "first" ]
    fails_with 2 'no target' "$BNN" train -q first.ini --force data.target=z
    cmp runs/first/posterior.safetensors before
    [ "$(ls runs)" = "first" ]
}

@test "an earlier .old that is a run is replaced, a finished one is not lost to a killed run" {
    setup_all
    cp -r runs/first runs/first.old
    "$BNN" train -q first.ini run.seed=2 --force
    [ "$(ls runs)" = "first" ]
    cp -r runs/first runs/first.old; rm runs/first/posterior.safetensors    # as a kill -9 of a forced run leaves it
    fails_with 3 'step' "$BNN" train -q first.ini --force optimizer.name=sgd optimizer.lr=1000 train.batch=full
    [ -e runs/first/posterior.safetensors ]
    [ "$(ls runs)" = "first" ]
}

@test "-o names the run folder itself, and makes the folders above" {
    setup_all
    [ "$("$BNN" train -q first.ini -o deep/er/here/)" = "deep/er/here" ]
    [ -e deep/er/here/posterior.safetensors ]
    [ "$("$BNN" train -q first.ini run.out=out run.name=name)" = "out/name" ]
}

@test "-n says what would be done and writes nothing" {
    make_data; make_config first data.csv
    "$BNN" train -n first.ini > said.txt
    grep -q '^net  *2-6-1, 25 weights' said.txt
    grep -q '180 steps' said.txt
    [ ! -e runs ]
    bad_input 'data.csv: no such file' "$BNN" train -n first.ini data.train=gone/data.csv
}

@test "SIGINT and SIGTERM stop after the present step with 75 and status stopped" {
    make_data; make_config first data.csv
    for signal in INT TERM; do
        env --default-signal=INT "$BNN" train -q first.ini train.epochs=100000000 -o "run$signal" 2> talk.txt &
        wait_for "run$signal"
        stop_with "$signal" $!
        code=0; wait $! || code=$?
        [ "$code" -eq 75 ]
        grep -q '^bnn: stopped after step' talk.txt
        grep -q '"status": "stopped"' "run$signal/manifest.json"
        [ ! -e "run$signal/posterior.safetensors" ]
    done
}

@test "moving a run folder does not break it" {
    setup_all
    "$BNN" evaluate runs/first | tail -n +2 > before.txt
    mv runs/first elsewhere
    "$BNN" evaluate elsewhere | tail -n +2 | cmp - before.txt
}
