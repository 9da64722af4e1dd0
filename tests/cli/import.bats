#!/usr/bin/env bats
# bnn import: nets made with numpy become map runs whose outputs are numpy's; files that do not fit leave nothing behind.

load helpers

# make_nets: for 3-5-2, tanh and relu, weights that every type holds exactly; x.ini, in.npy (raw features), out.npy (outputs in double) and
# one file per type; rows.csv has targets of those outputs with noise.
make_nets() {
    python3 -c 'import numpy' || skip "needs numpy"
    cat > nets.py <<'END'
import json, struct
import numpy as np
types = {"F64": lambda a: np.asarray(a, "<f8"), "F32": lambda a: np.asarray(a, "<f4"), "F16": lambda a: np.asarray(a, "<f2"),
         "BF16": lambda a: (np.asarray(a, "<f4").view("<u4") >> 16).astype("<u2"), "I64": lambda a: np.asarray(a, "<i8")}
def write(path, tensors, kind="F32"):
    head, data = {}, b""
    for name, a in tensors.items():
        raw = types[kind](a).tobytes()
        head[name] = {"dtype": kind, "shape": list(np.shape(a)), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)
rng = np.random.default_rng(1)
def weights(*shape): return np.round(rng.normal(size=shape) * 32) / 32       # few bits: exact in bfloat16 too
def relu(z): return np.maximum(z, 0)
def net(x, layers, activation=relu):
    for w, b in layers[:-1]: x = activation(x @ w.T + b)
    return x @ layers[-1][0].T + layers[-1][1]
def named(layers, numbers):
    return {f"{n}.{part}": a for n, layer in zip(numbers, layers) for part, a in zip(("weight", "bias"), layer)}
layers = [(weights(5, 3), weights(5)), (weights(2, 5), weights(2))]
x = rng.normal(size=(40, 3)) * [1, 10, 0.1] + [0, 5, 1]
f = net((x - x.mean(0)) / x.std(0), layers)
y = f + 0.1 * rng.normal(size=f.shape)
END
    cat > make.py <<'END'
from nets import *
for kind in ("F64", "F32", "F16", "BF16"): write(kind + ".safetensors", named(layers, (0, 2)), kind)
np.save("in.npy", x); np.save("out.npy", f)
with open("rows.csv", "w") as out:
    print("a,b,c,y1,y2", file=out)
    for row in np.column_stack([x, y]): print(*map(repr, map(float, row)), sep=",", file=out)
END
    python3 make.py
    printf '[data]\ntrain = rows.csv\ntarget = y1, y2\nscale_y = none\n[net]\nhidden = 5\n' > x.ini
}

@test "every floating type gives the outputs of numpy and the same run" {
    make_nets
    for type in F64 F32 F16 BF16; do
        [ "$("$BNN" import "$type.safetensors" --config x.ini -o "$type" --check-inputs in.npy --check-outputs out.npy 2> talk.txt)" = "$type" ]
        grep -q 'outputs agree with out.npy on 40 rows: largest difference' talk.txt
        [ "$(ls "$type" | tr '\n' ' ')" = "config.ini log.txt manifest.json posterior.safetensors " ]
    done
    [ "$(sha256sum ./*/posterior.safetensors | cut -d ' ' -f 1 | sort -u | wc -l)" -eq 1 ]
    grep -q '^name = map$' F32/config.ini
    "$BNN" predict F32 rows.csv > p.csv
    python3 - <<END
import csv, hashlib, json
from nets import *
p = list(csv.DictReader(open("p.csv")))
got = np.array([[float(r["mean_y1"]), float(r["mean_y2"])] for r in p])
assert abs(got - f).max() < 1e-5, abs(got - f).max()
sd = np.sqrt(((y - f) ** 2).mean(0))                      # maximum likelihood of the noise, given the net
got = np.array([float(p[0]["sd_aleatoric_y1"]), float(p[0]["sd_aleatoric_y2"])])
assert abs(got / sd - 1).max() < 1e-5, (got, sd)
m = json.load(open("F32/manifest.json"))
assert m["imported"] == {"name": "F32.safetensors", "sha256": hashlib.sha256(open("F32.safetensors", "rb").read()).hexdigest()}, m
END
}

