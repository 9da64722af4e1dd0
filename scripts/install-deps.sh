#!/bin/sh
# Installs what bnn needs to build, test and report. Debian and Ubuntu; other systems: the list of packages is printed.
set -eu
packages="gcc make libc6-dev libopenblas-dev libgsl-dev librandom123-dev libjansson-dev libcsv-dev zlib1g-dev libmd-dev libcmocka-dev bats gnuplot-nox python3"

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    cat >&2 <<EOF
This system has no apt. Install a C compiler and make, and the development packages of
OpenBLAS, GSL, Random123, jansson, libcsv, zlib, libmd, cmocka; and the programs bats, gnuplot, python3.
  Fedora: gcc make openblas-devel gsl-devel Random123-devel jansson-devel libcsv-devel zlib-devel libmd-devel libcmocka-devel bats gnuplot python3
  Arch:   base-devel openblas gsl random123 jansson libcsv zlib libmd cmocka bats gnuplot python
EOF
    exit 1
fi

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root=sudo; fi
echo "installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086  # the list is words
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
