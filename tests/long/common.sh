# What the scripts of this folder begin with; they source it with their own argument, the program. $bnn, $root, $work (removed at the end).
# shellcheck shell=sh disable=SC2034
bnn=$(realpath "${1:-build/bnn}")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
failures=0

fail() { echo "$(basename "$0"): $1" >&2; failures=$((failures + 1)); }

# needs FILE...: ends the script, as skipped, unless BNN_DATA holds them; from here on BNN_DATA is an absolute path.
needs() {
    if [ -z "${BNN_DATA:-}" ]; then echo "$(basename "$0"): skipped: set BNN_DATA to the folder that holds ${1%%/*}/"; exit 0; fi
    for file in "$@"; do
        [ -r "$BNN_DATA/$file" ] || { echo "$(basename "$0"): skipped: no $file in $BNN_DATA"; exit 0; }
    done
    BNN_DATA=$(realpath "$BNN_DATA")
    export BNN_DATA
}
