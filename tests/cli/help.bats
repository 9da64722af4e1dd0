#!/usr/bin/env bats
# Help, version, configuration, diagnosis, and how talk looks off a terminal.

load helpers

@test "help knows every command, section and key" {
    for topic in train predict evaluate inspect diagnose config help version optimizer likelihood likelihood.gaussian train.epochs; do
        "$BNN" help "$topic" > page.txt
        [ -s page.txt ]
    done
    "$BNN" help | grep -q 'optimizer'
    "$BNN" --help | grep -q '^Usage: bnn'
    "$BNN" train --help | grep -q '^Usage: bnn train'
    "$BNN" --version | grep -q '^bnn [0-9]'
    "$BNN" version | grep -q 'core'
    "$BNN" version | grep -q -E '^products of a training step: by (AVX-512|AVX2|BLAS)$'
}

@test "defaults are a configuration that reads" {
    "$BNN" config defaults > all.ini
    "$BNN" config all.ini run.name= | sed 's/^name = all$/name =/' | cmp - all.ini
    "$BNN" config defaults -v | grep -q '^# '
}

@test "diagnose passes the gradient of every likelihood here" {
    make_data; make_config first data.csv
    "$BNN" diagnose first.ini > page.txt
    grep -q '^0.weight .*ok$' page.txt
    refute grep -q 'WRONG' page.txt
    "$BNN" diagnose first.ini data.train=classes.csv likelihood.name=categorical net.activation=tanh
    [ ! -e runs ]
}

@test "off a terminal talk is plain lines on stderr, and -q is silent" {
    make_data; make_config first data.csv
    "$BNN" train first.ini 2> talk.txt > out.txt
    refute grep -q "$(printf '\033')\|$(printf '\r')" talk.txt
    "$BNN" train -q first.ini -o quiet 2> talk.txt
    [ ! -s talk.txt ]
}
