#!/bin/sh
# Fails if a source file includes a header of a higher layer, or if likelihood, prior and layer know each other.
set -eu
cd "$(dirname "$0")/.."
level() {
    case $1 in
    base) echo 0 ;; config|data) echo 1 ;; layer|likelihood|prior) echo 2 ;; problem) echo 3 ;;
    model|posterior|estimator|curvature|optimizer) echo 4 ;; predict) echo 5 ;; method) echo 6 ;; run) echo 7 ;;
    report|sweep) echo 8 ;; cli) echo 9 ;;
    *) echo "unknown folder src/$1" >&2; exit 1 ;;
    esac
}
root=${1:-src}
bad=0
for folder in "$root"/*/; do
    folder=$(basename "$folder")
    own=$(level "$folder")
    for used in $(sed -n 's/^#include "\([a-z]*\)\/[a-z_]*\.h".*/\1/p' "$root/$folder"/*.[ch] | sort -u); do
        [ "$used" != bnn ] || continue
        other=$(level "$used")
        if [ "$other" -gt "$own" ] || { [ "$own" -eq 2 ] && [ "$other" -eq 2 ] && [ "$used" != "$folder" ]; }; then
            echo "$root/$folder (layer $own) includes $used/ (layer $other): $(grep -l "#include \"$used/" "$root/$folder"/*.[ch] | tr '\n' ' ')"
            bad=1
        fi
    done
done
[ "$bad" -eq 0 ] && echo "layers: fine"
exit "$bad"