@test "an imported run can be evaluated, inspected and given a Laplace posterior" {
    make_nets
    [ "$("$BNN" import -q F16.safetensors --config x.ini)" = "runs/x" ]
    "$BNN" evaluate runs/x --split train --require 'rmse<0.12' > table.txt
    "$BNN" inspect runs/x | grep '^nll '
    "$BNN" laplace -q runs/x
    "$BNN" evaluate runs/x-laplace --split train --require 'coverage_90>0.8'
}

@test "without scaling, with case weights and a stated noise" {
    make_nets
    python3 - <<END
from nets import *
np.save("plain.npy", net(x, layers, np.tanh))
w = np.arange(40) % 3
with open("weighted.csv", "w") as out:
    print("a,b,c,y1,y2,w", file=out)
    for row in np.column_stack([x, y, w]): print(*map(repr, map(float, row)), sep=",", file=out)
open("sd.txt", "w").write(repr(float(np.sqrt(np.average((y - net(x, layers, np.tanh)) ** 2, axis=0, weights=w))[0])))
END
    "$BNN" import -q F64.safetensors --config x.ini net.activation=tanh data.scale_x=none data.train=weighted.csv data.weight=w -o w \
        --check-inputs in.npy --check-outputs plain.npy
    "$BNN" predict w rows.csv > p.csv
    python3 -c 'import csv; sd = float(next(csv.DictReader(open("p.csv")))["sd_aleatoric_y1"])
assert abs(sd / float(open("sd.txt").read()) - 1) < 1e-5'
    "$BNN" import -q F64.safetensors --config x.ini likelihood.noise_sd=0.25 -o stated
    [ "$("$BNN" predict stated rows.csv | sed -n 2p | cut -d , -f 3)" = 0.25 ]
}

@test "layers come in the order of their numbers, whatever the order in the file" {
    make_nets
    python3 - <<END
from nets import *
deep = [(weights(5, 3), weights(5)), (weights(5, 5), weights(5)), (weights(5, 5), weights(5)), (weights(2, 5), weights(2))]
tensors = named(deep, (0, 2, 10, 11))
write("deep.safetensors", dict(reversed(sorted(tensors.items()))))
np.save("deep.npy", net((x - x.mean(0)) / x.std(0), deep))
END
    "$BNN" import -q deep.safetensors --config x.ini net.hidden=5,5,5 --check-inputs in.npy --check-outputs deep.npy
}

@test "names by map, tensors left out" {
    make_nets
    python3 - <<END
from nets import *
(w, b), (v, c) = layers
write("named.safetensors", {"fc1.weight": w, "fc1.bias": b, "out.weight": v, "out.bias": c, "steps": 3.0})
END
    refused 'tensor fc1.weight: expected names like 0.weight' "$BNN" import named.safetensors --config x.ini
    map=fc1.weight=0.weight,fc1.bias=0.bias,out.weight=1.weight,out.bias=1.bias
    refused 'tensor steps: .*leave it out with --map steps=' "$BNN" import named.safetensors --config x.ini --map "$map"
    refused 'no tensor fc1.wieght; did you mean fc1.weight?' "$BNN" import named.safetensors --config x.ini --map fc1.wieght=0.weight
    refused '"fc1.weight" is not NAME=NEW' "$BNN" import named.safetensors --config x.ini --map fc1.weight
    refused 'fc1.weight and out.weight both become 0.weight\|out.weight and fc1.weight both become 0.weight' \
        "$BNN" import named.safetensors --config x.ini --map "fc1.weight=0.weight,out.weight=0.weight,fc1.bias=,out.bias=,steps="
    "$BNN" import -q named.safetensors --config x.ini --map "$map,steps=" -o mapped --check-inputs in.npy --check-outputs out.npy
    "$BNN" import -q F32.safetensors --config x.ini -o plain
    cmp mapped/posterior.safetensors plain/posterior.safetensors
}

