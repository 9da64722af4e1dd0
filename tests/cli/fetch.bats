#!/usr/bin/env bats
# scripts/fetch-data.sh against a server on the loopback: whole files, broken ones, wrong ones. The right files come from $BNN_DATA.

load helpers

# serve FOLDER: its files at $address.
serve() {
    python3 -u - "$1" > port.txt 2> /dev/null <<'END' &
import http.server, os, sys
os.chdir(sys.argv[1])
class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path = self.path.lstrip('/')
        if not path.startswith('short/'): return super().do_GET()
        data = open(path[6:], 'rb').read()              # promises all, sends half
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2])
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
print(server.server_port)
server.serve_forever()
END
    server=$!
    for _ in $(seq 500); do [ -s port.txt ] && break; sleep 0.01; done
    address="http://127.0.0.1:$(cat port.txt)"
}

teardown() { [ -z "${server:-}" ] || kill "$server" 2> /dev/null || true; }

fetch() { sh "$ROOT/scripts/fetch-data.sh" "$@"; }

needs_data() {
    command -v curl > /dev/null || command -v wget > /dev/null || skip "needs curl or wget"
    [ -d "${BNN_DATA:-/nonexistent}/$1" ] || skip "needs the data sets (set BNN_DATA)"
}

# left_alone: a failed download has put nothing in place.
left_alone() { [ -z "$(ls -A out)" ] || { ls -AR out; return 1; }; }

@test "MNIST comes from the first address that has it, checked" {
    needs_data mnist
    serve "$BNN_DATA/mnist"
    BNN_MNIST_URL="$address/nothere $address" fetch mnist -o out
    for file in "$BNN_DATA"/mnist/*; do cmp "$file" "out/mnist/$(basename "$file")"; done
    [ "$(ls -A out)" = mnist ]
}

@test "a download that breaks off, a damaged file, another file and no server: one sentence each, nothing put in place" {
    needs_data mnist
    mkdir cut other
    cp "$BNN_DATA"/mnist/* cut; cp "$BNN_DATA"/mnist/* other; chmod u+w cut/* other/*
    head -c 2000 "$BNN_DATA/mnist/t10k-labels-idx1-ubyte.gz" > cut/t10k-labels-idx1-ubyte.gz
    cp "$BNN_DATA/mnist/train-labels-idx1-ubyte.gz" other/t10k-labels-idx1-ubyte.gz
    serve .
    export BNN_MNIST_URL="$address/cut";    fails_with 1 'damaged or cut off' fetch mnist -o out; left_alone
    export BNN_MNIST_URL="$address/other";  fails_with 1 't10k-labels-idx1-ubyte: wrong checksum' fetch mnist -o out; left_alone
    export BNN_MNIST_URL="$address/short/other"; fails_with 1 'no download from' fetch mnist -o out; left_alone
    [ "$(wc -l < stderr.txt)" -eq 1 ]
    export BNN_MNIST_URL="$address/nothere"; fails_with 1 'mirrors: BNN_MNIST_URL' fetch mnist -o out; left_alone
    kill "$server"; wait "$server" 2> /dev/null || true
    fails_with 1 'no download from' fetch mnist -o out; left_alone
}

# make_source: the UCI sets as their source lays them out: columns and rows in files of numbers of their own, blanks between.
make_source() {
    while read -r name source; do
        mkdir -p "source/$source/data"
        awk -F, 'NR > 1 { for (i = 1; i <= NF; i++) printf "%.18e ", $i; print "" }' "$BNN_DATA/uci/$name/data.csv" > "source/$source/data/data.txt"
        n="$(head -n 1 "$BNN_DATA/uci/$name/data.csv" | awk -F, '{ print NF - 1 }')"
        seq 0 $((n - 1)) > "source/$source/data/index_features.txt"
        echo "$n" > "source/$source/data/index_target.txt"
        for k in $(seq 0 19); do
            sort -r "$BNN_DATA/uci/$name/splits/$(printf 'test_%02d.txt' "$k")" | awk '{ printf "%.18e\n", $1 }' > "source/$source/data/index_test_$k.txt"
        done
    done <<< "boston bostonHousing
concrete concrete
energy energy
power power-plant
wine wine-quality-red
yacht yacht"
}

@test "the UCI sets are derived from their source, checked by value; a changed value or split is refused" {
    needs_data uci
    make_source
    fetch uci -o local --from source > /dev/null
    cmp local/uci/yacht/splits/test_07.txt "$BNN_DATA/uci/yacht/splits/test_07.txt"
    [ "$(head -n 1 local/uci/boston/data.csv)" = "$(head -n 1 "$BNN_DATA/uci/boston/data.csv")" ]
    [ "$(ls local/uci | tr '\n' ' ')" = "boston concrete energy power wine yacht " ]
    sed -i '2s/ / 9/' source/yacht/data/data.txt
    fails_with 1 'uci/yacht/data.csv: wrong checksum' fetch uci -o out --from source; left_alone
    fails_with 1 'energy/data/data.txt: no such file' sh -c "rm source/energy/data/data.txt; sh '$ROOT/scripts/fetch-data.sh' uci -o out --from source"; left_alone
    serve source
    export BNN_UCI_URL="$address"
    fails_with 1 'energy/data/data.txt: no download' fetch uci -o out; left_alone
    fetch uci -o copy --from "$BNN_DATA" > /dev/null
    cmp copy/uci/wine/data.csv "$BNN_DATA/uci/wine/data.csv"
}

@test "fetch-data.sh says how it is used" {
    fails_with 2 'usage: fetch-data.sh mnist|notmnist|uci' fetch
    fails_with 2 'usage' fetch cifar
    fails_with 1 'nothere: no such folder' fetch uci --from nothere
}
