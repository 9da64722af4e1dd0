#!/usr/bin/env bats
# Every mistake: its exit code, one sentence with file and line, and no run folder left behind.

load helpers

setup_all() { make_data; make_config first data.csv; }

@test "a configuration that is not there" {
    bad_input 'nowhere.ini: no such file' "$BNN" train nowhere.ini
}

@test "a data file that is not there" {
    setup_all; rm data.csv
    bad_input 'data.csv: no such file' "$BNN" train first.ini
}

@test "a ragged row" {
    setup_all; sed -i '5s/,[^,]*$//' data.csv
    bad_input 'data.csv:5: 2 fields, but 3' "$BNN" train first.ini
}

@test "text in a number column" {
    setup_all; sed -i '7s/^[^,]*/many/' data.csv
    bad_input "data.csv:7: column 'a': 'many' is not a number" "$BNN" train first.ini
}

@test "NaN and an empty field" {
    setup_all; sed -i '9s/^[^,]*/NaN/' data.csv
    bad_input "data.csv:9: column 'a': 'NaN' is not a finite value" "$BNN" train first.ini
    setup_all; sed -i '9s/^[^,]*//' data.csv
    bad_input "data.csv:9: column 'a': empty field" "$BNN" train first.ini
}

@test "a class that no training row has" {
    setup_all
    printf 'a,b,colour\n0,0,red\n0.5,0.5,violet\n' > test.csv
    printf '[data]\ntrain = classes.csv\ntest = test.csv\n[likelihood]\nname = categorical\n' > k.ini
    bad_input "test.csv:3: column 'colour': unknown class 'violet'" "$BNN" train k.ini
}

@test "a wrong IDX magic number" {
    printf '\0\0\12\3\0\0\0\1\0\0\0\1\0\0\0\1x' > images-idx3-ubyte
    printf '\0\0\10\1\0\0\0\1\0' > labels-idx1-ubyte
    printf '[data]\ntrain = images-idx3-ubyte\ntrain_labels = labels-idx1-ubyte\n[likelihood]\nname = categorical\n' > idx.ini
    bad_input 'images-idx3-ubyte' "$BNN" train idx.ini
    grep -qi 'idx\|magic' stderr.txt
}

@test "a truncated .gz" {
    setup_all; gzip data.csv; head -c 200 data.csv.gz > cut.csv.gz
    bad_input 'cut.csv.gz: .*truncated' "$BNN" train first.ini data.train=cut.csv.gz
}

@test "an empty data set, with and without a header" {
    setup_all; echo 'a,b,y' > data.csv
    bad_input 'data.csv:1: no rows of data after the header' "$BNN" train first.ini
    : > data.csv
    bad_input 'data.csv:1: no rows of data: the file is empty' "$BNN" train first.ini
}

@test "a target column that is not there" {
    setup_all
    bad_input "data.csv:1: no target column 'z'" "$BNN" train first.ini data.target=z
}

@test "a section and a key that do not exist, both reported at once with their lines" {
    setup_all; printf '[optimiser]\nlr = 1\n[train]\nepoch = 3\n' >> first.ini
    fails_with 2 'first.ini:17: unknown section \[optimiser\]; did you mean \[optimizer\]?' "$BNN" train first.ini
    grep -q 'first.ini:20: unknown key "epoch"' stderr.txt
    [ "$(wc -l < stderr.txt)" -eq 2 ]
    [ "$(grep -c '^bnn: ' stderr.txt)" -eq 2 ]
    [ ! -e runs ]
}

@test "a value out of range on the command line" {
    setup_all
    bad_input 'command line: \[train\] epochs = 0' "$BNN" train first.ini train.epochs=0
}

@test "a learning rate that is too large ends with 3, the step and the block, and a folder that says failed" {
    setup_all
    fails_with 3 '^bnn: step [0-9]* (epoch [0-9]*): .*block [0-9]\.' "$BNN" train -q first.ini likelihood.noise_sd=0.1 \
        optimizer.name=sgd optimizer.lr=1000 train.batch=full
    [ "$(wc -l < stderr.txt)" -eq 1 ]
    [ ! -s stdout.txt ]
    grep -q '"status": "failed"' runs/first/manifest.json
    grep -q '"reason": "step ' runs/first/manifest.json
    [ ! -e runs/first/posterior.safetensors ]
    fails_with 2 'the run has no posterior, its status is failed: step' "$BNN" evaluate runs/first
}

@test "a folder that cannot be made is a run-time failure" {
    setup_all
    : > runs
    fails_with 1 'runs/first: cannot make the folder' "$BNN" train -q first.ini
}

@test "results that cannot be written are a run-time failure" {
    [ -e /dev/full ] || skip "no /dev/full"
    run bash -c "'$BNN' config defaults > /dev/full"
    [ "$status" -eq 1 ]
    [[ "$output" == "bnn: cannot write to standard output"* ]]
}

@test "commands and options that do not exist" {
    fails_with 2 'did you mean "train"' "$BNN" trian x.ini
    fails_with 2 "^bnn: unrecognized option '--colour'" "$BNN" train --colour x.ini
    fails_with 2 'train wants CONFIG.ini' "$BNN" train
    fails_with 2 'not as many words' "$BNN" train a.ini b.ini
    fails_with 2 '^Usage: bnn' "$BNN"
    fails_with 2 'did you mean "optimizer"' "$BNN" help optimiser
}

@test "not a run, not a split, not a model" {
    setup_all
    fails_with 2 'not a run folder' "$BNN" evaluate .
    fails_with 2 'data.csv' "$BNN" inspect data.csv
    "$BNN" train -q first.ini
    fails_with 2 'no validation rows\|no valid rows' "$BNN" evaluate runs/first --split valid
    fails_with 2 'no split "exam"' "$BNN" evaluate runs/first --split exam
    fails_with 2 'only one of them' "$BNN" evaluate runs/first data.csv --split train
}