@test "tensors that do not fit the net" {
    make_nets
    python3 - <<END
from nets import *
(w, b), (v, c) = layers
write("turned.safetensors", named([(w.T, b), (v, c)], (0, 2)))
write("nobias.safetensors", {"0.weight": w, "2.weight": v, "2.bias": c})
write("stray.safetensors", {"0.weight": w, "1.bias": b, "2.weight": v})
write("int.safetensors", named(layers, (0, 2)), "I64")
v = v.copy(); v[1, 0] = np.inf
write("inf.safetensors", named([(w, b), (v, c)], (0, 2)))
open("cut.safetensors", "wb").write(open("F32.safetensors", "rb").read()[:-3])
END
    refused 'F32.safetensors: 0.weight is \[5, 3\]; expected \[6, 3\] (\[out, in\]) for 0.weight of the net 3-6-2' \
        "$BNN" import F32.safetensors --config x.ini net.hidden=6
    refused 'turned.safetensors: 0.weight is \[3, 5\]; expected \[5, 3\]' "$BNN" import turned.safetensors --config x.ini
    refused '2 layers with weights; the net of the configuration has 3 (3-5-5-2)' "$BNN" import F32.safetensors --config x.ini net.hidden=5,5
    refused '2.weight is \[2, 5\]; expected \[1, 5\] .* 1.weight of the net 3-5-1' \
        "$BNN" import F32.safetensors --config x.ini data.target=y1 data.ignore=y2
    refused 'no 0.bias, but every layer' "$BNN" import nobias.safetensors --config x.ini
    refused 'set net.bias = yes' "$BNN" import F32.safetensors --config x.ini net.bias=no
    refused '1.bias has no 1.weight beside it' "$BNN" import stray.safetensors --config x.ini
    refused '0.[a-z]* is I64; expected F16, BF16, F32 or F64' "$BNN" import int.safetensors --config x.ini
    refused 'inf.safetensors: 2.weight: number 5 is inf' "$BNN" import inf.safetensors --config x.ini
    refused 'cut.safetensors' "$BNN" import cut.safetensors --config x.ini
    refused 'gone.safetensors: no such file' "$BNN" import gone.safetensors --config x.ini
    refused 'noise_sd = learn: F32.safetensors has no likelihood.log_noise_sd \[2\]: state a number' \
        "$BNN" import F32.safetensors --config x.ini likelihood.name=student_t
}

@test "outputs that disagree, and files of other sizes" {
    make_nets
    python3 - <<END
from nets import *
g = f.copy(); g[7, 1] += 1e-3 * abs(f).max(); np.save("off.npy", g)
np.save("short.npy", f[:-1]); np.save("wide.npy", np.column_stack([x, x])); np.save("one.npy", f[:, 0])
END
    check() { "$BNN" import F32.safetensors --config x.ini --check-inputs "$1" --check-outputs "${@:2}"; }
    refused 'off.npy: the outputs disagree: at row 7, output 1 (from 0) the net gives .* allowed 1e-05 of the largest output' check in.npy off.npy
    refused 'the outputs disagree' check in.npy out.npy net.activation=tanh
    refused 'the outputs disagree' check in.npy out.npy data.scale_x=none
    refused 'short.npy: 39 rows for the 40 rows of in.npy' check in.npy short.npy
    refused 'wide.npy: 6 columns, expected 3: one for each feature' check wide.npy out.npy
    refused 'one.npy: 1 columns, expected 2: one for each output' check in.npy one.npy
    refused 'check-inputs and --check-outputs: both or none' "$BNN" import F32.safetensors --config x.ini --check-inputs in.npy
}

@test "no configuration, a folder that is there, and -n" {
    make_nets
    refused 'import wants --config' "$BNN" import F32.safetensors
    "$BNN" import -n F32.safetensors --config x.ini > said.txt
    grep -q 'import of F32.safetensors: 32 weights for runs/x' said.txt
    [ ! -e runs ]
    "$BNN" import F32.safetensors --config x.ini 2> talk.txt
    cmp talk.txt runs/x/log.txt
    refused 'runs/x: .*--force' "$BNN" import F32.safetensors --config x.ini
    "$BNN" import -q F32.safetensors --config x.ini --force
    [ "$(ls runs)" = "x" ]
}
