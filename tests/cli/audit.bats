#!/usr/bin/env bats
# What a run says of the sense of its fit: on stderr and in log.txt, nothing with -q.

load helpers

@test "a bbb run begins with its terms and the weight of its kl" {
    make_data; make_config first data.csv
    "$BNN" train first.ini method.temperature=0.5 method.kl_warmup=4 2> talk.txt
    grep -q '^start: nll [0-9.]* nats at the mean weights ([0-9.]* a row), kl [0-9.]* nats ([0-9.]* a row): layer 0 [0-9.]*, layer 1 [0-9.]*$' talk.txt
    grep -q '^kl weight: 0.5 in all, .* over 3 batches an epoch, 0.333 of it in each; it rises from 0 over the first 4 epochs$' talk.txt
    diff <(grep -v '^epoch' talk.txt) <(grep -v '^epoch' runs/first/log.txt)
    "$BNN" train -q first.ini -o quiet 2> talk.txt
    [ ! -s talk.txt ]
    grep -q '^start: nll' quiet/log.txt
    "$BNN" train first.ini method.name=map -o map 2> talk.txt
    refute grep -q '^start' talk.txt
}

@test "a sound run ends without a warning" {
    make_data; make_config first data.csv
    "$BNN" train first.ini train.epochs=500 2> talk.txt
    refute grep -q '^warning' talk.txt
}

@test "spreads that have not moved, idle layers and noise at its bound are warned of" {
    make_data; make_config first data.csv
    "$BNN" train first.ini optimizer.lr=1e-6 -o still 2> talk.txt
    grep -q '^warning: the spreads have hardly moved from method.init_sd = 0.02' talk.txt
    grep -q '^warning: the spreads' still/log.txt
    "$BNN" train first.ini likelihood.noise_sd=100 train.epochs=3000 -o idle 2> talk.txt    # data that say nothing
    [ "$(grep -c '^warning: [0-9]* % of the weights of layer [01] have fallen back to the prior' talk.txt)" -eq 2 ]
    awk 'BEGIN { print "a,y"; for (i = 0; i < 8; i++) printf "%d,%d\n", i, i }' > line.csv
    "$BNN" train first.ini data.train=line.csv method.name=map prior.name=flat net.hidden= train.epochs=8000 data.test_fraction=0 -o bound 2> talk.txt
    grep -q '^warning: the learnt noise of y sits at its lower bound, 0.001 of' talk.txt
}
