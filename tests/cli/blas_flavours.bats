#!/usr/bin/env bats
# Debian has OpenBLAS with its own threads, with OpenMP and without any: the posterior is the same file under each that is installed.
# The nets are large enough for several threads.

load helpers

# flavours: the folders of those installed, one a line.
flavours() { find /usr/lib/*/openblas-* -maxdepth 1 -name libopenblas.so.0 -exec dirname {} \; 2> /dev/null | sort -u; }

# make_large_run: a run whose passes are shared out.
make_large_run() {
    awk 'BEGIN { print "a,b,y"
                 for (i = 0; i < 400; i++) { a = sin(i * 1.7); b = cos(i * 0.9); printf "%.6f,%.6f,%.6f\n", a, b, 2 * a - b * a } }' > large.csv
    printf '[data]\ntrain = large.csv\n[net]\nhidden = 256, 256\n[train]\nepochs = 3\nbatch = 128\n' > large.ini
}

@test "each flavour of OpenBLAS gives the same posterior, on one thread and on three" {
    flavours > list.txt
    [ "$(wc -l < list.txt)" -ge 2 ] || skip "needs two flavours, such as libopenblas0-pthread and libopenblas0-openmp"
    make_large_run
    while read -r folder; do
        for threads in 1 3; do
            LD_LIBRARY_PATH="$folder" "$BNN" train -q large.ini --threads "$threads" -o "$(basename "$folder")-$threads"
        done
    done < list.txt
    sha256sum ./*/posterior.safetensors
    [ "$(sha256sum ./*/posterior.safetensors | cut -d ' ' -f 1 | sort -u | wc -l)" -eq 1 ]
    [ "$(find . -name posterior.safetensors | wc -l)" -eq $((2 * $(wc -l < list.txt))) ]
}

@test "the flavours are really different libraries" {
    flavours > list.txt
    [ "$(wc -l < list.txt)" -ge 2 ] || skip "needs two flavours, such as libopenblas0-pthread and libopenblas0-openmp"
    while read -r folder; do
        LD_LIBRARY_PATH="$folder" "$BNN" version | grep '^BLAS'
    done < list.txt | sort -u > said.txt
    cat said.txt
    [ "$(wc -l < said.txt)" -eq "$(wc -l < list.txt)" ]
}
